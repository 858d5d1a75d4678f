package reports

import (
	"fmt"
	"image/color"
	"strings"

	xfont "golang.org/x/image/font"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg/draw"
)

// Colours of the plots. In the page each of them becomes a CSS variable, so that
// the plots follow light and dark mode; in files they are what stands here.
var (
	colorInk    = color.NRGBA{0x1b, 0x24, 0x30, 0xff}
	colorMuted  = color.NRGBA{0x5a, 0x66, 0x75, 0xff}
	colorGrid   = color.NRGBA{0xe4, 0xe8, 0xed, 0xff}
	colorLine   = color.NRGBA{0xb9, 0xc2, 0xcd, 0xff}
	colorCard   = color.NRGBA{0xff, 0xff, 0xff, 0xff}
	colorBar    = color.NRGBA{0x8a, 0x97, 0xa6, 0xff}
	seriesColor = []color.NRGBA{
		// Okabe and Ito's palette without the colours too pale for white, which
		// stays distinct under the common colour blindnesses (Color Universal
		// Design, jfly.uni-koeln.de/color, 2008).
		{0x00, 0x72, 0xb2, 0xff}, {0xd5, 0x5e, 0x00, 0xff}, {0x00, 0x8a, 0x65, 0xff}, {0xb3, 0x5d, 0x8f, 0xff}, {0x7a, 0x6a, 0x00, 0xff},
	}
)

// themed pairs every plot colour with its CSS variable.
func themed() *strings.Replacer {
	pairs := []string{
		svgColor(colorInk), "var(--ink)",
		svgColor(colorMuted), "var(--muted)",
		svgColor(colorGrid), "var(--grid)",
		svgColor(colorLine), "var(--line)",
		svgColor(colorCard), "var(--card)",
		svgColor(colorBar), "var(--bar)",
	}
	for i, c := range seriesColor {
		pairs = append(pairs, svgColor(c), fmt.Sprintf("var(--series%d)", i))
	}
	return strings.NewReplacer(pairs...)
}

// svgColor is how the SVG writer spells a colour. It scales 16 bits down to 8 in
// floating point and cuts, which can come out one lower than the byte it was.
func svgColor(c color.NRGBA) string {
	r, g, b, alpha := c.RGBA()
	scale := 255.0 / float64(alpha)
	return fmt.Sprintf("#%02X%02X%02X", int(float64(r)*scale), int(float64(g)*scale), int(float64(b)*scale))
}

// glyphs tell the models of an overview apart without colour.
var glyphs = []draw.GlyphDrawer{draw.CircleGlyph{}, draw.BoxGlyph{}, draw.PyramidGlyph{}, diamondGlyph{}}

// textStyle is a sans-serif style, whatever the plot library's default is.
func textStyle(size float64, c color.Color, bold bool) text.Style {
	f := font.Font{Typeface: "Liberation", Variant: "Sans"}
	if bold {
		f.Weight = xfont.WeightBold
	}
	return text.Style{
		Color:   c,
		Font:    font.From(f, font.Length(size)),
		XAlign:  draw.XLeft,
		YAlign:  draw.YBottom,
		Handler: plot.DefaultTextHandler,
	}
}
