package reports

import (
	"encoding/xml"
	"errors"
	"io"
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// htmlOf renders the page of a study.
func htmlOf(t *testing.T, s Study) string {
	t.Helper()
	data, err := writeHTML(buildPage(s.normalized()))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// The page keeps to the subset of HTML that is XML too, but for the doctype,
// so a strict parser can check that every element is closed.
func TestHTMLWellFormed(t *testing.T) {
	hostile := study("m", smol...)
	for i := range hostile.Records {
		r := &hostile.Records[i]
		r.Variant += `"><script>alert(1)</script>&`
		r.Text, r.Tool, r.Machine.CPU, r.File = `</dd><b>`, `<i>`, `"'<>&`, `</td>`
	}
	hostile.Title, hostile.Command = `</title></style><script>`, `</pre><script>`
	pages := map[string]Study{"hostile": withTensors(hostile, 2)}
	for name, s := range golden() {
		pages[name] = s
	}
	for name, s := range shapes() {
		if name != "20" { // the others hold all that a page can hold
			pages[name] = s
		}
	}
	for name, s := range pages {
		t.Run(name, func(t *testing.T) {
			page := htmlOf(t, s)
			d := xml.NewDecoder(strings.NewReader(page))
			d.Entity = xml.HTMLEntity
			ids := make(map[string]bool)
			var headings []string
			for {
				tok, err := d.Token()
				if errors.Is(err, io.EOF) {
					break
				}
				if err != nil {
					t.Fatalf("not well-formed: %v", err)
				}
				e, ok := tok.(xml.StartElement)
				if !ok {
					continue
				}
				if e.Name.Local == "script" || e.Name.Local == "link" || e.Name.Local == "img" {
					t.Errorf("there is a <%s>", e.Name.Local)
				}
				if regexp.MustCompile(`^h[1-6]$`).MatchString(e.Name.Local) {
					headings = append(headings, e.Name.Local)
				}
				for _, a := range e.Attr {
					switch {
					case a.Name.Local == "id":
						if ids[a.Value] {
							t.Errorf("the id %q occurs twice", a.Value)
						}
						ids[a.Value] = true
					case strings.HasPrefix(a.Name.Local, "on") || a.Name.Local == "src" || a.Name.Local == "href":
						t.Errorf("<%s %s=%q>", e.Name.Local, a.Name.Local, a.Value)
					}
				}
			}
			if slices.Index(headings, "h1") != 0 || slices.Contains(headings[1:], "h1") {
				t.Errorf("headings are %v, want one h1 in front", headings)
			}
		})
	}
}

func TestHTMLIsSelfContainedAndAccessible(t *testing.T) {
	page := htmlOf(t, golden()["one-model"])
	for _, bad := range []string{"http://", "https://", "url(", "@import", "@font-face"} {
		if strings.Contains(page, bad) {
			t.Errorf("the page holds %q", bad)
		}
	}
	for _, want := range []string{
		`<html lang="en">`, `<meta name="viewport"`, `prefers-color-scheme: dark`, `<caption>`, `scope="col"`, `scope="row"`, `role="img"`,
		"aria-label=\"smollm2-135m-instruct: perplexity against size. f16: perplexity 18.99 at 271 MB; int8-g32:", "var(--series0)", "layers.0.mlp.down",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	// Every colour of the plots follows the theme.
	for _, svg := range svgElement.FindAllString(page, -1) {
		if hex := regexp.MustCompile(`#[0-9A-Fa-f]{6}`).FindString(svg); hex != "" {
			t.Errorf("a drawing holds the fixed colour %s", hex)
		}
	}
}

func TestWorstFirst(t *testing.T) {
	s := withTensors(study("m", smol...), 30)
	lossy, exact := worstFirst(s.Records[2].Tensors)
	if len(lossy) != 121 || exact != 0 {
		t.Errorf("%d with an error, %d exact; want 121 and 0", len(lossy), exact)
	}
	if !slices.IsSortedFunc(lossy, func(a, b TensorError) int {
		if a.SQNRdB < b.SQNRdB {
			return -1
		}
		return 1
	}) {
		t.Error("tensors are not sorted by SQNR")
	}
	if lossy, exact := worstFirst(s.normalized().Records[0].Tensors); len(lossy) != 0 || exact != 121 {
		t.Errorf("f16: %d with an error, %d exact; want 0 and 121", len(lossy), exact)
	}
	if heat := heatStrip(s.Records[2].Tensors); strings.Count(string(heat), "<rect") != 120 {
		t.Errorf("the strip has %d cells, want 120", strings.Count(string(heat), "<rect"))
	}
	for _, none := range [][]TensorError{nil, {{Name: "", RMSE: 1}}, {{Name: "embed", RMSE: 1}}, {{Name: "layers.99999999999999999999.x", RMSE: 1}, {Name: "layers.-1.x", RMSE: 1}}} {
		if heat := heatStrip(none); heat != "" {
			t.Errorf("%v gives a strip", none)
		}
	}
	if math.IsInf(s.normalized().Records[0].Tensors[0].SQNRdB, 0) {
		t.Error("the infinite SQNR of an exact tensor is still there")
	}
}

func TestMarkdownEscapes(t *testing.T) {
	s := study("a|b", smol...)
	s.Command = ""
	s.Records[1].Variant = "x|y`<z>"
	got := string(writeMarkdown(buildPage(s)))
	for _, bad := range []string{"a|b", "x|y", "<z>"} {
		if strings.Contains(got, bad) {
			t.Errorf("%q is not escaped", bad)
		}
	}
	bars := -1
	for _, line := range strings.Split(got, "\n") {
		if !strings.HasPrefix(line, "|") {
			continue
		}
		n := strings.Count(strings.ReplaceAll(line, `\|`, ""), "|")
		if bars >= 0 && n != bars {
			t.Errorf("a row of the table has %d bars, the first has %d: %s", n, bars, line)
		}
		bars = n
	}
	if bars < 0 {
		t.Error("there is no table")
	}
}
