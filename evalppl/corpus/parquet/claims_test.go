package parquet

import (
	"bytes"
	"encoding/binary"
	"io"
	"strings"
	"testing"

	pq "github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress"
	"github.com/parquet-go/parquet-go/encoding/delta"
	"github.com/parquet-go/parquet-go/format"
)

// TestDecompressBombs: data that goes on behind the stated size is an error and is not decompressed, and a size that the data cannot have is not
// allocated.
func TestDecompressBombs(t *testing.T) {
	text := bytes.Repeat([]byte{'a'}, 1<<22)
	for _, codec := range []compress.Codec{&pq.Snappy, &pq.Gzip, &pq.Brotli, &pq.Zstd, &pq.Lz4Raw} {
		body, err := codec.Encode(nil, text)
		if err != nil {
			t.Fatal(err)
		}
		id := codec.CompressionCodec()
		if got, err := decompress(id, body, int64(len(text))); err != nil || !bytes.Equal(got, text) {
			t.Errorf("%s: %d bytes, %v", id, len(got), err)
		}
		for _, size := range []int64{-1, 0, 10, int64(len(text)) - 1, int64(len(text)) + 1, maxPage} {
			if _, err := decompress(id, body, size); err == nil {
				t.Errorf("%s: stated size %d for %d bytes: no error", id, size, len(text))
			}
		}
	}
	// A Snappy block that states 1 GiB in 6 bytes, and an LZ4 block without a byte.
	claim := binary.AppendUvarint(nil, 1<<30)
	if _, err := decompress(format.Snappy, append(claim, 0), 1<<30); err == nil {
		t.Error("snappy: no error for a claim of 1 GiB")
	}
	if _, err := decompress(format.Lz4Raw, []byte{0xf0}, 1<<30); err == nil {
		t.Error("lz4: no error for a claim of 1 GiB")
	}
	if _, err := decompress(format.LZO, nil, 1); err == nil || !strings.Contains(err.Error(), "LZO") {
		t.Errorf("lzo: %v", err)
	}
}

func TestCheckRuns(t *testing.T) {
	run := func(n uint64, value ...byte) []byte { return append(binary.AppendUvarint(nil, n<<1), value...) }
	packed := func(groups uint64, data ...byte) []byte {
		return append(binary.AppendUvarint(nil, groups<<1|1), data...)
	}
	for _, c := range []struct {
		name   string
		data   []byte
		width  int
		values int64
		ok     bool
	}{
		{"run", run(100, 1), 1, 100, true},
		{"run too long", run(10000, 1), 1, 100, false},
		{"run of 2^62", run(1<<62, 1), 1, 1 << 26, false},
		{"width 0", run(1<<25, []byte{}...), 0, 100, false},
		{"packed", packed(2, 1, 2), 1, 10, true},
		{"packed, no bytes", packed(2, 1), 1, 10, false},
		{"packed, width 0", packed(1 << 25), 0, 10, false},
		{"no value", run(10), 8, 10, false},
		{"no end", []byte{0x80}, 1, 10, false},
		{"many runs", bytes.Repeat(run(100, 1), 20), 1, 100, false},
	} {
		if err := checkRuns(c.data, c.width, c.values); (err == nil) != c.ok {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestPassDeltas(t *testing.T) {
	for _, n := range []int{0, 1, 2, 127, 128, 129, 1000} {
		values := make([]int32, n)
		for i := range values {
			values[i] = int32(i * i % 977)
		}
		data, err := new(delta.BinaryPackedEncoding).EncodeInt32(nil, values)
		if err != nil {
			t.Fatal(err)
		}
		rest, err := passDeltas(append(bytes.Clone(data), "rest"...), int64(n))
		if err != nil || string(rest) != "rest" {
			t.Errorf("%d values: rest %q, %v", n, rest, err)
		}
		if n > 0 {
			if _, err := passDeltas(data, int64(n-1)); err == nil {
				t.Errorf("%d values for %d: no error", n, n-1)
			}
		}
		for i := range data {
			if _, err := passDeltas(data[:i], int64(n)); err == nil {
				t.Errorf("%d values cut to %d of %d bytes: no error", n, i, len(data))
				break
			}
		}
	}
}

// TestPrefixBomb: texts that repeat a long beginning may add up to maxPage only.
func TestPrefixBomb(t *testing.T) {
	const n = 2000
	prefixes, suffixes := make([]int32, n), make([]int32, n)
	for i := 1; i < n; i++ {
		prefixes[i] = 1 << 20 // 2 GiB in all
	}
	suffixes[0] = 1 << 20
	page := func() []byte {
		var e delta.BinaryPackedEncoding
		p, err := e.EncodeInt32(nil, prefixes)
		if err != nil {
			t.Fatal(err)
		}
		s, err := e.EncodeInt32(nil, suffixes)
		if err != nil {
			t.Fatal(err)
		}
		return append(append(p, s...), make([]byte, 1<<20)...)
	}
	if err := checkPrefixes(page(), n); err == nil || !strings.Contains(err.Error(), "too large") {
		t.Errorf("2 GiB of prefixes: %v", err)
	}
	for i := range prefixes {
		prefixes[i] /= 4
	}
	if err := checkPrefixes(page(), n); err != nil {
		t.Errorf("512 MiB of prefixes: %v", err)
	}
}

// TestFooterClaims: lengths and counts in the footer that no bytes stand behind.
func TestFooterClaims(t *testing.T) {
	long := binary.AppendUvarint(nil, 1<<31-1)
	deep := bytes.Repeat([]byte{0x1c}, 100) // structs in structs
	for _, c := range []struct {
		name   string
		footer []byte
		want   string
	}{
		{"list", append([]byte{0x29, 0xfc}, long...), "a list has 2147483647 elements where 0 bytes"},
		{"text", append([]byte{0x48}, long...), "has length 2147483647 where 0 bytes"},
		{"depth", deep, "nested deeper"},
		{"depth of lists", append([]byte{0x19}, bytes.Repeat([]byte{0x19}, 100)...), "nested deeper"},
		{"map", []byte{0x1b, 0}, "a map"},
		{"end", []byte{0x15}, "ends inside"},
	} {
		data := append([]byte(magic), c.footer...)
		data = binary.LittleEndian.AppendUint32(data, uint32(len(c.footer)))
		data = append(data, magic...)
		_, err := readTexts(data, "text")
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v\nwant %q in it", c.name, err, c.want)
		}
	}
	for name, data := range map[string]string{"size": magic + "\xff\xff\xff\x7f" + magic, "encrypted": "PARE\x00\x00\x00\x00PARE"} {
		if _, err := readTexts([]byte(data), "text"); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// TestReadFull: a reader that gives less than was asked for is an error.
func TestReadFull(t *testing.T) {
	if err := readFull(bytes.NewReader([]byte("abc")), make([]byte, 4), 0); err == nil {
		t.Error("no error")
	}
	if err := readFull(io.NewSectionReader(bytes.NewReader([]byte("abcd")), 0, 4), make([]byte, 4), 0); err != nil {
		t.Error(err)
	}
}

// TestChecksum: a changed byte of a text, which nothing else would notice, is found by the page's CRC-32.
func TestChecksum(t *testing.T) {
	data := makeFile(t, pq.Group{"text": pq.Compressed(pq.Encoded(pq.String(), &pq.Plain), &pq.Uncompressed)}, 0, []string{"a text to change"})
	caught := 0
	for i := range data { // the text stands in statistics too, which are not read
		if !bytes.HasPrefix(data[i:], []byte("text to change")) {
			continue
		}
		changed := bytes.Clone(data)
		changed[i] ^= 1
		got, err := readTexts(changed, "text")
		switch {
		case err != nil && strings.Contains(err.Error(), "CRC-32"):
			caught++
		case err != nil || len(got) != 1 || got[0] != "a text to change":
			t.Errorf("read %q, %v", got, err)
		}
	}
	if caught != 1 {
		t.Errorf("%d changes were found, want that of the page", caught)
	}
}
