package baselogits

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"nibble/evalppl"
)

// table is a model whose logits depend on the last token, and a little on the position.
type table struct {
	rows    [][]float32
	context int
}

func newTable(seed uint64, vocab int, spread float64) *table {
	r := rand.New(rand.NewPCG(seed, 1))
	m := &table{context: 64}
	for range vocab {
		row := make([]float32, vocab)
		for i := range row {
			row[i] = float32(r.NormFloat64() * spread)
		}
		m.rows = append(m.rows, row)
	}
	return m
}

func (m *table) noisy(seed uint64, noise float64) *table {
	r := rand.New(rand.NewPCG(seed, 2))
	out := &table{context: m.context}
	for _, row := range m.rows {
		n := make([]float32, len(row))
		for i, x := range row {
			n[i] = x + float32(r.NormFloat64()*noise)
		}
		out.rows = append(out.rows, n)
	}
	return out
}

func (m *table) Vocab() int   { return len(m.rows) }
func (m *table) Context() int { return m.context }
func (m *table) Losses(context.Context, []uint32, int, []float64) error {
	return errors.New("not called in a comparison")
}
func (m *table) Logits(ctx context.Context, window []uint32, from int, fn func(int, []float32) error) error {
	row := make([]float32, len(m.rows))
	for i := from; i < len(window); i++ {
		for j, x := range m.rows[window[i]] {
			row[j] = x * (1 - 1/float32(i+2))
		}
		if err := fn(i, row); err != nil {
			return err
		}
	}
	return ctx.Err()
}

func tokens(seed uint64, vocab, n int) []uint32 {
	r := rand.New(rand.NewPCG(seed, 3))
	out := make([]uint32, n)
	for i := range out {
		out[i] = uint32(r.IntN(vocab))
	}
	return out
}

var conditions = evalppl.Conditions{
	Setup: evalppl.Setup{Model: "table", ContainerSHA256: strings.Repeat("ab", 32), Recipe: "f32"}, TextInfo: evalppl.TextInfo{Text: "random"},
}

// save saves a base and returns the bytes and the comparison that was made meanwhile.
// documents reads a text as a whole.
func documents(t testing.TB, text evalppl.Text) [][]uint32 {
	t.Helper()
	docs, at := make([][]uint32, text.Documents()), int64(0)
	for i := range docs {
		docs[i] = make([]uint32, text.Length(i))
		if err := text.ReadAt(docs[i], at); err != nil {
			t.Fatal(err)
		}
		at += int64(len(docs[i]))
	}
	return docs
}

func save(t testing.TB, base *table, others []evalppl.DistributionModel, docs [][]uint32, o evalppl.Options) ([]byte, evalppl.Comparison) {
	t.Helper()
	var b bytes.Buffer
	w := NewWriter(&b, conditions)
	o.SaveBase = w
	c, err := evalppl.CompareDocuments(context.Background(), base, others, docs, o)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Finish(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes(), c
}

func open(t testing.TB, data []byte) (*Reader, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "base.nlog")
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	r, err := Open(path)
	if err == nil {
		t.Cleanup(func() { r.Close() })
	}
	return r, err
}

// A comparison with a saved base: losses and all that follows from them have the same bits, divergences are within the stated bound, and
// far within it.
func TestCompareWithSavedBase(t *testing.T) {
	const vocab = 700
	base := newTable(1, vocab, 3)
	bos := uint32(5)
	others := func() []evalppl.DistributionModel {
		return []evalppl.DistributionModel{base.noisy(2, 1e-4), base.noisy(3, 0.01), base.noisy(4, 0.3), newTable(9, vocab, 3)}
	}
	stream := [][]uint32{tokens(7, vocab, 400)}
	for _, c := range []struct {
		name string
		docs [][]uint32
		o    evalppl.Options
	}{
		{"strided", stream, evalppl.Options{Ctx: 32, Stride: 16}},
		{"llama.cpp", stream, evalppl.Options{Protocol: evalppl.LlamaCpp, Ctx: 32, BOS: &bos}},
		{"lm-eval", [][]uint32{tokens(8, vocab, 100), tokens(9, vocab, 3)}, evalppl.Options{Protocol: evalppl.LMEval, Ctx: 64, BOS: &bos}},
		{"document", [][]uint32{tokens(8, vocab, 100), {1}, tokens(9, vocab, 70)}, evalppl.Options{Protocol: evalppl.Document, Ctx: 32, Stride: 32}},
	} {
		t.Run(c.name, func(t *testing.T) {
			data, direct := save(t, base, others(), c.docs, c.o)
			alone, _ := save(t, base, nil, c.docs, c.o)
			if !bytes.Equal(data, alone) {
				t.Error("the base saved alone and beside others gives different files")
			}
			r, err := open(t, data)
			if err != nil {
				t.Fatal(err)
			}
			h := r.Header()
			if d := cmp.Diff(c.docs, documents(t, r.Text())); d != "" {
				t.Errorf("the tokens differ: %s", d)
			}
			o := c.o
			o.Protocol, o.Ctx, o.Stride, o.BOS = h.Protocol, h.Ctx, h.Stride, h.BOSID()
			saved, err := evalppl.CompareText(context.Background(), r, others(), r.Text(), o)
			if err != nil {
				t.Fatal(err)
			}
			if h.Rows != int64(saved.TokensScored) || h.Windows != saved.Windows {
				t.Errorf("the header says %d rows of %d windows, %d of %d were compared", h.Rows, h.Windows, saved.TokensScored, saved.Windows)
			}
			same := cmp.Options{
				cmpopts.IgnoreFields(evalppl.Comparison{}, "Seconds", "TokensPerSecond", "BaseRounding"),
				cmpopts.IgnoreFields(evalppl.Against{}, "KL", "KLRoundingBound"),
			}
			if d := cmp.Diff(direct, saved, same); d != "" {
				t.Errorf("apart from divergences nothing may differ (-run +saved):\n%s", d)
			}
			if !(saved.BaseRounding > 0 && saved.BaseRounding < 2*Deepest/2.0/steps+2e-5) {
				t.Errorf("log-probabilities are said to be within %g", saved.BaseRounding)
			}
			for i := range direct.Others {
				a, b := direct.Others[i].KL, saved.Others[i].KL
				bound := saved.Others[i].KLRoundingBound
				// The arithmetic of both divergences is within 2e-6 of the truth: evalppl's compare.
				if d := math.Abs(a.Mean - b.Mean); !(d <= bound+4e-6) || !(bound > 0) {
					t.Errorf("other %d: mean KL %g, from the saved base %g: %g apart, %g allowed", i, a.Mean, b.Mean, d, bound)
				}
				if d := math.Abs(a.Mean - b.Mean); d > 2e-6 {
					t.Errorf("other %d: mean KL %g is %g away: errors that cancel should be smaller", i, a.Mean, d)
				}
			}
		})
	}
}

// KLBound holds for the worst roundings: all codes off by h in the direction that hurts most.
func TestKLBoundWorstCase(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	for range 2000 {
		n := 2 + r.IntN(30)
		h := math.Pow(10, -4+3*r.Float64())
		p, q, rounded := make([]float64, n), make([]float64, n), make([]float64, n)
		spread, noise := 5*r.Float64(), math.Pow(10, -4+5*r.Float64())
		for i := range p {
			p[i] = spread * r.NormFloat64()
			q[i] = p[i] + noise*r.NormFloat64()
		}
		lp, lq := normalized(p), normalized(q)
		for i := range p {
			rounded[i] = p[i] + math.Copysign(h, lp[i]-lq[i]) // adds where KL grows by it
			if r.IntN(2) == 0 {
				rounded[i] = p[i] + h*(2*r.Float64()-1)
			}
		}
		lr := normalized(rounded)
		e := 0.0
		for i := range lr {
			e = max(e, math.Abs(lr[i]-lp[i]))
		}
		if e > 2*h*(1+1e-9) {
			t.Fatalf("log-probabilities are off by %g, at most %g can be", e, 2*h)
		}
		exact, got := divergence(lp, lq), divergence(lr, lq)
		for _, k := range []float64{exact, got} {
			if d := math.Abs(got - exact); d > KLBound(k, 2*h)+1e-12 {
				t.Fatalf("KL %g became %g: %g apart, the bound is %g (h %g)", exact, got, d, KLBound(k, 2*h), h)
			}
		}
	}
}

func normalized(x []float64) []float64 {
	sum := 0.0
	for _, v := range x {
		sum += math.Exp(v)
	}
	out := make([]float64, len(x))
	for i, v := range x {
		out[i] = v - math.Log(sum)
	}
	return out
}

func divergence(lp, lq []float64) float64 {
	kl := 0.0
	for i := range lp {
		kl += math.Exp(lp[i]) * (lp[i] - lq[i])
	}
	return kl
}

func sampleFile(t testing.TB) []byte {
	data, _ := save(t, newTable(1, 70, 3), nil, [][]uint32{tokens(7, 70, 40)}, evalppl.Options{Ctx: 16, Stride: 8})
	return data
}

// A file that is damaged anywhere is refused when it is opened or, in a row, before the row is used.
func TestDamage(t *testing.T) {
	data := sampleFile(t)
	use := func(data []byte) error {
		r, err := open(t, data)
		if err != nil {
			return err
		}
		h := r.Header()
		_, err = evalppl.CompareText(context.Background(), r, []evalppl.DistributionModel{newTable(2, 70, 3)}, r.Text(), evalppl.Options{Ctx: h.Ctx, Stride: h.Stride})
		return err
	}
	if err := use(data); err != nil {
		t.Fatal(err)
	}
	for at := 0; at < len(data); at += 1 + at/50 {
		b := bytes.Clone(data)
		b[at] ^= 0x04
		if err := use(b); err == nil {
			t.Fatalf("byte %d of %d was changed and nobody saw it", at, len(data))
		}
	}
	for n := 0; n < len(data); n += 1 + n/10 {
		if err := use(data[:n]); err == nil || !strings.Contains(err.Error(), "base.nlog") {
			t.Fatalf("cut after %d bytes: %v", n, err)
		}
	}
	if err := use(append(bytes.Clone(data), 0)); err == nil || !strings.Contains(err.Error(), "bytes long") {
		t.Errorf("a byte too many: %v", err)
	}
	// Two rows in each other's places have the right checksums.
	size := RowBytes(70)
	b := bytes.Clone(data)
	first, second := b[len(b)-2*size:len(b)-size], b[len(b)-size:]
	kept := bytes.Clone(first)
	copy(first, second)
	copy(second, kept)
	if err := use(b); err == nil || !strings.Contains(err.Error(), "stands where row") {
		t.Errorf("rows exchanged: %v", err)
	}
}

// edit changes the fixed part or the metadata and puts the checksums right.
func edit(t *testing.T, data []byte, old, new string, fixed func(b []byte)) []byte {
	t.Helper()
	b := bytes.Clone(data)
	n := int(binary.LittleEndian.Uint32(b[12:]))
	meta := string(b[fixedBytes : fixedBytes+n])
	if !strings.Contains(meta, old) {
		t.Fatalf("the metadata %s has no %s", meta, old)
	}
	meta = strings.Replace(meta, old, new, 1)
	b = append(append(b[:fixedBytes:fixedBytes], meta...), data[fixedBytes+n:]...)
	binary.LittleEndian.PutUint32(b[12:], uint32(len(meta)))
	if fixed != nil {
		fixed(b)
	}
	binary.LittleEndian.PutUint32(b[44:], crc32.Checksum(b[:44], castagnoli))
	documents, tokens := binary.LittleEndian.Uint64(b[16:]), binary.LittleEndian.Uint64(b[24:])
	if end := uint64(fixedBytes+len(meta)) + 8*documents + 4*tokens; end+4 <= uint64(len(b)) && documents < 100 && tokens < 100 {
		binary.LittleEndian.PutUint32(b[end:], crc32.Checksum(b[fixedBytes:end], castagnoli))
	}
	return b
}

func TestOpenRefuses(t *testing.T) {
	data := sampleFile(t)
	put64 := func(at int, v uint64) func([]byte) {
		return func(b []byte) { binary.LittleEndian.PutUint64(b[at:], v) }
	}
	put32 := func(at int, v uint32) func([]byte) {
		return func(b []byte) { binary.LittleEndian.PutUint32(b[at:], v) }
	}
	for _, c := range []struct {
		name, old, new string
		fixed          func([]byte)
		want           string
	}{
		{"magic", "", "", func(b []byte) { b[0] = 'x' }, `begins with "xblogits", want "nblogits"`},
		{"version", "", "", put32(8, 2), "version 2 of saved logits, this nibble knows 1"},
		{"metadata beyond the limit", "", "", put32(12, 2<<20), "metadata of 2097152 bytes, at most 1048576"},
		{"as many documents as overflow", "", "", put64(16, 1<<62), "bytes long, its header says"},
		{"as many tokens as overflow", "", "", put64(24, 1<<63), "bytes long, its header says"},
		{"as many rows as overflow", "", "", put64(32, math.MaxUint64), "bytes long, its header says"},
		{"a row fewer", "", "", put64(32, 38), "bytes long, its header says"},
		{"not JSON", `{"vocab"`, `["vocab"`, nil, "metadata: "},
		{"unknown field", `"vocab"`, `"vocap":1,"vocab"`, nil, `unknown field "vocap"`},
		{"vocabulary 0", `"vocab":70`, `"vocab":0`, nil, "a vocabulary of 0 tokens"},
		{"vocabulary of another row size", `"vocab":70`, `"vocab":72`, nil, "disagree about"},
		{"documents", `"documents":1`, `"documents":2`, nil, "disagree about"},
		{"protocol", `"protocol":"strided"`, `"protocol":"hf"`, nil, `protocol "hf"`},
		{"windows too long", `"ctx":16`, `"ctx":160`, nil, "windows of 160 tokens"},
		{"stride", `"stride":8`, `"stride":17`, nil, "a stride of 17"},
		{"bos", `"bos":"none"`, `"bos":"70"`, nil, `bos is "70", want none or a token id below 70`},
		{"no windows", `"windows":4`, `"windows":0`, nil, "0 windows with 39 scored tokens"},
		{"token stream", `"token_stream_sha256":"`, `"token_stream_sha256":"00`, nil, "token_stream_sha256 is"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := open(t, edit(t, data, c.old, c.new, c.fixed))
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "base.nlog") {
				t.Errorf("got %v, want an error that names the file and says %q", err, c.want)
			}
		})
	}
	if _, err := Open(filepath.Join(t.TempDir(), "none.nlog")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	if _, err := Open(t.TempDir()); err == nil {
		t.Error("a folder was opened")
	}
}

// A reader gives its windows once, in order.
func TestReaderRefusesOtherWindows(t *testing.T) {
	r, err := open(t, sampleFile(t))
	if err != nil {
		t.Fatal(err)
	}
	none := func(int, []float32) error { return nil }
	text := documents(t, r.Text())[0]
	if err := r.Logits(context.Background(), text[5:16], 0, none); err == nil || !strings.Contains(err.Error(), "other windows") {
		t.Errorf("another window: %v", err)
	}
	if err := r.Losses(context.Background(), text, 0, nil); err == nil {
		t.Error("losses of saved logits")
	}
	r, err = open(t, sampleFile(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Logits(context.Background(), append(text[:40:40], 1), 0, none); err == nil || !strings.Contains(err.Error(), "has 39 rows, and another one is wanted") {
		t.Errorf("more rows than there are: %v", err)
	}
	stopped, cancel := context.WithCancel(context.Background())
	cancel()
	if err := r.Logits(stopped, text, 0, none); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
	}
}

// failing is a disk that is full after n writes.
type failing struct{ n int }

func (f *failing) Write(b []byte) (int, error) {
	if f.n--; f.n < 0 {
		return 0, io.ErrShortWrite
	}
	return len(b), nil
}

// What cannot be written ends the comparison, and an unfinished file is never called finished.
func TestWriterFails(t *testing.T) {
	base := newTable(1, 70, 3)
	for n := range 7 {
		w := NewWriter(&failing{n}, conditions)
		_, err := evalppl.Compare(context.Background(), base, nil, tokens(7, 70, 40), evalppl.Options{Ctx: 16, Stride: 8, SaveBase: w})
		if !errors.Is(err, io.ErrShortWrite) {
			t.Errorf("after %d writes: %v", n, err)
		}
		if w.Finish() == nil {
			t.Errorf("after %d writes: finished", n)
		}
	}
	w := NewWriter(io.Discard, conditions)
	if w.Finish() == nil {
		t.Error("finished without anything written")
	}
	_, err := evalppl.Compare(context.Background(), base, nil, tokens(7, 70, 40), evalppl.Options{Ctx: 16, SaveBase: w, NonFinite: evalppl.SkipNonFinite})
	if err == nil || !strings.Contains(err.Error(), "gaps") {
		t.Errorf("windows that may be left out: %v", err)
	}
	broken := newTable(1, 70, 3)
	broken.rows[7][3] = float32(math.NaN())
	var bad *evalppl.NonFiniteError
	if _, err := evalppl.Compare(context.Background(), broken, nil, append(tokens(7, 70, 40), 7, 7, 7), evalppl.Options{Ctx: 16, SaveBase: w}); !errors.As(err, &bad) {
		t.Errorf("a model with NaN: %v", err)
	}
}

// FuzzOpen: whatever a file holds, opening it and reading its rows ends with an error or with finite numbers, never with a panic, and
// nothing larger than the file is allocated.
func FuzzOpen(f *testing.F) {
	data := sampleFile(f)
	f.Add(data)
	f.Add(data[:len(data)-1])
	f.Add(data[:fixedBytes])
	f.Add([]byte(Magic))
	two, _ := save(f, newTable(1, 5, 3), nil, [][]uint32{{1, 2, 3}, {}, {4, 0}}, evalppl.Options{Protocol: evalppl.Document, Ctx: 4})
	f.Add(two)
	f.Fuzz(func(t *testing.T, b []byte) {
		r := &Reader{path: "fuzz", r: bufio.NewReader(bytes.NewReader(b))}
		var err error
		if r.header, r.text, err = readHeader(r.r, bytes.NewReader(b), int64(len(b))); err != nil {
			return
		}
		r.buffer, r.logits = make([]byte, RowBytes(r.header.Vocab)), make([]float32, r.header.Vocab)
		for r.next < r.header.Rows {
			err := r.Logits(context.Background(), []uint32{0}, 0, func(_ int, logits []float32) error {
				for i, x := range logits {
					if x > 0 || math.IsNaN(float64(x)) {
						t.Fatalf("row %d: logit %d is %g", r.next, i, x)
					}
				}
				return nil
			})
			if err != nil {
				return
			}
		}
	})
}

// FuzzDecode reaches behind the checksum.
func FuzzDecode(f *testing.F) {
	for _, vocab := range []int{1, 3, 70} {
		for _, logits := range testRows(vocab) {
			var e encoder
			b := make([]byte, RowBytes(vocab))
			e.encode(b, 3, logits, 0, 0.5)
			f.Add(uint8(vocab), b)
		}
	}
	f.Fuzz(func(t *testing.T, vocab uint8, b []byte) {
		if vocab == 0 || len(b) != RowBytes(int(vocab)) {
			return
		}
		logits := make([]float32, vocab)
		r, err := decode(sealed(b, func([]byte) {}), logits)
		if err != nil {
			return
		}
		for i, x := range logits {
			if x > 0 || math.IsNaN(float64(x)) {
				t.Fatalf("logit %d is %g", i, x)
			}
		}
		if math.IsNaN(r.loss) || int(r.target) >= int(vocab) {
			t.Fatalf("row %+v", r)
		}
	})
}
