"""Writes testdata/lmeval/NAME.json: what lm-evaluation-harness says of the two embedded models.

    python3 -m venv /tmp/lmvenv
    /tmp/lmvenv/bin/pip install -r testdata/train/requirements.txt -r testdata/lmeval/requirements.txt
    /tmp/lmvenv/bin/python testdata/lmeval/golden.py

Task type loglikelihood_rolling, model type hf, float32, one window at a time; nothing is fetched. Two cases for each model:
"documents", the first documents of valid.txt, each on its own; "whole", the beginning of valid.txt as one document that fills
many windows. `documents` holds each one's beginning and end in valid.txt, in bytes, and its summed log-likelihood.
"""

import hashlib
import json
import os
import pathlib
import tempfile

os.environ["HF_HUB_OFFLINE"] = os.environ["HF_DATASETS_OFFLINE"] = "1"

import lm_eval
import torch
import transformers

HERE = pathlib.Path(__file__).resolve().parent
MODELS = HERE.parent / "models"
VALID = HERE.parent / "text" / "valid.txt"
DOCUMENTS, WHOLE_BYTES = 40, 20_000
METRICS = ("word_perplexity", "byte_perplexity", "bits_per_byte")


def cases(text):
    """Spans of documents, which empty lines separate."""
    spans, at = [], 0
    for part in text.split("\n\n"):
        spans.append((at, at + len(part)))
        at += len(part) + 2
    yield "documents", spans[:DOCUMENTS]
    yield "whole", [(0, max(e for _, e in spans if e <= WHOLE_BYTES))]


def task(folder, documents):
    data = pathlib.Path(folder) / "data.jsonl"
    data.write_text("".join(json.dumps({"text": d}) + "\n" for d in documents))
    return {
        "task": "nibble_rolling",
        "dataset_path": "json", "dataset_kwargs": {"data_files": {"test": str(data)}},
        "output_type": "loglikelihood_rolling", "test_split": "test",
        "doc_to_text": "", "doc_to_target": "{{text}}",
        "metric_list": [{"metric": m} for m in METRICS],
    }  # fmt: skip


def evaluate(name, text, spans):
    documents = [text[a:b] for a, b in spans]
    with tempfile.TemporaryDirectory() as folder:
        os.environ["HF_DATASETS_CACHE"] = folder
        out = lm_eval.simple_evaluate(
            model="hf", model_args={"pretrained": str(MODELS / name), "dtype": "float32"},
            tasks=[task(folder, documents)], batch_size=1, device="cpu", bootstrap_iters=0, log_samples=True,
        )  # fmt: skip
    samples = sorted(out["samples"]["nibble_rolling"], key=lambda s: s["doc_id"])
    for s, d in zip(samples, documents, strict=True):
        assert s["doc"]["text"] == d
    result = out["results"]["nibble_rolling"]
    return {m: result[m + ",none"] for m in METRICS} | {
        "words": sum(s["word_perplexity"][1] for s in samples),
        "bytes": sum(s["byte_perplexity"][1] for s in samples),
        "log_likelihood": sum(s["word_perplexity"][0] for s in samples),
        "documents": [[a, b, s["word_perplexity"][0]] for (a, b), s in zip(spans, samples, strict=True)],
    }


def main():
    torch.set_num_threads(2)
    text = VALID.read_text()
    assert text.isascii()  # so that indices are byte offsets
    for name in ("nibble-gpt2", "nibble-llama"):
        golden = {
            "model": name, "text": "valid.txt", "text_sha256": hashlib.sha256(VALID.read_bytes()).hexdigest(),
            "lm_eval": lm_eval.__version__, "transformers": transformers.__version__, "torch": torch.__version__,
            "dtype": "float32",
        }  # fmt: skip
        golden["cases"] = {case: evaluate(name, text, spans) for case, spans in cases(text)}
        (HERE / f"{name}.json").write_text(json.dumps(golden) + "\n")
        print(name, {k: {m: v[m] for m in METRICS} for k, v in golden["cases"].items()})


if __name__ == "__main__":
    main()
