package tempfile

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestCreate(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	t.Setenv("TMP", dir)
	f, err := Create("a test")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt([]byte("x"), 5); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 1)
	if _, err := f.ReadAt(b, 5); err != nil || b[0] != 'x' {
		t.Errorf("read %q, %v", b, err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestCreateNowhere(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "absent")
	t.Setenv("TMPDIR", dir)
	t.Setenv("TMP", dir)
	_, err := Create("the tokens of a text")
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{"the tokens of a text", dir, "set TM"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%v: no %q in it", err, want)
		}
	}
}
