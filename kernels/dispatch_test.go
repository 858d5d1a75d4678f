package kernels

import (
	"os"
	"os/exec"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// TestTables checks that every instruction set, available here or not, has every kernel.
func TestTables(t *testing.T) {
	for _, s := range instructionSets() {
		v := reflect.ValueOf(buildTable(s.name))
		for i := range v.NumField() {
			if f := v.Field(i); f.Kind() == reflect.Func && f.IsNil() {
				t.Errorf("%s: no kernel %s", s.name, v.Type().Field(i).Name)
			}
		}
	}
	for name := range registered {
		if !slices.ContainsFunc(instructionSets(), func(s instructionSet) bool { return s.name == name }) {
			t.Errorf("kernels are registered for %q, which is no instruction set of this architecture", name)
		}
	}
}

// TestAssemblyRuns checks that a set's own kernels are in use and not the portable ones under another name.
func TestAssemblyRuns(t *testing.T) {
	generic := reflect.ValueOf(buildTable("generic"))
	for _, name := range Available()[1:] {
		v := reflect.ValueOf(buildTable(name))
		for _, field := range []string{"quantizePanel", "mulInt8", "mulInt4", "mulInt8Panels", "mulInt4Panels", "mulF32", "mulF16", "mulBF16", "mulInt16", "quantizeInt16",
			"mulValues", "storeValue", "probabilities", "decodeInt8", "decodeInt4",
			"add", "scale", "exp", "max", "expSum", "sumExp", "rotate", "silu", "siluMul", "geluTanh", "geluTanhMul", "gelu", "geluMul", "relu",
			"sum", "addSum", "sumSquares", "addSumSquares", "sumSquaredDeviations", "rmsScale", "centerScale"} {
			if v.FieldByName(field).Pointer() == generic.FieldByName(field).Pointer() {
				t.Errorf("%s: %s is the portable kernel", name, field)
			}
		}
		conversion := []string{"packBF16", "encodeF32", "encodeF16", "encodeBF16", "encodeInt8", "encodeInt4",
			"decodeRowsF32", "decodeRowsF16", "decodeRowsBF16", "decodeRowsInt8", "decodeRowsInt4", "encodeErrorsInt8", "encodeErrorsInt4", "widenF16", "widenBF16", "maxMagnitude", "errorSums"}
		own := map[string][]string{
			"avx2":   {"packBF16"},
			"neon":   conversion,
			"avx512": append([]string{"transpose"}, conversion...),
		}
		for _, field := range own[name] {
			if v.FieldByName(field).Pointer() == generic.FieldByName(field).Pointer() {
				t.Errorf("%s: %s is the portable kernel", name, field)
			}
		}
		portable := v.FieldByName("mulBF16Dot").Pointer() == generic.FieldByName("mulBF16Dot").Pointer()
		if has := v.FieldByName("hasBF16Dot").Bool(); has == portable || has != (name == "avx512" && strings.Contains(Features(), "avx512bf16")) {
			t.Errorf("%s: hasBF16Dot is %v, the kernel is portable: %v, features: %s", name, has, portable, Features())
		}
	}
}

func TestInit(t *testing.T) {
	before := ISA()
	for _, name := range []string{"", "sse9", "neon2"} {
		if err := Init(name); err == nil || !strings.Contains(err.Error(), "it can run: generic") && !strings.Contains(err.Error(), "can run: generic") {
			t.Errorf("Init(%q): %v", name, err)
		}
	}
	if ISA() != before {
		t.Errorf("a failed Init changed the set from %s to %s", before, ISA())
	}
	for _, name := range Available() {
		if err := Init(name); err != nil || ISA() != name {
			t.Errorf("Init(%q): %v, set is %s", name, err, ISA())
		}
	}
	if err := Init(before); err != nil {
		t.Fatal(err)
	}
}

// TestEnvironment runs this test's binary with values of NIBBLE_ISA and with CPU features switched off.
func TestEnvironment(t *testing.T) {
	if os.Getenv("KERNELS_TEST_PRINT_ISA") != "" {
		_, _ = os.Stdout.WriteString("isa=" + ISA() + " ")
		if HasBF16Dot() {
			_, _ = os.Stdout.WriteString("bf16dot ")
		}
		if err := InitError(); err != nil {
			_, _ = os.Stdout.WriteString("error=" + err.Error())
		}
		_, _ = os.Stdout.WriteString("end")
		return
	}
	for _, test := range []struct{ isa, godebug, needs, want string }{
		{"generic", "", "generic", "isa=generic "},
		{"avx2", "", "avx2", "isa=avx2 "},
		{"avx512", "", "avx512", "isa=avx512 "},
		{"", "cpu.avx512vnni=off", "avx512", "isa=avx2 "},
		{"", "cpu.avx512bw=off", "avx512", "isa=avx2 "},
		{"", "cpu.avx512bf16=off", "avx512", "isa=avx512 end"},
		{"", "cpu.f16c=off", "avx2", "isa=generic "},
		{"", "cpu.fma=off", "avx2", "isa=generic "},
		{"neon", "", "neon", "isa=neon "},
		{"", "cpu.asimddp=off", "neon", "isa=generic "},
		{"", "cpu.i8mm=off", "neon", "isa=neon "},
		{"neon", "cpu.asimddp=off", "neon", "error=kernels: environment variable NIBBLE_ISA: instruction set \"neon\": this CPU lacks asimddp"},
		{"avx512", "cpu.avx512vl=off", "avx512", "error=kernels: environment variable NIBBLE_ISA: instruction set \"avx512\": this CPU lacks avx512vl"},
		{"fast", "", "generic", "error=kernels: environment variable NIBBLE_ISA: instruction set \"fast\": no such name"},
	} {
		if !slices.Contains(Available(), test.needs) {
			continue
		}
		cmd := exec.Command(os.Args[0], "-test.run=^TestEnvironment$")
		cmd.Env = append(os.Environ(), "KERNELS_TEST_PRINT_ISA=1", "NIBBLE_ISA="+test.isa, "GODEBUG="+test.godebug)
		out, err := cmd.CombinedOutput()
		if err != nil || !strings.Contains(string(out), test.want) {
			t.Errorf("NIBBLE_ISA=%s GODEBUG=%s: %v, output %q, want %q", test.isa, test.godebug, err, out, test.want)
		}
	}
}

// TestExpectedISA fails where a machine was promised to run a set (CI under an emulated CPU) and does not.
func TestExpectedISA(t *testing.T) {
	want := os.Getenv("NIBBLE_TEST_BEST_ISA")
	if want == "" {
		t.Skip("NIBBLE_TEST_BEST_ISA is not set")
	}
	if got := Available()[len(Available())-1]; got != want {
		t.Errorf("the best set of this CPU is %s (features: %s), want %s", got, Features(), want)
	}
	if want, ok := os.LookupEnv("NIBBLE_TEST_FEATURES"); ok && Features() != want {
		t.Errorf("this CPU has the features %q, want %q", Features(), want)
	}
}

// TestNoAllocations: kernels never allocate, not even the copying paths of the float products.
func TestNoAllocations(t *testing.T) {
	const tiles, blocks, n = 3, 32, 13
	x, dst := make([]float32, n*1024), make([]float32, n*1024*TileRows)
	w, wf, a := make([]byte, tiles*blocks*2*512), make([]float32, tiles*1024*TileRows), make([]byte, PanelBytes(n, blocks))
	packed := make([]byte, PackedBF16Bytes(n, 1000))
	eachISA(t, func(t *testing.T) {
		for name, f := range map[string]func(){
			"QuantizePanel": func() { QuantizePanel(a, x, 1024, 6, 1000, Int8Zero) },
			"MulInt8":       func() { MulInt8(dst, 48, w, tiles, blocks, a, 6) },
			"MulInt4":       func() { MulInt4(dst, 48, w, tiles, blocks, a, 6) },
			"MulInt8Panels": func() { MulInt8Panels(dst, 48, w, tiles, blocks, a, n) },
			"MulInt4Panels": func() { MulInt4Panels(dst, 48, w, tiles, blocks, a, n) },
			"MulF32":        func() { MulF32(dst, 48, wf, tiles, 1024*TileRows, 1024, x, 1024, n) },
			"MulF32 few":    func() { MulF32(dst, 48, wf, tiles, 1024*TileRows, 1024, x, 1024, 5) },
			"MulF16":        func() { MulF16(dst, 48, w, tiles, 1024, x, 1024, n) },
			"MulBF16":       func() { MulBF16(dst, 48, w, tiles, F16TileBytes(1024), 1024, x, 1024, n) },
			"MulBF16Dot":    func() { MulBF16Dot(dst, 48, w, tiles, F16TileBytes(1000), 1000, packed, n) },
			"PackBF16":      func() { PackBF16(packed, x, 1000, n, 1000) },
			"DecodeInt8":    func() { DecodeInt8(dst, w, blocks) },
			"DecodeInt4":    func() { DecodeInt4(dst, w, blocks) },
		} {
			if allocs := testing.AllocsPerRun(1, f); allocs != 0 {
				t.Errorf("%s: %v allocations", name, allocs)
			}
		}
	})
}
