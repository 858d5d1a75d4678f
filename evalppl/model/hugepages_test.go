package model

import (
	"slices"
	"testing"
	"unsafe"
)

// TestMoveWeights: weights are the same bytes where they were moved to, a tied head still shares the embeddings, and every matrix begins a
// cache line.
func TestMoveWeights(t *testing.T) {
	for name, tied := range map[string]bool{"llama": true, "gpt2": false} {
		spec := specs()[name]
		r := randomContainer(t, spec, "f32")
		m := load(t, r, Options{Threads: 2})
		want := allLogits(t, m, randomTokens(20, spec.Vocab))
		m.moveWeights(func(int) ([]byte, func()) { return nil, nil })
		if m.freeWeights != nil {
			t.Fatal("weights were moved to no memory")
		}
		freed := false
		m.moveWeights(func(size int) ([]byte, func()) {
			b := make([]byte, size+dataAlign)
			skip := -uintptr(unsafe.Pointer(unsafe.SliceData(b))) % dataAlign
			return b[skip:][:size], func() { freed = true }
		})
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
		if got := allLogits(t, m, randomTokens(20, spec.Vocab)); !slices.EqualFunc(got, want, func(a, b []float32) bool { return slices.Equal(a, b) }) {
			t.Errorf("%s: other logits than before", name)
		}
		m.Close()
		if !freed {
			t.Errorf("%s: Close did not free the memory", name)
		}
	}
}
