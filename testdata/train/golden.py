"""Writes testdata/models/golden/NAME.json and NAME.logits.f32: what transformers says of the two models.

    python3 testdata/train/golden.py

Everything is float32 on a CPU with eager attention; losses are natural logarithms.
testdata/README.md says what each field is.
"""

import hashlib
import json
import math
import sys

import numpy as np
import torch
import transformers
from transformers import AutoModelForCausalLM, AutoTokenizer

import evaluate
import shapes

GOLDEN = shapes.MODELS / "golden"


def summary(windows, **more):
    scored, nll = sum(w[0] for w in windows), sum(w[1] for w in windows)
    return more | {"scored": scored, "nll": nll, "ppl": math.exp(nll / scored), "windows": windows}


def llama_cpp(model, ids, bos, n_ctx=evaluate.CONTEXT):
    """llama.cpp's arithmetic: chunks, the first token replaced by BOS, the second half scored."""
    windows = []
    for start in range(0, len(ids) - n_ctx + 1, n_ctx):
        part = evaluate.losses(model, [bos] + ids[start + 1 : start + n_ctx])[n_ctx // 2 :]
        windows.append([len(part), part.sum().item()])
    return summary(windows, n_ctx=n_ctx, bos=bos, chunks=len(windows))


@torch.no_grad()
def greedy(model, ids, prompt=32, count=64):
    out = list(ids[:prompt])
    for _ in range(count):
        out.append(model(input_ids=torch.tensor([out]), use_cache=False).logits[0, -1].argmax().item())
    return {"prompt_ids": out[:prompt], "continuation_ids": out[prompt:]}


def tokens(name, text):
    """Ids of the text, by both libraries, with the special tokens that the tokenizer adds."""
    ids = shapes.load_tokenizer(name).encode(text).ids
    auto = AutoTokenizer.from_pretrained(shapes.MODELS / name)(text)["input_ids"]
    if ids != auto:
        sys.exit(f"{name}: transformers and tokenizers do not agree on the text")
    back = shapes.load_tokenizer(name).decode(ids, skip_special_tokens=True)
    if back != text:
        sys.exit(f"{name}: decoding does not give the text back")
    return ids


def hashes(name):
    """SHA-256 of the text and of each file that the numbers follow from."""
    files = [shapes.VALID] + sorted(f for f in (shapes.MODELS / name).iterdir() if f.name != "tokenizer_config.json")
    return {f.name: hashlib.sha256(f.read_bytes()).hexdigest() for f in files}


@torch.no_grad()
def golden(name):
    text = shapes.VALID.read_text()
    ids = tokens(name, text)
    model = AutoModelForCausalLM.from_pretrained(shapes.MODELS / name, dtype=torch.float32, attn_implementation="eager").eval()
    n, used = evaluate.CONTEXT, ids[: evaluate.TOKENS]
    logits = model(input_ids=torch.tensor([ids[:n]]), use_cache=False).logits[0]
    positions = [0, 1, n // 2 - 1, n - 1]
    logits[positions].numpy().astype("<f4").tofile(GOLDEN / f"{name}.logits.f32")
    result = {
        "model": name, "text": "valid.txt", "special_tokens": True,
        "transformers": transformers.__version__, "torch": torch.__version__, "dtype": "float32",
        "sha256": hashes(name),
        "tokens": {"count": len(ids), "sha256_u32": hashlib.sha256(np.array(ids, dtype="<u4").tobytes()).hexdigest(), "first": ids[:64]},
        "window": {
            "ids": ids[:n], "next_token_loss": evaluate.losses(model, ids[:n]).tolist(),
            "logits_file": f"{name}.logits.f32", "logits_positions": positions,
            "vocab": logits.shape[1], "argmax": logits.argmax(-1).tolist(),
        },
        "tokens_used": len(used),
        "strided": [
            summary(evaluate.strided(model, used, ctx, stride), ctx=ctx, stride=stride, tokens=len(used))
            for ctx, stride in ((n, n // 2), (n, n), (n, 100))
        ],
        "llama_cpp": [llama_cpp(model, used, model.config.bos_token_id)],
        "greedy": greedy(model, ids),
    }  # fmt: skip
    (GOLDEN / f"{name}.json").write_text(json.dumps(result) + "\n")
    print(name, [(s["ctx"], s["stride"], s["ppl"]) for s in result["strided"]], "llama.cpp", result["llama_cpp"][0]["ppl"])


def main():
    torch.set_num_threads(2)
    GOLDEN.mkdir(parents=True, exist_ok=True)
    for name in sys.argv[1:] or shapes.NAMES:
        golden(name)


if __name__ == "__main__":
    main()
