package convert

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"slices"
	"sync"
	"sync/atomic"

	"nibble/convert/safetensors"
	"nibble/format"
	"nibble/kernels"
)

// hashes caches the checkpoint's own files, so that several conversions read them once for this.
type hashes struct {
	mu      sync.Mutex
	sources []format.Source
}

// hashing hashes the checkpoint's own files. Several workers may share the work.
type hashing struct {
	c       *Checkpoint
	names   []string
	next    atomic.Int64
	sources []format.Source // by names; until a file has been read, what stands in for it
	bytes   []atomic.Int64  // by names: read so far

	released atomic.Bool
}

// hashing returns the work of hashing the checkpoint's files, or nil where that has been done.
func (c *Checkpoint) hashing() (*hashing, error) {
	c.hashes.mu.Lock()
	defer c.hashes.mu.Unlock()
	if c.hashes.sources != nil {
		return nil, nil
	}
	h := &hashing{c: c, names: append([]string{ConfigFile}, c.set.Files()...)}
	for _, name := range h.names {
		info, err := fs.Stat(c.fsys, name)
		if err != nil {
			return nil, fmt.Errorf("hashing %s: %w", name, err)
		}
		// Some hash or other: metadata with it is stored in about as many bytes.
		h.sources = append(h.sources, source(name, info.Size(), sha256.Sum256([]byte(name))))
	}
	h.bytes = make([]atomic.Int64, len(h.names))
	return h, nil
}

func source(name string, bytes int64, digest [sha256.Size]byte) format.Source {
	return format.Source{Name: name, Bytes: bytes, SHA256: hex.EncodeToString(digest[:])}
}

// run hashes files until none is left that no other worker has taken.
func (h *hashing) run(ctx context.Context) error {
	for {
		i := int(h.next.Add(1)) - 1
		if i >= len(h.names) {
			return nil
		}
		var err error
		if h.sources[i], err = h.c.hashFile(ctx, h.names[i], &h.bytes[i]); err != nil {
			return err
		}
	}
}

// release gives back what has been hashed, once: after everything has been converted, when a worker has nothing better to do.
func (h *hashing) release() {
	if !h.released.CompareAndSwap(false, true) {
		return
	}
	for i, name := range h.names {
		h.c.set.Release(name, h.bytes[i].Load())
	}
}

// keep keeps the hashes once all workers have returned.
func (h *hashing) keep() {
	h.c.hashes.mu.Lock()
	defer h.c.hashes.mu.Unlock()
	h.c.hashes.sources = h.sources
}

// provenance returns name, size and SHA-256 of every file the model is made from: config.json, the safetensors files with
// their index, and the tokenizer's files, sorted by name. While h (nil: done) is at work, others stand in for the hashes of the
// checkpoint's own files.
func (c *Checkpoint) provenance(h *hashing, tokenizer map[string][]byte) []format.Source {
	c.hashes.mu.Lock()
	defer c.hashes.mu.Unlock()
	own := c.hashes.sources
	if h != nil {
		own = h.sources
	}
	all := slices.Clone(own)
	for name, data := range tokenizer {
		all = append(all, source(name, int64(len(data)), sha256.Sum256(data)))
	}
	slices.SortFunc(all, func(a, b format.Source) int { return cmp.Compare(a.Name, b.Name) })
	return slices.CompactFunc(all, func(a, b format.Source) bool { return a.Name == b.Name })
}

func (c *Checkpoint) hashFile(ctx context.Context, name string, progress *atomic.Int64) (format.Source, error) {
	h := sha256.New()
	bytes, err := c.copyFile(ctx, pageWriter{h, progress}, name)
	if err != nil {
		return format.Source{}, fmt.Errorf("hashing %s: %w", name, err)
	}
	return source(name, bytes, [sha256.Size]byte(h.Sum(nil))), nil
}

// pageWriter hashes data by pages, and has the beginning of the page after each fetched meanwhile: a hash over mapped memory then runs as
// fast as from the cache.
type pageWriter struct {
	hash  hash.Hash
	bytes *atomic.Int64
}

func (w pageWriter) Write(p []byte) (int, error) {
	const page, lines = 4 << 10, 4
	for n := 0; n < len(p); n += page {
		end := min(len(p), n+page)
		kernels.Prefetch(p[end:min(len(p), end+lines*64)])
		if _, err := w.hash.Write(p[n:end]); err != nil {
			return n, err
		}
	}
	w.bytes.Add(int64(len(p)))
	return len(p), nil
}

// copyFile writes one of the checkpoint's own files to w: of the large ones, the very bytes that are converted.
func (c *Checkpoint) copyFile(ctx context.Context, w io.Writer, name string) (int64, error) {
	if name != ConfigFile && name != safetensors.IndexFile {
		return c.set.CopyFile(ctx, w, name)
	}
	f, err := c.fsys.Open(name)
	if err != nil {
		return 0, err
	}
	n, err := io.Copy(w, f)
	return n, errors.Join(err, f.Close())
}
