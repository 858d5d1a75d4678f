package model

import (
	"context"

	"nibble/evalppl/reading"
	"nibble/kernels"
)

// batch is what goes through the layers together: tokens of one sequence, or of several. Matrices and norms see the tokens alone; what
// differs between the sequences is each token's position and where its key and value lie, and that attention looks at the token's
// own sequence.
type batch struct {
	n        int      // tokens; in the last layer, those whose results are wanted
	tokens   []uint32 // their ids
	position []int32  // of each in its own sequence
	slot     []int32  // of each in the cache
	pairs    int      // of a token with a position that it sees, if attention sees all earlier ones: the work of attention
	wanted   int      // tokens whose results are wanted: the last ones of each segment

	segments []segment
	queries  []queries // of all segments, in their order
	tiles    []span    // tokens whose keys share a tile of the cache
	copies   []copied
}

// segment is a sequence's part of a batch.
type segment struct {
	seq      int // number of the sequence
	first, n int // its tokens in the batch
	index    int // of its first token among the sequence's tokens
	wanted   int // its last tokens, whose results are wanted
}

// queries are consecutive tokens of one segment that are multiplied with its keys and values together.
type queries struct {
	first, n int  // tokens of the batch
	pos      int  // position of the first in its sequence
	base     int  // slot of the sequence's position 0, the first of a tile
	wanted   bool // the results of one of them, or of more
}

// span is a range of a batch's tokens.
type span struct{ first, n int }

// copied is a range of positions whose keys and values one sequence takes over from another of the same beginning.
type copied struct {
	pos, n   int
	from, to int // slots of position 0
}

func newBatch(n int) batch {
	return batch{
		tokens: make([]uint32, 0, n), position: make([]int32, 0, n), slot: make([]int32, 0, n),
		segments: make([]segment, 0, n), queries: make([]queries, 0, n), tiles: make([]span, 0, n),
	}
}

// room returns how many tokens a batch has room for.
func (b *batch) room() int { return cap(b.tokens) }

func (b *batch) reset() {
	b.n, b.pairs, b.wanted = 0, 0, 0
	b.tokens, b.position, b.slot = b.tokens[:0], b.position[:0], b.slot[:0]
	b.segments, b.queries, b.tiles, b.copies = b.segments[:0], b.queries[:0], b.tiles[:0], b.copies[:0]
}

// add puts tokens into the batch, which has room: those of sequence number seq from index on, at positions pos on, where position 0 of
// the sequence lies in slot base, a multiple of 16. Results are wanted of the sequence's tokens from index from on.
func (b *batch) add(seq int, tokens []uint32, index, base, pos, from int) {
	first, n := b.n, len(tokens)
	wanted := max(0, n-max(0, from-index))
	b.segments = append(b.segments, segment{seq: seq, first: first, n: n, index: index, wanted: wanted})
	b.tokens = append(b.tokens, tokens...)
	for t := range tokens {
		b.position = append(b.position, int32(pos+t))
		b.slot = append(b.slot, int32(base+pos+t))
	}
	// Cut as if the segment were alone, so that its results do not depend on others, not even where attention has a window.
	panels := kernels.Panels(n)
	for p := 0; p < panels; p += panelsOfQueries {
		at, size := panelTokens(n, p, min(p+panelsOfQueries, panels))
		b.queries = append(b.queries, queries{first: first + at, n: size, pos: pos + at, base: base, wanted: at+size > n-wanted})
	}
	for t := 0; t < n; {
		size := min(kernels.TileRows-(pos+t)%kernels.TileRows, n-t)
		b.tiles = append(b.tiles, span{first + t, size})
		t += size
	}
	b.n += n
	b.wanted += wanted
	b.pairs += n * (pos + n)
}

// panelTokens returns the first token and the number of tokens of panels [p0, p1) of n tokens.
func panelTokens(n, p0, p1 int) (first, size int) {
	first, _ = kernels.Panel(n, p0)
	last, width := kernels.Panel(n, p1-1)
	return first, last + width - first
}

// placed is a sequence whose keys and values are in the cache, or will be when the batch is through.
type placed struct {
	tokens []uint32
	base   int
	own    int // position from which on they are the sequence's own; those before are copied
	copies span
}

// readAll reads each of several windows from its beginning, and calls done after each batch. The last unread tokens of each are left
// out. The session forgets what it held.
//
// A window of more tokens than a batch goes through batches of its own; shorter ones are not divided.
func (s *Session) readAll(ctx context.Context, windows []reading.Window, unread int, done func() error) error {
	s.Reset()
	s.batch.reset()
	used := 0 // slots
	var before placed
	for k := range windows {
		tokens := windows[k].Tokens
		tokens = tokens[:max(0, len(tokens)-unread)]
		if len(tokens) == 0 {
			continue
		}
		keep := min(windows[k].Taken(before.tokens), len(tokens)-1)
		slots := kernels.Tiles(len(tokens)) * kernels.TileRows
		if s.n > 0 && (s.n+len(tokens)-keep > s.room() || used+slots > s.cache.capacity) {
			if err := s.through(ctx, done); err != nil {
				return err
			}
		}
		now := placed{tokens: tokens, base: used, copies: span{len(s.copies), 0}}
		if s.n == 0 {
			// What is in the cache already is not copied into the batch: the sequence goes on from it.
			now.base = 0
			s.cache.move(before.base, keep)
		} else if keep > 0 {
			now.own = keep
			for _, c := range s.copies[before.copies.first:][:before.copies.n] {
				if c.pos < keep {
					s.copies = append(s.copies, copied{c.pos, min(c.n, keep-c.pos), c.from, now.base})
				}
			}
			if keep > before.own {
				s.copies = append(s.copies, copied{before.own, keep - before.own, before.base, now.base})
			}
			now.copies.n = len(s.copies) - now.copies.first
		}
		for len(tokens)-keep > s.room() { // the batch is empty
			s.batch.add(k, tokens[keep:keep+s.room()], keep, 0, keep, windows[k].From)
			keep += s.room()
			if err := s.through(ctx, done); err != nil {
				return err
			}
		}
		s.batch.add(k, tokens[keep:], keep, now.base, keep, windows[k].From)
		used = now.base + slots
		before = now
	}
	if s.n == 0 {
		return nil
	}
	return s.through(ctx, done)
}

// through sends the batch through the layers, calls done and empties the batch.
func (s *Session) through(ctx context.Context, done func() error) error {
	s.ctx, s.stop = ctx, false
	s.m.pool.Run(s.runLayers)
	if s.stop {
		return ctx.Err()
	}
	if s.watch != nil && s.watch.where != "" {
		return errFound
	}
	if err := done(); err != nil {
		return err
	}
	s.passed += len(s.tokens)
	s.batch.reset()
	return nil
}
