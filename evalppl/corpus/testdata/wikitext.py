"""Makes wikitext.json: [text, wikitext_detokenizer(text), words] for random texts, with the package lm_eval (0.4.13):

    pip install --no-deps lm_eval==0.4.13 && python wikitext.py > wikitext.json

With file names as arguments it prints the SHA-256 of each file's detokenized text instead.
"""
import hashlib
import importlib.util
import json
import random
import re
import sys
import sysconfig

path = sysconfig.get_paths()["purelib"] + "/lm_eval/tasks/wikitext/preprocess_wikitext.py"
spec = importlib.util.spec_from_file_location("preprocess_wikitext", path)
reference = importlib.util.module_from_spec(spec)
spec.loader.exec_module(reference)

PARTS = [
    " @-@ ", " @,@ ", " @.@ ", " : ", " ; ", " . ", " ! ", " ? ", " , ", "( ", " )", " [ ", " ] ", "{ ", " }", ' " ', '"', "'", " ' ",
    "s '", " 's", "= = = =", " = = ", " = =", " \n", "\n ", " N ", " ° ", "/' 7/", "/' 7/' 8/", "a", "wörd", "日本", "the", "\u00a0",
    "\u2003", "\x1c", "\x85", "\t", "\u200b", " ", "  ", "(", ")", "[", "]", "N", "=", "\r\n",
]


def case(text):
    return [text, reference.wikitext_detokenizer({"page": text}), len(re.split(r"\s+", text))]


if len(sys.argv) > 1:
    for name in sys.argv[1:]:
        with open(name, encoding="utf-8", newline="") as f:
            text, detokenized, words = case(f.read())
        print(hashlib.sha256(detokenized.encode()).hexdigest(), words, name)
else:
    random.seed(7)
    cases = [case("".join(random.choices(PARTS, k=n % 40))) for n in range(200)]
    print(json.dumps(cases, indent=0))
