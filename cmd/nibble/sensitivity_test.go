package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"nibble/convert"
	"nibble/evalppl"
	"nibble/evalppl/sensitivity"
	"nibble/format"
	"nibble/quant"
)

// recoded writes a copy of a container with some tensors as another type.
func recoded(t *testing.T, from, to, typ string, tensors []string) {
	t.Helper()
	r, err := format.Open(from)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	changed := map[string]bool{}
	for _, name := range tensors {
		changed[name] = true
	}
	var plans []format.TensorPlan
	for _, info := range r.Tensors() {
		p := format.TensorPlan{Name: info.Name, Codec: info.Codec, Rows: info.Rows, Cols: info.Cols}
		if changed[p.Name] {
			p.Codec = typ
		}
		plans = append(plans, p)
	}
	w, err := format.Create(to, r.Metadata(), r.Tokenizer(), plans, format.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Abort()
	for i, info := range r.Tensors() {
		b, err := r.Bytes(info)
		if err != nil {
			t.Fatal(err)
		}
		if changed[info.Name] {
			had, _ := quant.Lookup(info.Codec)
			wants, _ := quant.Lookup(typ)
			values := make([]float32, info.Rows*info.Cols)
			had.Decode(values, b, info.Rows, info.Cols)
			b = make([]byte, wants.Bytes(info.Rows, info.Cols))
			wants.Encode(b, values, info.Rows, info.Cols)
		}
		tw, err := w.Tensor(i)
		if err != nil {
			t.Fatal(err)
		}
		_, err = tw.Write(b)
		if err := errors.Join(err, tw.Close(format.TensorError{Exact: true})); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}
}

// dataBytes returns the bytes of a container's tensors.
func dataBytes(t *testing.T, path string) (n int64) {
	t.Helper()
	r, err := format.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for _, info := range r.Tensors() {
		n += info.Bytes
	}
	return n
}

// TestSensitivityIsCompare writes, for each part, a container in which that part alone is quantized, and has compare measure it
// against the unmodified container: the same divergence in every bit, and the bits that the files differ by.
func TestSensitivityIsCompare(t *testing.T) {
	text := filepath.Join("..", "..", "testdata", "text", "valid.txt")
	for _, c := range []struct{ model, by, own, typ, activations string }{
		{"nibble-llama", "tensor", "bf16", "int4-g32", "int8"}, {"nibble-gpt2", "tensor", "f16", "int8-g32", "f32"},
		{"nibble-llama", "kind", "f32", "int4-g32", "f32"}, {"nibble-gpt2", "layer", "f16", "int4-g32", "int8"},
	} {
		t.Run(c.model+"/"+c.by+"/"+c.activations, func(t *testing.T) {
			dir := t.TempDir()
			base := filepath.Join(dir, "base.nbl")
			checkpoint, err := convert.OpenDir(filepath.Join("..", "..", "testdata", "models", c.model))
			if err != nil {
				t.Fatal(err)
			}
			defer checkpoint.Close()
			files, err := checkpointTokenizer(os.DirFS(filepath.Join("..", "..", "testdata", "models", c.model)), onTokenIDs)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := checkpoint.Convert(context.Background(), base, convert.Options{Type: c.own, Tokenizer: files}); err != nil {
				t.Fatal(err)
			}
			settings := []string{"--text", text, "--tokens", "400", "--ctx", "64", "--stride", "64", "--activations", c.activations, "--json", "-", "--seed", "7"}
			args := append([]string{"sensitivity", base, "--types", c.typ, "--by", c.by}, settings...)
			code, stdout, stderr := runNibble("", args...)
			if code != 0 {
				t.Fatal(stderr)
			}
			r, err := sensitivity.Parse([]byte(stdout))
			if err != nil {
				t.Fatal(err)
			}
			if r.Base.Activations != c.activations || r.By != c.by || r.Base.Recipe != c.own {
				t.Errorf("activations %q, by %q, recipe %q", r.Base.Activations, r.By, r.Base.Recipe)
			}
			parts := append(r.Parts, r.Together...)
			args = []string{"compare", base}
			for i, p := range parts {
				other := filepath.Join(dir, fmt.Sprintf("%d.nbl", i))
				recoded(t, base, other, c.typ, p.Tensors)
				if saved := 8 * (dataBytes(t, base) - dataBytes(t, other)); saved != p.BitsSaved {
					t.Errorf("%s: %d bits saved, the containers differ by %d", p.Name, p.BitsSaved, saved)
				}
				args = append(args, other)
			}
			if code, stdout, stderr = runNibble("", append(args, settings...)...); code != 0 {
				t.Fatal(stderr)
			}
			var compared evalppl.Comparison
			if err := json.Unmarshal([]byte(stdout), &compared); err != nil {
				t.Fatal(err)
			}
			if compared.TokenStreamSHA256 != r.TokenStreamSHA256 || compared.TokensScored != r.TokensScored || r.Windows != 7 || len(compared.Others) != len(parts) {
				t.Fatalf("%d windows, %d tokens of %.9s and %d of %.9s", r.Windows, r.TokensScored, r.TokenStreamSHA256, compared.TokensScored, compared.TokenStreamSHA256)
			}
			for i, p := range parts {
				o := compared.Others[i]
				if diff := cmp.Diff([]any{o.KL, o.SameTop, o.LogRatio}, []any{p.KL, p.SameTop, p.LogRatio}); diff != "" {
					t.Errorf("%s (-compare +sensitivity):\n%s", p.Name, diff)
				}
				if p.KL.Mean <= 0 {
					t.Errorf("%s costs nothing", p.Name)
				}
			}
		})
	}
}

// TestSensitivityCost: the progress of passes that are not all as long.
func TestSensitivityCost(t *testing.T) {
	v := variants{costs: []float64{0.5, 0.25}}
	for passes, want := range map[[3]int]float64{{0, 1, 0}: 1, {0, 1, 1}: 1.5, {0, 1, 2}: 1.75, {1, 1, 0}: 2.75, {2, 3, 1}: 8, {2, 0, 0}: 3.5} {
		if got := v.cost(passes[0], passes[1], passes[2]); got != want {
			t.Errorf("passes %v cost %g, want %g", passes, got, want)
		}
	}
}

// countdown is a context that ends when it has been asked n times whether it has ended.
type countdown struct {
	context.Context
	cancel context.CancelFunc
	left   atomic.Int64
}

func (c *countdown) Err() error {
	if c.left.Add(-1) == 0 {
		c.cancel()
	}
	return c.Context.Err()
}

// TestSensitivityInterrupted interrupts at ever later places. What was measured by then is written, whole and readable, and has the
// numbers of an uninterrupted run on as much text; where nothing was, no file is left. --resume goes on to exactly the uninterrupted result.
// Two windows are read together.
func TestSensitivityInterrupted(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	model := filepath.Join("..", "..", "testdata", "models", "nibble-llama")
	args := func(tokens int, json string) []string {
		return []string{
			"sensitivity", at("base.nbl"), "--text", filepath.Join("..", "..", "testdata", "text", "valid.txt"), "--by", "layer", "--tokens", strconv.Itoa(tokens),
			"--ctx", "256", "--stride", "256", "--json", at(json), "--plot", at(json + ".svg"),
		}
	}
	if code, _, stderr := runNibble("", "convert", model, "--type", "f16", "-o", at("base.nbl")); code != 0 {
		t.Fatal(stderr)
	}
	whole := map[int]sensitivity.Result{}
	for windows := 1; windows <= 3; windows++ {
		if code, _, stderr := runNibble("", args(256*windows, fmt.Sprintf("%d.json", windows))...); code != 0 {
			t.Fatal(stderr)
		}
		r, err := sensitivity.Read(at(fmt.Sprintf("%d.json", windows)))
		if err != nil {
			t.Fatal(err)
		}
		whole[windows] = r
	}
	someParts, someWindows := false, false
	for n := int64(10); ; n += 1 + n/5 {
		ctx := &countdown{}
		ctx.Context, ctx.cancel = context.WithCancel(context.Background())
		ctx.left.Store(n)
		var stdout, stderr bytes.Buffer
		code := run(ctx, args(256*3, "part.json"), strings.NewReader(""), &stdout, &stderr)
		ctx.cancel()
		if code == 0 {
			break
		}
		if code != exitInterrupted || !strings.Contains(stderr.String(), "nibble: interrupted") {
			t.Fatalf("exit code %d: %s", code, stderr.String())
		}
		r, err := sensitivity.Read(at("part.json"))
		if errors.Is(err, os.ErrNotExist) {
			if left := filesBelow(dir); len(left) != 7 || stdout.Len() > 0 {
				t.Fatalf("interrupted before anything was measured, and there are %v; standard output: %s", left, stdout.String())
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(at("part.json.svg")); err != nil {
			t.Error(err)
		}
		if !r.Partial || !strings.Contains(stdout.String(), fmt.Sprintf("interrupted after %d of 3 windows and %d of 5 parts", r.Windows, len(r.Parts))) {
			t.Errorf("partial %v: %s", r.Partial, stdout.String())
		}
		want := whole[r.Windows]
		someParts = someParts || len(r.Parts) < len(want.Parts)
		someWindows = someWindows || r.Windows == 2 && len(r.Parts) == len(want.Parts)
		for i, p := range r.Parts {
			if diff := cmp.Diff(want.Parts[i], p); diff != "" {
				t.Errorf("%s (-uninterrupted +interrupted after %d windows):\n%s", p.Name, r.Windows, diff)
			}
		}
		if !strings.Contains(stderr.String(), "is kept in "+at("part.json")+"; go on with --resume "+at("part.json")) {
			t.Errorf("no word of --resume: %s", stderr.String())
		}
		if code, _, stderr := runNibble("", append(args(256*3, "part.json"), "--resume", at("part.json"), "--plot", at("whole.svg"))...); code != 0 {
			t.Fatalf("resume: %s", stderr)
		}
		if r, err = sensitivity.Read(at("part.json")); err != nil {
			t.Fatal(err)
		}
		uninterrupted := whole[3]
		r.Seconds, uninterrupted.Seconds = 0, 0
		if diff := cmp.Diff(uninterrupted, r); diff != "" {
			t.Fatalf("resumed (-uninterrupted +resumed):\n%s", diff)
		}
		for _, name := range []string{"part.json", "part.json.svg", "whole.svg"} {
			if err := os.Remove(at(name)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if !someParts || !someWindows {
		t.Errorf("no interruption left some of the parts (%v) or some of the windows (%v): the test does not show what it should", someParts, someWindows)
	}
}
