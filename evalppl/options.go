package evalppl

import (
	"fmt"
	"math"
	"strings"
)

// What happens to a window whose losses are not all finite numbers.
const (
	// RefuseNonFinite ends the run with a [NonFiniteError].
	RefuseNonFinite = "refuse"
	// SkipNonFinite goes on without the window, which the result then counts.
	SkipNonFinite = "skip"
)

// Options of [Run] and [Compare]. The zero value of a field asks for its default.
type Options struct {
	Protocol string // one of [Protocols]; Strided
	Ctx      int    // tokens in a window; the smaller of the model's context and 1024 (llama.cpp: 512; lm-eval: the model's context)
	Stride   int    // tokens between window starts, for strided, hf and document; half of Ctx
	// BOS is the id that replaces the first token of each llama.cpp chunk (nil: none), and the id that each lm-eval document
	// is preceded by (needed).
	BOS *uint32
	// Words and Bytes of the raw text, for the word perplexity, byte perplexity and bits per byte of lm-eval; 0: not computed.
	Words, Bytes int64

	NonFinite string // RefuseNonFinite (also "") or SkipNonFinite
	// UntilError ends [Run] once the relative standard error of the perplexity is at most this; 0: reads the whole text. By the
	// delta method that is the standard error of the mean loss. It is looked at after every window from the tenth on, in the
	// order of the text. This is sequential stopping: the stopping time depends on the losses, so the reported interval is
	// slightly too short (Chow, Robbins: On the asymptotic theory of fixed-width sequential confidence intervals, Ann. Math.
	// Statist. 36, 1965: its coverage is right in the limit of small errors), and the beginning of a text stands for the whole.
	UntilError float64
	Shard      Shard   // the share of the windows to score; the zero value is all of them
	Resume     *Result // a partial result with the same settings to go on from
	Conditions Conditions

	Seed      uint64 // of the bootstrap of [Compare]; 0 is a seed like any other
	Resamples int    // of the bootstrap of [Compare]; 2000
	Threads   int    // of the arithmetic on logits of [Compare]; one for each CPU

	SaveBase BaseSink // keeps what the base of [Compare] says; nil: nothing does

	// Progress is called after each window with the tokens read so far, the tokens to be read in all, and the result so far.
	// The result's WindowScores must not be changed.
	Progress func(done, total int, so Result)
	// Compared is called by [Compare] after each window with the tokens that each model has read so far, those to be read in
	// all, and each other model's mean divergence so far.
	Compared func(done, total int, meanKL []float64)
	// Passed is called by [CompareInTurn] after each pass of a model over one window or several read together, with the model's number,
	// 0 for the base, which comes first, and the windows that it read: those from number first on, before last, of total.
	Passed func(model, first, last, total int)
	// ResumeComparison is an unfinished [CompareInTurn] to go on from, with the same settings: its Conditions are compared with
	// Conditions.
	ResumeComparison *ResumedComparison
	// Unfinished receives the state of a [CompareInTurn] that an error or a canceled ctx ends.
	Unfinished func(ComparisonState)
	// SoFar is called by [CompareInTurn] after each pass of another model over a window. get returns the comparison so far, as an
	// interruption would leave it, and its state; it may only be called before SoFar returns.
	SoFar func(get func() (Comparison, ComparisonState, error))
	// Losses, where not nil, receives every scored token's loss, in order: those of this run, not of the one it resumes.
	Losses func(losses []float64) error
}

// withDefaults returns the options with defaults filled in, checked against the model.
func (o Options) withDefaults(m Model) (Options, error) {
	if o.Protocol == "" {
		o.Protocol = Strided
	}
	if !knownProtocol(o.Protocol) {
		return o, fmt.Errorf("unknown protocol %q; known: %s", o.Protocol, strings.Join(Protocols(), ", "))
	}
	if o.Ctx == 0 {
		switch o.Protocol {
		case LlamaCpp:
			o.Ctx = min(m.Context(), 512)
		case LMEval:
			o.Ctx = m.Context()
		default:
			o.Ctx = min(m.Context(), 1024)
		}
	}
	if o.Ctx < 2 {
		return o, fmt.Errorf("--ctx %d: a window needs at least 2 tokens, one to predict the other from", o.Ctx)
	}
	if o.Ctx < 3 && o.Protocol == LlamaCpp {
		return o, fmt.Errorf("--ctx %d: protocol %s scores the second half of a chunk, which needs at least 3 tokens", o.Ctx, LlamaCpp)
	}
	if o.Ctx > m.Context() {
		return o, fmt.Errorf("--ctx %d: the model was made for %d positions; choose a --ctx up to %d", o.Ctx, m.Context(), m.Context())
	}
	if o.BOS != nil && int64(*o.BOS) >= int64(m.Vocab()) {
		return o, fmt.Errorf("BOS id %d is outside the model's vocabulary of %d tokens", *o.BOS, m.Vocab())
	}
	if o.Words < 0 || o.Bytes < 0 {
		return o, fmt.Errorf("%d words and %d bytes of raw text: want 0 (unknown) or more", o.Words, o.Bytes)
	}
	if o.Protocol != LMEval && (o.Words != 0 || o.Bytes != 0) {
		return o, fmt.Errorf("word and byte counts belong to protocol %s, not to %s", LMEval, o.Protocol)
	}
	switch o.NonFinite {
	case "":
		o.NonFinite = RefuseNonFinite
	case RefuseNonFinite, SkipNonFinite:
	default:
		return o, fmt.Errorf("what to do with windows that are not finite: %q; known: %s, %s", o.NonFinite, RefuseNonFinite, SkipNonFinite)
	}
	if !(o.UntilError >= 0) || math.IsInf(o.UntilError, 0) {
		return o, fmt.Errorf("--until-error %g: want a relative standard error such as 0.005, or 0 to read the whole text", o.UntilError)
	}
	if err := o.Shard.check(); err != nil {
		return o, err
	}
	if o.UntilError > 0 && !o.Shard.all() {
		return o, fmt.Errorf("--until-error with --shard %s: each shard would stop at a place of its own and the shards could not be joined", o.Shard)
	}
	if o.Resamples < 0 || o.Resamples > maxResamples {
		return o, fmt.Errorf("%d bootstrap resamples: want 1 to %d, or 0 for %d", o.Resamples, maxResamples, defaultResamples)
	}
	if o.Resamples == 0 {
		o.Resamples = defaultResamples
	}
	return o.withStride()
}

// withStride fills in and checks the stride.
func (o Options) withStride() (Options, error) {
	if !HasStride(o.Protocol) {
		if o.Stride != 0 {
			return o, fmt.Errorf("--stride belongs to protocols %s, %s and %s; protocol %s has none", Strided, HF, Document, o.Protocol)
		}
		return o, nil
	}
	if o.Stride == 0 {
		o.Stride = max(1, o.Ctx/2)
	}
	if o.Stride < 1 || o.Stride > o.Ctx {
		return o, fmt.Errorf("--stride %d: want 1 to --ctx (%d), so that no token is left out", o.Stride, o.Ctx)
	}
	return o, nil
}
