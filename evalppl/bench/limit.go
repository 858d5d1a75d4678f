package bench

import (
	"context"

	"nibble/evalppl/model"
	"nibble/kernels/roofline"
)

// Limit is what no program could do better on this machine with the same arithmetic: all products at the peak rate of their kind, or
// every weight read once for each pass, whichever takes longer. Everything else a pass does is free in it. The model is the roofline
// of Williams, Waterman and Patterson, 2009 (see package roofline).
type Limit struct {
	TokensPerSecond float64 `json:"tokens_per_second"`
	By              string  `json:"by"`        // the one that takes longer: "int8 products", "int16 products", "bf16 products", "f32 products" or "reads"
	ReadGBps        float64 `json:"read_gbps"` // at which this machine reads as many bytes as one pass does
	Share           float64 `json:"share"`     // the median rate as a fraction of TokensPerSecond
}

// limiter knows the machine.
type limiter struct {
	peaks roofline.Peaks
	reads map[int64]float64 // 10^9 bytes a second, by the bytes of a pass
}

// newLimiter measures the machine on as many threads as the models use. Models use the same number of threads.
func newLimiter(ctx context.Context, threads int, passes []int64) (*limiter, error) {
	l := &limiter{reads: map[int64]float64{}}
	var err error
	if l.peaks, err = roofline.Measure(ctx, threads); err != nil {
		return nil, err
	}
	for _, bytes := range passes {
		if bytes >= roofline.MemoryBytes {
			l.reads[bytes] = l.peaks.ReadGBps
		} else if l.reads[bytes] == 0 {
			if l.reads[bytes], err = roofline.Read(ctx, threads, bytes); err != nil {
				return nil, err
			}
		}
	}
	return l, nil
}

// best keeps the higher rates of two measurements of the same machine.
func (l *limiter) best(m *limiter) {
	l.peaks = l.peaks.Best(m.peaks)
	for bytes, rate := range m.reads {
		l.reads[bytes] = max(l.reads[bytes], rate)
	}
}

// limit returns the limit of a test on a model, or nil where the machine has a peak that was not measured.
func (l *limiter) limit(m *model.Model, r *Rate) *Limit {
	if l.peaks.Portable() {
		return nil
	}
	w := workOf(m, r.Test, r.Tokens)
	limit := &Limit{By: "reads", ReadGBps: l.reads[w.passBytes]}
	nanoseconds := w.passes * float64(w.passBytes) / limit.ReadGBps
	var products, longest float64 // nanoseconds
	by := ""
	for _, k := range []struct {
		name      string
		ops, rate float64
	}{{"int8 products", w.ops.Int8, l.peaks.Int8GOPS},
		// No instruction multiplies 16-bit integers at more than half the rate of 8-bit ones.
		{"int16 products", w.ops.Int16, l.peaks.Int8GOPS / 2},
		{"bf16 products", w.ops.BF16, l.peaks.BF16GFLOPS},
		{"f32 products", w.ops.F32, l.peaks.F32GFLOPS},
	} {
		if k.ops == 0 {
			continue
		}
		if k.rate == 0 { // bf16 on a CPU without the instruction: emulated, at a rate that is not known
			return nil
		}
		t := k.ops / k.rate
		products += t
		if t > longest {
			longest, by = t, k.name
		}
	}
	if products > nanoseconds {
		nanoseconds, limit.By = products, by
	}
	limit.TokensPerSecond = float64(r.Tokens) / nanoseconds * 1e9
	limit.Share = r.Median / limit.TokensPerSecond
	return limit
}

// work is what one repeat of a test has to do.
type work struct {
	ops       model.Operations
	passes    float64 // how often the weights are read
	passBytes int64   // and how many bytes then
}

func workOf(m *model.Model, test string, tokens int) work {
	switch test {
	case Generation:
		w := work{passes: float64(tokens), passBytes: m.WeightBytes() + m.CacheBytes(tokens)/2}
		w.ops = m.Operations(0, tokens, tokens) // the same, one by one
		return w
	case Score:
		return work{ops: m.Operations(0, tokens, tokens-1), passes: float64(m.Batches(tokens)), passBytes: m.WeightBytes()}
	}
	return work{ops: m.Operations(0, tokens, 1), passes: float64(m.Batches(tokens)), passBytes: m.WeightBytes()}
}
