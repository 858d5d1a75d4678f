"""Writes testdata/lmeval/items/: small task files in the columns of the data sets that lm-evaluation-harness reads.

    /tmp/lmvenv/bin/python testdata/lmeval/items.py

Every sentence comes from ../text/valid.txt or is written here; nothing is taken from the real data sets, only their columns.
The files are .jsonl and, for the multiple-choice tasks, .parquet as the hub has them. Among the items are the cases that decide
whether the arithmetic is the same: an empty context, contexts that end in white space, contexts longer than the models' 256
positions, choices beyond ASCII, three and five choices, and the brackets that hellaswag takes away.
"""

import json
import pathlib
import random
import re

import pyarrow
import pyarrow.parquet

HERE = pathlib.Path(__file__).resolve().parent
OUT = HERE / "items"
N = 40


def tales(text):
    return [d for d in text.split("\n\n") if "\nIn the end " in d]


def sentences(tale):
    return [s.strip() for s in re.findall(r"[^.!?]+[.!?]\"?", tale.replace("\n", " "))]


def lambada(rng, docs):
    """Texts that end in a word which follows from what came before."""
    for doc in docs[:N]:
        body, end = doc.rsplit("\nIn the end ", 1)
        claims = ("In the end " + end).split(". ")
        k = rng.randrange(len(claims))
        if rng.random() < 0.6:  # the others are longer than the models' context
            body = body[body.index(". ", max(0, len(body) - 300)) + 2 :] if len(body) > 320 else body
        yield {"text": (body + "\n" + ". ".join(claims[: k + 1])).rstrip(".")}


def lambada_edges(rng, docs):
    """Texts whose last word is hard to cut off."""
    yield {"text": "The"}  # no context at all
    yield {"text": "Ada went to the cellar with the  drum"}  # two spaces
    yield {"text": "Loth found the drum in the caf\u00e9"}
    yield {"text": "Ada hid the drum.\nLoth took it.\nThe drum was in the\ncellar"}
    yield {"text": "Ada walked to the well "}  # the last word is empty
    yield {"text": "Where is the drum? asked Ada \u2003Simon"}
    yield {"text": "Simon took it \u2003 drum"}  # the context ends in white space


def hellaswag(rng, docs):
    for i in range(N):
        s = sentences(docs[i])
        at = rng.randrange(3, len(s) - 1)
        while len(s[at].split()) < 4:
            at = rng.randrange(3, len(s) - 1)
        words = s[at].split()
        ctx_a = " ".join(s[max(0, at - rng.choice([2, 4, 30])) : at])
        cut = rng.randrange(1, 3) if i % 2 == 0 else 0
        ctx_b = " ".join(words[:cut])
        ctx_b = ctx_b[:1].lower() + ctx_b[1:]
        endings = [" ".join(words[cut:])]
        while len(endings) < 4:
            w = rng.choice(sentences(rng.choice(docs))).split()
            if len(w) > cut + 1 and " ".join(w[cut:]) not in endings:
                endings.append(" ".join(w[cut:]))
        label = rng.randrange(4)
        endings[0], endings[label] = endings[label], endings[0]
        if i % 5 == 1:
            ctx_a = f"[header] How to find it [title] {ctx_a} [step]  Look  well."
            endings = [f"{e} [substeps] Then go home.  Sleep [title] well." for e in endings]
        if i % 7 == 3:
            ctx_b = "\u00e9ric WENT to"
            endings = [e.replace("the ", "the caf\u00e9 \u2014 ") for e in endings]
        if i % 11 == 5:
            ctx_a = "\u00a0 " + ctx_a
            endings[1] += " \t"
        yield {
            "ind": i, "activity_label": rng.choice(["Finding things", "Walking", "[x] Talking"]),
            "ctx_a": ctx_a, "ctx_b": ctx_b, "ctx": ctx_a + " " + ctx_b, "endings": endings,
            "source_id": f"valid~{i}", "split": "val", "split_type": "indomain", "label": str(label),
        }  # fmt: skip


PLACES = "cellar tavern harbour library meadow well market cave mill river kitchen stable".split()


def where(rng, doc):
    """A thing, its place at the end, and other places."""
    found = re.findall(r"In the end the (\w+ \w+) was in the (\w+)\.", doc)
    thing, place = rng.choice(found) if found else ("light drum", "tavern")
    return thing, place, rng.sample([p for p in PLACES if p != place], 4)


def arc(rng, docs):
    for i in range(N):
        thing, place, others = where(rng, docs[i])
        n = 3 if i % 13 == 4 else 5 if i % 13 == 8 else 4
        texts = [f"the {p}" if i % 3 else f"It is in the {p}." for p in [place, *others[: n - 1]]]
        if i % 9 == 2:
            texts[1] = "the ch\u00e2teau \u2014 or its gate"
        order = rng.sample(range(n), n)
        labels = list("12345" if i % 4 == 3 else "ABCDE")[:n]
        context = docs[i] if i % 10 == 6 else " ".join(sentences(docs[i])[-8:-3])
        yield {
            "id": f"nibble_{i}", "question": f"{context} Where is the {thing}?",
            "choices": {"text": [texts[k] for k in order], "label": labels},
            "answerKey": labels[order.index(0)],
        }  # fmt: skip


def piqa(rng, docs):
    for i in range(N):
        thing, place, others = where(rng, docs[i])
        right, wrong = f"Go to the {place} and take the {thing}.", f"Go to the {others[0]} and take the {thing}"
        if i % 6 == 1:
            wrong += " \u2014 na\u00efve as it may be."
        label = rng.randrange(2)
        sols = [right, wrong] if label == 0 else [wrong, right]
        yield {"goal": f"How do you get the {thing}?" + "\n" * (i % 8 == 5), "sol1": sols[0], "sol2": sols[1], "label": label}


def choices(rng, docs):
    prompts = [
        "", "Where is the drum?\n", "Where is the drum?  ", "Ada laughed. Ada ran to the", "Who is it?\u3000\n",
        'Ada said: "', "Seven plus two is", "Dear Otto,\n", "So the wisest is", "In the end the red rope was in the",
    ]  # fmt: skip
    for i, prompt in enumerate(prompts):
        options = rng.sample(PLACES, 2 + i % 4) if i % 3 else ["nine plums.", "nine plums", "nine  plums .", "\u00a0nine"]
        yield {"prompt": prompt, "choices": options, "gold": i % 2}
    # Words of one and of two bytes a character: lengths in characters and in bytes choose differently.
    for i in range(20):
        words = ["".join(rng.choices(letters, k=rng.randrange(2, 9))) for letters in ("qxzjkv", "\u00e9\u00fc\u00f1\u00e5")]
        yield {"prompt": "Ada said", "choices": rng.sample(words, 2), "gold": i % 2}


def completion(rng, docs):
    for i in range(10):
        s = sentences(docs[i])
        head, tail = " ".join(s[:6]), s[6]
        yield {"prompt": head + " " * (i % 3), "completion": " " * (i % 2) + tail}


TASKS = {
    "lambada_openai": lambada, "lambada_edges": lambada_edges, "hellaswag": hellaswag, "arc_easy": arc, "piqa": piqa,
    "choices": choices, "completion": completion,
}  # fmt: skip


def main():
    OUT.mkdir(exist_ok=True)
    docs = tales((HERE.parent / "text" / "valid.txt").read_text())
    for name, make in TASKS.items():
        rows = list(make(random.Random(name), docs))
        (OUT / f"{name}.jsonl").write_text("".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows))
        if name in ("hellaswag", "arc_easy", "piqa"):
            pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), OUT / f"{name}.parquet", compression="snappy")
        print(name, len(rows))


if __name__ == "__main__":
    main()
