package kernels

import (
	"fmt"
	"os"
	"slices"
	"strings"
)

// table holds one implementation of every kernel. A field has the exported function's signature and is only called by it,
// after the exported function has checked all slice lengths.
type table struct {
	name      string
	extension string // what the integer products use and not every CPU of the level has, or ""

	// Matrix products and what feeds them.
	quantizePanel func(dst []byte, x []float32, ldx, n, cols int, zero int32)
	mulInt8       func(dst []float32, ldd int, w []byte, tiles, blocks int, a []byte, n int)
	mulInt4       func(dst []float32, ldd int, w []byte, tiles, blocks int, a []byte, n int)
	mulInt8Panels func(dst []float32, ldd int, w []byte, tiles, blocks int, a []byte, tokens int)
	mulInt4Panels func(dst []float32, ldd int, w []byte, tiles, blocks int, a []byte, tokens int)
	mulF32        func(dst []float32, ldd int, w []float32, tiles, tileStride, cols int, x []float32, ldx, n int)
	mulF16        func(dst []float32, ldd int, w []byte, tiles, cols int, x []float32, ldx, n int)
	mulBF16       func(dst []float32, ldd int, w []byte, tiles, tileStride, cols int, x []float32, ldx, n int)
	mulBF16Dot    func(dst []float32, ldd int, w []byte, tiles, tileStride, cols int, a []byte, n int)
	packBF16      func(dst []byte, x []float32)
	hasBF16Dot    bool // mulBF16Dot is not the portable one
	mulInt16      func(dst []float32, ldd int, w []uint32, tiles, cols int, a []uint32, lda, n int)
	quantizeInt16 func(dst []uint32, x []float32, ldx, n, cols int)
	mulValues     func(dst []float32, ldd int, w []byte, tiles, tileStride, positions int, p []float32, ldp, n int)
	storeValue    func(dst []byte, tileStride int, odd bool, x []float32)
	probabilities func(s []float32, f float32)

	valuesUpperFirst bool // the upper half of a word of values is the earlier position
	decodeInt8       func(dst []float32, w []byte, blocks int)
	decodeInt4       func(dst []float32, w []byte, blocks int)

	// Conversion.
	encodeF32, encodeF16, encodeBF16, encodeInt8, encodeInt4                     func(dst []byte, src []float32, ld, blocks int)
	decodeRowsF32, decodeRowsF16, decodeRowsBF16, decodeRowsInt8, decodeRowsInt4 func(dst []float32, ld int, w []byte, blocks int)
	encodeErrorsInt8, encodeErrorsInt4                                           func(dst []byte, src []float32, ld, blocks int, e *BlockErrors)
	widenF16, widenBF16                                                          func(dst []float32, src []byte)
	transpose                                                                    func(dst []float32, ldd int, src []float32, rows, cols int)
	maxMagnitude                                                                 func(x []float32) uint32
	errorSums                                                                    func(s *errorSums, x, y []float32)

	// Element-wise work. The kernels whose exported function has several steps are the steps (softmax.go, norm.go).
	add         func(dst, x []float32)
	scale       func(x []float32, f float32)
	exp         func(dst, x []float32)
	max         func(x []float32, scale float32) float32
	expSum      func(dst, x []float32, scale, largest float32) float64
	sumExp      func(x []float32, largest float32) float64
	rotate      func(x []float32, heads, stride int, cos, sin []float32)
	silu        func(dst, x []float32)
	siluMul     func(dst, gate, up []float32)
	geluTanh    func(dst, x []float32)
	geluTanhMul func(dst, gate, up []float32)
	gelu        func(dst, x []float32)
	geluMul     func(dst, gate, up []float32)
	relu        func(dst, x []float32)

	sum                  func(x []float32) float64
	addSum               func(x, delta []float32) float64
	sumSquares           func(x []float32) float64
	addSumSquares        func(x, delta []float32) float64
	sumSquaredDeviations func(x []float32, mean float64) float64
	rmsScale             func(dst, x, gain []float32, factor float32)
	centerScale          func(dst, x, gain, bias []float32, mean, factor float64)
}

// instructionSet is one level of kernels. Levels are listed from the most portable to the fastest, and each one starts from the
// table of the level named base, so a level only registers what it does better.
type instructionSet struct {
	name, base string
	// missing returns the CPU features that the level's assembly uses and this CPU lacks; nil: it can run.
	missing func() []string
}

// instructionSets is extended for each architecture by archSets (dispatch_amd64.go, dispatch_arm64.go, dispatch_noasm.go).
func instructionSets() []instructionSet {
	return append([]instructionSet{{name: "generic", missing: func() []string { return nil }}}, archSets()...)
}

// registered holds the functions that enter kernels into the table of a level. It is complete before any init function runs
// and never changes afterwards.
var registered = map[string][]func(*table){}

// register enters kernels into the tables of instruction set isa (and of the levels built on it). It is called from variable
// declarations, which run before the package's init function:
//
//	var _ = register("avx512", func(t *table) { t.add = addAVX512 })
func register(isa string, fill func(*table)) bool {
	registered[isa] = append(registered[isa], fill)
	return true
}

// active is the implementation in use: the package's only mutable state. It is set at start and by Init.
var active table

var errInit error

func init() {
	best := Available()
	use := best[len(best)-1]
	active = buildTable(use)
	// A bad value must not panic here: the command asks InitError and answers in its own words.
	if name := os.Getenv("NIBBLE_ISA"); name != "" {
		if err := Init(name); err != nil {
			errInit = fmt.Errorf("kernels: environment variable NIBBLE_ISA: %w", err)
		}
	}
}

// buildTable returns the kernels of a level of this architecture, whether this CPU can run it or not.
func buildTable(name string) table {
	sets := instructionSets()
	i := slices.IndexFunc(sets, func(s instructionSet) bool { return s.name == name })
	var t table
	if sets[i].base != "" {
		t = buildTable(sets[i].base)
	}
	for _, fill := range registered[name] {
		fill(&t)
	}
	t.name = name
	return t
}

// ISA returns the name of the instruction set in use: "generic", "avx2", "avx512" or "neon".
func ISA() string { return active.name }

// Variant returns ISA() with the extension that its integer products use where the CPU has it: "avx2+vnni" or "neon+i8mm". Results
// are the same bits with and without, so it says something of speed only. GODEBUG=cpu.avxvnni=off and cpu.i8mm=off turn them off.
func Variant() string {
	if active.extension == "" {
		return active.name
	}
	return active.name + "+" + active.extension
}

// Available returns the names of the instruction sets that this CPU can run and this binary has, the best one last.
func Available() []string {
	var names []string
	for _, s := range instructionSets() {
		if len(s.missing()) == 0 {
			names = append(names, s.name)
		}
	}
	return names
}

// Init makes the named instruction set the one in use. An unknown name, or one whose instructions this CPU lacks, is an error
// that lists what is possible, and changes nothing. Init must not be called while kernels run.
func Init(name string) error {
	possible := strings.Join(Available(), ", ")
	for _, s := range instructionSets() {
		if s.name != name {
			continue
		}
		if missing := s.missing(); len(missing) > 0 {
			return fmt.Errorf("instruction set %q: this CPU lacks %s; it can run: %s", name, strings.Join(missing, ", "), possible)
		}
		active = buildTable(name)
		return nil
	}
	if slices.Contains([]string{"avx2", "avx512", "neon"}, name) {
		return fmt.Errorf("instruction set %q: not in this binary (another architecture, or built with the tag purego); it can run: %s", name, possible)
	}
	return fmt.Errorf("instruction set %q: no such name; this CPU can run: %s", name, possible)
}

// InitError returns what was wrong with the environment variable NIBBLE_ISA at start, or nil. The best available set is in use
// then; a command should refuse to run rather than measure something else than what was asked for.
func InitError() error { return errInit }

// Features returns the CPU features that kernels of this package ask for and this CPU has, separated by spaces, for example
// "avx2 fma f16c avx512f avx512bw avx512vl avx512vnni".
func Features() string { return strings.Join(archFeatures(), " ") }
