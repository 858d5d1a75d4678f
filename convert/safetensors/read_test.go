package safetensors

import (
	"bytes"
	"encoding/binary"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/x448/float16"
)

// TestHalf compares all 65,536 halves with an independent implementation.
func TestHalf(t *testing.T) {
	halves, floats := make([]byte, 2<<16), make([]float32, 1<<16)
	for h := range 1 << 16 {
		binary.LittleEndian.PutUint16(halves[2*h:], uint16(h))
	}
	converterFor("F16")(floats, halves)
	for h := range 1 << 16 {
		got, want := floats[h], float16.Frombits(uint16(h)).Float32()
		if math.IsNaN(float64(want)) {
			if !math.IsNaN(float64(got)) {
				t.Fatalf("%#04x: %v, want NaN", h, got)
			}
			continue
		}
		if math.Float32bits(got) != math.Float32bits(want) {
			t.Fatalf("%#04x: %v, want %v", h, got, want)
		}
	}
}

// TestTypes: every readable type, with values at its edges.
func TestTypes(t *testing.T) {
	le := binary.LittleEndian
	u16 := func(v ...uint16) (b []byte) {
		for _, x := range v {
			b = le.AppendUint16(b, x)
		}
		return b
	}
	u32 := func(v ...uint32) (b []byte) {
		for _, x := range v {
			b = le.AppendUint32(b, x)
		}
		return b
	}
	u64 := func(v ...uint64) (b []byte) {
		for _, x := range v {
			b = le.AppendUint64(b, x)
		}
		return b
	}
	inf := float32(math.Inf(1))
	cases := []struct {
		dtype DType
		data  []byte
		want  []float32
	}{
		// 1 + 2^-24 lies halfway between two float32 and rounds to the even one; 1e300 is beyond all.
		{"F64", u64(math.Float64bits(0.1), math.Float64bits(1+0x1p-24), math.Float64bits(-1e300)), []float32{0.1, 1, -inf}},
		{"F32", u32(0x80000001, 0x7f7fffff), []float32{-math.SmallestNonzeroFloat32, math.MaxFloat32}},
		{"F16", u16(0x3c00, 0x0001, 0xfbff), []float32{1, 0x1p-24, -65504}},
		{"BF16", u16(0x3f80, 0x0001, 0xff80), []float32{1, 0x1p-133, -inf}},
		{"I64", u64(1<<24+1, math.MaxUint64), []float32{1 << 24, -1}},
		{"I32", u32(0x80000000, 7), []float32{-1 << 31, 7}},
		{"I16", u16(0x8000, 7), []float32{-1 << 15, 7}},
		{"I8", []byte{0x80, 7}, []float32{-128, 7}},
		{"U64", u64(math.MaxUint64, 7), []float32{1 << 64, 7}},
		{"U32", u32(math.MaxUint32, 7), []float32{1 << 32, 7}},
		{"U16", u16(0xffff, 7), []float32{65535, 7}},
		{"U8", []byte{0xff, 7}, []float32{255, 7}},
		{"BOOL", []byte{0, 1, 0}, []float32{0, 1, 0}},
	}
	if len(cases) != len(readable()) {
		t.Fatalf("%d types tested, %d readable", len(cases), len(readable()))
	}
	for _, c := range cases {
		set, err := OpenSet(files(SingleFile, build(tensorSpec{"a", c.dtype, []int64{int64(len(c.want))}, c.data})))
		if err != nil {
			t.Fatal(err)
		}
		got := make([]float32, len(c.want))
		if err := set.ReadFloat32("a", got, 0); err != nil {
			t.Fatal(err)
		}
		for i := range got {
			if got[i] != c.want[i] {
				t.Errorf("%s: element %d is %v, want %v", c.dtype, i, got[i], c.want[i])
			}
		}
	}
}

// TestRanges reads runs and columns that begin and end anywhere, of a tensor larger than one chunk.
func TestRanges(t *testing.T) {
	const rows, cols = 300, 211
	data := make([]byte, 2*rows*cols)
	for i := range rows * cols {
		binary.LittleEndian.PutUint16(data[2*i:], uint16(i)) // I16: values repeat, their order shows
	}
	set, err := OpenSet(files(SingleFile, build(floats("before", 3), tensorSpec{"m", "U16", []int64{rows, cols}, data})))
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		first := rng.IntN(rows*cols + 1)
		v := make([]float32, rng.IntN(rows*cols-first+1))
		if err := set.ReadFloat32("m", v, int64(first)); err != nil {
			t.Fatal(err)
		}
		for i, x := range v {
			if x != float32(uint16(first+i)) {
				t.Fatalf("element %d is %v", first+i, x)
			}
		}
		c0 := rng.IntN(cols + 1)
		n := rng.IntN(cols - c0 + 1)
		v = make([]float32, rows*n)
		if err := set.ReadColumns("m", v, int64(c0), int64(n)); err != nil {
			t.Fatal(err)
		}
		for i, x := range v {
			if want := i/n*cols + c0 + i%n; x != float32(uint16(want)) {
				t.Fatalf("columns %d+%d: value %d is %v, want %v", c0, n, i, x, want)
			}
		}
	}
}

// TestReadRows reads rows that are shorter and longer than a chunk, from memory and from a mapped file, and leaves alone what lies between
// them; CopyFile hands over the same file.
func TestReadRows(t *testing.T) {
	for _, cols := range []int{1, 211, chunkBytes/2 + 3} {
		rows := max(3, 3*chunkBytes/2/cols)
		data := make([]byte, 2*rows*cols)
		for i := range rows * cols {
			binary.LittleEndian.PutUint16(data[2*i:], uint16(i*7))
		}
		file := build(floats("before", 3), tensorSpec{"m", "U16", []int64{int64(rows), int64(cols)}, data})
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, SingleFile), file, 0o666); err != nil {
			t.Fatal(err)
		}
		for name, fsys := range map[string]fs.FS{"memory": files(SingleFile, file), "disk": os.DirFS(dir)} {
			set, err := OpenSet(fsys)
			if err != nil {
				t.Fatal(err)
			}
			defer set.Close()
			const first = 1
			n, ld := rows-1, cols+5
			v := make([]float32, (n-1)*ld+cols)
			if err := set.ReadRows("m", v, ld, first, int64(n)); err != nil {
				t.Fatal(err)
			}
			for i, got := range v {
				want := float32(0)
				if r, c := i/ld, i%ld; c < cols {
					want = float32(uint16(((first+r)*cols + c) * 7))
				}
				if got != want {
					t.Fatalf("%s, %d columns: row %d, column %d is %v, want %v", name, cols, i/ld, i%ld, got, want)
				}
			}
			var copied bytes.Buffer
			if n, err := set.CopyFile(t.Context(), &copied, SingleFile); err != nil || n != int64(len(file)) || !bytes.Equal(copied.Bytes(), file) {
				t.Errorf("%s: CopyFile copied %d bytes of %d, error %v", name, n, len(file), err)
			}
			for what, err := range map[string]error{
				"beyond the end": set.ReadRows("m", v, ld, 2, int64(n)),
				"too short":      set.ReadRows("m", v[:len(v)-1], ld, first, int64(n)),
				"overlapping":    set.ReadRows("m", v, cols-1, first, int64(n)),
			} {
				if err == nil || !strings.Contains(err.Error(), "rows from row") {
					t.Errorf("%s, %s: error %v", name, what, err)
				}
			}
		}
	}
}

func TestReadErrors(t *testing.T) {
	set, err := OpenSet(files(SingleFile, build(floats("a", 4), tensorSpec{"f8", "F8_E4M3", []int64{2}, make([]byte, 2)})))
	if err != nil {
		t.Fatal(err)
	}
	two := make([]float32, 2)
	cases := []struct {
		name string
		err  error
		want string
	}{
		{"unknown tensor", set.ReadFloat32("x", two, 0), `no tensor "x"`},
		{"beyond the end", set.ReadFloat32("a", two, 3), "2 elements from element 3, it has 4"},
		{"negative", set.ReadFloat32("a", two, -1), "from element -1"},
		{"first overflows", set.ReadFloat32("a", two, math.MaxInt64), "it has 4"},
		{"unreadable type", set.ReadFloat32("f8", two, 0), "dtype F8_E4M3 cannot be read; readable are F64, F32"},
		{"columns of a vector", set.ReadColumns("a", two, 0, 1), "two dimensions"},
	}
	if err := set.Close(); err != nil {
		t.Fatal(err)
	}
	cases = append(cases, struct {
		name string
		err  error
		want string
	}{"after Close", set.ReadFloat32("a", two, 0), "after Close"})
	for _, c := range cases {
		if c.err == nil || !strings.Contains(c.err.Error(), c.want) {
			t.Errorf("%s: error %v, want one with %q", c.name, c.err, c.want)
		}
	}
}

func BenchmarkReadFloat32(b *testing.B) {
	for _, dtype := range []DType{"F32", "F16", "BF16"} {
		b.Run(string(dtype), func(b *testing.B) {
			const n = 1 << 20
			width := int(dtype.bits() / 8)
			data := make([]byte, n*width)
			for i := range n {
				binary.LittleEndian.PutUint16(data[i*width+width-2:], uint16(0x2e00+i%0x800)) // normal numbers
			}
			set, err := OpenSet(files(SingleFile, build(tensorSpec{"a", dtype, []int64{n}, data})))
			if err != nil {
				b.Fatal(err)
			}
			dst := make([]float32, n)
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				if err := set.ReadFloat32("a", dst, 0); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
