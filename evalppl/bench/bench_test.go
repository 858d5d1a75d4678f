package bench

import (
	"context"
	"os"
	"strconv"
	"testing"

	"nibble/evalppl/model"
	"nibble/format"
)

// BenchmarkContainer measures the container that NIBBLE_BENCH_MODEL names; profile it with -cpuprofile.
func BenchmarkContainer(b *testing.B) {
	path := os.Getenv("NIBBLE_BENCH_MODEL")
	if path == "" {
		b.Skip("set NIBBLE_BENCH_MODEL to a container")
	}
	r, err := format.Open(path)
	if err != nil {
		b.Fatal(err)
	}
	defer r.Close()
	m, err := model.Load(r, model.Options{Activations: os.Getenv("NIBBLE_BENCH_ACTIVATIONS")})
	if err != nil {
		b.Fatal(err)
	}
	defer m.Close()
	n := min(benchTokens(), m.Context())
	window := make([]uint32, n)
	for i := range window {
		window[i] = uint32(i*7919) % uint32(m.Vocab())
	}
	s, err := m.NewSession(n)
	if err != nil {
		b.Fatal(err)
	}
	run := func(name string, tokens int, pass func() error) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				s.Reset()
				if err := pass(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(tokens*b.N)/b.Elapsed().Seconds(), "tok/s")
		})
	}
	ctx := context.Background()
	ignore := func(int, []float32) error { return nil }
	run("prompt", n, func() error { return s.Append(ctx, window) })
	losses := make([]float64, n-1)
	run("score", n, func() error { return s.Losses(ctx, window, 0, losses) })
	run("generate", 64, func() error {
		for i := range min(64, n) {
			if err := s.Logits(ctx, window[i:i+1], 0, ignore); err != nil {
				return err
			}
		}
		return nil
	})
}

// benchTokens is the length of prompt and text: NIBBLE_BENCH_TOKENS, or 512.
func benchTokens() int {
	if n, err := strconv.Atoi(os.Getenv("NIBBLE_BENCH_TOKENS")); err == nil {
		return n
	}
	return 512
}
