package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// formatBytes writes a number of bytes in the unit that suits it; MB are 10^6 bytes.
func formatBytes(x float64) string {
	switch {
	case x >= 999.5e6:
		return fmt.Sprintf("%.2f GB", x/1e9)
	case x >= 999.95e3:
		return fmt.Sprintf("%.1f MB", x/1e6)
	case x >= 999.5:
		return fmt.Sprintf("%.1f kB", x/1e3)
	}
	return fmt.Sprintf("%.0f B", x)
}

// grouped writes a whole number with a comma between thousands: 1,234,567.
func grouped(n int64) string {
	digits := strconv.FormatInt(n, 10)
	sign := ""
	if n < 0 {
		sign, digits = "-", digits[1:]
	}
	var b strings.Builder
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(d)
	}
	return sign + b.String()
}

// formatRate writes a rate: whole from 100 on, three or four digits below.
func formatRate(x float64) string {
	switch {
	case x >= 99.95:
		return grouped(int64(x + 0.5))
	case x >= 9.995:
		return fmt.Sprintf("%.1f", x)
	}
	return fmt.Sprintf("%.2f", x)
}

// count writes a number with its noun, in the plural where it is not 1: "1 window", "12 windows".
func count(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return grouped(int64(n)) + " " + noun
}

// formatDuration writes a duration with as much precision as a person reads: 35ms, 4.2s, 1m3s.
func formatDuration(d time.Duration) string {
	switch {
	case d >= time.Minute:
		return d.Round(time.Second).String()
	case d >= time.Second:
		return d.Round(100 * time.Millisecond).String()
	case d >= time.Millisecond:
		return d.Round(time.Millisecond).String()
	}
	return d.Round(time.Microsecond).String()
}
