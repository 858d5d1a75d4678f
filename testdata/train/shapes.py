"""The two models: shapes, tokenizers, folders.

Each differs from the other in whatever a reader of checkpoints must be able to
cope with: where the tokenizer is, how the weights are stored and cut into
files, whether the head is tied, the old and the new form of config.json.
"""

import json
import pathlib

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM

TESTDATA = pathlib.Path(__file__).resolve().parent.parent
MODELS = TESTDATA / "models"
VALID = TESTDATA / "text" / "valid.txt"
CONTEXT = 256
NAMES = ("nibble-gpt2", "nibble-llama")

# The words are split as Llama-3's published tokenizers say it.
LLAMA3_SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def train_bpe(pre_tokenizer, size, text):
    """A byte-level BPE of `size` tokens, the 256 bytes first, from the first 4 MB of text."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizer
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=size, initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()), show_progress=False
    )
    lines = text[:4_000_000].split("\n")
    tokenizer.train_from_iterator(("\n".join(lines[i : i + 50]) for i in range(0, len(lines), 50)), trainer)
    return tokenizer


def gpt2_tokenizer(text, folder):
    """599 tokens and <|endoftext|> as vocab.json and merges.txt: 600, no multiple of 16."""
    tokenizer = train_bpe(pre_tokenizers.ByteLevel(add_prefix_space=False), 599, text)
    tokenizer.model.save(str(folder))
    vocab = json.loads((folder / "vocab.json").read_text())
    vocab["<|endoftext|>"] = 599
    (folder / "vocab.json").write_text(json.dumps(vocab, ensure_ascii=False) + "\n")
    (folder / "tokenizer_config.json").write_text(
        json.dumps(
            {"tokenizer_class": "GPT2Tokenizer", "model_max_length": CONTEXT, "add_prefix_space": False}
            | {k: "<|endoftext|>" for k in ("bos_token", "eos_token", "unk_token")},
            indent=2,
        )
        + "\n"
    )


def llama_tokenizer(text, folder):
    """638 tokens and two special ones as tokenizer.json, which puts <|begin_of_text|> in front."""
    tokenizer = train_bpe(
        pre_tokenizers.Sequence(
            [
                pre_tokenizers.Split(Regex(LLAMA3_SPLIT), "isolated"),
                pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
            ]
        ),
        638,
        text,
    )
    tokenizer.add_special_tokens(["<|begin_of_text|>", "<|end_of_text|>"])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<|begin_of_text|> $A", special_tokens=[("<|begin_of_text|>", 638)]
    )
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "tokenizer_config.json").write_text(
        json.dumps(
            {
                "tokenizer_class": "PreTrainedTokenizerFast",
                "bos_token": "<|begin_of_text|>",
                "eos_token": "<|end_of_text|>",
                "model_max_length": CONTEXT,
            },
            indent=2,
        )
        + "\n"
    )


def load_tokenizer(name):
    """The tokenizer of a folder, through the tokenizers library alone."""
    folder = MODELS / name
    if (folder / "tokenizer.json").exists():
        return Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer = Tokenizer(models.BPE.from_file(str(folder / "vocab.json"), str(folder / "merges.txt")))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(["<|endoftext|>"])
    return tokenizer


def new_model(name):
    """A model with fresh weights, and the id that opens a document."""
    if name == "nibble-gpt2":
        config = GPT2Config(
            vocab_size=600, n_positions=CONTEXT, n_embd=128, n_layer=3, n_head=4,
            resid_pdrop=0.0, embd_pdrop=0.0, attn_pdrop=0.0, bos_token_id=599, eos_token_id=599,
        )  # fmt: skip
        return GPT2LMHeadModel(config), 599
    config = LlamaConfig(
        vocab_size=640, hidden_size=128, intermediate_size=344, num_hidden_layers=3,
        num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=CONTEXT, rms_norm_eps=1e-5,
        rope_parameters={"rope_type": "default", "rope_theta": 10000.0},
        tie_word_embeddings=False, bos_token_id=638, eos_token_id=639,
    )  # fmt: skip
    return LlamaForCausalLM(config), 638
