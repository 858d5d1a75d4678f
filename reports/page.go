package reports

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// page is what the HTML page and the Markdown file show. Both are filled from
// it, so that they cannot differ in substance.
type page struct {
	Title    string
	Answer   string
	Command  string
	Overview []figure
	Notes    []string // about the study as a whole
	Sections []section
}

// section is one model.
type section struct {
	ID         string
	Model      string
	Conditions string // what was scored
	Heads      []column
	Rows       []row
	Figures    []figure
	Notes      []string
	Modes      *table // what activations cost; nil: measured in one mode
	Costs      []cost
	Settings   []fact
	Machine    []fact
	Hashes     []hashes
	Tensors    []tensorList
}

type row struct {
	Base  bool
	Cells []string
}

// table is a table beside the main one.
type table struct {
	Caption string
	Heads   []column
	Rows    []row
}

// cost is what one variant saves and costs.
type cost struct{ Label, Text string }

// fact is a line of the settings. Several values mean that the records differ.
type fact struct{ Name, Value string }

type hashes struct{ Label, File, Container, Source string }

// figure is a plot in the page and as files.
type figure struct {
	chart   *chart
	Heading string
	Alt     string
	Caption string
	SVG     string // file names
	PNG     string
}

type tensorList struct {
	Label string
	Exact int
	Lossy []TensorError
}

// worstShown is how many tensors stand open in the report; the rest are folded.
const worstShown = 20

// buildPage gathers the study's content. prefix gives a figure's file name.
func buildPage(s Study) page {
	gs := groups(s.Records)
	p := page{Title: or(s.Title, "What each bit costs"), Answer: Answer(s), Command: s.Command}
	names := fileNames(gs)
	if len(gs) > 1 {
		if sameConditions(s.Records) {
			for _, m := range []measure{klMeasure, perplexityMeasure} {
				for _, against := range []string{"size", "speed"} {
					if ch := overview(gs, m, against); ch != nil {
						p.Overview = append(p.Overview, newFigure(ch, m, against, ""))
					}
				}
			}
		} else {
			p.Notes = append(p.Notes, "The models were not scored on the same token stream under the same conditions, so their perplexities must not be compared with each other; each has its own section.")
		}
	}
	for i, g := range gs {
		prefix := ""
		if len(gs) > 1 {
			prefix = names[i] + "-"
		}
		p.Sections = append(p.Sections, g.section(names[i], prefix))
	}
	return p
}

func (g group) section(id, prefix string) section {
	sec := section{ID: id, Model: g.model, Conditions: g.records[0].conditions(), Heads: g.columns(true)}
	for _, r := range g.records {
		cells := make([]string, len(sec.Heads))
		for i, c := range sec.Heads {
			cells[i] = c.cell(g, r)
		}
		sec.Rows = append(sec.Rows, row{Base: g.isBase(r) && len(g.records) > 1, Cells: cells})
		sec.Costs = append(sec.Costs, cost{Label: g.label(r), Text: g.sentence(g.baseOf(r), r)})
		sec.Hashes = append(sec.Hashes, hashes{g.label(r), r.File, r.ContainerSHA256, r.SourceSHA256})
		if len(r.Tensors) > 0 {
			lossy, exact := worstFirst(r.Tensors)
			sec.Tensors = append(sec.Tensors, tensorList{Label: g.label(r), Exact: exact, Lossy: lossy})
		}
	}
	if slices.ContainsFunc(g.records, func(r Record) bool { return r.DeltaLogPPL != nil }) {
		sec.Notes = append(sec.Notes, "Bars in the plots may overlap although two variants differ beyond the error: both find the same tokens hard, and the sentences below compare them token by token.")
	}
	var speed *chart
	var missing []string
	for _, m := range g.measures() {
		sec.Figures = append(sec.Figures, newFigure(g.sizeChart(m), m, "size", prefix))
		if speed, missing = g.speedChart(m); speed != nil {
			sec.Figures = append(sec.Figures, newFigure(speed, m, "speed", prefix))
		}
	}
	switch {
	case speed == nil:
		sec.Notes = append(sec.Notes, "No variant's speed at generation was measured, so there is no plot against speed.")
	case len(missing) > 0:
		sec.Notes = append(sec.Notes, "The speed plots leave out "+strings.Join(missing, ", ")+": no speed was measured.")
	}
	sec.Modes = g.modes()
	if speed != nil && slices.ContainsFunc(g.records, func(r Record) bool { return r.Machine != g.records[0].Machine }) {
		sec.Notes = append(sec.Notes, "The variants were measured on different machines or with different threads or kernels: the sentences do not compare such speeds.")
	}
	sec.Settings, sec.Machine = g.settings(), g.machine()
	return sec
}

func newFigure(ch *chart, m measure, against, prefix string) figure {
	name := prefix + m.file + "-" + against
	f := figure{chart: ch, SVG: name + ".svg", PNG: name + ".png"}
	f.Heading = m.name + " against " + against
	f.Caption = "Vertical bars: " + m.bars + "."
	if against == "speed" {
		f.Caption += " Horizontal bars: slowest to fastest run."
	}
	if len(ch.frontier()) > 1 && len(ch.frontier()) < len(ch.points) {
		f.Caption += " The dashed line joins the variants that no other beats in both directions."
	}
	if slices.ContainsFunc(ch.points, func(p chartPoint) bool { return p.below }) {
		f.Caption += " An arrow pointing down is a divergence of 0 (the base's own) or below " + formatKL(leastKL) + ", which a logarithmic axis has no place for."
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s. ", ch.title)
	for i, p := range ch.points {
		if i == 12 {
			fmt.Fprintf(&b, "and %d more; ", len(ch.points)-i)
			break
		}
		name := p.label
		if len(ch.series) > 1 {
			name = ch.series[p.series] + " " + name
		}
		unit := "MB"
		if against == "speed" {
			unit = "tokens per second"
		}
		value := m.format(p.y)
		if p.below {
			value = "below the axis"
		}
		fmt.Fprintf(&b, "%s: %s %s at %s %s; ", name, lowerFirst(m.name), value, significant(p.x, 3), unit)
	}
	f.Alt = strings.TrimSuffix(b.String(), "; ") + "."
	return f
}

// distinct returns the different values of f in the order of the records, each
// with the labels of the records that have it.
func (g group) distinct(f func(Record) string) (out []fact) {
	for _, r := range g.records {
		v := f(r)
		i := slices.IndexFunc(out, func(o fact) bool { return o.Value == v })
		if i < 0 {
			out = append(out, fact{Name: g.label(r), Value: v})
			continue
		}
		out[i].Name += ", " + g.label(r)
	}
	return out
}

// facts joins the distinct values of f, saying whose they are where they differ.
func (g group) facts(f func(Record) string) string {
	d := g.distinct(f)
	if len(d) == 1 {
		return d[0].Value
	}
	parts := make([]string, len(d))
	for i, v := range d {
		parts[i] = or(v.Value, "not stated") + " (" + v.Name + ")"
	}
	return strings.Join(parts, "; ")
}

func (g group) list(pairs ...any) (out []fact) {
	for i := 0; i+1 < len(pairs); i += 2 {
		if v := g.facts(pairs[i+1].(func(Record) string)); v != "" {
			out = append(out, fact{pairs[i].(string), v})
		}
	}
	return out
}

func (g group) settings() []fact {
	return g.list(
		"Text", func(r Record) string { return r.Text },
		"Protocol", func(r Record) string { return r.protocol() },
		"BOS", func(r Record) string { return r.BOS },
		"Tokens scored", func(r Record) string { return groupedInt(int64(r.TokensScored)) },
		"Token stream SHA-256", func(r Record) string { return r.TokenStreamSHA256 },
		"Tokenizer SHA-256", func(r Record) string { return r.TokenizerSHA256 },
		"Activations", func(r Record) string { return r.Activations },
		"Intervals", func(Record) string { return g.intervals() },
		"Prompt speed", func(r Record) string { return r.Prompt.describe() },
		"Generation speed", func(r Record) string { return r.Generation.describe() },
		"Tool", func(r Record) string { return r.Tool },
		"Started", func(Record) string { return g.started() },
	)
}

// intervals says how the intervals against the base were made.
func (g group) intervals() string {
	for _, r := range g.records {
		if m := r.Intervals; m != nil {
			return fmt.Sprintf("%s over %s, %s, seed %d", m.Name, plural(m.Clusters, strings.TrimSuffix(m.Unit, "s")), plural(m.Resamples, "resample"), m.Seed)
		}
	}
	return ""
}

// started is when the first and the last measurement began.
func (g group) started() string {
	var all []string
	for _, r := range g.records {
		if r.Started != "" {
			all = append(all, r.Started)
		}
	}
	if len(all) == 0 {
		return ""
	}
	slices.Sort(all)
	if first, last := all[0], all[len(all)-1]; first != last {
		return first + " to " + last
	}
	return all[0]
}

func (g group) machine() []fact {
	return g.list(
		"CPU", func(r Record) string { return r.Machine.CPU },
		"Cores and threads", func(r Record) string { return r.Machine.parallel() },
		"Memory", func(r Record) string {
			if r.Machine.MemoryBytes == 0 {
				return ""
			}
			return significant(float64(r.Machine.MemoryBytes)/1e9, 3) + " GB"
		},
		"System", func(r Record) string { return strings.Trim(r.Machine.OS+"/"+r.Machine.Arch, "/") },
		"Kernels", func(r Record) string { return r.Machine.ISA },
		"Go", func(r Record) string { return r.Machine.GoVersion },
	)
}

// describe says how a speed was measured.
func (s Speed) describe() string {
	if !s.Measured() {
		return ""
	}
	return fmt.Sprintf("%s tokens, %s", groupedInt(int64(s.Tokens)), plural(s.Repeats, "repeat"))
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return groupedInt(int64(n)) + " " + noun + "s"
}

func (m Machine) parallel() string {
	var parts []string
	if m.Cores > 0 {
		parts = append(parts, plural(m.Cores, "core"))
	}
	if m.Threads > 0 {
		parts = append(parts, plural(m.Threads, "thread"))
	}
	return strings.Join(parts, ", ")
}

// fileNames gives each model a name that is safe in a file name and unique.
func fileNames(gs []group) []string {
	used := make(map[string]bool)
	out := make([]string, len(gs))
	for i, g := range gs {
		name := strings.Trim(strings.Map(func(r rune) rune {
			switch {
			case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '.', r == '-', r == '_':
				return r
			case r >= 'A' && r <= 'Z':
				return r - 'A' + 'a'
			}
			return '-'
		}, g.model), "-.")
		name = cmp.Or(name[:min(len(name), 80)], "model")
		out[i] = name
		for n := 2; used[out[i]]; n++ {
			out[i] = fmt.Sprintf("%s-%d", name, n)
		}
		used[out[i]] = true
	}
	return out
}
