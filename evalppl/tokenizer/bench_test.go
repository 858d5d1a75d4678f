package tokenizer

import (
	"os"
	"testing"
)

// BenchmarkEncode encodes wikitext2-test.txt (1.26 MB) and stress.txt with each tokenizer, on one thread.
func BenchmarkEncode(b *testing.B) {
	for _, c := range goldenCases(b) {
		tok := c.load(b)
		for _, name := range []string{"wikitext2-test", "stress"} {
			text := readShared(b, "texts", name+".txt")
			b.Run(c.name+"/"+name, func(b *testing.B) {
				b.SetBytes(int64(len(text)))
				for b.Loop() {
					if _, err := tok.Encode(text, EncodeOptions{}); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// BenchmarkLoad builds each tokenizer from its files in memory.
func BenchmarkLoad(b *testing.B) {
	for _, c := range goldenCases(b) {
		files, err := CollectFiles(os.DirFS(c.dir))
		if err != nil {
			b.Fatal(err)
		}
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				if _, err := New(files); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkDecode decodes the ids of wikitext2-test.txt.
func BenchmarkDecode(b *testing.B) {
	text := readShared(b, "texts", "wikitext2-test.txt")
	for _, c := range goldenCases(b) {
		tok := c.load(b)
		ids, err := tok.Encode(text, EncodeOptions{})
		if err != nil {
			b.Fatal(err)
		}
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				if _, err := tok.Decode(ids, DecodeOptions{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
