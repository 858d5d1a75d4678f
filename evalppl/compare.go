package evalppl

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"reflect"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"nibble/evalppl/internal/spill"
	"nibble/evalppl/reading"
)

// rowsAtOnce is how many positions' logits of each model are held at a time: as many as a model computes at once, and enough to
// share out among threads. With 49,152 words and two models that is 6 MB, whatever the window.
const rowsAtOnce = 16

// Compare scores base and others on one stream of tokens and returns how the others differ from base. Without others it scores base
// alone.
//
// Every model runs over each window once, in turn with the others: one computes a few rows of logits, then the next, then the
// rows are compared: of each model 16 rows are held, and those that it computes at a time, however many windows it reads
// together. What is kept for each scored token and model is its divergence and its change of probability as float32,
// 8 bytes, of which no more than [tallyMemory] stays in memory and the rest goes to a temporary file; and for each cluster and model
// five sums. The numbers do not depend on the number of threads.
//
// A canceled ctx, or another error on the way, ends it with the error and the comparison over the windows done so far, with
// Partial set. Options.UntilError, Shard and Resume are for [Run] and are refused, and so is protocol hf, whose weights are not
// those of tokens.
func Compare(ctx context.Context, base DistributionModel, others []DistributionModel, tokens []uint32, o Options) (Comparison, error) {
	return CompareText(ctx, base, others, DocumentsText([][]uint32{tokens}), o)
}

// CompareDocuments is [CompareText] on documents in memory.
func CompareDocuments(ctx context.Context, base DistributionModel, others []DistributionModel, docs [][]uint32, o Options) (Comparison, error) {
	return CompareText(ctx, base, others, DocumentsText(docs), o)
}

// CompareText is [Compare] on a text that may be larger than memory, and may have several documents; see [RunText].
func CompareText(ctx context.Context, base DistributionModel, others []DistributionModel, text Text, o Options) (Comparison, error) {
	return compareText(ctx, base, others, text, o, false)
}

func compareText(ctx context.Context, base DistributionModel, others []DistributionModel, text Text, o Options, inTurn bool) (out Comparison, err error) {
	models := append([]DistributionModel{base}, others...)
	if o, err = comparable(models, o); err != nil {
		return Comparison{}, err
	}
	sum, err := scanText(ctx, text, int64(base.Vocab()))
	if err != nil {
		return Comparison{}, err
	}
	p, err := newPlan(text, sum, o)
	if err != nil {
		return Comparison{}, err
	}
	c := comparer{models: models, o: o, p: p, documents: p.documents > 1, inTurn: inTurn}
	c.init(base.Vocab())
	defer func() {
		if closeErr := c.kept.Close(); closeErr != nil {
			err = errors.Join(err, closeErr)
		}
	}()
	if err := c.begin(); err != nil {
		return Comparison{}, err
	}
	if o.ResumeComparison != nil {
		if !inTurn {
			return Comparison{}, errors.New("only a comparison of models one after the other goes on from an earlier one")
		}
		if err := c.restore(o.ResumeComparison); err != nil {
			return Comparison{}, fmt.Errorf("the run cannot go on from the earlier result: %w", err)
		}
	}
	c.start = time.Now()
	err = c.run(ctx)
	if err != nil && c.unfinished != nil && o.Unfinished != nil {
		o.Unfinished(*c.unfinished)
	}
	if c.done == 0 {
		return Comparison{}, err
	}
	if c.tokensScored() == 0 && err == nil {
		err = fmt.Errorf("none of %s is finite in all models: %s", plural(c.left, "window"), c.places[0])
	}
	out, resultErr := c.result()
	if resultErr != nil {
		return Comparison{}, errors.Join(err, resultErr)
	}
	return out, err
}

// seconds is how long the comparison has taken so far.
func (c *comparer) seconds() float64 { return c.before + time.Since(c.start).Seconds() }

// comparable checks that the models can be compared with these options, and fills in defaults.
func comparable(models []DistributionModel, o Options) (Options, error) {
	smallest := models[0]
	for i, m := range models {
		if m.Vocab() != models[0].Vocab() {
			return o, fmt.Errorf("%s has a vocabulary of %d tokens, the base of %d: distributions over different tokens cannot be compared", modelName(i), m.Vocab(), models[0].Vocab())
		}
		for _, other := range models[:i] {
			// They take turns within a window, and a model has one sequence at a time.
			if reflect.TypeOf(m).Kind() == reflect.Pointer && m == other {
				return o, fmt.Errorf("%s is the same loaded model as another one: load it twice", modelName(i))
			}
		}
		if m.Context() < smallest.Context() {
			smallest = m
		}
	}
	switch {
	case o.Protocol == HF:
		return o, fmt.Errorf("protocol %s weights windows by other numbers than the tokens they score: compare with protocol %s", HF, Strided)
	case o.UntilError != 0:
		return o, errors.New("--until-error ends a perplexity run, not a comparison")
	case o.SaveBase != nil && o.NonFinite == SkipNonFinite:
		return o, errors.New("a base whose windows may be left out cannot be saved: its file would have gaps")
	case !o.Shard.all():
		return o, errors.New("--shard splits a perplexity run, not a comparison")
	case o.Resume != nil:
		return o, errors.New("--resume continues a perplexity run, not a comparison")
	}
	return o.withDefaults(smallest)
}

// modelName names model i of a comparison.
func modelName(i int) string {
	if i == 0 {
		return "the base model"
	}
	return "model " + strconv.Itoa(i)
}

// comparer is a comparison under way.
type comparer struct {
	models    []DistributionModel // the base first
	o         Options
	p         *plan
	documents bool
	inTurn    bool // see CompareInTurn

	start      time.Time
	before     float64          // seconds before the interruption that it goes on from
	pending    [][]float64      // what the first of the others had said of the windows under way then
	unfinished *ComparisonState // where the comparison has ended early
	adding     bool             // sums are being changed: an error leaves no state

	buffer  [][]float32 // [model][rowsAtOnce][Vocab]; in turn: [2], of which the base's holds all windows read together
	workers []*comparerWorker

	many    bool        // windows are read together
	losses  [][]float64 // [model][scored] of the windows read together
	pairs   [][]pair    // [other][scored] of them
	targets []uint32    // [scored]
	exact   []float64   // of a rounded base, [scored]

	kept       *spill.Store // of against
	against    []againstTally
	tallies    []tally // of each model
	done, left int
	places     []string
	tokensRead int
}

// comparerWorker is one thread's own memory.
type comparerWorker struct {
	base  baseRow
	other row
}

func (c *comparer) init(vocab int) {
	c.many = readTogether(c.models)
	longest := c.p.mostTogether(c.many)
	for k := range c.models {
		switch {
		case c.inTurn && k == 0:
			c.buffer = append(c.buffer, make([]float32, longest*vocab))
		case !c.inTurn || k == 1:
			c.buffer = append(c.buffer, make([]float32, rowsAtOnce*vocab))
		}
		c.losses = append(c.losses, make([]float64, longest))
		c.tallies = append(c.tallies, tally{documents: c.documents})
	}
	c.kept = spill.New("what each token of a comparison adds", tallyMemory)
	c.against = make([]againstTally, len(c.models)-1)
	for k := range c.against {
		c.against[k].kls, c.against[k].deltas = c.kept.List(), c.kept.List()
		c.pairs = append(c.pairs, make([]pair, longest))
	}
	n := c.o.Threads
	if n <= 0 {
		n = runtime.GOMAXPROCS(0)
	}
	for range min(n, rowsAtOnce) {
		c.workers = append(c.workers, &comparerWorker{})
	}
}

func (c *comparer) tokensScored() int { return c.tallies[0].tokens }

func (c *comparer) run(ctx context.Context) (err error) {
	total := c.p.covered(0, c.p.total)
	defer func() {
		if err != nil && c.inTurn && c.unfinished == nil && !c.adding {
			c.stop(0)
		}
	}()
	for c.done < c.p.total {
		if err := ctx.Err(); err != nil {
			return err
		}
		parts, err := c.p.together(c.done, c.p.total, c.many)
		if err != nil {
			return err
		}
		read, stopped := len(parts), error(nil)
		if !c.inTurn {
			read, stopped = c.windows(ctx, parts)
		} else if measured, err := c.windowsInTurn(ctx, parts); err != nil {
			c.stop(measured)
			if c.done > 0 || measured == 0 {
				return err
			}
			// Nothing else is known yet: keep the models that have read the first windows.
			c.keepOthers(measured)
			stopped = err
		}
		at := 0
		for i := range parts[:read] {
			p := &parts[i]
			if err := c.keep(ctx, c.done, p, at); err != nil {
				return err
			}
			at += p.scored()
			c.done++
			c.tokensRead += len(p.input)
			if stopped != nil {
				continue
			}
			if c.o.Compared != nil {
				c.o.Compared(c.tokensRead, total, c.meanKL())
			}
			if ctx.Err() != nil && !c.inTurn {
				break
			}
		}
		c.pending = nil
		if stopped != nil {
			return stopped
		}
	}
	return nil
}

func (c *comparer) meanKL() []float64 {
	means := make([]float64, len(c.against))
	for i := range means {
		if n := c.tokensScored(); n > 0 {
			means[i] = c.against[i].sumKL() / float64(n)
		}
	}
	return means
}

// errStop ends a model's pass that nobody reads any more.
var errStop = errors.New("stopped")

// logitsOf runs a model over windows, together where there are several and the model reads them so.
func logitsOf(ctx context.Context, m DistributionModel, windows []reading.Window, fn func(window, i int, logits []float32) error) error {
	if b, ok := m.(BatchDistributionModel); ok && len(windows) > 1 {
		return b.LogitsOf(ctx, windows, fn)
	}
	for k := range windows {
		if err := m.Logits(ctx, windows[k].Tokens, windows[k].From, func(i int, logits []float32) error { return fn(k, i, logits) }); err != nil {
			return err
		}
	}
	return nil
}

// rows runs a model over windows and yields its rows of logits, in order. An error ends them.
func rows(ctx context.Context, m DistributionModel, windows []reading.Window) iter.Seq2[[]float32, error] {
	return func(yield func([]float32, error) bool) {
		err := logitsOf(ctx, m, windows, func(_, _ int, logits []float32) error {
			if !yield(logits, nil) {
				return errStop
			}
			return nil
		})
		if err != nil && !errors.Is(err, errStop) {
			yield(nil, err)
		}
	}
}

// windows computes c.losses and c.pairs of windows, and returns how many of them all models have read. The models take turns as
// coroutines: their threads never compete.
func (c *comparer) windows(ctx context.Context, parts []part) (read int, err error) {
	input := windowsOf(parts, false)
	next := make([]func() ([]float32, error, bool), len(c.models))
	for k, m := range c.models {
		pull, stop := iter.Pull2(rows(ctx, m, input))
		defer stop()
		next[k] = pull
	}
	c.targetsOf(parts)
	c.exact = c.exact[:0]
	compared := 0
	defer func() {
		c.exactLosses(compared)
		for rest := compared; read < len(parts) && parts[read].scored() <= rest; read++ {
			rest -= parts[read].scored()
		}
	}()
	vocab := c.models[0].Vocab()
	for compared < len(c.targets) {
		targets := c.targets[compared:]
		targets = targets[:min(rowsAtOnce, len(targets))]
		for k, pull := range next {
			for i := range targets {
				logits, err, ok := pull()
				if err == nil && (!ok || len(logits) != vocab) {
					err = fmt.Errorf("position %d: %d logits, want %d", positionOf(parts, compared+i), len(logits), vocab)
				}
				if err != nil {
					if ctx.Err() != nil {
						return 0, ctx.Err()
					}
					return 0, fmt.Errorf("%s: %w", modelName(k), err)
				}
				if k == 0 {
					c.exactLoss()
				}
				copy(c.buffer[k][i*vocab:], logits)
			}
		}
		c.compareRows(targets, compared, vocab)
		if err := c.save(targets, compared, vocab); err != nil {
			return 0, err
		}
		compared += len(targets)
	}
	return 0, nil
}

// targetsOf lists the tokens that windows score.
func (c *comparer) targetsOf(parts []part) {
	c.targets = c.targets[:0]
	for i := range parts {
		c.targets = append(c.targets, parts[i].input[parts[i].from+1:]...)
	}
}

// positionOf returns the position in its window of row number n of the rows of windows.
func positionOf(parts []part, n int) int {
	for i := range parts {
		if n < parts[i].scored() {
			return parts[i].from + n
		}
		n -= parts[i].scored()
	}
	return n
}

// compareRows compares the rows in the buffers, which predict targets, the windows' scored tokens from first on.
func (c *comparer) compareRows(targets []uint32, first, vocab int) {
	c.each(len(targets), func(w *comparerWorker, i int) {
		w.base.read(c.buffer[0][i*vocab:(i+1)*vocab], targets[i])
		c.losses[0][first+i] = w.base.loss
		for k := range c.pairs {
			w.other.read(c.buffer[k+1][i*vocab:(i+1)*vocab], targets[i])
			c.losses[k+1][first+i] = w.other.loss
			c.pairs[k][first+i] = w.base.compare(&w.other)
		}
	})
}

// each calls fn for 0..n-1, shared out among threads.
func (c *comparer) each(n int, fn func(w *comparerWorker, i int)) {
	var next atomic.Int64
	var wg sync.WaitGroup
	for _, w := range c.workers[:min(len(c.workers), n)] {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				fn(w, i)
			}
		})
	}
	wg.Wait()
}

// keep adds window number n, whose tokens are number at and on of those read together, to the tallies, or leaves it out.
func (c *comparer) keep(ctx context.Context, n int, p *part, at int) error {
	w, end := p.window, at+p.scored()
	if bad, err := c.nonFinite(ctx, n, p, at); err != nil {
		return err
	} else if bad != nil {
		if c.o.NonFinite != SkipNonFinite {
			return bad
		}
		c.left++
		if len(c.places) < maxPlaces {
			c.places = append(c.places, bad.place())
		}
		return nil
	}
	c.adding = true
	for k := range c.models {
		c.tallies[k].add(scoreWindow(w, c.losses[k][at:end]))
	}
	for k := range c.against {
		if err := c.against[k].add(w, c.losses[0][at:end], c.pairs[k][at:end], c.documents); err != nil {
			return err
		}
	}
	c.adding = false
	return nil
}

// nonFinite looks for a loss or divergence that is not a finite number.
func (c *comparer) nonFinite(ctx context.Context, n int, p *part, at int) (*NonFiniteError, error) {
	w, input, end := p.window, p.input, at+p.scored()
	for k, m := range c.models {
		l := c.losses[k][at:end]
		i, what := firstNonFinite(l), "loss"
		if i < 0 && k > 0 {
			l = make([]float64, w.scored())
			for j, p := range c.pairs[k-1][at:end] {
				l[j] = p.kl
			}
			i, what = firstNonFinite(l), "divergence"
		}
		if i < 0 {
			continue
		}
		bad, err := diagnose(ctx, m, input[:len(input)-1], w, n, i, l, what, c.o.NonFinite != SkipNonFinite || len(c.places) < maxPlaces)
		if err != nil {
			return nil, err
		}
		bad.model = modelName(k)
		return bad, nil
	}
	return nil, nil
}
