package evalppl

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// cases are runs over every protocol, with several windows each.
func cases(m *tableModel) map[string]struct {
	docs [][]uint32
	o    Options
} {
	bos := uint32(1)
	long := randomTokens(m, 9, 403)
	docs := [][]uint32{long[:70], long[70:71], long[71:100], long[100:300], long[300:]}
	type c = struct {
		docs [][]uint32
		o    Options
	}
	return map[string]c{
		Strided:        {[][]uint32{long}, Options{Ctx: 16, Stride: 8}},
		LlamaCpp:       {[][]uint32{long}, Options{Protocol: LlamaCpp, Ctx: 16, BOS: &bos}},
		HF:             {[][]uint32{long}, Options{Protocol: HF, Ctx: 16, Stride: 5}},
		Document:       {docs, Options{Protocol: Document, Ctx: 16, Stride: 8}},
		LMEval:         {docs, Options{Protocol: LMEval, BOS: &bos, Words: 99, Bytes: 500}},
		"one document": {[][]uint32{long}, Options{Protocol: LMEval, BOS: &bos, Words: 99, Bytes: 500}},
	}
}

// timeless takes away what differs between two runs of the same thing.
func timeless(r Result) Result {
	r.Seconds, r.TokensPerSecond = 0, 0
	return r
}

// throughJSON writes and reads a result as files do.
func throughJSON(t *testing.T, r Result) Result {
	t.Helper()
	b, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	back, err := ParseResult(b)
	if err != nil {
		t.Fatal(err)
	}
	return back
}

// TestResumeIsUninterrupted interrupts after every window in turn; the resumed result is the same in every bit.
func TestResumeIsUninterrupted(t *testing.T) {
	m := newTable(1, 20, 16, 2)
	for name, c := range cases(m) {
		want, err := RunDocuments(context.Background(), m, c.docs, c.o)
		if err != nil {
			t.Fatal(err)
		}
		if want.Partial || want.Windows != want.TotalWindows {
			t.Fatalf("%s: a whole run is partial: %+v", name, want)
		}
		for stop := 1; stop < want.Windows; stop += 3 {
			ctx, cancel := context.WithCancel(context.Background())
			o := c.o
			windows := 0
			o.Progress = func(int, int, Result) {
				if windows++; windows == stop {
					cancel()
				}
			}
			part, err := RunDocuments(ctx, m, c.docs, o)
			if !errors.Is(err, context.Canceled) || !part.Partial || part.Windows != stop {
				t.Fatalf("%s: interrupted after %d: error %v, partial %v, %d windows", name, stop, err, part.Partial, part.Windows)
			}
			part = throughJSON(t, part)
			o = c.o
			o.Resume = &part
			m.read = 0
			got, err := RunDocuments(context.Background(), m, c.docs, o)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(timeless(want), timeless(got)); diff != "" {
				t.Fatalf("%s: resumed after %d (-want +got):\n%s", name, stop, diff)
			}
			if m.read > want.TokensRead-part.TokensRead {
				t.Fatalf("%s: %d tokens read again", name, m.read-(want.TokensRead-part.TokensRead))
			}
		}
	}
}

func TestInterruptedInsideAWindow(t *testing.T) {
	m := newTable(1, 20, 16, 2)
	tokens := randomTokens(m, 9, 200)
	ctx, cancel := context.WithCancel(context.Background())
	m.cancel = func(pass int) {
		if pass == 4 {
			cancel()
		}
	}
	r, err := Run(ctx, m, tokens, Options{})
	if !errors.Is(err, context.Canceled) || r.Windows != 3 || !r.Partial {
		t.Errorf("error %v, %d windows, partial %v; want canceled with 3 windows", err, r.Windows, r.Partial)
	}
}

// TestShardsMergeToTheWhole splits in many ways, in any order, through JSON.
func TestShardsMergeToTheWhole(t *testing.T) {
	m := newTable(1, 20, 16, 2)
	for name, c := range cases(m) {
		want, err := RunDocuments(context.Background(), m, c.docs, c.o)
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range []int{1, 2, 3, 7, want.Windows, want.Windows + 3} {
			var parts []Part
			for i := n; i >= 1; i-- {
				o := c.o
				o.Shard = Shard{i, n}
				r, err := RunDocuments(context.Background(), m, c.docs, o)
				if err != nil {
					t.Fatal(err)
				}
				parts = append(parts, Part{fmt.Sprintf("shard-%d.json", i), throughJSON(t, r)})
			}
			got, err := Merge(parts)
			if err != nil {
				t.Fatalf("%s in %d shards: %v", name, n, err)
			}
			if diff := cmp.Diff(timeless(want), timeless(got)); diff != "" {
				t.Fatalf("%s in %d shards (-want +got):\n%s", name, n, diff)
			}
			throughJSON(t, got)
		}
	}
}

func TestMergeRefuses(t *testing.T) {
	m := newTable(1, 20, 16, 2)
	tokens := randomTokens(m, 9, 403)
	shard := func(i, n int, change func(*Options)) Part {
		o := Options{Shard: Shard{i, n}, Conditions: Conditions{Setup: Setup{Model: "m", KernelSet: "generic", Threads: 2}}}
		if change != nil {
			change(&o)
		}
		r, err := Run(context.Background(), m, tokens, o)
		if err != nil {
			t.Fatal(err)
		}
		return Part{fmt.Sprintf("%d-of-%d.json", i, n), r}
	}
	partial := shard(2, 3, nil)
	partial.Result.WindowScores = partial.Result.WindowScores[:5]
	for _, c := range []struct {
		name  string
		parts []Part
		want  []string
	}{
		{"nothing", nil, []string{"no results"}},
		{"gap", []Part{shard(1, 3, nil), shard(3, 3, nil)}, []string{"missing between 1-of-3.json and 3-of-3.json"}},
		{"no beginning", []Part{shard(2, 2, nil)}, []string{"windows 0 to", "at the beginning"}},
		{"no end", []Part{shard(1, 2, nil)}, []string{"missing after 1-of-2.json"}},
		{"twice", []Part{shard(1, 2, nil), shard(1, 2, nil), shard(2, 2, nil)}, []string{"overlap", "window 0"}},
		{"other split", []Part{shard(1, 2, nil), shard(2, 3, nil), shard(3, 3, nil)}, []string{"1-of-2.json and 2-of-3.json overlap"}},
		{"interrupted", []Part{shard(1, 3, nil), partial, shard(3, 3, nil)}, []string{"missing between 2-of-3.json and 3-of-3.json", "--resume"}},
		{"stride", []Part{shard(1, 2, nil), shard(2, 2, func(o *Options) { o.Stride = 4 })}, []string{`field "stride" is "8" in 1-of-2.json and "4" in 2-of-2.json`}},
		{"kernels", []Part{shard(1, 2, nil), shard(2, 2, func(o *Options) { o.Conditions.KernelSet = "avx2" })}, []string{`field "kernel_set"`, `"avx2" in 2-of-2.json`}},
		{"model", []Part{shard(1, 2, nil), shard(2, 2, func(o *Options) { o.Conditions.ContainerSHA256 = "00" })}, []string{`field "container_sha256"`}},
	} {
		_, err := Merge(c.parts)
		for _, want := range c.want {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: error %v, want one with %q", c.name, err, want)
			}
		}
	}
	// Machines may differ in what does not change the numbers.
	a, b := shard(1, 2, nil), shard(2, 2, nil)
	a.Result.CPU, b.Result.CPU, b.Result.Threads = "Zuse", "Atlas", 8
	r, err := Merge([]Part{a, b})
	if err != nil || r.CPU != "Atlas; Zuse" || r.Threads != 0 {
		t.Errorf("cpu %q, threads %d, error %v", r.CPU, r.Threads, err)
	}
}

func TestResumeRefusesOtherSettings(t *testing.T) {
	m := newTable(1, 20, 16, 2)
	tokens := randomTokens(m, 9, 403)
	old, err := Run(context.Background(), m, tokens, Options{Shard: Shard{1, 2}})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		want string
		n    int
		o    Options
	}{
		{`field "stride" is "8"`, 403, Options{Stride: 5, Shard: Shard{1, 2}}},
		{`field "tokens" is "403"`, 400, Options{Shard: Shard{1, 2}}},
		{`field "shard" is "1/2"`, 403, Options{}},
		{`field "activations"`, 403, Options{Shard: Shard{1, 2}, Conditions: Conditions{Setup: Setup{Activations: "f32"}}}},
	} {
		c.o.Resume = &old
		_, err := Run(context.Background(), m, tokens[:c.n], c.o)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error %v, want one with %q", err, c.want)
		}
	}
}

func TestParseShard(t *testing.T) {
	if s, err := ParseShard("2/8"); err != nil || s != (Shard{2, 8}) || s.String() != "2/8" {
		t.Errorf("2/8: %v, %v", s, err)
	}
	for _, bad := range []string{"", "2", "0/0", "0/4", "5/4", "-1/4", "1/-4", "a/b", "1/2/3", "1/9999999999"} {
		if s, err := ParseShard(bad); err == nil {
			t.Errorf("%q was read as %v", bad, s)
		}
	}
	// The shares cover everything, in order, and differ by one at most.
	for n := range 50 {
		for count := 1; count < 20; count++ {
			at, least, most := 0, n, 0
			for i := 1; i <= count; i++ {
				first, last := Shard{i, count}.bounds(n)
				if first != at {
					t.Fatalf("shard %d/%d of %d windows begins at %d, want %d", i, count, n, first, at)
				}
				at, least, most = last, min(least, last-first), max(most, last-first)
			}
			if at != n || most-least > 1 {
				t.Fatalf("%d windows in %d shards: end at %d, sizes %d to %d", n, count, at, least, most)
			}
		}
	}
}

// TestUntilError stops at the first window from the tenth on whose error is small enough, as a run window by window finds it.
func TestUntilError(t *testing.T) {
	m := newTable(1, 20, 16, 2)
	tokens := randomTokens(m, 9, 4000)
	const target = 0.03
	want := 0
	var after Result
	whole, err := Run(context.Background(), m, tokens, Options{Progress: func(_, _ int, so Result) {
		if want == 0 && so.Windows >= minWindowsUntilError && so.StandardError <= target {
			want, after = so.Windows, so
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	if want <= minWindowsUntilError || want == whole.Windows {
		t.Fatalf("the text does not serve: %d of %d windows", want, whole.Windows)
	}
	got, err := Run(context.Background(), m, tokens, Options{UntilError: target})
	if err != nil {
		t.Fatal(err)
	}
	if got.Windows != want || !got.StoppedEarly || got.Partial || got.Perplexity != after.Perplexity {
		t.Errorf("%d windows, stopped early %v, partial %v, perplexity %g; want %d, %g", got.Windows, got.StoppedEarly, got.Partial, got.Perplexity, want, after.Perplexity)
	}
	got = throughJSON(t, got)
	// An easier target is reached at once, but not before the tenth window; none goes on to the end.
	easy, err := Run(context.Background(), m, tokens, Options{UntilError: 10})
	if err != nil || easy.Windows != minWindowsUntilError {
		t.Errorf("%d windows, %v; want %d", easy.Windows, err, minWindowsUntilError)
	}
	on, err := Run(context.Background(), m, tokens, Options{Resume: &got})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(timeless(whole), timeless(on)); diff != "" {
		t.Errorf("resumed without a target (-want +got):\n%s", diff)
	}
}

// diagnosed is a model that says where.
type diagnosed struct{ *tableModel }

func (d diagnosed) FirstNonFinite(_ context.Context, window []uint32) (string, error) {
	return fmt.Sprintf("layer 3, tensor \"layers.3.mlp.up\", %d tokens", len(window)), nil
}

func TestNonFinite(t *testing.T) {
	m := newTable(1, 20, 16, 2)
	tokens := randomTokens(m, 9, 200)
	bad := tokens[16:32]
	m.poison = func(window []uint32) bool { return len(window) >= 15 && beginsWith(bad, window) }
	_, err := Run(context.Background(), diagnosed{m}, tokens, Options{Stride: 16})
	var nf *NonFiniteError
	if !errors.As(err, &nf) || nf.Window != 1 || nf.Token != 19 || !strings.Contains(err.Error(), `layer 3, tensor "layers.3.mlp.up", 15 tokens`) {
		t.Fatalf("error %v", err)
	}
	r, err := Run(context.Background(), m, tokens, Options{Stride: 16, NonFinite: SkipNonFinite})
	if err != nil {
		t.Fatal(err)
	}
	if r.WindowsLeftOut != 1 || r.Windows != 13 || r.TokensScored != 12*15+7-15 || len(r.NonFinite) != 1 || !strings.Contains(r.NonFinite[0], "window 1 (tokens 16 to 31): the loss of token 19 is NaN") {
		t.Errorf("%d of %d windows left out, %d tokens scored, %q", r.WindowsLeftOut, r.Windows, r.TokensScored, r.NonFinite)
	}
	throughJSON(t, r)

	// What was scored before the error is kept, and a run that leaves the window out goes on from it.
	part, err := Run(context.Background(), m, tokens, Options{Stride: 16})
	if err == nil || part.Windows != 1 || !part.Partial {
		t.Fatalf("error %v, %d windows", err, part.Windows)
	}
	on, err := Run(context.Background(), m, tokens, Options{Stride: 16, NonFinite: SkipNonFinite, Resume: &part})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(timeless(r), timeless(on)); diff != "" {
		t.Errorf("resumed (-want +got):\n%s", diff)
	}

	m.poison = func([]uint32) bool { return true }
	if _, err := Run(context.Background(), m, tokens, Options{NonFinite: SkipNonFinite}); err == nil || !strings.Contains(err.Error(), "none of 24 windows") {
		t.Errorf("every window left out: error %v", err)
	}
}

// TestStandardError compares the incremental figure with the formula over clusters.
func TestStandardError(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	var ta, docs tally
	docs.documents = true
	var sums, counts, dsums, dcounts []float64
	for i := range 100 {
		s := WindowScore{Document: i / 7, Tokens: 10 + r.IntN(50)}
		for range s.Tokens {
			s.NLL += 3 + r.NormFloat64()
		}
		ta.add(s)
		docs.add(s)
		sums, counts = append(sums, s.NLL), append(counts, float64(s.Tokens))
		if i%7 == 0 {
			dsums, dcounts = append(dsums, 0), append(dcounts, 0)
		}
		dsums[i/7] += s.NLL
		dcounts[i/7] += float64(s.Tokens)
	}
	got, unit := ta.standardError()
	// The incremental form cancels some 5 of 16 digits.
	if want := ratioError(sums, counts); unit != "windows" || math.Abs(got/want-1) > 1e-9 {
		t.Errorf("%g over %s, want %g", got, unit, want)
	}
	got, unit = docs.standardError()
	if want := ratioError(dsums, dcounts); unit != "documents" || math.Abs(got/want-1) > 1e-9 {
		t.Errorf("%g over %s, want %g", got, unit, want)
	}
	// By hand: sums 2 and 6 over 2 tokens each, mean 2: deviations -2 and 2, ss 8, sqrt(8*2/1)/4 = 1.
	if got := ratioError([]float64{2, 6}, []float64{2, 2}); got != 1 {
		t.Errorf("%g, want 1", got)
	}
	if got := ratioError([]float64{2}, []float64{2}); got != 0 {
		t.Errorf("%g, want 0", got)
	}
}
