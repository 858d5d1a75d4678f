package format

import (
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
)

// CreateOptions say how a container is created.
type CreateOptions struct {
	Force bool // replace an existing file, at Commit
}

// partFile is what a Writer needs of an *os.File.
type partFile interface {
	io.WriterAt
	io.Closer
	Sync() error
}

// Writer writes a container to PATH.part and renames it to PATH at the end: PATH is the old file or a complete new one at every
// moment. Its methods may be called from several goroutines.
type Writer struct {
	path, part string
	force      bool
	f          partFile
	metadata   Metadata
	h          header // all but the index's checksum
	meta, tok  []byte // compressed

	place []int // plan i is tensors[place[i]]

	behind writeback

	mu      sync.Mutex
	tensors []TensorInfo // in the file's order
	state   []tensorState
	closed  bool  // after Commit or Abort
	err     error // the first failed write: nothing can be committed after it
}

type tensorState uint8

const (
	untouched tensorState = iota
	open
	written
)

// Create checks everything that is known before the data: the metadata and its spec, that the tensors are exactly those of
// [Spec.Tensors] (in any order; the file has the spec's order), names and sizes of the tokenizer's files (none if empty), and the path. Then it
// reserves the whole file as PATH.part, beside the final one. A PATH.part that a crashed run has left is replaced; one that another
// process is writing is an error.
//
// An existing PATH is an error that satisfies errors.Is(err, fs.ErrExist) unless opts.Force is set; with it a symbolic link is replaced, not
// what it points to. On success Commit or Abort must follow.
func Create(path string, meta Metadata, tokenizer map[string][]byte, tensors []TensorPlan, opts CreateOptions) (*Writer, error) {
	w := &Writer{path: path, part: path + ".part", force: opts.Force}
	if err := w.plan(meta, tokenizer, tensors); err != nil {
		return nil, fmt.Errorf("format: create %s: %w", path, err)
	}
	if err := checkTarget(path, opts.Force); err != nil {
		return nil, err
	}
	f, err := createPart(path, w.part, int64(w.h.fileBytes))
	if err != nil {
		return nil, err
	}
	w.f, w.behind.f = f, f
	return w, nil
}

// plan lays out the file.
func (w *Writer) plan(meta Metadata, tokenizer map[string][]byte, plans []TensorPlan) error {
	content, err := encodeMetadata(meta)
	if err != nil {
		return err
	}
	w.metadata = meta
	if w.meta, w.h.metadata, err = packSection("metadata", content, headerBytes); err != nil {
		return err
	}
	end := w.h.metadata.end()
	if len(tokenizer) > 0 {
		files, err := packTokenizer(tokenizer)
		if err != nil {
			return fmt.Errorf("tokenizer: %w", err)
		}
		if w.tok, w.h.tokenizer, err = packSection("tokenizer", files, end); err != nil {
			return err
		}
		end = w.h.tokenizer.end()
	}
	if w.tensors, w.place, err = arrange(meta.Spec, plans); err != nil {
		return err
	}
	w.state = make([]tensorState, len(plans))
	w.h.index = section{offset: alignUp(end, sectionAlign), stored: indexBytes(plans), count: uint64(len(plans))}
	w.h.fileBytes, err = layout(w.tensors, w.h.index.end())
	return err
}

// packSection compresses a section that follows what ends at prev.
func packSection(name string, content []byte, prev uint64) ([]byte, section, error) {
	stored, err := compress(content)
	if err != nil {
		return nil, section{}, fmt.Errorf("%s: %w", name, err)
	}
	s := section{offset: alignUp(prev, sectionAlign), stored: uint64(len(stored)), count: uint64(len(content)), crc: checksum(stored)}
	if !ratioAllowed(s.stored, s.count) {
		return nil, s, fmt.Errorf("%s: %d bytes compress to %d, more than %d-fold: readers refuse that", name, s.count, s.stored, maxRatio)
	}
	return stored, s, nil
}

// arrange puts the plans into the spec's order and reports every one that the spec does not ask for or that is missing.
func arrange(spec Spec, plans []TensorPlan) (tensors []TensorInfo, place []int, err error) {
	if len(plans) > maxTensors {
		return nil, nil, fmt.Errorf("%d tensors, at most %d", len(plans), maxTensors)
	}
	var errs []error
	at := make(map[string]int, len(plans))
	for i, p := range plans {
		if err := checkTensorName(p.Name); err != nil {
			errs = append(errs, err)
		} else if _, ok := at[p.Name]; ok {
			errs = append(errs, fmt.Errorf("tensor %q is planned twice", p.Name))
		}
		at[p.Name] = i
	}
	tensors, place = make([]TensorInfo, 0, len(plans)), make([]int, len(plans))
	for want := range spec.tensors() {
		i, ok := at[want.Name]
		if !ok {
			errs = append(errs, fmt.Errorf("tensor %q is missing, the model's spec asks for shape [%d %d]", want.Name, want.Rows, want.Cols))
			continue
		}
		delete(at, want.Name)
		if err := want.fits(plans[i]); err != nil {
			errs = append(errs, fmt.Errorf("tensor %q: %w", want.Name, err))
		}
		place[i] = len(tensors)
		tensors = append(tensors, TensorInfo{TensorPlan: plans[i]})
	}
	for _, p := range plans {
		if _, ok := at[p.Name]; ok {
			delete(at, p.Name)
			errs = append(errs, fmt.Errorf("tensor %q: the model's spec does not ask for it", p.Name))
		}
	}
	return tensors, place, errors.Join(errs...)
}

// Size returns the length that the file will have, in bytes.
func (w *Writer) Size() int64 { return int64(w.h.fileBytes) }

// Tensor begins the data of the i-th of the tensors given to Create. Each can be written once; several at a time.
func (w *Writer) Tensor(i int) (*TensorWriter, error) {
	if i < 0 || i >= len(w.place) {
		return nil, fmt.Errorf("format: write %s: tensor %d of %d", w.path, i, len(w.place))
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	n := w.place[i]
	t := w.tensors[n]
	if w.closed {
		return nil, fmt.Errorf("format: write %s: tensor %q: %w", w.path, t.Name, fs.ErrClosed)
	}
	if w.state[n] != untouched {
		return nil, fmt.Errorf("format: write %s: tensor %q has been begun already", w.path, t.Name)
	}
	w.state[n] = open
	return &TensorWriter{w: w, n: n, t: t}, nil
}

// TensorWriter takes the data of one tensor from beginning to end. It is for one goroutine at a time. Nothing is buffered: write slabs, not words.
type TensorWriter struct {
	w   *Writer
	n   int
	t   TensorInfo
	at  int64 // bytes written
	crc uint32
}

// Write appends p to the tensor's data. Bytes beyond the planned size are an error, and none of p is written.
func (t *TensorWriter) Write(p []byte) (int, error) {
	if int64(len(p)) > t.t.Bytes-t.at {
		return 0, t.w.failed(fmt.Errorf("format: write %s: tensor %q: %d bytes after %d, planned are %d", t.w.path, t.t.Name, len(p), t.at, t.t.Bytes))
	}
	n, err := t.w.f.WriteAt(p, t.t.Offset+t.at)
	t.crc = crc32.Update(t.crc, castagnoli, p[:n])
	t.w.behind.wrote(t.t.Offset+t.at, int64(n))
	t.at += int64(n)
	if err != nil {
		return n, t.w.failed(fmt.Errorf("format: write %s: tensor %q: %w", t.w.path, t.t.Name, t.w.explain(err)))
	}
	return n, nil
}

// Close notes the tensor's checksum and error. It is an error if fewer bytes came than planned, or e is not finite.
func (t *TensorWriter) Close(e TensorError) error {
	err := e.check()
	if t.at != t.t.Bytes {
		err = fmt.Errorf("%d bytes written, planned are %d", t.at, t.t.Bytes)
	}
	if err != nil {
		return t.w.failed(fmt.Errorf("format: write %s: tensor %q: %w", t.w.path, t.t.Name, err))
	}
	t.w.mu.Lock()
	defer t.w.mu.Unlock()
	if t.w.state[t.n] != open {
		return fmt.Errorf("format: write %s: tensor %q has been closed already", t.w.path, t.t.Name)
	}
	t.w.state[t.n] = written
	t.w.tensors[t.n].CRC32C, t.w.tensors[t.n].Error = t.crc, e
	return nil
}

// failed keeps the first error, so that Commit cannot succeed after it.
func (w *Writer) failed(err error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err == nil {
		w.err = err
	}
	return err
}

// Commit writes what depends on the data, makes the file durable and gives it its name. On an error the final path is as it was, and
// the .part is still there: call Abort.
func (w *Writer) Commit() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return fmt.Errorf("format: commit %s: %w", w.path, fs.ErrClosed)
	}
	if w.err != nil {
		return fmt.Errorf("format: commit %s after an error: %w", w.path, w.err)
	}
	for n, s := range w.state {
		if s != written {
			return fmt.Errorf("format: commit %s: tensor %q has not been written", w.path, w.tensors[n].Name)
		}
	}
	index := encodeIndex(w.tensors)
	w.h.index.crc = checksum(index)
	for _, part := range []struct {
		name string
		b    []byte
		at   uint64
	}{
		{"metadata", w.meta, w.h.metadata.offset},
		{"tokenizer", w.tok, w.h.tokenizer.offset},
		{"index", index, w.h.index.offset},
		{"header", w.h.encode(), 0},
	} {
		if len(part.b) == 0 { // no tokenizer
			continue
		}
		if _, err := w.f.WriteAt(part.b, int64(part.at)); err != nil {
			return fmt.Errorf("format: commit %s: writing the %s: %w", w.path, part.name, w.explain(err))
		}
	}
	if err := w.f.Sync(); err != nil {
		return fmt.Errorf("format: commit %s: making it durable: %w", w.path, w.explain(err))
	}
	if err := checkTarget(w.path, w.force); err != nil { // it may have appeared meanwhile
		return err
	}
	if err := w.rename(); err != nil {
		return fmt.Errorf("format: commit %s: %w", w.path, err)
	}
	w.closed = true
	if err := syncDir(filepath.Dir(w.path)); err != nil {
		return fmt.Errorf("format: commit %s: the file is complete, but its folder could not be made durable: %w", w.path, err)
	}
	return nil
}

// Abort removes the .part. After Commit has succeeded, or a second time, it does nothing: it can be deferred.
func (w *Writer) Abort() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return nil
	}
	w.closed = true
	if err := removePart(w.part, w.f); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("format: removing the unfinished %s: %w", w.part, err)
	}
	return nil
}

func (w *Writer) explain(err error) error {
	if diskFull(err) {
		return fmt.Errorf("the disk is full, the container needs %d bytes in all: %w", w.h.fileBytes, err)
	}
	return err
}

// checkTarget refuses paths that cannot become a container.
func checkTarget(path string, force bool) error {
	if path == "" {
		return errors.New("format: create container: the path is empty")
	}
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("format: create container: %w", err)
	}
	if info.IsDir() {
		return fmt.Errorf("format: create %s: is a folder, the container needs a file name: %w", path, fs.ErrExist)
	}
	if !force {
		return fmt.Errorf("format: create %s: %w; use --force to replace it, or give another name", path, fs.ErrExist)
	}
	if !info.Mode().IsRegular() && info.Mode()&fs.ModeSymlink == 0 {
		return fmt.Errorf("format: create %s: is no regular file (%v) and is not replaced: %w", path, info.Mode().Type(), fs.ErrExist)
	}
	return nil
}
