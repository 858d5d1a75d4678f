package tokenizer

import "math/bits"

// pairTable maps a pair of symbols to the rank of their merge and to what they become: open addressing with linear probing, one cache line
// for most questions, which is where byte-pair encoding spends its time.
type pairTable struct {
	slots []pairSlot
	shift uint
}

type pairSlot struct {
	left, right uint32
	rank        uint32
	merged      uint32 // noSymbol in an empty slot
}

// noSymbol is no id.
const noSymbol = ^uint32(0)

func newPairTable(capacity int) *pairTable {
	logSize := uint(bits.Len(uint(capacity)*2 + 8))
	t := &pairTable{slots: make([]pairSlot, 1<<logSize), shift: 64 - logSize}
	for i := range t.slots {
		t.slots[i].merged = noSymbol
	}
	return t
}

// slot returns where the pair is, or where it would go.
func (t *pairTable) slot(left, right uint32) *pairSlot {
	h := (uint64(left)<<32 | uint64(right)) * 0x9E3779B97F4A7C15 >> t.shift
	for {
		s := &t.slots[h]
		if s.merged == noSymbol || s.left == left && s.right == right {
			return s
		}
		h = (h + 1) & uint64(len(t.slots)-1)
	}
}

// get returns the rank and result of a pair; merged is noSymbol where the pair does not merge.
func (t *pairTable) get(left, right uint32) (rank, merged uint32) {
	s := t.slot(left, right)
	return s.rank, s.merged
}

// set adds a pair or replaces it. No more pairs than the capacity may be added.
func (t *pairTable) set(left, right, rank, merged uint32) {
	s := t.slot(left, right)
	*s = pairSlot{left, right, rank, merged}
}

// runeSet is a set of pairs of characters: those that stand next to each other where some merge joins its two sides. Between any other two
// characters no merge ever reaches across, so a text may be cut there before it is encoded: the parts come out the same.
type runeSet struct {
	ascii [128]([2]uint64)
	pairs *pairTable
}

func newRuneSet(capacity int) *runeSet { return &runeSet{pairs: newPairTable(capacity)} }

func (s *runeSet) add(a, b rune) {
	if a < 128 && b < 128 {
		s.ascii[a][b>>6] |= 1 << (b & 63)
		return
	}
	s.pairs.set(uint32(a), uint32(b), 0, 0)
}

func (s *runeSet) has(a, b rune) bool {
	if a < 128 && b < 128 {
		return s.ascii[a][b>>6]>>(b&63)&1 != 0
	}
	_, merged := s.pairs.get(uint32(a), uint32(b))
	return merged != noSymbol
}
