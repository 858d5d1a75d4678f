package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/x448/float16"
)

// small is a shape with head_dim apart from hidden/heads and odd sizes.
var small = []string{"-layers", "2", "-hidden", "36", "-ffn", "53", "-heads", "4", "-kv-heads", "2", "-head-dim", "10", "-vocab", "131", "-ctx", "64"}

// synth runs the command into a new folder and returns it.
func synth(t *testing.T, args ...string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "model")
	var out bytes.Buffer
	if err := run(t.Context(), append(args, dir), &out, io.Discard); err != nil {
		t.Fatal(err)
	}
	if got := strings.TrimSpace(out.String()); got != dir {
		t.Errorf("printed %q, want the folder %q", got, dir)
	}
	return dir
}

func read(t *testing.T, elem ...string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(elem...))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// parsed is one tensor of a file that parse found to keep the rules.
type parsed struct {
	shape []int
	data  []byte
}

// parseFile checks the rules of safetensors: a length in 8 bytes little-endian,
// a JSON header of that length that begins with a brace, every tensor's bytes
// equal to its shape times its dtype, all of them together exactly the data.
func parseFile(t *testing.T, b []byte, dtypeName string, size int) map[string]parsed {
	t.Helper()
	n := binary.LittleEndian.Uint64(b)
	if n > uint64(len(b)-8) || b[8] != '{' || n%8 != 0 {
		t.Fatalf("header of %d bytes beginning with %q in a file of %d", n, b[8], len(b))
	}
	var head map[string]json.RawMessage
	if err := json.Unmarshal(b[8:8+n], &head); err != nil {
		t.Fatal(err)
	}
	if string(head["__metadata__"]) != `{"format":"pt"}` {
		t.Errorf("metadata %s", head["__metadata__"])
	}
	delete(head, "__metadata__")
	data := b[8+n:]
	begins := map[int]int{} // of each tensor -> its end
	all := map[string]parsed{}
	for name, raw := range head {
		var e struct {
			Dtype   string `json:"dtype"`
			Shape   []int  `json:"shape"`
			Offsets [2]int `json:"data_offsets"`
		}
		if err := json.Unmarshal(raw, &e); err != nil {
			t.Fatal(err)
		}
		want := size
		for _, d := range e.Shape {
			want *= d
		}
		if e.Dtype != dtypeName || e.Offsets[1]-e.Offsets[0] != want || e.Offsets[1] > len(data) {
			t.Fatalf("tensor %q: %+v, want dtype %s and %d bytes inside %d", name, e, dtypeName, want, len(data))
		}
		begins[e.Offsets[0]] = e.Offsets[1]
		all[name] = parsed{e.Shape, data[e.Offsets[0]:e.Offsets[1]]}
	}
	at := 0
	for range head {
		end, ok := begins[at]
		if !ok {
			t.Fatalf("no tensor begins at byte %d", at)
		}
		at = end
	}
	if at != len(data) {
		t.Fatalf("the tensors end at byte %d of %d", at, len(data))
	}
	return all
}

func TestFilesParse(t *testing.T) {
	for _, c := range []struct {
		name    string
		args    []string
		tensors int
		want    map[string][]int
	}{
		{"llama", nil, 1 + 2*9 + 2, map[string][]int{
			"model.embed_tokens.weight": {131, 36}, "lm_head.weight": {131, 36}, "model.layers.1.self_attn.q_proj.weight": {40, 36},
			"model.layers.0.self_attn.k_proj.weight": {20, 36}, "model.layers.0.self_attn.o_proj.weight": {36, 40},
			"model.layers.1.mlp.down_proj.weight": {36, 53}, "model.norm.weight": {36}}},
		{"llama-tied", []string{"-tie"}, 1 + 2*9 + 1, map[string][]int{"model.embed_tokens.weight": {131, 36}}},
		{"gpt2", []string{"-arch", "gpt2", "-head-dim", "0"}, 2 + 2*12 + 2, map[string][]int{
			"transformer.wte.weight": {131, 36}, "transformer.wpe.weight": {64, 36}, "transformer.h.1.attn.c_attn.weight": {36, 108},
			"transformer.h.0.attn.c_attn.bias": {108}, "transformer.h.0.mlp.c_fc.weight": {36, 53}, "transformer.h.0.mlp.c_proj.weight": {53, 36}}},
	} {
		for _, d := range []dtype{f32, f16, bf16} {
			t.Run(c.name+"/"+string(d), func(t *testing.T) {
				args := append(append(append([]string{}, small...), c.args...), "-dtype", string(d))
				dir := synth(t, args...)
				all := parseFile(t, read(t, dir, "model.safetensors"), strings.ToUpper(string(d)), d.bytes())
				if len(all) != c.tensors {
					t.Errorf("%d tensors, want %d", len(all), c.tensors)
				}
				for name, shape := range c.want {
					if got, _ := json.Marshal(all[name].shape); string(got) != string(must(json.Marshal(shape))) {
						t.Errorf("tensor %q has shape %s, want %v", name, got, shape)
					}
				}
				var config map[string]any
				if err := json.Unmarshal(read(t, dir, "config.json"), &config); err != nil {
					t.Fatal(err)
				}
				if arch := strings.Split(c.name, "-")[0]; config["model_type"] != arch || config["vocab_size"] != 131.0 || config["torch_dtype"] != d.torch() {
					t.Errorf("config.json says %v", config)
				}
				for name, p := range all {
					checkSpread(t, name, decode(p.data, d))
				}
			})
		}
	}
}

func must(b []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return b
}

func decode(b []byte, d dtype) (list []float64) {
	for ; len(b) > 0; b = b[d.bytes():] {
		switch d {
		case f32:
			list = append(list, float64(math.Float32frombits(binary.LittleEndian.Uint32(b))))
		case f16:
			list = append(list, float64(float16.Frombits(binary.LittleEndian.Uint16(b)).Float32()))
		default:
			list = append(list, float64(math.Float32frombits(uint32(binary.LittleEndian.Uint16(b))<<16)))
		}
	}
	return list
}

// checkSpread wants the mean and the standard deviation of n draws within five
// standard errors, deviation/sqrt(n) and deviation/sqrt(2n), and half a percent
// of the deviation (or of the mean) for the storage's rounding.
func checkSpread(t *testing.T, name string, list []float64) {
	t.Helper()
	wantMean, wantStd := 0.0, float64(std)
	if strings.HasSuffix(name, "norm.weight") || strings.Contains(name, "ln_") && strings.HasSuffix(name, "weight") {
		wantMean, wantStd = 1, gainStd
	}
	var sum, squares float64
	for _, x := range list {
		sum += x
		squares += (x - wantMean) * (x - wantMean)
	}
	n := float64(len(list))
	rounding := 0.005 * max(wantStd, wantMean)
	if mean := sum / n; math.Abs(mean-wantMean) > 5*wantStd/math.Sqrt(n)+rounding {
		t.Errorf("tensor %q: mean %g of %g, want %g", name, mean, n, wantMean)
	}
	if s := math.Sqrt(squares / n); math.Abs(s-wantStd) > 5*wantStd/math.Sqrt(2*n)+rounding {
		t.Errorf("tensor %q: standard deviation %g of %g, want %g", name, s, n, wantStd)
	}
}

// The same seed gives the same bytes with one thread and with four, over
// tensors of several chunks; another seed gives others.
func TestSameSeedSameBytes(t *testing.T) {
	args := []string{"-layers", "1", "-hidden", "64", "-ffn", "70", "-heads", "2", "-kv-heads", "1", "-vocab", "40001", "-dtype", "bf16"}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	one := read(t, synth(t, args...), "model.safetensors")
	runtime.GOMAXPROCS(4)
	four := read(t, synth(t, args...), "model.safetensors")
	if !bytes.Equal(one, four) {
		t.Error("one and four threads wrote different files")
	}
	other := read(t, synth(t, append(args, "-seed", "2")...), "model.safetensors")
	if len(other) != len(one) || bytes.Equal(other[len(other)/2:], one[len(one)/2:]) {
		t.Error("seed 2 wrote what seed 1 did, or another size")
	}
	// Neighbouring chunks of a tensor must not repeat each other.
	head := 8 + binary.LittleEndian.Uint64(one)
	if bytes.Equal(one[head:head+1024], one[head+2*chunk:head+2*chunk+1024]) {
		t.Error("the first two chunks of the first tensor begin alike")
	}
}

// The names of presets are true within a tenth.
func TestPresetSizes(t *testing.T) {
	for name, want := range map[string]float64{"1m": 1e6, "10m": 10e6, "100m": 100e6, "1b": 1e9, "tinyllama": 1.1e9, "gpt2": 124.4e6} {
		s := presets[name]
		if err := s.complete(); err != nil {
			t.Errorf("preset %s: %v", name, err)
		}
		if got := float64(s.weights()); math.Abs(got-want) > want/10 {
			t.Errorf("preset %s has %g weights, want %g", name, got, want)
		}
	}
}

func TestPresetIsOverridden(t *testing.T) {
	s, seed, dir, err := parse([]string{"-preset", "10m", "-ffn", "99", "-dtype", "f16", "-seed", "5", "-tie=false", "d"}, io.Discard)
	if err != nil || s.ffn != 99 || s.dtype != f16 || s.hidden != 320 || s.tie || seed != 5 || dir != "d" {
		t.Errorf("got %+v, seed %d, folder %q, error %v", s, seed, dir, err)
	}
}

func TestUsageErrors(t *testing.T) {
	for _, c := range []struct{ args, want string }{
		{"", "0 folders given"},
		{"a b", "2 folders given"},
		{"-preset huge d", `preset "huge" is not known; known are 100m`},
		{"-arch bert d", `architecture "bert" is not known; known are gpt2, llama`},
		{"-dtype f64 d", `dtype "f64" is not known`},
		{"-layers 0 d", "-layers 0: want 1 to"},
		{"-vocab 999999999 d", "-vocab 999999999: want 1 to"},
		{"-hidden 100 -heads 3 -kv-heads 3 d", "-hidden 100 is no multiple of -heads 3"},
		{"-head-dim 7 d", "heads of width 7"},
		{"-kv-heads 5 d", "-heads 32 is no multiple of -kv-heads 5"},
		{"-layers 99999 -hidden 65536 d", "the limit is"},
		{"-arch gpt2 -head-dim 3 d", "gpt2 has heads of hidden/heads"},
	} {
		_, _, _, err := parse(strings.Fields(c.args), io.Discard)
		var usage usageError
		if !errors.As(err, &usage) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("synth %s: error %v, want a usage error with %q", c.args, err, c.want)
		}
	}
}

// What is there is left alone, and what is interrupted leaves nothing.
func TestNothingHalfWritten(t *testing.T) {
	parent := t.TempDir()
	dir := filepath.Join(parent, "model")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := run(ctx, append(small, dir), io.Discard, io.Discard); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled run returned %v", err)
	}
	if list, err := os.ReadDir(parent); err != nil || len(list) != 0 {
		t.Errorf("a cancelled run left %v, %v", list, err)
	}
	if err := os.WriteFile(dir, []byte("mine"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := run(t.Context(), append(small, dir), io.Discard, io.Discard); err == nil || !strings.Contains(err.Error(), "is there already") {
		t.Errorf("an existing file: error %v", err)
	}
	if got := read(t, dir); string(got) != "mine" {
		t.Errorf("an existing file became %q", got)
	}
}
