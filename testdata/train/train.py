"""Trains one of the two models of testdata/models and writes its folder.

    go run ./testdata/text/gen -seed 1 -bytes 14000000 -o /tmp/train.txt
    nice python3 testdata/train/train.py nibble-gpt2 /tmp/train.txt
    nice python3 testdata/train/train.py nibble-llama /tmp/train.txt

The seed is fixed; another CPU or another version of PyTorch rounds otherwise,
so the weights agree in kind, not bit for bit. About eight minutes on two cores.
"""

import argparse
import json
import math
import pathlib
import time

import numpy as np
import torch
from safetensors.torch import save_file

import shapes
import spread

# As one file in bfloat16, or as two shards in float32.
STORAGE = {"nibble-gpt2": (torch.float32, 2), "nibble-llama": (torch.bfloat16, 1)}

# Standard deviation of the exponents in spread.py, chosen so that round-to-nearest
# costs a few percent in four bits and a few hundredths of one in eight.
SPREAD = 1.0


def windows(ids, starts, bos, batch, rng):
    """[batch, 257] ids from anywhere in the text; every fourth opens a document, after its BOS."""
    n = shapes.CONTEXT + 1
    rows = []
    for i in range(batch):
        if i % 4 == 0:
            at = starts[rng.integers(len(starts))]
            rows.append(np.concatenate([[bos], ids[at : at + n - 1]]))
        else:
            at = rng.integers(len(ids) - n)
            rows.append(ids[at : at + n])
    return torch.from_numpy(np.stack(rows).astype(np.int64))


def loss_of(model, x):
    logits = model(input_ids=x[:, :-1], use_cache=False).logits
    return torch.nn.functional.cross_entropy(logits.flatten(0, 1), x[:, 1:].flatten())


def valid_loss(model, ids):
    """Mean loss over windows of 256 that do not overlap."""
    n = shapes.CONTEXT
    rows = torch.from_numpy(ids[: len(ids) // n * n].reshape(-1, n).astype(np.int64))
    model.eval()
    with torch.no_grad():
        loss = sum(loss_of(model, rows[i : i + 16]).item() * len(rows[i : i + 16]) for i in range(0, len(rows), 16))
    model.train()
    return loss / len(rows)


def train(name, text, args):
    torch.manual_seed(args.seed)
    rng = np.random.default_rng(args.seed)
    tokenizer = shapes.load_tokenizer(name)
    documents = text.split("\n\n")
    encoded = [e.ids for e in tokenizer.encode_batch([d + "\n\n" for d in documents if d], add_special_tokens=False)]
    starts = np.cumsum([0] + [len(e) for e in encoded])
    ids = np.concatenate([np.array(e, dtype=np.int32) for e in encoded])
    starts = starts[starts < len(ids) - shapes.CONTEXT]
    valid = np.array(tokenizer.encode(shapes.VALID.read_text(), add_special_tokens=False).ids, dtype=np.int32)
    model, bos = shapes.new_model(name)
    count = sum(p.numel() for p in model.parameters())
    print(f"{name}: {count} weights, {len(ids)} tokens to learn from, {len(valid)} held out", flush=True)

    decayed = [p for p in model.parameters() if p.dim() >= 2]
    others = [p for p in model.parameters() if p.dim() < 2]
    optimizer = torch.optim.AdamW(
        [{"params": decayed, "weight_decay": 0.1}, {"params": others, "weight_decay": 0.0}], betas=(0.9, 0.95)
    )
    began = time.time()
    for step in range(args.steps):
        # Linear warm-up over 100 steps, then a cosine to a hundredth.
        part = step / args.steps
        rate = args.rate * min(1, (step + 1) / 100) * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * part)))
        for group in optimizer.param_groups:
            group["lr"] = rate
        loss = loss_of(model, windows(ids, starts, bos, args.batch, rng))
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        if step % 100 == 0 or step == args.steps - 1:
            print(f"step {step} loss {loss.item():.4f} rate {rate:.5f} {time.time() - began:.0f} s", flush=True)
    held_out = valid_loss(model, valid)
    print(f"{name}: held-out loss {held_out:.4f}, perplexity {math.exp(held_out):.4f}")
    return model


def save(name, model, folder):
    dtype, shards = STORAGE[name]
    for old in folder.glob("*.safetensors*"):
        old.unlink()
    state = {k: v.detach().to(dtype).contiguous() for k, v in model.state_dict().items()}
    if model.config.tie_word_embeddings:
        del state["lm_head.weight"]
    if shards == 1:
        save_file(state, folder / "model.safetensors", metadata={"format": "pt"})
    else:
        save_shards(state, shards, folder)
    model.config.dtype = dtype
    model.config.architectures = [type(model).__name__]
    config = model.config.to_dict()
    for key in ("_name_or_path", "transformers_version"):
        config.pop(key, None)
    if name == "nibble-llama":
        # The form of config.json before transformers 5, as most published checkpoints have it.
        config["rope_theta"] = config.pop("rope_parameters")["rope_theta"]
        config["rope_scaling"] = None
        config["torch_dtype"] = config.pop("dtype")
    (folder / "config.json").write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")
    for file in folder.iterdir():
        file.chmod(0o644)


def save_shards(state, shards, folder):
    """Cuts the tensors, in their order, into files of about the same size, with their index."""
    total = sum(v.nbytes for v in state.values())
    groups, size = [{} for _ in range(shards)], 0
    for key, value in state.items():
        groups[min(shards - 1, size * shards // total)][key] = value
        size += value.nbytes
    index = {"metadata": {"total_size": total}, "weight_map": {}}
    for i, group in enumerate(groups):
        file = f"model-{i + 1:05d}-of-{shards:05d}.safetensors"
        save_file(group, folder / file, metadata={"format": "pt"})
        index["weight_map"] |= {key: file for key in group}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index, indent=2, sort_keys=True) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", choices=shapes.NAMES)
    parser.add_argument("text", type=pathlib.Path, help="written by testdata/text/gen")
    parser.add_argument("--steps", type=int, default=1900)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--rate", type=float, default=3e-3)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(2)
    text = args.text.read_text()
    folder = shapes.MODELS / args.name
    folder.mkdir(parents=True, exist_ok=True)
    (shapes.gpt2_tokenizer if args.name == "nibble-gpt2" else shapes.llama_tokenizer)(text, folder)
    model = train(args.name, text, args)
    spread.spread(model, SPREAD, args.seed)
    save(args.name, model, folder)


if __name__ == "__main__":
    main()
