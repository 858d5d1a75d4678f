package parquet

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// compact walks over data in Thrift's compact protocol
// (https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md) without keeping any of it, so that lengths and counts are
// known to be backed by bytes before a decoder allocates for them.
type compact struct {
	r        io.ByteReader
	skip     func(n int64) error // passes over n bytes of r
	left     int64               // bytes that may still be read
	elements int64               // list elements that may still come
}

var errThriftEnds = errors.New("its data ends inside a value")

const maxThriftDepth = 32

func (c *compact) byte() (byte, error) {
	if c.left <= 0 {
		return 0, errThriftEnds
	}
	c.left--
	b, err := c.r.ReadByte()
	if err == io.EOF {
		err = errThriftEnds
	}
	return b, err
}

// ReadByte makes compact an io.ByteReader for binary.ReadUvarint.
func (c *compact) ReadByte() (byte, error) { return c.byte() }

func (c *compact) varint() (uint64, error) { return binary.ReadUvarint(c) }

// pass goes over n bytes.
func (c *compact) pass(n uint64) error {
	if n > uint64(max(c.left, 0)) {
		return fmt.Errorf("a value has length %d where %d bytes are left", n, c.left)
	}
	c.left -= int64(n)
	return c.skip(int64(n))
}

// number is called with an integer or boolean field: the ids of the fields around it and its own (-1 for a place in a list), and its value.
// The path is valid during the call.
type number func(path []int16, v int64)

// walk goes over a struct and reports its numbers.
func (c *compact) walk(path []int16, report number) error {
	if len(path) > maxThriftDepth {
		return fmt.Errorf("its structures are nested deeper than %d", maxThriftDepth)
	}
	var id int16
	for {
		head, err := c.byte()
		if err != nil {
			return err
		}
		if head == 0 {
			return nil
		}
		if delta := head >> 4; delta != 0 {
			id += int16(delta)
		} else {
			v, err := c.varint()
			if err != nil {
				return err
			}
			id = int16(unzigzag(v))
		}
		switch t := head & 15; t {
		case 1, 2: // true and false, held in the type
			report(append(path, id), int64(2-t))
		default:
			if err := c.value(t, append(path, id), report); err != nil {
				return err
			}
		}
	}
}

// value goes over a value that is no boolean field.
func (c *compact) value(t byte, path []int16, report number) error {
	switch t {
	case 1, 2, 3: // booleans in lists, and bytes
		_, err := c.byte()
		return err
	case 4, 5, 6:
		v, err := c.varint()
		if err == nil {
			report(path, unzigzag(v))
		}
		return err
	case 7:
		return c.pass(8)
	case 8:
		n, err := c.varint()
		if err != nil {
			return err
		}
		return c.pass(n)
	case 9, 10:
		return c.list(path, report)
	case 11:
		return errors.New("it holds a map, which Parquet has not")
	case 12:
		return c.walk(path, report)
	}
	return fmt.Errorf("it holds a value of type %d, which Thrift has not", t)
}

func (c *compact) list(path []int16, report number) error {
	if len(path) > maxThriftDepth {
		return fmt.Errorf("its structures are nested deeper than %d", maxThriftDepth)
	}
	head, err := c.byte()
	if err != nil {
		return err
	}
	n := uint64(head >> 4)
	if n == 15 {
		if n, err = c.varint(); err != nil {
			return err
		}
	}
	// Each element has at least one byte.
	if n > uint64(max(c.left, 0)) {
		return fmt.Errorf("a list has %d elements where %d bytes are left", n, c.left)
	}
	if int64(n) > c.elements {
		return fmt.Errorf("its lists have too many elements")
	}
	c.elements -= int64(n)
	path = append(path, -1)
	for range n {
		if err := c.value(head&15, path, report); err != nil {
			return err
		}
	}
	return nil
}

func unzigzag(v uint64) int64 { return int64(v>>1) ^ -int64(v&1) }
