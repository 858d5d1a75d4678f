package corpus

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"iter"
)

const (
	utf16LE = "\xff\xfe"
	utf16BE = "\xfe\xff"
)

// readPlain reads r to its end. size is what a regular file has, -1 where it is not known. It stops at the first NUL byte, so a binary
// file is refused early.
func readPlain(r io.Reader, size int64, allowNUL bool, limit int64) ([]byte, error) {
	if size > limit {
		return nil, fmt.Errorf("%w: the file has %d bytes, a plain text has at most %d: split it, or give it as JSONL or Parquet", ErrTooLarge, size, limit)
	}
	capacity := int64(1 << 16)
	if size >= 0 {
		capacity = size + 1 // one more to see the end without growing
	}
	text, idle := make([]byte, 0, capacity), 0
	for {
		if len(text) == cap(text) {
			grown := make([]byte, len(text), min(2*int64(cap(text)), limit+1))
			copy(grown, text)
			text = grown
		}
		n, err := r.Read(text[len(text):cap(text)])
		start := len(text)
		text = text[:start+n]
		if int64(len(text)) > limit {
			return nil, fmt.Errorf("%w: the text has more than %d bytes, a plain text has at most that: split it, or give it as JSONL or Parquet", ErrTooLarge, limit)
		}
		if !allowNUL {
			if i := bytes.IndexByte(text[start:], 0); i >= 0 {
				return nil, binaryError(text, int64(start+i))
			}
		}
		if err == io.EOF {
			return text, nil
		}
		if err != nil {
			return nil, err
		}
		if n > 0 {
			idle = 0
		} else if idle++; idle > 100 {
			return nil, io.ErrNoProgress
		}
	}
}

// pieceBytes is how much of a plain text is read at a time.
const pieceBytes = 1 << 18

// plainPieces reads r to its end and calls fn with one piece after the other, each only valid during the call; the last one may be empty. A
// text without a byte has no pieces. It stops at the first NUL byte, and where fn returns false.
func plainPieces(r io.Reader, allowNUL bool, limit int64, fn func(text []byte, last bool) bool) error {
	buf := make([]byte, pieceBytes)
	var head []byte
	read, idle := int64(0), 0
	for {
		n, err := r.Read(buf)
		text := buf[:n]
		if len(head) < len(utf16LE)+2 {
			head = append(head, text[:min(n, 16)]...)
		}
		if read+int64(n) > limit {
			return fmt.Errorf("%w: the text has more than %d bytes", ErrTooLarge, limit)
		}
		if !allowNUL {
			if i := bytes.IndexByte(text, 0); i >= 0 {
				return binaryError(head, read+int64(i))
			}
		}
		read += int64(n)
		switch {
		case err != nil && err != io.EOF:
			return err
		case err == io.EOF:
			if read > 0 {
				fn(text, true)
			}
			return nil
		case n > 0:
			idle = 0
			if !fn(text, false) {
				return nil
			}
		default:
			if idle++; idle > 100 {
				return io.ErrNoProgress
			}
		}
	}
}

// binaryError names the likely kind of a file with a NUL byte at offset.
func binaryError(head []byte, offset int64) error {
	hint := "is it the right file? Give the kind (--text-kind parquet, jsonl.gz, ...) if its name hides it; --text-kind plain allows NUL bytes if they are meant"
	switch {
	case bytes.HasPrefix(head, []byte(utf16LE)), bytes.HasPrefix(head, []byte(utf16BE)):
		hint = "it starts as UTF-16: convert it first, as with iconv -f UTF-16 -t UTF-8"
	case bytes.HasPrefix(head, []byte("PAR1")):
		hint = "it starts as Parquet: give the kind (--text-kind parquet)"
	}
	return fmt.Errorf("%w: a NUL byte at offset %d: %s", ErrBinary, offset, hint)
}

// lineTexts yields the lines of r without their ends ("\n" or "\r\n"); nil for a line without anything but spaces, tabs and "\r".
func lineTexts(r io.Reader, allowNUL bool, limit int64) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		lines := newLineReader(r, limit)
		for {
			line, err := lines.next()
			if err != nil {
				if err != io.EOF {
					yield(nil, err)
				}
				return
			}
			if !allowNUL {
				if i := bytes.IndexByte(line, 0); i >= 0 {
					yield(nil, fmt.Errorf("line %d: %w", lines.number, binaryError(line, lines.offset+int64(i))))
					return
				}
			}
			var text []byte
			if len(bytes.Trim(line, " \t\r")) > 0 {
				text = bytes.Clone(bytes.TrimSuffix(line, []byte("\r")))
			}
			if !yield(text, nil) {
				return
			}
		}
	}
}

// lineReader splits at "\n" in memory bounded by the longest line.
type lineReader struct {
	r      *bufio.Reader
	limit  int64
	line   []byte
	number int   // of the line that next returned, from 1
	offset int64 // where that line starts
	read   int64
	blank  int64 // bytes of blank lines since the last that was not
}

func newLineReader(r io.Reader, limit int64) *lineReader {
	return &lineReader{r: bufio.NewReaderSize(r, 1<<16), limit: limit}
}

// next returns a line without its "\n", valid until the next call. The error is io.EOF after the last line; a line is never cut short by
// another error.
func (l *lineReader) next() ([]byte, error) {
	l.line, l.offset = l.line[:0], l.read
	l.number++
	for {
		part, err := l.r.ReadSlice('\n')
		l.read += int64(len(part))
		l.line = append(l.line, part...)
		if int64(len(bytes.TrimSuffix(l.line, []byte("\n")))) > l.limit {
			return nil, fmt.Errorf("line %d: %w: it has more than %d bytes", l.number, ErrTooLarge, l.limit)
		}
		switch err {
		case nil:
			l.line = l.line[:len(l.line)-1]
		case bufio.ErrBufferFull:
			continue
		case io.EOF:
			if len(l.line) == 0 {
				return nil, io.EOF
			}
		default:
			return nil, fmt.Errorf("line %d: %w", l.number, err)
		}
		if len(bytes.Trim(l.line, " \t\r")) > 0 {
			l.blank = 0
		} else if l.blank += int64(len(l.line)) + 1; l.blank > l.limit {
			// Without this a small compressed file of line ends would keep the reader busy for hours.
			return nil, fmt.Errorf("line %d: %w: more than %d bytes of blank lines", l.number, ErrTooLarge, l.limit)
		}
		return l.line, nil
	}
}
