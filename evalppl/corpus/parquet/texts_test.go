package parquet

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	pq "github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress"
	"github.com/parquet-go/parquet-go/encoding"

	"nibble/evalppl/corpus"
)

// makeFile writes rows with parquet-go; group holds one leaf, at definition level level where a value is there.
func makeFile(t testing.TB, group pq.Group, level int, texts []string, o ...pq.WriterOption) []byte {
	t.Helper()
	var out bytes.Buffer
	w := pq.NewWriter(&out, append(o, pq.NewSchema("corpus", group))...)
	for _, s := range texts {
		if _, err := w.WriteRows([]pq.Row{{pq.ByteArrayValue([]byte(s)).Level(0, level, 0)}}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func readTexts(data []byte, column string) ([]string, error) {
	var texts []string
	for b, err := range Texts(bytes.NewReader(data), int64(len(data)), column, corpus.MaxDocument) {
		if err != nil {
			return texts, err
		}
		texts = append(texts, string(b))
	}
	return texts, nil
}

// sample makes n texts; some are empty, repeat, share beginnings, or are long.
func sample(n int) []string {
	rng := rand.New(rand.NewPCG(1, 2))
	texts := make([]string, n)
	for i := range texts {
		switch rng.IntN(4) {
		case 0:
			texts[i] = fmt.Sprintf("repeated %d é", rng.IntN(5))
		case 1:
			texts[i] = strings.Repeat("the same beginning ", rng.IntN(50)) + fmt.Sprint(i)
		case 2:
			texts[i] = fmt.Sprintf("%x", rng.Uint64())
		}
	}
	return texts
}

// TestRoundTrip reads back what parquet-go wrote, for every encoding, codec, page version and nesting that is promised.
func TestRoundTrip(t *testing.T) {
	texts := sample(3000)
	for name, enc := range map[string]encoding.Encoding{
		"plain": &pq.Plain, "dictionary": &pq.RLEDictionary, "delta length": &pq.DeltaLengthByteArray, "delta": &pq.DeltaByteArray,
	} {
		for _, codec := range []compress.Codec{&pq.Uncompressed, &pq.Snappy, &pq.Gzip, &pq.Brotli, &pq.Zstd, &pq.Lz4Raw} {
			for version := 1; version <= 2; version++ {
				leaf := pq.Compressed(pq.Encoded(pq.String(), enc), codec)
				for column, c := range map[string]struct {
					group pq.Group
					level int
				}{
					"text":      {pq.Group{"text": leaf}, 0},
					"maybe":     {pq.Group{"maybe": pq.Optional(leaf)}, 1},
					"meta.text": {pq.Group{"meta": pq.Optional(pq.Group{"text": pq.Optional(leaf)})}, 2},
				} {
					data := makeFile(t, c.group, c.level, texts, pq.DataPageVersion(version), pq.PageBufferSize(4096), pq.MaxRowsPerRowGroup(1100))
					got, err := readTexts(data, column)
					if err != nil {
						t.Errorf("%s, %s, version %d, column %s: %v", name, codec, version, column, err)
					} else if d := cmp.Diff(texts, got); d != "" {
						t.Errorf("%s, %s, version %d, column %s (-want +got):\n%s", name, codec, version, column, d)
					}
				}
			}
		}
	}
}

// TestIncompressible: pages that hardly shrink, which parquet-go 0.32 itself reads wrongly with LZ4 (its issue 608).
func TestIncompressible(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	var texts []string
	for _, n := range []int{1, 300, 70_000, 400_000} { // the last is longer than a zstd block
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(rng.IntN(128))
		}
		texts = append(texts, string(b))
	}
	for _, codec := range []compress.Codec{&pq.Snappy, &pq.Gzip, &pq.Brotli, &pq.Zstd, &pq.Lz4Raw} {
		for version := 1; version <= 2; version++ {
			data := makeFile(t, pq.Group{"text": pq.Compressed(pq.Encoded(pq.String(), &pq.Plain), codec)}, 0, texts, pq.DataPageVersion(version))
			got, err := readTexts(data, "text")
			if err != nil || !slices.Equal(got, texts) {
				t.Errorf("%s, version %d: %d texts, %v", codec, version, len(got), err)
			}
		}
	}
}

func TestColumnErrors(t *testing.T) {
	leaf := pq.Encoded(pq.String(), &pq.Plain)
	var null bytes.Buffer
	w := pq.NewWriter(&null, pq.NewSchema("corpus", pq.Group{"text": pq.Optional(leaf)}))
	if _, err := w.WriteRows([]pq.Row{{pq.ByteArrayValue([]byte("a")).Level(0, 1, 0)}, {pq.Value{}.Level(0, 0, 0)}}); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	var list bytes.Buffer
	nulls := func(texts ...string) []byte { // a dictionary page's texts, then nulls
		var out bytes.Buffer
		w := pq.NewWriter(&out, pq.NewSchema("corpus", pq.Group{"text": pq.Optional(pq.Encoded(pq.String(), &pq.RLEDictionary))}))
		for _, s := range texts {
			if _, err := w.WriteRows([]pq.Row{{pq.ByteArrayValue([]byte(s)).Level(0, 1, 0)}}); err != nil {
				t.Fatal(err)
			}
		}
		for range 10 {
			if _, err := w.WriteRows([]pq.Row{{pq.Value{}.Level(0, 0, 0)}}); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return out.Bytes()
	}
	type listed struct {
		Text  []string `parquet:"text,list"`
		Other int32    `parquet:"other"`
	}
	lw := pq.NewGenericWriter[listed](&list)
	if _, err := lw.Write([]listed{{[]string{"a"}, 1}}); err != nil {
		t.Fatal(err)
	}
	if err := lw.Close(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, column string
		data         []byte
		want         []string
	}{
		{"null", "text", null.Bytes(), []string{"row 2", `"text"`, "null", "want a string"}},
		{"only nulls", "text", nulls(), []string{"row 1 is null"}},
		{"nulls after texts", "text", nulls("a", "a", "b"), []string{"row 4 is null"}},
		{"list", "text.list.element", list.Bytes(), []string{"inside a list", `"other"`}},
		{"group", "text", list.Bytes(), []string{`no column "text"`, `"text.list.element"`, `"other"`}},
		{"number", "other", list.Bytes(), []string{`"other"`, "INT", "want strings"}},
		{"not UTF-8", "text", makeFile(t, pq.Group{"text": leaf}, 0, []string{"a", "b", "\xff"}), []string{"row 3", "UTF-8"}},
	} {
		_, err := readTexts(c.data, c.column)
		if err == nil {
			t.Errorf("%s: no error", c.name)
			continue
		}
		for _, w := range c.want {
			if !strings.Contains(err.Error(), w) {
				t.Errorf("%s: %v\nwant %q in it", c.name, err, w)
			}
		}
	}
	data := makeFile(t, pq.Group{"text": leaf}, 0, []string{"12345", "123456"})
	var err error
	for _, err = range Texts(bytes.NewReader(data), int64(len(data)), "text", 5) {
	}
	if !errors.Is(err, corpus.ErrTooLarge) || !strings.Contains(err.Error(), "row 2") {
		t.Errorf("limit: %v, want ErrTooLarge in row 2", err)
	}
}

// TestYieldPanics: a panic of the caller's own code is not taken for a damaged file.
func TestYieldPanics(t *testing.T) {
	data := makeFile(t, pq.Group{"text": pq.String()}, 0, []string{"a"})
	defer func() {
		if p := recover(); p != "mine" {
			t.Errorf("recovered %v, want the caller's panic", p)
		}
	}()
	for range Texts(bytes.NewReader(data), int64(len(data)), "text", 10) {
		panic("mine")
	}
}

// TestDamaged changes each byte of small files and cuts them everywhere: nothing may panic, and a cut file is always an error.
func TestDamaged(t *testing.T) {
	texts := []string{"one", "two two two two two", "", "two two two two three"}
	for _, leaf := range []pq.Node{
		pq.Encoded(pq.String(), &pq.Plain),
		pq.Compressed(pq.Encoded(pq.String(), &pq.RLEDictionary), &pq.Zstd),
		pq.Compressed(pq.Encoded(pq.String(), &pq.DeltaByteArray), &pq.Snappy),
		pq.Compressed(pq.Encoded(pq.String(), &pq.DeltaLengthByteArray), &pq.Lz4Raw),
	} {
		for version := 1; version <= 2; version++ {
			data := makeFile(t, pq.Group{"text": pq.Optional(leaf)}, 1, texts, pq.DataPageVersion(version))
			if got, err := readTexts(data, "text"); err != nil || len(got) != len(texts) {
				t.Fatalf("the whole file: %q, %v", got, err)
			}
			for i := range data {
				if _, err := readTexts(data[:i], "text"); err == nil {
					t.Errorf("cut to %d of %d bytes: no error", i, len(data))
				}
				for _, flip := range []byte{0x01, 0x80, 0xff} {
					damaged := bytes.Clone(data)
					damaged[i] ^= flip
					readTexts(damaged, "text") // must come back
				}
			}
		}
	}
}

// FuzzTexts looks for panics and for texts beyond the limit.
func FuzzTexts(f *testing.F) {
	for _, leaf := range []pq.Node{
		pq.Encoded(pq.String(), &pq.Plain),
		pq.Compressed(pq.Encoded(pq.String(), &pq.RLEDictionary), &pq.Zstd),
		pq.Compressed(pq.Encoded(pq.String(), &pq.DeltaByteArray), &pq.Snappy),
		pq.Compressed(pq.Encoded(pq.String(), &pq.DeltaLengthByteArray), &pq.Gzip),
	} {
		f.Add(makeFile(f, pq.Group{"text": leaf}, 0, []string{"a", "", "ab", "ab"}, pq.DataPageVersion(1)))
		f.Add(makeFile(f, pq.Group{"text": pq.Optional(leaf)}, 1, []string{"a", "", "ab", "ab"}, pq.DataPageVersion(2)))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		const limit = 1 << 10
		rows := 0
		for b, err := range Texts(bytes.NewReader(data), int64(len(data)), "text", limit) {
			if err != nil {
				break
			}
			if len(b) > limit {
				t.Fatalf("a text of %d bytes", len(b))
			}
			if rows++; rows > 1<<16 {
				break
			}
		}
	})
}
