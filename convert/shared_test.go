package convert

import (
	"encoding/binary"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"nibble/quant"
)

// sharedDir finds the folder of published models beside the repository.
func sharedDir(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		if dir == filepath.Dir(dir) {
			t.Fatal("no go.mod above the test")
		}
		dir = filepath.Dir(dir)
	}
	shared := filepath.Join(filepath.Dir(dir), "shared", "models")
	if _, err := os.Stat(shared); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("%v: the published models are needed in CI", err)
		}
		t.Skipf("%v: the published models are not here", err)
	}
	return shared
}

// rawTensors reads a safetensors file of F32 with nothing of this package: what the conversion is compared with.
func rawTensors(t *testing.T, path string) map[string]*values {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	n := binary.LittleEndian.Uint64(data)
	var header map[string]struct {
		DType   string `json:"dtype"`
		Shape   []int  `json:"shape"`
		Offsets [2]int `json:"data_offsets"`
	}
	if err := json.Unmarshal(data[8:8+n], &header); err != nil {
		t.Fatal(err)
	}
	delete(header, "__metadata__")
	out := map[string]*values{}
	for name, h := range header {
		if h.DType != "F32" {
			t.Fatalf("%s is %s, the test reads F32", name, h.DType)
		}
		raw := data[8+n:][h.Offsets[0]:h.Offsets[1]]
		v := &values{shape: h.Shape, data: make([]float32, len(raw)/4)}
		for i := range v.data {
			v.data[i] = math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:]))
		}
		out[name] = v
	}
	return out
}

// TestPublished converts real and tiny published checkpoints with every type: the container verifies, and a few tensors of
// each kind hold the checkpoint's values (exactly for f32).
func TestPublished(t *testing.T) {
	shared := sharedDir(t)
	for _, m := range []struct {
		dir     string
		tensors int
		check   func(raw map[string]*values) map[string][]float32
	}{
		{"tiny/tiny-gpt2", 40, func(raw map[string]*values) map[string][]float32 {
			return map[string][]float32{
				"layers.2.attn.qkv":      flip(raw["transformer.h.2.attn.c_attn.weight"]),
				"layers.0.mlp.down":      flip(raw["transformer.h.0.mlp.c_proj.weight"]),
				"layers.1.attn.out.bias": raw["transformer.h.1.attn.c_proj.bias"].data,
				"embed.positions":        raw["transformer.wpe.weight"].data,
			}
		}},
		{"tiny/tiny-gpt-neo", 48, func(raw map[string]*values) map[string][]float32 {
			p := "transformer.h.3.attn.attention."
			return map[string][]float32{
				"layers.3.attn.qkv": slices.Concat(raw[p+"q_proj.weight"].data, raw[p+"k_proj.weight"].data, raw[p+"v_proj.weight"].data),
				"layers.3.attn.out": raw[p+"out_proj.weight"].data,
				"layers.0.mlp.down": raw["transformer.h.0.mlp.c_proj.weight"].data,
			}
		}},
		{"tiny/tiny-llama", 21, func(raw map[string]*values) map[string][]float32 {
			p := "model.layers.2."
			return map[string][]float32{
				"layers.2.mlp.up": slices.Concat(raw[p+"mlp.gate_proj.weight"].data, raw[p+"mlp.up_proj.weight"].data),
				"head":            raw["lm_head.weight"].data,
			}
		}},
		{"tiny/tiny-llama-rope3", 33, func(raw map[string]*values) map[string][]float32 {
			p := "model.layers.1.self_attn."
			return map[string][]float32{
				"layers.1.attn.qkv.bias": slices.Concat(raw[p+"q_proj.bias"].data, raw[p+"k_proj.bias"].data, raw[p+"v_proj.bias"].data),
			}
		}},
		{"stories260k", 32, func(raw map[string]*values) map[string][]float32 {
			return map[string][]float32{"layers.4.mlp.down": raw["model.layers.4.mlp.down_proj.weight"].data}
		}},
	} {
		t.Run(m.dir, func(t *testing.T) {
			dir := filepath.Join(shared, m.dir)
			want := m.check(rawTensors(t, filepath.Join(dir, "model.safetensors")))
			c, err := OpenDir(dir)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			if len(c.Tensors) != m.tensors {
				t.Errorf("%d tensors, want %d", len(c.Tensors), m.tensors)
			}
			last := math.Inf(1)
			for _, kind := range quant.MatrixNames() {
				r := mustConvert(t, c, Options{Type: kind})
				if err := r.Verify(t.Context(), nil); err != nil {
					t.Error(err)
				}
				for name, values := range want {
					info, _ := r.Lookup(name)
					got := decode(t, r, name)
					checkError(t, info, values, got)
					if kind == "f32" && (!slices.Equal(got, values) || !info.Error.Exact) {
						t.Errorf("%s: %s differs", kind, name)
					}
				}
				// Fewer bits, more noise: f32 is exact, then f16 (11 bits), bf16 and int8 (8 bits) in either order, int4.
				info, _ := r.Lookup("layers.0.mlp.up")
				sqnr := info.Error.SQNR
				if info.Error.Exact {
					sqnr = math.Inf(1)
				}
				if kind == "f16" || kind == "int4-g32" {
					if sqnr >= last {
						t.Errorf("%s: SQNR %v dB, not below %v of the wider type", kind, sqnr, last)
					}
				}
				last = sqnr
			}
		})
	}
}

// TestPublishedRefused: architectures that are not known are refused by name.
func TestPublishedRefused(t *testing.T) {
	shared := sharedDir(t)
	entries, err := os.ReadDir(filepath.Join(shared, "tiny"))
	if err != nil {
		t.Fatal(err)
	}
	refused := 0
	for _, e := range entries {
		dir := filepath.Join(shared, "tiny", e.Name())
		data, err := os.ReadFile(filepath.Join(dir, ConfigFile))
		if err != nil {
			t.Fatal(err)
		}
		var config struct {
			ModelType string `json:"model_type"`
		}
		if err := json.Unmarshal(data, &config); err != nil {
			t.Fatal(err)
		}
		if slices.Contains(Known(), config.ModelType) {
			continue
		}
		refused++
		if c, err := OpenDir(dir); err == nil {
			c.Close()
			t.Errorf("%s: opened, expected an error", e.Name())
		} else if want := `architecture "` + config.ModelType + `" is not supported; known are gpt2, gpt_neo, llama`; !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %q does not contain %q", e.Name(), err, want)
		}
	}
	if refused == 0 {
		t.Error("no model was refused: the test tests nothing")
	}
}

// TestEmbedded converts the repository's own models.
func TestEmbedded(t *testing.T) {
	dirs, err := filepath.Glob("../testdata/models/*/" + ConfigFile)
	if err != nil {
		t.Fatal(err)
	}
	if len(dirs) == 0 {
		t.Fatal("no models in ../testdata/models")
	}
	for _, config := range dirs {
		c, err := OpenDir(filepath.Dir(config))
		if err != nil {
			t.Error(err)
			continue
		}
		defer c.Close()
		r := mustConvert(t, c, Options{Type: "int4-g32"})
		if err := r.Verify(t.Context(), nil); err != nil {
			t.Error(err)
		}
		if got := r.Metadata().Spec.Architecture; got == "" {
			t.Errorf("%s: no architecture", config)
		}
	}
}
