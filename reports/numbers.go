package reports

import (
	"math"
	"strconv"
	"strings"
)

// minus is the sign that is as wide as a plus; hyphens break lines.
const minus = "\u2212"

// formatSize gives bytes in MB (10^6 bytes).
func formatSize(bytes int64) string {
	mb := float64(bytes) / 1e6
	switch {
	case mb >= 1000:
		return grouped(math.Round(mb))
	case mb >= 10:
		return significantPlaces(mb, 1)
	}
	return significant(mb, 3)
}

// formatPerplexity keeps four or more significant figures: 18.99, 345.3, 2.105.
func formatPerplexity(v float64) string { return significant(v, 4) }

// formatSpeed keeps what a benchmark can mean: three figures.
func formatSpeed(v float64) string { return significant(v, 3) }

// formatRatio gives "3.1x".
func formatRatio(v float64) string {
	if v < 1.1 {
		return significant(v, 3) + "x" // 1.03x, not 1.0x
	}
	return significant(v, 2) + "x"
}

// formatPercent gives a signed change: "+14.2 %", "−0.4 %".
func formatPercent(v float64) string {
	var s string
	switch a := math.Abs(v); {
	case a >= 99.95:
		s = grouped(math.Round(v))
	case a >= 0.095 || a == 0:
		s = strconv.FormatFloat(v, 'f', 1, 64)
	case a >= 0.005:
		s = strconv.FormatFloat(v, 'f', 2, 64)
	case a >= 0.0005:
		s = strconv.FormatFloat(v, 'f', 3, 64)
	default:
		return "±0.0 %"
	}
	s = strings.Replace(s, "-", minus, 1)
	if v >= 0 {
		s = "+" + s
	}
	if strings.Trim(s, "+0.") == "" {
		s = "±0.0"
	}
	return s + " %"
}

// formatLogRatio gives the logarithm of a ratio with its sign, to three figures and
// no more than six decimals.
func formatLogRatio(v float64) string {
	s := significantPlaces(v, min(6, max(3, 2-int(math.Floor(math.Log10(max(math.Abs(v), 1e-9)))))))
	if v >= 0 {
		s = "+" + s
	}
	if strings.Trim(s, "+"+minus+"0.") == "" {
		return "0.000000"
	}
	return s
}

// significant formats v > 0 with n significant figures, never cutting digits
// before the point and with at most six behind it.
func significant(v float64, n int) string {
	if v == 0 {
		return "0"
	}
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return "?" // no checked record gets here
	}
	// Rounding comes first: 9.9996 with four figures is 10.00.
	r, err := strconv.ParseFloat(strconv.FormatFloat(v, 'e', n-1, 64), 64)
	if err != nil {
		r = v
	}
	digits := 1 + int(math.Floor(math.Log10(math.Abs(r))))
	places := min(max(n-digits, 0), 6)
	if math.Abs(v) >= 1e12 || math.Abs(v) < 1e-6 {
		return strconv.FormatFloat(v, 'g', n, 64)
	}
	if places == 0 {
		return grouped(math.Round(v))
	}
	return strings.Replace(strconv.FormatFloat(v, 'f', places, 64), "-", minus, 1)
}

// grouped formats a whole number with thousands separators: 10,200.
func grouped(v float64) string {
	if math.Abs(v) >= 1e15 {
		return strings.Replace(strconv.FormatFloat(v, 'g', 4, 64), "-", minus, 1)
	}
	s := strconv.FormatFloat(math.Abs(v), 'f', 0, 64)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	if v < 0 {
		s = minus + s
	}
	return s
}

func groupedInt(v int64) string { return grouped(float64(v)) }

func expm1(v float64) float64 { return math.Expm1(v) }

// significantPlaces formats v with a fixed number of decimals.
func significantPlaces(v float64, places int) string {
	return strings.Replace(strconv.FormatFloat(v, 'f', places, 64), "-", minus, 1)
}
