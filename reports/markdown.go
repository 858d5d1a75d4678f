package reports

import (
	"fmt"
	"strings"
)

// writeMarkdown gives the page's content as GitHub-flavoured Markdown, with the
// plots as the SVG files beside it.
func writeMarkdown(p page) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\n%s\n", md(p.Title), md(p.Answer))
	for _, n := range p.Notes {
		fmt.Fprintf(&b, "\n> %s\n", md(n))
	}
	if len(p.Overview) > 0 {
		b.WriteString("\n## All models\n")
		mdFigures(&b, p.Overview)
	}
	for _, s := range p.Sections {
		s.markdown(&b)
	}
	if p.Command != "" {
		fence := "```"
		for strings.Contains(p.Command, fence) {
			fence += "`"
		}
		fmt.Fprintf(&b, "\n## Reproduce\n\n%s\n%s\n%s\n", fence, p.Command, fence)
	}
	return []byte(b.String())
}

func (s section) markdown(b *strings.Builder) {
	fmt.Fprintf(b, "\n## %s\n\n%s\n\n", md(s.Model), md(s.Conditions))
	mdTable(b, s.Heads, s.Rows)
	mdFigures(b, s.Figures)
	for _, n := range s.Notes {
		fmt.Fprintf(b, "\n> %s\n", md(n))
	}
	if t := s.Modes; t != nil {
		fmt.Fprintf(b, "\n### Weights and activations\n\n%s\n\n", md(t.Caption))
		mdTable(b, t.Heads, t.Rows)
	}
	b.WriteString("\n### What each choice costs\n\n")
	for _, c := range s.Costs {
		fmt.Fprintf(b, "- %s\n", md(c.Text))
	}
	b.WriteString("\n### Settings\n\n")
	for _, f := range s.Settings {
		fmt.Fprintf(b, "- %s: %s\n", f.Name, md(f.Value))
	}
	if len(s.Machine) > 0 {
		b.WriteString("\n### Machine\n\n")
		for _, f := range s.Machine {
			fmt.Fprintf(b, "- %s: %s\n", f.Name, md(f.Value))
		}
	}
	if len(s.Tensors) > 0 {
		b.WriteString("\n### Error of each tensor against the source\n")
	}
	for _, l := range s.Tensors {
		fmt.Fprintf(b, "\n%s: %s\n", md(l.Label), md(tensorSummary(l)))
		if len(l.Lossy) == 0 {
			continue
		}
		b.WriteString("\n")
		mdRow(b, "tensor", "codec", "rows x columns", "RMSE", "largest error", "SQNR dB")
		b.WriteString("|---|---|--:|--:|--:|--:|\n")
		for _, t := range worst(l.Lossy) {
			mdRow(b, t.Name, t.Codec, fmt.Sprintf("%d x %d", t.Rows, t.Cols), formatError(t.RMSE), formatError(t.MaxAbs), formatDB(t.SQNRdB))
		}
		if n := len(l.Lossy) - len(worst(l.Lossy)); n > 0 {
			fmt.Fprintf(b, "\n%d more are in results.json.\n", n)
		}
	}
}

func mdTable(b *strings.Builder, cols []column, rows []row) {
	heads, aligns := make([]string, len(cols)), make([]string, len(cols))
	for i, c := range cols {
		heads[i], aligns[i] = c.title(), "---"
		if c.right {
			aligns[i] = "--:"
		}
	}
	mdRow(b, heads...)
	b.WriteString("|" + strings.Join(aligns, "|") + "|\n")
	for _, r := range rows {
		mdRow(b, r.Cells...)
	}
}

func mdFigures(b *strings.Builder, fs []figure) {
	for _, f := range fs {
		fmt.Fprintf(b, "\n![%s](%s)\n", md(f.Alt), f.SVG)
	}
}

func mdRow(b *strings.Builder, cells ...string) {
	b.WriteString("|")
	for _, c := range cells {
		b.WriteString(" " + md(c) + " |")
	}
	b.WriteString("\n")
}

// md keeps text from being read as markup.
func md(s string) string { return mdEscaper.Replace(s) }

var mdEscaper = strings.NewReplacer(
	`\`, `\\`, "|", `\|`, "<", "&lt;", ">", "&gt;", "&", "&amp;", "*", `\*`, "_", `\_`, "`", "\\`", "[", `\[`, "]", `\]`, "#", `\#`, "!", `\!`)
