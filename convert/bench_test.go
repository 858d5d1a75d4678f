package convert

import (
	"os"
	"path/filepath"
	"testing"
)

// BenchmarkConvert converts the checkpoint in the folder that NIBBLE_BENCH_CHECKPOINT names, again and again; its files are hashed
// before. Bytes are those of the checkpoint.
func BenchmarkConvert(b *testing.B) {
	dir := os.Getenv("NIBBLE_BENCH_CHECKPOINT")
	if dir == "" {
		b.Skip("set NIBBLE_BENCH_CHECKPOINT to a checkpoint's folder")
	}
	c, err := OpenDir(dir)
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	out := filepath.Join(b.TempDir(), "out.nbl")
	for _, kind := range []string{"f16", "int8-g32", "int4-g32"} {
		b.Run(kind, func(b *testing.B) {
			o := Options{Type: kind, Tool: "benchmark", Force: true}
			stats, err := c.Convert(b.Context(), out, o)
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(stats.SourceBytes)
			for b.Loop() {
				if err := os.Remove(out); err != nil { // to overwrite a file's pages is another, slower work
					b.Fatal(err)
				}
				if _, err := c.Convert(b.Context(), out, o); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
