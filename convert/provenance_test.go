package convert

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// TestHashesBesideConversion: a container whose sources were hashed while it was written is, byte for byte, the one whose hashes were
// known before, whether its metadata came out as long as with the stand-ins or the conversion had to begin again.
func TestHashesBesideConversion(t *testing.T) {
	c := newLlama()
	dir := t.TempDir()
	var again, once int
	for i := range 60 {
		c.config["comment"] = fmt.Sprint("another hash, of another length when compressed: ", i)
		opened := mustOpen(t, c)
		for _, threads := range []int{1, 3} {
			o := Options{Type: "f16", Threads: threads, Force: true, Tool: "nibble abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"[:7+i]} // metadata of every length modulo 64
			if threads == 3 {
				o.Tokenizer = map[string][]byte{"tokenizer.json": []byte("{}")}
				opened = mustOpen(t, c)
			}
			last, restarts := int64(0), 0
			o.Progress = func(done, _ int64, _ string) {
				if done <= last {
					restarts++
				}
				last = done
			}
			var files [2][]byte
			for j := range files {
				path := filepath.Join(dir, fmt.Sprint(j, ".nbl"))
				last = 0
				if _, err := opened.Convert(t.Context(), path, o); err != nil {
					t.Fatal(err)
				}
				var err error
				if files[j], err = os.ReadFile(path); err != nil {
					t.Fatal(err)
				}
			}
			if !bytes.Equal(files[0], files[1]) {
				t.Fatalf("comment %d, %d threads: the container hashed beside differs from the one hashed before", i, threads)
			}
			if restarts == 0 {
				once++
			} else {
				again++
			}
		}
	}
	if once == 0 || again == 0 {
		t.Errorf("%d conversions were written at once and %d began again: both ways should have been taken", once, again)
	}
}
