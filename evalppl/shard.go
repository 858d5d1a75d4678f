package evalppl

import (
	"fmt"
	"strconv"
	"strings"
)

// Shard is a share of a text's windows: with Count n, shard Index of 1 to n. The shares are consecutive and differ in size by at
// most one window. The zero value is everything.
type Shard struct {
	Index, Count int
}

// maxShards keeps products of window numbers and shard numbers far from overflow.
const maxShards = 1 << 20

// ParseShard reads "2/8".
func ParseShard(s string) (Shard, error) {
	i, n, ok := strings.Cut(s, "/")
	index, err1 := strconv.Atoi(i)
	count, err2 := strconv.Atoi(n)
	sh := Shard{index, count}
	if !ok || err1 != nil || err2 != nil || sh.all() {
		return Shard{}, fmt.Errorf("shard %q: want I/N, such as 2/8: the second of eight shards", s)
	}
	return sh, sh.check()
}

func (s Shard) all() bool { return s == Shard{} }

func (s Shard) check() error {
	if s.all() {
		return nil
	}
	if s.Count < 1 || s.Count > maxShards {
		return fmt.Errorf("shard %s: want 1 to %d shards", s, maxShards)
	}
	if s.Index < 1 || s.Index > s.Count {
		return fmt.Errorf("shard %s: shards are numbered 1 to %d", s, s.Count)
	}
	return nil
}

// String writes "2/8", and "" for everything.
func (s Shard) String() string {
	if s.all() {
		return ""
	}
	return fmt.Sprintf("%d/%d", s.Index, s.Count)
}

// bounds returns the windows first <= i < last of n that the shard has.
func (s Shard) bounds(n int) (first, last int) {
	if s.all() {
		return 0, n
	}
	return int(int64(n) * int64(s.Index-1) / int64(s.Count)), int(int64(n) * int64(s.Index) / int64(s.Count))
}
