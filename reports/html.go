package reports

import (
	"bytes"
	_ "embed"
	"fmt"
	"html"
	"html/template"
	"slices"
	"strings"
)

//go:embed page.html.tmpl
var pageTemplate string

//go:embed page.css
var pageStyle string

// Layouts of the plots in the page, in CSS pixels. A phone gets a drawing of its
// own, in which the letters are as large as in the wide one.
var (
	pairLayout   = layout{width: 500, height: 390}
	wideLayout   = layout{width: 1060, height: 560}
	narrowLayout = layout{width: 350, height: 380}
	tallLayout   = layout{width: 350, height: 560}
)

// writeHTML renders the page. It holds everything it shows: no script, no font,
// no picture from elsewhere.
func writeHTML(p page) ([]byte, error) {
	t, err := template.New("page").Funcs(pageFuncs()).Parse(pageTemplate)
	if err != nil {
		return nil, fmt.Errorf("parse the page's template: %w", err)
	}
	var buf bytes.Buffer
	view, err := viewOf(p)
	if err != nil {
		return nil, err
	}
	if err := t.Execute(&buf, view); err != nil {
		return nil, fmt.Errorf("fill the page's template: %w", err)
	}
	return buf.Bytes(), nil
}

// columnView is a column for the template, which sees exported fields only.
type columnView struct {
	Head, Unit string
	Right      bool
}

type sectionView struct {
	section
	Heads   []columnView
	Figures []figureView
	Modes   *tableView
}

// tableView is a table beside the main one for the template.
type tableView struct {
	*table
	Heads []columnView
}

// figureView is a figure with its drawings.
type figureView struct {
	figure
	Drawing template.HTML
	LeftOut string
}

type pageView struct {
	page
	Overview []figureView
	Sections []sectionView
}

func viewOf(p page) (pageView, error) {
	v := pageView{page: p}
	v.Answer = typeset(strings.ReplaceAll(p.Answer, " -> ", " → "))
	var err error
	if v.Overview, err = figureViews(p.Overview); err != nil {
		return v, err
	}
	for _, s := range p.Sections {
		sv := sectionView{section: s}
		sv.Heads = columnViews(s.Heads)
		if s.Modes != nil {
			sv.Modes = &tableView{s.Modes, columnViews(s.Modes.Heads)}
		}
		sv.Costs = slices.Clone(s.Costs)
		for i := range sv.Costs {
			sv.Costs[i].Text = typeset(sv.Costs[i].Text)
		}
		if sv.Figures, err = figureViews(s.Figures); err != nil {
			return v, err
		}
		v.Sections = append(v.Sections, sv)
	}
	return v, nil
}

func columnViews(cols []column) (out []columnView) {
	for _, c := range cols {
		out = append(out, columnView{c.head, c.unit, c.right})
	}
	return out
}

// typeset keeps a number and its unit on one line.
func typeset(s string) string {
	for _, unit := range []string{"%", "MB", "nats", "±"} {
		s = strings.ReplaceAll(s, " "+unit, "\u00a0"+unit)
	}
	return s
}

type tensorTableView struct {
	Caption string
	Tensors []TensorError
}

func pageFuncs() template.FuncMap {
	return template.FuncMap{
		"css":           func() template.CSS { return template.CSS(pageStyle) },
		"sideBySide":    sideBySide,
		"heat":          heatStrip,
		"worst":         worst,
		"lowest":        func(t []TensorError) float64 { return t[0].SQNRdB },
		"highest":       func(t []TensorError) float64 { return t[len(t)-1].SQNRdB },
		"num":           formatError,
		"db":            formatDB,
		"tensorSummary": tensorSummary,
		"tensorTable":   func(caption string, t []TensorError) tensorTableView { return tensorTableView{caption, t} },
		"hasHashes": func(hs []hashes) bool {
			return slices.ContainsFunc(hs, func(h hashes) bool { return h.File != "" || h.Container != "" })
		},
	}
}

func sideBySide(fs []figureView) bool {
	return !slices.ContainsFunc(fs, func(f figureView) bool { return len(f.chart.points) >= crowded })
}

func (f figure) layouts() (wide, narrow layout) {
	if len(f.chart.points) >= crowded {
		return wideLayout, tallLayout
	}
	return pairLayout, narrowLayout
}

// figureViews draws each figure twice; CSS shows the drawing that fits.
func figureViews(fs []figure) ([]figureView, error) {
	var out []figureView
	for _, f := range fs {
		wideLayout, narrowLayout := f.layouts()
		wide, lostWide, err := f.chart.inlineSVG(wideLayout)
		if err != nil {
			return nil, err
		}
		narrow, lostNarrow, err := f.chart.inlineSVG(narrowLayout)
		if err != nil {
			return nil, err
		}
		out = append(out, figureView{
			figure: f,
			Drawing: template.HTML(fmt.Sprintf("<div class=\"plot\" role=\"img\" aria-label=\"%s\">\n<div class=\"wide\">%s</div>\n<div class=\"narrow\">%s</div>\n</div>",
				html.EscapeString(f.Alt), wide, narrow)),
			LeftOut: leftOut(lostWide, lostNarrow),
		})
	}
	return out, nil
}

// leftOut owns up to labels for which there was no room.
func leftOut(wide, narrow drawn) string {
	switch {
	case wide.leftOut > 0:
		return fmt.Sprintf(" There was no room for %s; the table names every point.", plural(wide.leftOut, "label"))
	case narrow.leftOut > 0:
		return fmt.Sprintf(" On narrow screens there is no room for %s; the table names every point.", plural(narrow.leftOut, "label"))
	}
	return ""
}

func worst(ts []TensorError) []TensorError { return ts[:min(len(ts), worstShown)] }

// tensorSummary is the line that stays visible while the list is folded.
func tensorSummary(l tensorList) string {
	var parts []string
	if len(l.Lossy) > 0 {
		parts = append(parts, fmt.Sprintf("%s with an error, the worst %s dB in %s",
			plural(len(l.Lossy), "tensor"), formatDB(l.Lossy[0].SQNRdB), l.Lossy[0].Name))
	}
	if l.Exact > 0 {
		parts = append(parts, plural(l.Exact, "tensor")+" stored exactly")
	}
	return strings.Join(parts, "; ")
}
