// Package baselogits keeps what a base model says of a text in a file, so that models can be compared with it later, or elsewhere,
// without running it again: docs/base-logits.md describes the file.
//
// A [Writer] is given to a comparison as [evalppl.Options.SaveBase]; a [Reader] takes the base model's place in another one:
//
//	w := baselogits.NewWriter(file, conditions)
//	_, err := evalppl.Compare(ctx, base, nil, tokens, evalppl.Options{SaveBase: w})
//	err = w.Finish()
//	...
//	r, err := baselogits.Open("base.nlog")
//	c, err := evalppl.CompareText(ctx, r, others, r.Text(), options)
//
// Losses are kept exactly, so perplexities and their paired difference are those of the model itself. The largest [Exact] logits of a
// position and the correct token's are exact too; the others are 16-bit codes. [KLBound] says how far that can move a divergence.
package baselogits
