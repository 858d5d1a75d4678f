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
	fmt.Fprintf(p.w, "\r\x1b[K%s  %3.0f %%  %s  %s/s  %s left%s", p.what, 100*float64(done)/float64(max(total, 1)), p.amount(float64(done)), p.amount(rate), left, note)
}

// show replaces the line by a text.
func (p *progress) show(text string) {
	if p.w != nil {
		fmt.Fprintf(p.w, "\r\x1b[K%s  %s", p.what, text)
	}
}

// clear takes the line away.
func (p *progress) clear() {
	if p.w != nil {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
}

func (p *progress) amount(x float64) string {
	if p.unit != "B" {
		return fmt.Sprintf("%.0f %s", x, p.unit)
	}
	return formatBytes(x)
}

// formatBytes writes a number of bytes in the unit that suits it; MB are 10^6 bytes.
func formatBytes(x float64) string {
	switch {
	case x >= 1e9:
		return fmt.Sprintf("%.2f GB", x/1e9)
	case x >= 1e6:
		return fmt.Sprintf("%.1f MB", x/1e6)
	case x >= 1e3:
		return fmt.Sprintf("%.1f kB", x/1e3)
	}
	return fmt.Sprintf("%.0f B", x)
}
