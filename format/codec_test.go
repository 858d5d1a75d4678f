package format

import (
	"math"
	"slices"
	"strings"
	"testing"
)

func TestCodecs(t *testing.T) {
	if got, want := Codecs(), []string{"f32", "f16", "bf16", "int8-g32", "int4-g32", "raw-f32"}; !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

// Sizes worked out by hand from the tile layout: 64 bytes a column (f32), 32 (f16, bf16), 544 and 288 bytes a block of 32 columns.
func TestCodecBytes(t *testing.T) {
	for _, c := range []struct {
		codec      string
		rows, cols int
		want       int64
	}{
		{"f32", 16, 32, 2048},
		{"f32", 1, 1, 2048},
		{"f32", 17, 33, 2 * 64 * 64},
		{"f16", 16, 32, 1024},
		{"f16", 32, 96, 2 * 96 * 32},
		{"bf16", 16, 31, 1024},
		{"int8-g32", 16, 32, 544},
		{"int8-g32", 33, 65, 3 * 3 * 544},
		{"int4-g32", 16, 32, 288},
		{"int4-g32", 49152, 576, 3072 * 18 * 288},
		{"raw-f32", 1, 1, 4},
		{"raw-f32", 3, 5, 60},
		{"int4-g32", math.MaxInt32, math.MaxInt32, (1 << 27) * (1 << 26) * 288},
	} {
		got, err := CodecBytes(c.codec, c.rows, c.cols)
		if err != nil || got != c.want {
			t.Errorf("CodecBytes(%s, %d, %d) = %d, %v, want %d", c.codec, c.rows, c.cols, got, err, c.want)
		}
	}
	if got, err := TileBytes("int8-g32", 33); err != nil || got != 2*544 {
		t.Errorf("TileBytes = %d, %v", got, err)
	}
}

func TestCodecErrors(t *testing.T) {
	for _, c := range []struct {
		codec      string
		rows, cols int
		says       string
	}{
		{"int3-g64", 1, 1, `unknown codec "int3-g64"; known are f32, f16, bf16, int8-g32, int4-g32, raw-f32`},
		{"", 1, 1, "unknown codec"},
		{"f32", 0, 1, "shape [0 1]"},
		{"f32", 1, -1, "shape [1 -1]"},
		{"raw-f32", math.MaxInt32, math.MaxInt32, "overflow a 64-bit size"},
		{"f32", math.MaxInt32, math.MaxInt32, "overflow a 64-bit size"},
	} {
		if got, err := CodecBytes(c.codec, c.rows, c.cols); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("CodecBytes(%s, %d, %d) = %d, %v, want %s", c.codec, c.rows, c.cols, got, err, c.says)
		}
	}
	if _, err := TileBytes(RawF32, 4); err == nil || !strings.Contains(err.Error(), "has no tiles") {
		t.Error(err)
	}
	if _, err := TileBytes("q4", 4); err == nil || !strings.Contains(err.Error(), "unknown codec") {
		t.Error(err)
	}
}
