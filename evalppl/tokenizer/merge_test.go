package tokenizer

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// mergePlainly is the definition: as long as some pair merges, join the leftmost of lowest rank.
func mergePlainly(t *pairTable, ids []uint32) []uint32 {
	ids = slices.Clone(ids)
	for {
		best, bestRank, bestMerged := -1, uint32(0), uint32(0)
		for i := 0; i+1 < len(ids); i++ {
			if rank, merged := t.get(ids[i], ids[i+1]); merged != noSymbol && (best < 0 || rank < bestRank) {
				best, bestRank, bestMerged = i, rank, merged
			}
		}
		if best < 0 {
			return ids
		}
		ids[best] = bestMerged
		ids = slices.Delete(ids, best+1, best+2)
	}
}

// randomMerges makes a vocabulary over the letters a to d and merges among it.
func randomMerges(t *testing.T, r *rand.Rand) *bpe {
	t.Helper()
	v := &vocabulary{ids: map[string]uint32{}}
	tokens := []string{"a", "b", "c", "d"}
	for i, token := range tokens {
		if err := v.add(token, uint32(i)); err != nil {
			t.Fatal(err)
		}
	}
	var rules []mergeRule
	for range 40 {
		a, b := tokens[r.IntN(len(tokens))], tokens[r.IntN(len(tokens))]
		if _, ok := v.ids[a+b]; !ok {
			if err := v.add(a+b, uint32(len(tokens))); err != nil {
				t.Fatal(err)
			}
			tokens = append(tokens, a+b)
		}
		rules = append(rules, mergeRule{a, b})
	}
	r.Shuffle(len(rules), func(i, j int) { rules[i], rules[j] = rules[j], rules[i] })
	m, err := newBPE(bpeSettings{}, v, rules)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestMerge compares both ways of merging, and texts cut at joints, with the definition.
func TestMerge(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	cut := 0
	for range 300 {
		m := randomMerges(t, r)
		for _, n := range []int{0, 1, 2, 5, shortWord, shortWord + 1, 60, 200} {
			text := make([]byte, n)
			ids := make([]uint32, n)
			s := newSession(&Tokenizer{model: m})
			for i := range text {
				ids[i] = uint32(r.IntN(4))
				text[i] = 'a' + byte(ids[i])
				s.symbols = append(s.symbols, symbol{id: ids[i]})
			}
			want := mergePlainly(m.pairs, ids)
			s.merge(m.pairs)
			var got []uint32
			for i := int32(0); n > 0 && i >= 0; i = s.symbols[i].next {
				got = append(got, s.symbols[i].id)
			}
			if !slices.Equal(got, want) {
				t.Fatalf("merge of %s: %d, want %d", text, got, want)
			}
			if n == 0 {
				continue
			}
			if err := m.encode(s, string(text)); err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(s.ids, want) {
				t.Fatalf("encode %s: %d, want %d", text, s.ids, want)
			}
			for i := 1; i < n; i++ {
				if !m.joints.has(rune(text[i-1]), rune(text[i])) {
					cut++
				}
			}
		}
	}
	if cut == 0 {
		t.Error("no text was cut at a joint")
	}
}
