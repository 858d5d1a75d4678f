package tokenizer

// symbol is one link of the list that byte-pair encoding works on. A symbol that was merged into its left neighbour has id noSymbol.
type symbol struct {
	id         uint32
	prev, next int32 // -1 at the ends
}

// candidate is a merge that may be done, of the symbol at pos with the one behind it: rank<<32 | pos, so that the least is the one of lowest
// rank, of several the leftmost.
type candidate uint64

// shortWord is the number of symbols up to which looking at every pair each time beats a heap.
const shortWord = 24

// linkSymbols fills the links of s.symbols.
func (s *session) linkSymbols() {
	for i := range s.symbols {
		s.symbols[i].prev, s.symbols[i].next = int32(i-1), int32(i+1)
	}
	if n := len(s.symbols); n > 0 {
		s.symbols[n-1].next = -1
	}
}

// merge applies the merges of t to s.symbols: always the pair of lowest rank, of several the leftmost. The first symbol of the result is
// s.symbols[0], the others follow by next. O(n log n).
func (s *session) merge(t *pairTable) {
	s.linkSymbols()
	if len(s.symbols) <= shortWord {
		s.mergeShort(t)
		return
	}
	s.heap = s.heap[:0]
	for i := range s.symbols[:len(s.symbols)-1] {
		if rank, merged := t.get(s.symbols[i].id, s.symbols[i+1].id); merged != noSymbol {
			s.heap = append(s.heap, candidate(uint64(rank)<<32|uint64(i)))
		}
	}
	for i := len(s.heap) / heapWidth; i >= 0; i-- {
		s.siftDown(i)
	}
	for len(s.heap) > 0 {
		top := s.heap[0]
		n := len(s.heap) - 1
		s.heap[0] = s.heap[n]
		s.heap = s.heap[:n]
		s.siftDown(0)
		pos := int32(uint32(top))
		left := &s.symbols[pos]
		if left.id == noSymbol || left.next < 0 {
			continue
		}
		// The pair may have changed since the candidate was put in. (The reference asks whether it still becomes the same token, which is the
		// same question: symbols only grow.)
		rank, merged := t.get(left.id, s.symbols[left.next].id)
		if merged == noSymbol || rank != uint32(top>>32) {
			continue
		}
		s.join(pos, merged)
		if left.prev >= 0 {
			s.push(t, left.prev)
		}
		if left.next >= 0 {
			s.push(t, pos)
		}
	}
}

// join merges the symbol at pos with the next one.
func (s *session) join(pos int32, merged uint32) {
	left := &s.symbols[pos]
	right := &s.symbols[left.next]
	left.id, right.id = merged, noSymbol
	left.next = right.next
	if left.next >= 0 {
		s.symbols[left.next].prev = pos
	}
}

// mergeShort is merge without a heap.
func (s *session) mergeShort(t *pairTable) {
	// pairs[i] is the merge of the pair that starts at i.
	var pairs [shortWord]struct{ rank, merged uint32 }
	rate := func(i int32) {
		pairs[i].merged = noSymbol
		if next := s.symbols[i].next; next >= 0 {
			pairs[i].rank, pairs[i].merged = t.get(s.symbols[i].id, s.symbols[next].id)
		}
	}
	for i := range s.symbols {
		rate(int32(i))
	}
	for {
		best := int32(-1)
		for i := int32(0); i >= 0 && int(i) < len(s.symbols); i = s.symbols[i].next {
			if pairs[i].merged != noSymbol && (best < 0 || pairs[i].rank < pairs[best].rank) {
				best = i
			}
		}
		if best < 0 {
			return
		}
		s.join(best, pairs[best].merged)
		rate(best)
		if prev := s.symbols[best].prev; prev >= 0 {
			rate(prev)
		}
	}
}

// push adds the pair that starts at pos to the heap if it merges.
func (s *session) push(t *pairTable, pos int32) {
	left := s.symbols[pos]
	rank, merged := t.get(left.id, s.symbols[left.next].id)
	if merged == noSymbol {
		return
	}
	c := candidate(uint64(rank)<<32 | uint64(uint32(pos)))
	s.heap = append(s.heap, c)
	i := len(s.heap) - 1
	for i > 0 {
		parent := (i - 1) / heapWidth
		if s.heap[parent] <= c {
			break
		}
		s.heap[i] = s.heap[parent]
		i = parent
	}
	s.heap[i] = c
}

// heapWidth is the number of children of a node: four of them share half a cache line.
const heapWidth = 4

func (s *session) siftDown(i int) {
	h := s.heap
	if i >= len(h) {
		return
	}
	c := h[i]
	for {
		first := heapWidth*i + 1
		if first >= len(h) {
			break
		}
		child, least := first, h[first]
		for k := first + 1; k < min(first+heapWidth, len(h)); k++ {
			if h[k] < least {
				child, least = k, h[k]
			}
		}
		if c <= least {
			break
		}
		h[i] = least
		i = child
	}
	h[i] = c
}
