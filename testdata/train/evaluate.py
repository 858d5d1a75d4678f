"""Perplexity over strided windows, as nibble's default protocol defines it."""

import torch

CONTEXT, STRIDE, TOKENS = 256, 128, 8192


@torch.no_grad()
def losses(model, ids):
    """Loss of each token of ids [n] after its window's first -> float64 [n-1], by a model in float32."""
    logits = model(input_ids=torch.tensor([ids]), use_cache=False).logits[0, :-1].double()
    return torch.nn.functional.cross_entropy(logits, torch.tensor(ids[1:]), reduction="none")


def strided(model, ids, ctx=CONTEXT, stride=STRIDE):
    """[tokens scored, their summed loss] of each window: every token after the first exactly once.

    Where stride is ctx, no window can score its own first token, and it is left out.
    """
    windows, scored = [], 1
    for start in range(0, len(ids), stride):
        end = min(start + ctx, len(ids))
        part = losses(model, ids[start:end])[-(end - scored) :]
        windows.append([len(part), part.sum().item()])
        scored = end
        if end == len(ids):
            return windows
