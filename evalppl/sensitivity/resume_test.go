package sensitivity

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"nibble/evalppl"
)

// resumeOptions are those of the tests below: two types, several windows.
func resumeOptions() evalppl.Options {
	return evalppl.Options{Ctx: 16, Stride: 8, Resamples: 50, Seed: 3, Conditions: evalppl.Conditions{Setup: evalppl.Setup{Model: "fake", OS: "linux", Arch: "amd64"}}}
}

// interruptedAt measures until the model has been run n times, and returns the result as a file gives it back; false where the measurement
// came to its end.
func interruptedAt(t *testing.T, n int, earlier *Result, o evalppl.Options) (Result, bool) {
	t.Helper()
	parts, together, err := Plan(fakeTensors(), ByTensor, []string{"int4-g32", "int8-g32"})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	m := newFake()
	m.cancel = func(string) {
		if n--; n == 0 {
			cancel()
		}
	}
	r, err := MeasureWith(ctx, m, ByTensor, parts, together, fakeText(60), Options{Options: o, Earlier: earlier})
	if err == nil {
		return stripped(r), false
	}
	if !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if len(r.Parts) == 0 {
		return r, true
	}
	r.Base.Conditions = o.Conditions
	back, err := Parse(encoded(t, r))
	if err != nil {
		t.Fatal(err)
	}
	return back, true
}

// stripped takes away what differs between two runs of the same thing.
func stripped(r Result) Result {
	r.Seconds = 0
	r.Base.Conditions = evalppl.Conditions{}
	return r
}

// TestResumeIsUninterrupted interrupts after every pass of the model in turn, goes on, is interrupted again and goes on: the result is that
// of a measurement that was never interrupted, in every bit, and no pass that was kept is done again.
func TestResumeIsUninterrupted(t *testing.T) {
	o := resumeOptions()
	// The same architecture as this machine's: results of another are refused.
	probe, _ := interruptedAt(t, 20, nil, o)
	o.Conditions.OS, o.Conditions.Arch = probe.Base.OS, probe.Base.Arch
	want, going := interruptedAt(t, 0, nil, o)
	if going || want.Partial || want.State != nil || want.Windows < 3 {
		t.Fatalf("%d windows, partial %v", want.Windows, want.Partial)
	}
	resumed := 0
	for n := 1; ; n++ {
		part, going := interruptedAt(t, n, nil, o)
		if !going {
			break
		}
		if len(part.Parts) == 0 {
			continue
		}
		if part.State == nil {
			t.Fatalf("interrupted after %d passes: no state", n)
		}
		again := part
		if twice, going := interruptedAt(t, 3, &part, o); going && len(twice.Parts) > 0 {
			again = twice
		}
		got, going := interruptedAt(t, 0, &again, o)
		if going {
			t.Fatal("not interrupted, and not at its end")
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Fatalf("interrupted after %d passes (-uninterrupted +resumed):\n%s", n, d)
		}
		resumed++
	}
	if resumed < 20 {
		t.Errorf("%d interruptions left something to go on from", resumed)
	}
}

// TestResumeLosesNothing: what was measured of the windows under way is not measured again.
func TestResumeLosesNothing(t *testing.T) {
	o := resumeOptions()
	o.Stride = 16
	parts, together, err := Plan(fakeTensors(), ByTensor, []string{"int4-g32"})
	if err != nil {
		t.Fatal(err)
	}
	run := func(n int, earlier *Result) (r Result, passes int) {
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		m := newFake()
		m.cancel = func(string) {
			if passes++; passes == n {
				cancel()
			}
		}
		oo := o
		if earlier != nil {
			oo.Conditions = earlier.Base.Conditions
		}
		r, _ = MeasureWith(ctx, m, ByTensor, parts, together, fakeText(60), Options{Options: oo, Earlier: earlier})
		return r, passes
	}
	_, all := run(0, nil)
	part, done := run(all/2, nil)
	if part.State == nil || part.Windows == part.TotalWindows || len(part.State.Pending) == 0 {
		t.Fatalf("%d of %d passes, %d windows: the test does not show what it should", done, all, part.Windows)
	}
	part.Base.Model = "fake"
	if whole, rest := run(0, &part); whole.Partial || rest != all-done+2 { // the one that was interrupted, and the base's of that window
		t.Errorf("%d passes in all, %d before the interruption and %d after it, partial %v", all, done, rest, whole.Partial)
	}
}

func TestResumeRefuses(t *testing.T) {
	o := resumeOptions()
	probe, _ := interruptedAt(t, 20, nil, o)
	o.Conditions.OS, o.Conditions.Arch = probe.Base.OS, probe.Base.Arch
	parts, together, err := Plan(fakeTensors(), ByTensor, []string{"int4-g32", "int8-g32"})
	if err != nil {
		t.Fatal(err)
	}
	good, _ := interruptedAt(t, 40, nil, o)
	for want, change := range map[string]func(r *Result, o *evalppl.Options){
		`field "by"`:                  func(r *Result, _ *evalppl.Options) { r.By = ByLayer },
		`field "types"`:               func(r *Result, _ *evalppl.Options) { r.Types = []string{"int4-g32"} },
		`field "total_parts"`:         func(r *Result, _ *evalppl.Options) { r.TotalParts++ },
		`field "parts[0].name"`:       func(r *Result, _ *evalppl.Options) { r.Parts[0].Name = "other" },
		`field "intervals.seed"`:      func(_ *Result, o *evalppl.Options) { o.Seed++ },
		`field "intervals.resamples"`: func(_ *Result, o *evalppl.Options) { o.Resamples++ },
		`field "stride"`:              func(_ *Result, o *evalppl.Options) { o.Stride = 4 },
		`field "ctx"`:                 func(_ *Result, o *evalppl.Options) { o.Ctx, o.Stride = 12, 8 },
		`field "token_stream_sha256"`: func(r *Result, _ *evalppl.Options) { r.TokenStreamSHA256 = strings.Repeat("0", 64) },
		`field "model" is "fake"`:     func(_ *Result, o *evalppl.Options) { o.Conditions.Model = "another" },
		`field "activations"`:         func(_ *Result, o *evalppl.Options) { o.Conditions.Activations = "f32" },
		"nothing is left":             func(r *Result, _ *evalppl.Options) { r.Partial = false },
		`field "state" is missing`:    func(r *Result, _ *evalppl.Options) { r.State = nil },
		"damaged":                     func(r *Result, _ *evalppl.Options) { r.State.Others = r.State.Others[1:] },
		"five lists":                  func(r *Result, _ *evalppl.Options) { r.State.Others[2].Clusters = "AAAA" },
		"float32 values":              func(r *Result, _ *evalppl.Options) { r.State.Others[2].KLs = r.State.Others[2].KLs[4:] },
		"not a finite number": func(r *Result, _ *evalppl.Options) {
			r.State.Pending = []string{base64.StdEncoding.EncodeToString([]byte{0, 0, 0, 0, 0, 0, 0xf0, 0x7f})}
		},
	} {
		var r Result
		if err := json.Unmarshal(encoded(t, good), &r); err != nil {
			t.Fatal(err)
		}
		oo := o
		change(&r, &oo)
		if _, err := MeasureWith(context.Background(), newFake(), ByTensor, parts, together, fakeText(60), Options{Options: oo, Earlier: &r}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

// TestSoFar: what is saved on the way is what an interruption leaves.
func TestSoFar(t *testing.T) {
	o := resumeOptions()
	parts, together, err := Plan(fakeTensors(), ByLayer, []string{"int4-g32"})
	if err != nil {
		t.Fatal(err)
	}
	var saved []Result
	want, err := MeasureWith(context.Background(), newFake(), ByLayer, parts, together, fakeText(60), Options{Options: o, SoFar: func(get func() (Result, error)) {
		r, err := get()
		if err != nil {
			t.Fatal(err)
		}
		saved = append(saved, r)
	}})
	if err != nil || len(saved) < 10 {
		t.Fatalf("%d results, %v", len(saved), err)
	}
	for i, r := range saved {
		r.Base.Conditions = o.Conditions
		r.Base.OS, r.Base.Arch = want.Base.OS, want.Base.Arch
		back, err := Parse(encoded(t, r))
		if err != nil {
			t.Fatalf("result %d: %v", i, err)
		}
		oo := o
		oo.Conditions = back.Base.Conditions
		got, err := MeasureWith(context.Background(), newFake(), ByLayer, parts, together, fakeText(60), Options{Options: oo, Earlier: &back})
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(stripped(want), stripped(got)); d != "" {
			t.Fatalf("result %d (-uninterrupted +resumed):\n%s", i, d)
		}
	}
}

// FuzzState: whatever stands in a file, it is gone on from or refused.
func FuzzState(f *testing.F) {
	o := resumeOptions()
	parts, together, err := Plan(fakeTensors(), ByLayer, []string{"int4-g32"})
	if err != nil {
		f.Fatal(err)
	}
	_, err = MeasureWith(context.Background(), newFake(), ByLayer, parts, together, fakeText(40), Options{Options: o, SoFar: func(get func() (Result, error)) {
		r, err := get()
		if err != nil {
			f.Fatal(err)
		}
		b, err := json.Marshal(r.State)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}})
	if err != nil {
		f.Fatal(err)
	}
	probe, err := MeasureWith(context.Background(), newFake(), ByLayer, parts, together, fakeText(40), Options{Options: o})
	if err != nil {
		f.Fatal(err)
	}
	probe.Partial = true
	conditions := o.Conditions
	conditions.OS, conditions.Arch = probe.Base.OS, probe.Base.Arch
	probe.Base.Conditions = conditions
	o.Conditions = conditions
	f.Fuzz(func(t *testing.T, state []byte) {
		earlier := probe
		earlier.State = &evalppl.ComparisonState{}
		if json.Unmarshal(state, earlier.State) != nil {
			return
		}
		r, err := MeasureWith(context.Background(), newFake(), ByLayer, parts, together, fakeText(40), Options{Options: o, Earlier: &earlier})
		if err == nil && (r.Partial || len(r.Parts) != len(parts)) {
			t.Errorf("%d parts, partial %v", len(r.Parts), r.Partial)
		}
	})
}
