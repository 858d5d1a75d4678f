package format

import (
	"encoding/binary"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// tinySpec has every kind of tensor: learned positions, biases, a head of its own.
func tinySpec() Spec {
	bos := 1
	return Spec{
		Architecture: "gpt2", Vocab: 5, Context: 6, Hidden: 4, Layers: 1, FFN: 3,
		Attention: Attention{Heads: 2, KVHeads: 2, HeadDim: 2, Scale: 0.5, QKVBias: true, OutBias: true},
		Norm:      Norm{Kind: LayerNorm, Eps: 1e-5, Bias: true},
		Position:  Position{Kind: LearnedPositions},
		MLP:       MLP{Activation: GELUTanh, UpBias: true, DownBias: true},
		BOS:       &bos, EOS: []int{2, 3},
	}
}

// llamaSpec is gated, rotary, without biases, tied.
func llamaSpec() Spec {
	return Spec{
		Architecture: "llama", Vocab: 40, Context: 64, Hidden: 24, Layers: 2, FFN: 20,
		Attention: Attention{Heads: 4, KVHeads: 2, HeadDim: 6, Scale: 0.4, Windows: []int{0, 16}},
		Norm:      Norm{Kind: RMSNorm, Eps: 1e-6},
		Position: Position{Kind: RotaryPositions, Rotary: &Rotary{
			Theta: 1e4, Dim: 6, Scaling: RotaryLlama3, Factor: 8, LowFreqFactor: 1, HighFreqFactor: 4, OriginalContext: 32,
		}},
		MLP:      MLP{Activation: SiLU, Gated: true},
		TiedHead: true,
	}
}

func metaFor(s Spec) Metadata {
	return Metadata{
		Spec: s, Model: "tiny <&>", Tool: "nibble test", SourceDType: "F32", Parameters: 123,
		Recipe:  Recipe{Type: "int4-g32", Embed: "int8-g32", Head: "f16", Method: "rtn"},
		Sources: []Source{{Name: "model.safetensors", Bytes: 99, SHA256: strings.Repeat("0123456789abcdef", 4)}},
		Ignored: []IgnoredTensor{{Name: "h.0.attn.bias", Reason: "a constant mask"}},
	}
}

func tinyTokenizer() map[string][]byte {
	return map[string][]byte{"vocab.json": []byte(`{"a":0}`), "merges.txt": {}, "tokenizer.model": {0, 1, 2, 255}}
}

// plansFor gives each matrix the codec that pick returns.
func plansFor(s Spec, pick func(i int) string) []TensorPlan {
	var plans []TensorPlan
	for i, t := range s.Tensors() {
		codec := RawF32
		if !t.Raw {
			codec = pick(i)
		}
		plans = append(plans, TensorPlan{Name: t.Name, Codec: codec, Rows: t.Rows, Cols: t.Cols})
	}
	return plans
}

func tileCodec(i int) string { all := Codecs(); return all[i%(len(all)-1)] }

// fill returns the data of a planned tensor: random, never all zero.
func fill(t testing.TB, p TensorPlan, seed uint64) []byte {
	t.Helper()
	n, err := CodecBytes(p.Codec, p.Rows, p.Cols)
	if err != nil {
		t.Fatal(err)
	}
	b := make([]byte, n)
	src := rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8), byte(len(p.Name)), p.Name[len(p.Name)-1]})
	_, _ = src.Read(b)
	return b
}

func errorOf(i int) TensorError {
	if i%3 == 0 {
		return TensorError{Exact: true}
	}
	return TensorError{RMSE: 0.25 * float64(i), MaxAbs: float64(i), SQNR: 20.5 - float64(i)}
}

// writeFile writes a container and returns its path.
func writeFile(t testing.TB, meta Metadata, tokenizer map[string][]byte, plans []TensorPlan) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "model.nbl")
	w, err := Create(path, meta, tokenizer, plans, CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Abort()
	writeAll(t, w, plans)
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}
	return path
}

func writeAll(t testing.TB, w *Writer, plans []TensorPlan) {
	t.Helper()
	for i, p := range plans {
		tw, err := w.Tensor(i)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tw.Write(fill(t, p, 1)); err != nil {
			t.Fatal(err)
		}
		if err := tw.Close(errorOf(len(p.Name))); err != nil {
			t.Fatal(err)
		}
	}
}

// tiny returns the bytes of a small container with a tokenizer, aligned.
func tiny(t testing.TB) []byte {
	t.Helper()
	s := tinySpec()
	return read(t, writeFile(t, metaFor(s), tinyTokenizer(), plansFor(s, tileCodec)))
}

// tinyNoTokenizer is the smallest container of the tests.
func tinyNoTokenizer(t testing.TB) []byte {
	t.Helper()
	s := llamaSpec()
	return read(t, writeFile(t, metaFor(s), nil, plansFor(s, func(int) string { return "int4-g32" })))
}

func read(t testing.TB, path string) []byte {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	b := alignedBuffer(int(info.Size()))
	if _, err := io.ReadFull(f, b); err != nil {
		t.Fatal(err)
	}
	return b
}

// copyOf is a copy that is aligned as a mapping is.
func copyOf(b []byte) []byte {
	c := alignedBuffer(len(b))
	copy(c, b)
	return c
}

// reseal makes the checksums of header, metadata, tokenizer and index agree with bytes that a test has changed, so that the
// checks behind the checksums are reached.
func reseal(b []byte) []byte {
	le := binary.LittleEndian
	if len(b) < headerBytes {
		return b
	}
	for _, at := range []int{atMetadata, atTokenizer, atIndex} {
		off, n := le.Uint64(b[at:]), le.Uint64(b[at+8:])
		if size := uint64(len(b)); n > 0 && off <= size && n <= size-off {
			le.PutUint32(b[at+24:], checksum(b[off:off+n]))
		}
	}
	le.PutUint32(b[atHeaderCRC:], checksum(b[:atHeaderCRC]))
	return b
}

// sectionOf reads one entry of the header.
func sectionOf(t testing.TB, b []byte, at int) section {
	t.Helper()
	s, err := decodeSection(b[at:])
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// recordAt returns the record of tensor i inside b.
func recordAt(t testing.TB, b []byte, i int) []byte {
	t.Helper()
	x := sectionOf(t, b, atIndex)
	at := x.offset + uint64(i*recordBytes)
	return b[at : at+recordBytes]
}

// replaceSections builds a container whose metadata and tokenizer sections hold other content, and whose data and index are those of b: what a
// writer without checks would write.
func replaceSections(t testing.TB, b []byte, metadata, tokenizer []byte) []byte {
	t.Helper()
	pack := func(content []byte) []byte {
		if content == nil {
			return nil
		}
		stored, err := compress(content)
		if err != nil {
			t.Fatal(err)
		}
		return stored
	}
	return replaceStored(t, b, pack(metadata), uint64(len(metadata)), pack(tokenizer), uint64(len(tokenizer)))
}

func replaceStored(t testing.TB, b []byte, meta []byte, metaLen uint64, tok []byte, tokLen uint64) []byte {
	t.Helper()
	r, err := openBytes("base.nbl", b)
	if err != nil {
		t.Fatal(err)
	}
	h := header{metadata: section{offset: headerBytes, stored: uint64(len(meta)), count: metaLen, crc: checksum(meta)}}
	end := h.metadata.end()
	if tok != nil {
		h.tokenizer = section{offset: alignUp(end, sectionAlign), stored: uint64(len(tok)), count: tokLen, crc: checksum(tok)}
		end = h.tokenizer.end()
	}
	tensors := r.Tensors()
	var plans []TensorPlan
	for _, x := range tensors {
		plans = append(plans, x.TensorPlan)
	}
	h.index = section{offset: alignUp(end, sectionAlign), stored: indexBytes(plans), count: uint64(len(plans))}
	moved := slices.Clone(tensors)
	if h.fileBytes, err = layout(moved, h.index.end()); err != nil {
		t.Fatal(err)
	}
	out := alignedBuffer(int(h.fileBytes))
	for i, x := range tensors {
		data, err := r.Bytes(x)
		if err != nil {
			t.Fatal(err)
		}
		copy(out[moved[i].Offset:], data)
	}
	index := encodeIndex(moved)
	h.index.crc = checksum(index)
	copy(out[h.index.offset:], index)
	copy(out[h.metadata.offset:], meta)
	copy(out[h.tokenizer.offset:], tok) // at 0 and empty if there is none
	copy(out, h.encode())
	return out
}
