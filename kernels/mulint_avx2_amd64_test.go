//go:build amd64 && !purego

package kernels

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/cpu"

	"nibble/kernels/internal/vnnitwin"
)

// loopsAVX2 are all loops that the level avx2 may choose from, by bits, as far as this CPU runs them, and the twin of AVX-VNNI's.
func loopsAVX2() map[string]map[int]*[2][PanelTokens]mulIntShape {
	loops := map[string]map[int]*[2][PanelTokens]mulIntShape{}
	if len(names(avx2Features(), false)) > 0 {
		return loops
	}
	loops["avx2"] = map[int]*[2][PanelTokens]mulIntShape{8: &mulInt8ShapesAVX2, 4: &mulInt4ShapesAVX2}
	if cpu.X86.HasAVXVNNI {
		loops["avxvnni"] = map[int]*[2][PanelTokens]mulIntShape{8: &mulInt8ShapesAVXVNNI, 4: &mulInt4ShapesAVXVNNI}
	}
	if cpu.X86.HasAVX512VL && cpu.X86.HasAVX512VNNI {
		loops["twin"] = map[int]*[2][PanelTokens]mulIntShape{
			8: {{vnnitwin.MulInt8x1x1, vnnitwin.MulInt8x1x2, vnnitwin.MulInt8x1x3, vnnitwin.MulInt8x1x4, vnnitwin.MulInt8x1x5, vnnitwin.MulInt8x1x6}},
			4: {{vnnitwin.MulInt4x1x1, vnnitwin.MulInt4x1x2, vnnitwin.MulInt4x1x3, vnnitwin.MulInt4x1x4, vnnitwin.MulInt4x1x5, vnnitwin.MulInt4x1x6}},
		}
	}
	return loops
}

// withLoops returns the format's products by some loops.
func (f intFormat) withLoops(loops map[int]*[2][PanelTokens]mulIntShape) (intFormat, mulPanelsFunc) {
	bits := 8
	if f.name == "int4" {
		bits = 4
	}
	f.mul = func(dst []float32, ldd int, w []byte, tiles, blocks int, a []byte, n int) {
		mulIntShapes(loops[bits], dst, ldd, w, tiles, blocks, bits, a, n)
	}
	return f, func(dst []float32, ldd int, w []byte, tiles, blocks int, a []byte, tokens int) {
		mulPanelsShapes(loops[bits], dst, ldd, w, tiles, blocks, bits, a, tokens)
	}
}

// TestMulIntLoopsAVX2 compares the loops that the dispatch does not choose on this CPU, too, with the portable kernels.
func TestMulIntLoopsAVX2(t *testing.T) {
	loops := loopsAVX2()
	if len(loops) < 2 && os.Getenv("NIBBLE_TEST_BEST_ISA") == "avx512" {
		t.Fatal("no loops with VPDPBUSD of 256 bits can run here")
	}
	for name, l := range loops {
		t.Run(name, func(t *testing.T) {
			for _, f := range intFormats {
				f, panels := f.withLoops(l)
				testMulIntAll(t, f)
				testMulIntExtremes(t, f)
				testMulPanels(t, f, panels)
			}
		})
	}
}

// TestVariant: the level avx2 uses AVX-VNNI if and only if the CPU has it, and says so; the other levels do not.
func TestVariant(t *testing.T) {
	has := strings.Contains(Features(), "avxvnni")
	eachISA(t, func(t *testing.T) {
		want := ISA()
		if want == "avx2" && has {
			want = "avx2+vnni"
		}
		if got := Variant(); got != want {
			t.Errorf("Variant is %q, want %q (features: %s)", got, want, Features())
		}
	})
	saved := cpu.X86.HasAVXVNNI
	defer func() { cpu.X86.HasAVXVNNI = saved }()
	for _, cpu.X86.HasAVXVNNI = range []bool{true, false} { // building a table runs nothing of it
		if table := buildTable("avx2"); (table.extension == "vnni") != cpu.X86.HasAVXVNNI {
			t.Errorf("HasAVXVNNI %v: extension %q", cpu.X86.HasAVXVNNI, table.extension)
		}
		if table := buildTable("avx512"); table.extension != "" {
			t.Errorf("avx512 has the extension %q of avx2", table.extension)
		}
	}
}

func BenchmarkMulInt8LoopsAVX2(b *testing.B) { benchLoopsAVX2(b, intFormats[0]) }
func BenchmarkMulInt4LoopsAVX2(b *testing.B) { benchLoopsAVX2(b, intFormats[1]) }

// benchLoopsAVX2 shows what VPDPBUSD of 256 bits gains over the loops without, by the twin where there is no AVX-VNNI.
func benchLoopsAVX2(b *testing.B, f intFormat) {
	for name, l := range loopsAVX2() {
		b.Run("loops="+name, func(b *testing.B) {
			f, panels := f.withLoops(l)
			const rows, cols = 2048, 2048
			tiles, blocks := Tiles(rows), Blocks(cols)
			w := make([]byte, tiles*blocks*f.blockBytes)
			for _, tokens := range []int{1, 2, 3, 4, 5, 6, 512} {
				b.Run(fmt.Sprintf("tokens=%d", tokens), func(b *testing.B) {
					a, dst := make([]byte, PanelBytes(tokens, blocks)), make([]float32, tokens*rows)
					b.SetBytes(int64(len(w)))
					for b.Loop() {
						panels(dst, rows, w, tiles, blocks, a, tokens)
					}
					reportGOPs(b, rows, cols, tokens)
				})
			}
		})
	}
}
