package format

import (
	"errors"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"testing"
)

func TestTensorWriterErrors(t *testing.T) {
	_, _, plans := tinyArgs()
	data := fill(t, plans[0], 1)
	for _, c := range []struct {
		says string
		do   func(w *Writer, tw *TensorWriter) error
	}{
		{"2047 bytes written, planned are 2048", func(_ *Writer, tw *TensorWriter) error {
			_, _ = tw.Write(data[1:])
			return tw.Close(TensorError{})
		}},
		{"2048 bytes after 1, planned are 2048", func(_ *Writer, tw *TensorWriter) error {
			_, _ = tw.Write(data[:1])
			n, err := tw.Write(data)
			if n != 0 {
				t.Errorf("wrote %d bytes", n)
			}
			return err
		}},
		{"must be finite", func(_ *Writer, tw *TensorWriter) error {
			_, _ = tw.Write(data)
			return tw.Close(TensorError{SQNR: math.Inf(1)})
		}},
		{"must not be negative", func(_ *Writer, tw *TensorWriter) error {
			_, _ = tw.Write(data)
			return tw.Close(TensorError{RMSE: -1})
		}},
		{"of an exact tensor", func(_ *Writer, tw *TensorWriter) error {
			_, _ = tw.Write(data)
			return tw.Close(TensorError{SQNR: 3, Exact: true})
		}},
	} {
		dir := t.TempDir()
		w, err := create(filepath.Join(dir, "m.nbl"), false)
		if err != nil {
			t.Fatal(err)
		}
		tw, err := w.Tensor(0)
		if err != nil {
			t.Fatal(err)
		}
		refuses(t, c.do(w, tw), c.says)
		refuses(t, c.do(w, tw), `tensor "embed.tokens"`)
		// Nothing can be committed after it.
		refuses(t, w.Commit(), c.says)
		if err := w.Abort(); err != nil {
			t.Fatal(err)
		}
		if files(t, dir) != "" {
			t.Errorf("%s: left %s", c.says, files(t, dir))
		}
	}
}

func TestWriterOrder(t *testing.T) {
	dir := t.TempDir()
	w, err := create(filepath.Join(dir, "m.nbl"), false)
	if err != nil {
		t.Fatal(err)
	}
	_, _, plans := tinyArgs()
	for _, i := range []int{-1, len(plans)} {
		if _, err := w.Tensor(i); err == nil {
			t.Errorf("tensor %d of %d", i, len(plans))
		}
	}
	tw, err := w.Tensor(0)
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.Tensor(0)
	refuses(t, err, `tensor "embed.tokens" has been begun already`)
	if _, err := tw.Write(fill(t, plans[0], 1)); err != nil {
		t.Fatal(err)
	}
	refuses(t, w.Commit(), `tensor "embed.tokens" has not been written`)
	if err := tw.Close(TensorError{}); err != nil {
		t.Fatal(err)
	}
	refuses(t, tw.Close(TensorError{}), "has been closed already")
	refuses(t, w.Commit(), `tensor "embed.positions" has not been written`)
	if err := w.Abort(); err != nil {
		t.Fatal(err)
	}
	if err := w.Abort(); err != nil {
		t.Fatal(err)
	}
	_, err = w.Tensor(1)
	refuses(t, err, "embed.positions", fs.ErrClosed)
	refuses(t, w.Commit(), "commit", fs.ErrClosed)
	if files(t, dir) != "" {
		t.Error(files(t, dir))
	}
}

// failing is a .part on a disk that fails.
type failing struct {
	partFile
	writes  int // that succeed
	sync    error
	failure error
}

func (f *failing) WriteAt(p []byte, off int64) (int, error) {
	if f.writes--; f.writes < 0 {
		return len(p) / 2, f.failure
	}
	return f.partFile.WriteAt(p, off)
}

func (f *failing) Sync() error { return f.sync }

// Whatever write fails: an error, the old file, no .part.
func TestFailingDisk(t *testing.T) {
	_, _, plans := tinyArgs()
	broken := errors.New("input/output error")
	for n := range len(plans) + 5 {
		dir := t.TempDir()
		path := filepath.Join(dir, "m.nbl")
		if err := os.WriteFile(path, []byte("old"), 0o666); err != nil {
			t.Fatal(err)
		}
		w, err := create(path, true)
		if err != nil {
			t.Fatal(err)
		}
		f := &failing{partFile: w.f, writes: n, failure: broken}
		if n == len(plans)+4 { // all writes succeed: metadata, tokenizer, index, header
			f.sync = broken
		}
		w.f = f
		var first error
		for i, p := range plans {
			tw, err := w.Tensor(i)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := tw.Write(fill(t, p, 1)); err != nil {
				first = err
				break
			}
			if err := tw.Close(TensorError{}); err != nil {
				t.Fatal(err)
			}
		}
		if first != nil {
			refuses(t, first, "write "+path+": tensor", broken)
		}
		refuses(t, w.Commit(), path, broken)
		if err := w.Abort(); err != nil {
			t.Fatal(err)
		}
		if got := string(read(t, path)); got != "old" || files(t, dir) != "m.nbl" {
			t.Fatalf("%q, files %s", got, files(t, dir))
		}
	}
}
