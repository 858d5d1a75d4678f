// Package sensitivity measures what each part of a model costs when it alone is quantized: a tensor, all tensors of a kind, or a
// layer. [Plan] lists the parts, [Measure] compares each with the unmodified model on the same windows of a text, [Parse] reads a
// result back. It knows the model only as the interface [Model].
//
//	parts, err := sensitivity.Plan(tensors, sensitivity.ByTensor, []string{"int4-g32"})
//	r, err := sensitivity.Measure(ctx, m, by, parts, together, text, evalppl.Options{})
//	for _, p := range r.Sorted() { ... } // the parts that cost most for each bit they save come first
//
// The cost is the mean Kullback-Leibler divergence of the changed model's next-token distributions from the unmodified model's,
// in nats, as [evalppl.Compare] defines it. Costs of parts are not exactly additive: [Result].Together has what changing all of
// them at once costs.
package sensitivity
