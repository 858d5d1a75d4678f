//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package format

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// A file that is cut short while it is mapped ends Verify with an error, not the program.
func TestVerifyOfAFileCutShortWhileMapped(t *testing.T) {
	s := tinySpec()
	s.Vocab, s.Hidden = 3000, 256
	path := writeFile(t, metaFor(s), nil, plansFor(s, func(int) string { return "f32" }))
	r, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for _, size := range []int64{1 << 20, 0} {
		if err := os.Truncate(path, size); err != nil {
			t.Fatal(err)
		}
		err := r.Verify(t.Context(), nil)
		if err == nil || !strings.Contains(err.Error(), "reading the mapped file failed") {
			t.Errorf("cut to %d bytes: %v", size, err)
		}
	}
}

// A link in the place of the .part must not lead a conversion to write over what it points to.
func TestPartThatIsALink(t *testing.T) {
	dir := t.TempDir()
	victim, path := filepath.Join(dir, "victim"), filepath.Join(dir, "m.nbl")
	if err := os.WriteFile(victim, []byte("precious"), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(victim, path+".part"); err != nil {
		t.Fatal(err)
	}
	_, err := create(path, false)
	refuses(t, err, "is no regular file")
	if got := string(read(t, victim)); got != "precious" {
		t.Fatalf("%q", got)
	}
}

func TestPipesAreNotOpened(t *testing.T) {
	path := filepath.Join(t.TempDir(), "m.nbl")
	if err := syscall.Mkfifo(path, 0o666); err != nil {
		t.Fatal(err)
	}
	_, err := create(path, true)
	refuses(t, err, "is no regular file", os.ErrExist)
	w, err := os.OpenFile(path, os.O_RDWR, 0) // so that Open does not wait for a writer
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	_, err = Open(path)
	refuses(t, err, "is not a regular file")
}

// A .part that someone removed under a running conversion, and that a second conversion made anew, is the second's.
func TestPartRemovedWhileWriting(t *testing.T) {
	path := filepath.Join(t.TempDir(), "m.nbl")
	first, err := create(path, false)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(path + ".part"); err != nil {
		t.Fatal(err)
	}
	second, err := create(path, false)
	if err != nil {
		t.Fatal(err)
	}
	_, _, plans := tinyArgs()
	writeAll(t, first, plans)
	refuses(t, first.Commit(), "was removed or replaced by another program")
	if err := first.Abort(); err != nil {
		t.Fatal(err)
	}
	finish(t, second)
	r, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if err := r.Verify(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
}

func TestDiskFullSaysSo(t *testing.T) {
	path := filepath.Join(t.TempDir(), "m.nbl")
	w, err := create(path, false)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Abort()
	w.f = &failing{partFile: w.f, failure: &os.PathError{Op: "write", Path: path + ".part", Err: syscall.ENOSPC}}
	tw, err := w.Tensor(0)
	if err != nil {
		t.Fatal(err)
	}
	_, err = tw.Write([]byte{1, 2})
	refuses(t, err, "the disk is full, the container needs", syscall.ENOSPC)
	refuses(t, explainReserve(77, syscall.ENOSPC), "the disk is full, the container needs 77 bytes", syscall.ENOSPC)
	refuses(t, explainReserve(77, syscall.EFBIG), "reserving 77 bytes", syscall.EFBIG)
}
