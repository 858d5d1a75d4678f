package format

import (
	"bytes"
	"context"
	"encoding/binary"
	"math"
	"reflect"
	"strings"
	"testing"
)

// FuzzOpen: no bytes make a reader panic or hand out what lies outside them. With sealed set the checksums are made to
// agree first, so that the fuzzer gets behind them.
func FuzzOpen(f *testing.F) {
	base := tiny(f)
	f.Add([]byte(base), false)
	f.Add([]byte(tinyNoTokenizer(f)), true)
	f.Add([]byte{}, false)
	f.Add([]byte(base[:headerBytes]), true)
	// Every field that is an offset, a length or a number, at its edges.
	index := int(sectionOf(f, base, atIndex).offset)
	var fields []int
	for _, s := range []int{atMetadata, atTokenizer, atIndex} {
		fields = append(fields, s, s+8, s+16)
	}
	for i := range 2 {
		fields = append(fields, index+i*recordBytes+recRows, index+i*recordBytes+recOffset, index+i*recordBytes+recBytes)
	}
	for _, at := range append(fields, atFileBytes) {
		old := binary.LittleEndian.Uint64(base[at:])
		for _, v := range []uint64{0, 1, old - 1, old + 1, old - 64, old + 64, uint64(len(base)), math.MaxInt64, math.MaxUint64, math.MaxUint64 - old + 1} {
			b := copyOf(base)
			binary.LittleEndian.PutUint64(b[at:], v)
			f.Add([]byte(b), true)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte, sealed bool) {
		b = copyOf(b)
		if sealed {
			reseal(b)
		}
		r, err := openBytes("fuzz.nbl", b)
		verifyErr := verify(context.Background(), "fuzz.nbl", b, nil)
		if err != nil {
			if len(found(err)) == 0 || verifyErr == nil {
				t.Fatalf("open: %v, verify: %v", err, verifyErr)
			}
			return
		}
		end := int64(0)
		for _, x := range r.Tensors() {
			view, err := r.Bytes(x)
			if err != nil || int64(len(view)) != x.Bytes || x.Offset < end || x.Offset+x.Bytes > int64(len(b)) {
				t.Fatalf("%+v after %d: %d bytes, %v", x, end, len(view), err)
			}
			end = x.Offset + x.Bytes
		}
		acceptedByWriter(t, r)
	})
}

// acceptedByWriter: what a reader takes a writer takes too, so both know the same rules. Only how far a section shrinks is up to the encoder.
func acceptedByWriter(t *testing.T, r *Reader) {
	t.Helper()
	var plans []TensorPlan
	for _, x := range r.Tensors() {
		plans = append(plans, x.TensorPlan)
	}
	var w Writer
	if err := w.plan(r.Metadata(), r.Tokenizer(), plans); err != nil && !strings.Contains(err.Error(), "-fold") {
		t.Fatalf("the reader accepts what the writer does not: %v", err)
	}
}

// FuzzMetadata: JSON that is accepted comes back the same.
func FuzzMetadata(f *testing.F) {
	for _, s := range []Spec{tinySpec(), llamaSpec()} {
		f.Add(mustEncode(f, metaFor(s)))
	}
	f.Add([]byte(`{"spec":null}`))
	f.Add([]byte(`{"spec":{"hidden":1,"HIDDEN":2}}`))
	f.Add([]byte(strings.Repeat("[", 100)))
	f.Add([]byte("\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := decodeMetadata(b)
		if err != nil {
			return
		}
		again, err := decodeMetadata(mustEncode(t, m))
		if err != nil {
			t.Fatalf("%q: %v", b, err)
		}
		if m.Sources == nil {
			m.Sources = []Source{}
		}
		if a, z := mustEncode(t, m), mustEncode(t, again); !bytes.Equal(a, z) {
			t.Fatalf("%s\n%s", a, z)
		}
	})
}

// FuzzTokenizer: a section that is accepted is the only form of its files.
func FuzzTokenizer(f *testing.F) {
	packed, err := packTokenizer(tinyTokenizer())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(packed)
	f.Add(packed[:len(packed)-1])
	f.Add(bytes.Repeat([]byte{0xff}, 40))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		files, err := unpackTokenizer(b)
		if err != nil {
			return
		}
		again, err := packTokenizer(files)
		if err != nil || !bytes.Equal(again, b) {
			t.Fatalf("%x, %v", again, err)
		}
		back, err := unpackTokenizer(again)
		if err != nil || !reflect.DeepEqual(back, files) {
			t.Fatalf("%v, %v", back, err)
		}
	})
}
