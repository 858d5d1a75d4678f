"""Writes testdata/lmeval/tasks-NAME.json: what lm-evaluation-harness says of the two embedded models on the items beside it.

    /tmp/lmvenv/bin/python testdata/lmeval/items.py     # the items, where the text has changed
    /tmp/lmvenv/bin/python testdata/lmeval/tasks.py

The tasks are lm_eval's own (hellaswag with its preprocessing, and so on): only the files they read are ours. Model type hf, float32,
one request at a time; nothing is fetched. `tasks` holds for each its `results` (with 100,000 resamples for the standard error of the
perplexity) and `samples`, one for each item in the order of the file: [log-likelihood, is greedy] of each choice.
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
from lm_eval.tasks._yaml_loader import load_yaml

HERE = pathlib.Path(__file__).resolve().parent
MODELS = HERE.parent / "models"
ITEMS = HERE / "items"

MULTIPLE_CHOICE = {
    "output_type": "multiple_choice",
    "metric_list": [{"metric": m, "aggregation": "mean", "higher_is_better": True} for m in ("acc", "acc_norm", "acc_bytes")],
}
COMPLETION = {
    "output_type": "loglikelihood",
    "metric_list": [
        {"metric": "perplexity", "aggregation": "perplexity", "higher_is_better": False},
        {"metric": "acc", "aggregation": "mean", "higher_is_better": True},
    ],
}
TASKS = {
    "lambada_openai": {},
    "lambada_edges": {},
    "hellaswag": MULTIPLE_CHOICE,
    "arc_easy": MULTIPLE_CHOICE,
    "piqa": MULTIPLE_CHOICE,
    "choices": MULTIPLE_CHOICE | {"doc_to_text": "{{prompt}}", "doc_to_choice": "choices", "doc_to_target": "gold"},
    "completion": COMPLETION | {"doc_to_text": "{{prompt}}", "doc_to_target": "{{completion}}"},
}


def config(name, own):
    """lm_eval's task with our file and metrics."""
    data = {"dataset_path": "json", "dataset_name": None, "dataset_kwargs": {"data_files": {"validation": f"{ITEMS}/{name}.jsonl"}}}
    found = list(pathlib.Path(lm_eval.__file__).parent.glob(f"tasks/*/{name.replace('edges', 'openai')}.yaml"))
    base = load_yaml(found[0]) if found else {"task": name}
    base.pop("tag", None)
    base["task"] = name
    splits = {"training_split": None, "validation_split": "validation", "test_split": None}
    return base | data | splits | own


def evaluate(model, name, own):
    with tempfile.TemporaryDirectory() as folder:
        os.environ["HF_DATASETS_CACHE"] = folder
        out = lm_eval.simple_evaluate(
            model="hf", model_args={"pretrained": str(MODELS / model), "dtype": "float32"}, tasks=[config(name, own)],
            batch_size=1, device="cpu", bootstrap_iters=100_000, log_samples=True,
        )  # fmt: skip
    samples = sorted(out["samples"][name], key=lambda s: s["doc_id"])
    return {
        "items_sha256": hashlib.sha256((ITEMS / f"{name}.jsonl").read_bytes()).hexdigest(),
        "results": {k.removesuffix(",none"): v for k, v in out["results"][name].items() if k.endswith(",none")},
        "samples": [[[float(r[0][0]), bool(r[0][1])] for r in s["resps"]] for s in samples],
    }


def main():
    torch.set_num_threads(2)
    for model in ("nibble-gpt2", "nibble-llama"):
        golden = {
            "model": model, "lm_eval": lm_eval.__version__, "transformers": transformers.__version__,
            "torch": torch.__version__, "dtype": "float32", "tasks": {},
        }  # fmt: skip
        for name, own in TASKS.items():
            golden["tasks"][name] = evaluate(model, name, own)
            print(model, name, golden["tasks"][name]["results"])
        (HERE / f"tasks-{model}.json").write_text(json.dumps(golden) + "\n")


if __name__ == "__main__":
    main()
