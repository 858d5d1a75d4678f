package model

import (
	"unsafe"

	"nibble/kernels/pool"
)

// A file's mapping is made of the page cache's pages, 4 KB for a file that was written piece by piece. Generation reads every weight once
// for each token, and at a gigabyte of them the processor spends as long on finding pages as on reading: from pages of 2 MB generation
// is 1.15 to 1.5 times as fast (docs/performance.md). So the matrices are copied into such pages where the system has them and the memory
// to spare.

// dataAlign keeps tiles at the beginning of a cache line, as they are in the container.
const dataAlign = 64

// moveWeights moves the matrices to memory that allocate has, such as [hugepage.Allocate], if it has any. It changes where the weights
// lie and nothing else.
func (m *Model) moveWeights(allocate func(size int) (memory []byte, free func())) {
	size := 0
	place := map[*byte]int{} // a tied head is the embeddings' data
	add := func(b []byte) {
		if p := unsafe.SliceData(b); len(b) > 0 {
			if _, ok := place[p]; !ok {
				place[p] = size
				size += (len(b) + dataAlign - 1) &^ (dataAlign - 1)
			}
		}
	}
	matrices := m.matrices()
	for _, w := range matrices {
		add(w.data)
	}
	memory, free := allocate(size)
	if memory == nil {
		return
	}
	m.freeWeights = free
	m.pool.Run(func(w *pool.Worker) {
		w.Each(len(matrices), func(i int) { copy(memory[place[unsafe.SliceData(matrices[i].data)]:], matrices[i].data) })
	})
	for _, w := range matrices {
		tied := unsafe.SliceData(w.data) == unsafe.SliceData(m.tokensData)
		w.data = memory[place[unsafe.SliceData(w.data)]:][:len(w.data):len(w.data)]
		if w.floats != nil {
			w.floats = asFloat32(w.data)
		}
		if tied {
			m.tokensData = w.data
		}
	}
}

// matrices returns all that a token's pass reads whole.
func (m *Model) matrices() []*matrix {
	list := []*matrix{m.head}
	for i := range m.layers {
		l := &m.layers[i]
		list = append(list, l.qkv, l.attnOut, l.up, l.down)
	}
	return list
}
