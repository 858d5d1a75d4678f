"""What round-to-nearest costs the two models: the spread that nibble should find.

    python3 testdata/train/simulate.py nibble-gpt2 nibble-llama

Weights alone are quantized, activations stay in float32. Groups of 32 run along
the input dimension; a scale is a half float. int8: the largest magnitude / 127.
int4: the value of the largest magnitude, with its sign, / -8, codes -8 to 7.
"+8" keeps the embeddings and the head in int8.
"""

import math
import sys

import torch
from transformers import AutoModelForCausalLM
from transformers.pytorch_utils import Conv1D

import evaluate
import shapes


def quantize(x, kind):
    """Rounds [rows, columns] to the codec and back; the last group may be short."""
    if kind == "f16":
        return x.half().float()
    rows, columns = x.shape
    groups = torch.nn.functional.pad(x, (0, -columns % 32)).view(rows, -1, 32)
    extreme = groups.gather(2, groups.abs().argmax(2, keepdim=True))
    scale = extreme.abs() / 127 if kind == "int8" else extreme / -8
    low, high = (-127, 127) if kind == "int8" else (-8, 7)
    inverse = torch.where(scale == 0, 0, 1 / scale)
    codes = (groups * inverse).round().clamp(low, high)
    return (codes * scale.half().float()).view(rows, -1)[:, :columns].contiguous()


def quantize_model(model, kind, ends):
    """Matrices to `kind`, embeddings and head to `ends`."""
    done = set()
    for name, module in model.named_modules():
        weight = getattr(module, "weight", None)
        if weight is None or weight.dim() != 2 or weight.data_ptr() in done:
            continue
        done.add(weight.data_ptr())
        if name.endswith("wpe"):
            continue
        end = isinstance(module, torch.nn.Embedding) or name == "lm_head"
        data = weight.data.T if isinstance(module, Conv1D) else weight.data
        data = quantize(data, ends if end else kind)
        weight.data.copy_(data.T if isinstance(module, Conv1D) else data)


@torch.no_grad()
def log_probabilities(model, ids):
    rows = torch.tensor(ids[: len(ids) // 256 * 256]).view(-1, 256)
    return torch.cat([model(input_ids=r, use_cache=False).logits.double().log_softmax(-1) for r in rows.split(16)])


def main():
    torch.set_num_threads(2)
    for name in sys.argv[1:] or shapes.NAMES:
        ids = shapes.load_tokenizer(name).encode(shapes.VALID.read_text()).ids
        short = ids[: evaluate.TOKENS]
        base = None
        print(f"{name}: {len(ids)} tokens\n| type | ppl of {len(short)} | against f32 | ppl of all | mean KL | same top |\n|---|---|---|---|---|---|")
        for label, kind, ends in (
            ("f32", None, None), ("f16", "f16", "f16"), ("int8-g32", "int8", "int8"),
            ("int4-g32+8", "int4", "int8"), ("int4-g32", "int4", "int4"),
        ):  # fmt: skip
            model = AutoModelForCausalLM.from_pretrained(
                shapes.MODELS / name, dtype=torch.float32, attn_implementation="eager"
            ).eval()
            if kind:
                quantize_model(model, kind, ends)
            ppl = [math.exp(sum(w[1] for w in s) / sum(w[0] for w in s)) for s in (evaluate.strided(model, short), evaluate.strided(model, ids))]
            logs = log_probabilities(model, short)
            base = (ppl[0], logs) if base is None else base
            kl = (base[1].exp() * (base[1] - logs)).sum(-1).mean().item()
            same = (base[1].argmax(-1) == logs.argmax(-1)).double().mean().item()
            print(f"| {label} | {ppl[0]:.5f} | {100 * (ppl[0] / base[0] - 1):+.3f} % | {ppl[1]:.5f} | {kl:.6f} | {100 * same:.2f} % |", flush=True)


if __name__ == "__main__":
    main()
