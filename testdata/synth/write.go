package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"golang.org/x/sync/errgroup"
)

// chunk is how many weights one worker makes at a time: 4 MiB of float32.
const chunk = 1 << 20

// write writes config.json and model.safetensors of the shape into dir. They
// are built in a folder beside it that gets the name dir when it is complete;
// an error or a cancelled ctx leaves nothing. An existing dir is refused.
func write(ctx context.Context, dir string, s shape, seed uint64) (err error) {
	if _, err := os.Lstat(dir); err == nil {
		return fmt.Errorf("%s is there already: remove it or name another folder", dir)
	} else if !errors.Is(err, os.ErrNotExist) {
		return err
	}
	parent := filepath.Dir(filepath.Clean(dir))
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return err
	}
	part, err := os.MkdirTemp(parent, filepath.Base(dir)+".part-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.RemoveAll(part)
		}
	}()
	config, err := s.config()
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(part, "config.json"), config, 0o644); err != nil {
		return err
	}
	if err := writeWeights(ctx, filepath.Join(part, "model.safetensors"), s, seed); err != nil {
		return err
	}
	if err := os.Chmod(part, 0o755); err != nil { // MkdirTemp makes it 0700
		return err
	}
	// No fsync: what a crash loses, the same command makes again.
	return os.Rename(part, dir)
}

// writeWeights writes the safetensors file, every chunk where it belongs, by
// as many workers as there are CPUs, with one chunk's memory each.
func writeWeights(ctx context.Context, path string, s shape, seed uint64) (err error) {
	tensors := s.tensors()
	head, err := header(tensors, s.dtype)
	if err != nil {
		return err
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if _, err := f.Write(head); err != nil {
		return err
	}
	gains, rest := newTable(1, gainStd, s.dtype), newTable(0, std, s.dtype)
	group, ctx := errgroup.WithContext(ctx)
	type job struct {
		table *table
		key   uint64 // of the chunk: its tensor's number and its own
		count int
		at    int64 // byte in the file
	}
	jobs := make(chan job)
	group.Go(func() error {
		defer close(jobs)
		at := int64(len(head))
		for i, t := range tensors {
			table := rest
			if t.gain {
				table = gains
			}
			n := t.elements()
			for c := int64(0); c*chunk < n; c++ {
				count := min(n-c*chunk, chunk)
				select {
				case jobs <- job{table, uint64(i)<<32 | uint64(c), int(count), at}:
				case <-ctx.Done():
					return context.Cause(ctx)
				}
				at += count * int64(s.dtype.bytes())
			}
		}
		return nil
	})
	for range runtime.GOMAXPROCS(0) {
		group.Go(func() error {
			buf := make([]byte, chunk*s.dtype.bytes())
			for j := range jobs {
				b := buf[:j.count*s.dtype.bytes()]
				j.table.fill(b, seed, j.key)
				if _, err := f.WriteAt(b, j.at); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return group.Wait()
}

// header is the safetensors header: its length in 8 bytes little-endian, then
// JSON with each tensor's dtype, shape and place in the data, without a hole
// between them; padded with spaces so that the data begins at a multiple of 8.
func header(tensors []tensor, d dtype) ([]byte, error) {
	type entry struct {
		Dtype   string   `json:"dtype"`
		Shape   []int    `json:"shape"`
		Offsets [2]int64 `json:"data_offsets"`
	}
	var b bytes.Buffer
	b.Write(make([]byte, 8))
	b.WriteString(`{"__metadata__":{"format":"pt"}`)
	at := int64(0)
	for _, t := range tensors {
		end := at + t.elements()*int64(d.bytes())
		e, err := json.Marshal(entry{d.safetensors(), t.shape, [2]int64{at, end}})
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&b, ",%q:%s", t.name, e)
		at = end
	}
	b.WriteByte('}')
	for b.Len()%8 != 0 {
		b.WriteByte(' ')
	}
	head := b.Bytes()
	binary.LittleEndian.PutUint64(head, uint64(len(head)-8))
	return head, nil
}
