"""Gives a trained model the uneven channels that large models have, without changing what it computes.

Small models trained for minutes have channels of much the same size, and
round-to-nearest hardly hurts them. Large ones have a few channels whose weights
or activations are many times the others' (Dettmers et al., "LLM.int8()", 2022),
and there the codes of a whole group are spent on one of them. Here each channel
between a norm and the matrices that read it, between values and the output
projection, and between Llama's up and down projections, is scaled by a power of
two on one side and by its inverse on the other. Powers of two are exact in every
float format, so losses and logits in float32 stay what training reached.
"""

import torch


def factors(n, sigma, generator):
    """[n] powers of two, normal in their exponent; no more than 2^4 either way."""
    exponents = (torch.randn(n, generator=generator) * sigma).round().clamp(-4, 4)
    return torch.exp2(exponents)


@torch.no_grad()
def spread(model, sigma, seed):
    generator = torch.Generator().manual_seed(seed)
    if model.config.model_type == "gpt2":
        for block in model.transformer.h:
            spread_gpt2(block, sigma, generator)
    else:
        for layer in model.model.layers:
            spread_llama(layer, model.config, sigma, generator)


def spread_gpt2(block, sigma, generator):
    """Conv1D weights are [in, out]; c_attn's last third of columns makes the values."""
    width = block.ln_1.weight.shape[0]
    for norm, reader in ((block.ln_1, block.attn.c_attn), (block.ln_2, block.mlp.c_fc)):
        s = factors(width, sigma, generator)
        norm.weight /= s
        norm.bias /= s
        reader.weight *= s[:, None]
    s = factors(width, sigma, generator)
    block.attn.c_attn.weight[:, 2 * width :] /= s
    block.attn.c_attn.bias[2 * width :] /= s
    block.attn.c_proj.weight *= s[:, None]


def spread_llama(layer, config, sigma, generator):
    """Linear weights are [out, in]; a value head is read once for each query head of its group."""
    attention, mlp = layer.self_attn, layer.mlp
    for norm, readers in (
        (layer.input_layernorm, (attention.q_proj, attention.k_proj, attention.v_proj)),
        (layer.post_attention_layernorm, (mlp.gate_proj, mlp.up_proj)),
    ):
        s = factors(config.hidden_size, sigma, generator)
        norm.weight /= s
        for reader in readers:
            reader.weight *= s
    heads, kv_heads = config.num_attention_heads, config.num_key_value_heads
    s = factors(attention.v_proj.weight.shape[0], sigma, generator)
    attention.v_proj.weight /= s[:, None]
    attention.o_proj.weight *= s.view(kv_heads, -1).repeat_interleave(heads // kv_heads, 0).flatten()
    s = factors(config.intermediate_size, sigma, generator)
    mlp.up_proj.weight /= s[:, None]
    mlp.down_proj.weight *= s
