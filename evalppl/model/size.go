package model

// WeightBytes returns the bytes of weights that one token's pass reads: every matrix once, and one row of the embeddings.
func (m *Model) WeightBytes() int64 {
	n := int64(len(m.head.data)) + int64(len(m.tokensData))/int64(max(1, m.spec.Vocab))
	for i := range m.layers {
		l := &m.layers[i]
		n += int64(len(l.qkv.data) + len(l.attnOut.data) + len(l.up.data) + len(l.down.data))
	}
	return n
}

// CacheBytes returns the bytes of keys and values that positions positions take.
func (m *Model) CacheBytes(positions int) int64 {
	var n int64
	a := &m.spec.Attention
	for i := range m.layers {
		n += int64(m.layers[i].attention().bytes(a))
	}
	return n * int64(positions) * int64(a.KVHeads)
}

// Batches returns in how many passes over the weights a sequence of tokens is read at once.
func (m *Model) Batches(tokens int) int { return (tokens + batchTokens - 1) / batchTokens }
