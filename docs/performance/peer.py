#!/usr/bin/env python3
"""Measures llama.cpp on a checkpoint's shape, as `nibble bench` measures nibble: prompt of 512 tokens, generation of 64, medians.

    python3 -m venv venv && CMAKE_ARGS=-DGGML_NATIVE=ON venv/bin/pip install llama-cpp-python gguf     # compiles, some 15 minutes
    venv/bin/python docs/performance/peer.py CHECKPOINT THREADS [TYPE...]

The weights are the checkpoint's, but the tokenizer is left out and rows are not permuted for rotary embedding: the speed does not depend on it,
the text would. TYPE is one of F16, BF16, Q8_0, Q4_0.
"""
import ctypes, json, os, statistics, struct, sys, tempfile, time

import gguf
import llama_cpp as lc
import numpy as np


def tensors(path):
    """Yields the tensors of a safetensors file as float32 arrays."""
    with open(path, "rb") as f:
        (n,) = struct.unpack("<Q", f.read(8))
        head = json.loads(f.read(n))
        data = np.memmap(path, mode="r", offset=8 + n)
        for name, t in head.items():
            if name == "__metadata__":
                continue
            b = data[t["data_offsets"][0] : t["data_offsets"][1]]
            if t["dtype"] == "BF16":
                x = (b.view("<u2").astype("<u4") << 16).view("<f4")
            else:
                x = b.view({"F16": "<f2", "F32": "<f4"}[t["dtype"]]).astype("<f4")
            yield name, x.reshape(t["shape"])


def write(folder, out):
    """Writes a Llama checkpoint as a GGUF file of 16-bit floats."""
    c = json.load(open(os.path.join(folder, "config.json")))
    w = gguf.GGUFWriter(out, "llama")
    heads, hidden = c["num_attention_heads"], c["hidden_size"]
    w.add_context_length(c["max_position_embeddings"])
    w.add_embedding_length(hidden)
    w.add_block_count(c["num_hidden_layers"])
    w.add_feed_forward_length(c["intermediate_size"])
    w.add_head_count(heads)
    w.add_head_count_kv(c["num_key_value_heads"])
    w.add_layer_norm_rms_eps(c["rms_norm_eps"])
    w.add_rope_dimension_count(c.get("head_dim") or hidden // heads)
    w.add_rope_freq_base(c["rope_theta"])
    w.add_vocab_size(c["vocab_size"])
    w.add_tokenizer_model("none")
    names = {"self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output",
             "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down",
             "input_layernorm": "attn_norm", "post_attention_layernorm": "ffn_norm"}
    whole = {"model.embed_tokens": "token_embd", "model.norm": "output_norm", "lm_head": "output"}
    for name, x in tensors(os.path.join(folder, "model.safetensors")):
        base = name.removesuffix(".weight")
        if base in whole:
            to = whole[base]
        else:
            _, _, n, rest = base.split(".", 3)
            to = f"blk.{n}.{names[rest]}"
        w.add_tensor(to + ".weight", x if x.ndim == 1 else x.astype(np.float16))
    w.write_header_to_file()
    w.write_kv_data_to_file()
    w.write_tensors_to_file()
    w.close()
    return c


def measure(path, vocab, threads, prompt=512, generate=64, repeats=5):
    mp = lc.llama_model_default_params()
    model = lc.llama_model_load_from_file(path.encode(), mp)
    cp = lc.llama_context_default_params()
    cp.n_ctx, cp.n_batch, cp.n_ubatch = prompt, prompt, prompt
    cp.n_threads = cp.n_threads_batch = threads
    ctx = lc.llama_init_from_model(model, cp)
    ids = np.random.default_rng(1).integers(0, vocab, prompt).astype(np.int32)

    def decode(tokens):
        a = (lc.llama_token * len(tokens))(*tokens.tolist())
        if lc.llama_decode(ctx, lc.llama_batch_get_one(a, len(tokens))):
            sys.exit("llama_decode failed")

    def run(step):
        lc.llama_memory_clear(lc.llama_get_memory(ctx), True)
        start = time.perf_counter()
        step()
        return time.perf_counter() - start

    rates = []
    for n, step in ((prompt, lambda: decode(ids)), (generate, lambda: [decode(ids[i : i + 1]) for i in range(generate)])):
        run(step)
        rates.append(statistics.median(n / run(step) for _ in range(repeats)))
    lc.llama_free(ctx)
    lc.llama_model_free(model)
    return rates


@lc.llama_log_callback
def silent(level, text, data):
    pass


def main():
    folder, threads, types = sys.argv[1], int(sys.argv[2]), sys.argv[3:] or ["F16", "BF16", "Q8_0", "Q4_0"]
    lc.llama_log_set(silent, ctypes.c_void_p())
    keep = os.environ.get("PEER_FOLDER")
    with tempfile.TemporaryDirectory() as tmp:
        at = keep or tmp
        f16 = os.path.join(at, "f16.gguf")
        if not os.path.exists(f16):
            write(folder, f16)
        vocab = json.load(open(os.path.join(folder, "config.json")))["vocab_size"]
        for t in types:
            path = f16
            if t != "F16":
                path = os.path.join(at, t + ".gguf")
                if not os.path.exists(path):
                    p = lc.llama_model_quantize_default_params()
                    p.ftype = {"BF16": lc.LLAMA_FTYPE_MOSTLY_BF16, "Q8_0": lc.LLAMA_FTYPE_MOSTLY_Q8_0, "Q4_0": lc.LLAMA_FTYPE_MOSTLY_Q4_0}[t]
                    p.nthread = threads
                    if lc.llama_model_quantize(f16.encode(), path.encode(), ctypes.byref(p)):
                        sys.exit(f"quantizing to {t} failed")
            prompt, generation = measure(path, vocab, threads)
            print(f"llama.cpp (llama-cpp-python {lc.__version__}) {t}, {threads} threads: prompt {prompt:.0f}, generation {generation:.1f} tokens/s", flush=True)


main()
