package main

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"nibble/format"
)

// runNibble runs a command line within the test.
func runNibble(stdin string, args ...string) (code int, stdout, stderr string) {
	var out, errs bytes.Buffer
	code = run(context.Background(), args, strings.NewReader(stdin), &out, &errs)
	return code, out.String(), errs.String()
}

var damagedPart = regexp.MustCompile(`: (header|metadata|tokenizer|index|padding before [a-z]+(?: "[^"]+")?|tensor "[^"]+") at offset ([0-9]+): `)

// TestVerifyFindsEveryBit flips random bits of a container, one at a time: verify must end with a failure and name the part.
// Random places are mostly in tensors, so as many are taken from the front, where everything else is, and some from the padding
// between tensors.
func TestVerifyFindsEveryBit(t *testing.T) {
	path := filepath.Join(t.TempDir(), "m.nbl")
	folder := filepath.Join("..", "..", "testdata", "models", "nibble-llama")
	if code, _, stderr := runNibble("", "convert", folder, "--type", "int4-g32", "-o", path); code != 0 {
		t.Fatal(stderr)
	}
	r, err := format.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	tensors, size := r.Tensors(), r.Size()
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	// tensorAt returns the tensor that a byte belongs to; empty: padding, or the front.
	tensorAt := func(at int64) string {
		for _, x := range tensors {
			if at >= x.Offset && at < x.Offset+x.Bytes {
				return x.Name
			}
		}
		return ""
	}
	front := tensors[0].Offset
	rng := rand.New(rand.NewPCG(4, 2))
	var places []int64
	for range 150 {
		places = append(places, rng.Int64N(size), rng.Int64N(front))
	}
	// Every byte of the fixed header, the padding that ends the index, and the byte after each tensor that the next one does not
	// follow directly.
	places = append(places, front-1, front-9)
	for at := range int64(256) {
		places = append(places, at)
	}
	for i := 1; i < len(tensors); i++ {
		if end := tensors[i-1].Offset + tensors[i-1].Bytes; end < tensors[i].Offset {
			places = append(places, end)
		}
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	found := map[string]int{}
	for _, at := range places {
		var b [1]byte
		bit := byte(1) << rng.IntN(8)
		flip := func() {
			t.Helper()
			if _, err := f.ReadAt(b[:], at); err != nil {
				t.Fatal(err)
			}
			b[0] ^= bit
			if _, err := f.WriteAt(b[:], at); err != nil {
				t.Fatal(err)
			}
		}
		flip()
		code, stdout, stderr := runNibble("", "verify", path)
		flip()
		where := fmt.Sprintf("byte %d of %d, bit %#02x", at, size, bit)
		if code != exitFailure || stdout != "" {
			t.Errorf("%s: exit code %d, want %d; printed %q", where, code, exitFailure, stdout)
			continue
		}
		m := damagedPart.FindStringSubmatch(stderr)
		if m == nil {
			t.Errorf("%s: no part of the container is named: %s", where, stderr)
			continue
		}
		if name := tensorAt(at); name != "" && m[1] != fmt.Sprintf("tensor %q", name) {
			t.Errorf("%s in tensor %q: named %s", where, name, m[1])
		} else if name == "" && at >= front && !strings.HasPrefix(m[1], "padding before tensor ") {
			t.Errorf("%s between tensors: named %s, want the padding before a tensor", where, m[1])
		}
		part, _, _ := strings.Cut(m[1], " ")
		found[part]++
	}
	for _, part := range []string{"header", "metadata", "tokenizer", "index", "padding", "tensor"} {
		if found[part] == 0 {
			t.Errorf("no flip was found in the %s: %v", part, found)
		}
	}
	t.Logf("%d flips: %v", len(places), found)
	if code, _, stderr := runNibble("", "verify", path); code != 0 {
		t.Errorf("the container with every bit back in its place: %s", stderr)
	}
}
