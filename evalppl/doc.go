// Package evalppl measures how well a model predicts a text: token streams go in, losses and their statistics come out. It
// knows a model only as the interface [Model], so it needs no weights to be tested. Same text, model and options give the same
// number, with its interval and with everything that would make it incomparable to another: that is a [Result], which [Run]
// makes, [ReadResult] reads back, and [Merge] joins from the shards of several machines. [Compare] sets models against a base
// model on the same windows: a [Comparison].
//
//	r, err := evalppl.Run(ctx, m, tokens, evalppl.Options{Protocol: evalppl.LlamaCpp, Ctx: 512})
//	c, err := evalppl.Compare(ctx, base, others, tokens, evalppl.Options{Ctx: 1024, Stride: 512})
//
// Losses are in nats (natural logarithm of the probability, negated); perplexity is the exponential of their mean (Jelinek et
// al. 1977).
package evalppl
