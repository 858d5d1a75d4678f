package main

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
)

// TestVNNITwin: the AVX-VNNI loops and the twin that is run in their place are the same text, but for the names of functions and the
// form of VPDPBUSD: bytes (whose meaning TestEncodings has read back) here, the assembler's own instruction there.
func TestVNNITwin(t *testing.T) {
	vex := regexp.MustCompile(`^\t.* // \{vex\} vpdpbusd %ymm(\d+),%ymm(\d+),%ymm(\d+)$`)
	avx512 := regexp.MustCompile(`\b([XY](1[6-9]|[23]\d)|Z\d+|K\d)\b|\.BCST`)
	generated := files()
	for _, bits := range []int{8, 4} {
		ships := strings.Split(generated[fmt.Sprintf("mulint%d_avxvnni_amd64.s", bits)], "\n")
		twin := strings.Split(generated[fmt.Sprintf("internal/vnnitwin/mulint%d_amd64.s", bits)], "\n")
		if len(ships) != len(twin) {
			t.Fatalf("int%d: %d lines, the twin has %d", bits, len(ships), len(twin))
		}
		found := 0
		for i, line := range ships {
			want := twin[i]
			switch m := vex.FindStringSubmatch(line); {
			case m != nil:
				found++
				line = fmt.Sprintf("\tVPDPBUSD Y%s, Y%s, Y%s", m[1], m[2], m[3])
			case strings.Contains(line, "func ") || strings.HasPrefix(line, "TEXT "):
				line = strings.ReplaceAll(strings.ReplaceAll(line, "AVXVNNI(", "("), "mulInt", "MulInt")
			}
			if line != want {
				t.Errorf("int%d, line %d: %q, the twin has %q", bits, i+1, ships[i], want)
			}
		}
		if want := (1 + 2 + 3 + 4 + 5 + 6) * 8 * 2; found != want { // tokens, groups of four columns, halves of the tile
			t.Errorf("int%d: %d VPDPBUSD, want %d", bits, found, want)
		}
		for _, line := range twin { // what only AVX-512 has must not be in it
			if avx512.MatchString(line) {
				t.Errorf("int%d: the twin uses more than AVX-VNNI can: %s", bits, line)
			}
		}
	}
}
