package format

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// found returns every *Error inside err.
func found(err error) []*Error {
	var one *Error
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var all []*Error
		for _, e := range joined.Unwrap() {
			all = append(all, found(e)...)
		}
		return all
	}
	if errors.As(err, &one) {
		return []*Error{one}
	}
	return nil
}

// parts names the part that each byte of a container belongs to, from the header's and the index's words alone.
func parts(t testing.TB, b []byte) []string {
	t.Helper()
	r, err := openBytes("x.nbl", b)
	if err != nil {
		t.Fatal(err)
	}
	owner := make([]string, len(b))
	at := 0
	put := func(name string, from, n int) {
		for ; at < from; at++ {
			owner[at] = "padding before " + name
		}
		for ; at < from+n; at++ {
			owner[at] = name
		}
	}
	put("header", 0, headerBytes)
	h := r.c.header
	put("metadata", int(h.metadata.offset), int(h.metadata.stored))
	if !h.tokenizer.absent() {
		put("tokenizer", int(h.tokenizer.offset), int(h.tokenizer.stored))
	}
	put("index", int(h.index.offset), int(h.index.stored))
	for _, x := range r.Tensors() {
		put(tensorPart(x.Name), int(x.Offset), int(x.Bytes))
	}
	if at != len(b) {
		t.Fatalf("parts end at %d, the file at %d", at, len(b))
	}
	return owner
}

// flipped demands that one flipped bit is found, and named once, by the part that holds it. Everything that Open checks Verify checks too.
func flipped(t *testing.T, b []byte, bit int, want string) {
	t.Helper()
	b[bit/8] ^= 1 << (bit % 8)
	err := verify(context.Background(), "x.nbl", b, nil)
	b[bit/8] ^= 1 << (bit % 8)
	all := found(err)
	if len(all) != 1 || all[0].Part != want || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "x.nbl") {
		t.Errorf("bit %d of byte %d (%s) flipped: %v", bit%8, bit/8, want, err)
	}
}

func TestEveryFlippedBit(t *testing.T) {
	s := tinySpec()
	b := read(t, writeFile(t, metaFor(s), tinyTokenizer(), plansFor(s, func(int) string { return "int4-g32" })))
	owner := parts(t, b)
	for _, part := range []string{"header", "metadata", "padding before tokenizer", "tokenizer", "padding before index", "index", `tensor "head"`, `padding before tensor "layers.0.attn.norm.bias"`} {
		if !slices.Contains(owner, part) {
			t.Errorf("no byte of the container is %s: the test does not test it", part)
		}
	}
	const workers = 4
	var wg sync.WaitGroup
	for worker := range workers {
		wg.Go(func() {
			b := copyOf(b)
			for bit := worker; bit < 8*len(b) && !t.Failed(); bit += workers {
				flipped(t, b, bit, owner[bit/8])
			}
		})
	}
	wg.Wait()
}

// Open itself finds what lies before the tensors' data, and leaves the data to Verify.
func TestOpenFindsFlippedBytes(t *testing.T) {
	b := tiny(t)
	owner := parts(t, b)
	for i := range b {
		b[i] ^= 0x40
		_, err := openBytes("x.nbl", b)
		b[i] ^= 0x40
		if data := strings.Contains(owner[i], "tensor "); data != (err == nil) {
			t.Fatalf("byte %d (%s) changed: %v", i, owner[i], err)
		} else if all := found(err); !data && (len(all) != 1 || all[0].Part != owner[i]) {
			t.Fatalf("byte %d (%s) changed: %v", i, owner[i], err)
		}
	}
}

func TestRandomFlippedBits(t *testing.T) {
	s := llamaSpec()
	s.Vocab, s.Hidden = 9000, 512 // embed.tokens: several chunks of the verifier, and pages
	b := read(t, writeFile(t, metaFor(s), tinyTokenizer(), plansFor(s, func(int) string { return "f32" })))
	if len(b) < 2*verifyChunk {
		t.Fatalf("%d bytes are one chunk", len(b))
	}
	owner := parts(t, b)
	r := rand.New(rand.NewPCG(1, 2))
	for range 40 {
		bit := r.IntN(8 * len(b))
		flipped(t, b, bit, owner[bit/8])
	}
	for _, at := range []int{verifyChunk, 2 * verifyChunk} { // either side of a chunk's end
		flipped(t, b, 8*at, owner[at])
		flipped(t, b, 8*at-1, owner[at-1])
	}
}

// All damage is reported, by VerifyFile even if Open refuses the file.
func TestAllDamageIsReported(t *testing.T) {
	b := tiny(t)
	owner := parts(t, b)
	for _, c := range []struct {
		name string
		want []string
	}{
		{"open refuses", []string{"metadata", "padding before tokenizer", "tokenizer", "padding before index", `tensor "embed.tokens"`, `padding before tensor "layers.0.attn.norm.bias"`, `tensor "head"`}},
		{"open accepts", []string{`tensor "embed.tokens"`, `padding before tensor "layers.0.attn.norm.bias"`, `tensor "final.norm"`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			bad := copyOf(b)
			for _, part := range c.want {
				bad[slices.Index(owner, part)] ^= 0x10
			}
			path := filepath.Join(t.TempDir(), "x.nbl")
			if err := os.WriteFile(path, bad, 0o666); err != nil {
				t.Fatal(err)
			}
			err := VerifyFile(context.Background(), path, nil)
			var got []string
			for _, e := range found(err) {
				got = append(got, e.Part)
				if !errors.Is(e, ErrDamaged) || e.Op != "verify" || e.Path != path {
					t.Errorf("%+v", e)
				}
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("found %q\nwant  %q", got, c.want)
			}
			r, err := Open(path)
			if c.name == "open refuses" {
				if err == nil {
					t.Fatal("opened")
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			if n := len(found(r.Verify(context.Background(), nil))); n != len(c.want) {
				t.Errorf("Reader.Verify found %d of %d", n, len(c.want))
			}
		})
	}
}

func TestEveryTruncation(t *testing.T) {
	for name, b := range map[string][]byte{"tokenizer": tiny(t), "no tokenizer": tinyNoTokenizer(t)} {
		t.Run(name, func(t *testing.T) {
			for n := range len(b) {
				if _, err := openBytes("x.nbl", b[:n:n]); len(found(err)) == 0 {
					t.Fatalf("cut to %d of %d bytes: %v", n, len(b), err)
				}
				if err := verify(context.Background(), "x.nbl", b[:n:n], nil); len(found(err)) == 0 {
					t.Fatalf("cut to %d of %d bytes: verify: %v", n, len(b), err)
				}
			}
		})
	}
}

func TestAppended(t *testing.T) {
	b := tiny(t)
	for _, tail := range [][]byte{{0}, {1}, make([]byte, 64), make([]byte, 4096), b} {
		long := append(copyOf(b), tail...)
		_, err := openBytes("x.nbl", long)
		if all := found(err); len(all) != 1 || all[0].Part != endOfFile || all[0].Offset != int64(len(b)) || !errors.Is(err, ErrDamaged) {
			t.Errorf("%d bytes appended: %v", len(tail), err)
		}
		// The rest is judged all the same.
		long[len(b)-1] ^= 1
		if all := found(verify(context.Background(), "x.nbl", long, nil)); len(all) != 2 {
			t.Errorf("%d bytes appended and one flipped: %v", len(tail), all)
		}
	}
}

// Damage on disk, through the mapping.
func TestVerifyMapped(t *testing.T) {
	b := tiny(t)
	path := filepath.Join(t.TempDir(), "x.nbl")
	b[len(b)-1] ^= 1
	if err := os.WriteFile(path, b, 0o666); err != nil {
		t.Fatal(err)
	}
	r, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	err = r.Verify(context.Background(), nil)
	if all := found(err); len(all) != 1 || all[0].Part != `tensor "head"` || !errors.Is(err, ErrDamaged) {
		t.Fatal(err)
	}
}

func TestVerifyProgressAndCancel(t *testing.T) {
	b := tiny(t)
	r, err := openBytes("x.nbl", b)
	if err != nil {
		t.Fatal(err)
	}
	last := int64(0)
	if err := r.Verify(context.Background(), func(done, total int64) {
		if done < last || done > total || total != int64(len(b)) {
			t.Errorf("progress %d of %d after %d", done, total, last)
		}
		last = done
	}); err != nil {
		t.Fatal(err)
	}
	if last != int64(len(b)) {
		t.Errorf("progress ended at %d of %d", last, len(b))
	}

	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := r.Verify(ctx, nil); !errors.Is(err, context.Canceled) || len(found(err)) != 0 {
		t.Errorf("cancelled before: %v", err)
	}
	// In the middle: no tensor may be called damaged because it was not read.
	ctx, cancel = context.WithCancel(context.Background())
	defer cancel()
	if err := r.Verify(ctx, func(int64, int64) { cancel() }); !errors.Is(err, context.Canceled) || len(found(err)) != 0 {
		t.Errorf("cancelled in the middle: %v", err)
	}
}

func TestCRCCombine(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 300 {
		b := randomBytes(r, r.IntN(5000))
		cut := r.IntN(len(b) + 1)
		if got, want := crcCombine(checksum(b[:cut]), checksum(b[cut:]), int64(len(b)-cut)), checksum(b); got != want {
			t.Fatalf("%d + %d bytes: %08x, want %08x", cut, len(b)-cut, got, want)
		}
	}
	// The check value of CRC-32C, RFC 3720 B.4: 32 bytes of zeros.
	if got := checksum(bytes.Repeat([]byte{0}, 32)); got != 0x8a9136aa {
		t.Fatalf("%08x", got)
	}
}
