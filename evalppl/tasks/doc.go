// Package tasks measures how often a language model picks the right answer: multiple choice (HellaSwag, ARC, PIQA and their kind) and
// completions (LAMBADA and its kind), with the arithmetic of lm-evaluation-harness 0.4.13. The main type is [Task], a description of
// which fields of a record make the context, the choices and the answer; it is data, in Go or in a JSON file. [Task.Read] makes items of
// a file, [Run] scores them with one or several models, [ReadResult] reads the [Result] back and [Join] sets saved results side by side.
//
//	task, _ := tasks.Lookup("hellaswag")
//	set, err := task.Read(ctx, "hellaswag.jsonl", tasks.ReadOptions{})
//	result, err := tasks.Run(ctx, set, []tasks.Entrant{{Model: m, Tokenizer: t}}, tasks.Options{})
//
// # Arithmetic
//
// A choice is scored by the sum of the log-probabilities (natural logarithm) of its tokens after the context. White space at the end of
// the context counts to the continuation. Its tokens are those of context and continuation together, behind as many as the context
// alone has, both with the special tokens that the tokenizer adds. An empty context is replaced by BOS (EOS where there is no BOS), and
// the continuation is then tokenized without special tokens. What is longer than the model's context is cut from the left.
//
//   - acc: the choice with the largest sum is right
//   - acc_norm: the choice with the largest sum divided by its characters (Unicode code points, without the delimiter)
//   - acc_bytes: the same with its bytes in UTF-8
//   - of completions, acc: every token of the completion is the most probable one; perplexity: e to the minus mean sum
//
// Of equal choices, and of equally probable tokens, the first counts.
//
// # Errors
//
// The standard error of an accuracy is the sample standard deviation (over n-1) of the items' 0 and 1, divided by the root of n, as in
// lm-evaluation-harness. Its 95 % interval is Wilson's, which stays within 0 and 1. The standard error of the perplexity is the delta
// method's: perplexity times that of the mean sum. (lm-evaluation-harness draws 100,000 bootstrap samples instead, which comes to the
// same for many items and explodes for few.) Its interval is the exponential of that of the mean.
//
// Two models are compared item by item: by the difference of their accuracies with its paired standard error, and by McNemar's exact
// test on the items that only one of them got right.
package tasks
