package main

import (
	"fmt"
	"io"
	"os"
	"time"
)

// progress is a line on a terminal that says how far a long work is, how fast it goes and how long it will take. On anything
// but a terminal it writes nothing.
type progress struct {
	w       io.Writer // nil: quiet
	what    string
	unit    string // "B" for bytes, otherwise a plural noun
	start   time.Time
	printed time.Time
}

func newProgress(w io.Writer, what, unit string) *progress {
	p := &progress{what: what, unit: unit, start: time.Now()}
	if isTerminal(w) {
		p.w = w
	}
	return p
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0 && os.Getenv("TERM") != "dumb"
}

// update shows done of total; note is put at the end. It is cheap enough to be called for every piece of work.
func (p *progress) update(done, total int64, note string) {
	if p.w == nil || time.Since(p.printed) < 100*time.Millisecond {
		return
	}
	p.printed = time.Now()
	elapsed := time.Since(p.start).Seconds()
	rate := float64(done) / max(elapsed, 1e-9)
	left := "?"
	if done > 0 {
		left = (time.Duration(float64(total-done)/rate) * time.Second).String()
	}
	if note != "" {
		note = "  " + note
	}
	p.line("%s  %3.0f %%  %s  %s/s  %s left%s", p.what, 100*float64(done)/float64(max(total, 1)), p.amount(float64(done)), p.amount(rate), left, note)
}

// show replaces the line by a text.
func (p *progress) show(text string) {
	if p.w != nil {
		p.line("%s  %s", p.what, text)
	}
}

// line replaces the line. The terminal is told not to wrap it (DECAWM, mode 7): what is longer than the screen is wide is cut off
// there instead of filling the screen with its ends.
func (p *progress) line(format string, args ...any) {
	fmt.Fprintf(p.w, "\r\x1b[K\x1b[?7l"+format+"\x1b[?7h", args...)
}

// clear takes the line away.
func (p *progress) clear() {
	if p.w != nil {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
}

func (p *progress) amount(x float64) string {
	if p.unit != "B" {
		return formatRate(x) + " " + p.unit
	}
	return formatBytes(x)
}
