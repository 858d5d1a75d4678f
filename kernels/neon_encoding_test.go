package kernels

import (
	"encoding/binary"
	"fmt"
	"go/constant"
	"go/token"
	"go/types"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// neonMacro is one instruction of neon_arm64.h.
type neonMacro struct {
	name, disassembly string
	params            []string
	expr              string
}

var (
	neonDefine = regexp.MustCompile(`^#define (\w+)\(([a-z, ]+)\) WORD \$\((.*)\)$`)
	neonParam  = regexp.MustCompile(`\b[dnmls]\b`)
)

func readNEONMacros(t *testing.T) []neonMacro {
	t.Helper()
	text, err := os.ReadFile("neon_arm64.h")
	if err != nil {
		t.Fatal(err)
	}
	var macros []neonMacro
	var above string
	for i, line := range strings.Split(string(text), "\n") {
		if strings.HasPrefix(line, "#") {
			m := neonDefine.FindStringSubmatch(line)
			disassembly, ok := strings.CutPrefix(above, "// ")
			if m == nil || !ok {
				t.Fatalf("neon_arm64.h:%d: want a line with the disassembly, then #define NAME(registers) WORD $(expression)", i+1)
			}
			macros = append(macros, neonMacro{m[1], disassembly, strings.Split(m[2], ", "), m[3]})
		}
		above = line
	}
	return macros
}

// word evaluates the macro as the assembler does: Go's operators have the same precedence there.
func (m neonMacro) word(t *testing.T, args map[string]int) uint32 {
	t.Helper()
	expr := neonParam.ReplaceAllStringFunc(m.expr, func(p string) string { return strconv.Itoa(args[p]) })
	tv, err := types.Eval(token.NewFileSet(), nil, token.NoPos, expr)
	if err != nil {
		t.Fatalf("%s: %v", m.name, err)
	}
	v, exact := constant.Uint64Val(constant.ToInt(tv.Value))
	if !exact || v>>32 != 0 {
		t.Fatalf("%s: %s is not a 32-bit word", m.name, expr)
	}
	return uint32(v)
}

// TestNEONEncoding has every macro disassembled for registers that have each bit of each field set and clear.
func TestNEONEncoding(t *testing.T) {
	const objdump = "aarch64-linux-gnu-objdump"
	if _, err := exec.LookPath(objdump); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("%s is missing: install binutils-aarch64-linux-gnu", objdump)
		}
		t.Skipf("%s is missing (Debian: binutils-aarch64-linux-gnu)", objdump)
	}
	macros := readNEONMacros(t)
	if len(macros) < 40 {
		t.Fatalf("found only %d macros", len(macros))
	}
	var code []byte
	var want, what []string
	for _, m := range macros {
		for _, r := range [][3]int{{0, 1, 2}, {31, 0, 0}, {0, 31, 0}, {0, 0, 31}, {21, 10, 17}, {10, 21, 14}} {
			for _, s := range []int{1, 8, 23, 24, 31} {
				args := map[string]int{"d": r[0], "n": r[1], "m": r[2], "l": r[2] & 15, "s": s}
				text := m.disassembly
				for name, v := range args {
					text = strings.ReplaceAll(text, "{"+name+"}", strconv.Itoa(v))
				}
				code = binary.LittleEndian.AppendUint32(code, m.word(t, args))
				if m.name == "ORR_16B" && r[1] == r[2] { // which is MOV
					text = fmt.Sprintf("mov v%d.16b, v%d.16b", r[0], r[1])
				}
				want, what = append(want, text), append(what, fmt.Sprintf("%s%v", m.name, args))
			}
		}
	}
	path := filepath.Join(t.TempDir(), "code")
	if err := os.WriteFile(path, code, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(objdump, "-D", "-b", "binary", "-m", "aarch64", "--no-show-raw-insn", path).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	var got []string
	for _, line := range strings.Split(string(out), "\n") {
		if at, text, ok := strings.Cut(line, ":\t"); ok && strings.HasPrefix(at, " ") {
			got = append(got, strings.Join(strings.Fields(text), " "))
		}
	}
	if len(got) != len(want) {
		t.Fatalf("%d instructions disassembled, want %d:\n%s", len(got), len(want), out)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("%s encodes %q, want %q", what[i], got[i], want[i])
		}
	}
}

// TestNEONWords: no assembly has encoded words but those of the macros, and no register or shift given as a number to a macro is
// out of range, which would set bits of another field.
func TestNEONWords(t *testing.T) {
	macros := map[string]neonMacro{}
	for _, m := range readNEONMacros(t) {
		macros[m.name] = m
	}
	files, err := filepath.Glob("*_arm64.[sh]")
	if err != nil || len(files) == 0 {
		t.Fatal("no assembly found: ", err)
	}
	use := regexp.MustCompile(`\b([A-Z][A-Z0-9_]*)\(([^()]*)\)`)
	found := 0
	for _, file := range files {
		if file == "neon_arm64.h" {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), "WORD") {
			t.Errorf("%s has an encoded word: make it a macro of neon_arm64.h", file)
		}
		for _, u := range use.FindAllStringSubmatch(string(text), -1) {
			m, ok := macros[u[1]]
			if !ok {
				continue
			}
			found++
			args := strings.Split(u[2], ",")
			if len(args) != len(m.params) {
				t.Errorf("%s: %s: want %d arguments", file, u[0], len(m.params))
				continue
			}
			for i, a := range args {
				v, err := strconv.Atoi(strings.TrimSpace(a))
				if err == nil && (v < 0 || v > 31 || m.params[i] == "l" && v > 15 || m.params[i] == "s" && v == 0 && m.name == "SSHR_4S") {
					t.Errorf("%s: %s: %s is out of range", file, u[0], m.params[i])
				}
			}
		}
	}
	if found < 100 {
		t.Errorf("only %d uses of macros found", found)
	}
}
