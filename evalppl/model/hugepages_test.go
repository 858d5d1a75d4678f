package model

import (
	"testing"
	"unsafe"
)

// TestHugePages: weights are the same bytes where they were moved to, a tied head still shares the embeddings, and every matrix begins a
// cache line.
func TestHugePages(t *testing.T) {
	for name, tied := range map[string]bool{"llama": true, "gpt2": false} {
		spec := specs()[name]
		spec.Vocab = 20000 // more than a huge page of embeddings
		r := randomContainer(t, spec, "f32")
		m := load(t, r, Options{Threads: 2})
		if m.freeWeights == nil {
			t.Skip("this system has no huge pages, or not enough memory")
		}
		for _, w := range m.matrices() {
			info, _ := r.Lookup(w.name)
			data, err := r.Bytes(info)
			if err != nil {
				t.Fatal(err)
			}
			if string(data) != string(w.data) || unsafe.SliceData(data) == unsafe.SliceData(w.data) || uintptr(unsafe.Pointer(unsafe.SliceData(w.data)))%dataAlign != 0 {
				t.Errorf("%s: %q was not moved as it is", name, w.name)
			}
			if unsafe.Pointer(unsafe.SliceData(w.floats)) != unsafe.Pointer(unsafe.SliceData(w.data)) {
				t.Errorf("%s: the float32 view of %q lies elsewhere", name, w.name)
			}
		}
		if (unsafe.SliceData(m.tokensData) == unsafe.SliceData(m.head.data)) != tied {
			t.Errorf("%s: head and embeddings: shared is not %v", name, tied)
		}
	}
}
