package format

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"sync"
	"testing"
	"unsafe"
)

// randomSpec is any small valid spec.
func randomSpec(r *rand.Rand) Spec {
	kv := 1 + r.IntN(3)
	a := Attention{
		Heads: kv * (1 + r.IntN(3)), KVHeads: kv, HeadDim: 2 * (1 + r.IntN(8)), Scale: r.Float64() + 0.01,
		QKVBias: r.IntN(2) == 0, OutBias: r.IntN(2) == 0,
	}
	s := Spec{
		Architecture: text(r), Vocab: 1 + r.IntN(99), Context: 1 + r.IntN(50), Hidden: 1 + r.IntN(70), Layers: 1 + r.IntN(4), FFN: 1 + r.IntN(99),
		Attention: a, Norm: Norm{Kind: RMSNorm, Eps: r.Float64() + 1e-9},
		Position: Position{Kind: LearnedPositions},
		MLP:      MLP{Activation: []string{SiLU, GELU, GELUTanh, ReLU}[r.IntN(4)], Gated: r.IntN(2) == 0, UpBias: r.IntN(2) == 0, DownBias: r.IntN(2) == 0},
		TiedHead: r.IntN(2) == 0,
	}
	if r.IntN(2) == 0 {
		s.Norm = Norm{Kind: LayerNorm, Eps: 1e-5, Bias: r.IntN(2) == 0}
	}
	if r.IntN(2) == 0 {
		rot := &Rotary{Theta: 1 + 1e4*r.Float64(), Dim: 2 * (1 + r.IntN(a.HeadDim/2)), Scaling: RotaryDefault}
		switch r.IntN(3) {
		case 1:
			rot.Scaling, rot.Factor = RotaryLinear, 1+r.Float64()
		case 2:
			rot.Scaling, rot.Factor, rot.LowFreqFactor, rot.HighFreqFactor, rot.OriginalContext = RotaryLlama3, 8, 1, 1.5+r.Float64(), 1+r.IntN(99)
		}
		s.Position = Position{Kind: RotaryPositions, Rotary: rot}
	}
	if r.IntN(2) == 0 {
		for range s.Layers {
			s.Attention.Windows = append(s.Attention.Windows, r.IntN(40))
		}
	}
	if r.IntN(2) == 0 {
		bos := r.IntN(100000)
		s.BOS = &bos
	}
	for range r.IntN(3) {
		s.EOS = append(s.EOS, r.IntN(100000))
	}
	return s
}

// text is a string of everything that JSON may escape.
func text(r *rand.Rand) string {
	pool := []rune("abcXYZ019 \"\\/<>&'\u00e4\u4e16\u2028\U0001f600\ufffd{}[]:,")
	out := make([]rune, r.IntN(20))
	for i := range out {
		out[i] = pool[r.IntN(len(pool))]
	}
	return string(out)
}

func randomBytes(r *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

func randomMetadata(r *rand.Rand) Metadata {
	m := Metadata{
		Spec: randomSpec(r), Model: text(r), Tool: text(r), SourceDType: text(r), Parameters: r.Int64N(1 << 40),
		Recipe: Recipe{Type: text(r), Embed: text(r), Head: text(r), Method: text(r)}, Sources: []Source{},
	}
	for range r.IntN(3) {
		m.Sources = append(m.Sources, Source{Name: text(r), Bytes: r.Int64(), SHA256: fmt.Sprintf("%064x", r.Uint64())})
	}
	for range r.IntN(3) {
		m.Ignored = append(m.Ignored, IgnoredTensor{Name: text(r), Reason: text(r)})
	}
	return m
}

func randomTokenizer(r *rand.Rand) map[string][]byte {
	if r.IntN(4) == 0 {
		return nil
	}
	files := map[string][]byte{}
	for i := range 1 + r.IntN(4) {
		files[fmt.Sprintf("%c_-+.%d", 'a'+r.IntN(26), i)] = randomBytes(r, r.IntN(2000))
	}
	return files
}

// Whatever is written comes back, and the file depends on nothing but what was written: not on the order of the plans, of the
// tensors or of the writes, nor on goroutines.
func TestRoundTrip(t *testing.T) {
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 7))
		meta, tokenizer := randomMetadata(r), randomTokenizer(r)
		plans := plansFor(meta.Spec, func(int) string { return tileCodec(r.IntN(9)) })
		data, errs := map[string][]byte{}, map[string]TensorError{}
		for i, p := range plans {
			data[p.Name], errs[p.Name] = fill(t, p, seed), errorOf(i)
		}
		path := filepath.Join(t.TempDir(), "a.nbl")
		writeShuffled(t, path, meta, tokenizer, plans, data, errs, r, false)
		again := filepath.Join(t.TempDir(), "b.nbl")
		writeShuffled(t, again, meta, tokenizer, plans, data, errs, r, true)
		if !bytes.Equal(read(t, path), read(t, again)) {
			t.Fatalf("seed %d: the same input gave two different files", seed)
		}
		check(t, path, meta, tokenizer, plans, data, errs)
	}
}

func writeShuffled(t *testing.T, path string, meta Metadata, tokenizer map[string][]byte, plans []TensorPlan, data map[string][]byte, errs map[string]TensorError, r *rand.Rand, parallel bool) {
	t.Helper()
	plans = slices.Clone(plans)
	r.Shuffle(len(plans), func(i, j int) { plans[i], plans[j] = plans[j], plans[i] })
	w, err := Create(path, meta, tokenizer, plans, CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Abort()
	var wg sync.WaitGroup
	for i, p := range plans {
		step := 1 + r.IntN(3000)
		write := func() {
			tw, err := w.Tensor(i)
			if err != nil {
				t.Error(err)
				return
			}
			for part := range slices.Chunk(data[p.Name], step) {
				if n, err := tw.Write(part); err != nil || n != len(part) {
					t.Error(n, err)
				}
			}
			if err := tw.Close(errs[p.Name]); err != nil {
				t.Error(err)
			}
		}
		if parallel {
			wg.Go(write)
		} else {
			write()
		}
	}
	wg.Wait()
	size := w.Size()
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Size() != size {
		t.Fatalf("Size said %d, the file: %v %v", size, info.Size(), err)
	}
}

func check(t *testing.T, path string, meta Metadata, tokenizer map[string][]byte, plans []TensorPlan, data map[string][]byte, errs map[string]TensorError) {
	t.Helper()
	r, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if !reflect.DeepEqual(r.Metadata(), meta) {
		t.Fatalf("metadata\n%+v\nwas written as\n%+v", r.Metadata(), meta)
	}
	if got := r.Tokenizer(); !reflect.DeepEqual(got, tokenizer) {
		t.Fatalf("tokenizer %v, want %v", got, tokenizer)
	}
	tensors := r.Tensors()
	if len(tensors) != len(plans) {
		t.Fatalf("%d tensors, want %d", len(tensors), len(plans))
	}
	for i, x := range tensors {
		if x.TensorPlan != plans[i] || x.Error != errs[x.Name] {
			t.Fatalf("tensor %d: %+v, want %+v, %+v", i, x, plans[i], errs[x.Name])
		}
		if found, ok := r.Lookup(x.Name); !ok || found != x {
			t.Fatalf("Lookup(%q) = %+v, %v", x.Name, found, ok)
		}
		b, err := r.Bytes(x)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(b, data[x.Name]) || cap(b) != len(b) {
			t.Fatalf("tensor %q: data differ, or capacity %d of %d", x.Name, cap(b), len(b))
		}
		if at := uintptr(unsafe.Pointer(&b[0])); at%sectionAlign != 0 {
			t.Fatalf("tensor %q lies at %#x", x.Name, at)
		}
	}
	if err := r.Verify(context.Background(), nil); err != nil {
		t.Fatal(err)
	}
}

// Tensors from 1 MiB up begin at a page, the others at 64 bytes.
func TestPageAlignment(t *testing.T) {
	s := tinySpec()
	s.Vocab, s.Hidden = 1<<10, 256 // f32: exactly 1 MiB
	path := writeFile(t, metaFor(s), nil, plansFor(s, func(int) string { return "f32" }))
	r, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	pages := 0
	for _, x := range r.Tensors() {
		align := int64(64)
		if x.Bytes >= 1<<20 {
			align, pages = 4096, pages+1
		}
		if x.Offset%align != 0 {
			t.Errorf("%s of %d bytes at %d", x.Name, x.Bytes, x.Offset)
		}
	}
	if pages != 2 { // embed.tokens, head
		t.Errorf("%d tensors at pages", pages)
	}
}

// The fingerprint changes with anything in the file and with nothing else.
func TestFingerprint(t *testing.T) {
	open := func(b []byte) string {
		r, err := openBytes("x.nbl", b)
		if err != nil {
			t.Fatal(err)
		}
		return r.Fingerprint()
	}
	s := tinySpec()
	plans := plansFor(s, tileCodec)
	a, b := open(tiny(t)), open(tiny(t))
	if a != b || len(a) != 64 {
		t.Fatalf("%q and %q", a, b)
	}
	other := metaFor(s)
	other.Model = "another"
	if c := open(read(t, writeFile(t, other, tinyTokenizer(), plans))); c == a {
		t.Fatal("another model, the same fingerprint")
	}
	if c := open(read(t, writeFile(t, metaFor(s), nil, plans))); c == a {
		t.Fatal("another tokenizer, the same fingerprint")
	}
	path := filepath.Join(t.TempDir(), "x.nbl")
	w, err := Create(path, metaFor(s), tinyTokenizer(), plans, CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Abort()
	for i, p := range plans {
		tw, _ := w.Tensor(i)
		data := fill(t, p, 1)
		if i == len(plans)-1 {
			data[0] ^= 1
		}
		if _, err := tw.Write(data); err != nil {
			t.Fatal(err)
		}
		if err := tw.Close(errorOf(len(p.Name))); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}
	if c := open(read(t, path)); c == a {
		t.Fatal("other data, the same fingerprint")
	}
}
