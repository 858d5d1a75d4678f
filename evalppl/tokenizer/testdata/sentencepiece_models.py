"""Makes sentencepiece.json: small SentencePiece BPE models, trained on text made here, and what the official library does with some texts.

    python -m venv /tmp/venv && /tmp/venv/bin/pip install sentencepiece==0.2.3 && /tmp/venv/bin/python sentencepiece_models.py sentencepiece.json
"""
import base64, io, json, random, sys
import sentencepiece as sp

R = random.Random(3)
SYLLABLES = ["ba", "ke", "lo", "mi", "nu", "ra", "si", "to", "ve", "é", "12", "3", "日本", "ß"]
words = ["".join(R.choice(SYLLABLES) for _ in range(R.randrange(1, 5))) for _ in range(150)]
lines = [" ".join(R.choice(words) for _ in range(R.randrange(1, 12))) for _ in range(800)]
more = ["", " ", "  a  b ", "<sep>", "ba<sep> lo  mi", "   x", "\n\n", "▁a ▁", "<s>ba</s>", "<unk>", "🙂🙂 ba", "か\u3099 to", "\tto\tto ", "BA KE"]
out = []
for options in [
    dict(byte_fallback=True),
    dict(byte_fallback=False),
    dict(byte_fallback=True, remove_extra_whitespaces=False),
    dict(byte_fallback=True, add_dummy_prefix=False, remove_extra_whitespaces=False, user_defined_symbols=["<sep>", "  ", "▁▁▁", "bake"]),
    dict(byte_fallback=False, treat_whitespace_as_suffix=True),
    dict(byte_fallback=False, split_by_whitespace=False, user_defined_symbols=["<sep>", "o m"]),
]:
    f = io.BytesIO()
    sp.SentencePieceTrainer.train(sentence_iterator=iter(lines), model_writer=f, vocab_size=360 if options["byte_fallback"] else 120, model_type="bpe",
                                  normalization_rule_name="identity", minloglevel=2, **options)
    s = sp.SentencePieceProcessor(model_proto=f.getvalue())
    cases = []
    for text in R.sample(lines, 8) + more:
        ids = s.encode(text)
        some = [R.randrange(s.get_piece_size()) for _ in range(8)]
        cases.append(dict(text=text, ids=ids, decoded=s.decode(ids), random=some, random_decoded=s.decode(some)))
    out.append(dict(options=str(options), model=base64.b64encode(f.getvalue()).decode(), cases=cases))
json.dump(dict(made_with="sentencepiece " + sp.__version__, models=out), open(sys.argv[1], "w"), ensure_ascii=False, separators=(",", ":"))
