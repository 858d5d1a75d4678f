package spill

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"

	"nibble/evalppl/internal/tempfile"
)

// blockLen is how many numbers are kept, or written and read back, at a time.
const blockLen = 1 << 14

var errClosed = errors.New("the list has been closed")

// Store is the memory and the file of some lists. Its lists may be read from several goroutines where none appends.
type Store struct {
	what   string
	budget int64 // bytes of full blocks that may still be kept in memory
	file   *os.File
	size   int64 // of the file
	buf    []byte
	closed bool
}

// New returns a store that keeps up to budget bytes of full blocks in memory. what says in errors what it holds.
func New(what string, budget int64) *Store {
	return &Store{what: what, budget: budget}
}

// List returns a new, empty list.
func (s *Store) List() *List { return &List{store: s} }

// Close gives memory and file back. Lists cannot be used afterwards.
func (s *Store) Close() error {
	if s.closed {
		return nil
	}
	s.closed = true
	if s.file == nil {
		return nil
	}
	return s.file.Close()
}

// write puts a full block into the file and returns where.
func (s *Store) write(block []uint32) (at int64, err error) {
	if s.file == nil {
		if s.file, err = tempfile.Create(s.what); err != nil {
			return 0, err
		}
		s.buf = make([]byte, 4*blockLen)
	}
	for i, x := range block {
		binary.LittleEndian.PutUint32(s.buf[4*i:], x)
	}
	at = s.size
	if _, err := s.file.WriteAt(s.buf, at); err != nil {
		return 0, fmt.Errorf("keep %s in a temporary file, after %d bytes: %w", s.what, at, tempfile.Explain(err))
	}
	s.size += int64(len(s.buf))
	return at, nil
}

// block is blockLen numbers: in memory, or at a place of the file.
type block struct {
	mem []uint32
	at  int64
}

// List is a list of numbers that is appended to, and read at any place.
type List struct {
	store  *Store
	blocks []block
	tail   []uint32 // the block that is being filled
}

// Len is the number of numbers.
func (l *List) Len() int64 { return int64(len(l.blocks))*blockLen + int64(len(l.tail)) }

// Append adds numbers. Its errors are those of the temporary file.
func (l *List) Append(numbers ...uint32) error {
	if l.store.closed {
		return errClosed
	}
	for len(numbers) > 0 {
		n := min(len(numbers), blockLen-len(l.tail))
		l.tail = append(l.tail, numbers[:n]...)
		numbers = numbers[n:]
		if len(l.tail) == blockLen {
			if err := l.full(); err != nil {
				return err
			}
		}
	}
	return nil
}

// full puts the filled block away.
func (l *List) full() error {
	s := l.store
	if s.budget >= 4*blockLen {
		s.budget -= 4 * blockLen
		l.blocks = append(l.blocks, block{mem: l.tail})
		l.tail = make([]uint32, 0, blockLen)
		return nil
	}
	at, err := s.write(l.tail)
	if err != nil {
		return err
	}
	l.blocks = append(l.blocks, block{at: at})
	l.tail = l.tail[:0]
	return nil
}

// ReadAt fills dst with the numbers from number at on, all of which must be there.
func (l *List) ReadAt(dst []uint32, at int64) error {
	if l.store.closed {
		return errClosed
	}
	if at < 0 || at > l.Len()-int64(len(dst)) {
		return fmt.Errorf("read numbers %d to %d of a list of %d", at, at+int64(len(dst)), l.Len())
	}
	for len(dst) > 0 {
		k, from := at/blockLen, int(at%blockLen)
		n := min(len(dst), blockLen-from)
		switch {
		case k == int64(len(l.blocks)):
			copy(dst[:n], l.tail[from:])
		case l.blocks[k].mem != nil:
			copy(dst[:n], l.blocks[k].mem[from:])
		default:
			if err := l.store.read(dst[:n], l.blocks[k].at+int64(4*from)); err != nil {
				return err
			}
		}
		dst, at = dst[n:], at+int64(n)
	}
	return nil
}

func (s *Store) read(dst []uint32, at int64) error {
	b := make([]byte, 4*len(dst))
	if _, err := s.file.ReadAt(b, at); err != nil {
		return fmt.Errorf("read %s back from a temporary file at byte %d: %w", s.what, at, tempfile.Explain(err))
	}
	for i := range dst {
		dst[i] = binary.LittleEndian.Uint32(b[4*i:])
	}
	return nil
}

// Each calls fn with the numbers in order, some at a time.
func (l *List) Each(fn func(numbers []uint32) error) error {
	buf := make([]uint32, min(blockLen, l.Len()))
	for at := int64(0); at < l.Len(); {
		n := min(int64(len(buf)), l.Len()-at)
		if err := l.ReadAt(buf[:n], at); err != nil {
			return err
		}
		if err := fn(buf[:n]); err != nil {
			return err
		}
		at += n
	}
	return nil
}
