package corpus

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"unicode/utf8"
)

const byteOrderMark = "\xef\xbb\xbf"

// jsonlTexts yields one string field of each line of JSON Lines; nil for a blank line.
func jsonlTexts(r io.Reader, field string, limit int64) iter.Seq2[[]byte, error] {
	return jsonLines(r, limit, func(line []byte) ([]byte, error) { return findText(line, field, field) })
}

// jsonLines yields what read makes of each line of JSON Lines (https://jsonlines.org), which is valid JSON and valid UTF-8, without
// space around it, and only valid during the call; nil for a blank line. A byte order mark before the first line is passed over, as
// RFC 8259 allows.
func jsonLines(r io.Reader, limit int64, read func(line []byte) ([]byte, error)) iter.Seq2[[]byte, error] {
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
			if lines.number == 1 {
				line = bytes.TrimPrefix(line, []byte(byteOrderMark))
			}
			var out []byte
			if line = bytes.Trim(line, " \t\r"); len(line) > 0 {
				if err = checkJSON(line); err == nil {
					out, err = read(line)
				}
				if err != nil {
					yield(nil, fmt.Errorf("line %d: %w", lines.number, err))
					return
				}
			}
			if !yield(out, nil) {
				return
			}
		}
	}
}

// checkJSON makes sure that a line is one JSON value in UTF-8.
func checkJSON(line []byte) error {
	if !json.Valid(line) {
		return invalidJSON(line)
	}
	if i := invalidUTF8(line); i < len(line) {
		return fmt.Errorf("byte %d is not UTF-8, which JSON is written in: convert the file, as with iconv -f LATIN1 -t UTF-8", 1+i)
	}
	return nil
}

// invalidJSON says where a line stops being JSON.
func invalidJSON(line []byte) error {
	var v json.RawMessage
	err := json.Unmarshal(line, &v)
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return fmt.Errorf("not valid JSON at byte %d of the line: %w; want one whole JSON object a line (a file with one big JSON array has to be converted, as with jq -c '.[]')", syntax.Offset, err)
	}
	return fmt.Errorf("not valid JSON: %w", err)
}

// invalidUTF8 returns the offset of the first byte that is not UTF-8.
func invalidUTF8(b []byte) int {
	i := 0
	for i < len(b) {
		r, n := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && n == 1 {
			break
		}
		i += n
	}
	return i
}
