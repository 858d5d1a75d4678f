package format

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
)

// ErrLayout is that new metadata would move the tensors.
var ErrLayout = errors.New("format: the tensors would lie elsewhere")

// SetSources replaces the metadata's sources before Commit, so that a checkpoint's files can be hashed while they are converted: Create
// then gets stand-ins with the files' names and sizes. The file is the one that Create would have laid out for these sources. The metadata
// is stored compressed, so now and then it takes some bytes more or less than with the stand-ins; where that moves the tensors, the error
// is [ErrLayout], nothing has changed, and the way out is Abort and a new Create with these sources.
func (w *Writer) SetSources(sources []Source) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return fmt.Errorf("format: write %s: sources: %w", w.path, fs.ErrClosed)
	}
	metadata := w.metadata
	metadata.Sources = sources
	content, err := encodeMetadata(metadata)
	if err != nil {
		return fmt.Errorf("format: write %s: %w", w.path, err)
	}
	h := w.h
	var stored []byte
	if stored, h.metadata, err = packSection("metadata", content, headerBytes); err != nil {
		return fmt.Errorf("format: write %s: %w", w.path, err)
	}
	end := h.metadata.end()
	if len(w.tok) > 0 {
		h.tokenizer.offset = alignUp(end, sectionAlign)
		end = h.tokenizer.end()
	}
	h.index.offset = alignUp(end, sectionAlign)
	moved := slices.Clone(w.tensors)
	if h.fileBytes, err = layout(moved, h.index.end()); err != nil {
		return fmt.Errorf("format: write %s: %w", w.path, err)
	}
	if h.fileBytes != w.h.fileBytes || !slices.EqualFunc(moved, w.tensors, func(a, b TensorInfo) bool { return a.Offset == b.Offset }) {
		return ErrLayout
	}
	w.metadata, w.meta, w.h = metadata, stored, h
	return nil
}
