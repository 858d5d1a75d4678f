package format

import "testing"

// BenchmarkVerify reads a container of 64 MiB that is in the page cache.
func BenchmarkVerify(b *testing.B) {
	s := tinySpec()
	s.Vocab, s.Hidden = 1<<14, 512
	r, err := Open(writeFile(b, metaFor(s), nil, plansFor(s, func(int) string { return "f32" })))
	if err != nil {
		b.Fatal(err)
	}
	defer r.Close()
	b.SetBytes(r.Size())
	for b.Loop() {
		if err := r.Verify(b.Context(), nil); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkOpen opens a container of 30 layers without its data being read.
func BenchmarkOpen(b *testing.B) {
	s := llamaSpec()
	s.Layers, s.Attention.Windows = 30, nil
	path := writeFile(b, metaFor(s), nil, plansFor(s, tileCodec))
	for b.Loop() {
		r, err := Open(path)
		if err != nil {
			b.Fatal(err)
		}
		if err := r.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
