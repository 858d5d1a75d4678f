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

// jsonlTexts yields one string field of each line of JSON Lines (https://jsonlines.org); nil for a blank line. A byte order mark before the
// first line is passed over, as RFC 8259 allows.
func jsonlTexts(r io.Reader, field string, limit int64) iter.Seq2[[]byte, error] {
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
			var text []byte
			if len(bytes.Trim(line, " \t\r")) > 0 {
				if text, err = jsonText(line, field); err != nil {
					yield(nil, fmt.Errorf("line %d: %w", lines.number, err))
					return
				}
			}
			if !yield(text, nil) {
				return
			}
		}
	}
}

// jsonText returns the string at the path field of the JSON object in line; never nil without an error.
func jsonText(line []byte, field string) ([]byte, error) {
	if !json.Valid(line) {
		return nil, invalidJSON(line)
	}
	if !utf8.Valid(line) {
		return nil, fmt.Errorf("byte %d is not UTF-8, which JSON is written in: convert the file, as with iconv -f LATIN1 -t UTF-8", 1+invalidUTF8(line))
	}
	return findText(line, field, field)
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
