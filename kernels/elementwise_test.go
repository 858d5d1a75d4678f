package kernels

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// elementwiseOp is one exported element-wise kernel as a function of a destination and up to three inputs, all of one length.
type elementwiseOp struct {
	name   string
	inputs int
	run    func(dst []float32, in [][]float32)
	// writesInput: input 0 is changed too (the residual of the fused kernels).
	writesInput bool
	// exact: every instruction set gives the bits of the portable twin. Otherwise bound gives the largest difference from the
	// twin's result want for the values that element i was computed from.
	exact bool
	bound func(in [][]float32, i int, want float32) float64
}

func elementwiseOps() []elementwiseOp {
	const eps = 1e-5
	// The bounds are those of the doc comments plus 2^-24*|want| for the twin's own rounding.
	relative := func(bound float64) func([][]float32, int, float32) float64 {
		return func(_ [][]float32, _ int, want float32) float64 {
			return (bound+0x1p-24)*math.Abs(float64(want)) + 0x1p-126
		}
	}
	// timesInput is for errors relative to |x| (or |x*up| for the gated form, which rounds both sides once more).
	timesInput := func(bound float64) func([][]float32, int, float32) float64 {
		return func(in [][]float32, i int, want float32) float64 {
			scale := math.Abs(float64(in[0][i]))
			if len(in) > 1 {
				scale *= math.Abs(float64(in[1][i]))
			}
			return bound*scale + 3*0x1p-24*math.Abs(float64(want)) + 0x1p-126
		}
	}
	// For SiLU below -87.3: both are within 1.1e-36*|up| of zero.
	siluBound := func(in [][]float32, i int, want float32) float64 {
		up := 1.0
		if len(in) > 1 {
			up = math.Abs(float64(in[1][i]))
		}
		return relative(3.6e-7+2*0x1p-24)(in, i, want) + 1.1e-36*up
	}
	softmaxBound := func(in [][]float32, i int, want float32) float64 {
		// 6e-7 + 2^-24*(d+d') for the kernel, of which the twin has the part of the distances too; it makes the same roundings
		// of the scaled differences, so 6e-7 is left, and 2*2^-24 for the twin's exponential and product.
		return (6e-7+2*0x1p-24)*float64(want) + 0x1p-126
	}
	unary := func(name string, f func(dst, x []float32), bound func([][]float32, int, float32) float64) elementwiseOp {
		return elementwiseOp{name: name, inputs: 1, run: func(dst []float32, in [][]float32) { f(dst, in[0]) }, exact: bound == nil, bound: bound}
	}
	gated := func(name string, f func(dst, gate, up []float32), bound func([][]float32, int, float32) float64) elementwiseOp {
		return elementwiseOp{name: name, inputs: 2, run: func(dst []float32, in [][]float32) { f(dst, in[0], in[1]) }, bound: bound}
	}
	rotate := func(dst []float32, in [][]float32) {
		n := len(dst) / 2
		copy(dst, in[0])
		Rotate(dst[:2*n], in[1][:n], in[2][:n])
	}
	return []elementwiseOp{
		{name: "Add", inputs: 1, exact: true, run: func(dst []float32, in [][]float32) { copyReverse(dst, in[0]); Add(dst, in[0]) }},
		{name: "Rotate", inputs: 3, exact: true, run: rotate},
		{name: "RMSNorm", inputs: 2, exact: true, run: func(dst []float32, in [][]float32) { RMSNorm(dst, in[0], in[1], eps) }},
		{name: "AddRMSNorm", inputs: 3, exact: true, writesInput: true, run: func(dst []float32, in [][]float32) { AddRMSNorm(dst, in[0], in[1], in[2], eps) }},
		{name: "LayerNorm", inputs: 3, exact: true, run: func(dst []float32, in [][]float32) { LayerNorm(dst, in[0], in[1], in[2], eps) }},
		{name: "LayerNorm/nobias", inputs: 2, exact: true, run: func(dst []float32, in [][]float32) { LayerNorm(dst, in[0], in[1], nil, eps) }},
		{name: "AddLayerNorm", inputs: 3, exact: true, writesInput: true, run: func(dst []float32, in [][]float32) { AddLayerNorm(dst, in[0], in[1], in[2], in[2], eps) }},
		{name: "Softmax", inputs: 1, run: func(dst []float32, in [][]float32) { copy(dst, in[0]); Softmax(dst, 0.125) }, bound: softmaxBound},
		unary("ReLU", ReLU, nil),
		unary("Exp", Exp, relative(1.5*0x1p-23)),
		unary("SiLU", SiLU, siluBound),
		unary("GELUTanh", GELUTanh, timesInput(2.2e-7)),
		unary("GELU", GELU, timesInput(2.5e-7)),
		gated("SiLUMul", SiLUMul, siluBound),
		gated("GELUTanhMul", GELUTanhMul, timesInput(2.2e-7)),
		gated("GELUMul", GELUMul, timesInput(2.5e-7)),
	}
}

// copyReverse gives Add a destination that differs from its input.
func copyReverse(dst, x []float32) {
	for i := range dst {
		dst[i] = x[len(x)-1-i]
	}
}

// testLengths are all lengths that reach every path through the loops and tails, and some large ones: 2053 is odd, blockLen+77
// takes two calls.
func testLengths() []int {
	var n []int
	for i := range 201 {
		n = append(n, i)
	}
	return append(n, 576, 1023, 2053, blockLen+77)
}

// runAs returns what op makes of copies of in with the instruction set isa: the destination, and the inputs afterwards.
func runAs(t *testing.T, isa string, op elementwiseOp, n int, in [][]float32) ([]float32, [][]float32) {
	t.Helper()
	before := ISA()
	if err := Init(isa); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := Init(before); err != nil {
			t.Fatal(err)
		}
	}()
	dst := make([]float32, n)
	after := make([][]float32, len(in))
	for i := range in {
		after[i] = slices.Clone(in[i])
	}
	op.run(dst, after)
	return dst, after
}

func compareElements(t *testing.T, what string, op elementwiseOp, got, want []float32, in [][]float32) {
	t.Helper()
	if op.exact {
		sameBits(t, what, got, want)
		return
	}
	for i := range want {
		g, w := float64(got[i]), float64(want[i])
		switch {
		case w != w:
			if g == g {
				t.Fatalf("%s: element %d is %v, want NaN", what, i, got[i])
			}
		case math.IsInf(w, 0):
			if g != w {
				t.Fatalf("%s: element %d is %v, want %v", what, i, got[i], want[i])
			}
		default:
			if bound := op.bound(in, i, want[i]); !(math.Abs(g-w) <= bound) {
				t.Fatalf("%s: element %d is %v, want %v within %.3g (inputs %v)", what, i, got[i], want[i], bound, column(in, i))
			}
		}
	}
}

func column(in [][]float32, i int) []float32 {
	var c []float32
	for _, x := range in {
		c = append(c, x[i])
	}
	return c
}

// TestElementwise runs every kernel on every length beside an inaccessible page, at the end and at the start of its slices
// (which also makes them unaligned), and compares with the portable twin.
func TestElementwise(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		most := blockLen + 77
		var bufs [2][4][]float32
		for side := range bufs {
			for i := range bufs[side] {
				bufs[side][i] = guarded[float32](t, most, side == 1)
			}
		}
		for _, op := range elementwiseOps() {
			t.Run(op.name, func(t *testing.T) {
				r := newRand(t)
				for _, n := range testLengths() {
					in := make([][]float32, op.inputs)
					for i := range in {
						in[i] = make([]float32, n)
						fillNormal(r, in[i])
					}
					want, wantIn := runAs(t, "generic", op, n, in)
					for side := range bufs {
						testBesideGuard(t, op, bufs[side][:], side == 1, in, want, wantIn)
					}
				}
			})
		}
	})
}

const guardValue = float32(-1234.5)

func testBesideGuard(t *testing.T, op elementwiseOp, bufs [][]float32, atEnd bool, in [][]float32, want []float32, wantIn [][]float32) {
	t.Helper()
	n := len(want)
	place := func(buf []float32) []float32 {
		for i := range buf[:min(len(buf), n+64)] {
			buf[i] = guardValue
			buf[len(buf)-1-i] = guardValue
		}
		if atEnd {
			return buf[len(buf)-n:]
		}
		return buf[:n:n]
	}
	checkAround := func(what string, buf []float32) {
		around := buf[n:min(len(buf), n+64)]
		if atEnd {
			around = buf[max(0, len(buf)-n-64) : len(buf)-n]
		}
		for i, v := range around {
			if v != guardValue {
				t.Fatalf("n=%d atEnd=%v: %s: element %d beside the slice became %v", n, atEnd, what, i, v)
			}
		}
	}
	dst := place(bufs[0])
	args := make([][]float32, len(in))
	for i := range in {
		args[i] = place(bufs[1+i])
		copy(args[i], in[i])
	}
	op.run(dst, args)
	what := fmt.Sprintf("n=%d atEnd=%v", n, atEnd)
	compareElements(t, what, op, dst, want, in)
	checkAround("dst", bufs[0])
	for i := range args {
		sameBits(t, fmt.Sprintf("%s: input %d afterwards", what, i), args[i], wantIn[i])
		checkAround(fmt.Sprintf("input %d", i), bufs[1+i])
	}
}

// TestElementwiseInPlace: dst may be the first input (for the fused norms: the delta).
func TestElementwiseInPlace(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		for _, op := range elementwiseOps() {
			if op.name == "Add" || op.name == "Softmax" || op.name == "Rotate" {
				continue // in place by nature
			}
			t.Run(op.name, func(t *testing.T) {
				r := newRand(t)
				for _, n := range []int{1, 7, 16, 31, 100, 576} {
					in := make([][]float32, op.inputs)
					for i := range in {
						in[i] = make([]float32, n)
						fillNormal(r, in[i])
					}
					want, _ := runAs(t, ISA(), op, n, in)
					dst := in[0]
					if op.writesInput {
						dst = in[1]
					}
					op.run(dst, in)
					sameBits(t, fmt.Sprintf("n=%d", n), dst, want)
				}
			})
		}
	})
}

// extremes has what float32 can be: zeros, denormals, the edges of the exponential's range, the largest numbers, Inf and NaN
// (also with a payload in the low bits, where adding to the bits would make a number of it, and with the sign bit).
var extremes = []float32{
	0, float32(math.Copysign(0, -1)), math.SmallestNonzeroFloat32, -math.SmallestNonzeroFloat32, 0x1p-126, -0x1p-127, 1e-20, -1e-20,
	0x1p-24, 0.5, -0.5, 1, -1, 3.7, -3.7, 13.2, -13.2, 13.4, -13.4, 87.3, -87.3, -87.33654, -87.33655, -88, 88.3, 88.5, 88.72283, -88.72283,
	88.72284, 88.8, 89, -89, 100, -104, -150, 1e10, -1e10, 2e19, -2e19, math.MaxFloat32, -math.MaxFloat32,
	float32(math.Inf(1)), float32(math.Inf(-1)), float32(math.NaN()), math.Float32frombits(0x7f800001), math.Float32frombits(0xffc00001),
	math.Float32frombits(0x7fffffff),
}

// TestElementwiseExtremes puts every extreme value, alone among ordinary ones, at the places of a whole vector, of each later
// vector and of a tail.
func TestElementwiseExtremes(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		for _, op := range elementwiseOps() {
			t.Run(op.name, func(t *testing.T) {
				r := newRand(t)
				for _, v := range extremes {
					for _, at := range []int{0, 17, 63, 64, 70, 80, 90, 94} {
						for input := range op.inputs {
							n := 95
							in := make([][]float32, op.inputs)
							for i := range in {
								in[i] = make([]float32, n)
								for j := range in[i] {
									in[i][j] = float32(r.NormFloat64())
								}
							}
							in[input][at] = v
							want, _ := runAs(t, "generic", op, n, in)
							got, _ := runAs(t, ISA(), op, n, in)
							what := fmt.Sprintf("%v (%#08x) at %d of input %d", v, math.Float32bits(v), at, input)
							compareElements(t, what, op, got, want, in)
						}
					}
				}
			})
		}
	})
}

// TestAssemblySetsAgree: AVX2 and AVX-512 make the same roundings in the same order, so a result does not depend on which of
// the two ran.
func TestAssemblySetsAgree(t *testing.T) {
	for _, isa := range []string{"avx2", "avx512"} {
		if !slices.Contains(Available(), isa) {
			t.Skipf("this CPU or binary has no %s", isa)
		}
	}
	for _, op := range elementwiseOps() {
		t.Run(op.name, func(t *testing.T) {
			r := newRand(t)
			for _, n := range testLengths() {
				in := make([][]float32, op.inputs)
				for i := range in {
					in[i] = make([]float32, n)
					fillNormal(r, in[i])
				}
				want, _ := runAs(t, "avx2", op, n, in)
				got, _ := runAs(t, "avx512", op, n, in)
				sameBits(t, fmt.Sprintf("n=%d", n), got, want)
			}
		})
	}
}

func TestElementwiseAllocations(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		for _, op := range elementwiseOps() {
			in := make([][]float32, op.inputs)
			for i := range in {
				in[i] = make([]float32, 100)
			}
			dst := make([]float32, 100)
			if n := testing.AllocsPerRun(10, func() { op.run(dst, in) }); n != 0 {
				t.Errorf("%s allocates %v times", op.name, n)
			}
		}
	})
}

// TestElementwiseLengthErrors: a wrong length is a programmer's error, found before anything is touched.
func TestElementwiseLengthErrors(t *testing.T) {
	a, b := make([]float32, 8), make([]float32, 7)
	for name, f := range map[string]func(){
		"Add":                func() { Add(a, b) },
		"Exp":                func() { Exp(a, b) },
		"SiLU":               func() { SiLU(b, a) },
		"SiLUMul gate":       func() { SiLUMul(a, b, a) },
		"SiLUMul up":         func() { SiLUMul(a, a, b) },
		"RMSNorm x":          func() { RMSNorm(a, b, a, 0) },
		"RMSNorm gain":       func() { RMSNorm(a, a, b, 0) },
		"AddRMSNorm delta":   func() { AddRMSNorm(a, a, b, a, 0) },
		"LayerNorm bias":     func() { LayerNorm(a, a, a, b, 0) },
		"AddLayerNorm delta": func() { AddLayerNorm(a, a, b, a, a, 0) },
		"Rotate odd":         func() { Rotate(b, b[:3], b[:3]) },
		"Rotate sin":         func() { Rotate(a, a[:4], a[:3]) },
		"RotateHeads stride": func() { RotateHeads(a, 2, 2, a[:2], a[:2]) },
		"RotateHeads short":  func() { RotateHeads(b, 2, 4, a[:2], a[:2]) },
		"StoreColumn":        func() { StoreColumn(a, b) },
		"RotateHeads heads":  func() { RotateHeads(a, -1, 4, a[:2], a[:2]) },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			f()
		})
	}
}

// benchElementwise measures f for every instruction set and length; bytes is what f reads and writes for an element.
func benchElementwise(b *testing.B, bytes int, lengths []int, f func(bufs [4][]float32)) {
	eachISABench(b, func(b *testing.B) {
		for _, n := range lengths {
			b.Run(fmt.Sprintf("n=%d", n), func(b *testing.B) {
				r := rand.New(rand.NewPCG(1, 2))
				var bufs [4][]float32
				for i := range bufs {
					bufs[i] = make([]float32, n)
					for j := range bufs[i] {
						bufs[i][j] = float32(r.NormFloat64())
					}
				}
				b.SetBytes(int64(bytes * n))
				for b.Loop() {
					f(bufs)
				}
			})
		}
	})
}
