package reports

import (
	"strings"
	"unicode/utf8"
)

// Table lays the study out for a terminal: one line for each record, aligned,
// with the units in the header; several models get a table each.
func Table(s Study) string {
	var b strings.Builder
	gs := groups(s.Records)
	for i, g := range gs {
		if i > 0 {
			b.WriteByte('\n')
		}
		if len(gs) > 1 {
			b.WriteString(g.model + "\n")
		}
		g.writeTable(&b)
	}
	return b.String()
}

func (g group) writeTable(b *strings.Builder) {
	cols := g.columns(false)
	lines := make([][]string, 0, len(g.records)+1)
	head := make([]string, len(cols))
	for i, c := range cols {
		head[i] = c.title()
	}
	lines = append(lines, head)
	for _, r := range g.records {
		cells := make([]string, len(cols))
		for i, c := range cols {
			cells[i] = c.cell(g, r)
		}
		lines = append(lines, cells)
	}
	width := make([]int, len(cols))
	for _, cells := range lines {
		for i, c := range cells {
			width[i] = max(width[i], utf8.RuneCountInString(c))
		}
	}
	for _, cells := range lines {
		var line strings.Builder
		for i, c := range cells {
			pad := strings.Repeat(" ", width[i]-utf8.RuneCountInString(c))
			if i > 0 {
				line.WriteString("  ")
			}
			if cols[i].right {
				line.WriteString(pad + c)
			} else {
				line.WriteString(c + pad)
			}
		}
		b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
}
