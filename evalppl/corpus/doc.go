// Package corpus reads evaluation texts: plain text, JSON Lines with a field, Parquet with a column, a folder of these, and
// standard input, each also compressed with gzip or zstd. It knows no tokenizer and no model: bytes come out as they were
// written.
//
// The main type is [Corpus], from [Open]; [ReadAll] is the short way to one text:
//
//	text, docs, err := corpus.ReadAll("wiki.jsonl.zst", corpus.Options{Field: "page"})
//
// The kind of a file follows from the end of its name, in any case, after .gz, .zst or .zstd has been taken off:
//
//	.txt .text .raw .md, no extension      plain     the whole file is one document, byte for byte
//	.jsonl .ndjson .json-lines             jsonl     one JSON object a line, one string field of it is the document
//	.parquet                               parquet   one string column, one document a row
//
// Files of other names are plain too, but for those that promise data of another kind (.json, .csv, .arrow, .zip, ...), which are
// refused. Where nothing says that a text is plain (standard input, no extension, an unknown one) and it starts as JSON or Parquet it is
// refused as well: a number of the braces and names in it would look like one of the text.
//
// [Options].Kind overrides it, for names that say something else and for standard input. The kind "lines" exists only as an override: a
// plain text of which every line with something on it is a document.
//
// # Folders
//
// All files of known kinds below the folder are read, at any depth, sorted by their path inside it (bytes, "/" between
// names). Names that start with "." are left out with all they hold, as are empty files, files of unknown kinds, and links to
// folders; links to files are followed. [Corpus.Files] lists what is read.
//
// # One text from many documents
//
// [ReadAll] joins documents with a blank line ("\n\n", what the perplexity page of transformers' documentation does with
// wikitext) unless [Options].Separator says otherwise. Empty documents count: two separators follow each other. A single plain
// file is itself, byte for byte, whatever its line ends or byte order mark.
//
// # Limits
//
// A document, a line of JSONL, a plain file, a Parquet file that has to be spooled (compressed or from a pipe), and the one
// text of [ReadAll] have at most [MaxDocument] bytes (1 GiB). Compressed data cannot go around it: no more than that is
// decompressed before a document comes out or the reading stops. A zstd window is at most [MaxWindow] bytes. Plain files are held
// in memory; JSONL and Parquet are streamed, one document or one page at a time.
//
// [Corpus.Pieces] and [Corpus.CopyTo] give the same texts in pieces: plain files then are never held and have at most [MaxStream] bytes, and
// the whole has no limit.
//
// # Records
//
// [Records] reads objects of several fields, strings and lists of strings, from JSON Lines and Parquet: the items of a task.
//
// # Wikitext
//
// [WikitextDetokenize] and [Words] do to wikitext what the lm-evaluation-harness does.
package corpus
