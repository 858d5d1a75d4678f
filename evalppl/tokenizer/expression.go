package tokenizer

import (
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/dlclark/regexp2/v2"
)

// Bounds of the expressions that a file brings along. The engine backtracks, so a bad expression could run for ever or eat all memory.
// Times are those of the clock, so they leave room for a machine that is busy with other things: ordinary expressions take 0.1 microseconds a byte.
const (
	matchTimeout = 20 * time.Second // for one match
	// matchBudget and matchBudgetPerByte bound all matches of one expression over one text.
	matchBudget        = time.Minute
	matchBudgetPerByte = 20 * time.Microsecond
	maxBacktracking    = 1 << 24 // slots of 8 bytes
)

// expression is a regular expression of a tokenizer file.
type expression struct {
	source string
	scan   scanner         // where the expression has a scanner of its own
	re     *regexp2.Regexp // otherwise

	cutting cutting
}

// compileExpression translates and compiles an expression.
func compileExpression(source string) (*expression, error) {
	if scan := scannerFor(source); scan != nil {
		return &expression{source: source, scan: scan}, nil
	}
	return compileEngine(source)
}

// compileEngine compiles an expression for regexp2 even where it has a scanner.
func compileEngine(source string) (*expression, error) {
	translated, err := translatePattern(source)
	if err != nil {
		return nil, err
	}
	re, err := regexp2.Compile(translated, regexp2.OptionMaxBacktrackingStackSize(maxBacktracking))
	if err != nil {
		return nil, fmt.Errorf("expression %q: %w", source, err)
	}
	re.MatchTimeout = matchTimeout
	return &expression{source: source, re: re}, nil
}

// readPattern reads {"String": ...} or {"Regex": ...}; expr is nil for a string.
func readPattern(n node) (literal string, expr *expression, err error) {
	if s := n.get("String"); !s.null() {
		literal, err = s.str()
		return literal, nil, err
	}
	s := n.get("Regex")
	if s.null() {
		return "", nil, n.errorf(`found %s, want {"String": ...} or {"Regex": ...}`, n.kind())
	}
	source, err := s.str()
	if err != nil {
		return "", nil, err
	}
	if expr, err = compileExpression(source); err != nil {
		return "", nil, s.errorf("%v", err)
	}
	return "", expr, nil
}

// matches calls yield with the byte range of every match in order. An empty match right behind another match is none.
func (x *expression) matches(s *session, text string, yield func(start, end int) error) error {
	if x.scan != nil {
		table := classTable()
		for i := 0; i < len(text); {
			end := x.scan(table, text, i)
			if err := yield(i, end); err != nil {
				return err
			}
			i = end
		}
		return nil
	}
	runes := s.runes[:0]
	for _, c := range text {
		runes = append(runes, c)
	}
	// yield may come back here with a part of the text, so the buffer is taken away meanwhile.
	s.runes = nil
	defer func() { s.runes = runes }()
	begin := time.Now()
	budget := matchBudget + time.Duration(len(text))*matchBudgetPerByte
	var yieldErr error
	runeAt, byteAt, lastEnd := 0, 0, -1
	forward := func(to int) int {
		for ; runeAt < to; runeAt++ {
			byteAt += utf8.RuneLen(runes[runeAt])
		}
		return byteAt
	}
	count := 0
	err := x.re.FindRunesMatches(runes, 0, func(m regexp2.MatchView) bool {
		at, n, _ := m.GroupRange(0)
		if count++; count&63 == 0 || n > 4096 {
			if time.Since(begin) > budget {
				yieldErr = fmt.Errorf("tokenizer: expression %q took more than %v over %d bytes of text", x.source, budget, len(text))
				return false
			}
		}
		if n == 0 && at == lastEnd {
			return true
		}
		lastEnd = at + n
		start := forward(at)
		yieldErr = yield(start, forward(at+n))
		return yieldErr == nil
	})
	if yieldErr != nil {
		return yieldErr
	}
	if err != nil {
		return fmt.Errorf("tokenizer: expression %q on a text of %d bytes: %w", x.source, len(text), err)
	}
	return nil
}
