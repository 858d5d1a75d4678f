package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"nibble/convert"
	"nibble/evalppl"
)

// cancelWriter interrupts at the first byte, as a user's Ctrl-C would.
type cancelWriter struct{ cancel context.CancelFunc }

func (w cancelWriter) Write(p []byte) (int, error) {
	w.cancel()
	return len(p), nil
}

// TestInterruptedRunGoesOn interrupts a run through its own output of losses, and resumes it twice.
func TestInterruptedRunGoesOn(t *testing.T) {
	dir := t.TempDir()
	container := filepath.Join(dir, "m.nbl")
	c, err := convert.OpenDir(filepath.Join("..", "..", "testdata", "models", "nibble-llama"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	files, err := checkpointTokenizer(os.DirFS(filepath.Join("..", "..", "testdata", "models", "nibble-llama")), onTokenIDs)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Convert(context.Background(), container, convert.Options{Type: "int8-g32", Tokenizer: files}); err != nil {
		t.Fatal(err)
	}
	text := filepath.Join("..", "..", "testdata", "text", "valid.txt")
	nibble := func(ctx context.Context, stdout io.Writer, args ...string) (int, string) {
		var stderr bytes.Buffer
		code := run(ctx, append([]string{"ppl", container, "--text", text, "--tokens", "6000", "--ctx", "64"}, args...), strings.NewReader(""), stdout, &stderr)
		return code, stderr.String()
	}
	read := func(name string) evalppl.Result {
		t.Helper()
		r, err := evalppl.ReadResult(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		r.Seconds, r.TokensPerSecond = 0, 0
		return r
	}
	whole, part := filepath.Join(dir, "whole.json"), filepath.Join(dir, "part.json")
	if code, msg := nibble(context.Background(), io.Discard, "--json", whole); code != 0 {
		t.Fatal(msg)
	}
	ctx, cancel := context.WithCancel(context.Background())
	code, msg := nibble(ctx, cancelWriter{cancel}, "--json", part, "--losses", "-")
	if code != exitInterrupted || !strings.Contains(msg, "is kept in "+part+"; go on with --resume "+part) {
		t.Fatalf("exit code %d, %s", code, msg)
	}
	r := read("part.json")
	if !r.Partial || r.Windows == 0 || r.Windows == r.TotalWindows {
		t.Fatalf("partial %v, %d of %d windows", r.Partial, r.Windows, r.TotalWindows)
	}
	// Interrupted again before the first new window: nothing is lost.
	if code, msg := nibble(ctx, io.Discard, "--json", part, "--resume", part); code != exitInterrupted {
		t.Fatalf("exit code %d, %s", code, msg)
	}
	if diff := cmp.Diff(r, read("part.json")); diff != "" {
		t.Errorf("interrupted at once (-before +after):\n%s", diff)
	}
	if code, msg := nibble(context.Background(), io.Discard, "--json", part, "--resume", part); code != 0 {
		t.Fatal(msg)
	}
	if diff := cmp.Diff(read("whole.json"), read("part.json")); diff != "" {
		t.Errorf("resumed (-whole +resumed):\n%s", diff)
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 3 {
		t.Errorf("%v is left, %v; want the container and two results", left, err)
	}
}
