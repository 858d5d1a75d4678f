// Package spill keeps long lists of 32-bit numbers in bounded memory: a [Store] holds its lists in memory up to a budget, and what goes beyond
// it in one temporary file, which is made when it is first needed and leaves nothing behind.
//
//	s := spill.New("the tokens of a text", 32<<20)
//	defer s.Close()
//	l := s.List()
//	err := l.Append(1, 2, 3)
//	err = l.ReadAt(dst, 0)
//
// What grows beyond the budget: the block that each list is filling (64 KiB), and 16 bytes for each block of 16,384 numbers.
package spill
