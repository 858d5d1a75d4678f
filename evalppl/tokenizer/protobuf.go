package tokenizer

import (
	"encoding/binary"
	"fmt"
	"math"
)

// field is one field of a protocol buffer message as it stands on the wire.
type field struct {
	number uint64
	wire   byte // 0 varint, 1 fixed64, 2 bytes, 5 fixed32
	value  uint64
	data   []byte // wire type 2: a view of the message
	offset int    // where the field starts in the message
}

// readFields calls f for every field of a message (protobuf.dev, "Encoding").
func readFields(msg []byte, f func(field) error) error {
	for at := 0; at < len(msg); {
		x := field{offset: at}
		tag, n := binary.Uvarint(msg[at:])
		if n <= 0 {
			return fmt.Errorf("byte %d: broken field number", at)
		}
		at += n
		x.number, x.wire = tag>>3, byte(tag&7)
		if x.number == 0 || x.number > 1<<29-1 {
			return fmt.Errorf("byte %d: field number %d", x.offset, x.number)
		}
		rest := msg[at:]
		switch x.wire {
		case 0:
			if x.value, n = binary.Uvarint(rest); n <= 0 {
				return fmt.Errorf("byte %d: broken number", at)
			}
		case 1:
			if n = 8; len(rest) < n {
				return fmt.Errorf("byte %d: the message ends inside field %d", at, x.number)
			}
			x.value = binary.LittleEndian.Uint64(rest)
		case 5:
			if n = 4; len(rest) < n {
				return fmt.Errorf("byte %d: the message ends inside field %d", at, x.number)
			}
			x.value = uint64(binary.LittleEndian.Uint32(rest))
		case 2:
			size, m := binary.Uvarint(rest)
			if m <= 0 || size > uint64(len(rest)-m) {
				return fmt.Errorf("byte %d: field %d is longer than what is left of the message", at, x.number)
			}
			x.data = rest[m : m+int(size)]
			n = m + int(size)
		default:
			return fmt.Errorf("byte %d: field %d has wire type %d", x.offset, x.number, x.wire)
		}
		at += n
		if err := f(x); err != nil {
			return err
		}
	}
	return nil
}

// bytes, boolean, integer and float read the field as what the schema says it is.
func (x field) bytes() ([]byte, error) { return x.data, x.want(2) }

func (x field) boolean() (bool, error) { return x.value != 0, x.want(0) }

func (x field) integer() (int64, error) { return int64(x.value), x.want(0) }

func (x field) float() (float32, error) { return math.Float32frombits(uint32(x.value)), x.want(5) }

func (x field) want(wire byte) error {
	if x.wire != wire {
		return fmt.Errorf("byte %d: field %d has wire type %d, want %d", x.offset, x.number, x.wire, wire)
	}
	return nil
}
