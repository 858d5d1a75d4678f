package tokenizer

// behavior says what becomes of the matches when a piece is split at them.
type behavior uint8

const (
	isolated behavior = iota
	removed
	mergedWithPrevious
	mergedWithNext
	contiguous
)

var behaviors = map[string]behavior{
	"Isolated": isolated, "Removed": removed, "MergedWithPrevious": mergedWithPrevious, "MergedWithNext": mergedWithNext, "Contiguous": contiguous,
}

// splitter turns a stream of matches, in order, into the parts of a text. It works part by part, so no list of them is ever held.
type splitter struct {
	text     string
	behavior behavior
	invert   bool
	emit     func(start, end int) error

	last               int // end of what has been seen
	pendStart, pendEnd int // the part that may still grow
	pending            bool
	prevMatch          bool
	prevSet            bool
}

// match adds the match text[start:end] and whatever lies before it.
func (s *splitter) match(start, end int) error {
	if s.last != start {
		if err := s.part(s.last, start, s.invert); err != nil {
			return err
		}
	}
	s.last = end
	return s.part(start, end, !s.invert)
}

// finish adds what lies behind the last match.
func (s *splitter) finish() error {
	if s.last != len(s.text) || s.text == "" {
		if err := s.part(s.last, len(s.text), s.invert); err != nil {
			return err
		}
	}
	return s.flush()
}

func (s *splitter) flush() error {
	if !s.pending {
		return nil
	}
	s.pending = false
	return s.emitPart(s.pendStart, s.pendEnd)
}

func (s *splitter) emitPart(start, end int) error {
	if start == end {
		return nil
	}
	return s.emit(start, end)
}

func (s *splitter) part(start, end int, isMatch bool) error {
	grow := false
	switch s.behavior {
	case isolated:
		return s.emitPart(start, end)
	case removed:
		if isMatch {
			return nil
		}
		return s.emitPart(start, end)
	case contiguous:
		grow = isMatch == s.prevMatch
	case mergedWithPrevious:
		grow = isMatch && !s.prevMatch
	case mergedWithNext:
		// Seen from the right, a match joins the part behind it unless that is a match too.
		grow = s.prevSet && s.prevMatch && !isMatch
	}
	s.prevMatch, s.prevSet = isMatch, true
	if grow && s.pending {
		s.pendEnd = end
		return nil
	}
	if err := s.flush(); err != nil {
		return err
	}
	s.pendStart, s.pendEnd, s.pending = start, end, true
	return nil
}
