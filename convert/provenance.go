package convert

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"nibble/format"
)

// hashes caches the checkpoint's own files, so that several conversions read them once for this.
type hashes struct {
	mu      sync.Mutex
	sources []format.Source
}

// provenance returns name, size and SHA-256 of every file the model is made from: config.json, the safetensors files with
// their index, and the tokenizer's files, sorted by name.
func (c *Checkpoint) provenance(ctx context.Context, tokenizer map[string][]byte, threads int) ([]format.Source, error) {
	c.hashes.mu.Lock()
	defer c.hashes.mu.Unlock()
	if c.hashes.sources == nil {
		sources, err := c.hashFiles(ctx, threads)
		if err != nil {
			return nil, err
		}
		c.hashes.sources = sources
	}
	all := slices.Clone(c.hashes.sources)
	for name, data := range tokenizer {
		digest := sha256.Sum256(data)
		all = append(all, format.Source{Name: name, Bytes: int64(len(data)), SHA256: hex.EncodeToString(digest[:])})
	}
	slices.SortFunc(all, func(a, b format.Source) int { return cmp.Compare(a.Name, b.Name) })
	return slices.CompactFunc(all, func(a, b format.Source) bool { return a.Name == b.Name }), nil
}

// hashFiles hashes the files side by side, a buffer each.
func (c *Checkpoint) hashFiles(ctx context.Context, threads int) ([]format.Source, error) {
	names := append([]string{ConfigFile}, c.set.Files()...)
	sources := make([]format.Source, len(names))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(threads)
	for i, name := range names {
		group.Go(func() (err error) {
			sources[i], err = c.hashFile(ctx, name)
			return err
		})
	}
	return sources, group.Wait()
}

func (c *Checkpoint) hashFile(ctx context.Context, name string) (format.Source, error) {
	f, err := c.fsys.Open(name)
	if err != nil {
		return format.Source{}, fmt.Errorf("hashing %s: %w", name, err)
	}
	defer f.Close() // read only
	h := sha256.New()
	buf := make([]byte, 256<<10) // stays in L2 between reading and hashing
	source := format.Source{Name: name}
	for {
		if err := ctx.Err(); err != nil {
			return source, err
		}
		n, err := f.Read(buf)
		h.Write(buf[:n])
		source.Bytes += int64(n)
		if err == io.EOF {
			source.SHA256 = hex.EncodeToString(h.Sum(nil))
			return source, nil
		}
		if err != nil {
			return source, fmt.Errorf("hashing %s at byte %d: %w", name, source.Bytes, err)
		}
	}
}
