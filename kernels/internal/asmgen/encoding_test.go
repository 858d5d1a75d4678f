package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"
)

// encodedLine is an instruction written as bytes, with what it means in the comment.
var encodedLine = regexp.MustCompile(`^\s*(BYTE \$0x[0-9a-f]{2}(?:; BYTE \$0x[0-9a-f]{2})*) // (.+)$`)

// TestEncodings has the GNU disassembler decode every instruction that is written as bytes in the amd64 assembly of kernels and
// below, and compares that with the comment beside it.
func TestEncodings(t *testing.T) {
	if out, err := exec.Command("objdump", "--info").CombinedOutput(); err != nil || !strings.Contains(string(out), "i386:x86-64") && !strings.Contains(string(out), "elf64-x86-64") {
		if os.Getenv("CI") == "true" && runtime.GOARCH == "amd64" {
			t.Fatalf("objdump for amd64 is needed (Debian: apt-get install binutils): %v", err)
		}
		t.Skip("no objdump for amd64: install binutils")
	}
	var code []byte
	var want []string
	for _, pattern := range []string{"*_amd64.s", "*/*_amd64.s"} {
		paths, err := filepath.Glob(filepath.Join("..", "..", pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			for i, line := range strings.Split(string(text), "\n") {
				m := encodedLine.FindStringSubmatch(strings.TrimSuffix(line, "\r"))
				if m == nil {
					if strings.Contains(line, "BYTE $") {
						t.Errorf("%s:%d: bytes without an instruction in a comment: %s", path, i+1, line)
					}
					continue
				}
				for _, b := range strings.Split(m[1], "; ") {
					v, err := strconv.ParseUint(strings.TrimPrefix(b, "BYTE $"), 0, 8)
					if err != nil {
						t.Fatal(err)
					}
					code = append(code, byte(v))
				}
				want = append(want, m[2])
			}
		}
	}
	if len(want) < 500 {
		t.Fatalf("only %d encoded instructions found", len(want))
	}
	path := filepath.Join(t.TempDir(), "code")
	if err := os.WriteFile(path, code, 0o644); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("objdump", "-D", "-b", "binary", "-m", "i386:x86-64", "--no-show-raw-insn", path).Output()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, line := range strings.Split(string(out), "\n") {
		if address, instruction, ok := strings.Cut(line, ":\t"); ok && strings.TrimSpace(address) != "" {
			got = append(got, instruction)
		}
	}
	for i, w := range want {
		if i >= len(got) || plain(got[i]) != plain(w) {
			t.Fatalf("instruction %d of %d: the bytes mean %q, the comment says %q", i, len(want), got[min(i, len(got)-1)], w)
		}
	}
	if len(got) != len(want) {
		t.Errorf("the bytes are %d instructions, the comments %d", len(got), len(want))
	}
}

// plain removes spaces and displacements of 0, which R13 needs.
func plain(instruction string) string {
	s := strings.ReplaceAll(instruction, " 0x0(", "(")
	return strings.Join(strings.Fields(strings.ReplaceAll(s, " ", "")), "")
}
