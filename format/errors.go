package format

import (
	"errors"
	"fmt"
)

// What can be wrong with a container. Every error about a container's bytes is an [*Error] that wraps one of these.
var (
	// ErrNotContainer: the file does not begin as a container does.
	ErrNotContainer = errors.New("not a nibble container")
	// ErrUnsupported: a version, flag, codec or host this package does not know.
	ErrUnsupported = errors.New("not supported by this nibble")
	// ErrDamaged: the bytes are not those that were written (checksum, padding, length).
	ErrDamaged = errors.New("the file is damaged")
	// ErrInvalid: the bytes are as they were written, and break a rule of SPEC.md: a faulty or hostile writer.
	ErrInvalid = errors.New("the file breaks the container format's rules")
)

// Error says what is wrong with a container, and where.
type Error struct {
	Op     string // "open" or "verify"
	Path   string
	Part   string // header, metadata, tokenizer, index, tensor "NAME", padding before PART, end of file
	Offset int64  // of the part or of the field in the file, in bytes
	Reason string // what was found, what was expected
	Err    error  // ErrNotContainer, ErrUnsupported, ErrDamaged or ErrInvalid
}

func (e *Error) Error() string {
	return fmt.Sprintf("format: %s %s: %s at offset %d: %s; %s", e.Op, e.Path, e.Part, e.Offset, e.Reason, e.hint())
}

func (e *Error) Unwrap() error { return e.Err }

// hint says what the user can do.
func (e *Error) hint() string {
	switch e.Err {
	case ErrNotContainer:
		return "this is not a nibble container: give a file written by nibble convert"
	case ErrUnsupported:
		return "this nibble cannot read it: update nibble, or convert the model with this one"
	case ErrDamaged:
		return "the file is damaged: copy it again, or convert the model again"
	case ErrInvalid:
		return "the file breaks the rules of format/SPEC.md: convert the model again"
	}
	return e.Err.Error()
}
