// Package text writes the English-like text on which the models of testdata
// are trained and measured. Nothing in it comes from anywhere else: the words
// are a short list in this package, the names are built from syllables, and
// every sentence is drawn from a small grammar.
//
// The text is made to be learnable by a model of less than a million weights
// and to show what quantization breaks. A tale keeps a world (who is where,
// who holds what, how many of it are left) and everything it says later
// follows from what it said before; other documents count, sort, reason from
// two premises, repeat lists forwards and backwards, or sum a bill. A model
// that has learned this predicts such words almost with certainty, and loses
// that certainty first.
//
// Documents are separated by an empty line. Document i of a seed depends on
// the seed and on i alone, so a longer text begins with the shorter one:
//
//	text.Write(os.Stdout, 1, 64<<10) // at least 64 KiB of seed 1
//
// The command in gen does the same from a shell.
package text
