// Package tokenizer turns text into token ids and back exactly as a checkpoint's own tokenizer does, or refuses the checkpoint's files with an
// error that names what is not built.
//
// Its main type is [Tokenizer], built by [New] from the tokenizer's own [Files]:
//
//   - tokenizer.json, interpreted as it is written: added tokens, normalizer, pre-tokenizer, BPE model, post-processor, decoder. The
//     reference is the Rust library of the package tokenizers, version 0.23.
//   - vocab.json with merges.txt: byte-level BPE; the class in tokenizer_config.json says which pre-tokenizer belongs to it.
//   - tokenizer.model: SentencePiece BPE. The reference is sentencepiece 0.2, with BOS and EOS as tokenizer_config.json asks.
//
// Beside the reference stand these rules:
//
//   - Text that is not UTF-8: each maximal invalid subsequence counts as one U+FFFD.
//   - An empty text has no ids but the special ones.
//   - Special tokens written in the text are recognized where the files list them as added tokens, whether or not [EncodeOptions] asks for
//     special tokens around the text.
//   - Character classes in expressions are those of Unicode 15.0, the version of Go's tables: characters that came later (the reference
//     knows Unicode 17.0) count as unassigned. Normal forms, StripAccents and Punctuation follow the older tables that the reference has for
//     them (Unicode 9.0 and 8.0).
//   - Truncation and padding settings of tokenizer.json are not applied.
//   - Regular expressions are bounded in time and memory; one that goes beyond is an error of [Tokenizer.Encode], never a hang.
//   - Decoding writes special tokens out unless [DecodeOptions].SkipSpecial is set: a text that contains them comes back as it was. The
//     control pieces of a tokenizer.model have no text, as in SentencePiece.
//
// Tokenizing takes time in proportion to the text, and n log n for a single word of n characters.
package tokenizer
