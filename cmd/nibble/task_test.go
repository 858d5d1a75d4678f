package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"nibble/evalppl/tasks"
)

// TestInterruptedTask interrupts a run through its own output of items: what was answered before is kept, marked as partial, and is what
// a whole run says of those items; a run that goes on from it ends as a whole one.
func TestInterruptedTask(t *testing.T) {
	dir := t.TempDir()
	container, data := filepath.Join(dir, "m.nbl"), filepath.Join("..", "..", "testdata", "lmeval", "items", "hellaswag.jsonl")
	nibble := func(ctx context.Context, stdout *cancelAfter, args ...string) (int, string) {
		var stderr bytes.Buffer
		code := run(ctx, args, strings.NewReader(""), stdout, &stderr)
		return code, stderr.String()
	}
	task := func(args ...string) []string {
		return append([]string{"task", container, "--task", "hellaswag", "--data", data}, args...)
	}
	if code, msg := nibble(context.Background(), &cancelAfter{}, "convert", filepath.Join("..", "..", "testdata", "models", "nibble-llama"), "--type", "int8-g32", "-o", container); code != 0 {
		t.Fatal(msg)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	part, whole := filepath.Join(dir, "part.json"), filepath.Join(dir, "whole.json")
	out := &cancelAfter{cancel: cancel}
	code, msg := nibble(ctx, out, task("--json", part, "--items", "-")...)
	r, err := tasks.ReadResult(part)
	if err != nil {
		t.Fatalf("exit code %d, %s: %v", code, msg, err)
	}
	if code != exitInterrupted || !strings.Contains(msg, fmt.Sprintf("nibble: what is answered so far (%d of 40 items) is kept in %s; go on with --resume %s\n", r.Items, part, part)) {
		t.Errorf("exit code %d, %s", code, msg)
	}
	lines := strings.SplitAfter(out.String(), "\n")
	if !r.Partial || r.Items == 0 || r.Items >= r.ItemsWanted || len(lines) < r.Items || lines[len(lines)-1] != "" {
		t.Fatalf("partial %v, %d of %d items, %d lines", r.Partial, r.Items, r.ItemsWanted, len(lines)-1)
	}
	var printed cancelAfter
	if code, msg := nibble(context.Background(), &printed, "task", part); code != 0 || !strings.Contains(printed.String(), fmt.Sprintf("interrupted after %d of 40: the figures are of those alone", r.Items)) {
		t.Errorf("exit code %d, %s%s", code, msg, printed.String())
	}
	if code, msg := nibble(context.Background(), &cancelAfter{}, task("--json", whole)...); code != 0 {
		t.Fatal(msg)
	}
	w, err := tasks.ReadResult(whole)
	if err != nil {
		t.Fatal(err)
	}
	if first := w.Models[0].Outcomes.Acc[:r.Items]; first != r.Models[0].Outcomes.Acc {
		t.Errorf("interrupted: %s, want %s", r.Models[0].Outcomes.Acc, first)
	}
	// Interrupted again before the first new item: nothing is lost.
	if code, msg := nibble(ctx, &cancelAfter{}, task("--json", part, "--resume", part)...); code != exitInterrupted {
		t.Errorf("exit code %d, %s", code, msg)
	}
	if again, err := tasks.ReadResult(part); err != nil || again.Items != r.Items {
		t.Errorf("%d items, %v, want %d", again.Items, err, r.Items)
	}
	if code, msg := nibble(context.Background(), &cancelAfter{}, task("--json", part, "--resume", part)...); code != 0 {
		t.Fatal(msg)
	}
	resumed, err := tasks.ReadResult(part)
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range []*tasks.Result{&w, &resumed} {
		m := &x.Models[0]
		m.Seconds, m.TokensPerSecond = 0, 0
	}
	if d := cmp.Diff(w, resumed); d != "" {
		t.Errorf("(-whole +resumed):\n%s", d)
	}
	// Interrupted before the first item: nothing is written.
	if code, _ := nibble(ctx, &cancelAfter{}, task("--json", filepath.Join(dir, "none.json"), "--items", filepath.Join(dir, "none.jsonl"))...); code != exitInterrupted {
		t.Errorf("exit code %d, want %d", code, exitInterrupted)
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 3 {
		t.Errorf("%v is left, %v; want the container and two results", left, err)
	}
}

// cancelAfter keeps what is written, and interrupts at the first byte.
type cancelAfter struct {
	bytes.Buffer
	cancel context.CancelFunc
}

func (w *cancelAfter) Write(p []byte) (int, error) {
	if w.cancel != nil {
		w.cancel()
	}
	return w.Buffer.Write(p)
}
