package main

import (
	"encoding/binary"
	"math"

	"github.com/x448/float16"
)

// Weights are normal with the standard deviation that GPT-2 and Llama start
// training from, so activations keep their size through any number of normed
// layers; gains stay close to 1 but differ, so that one left out is noticed.
const (
	std     = 0.02
	gainStd = 0.05
)

// dtype is how a number is stored.
type dtype string

const (
	f32  dtype = "f32"
	f16  dtype = "f16"
	bf16 dtype = "bf16"
)

// bytes is the size of one number, 0 for an unknown dtype.
func (d dtype) bytes() int { return map[dtype]int{f32: 4, f16: 2, bf16: 2}[d] }

// safetensors is the dtype's name in a safetensors header, torch its name in config.json.
func (d dtype) safetensors() string { return map[dtype]string{f32: "F32", f16: "F16", bf16: "BF16"}[d] }
func (d dtype) torch() string {
	return map[dtype]string{f32: "float32", f16: "float16", bf16: "bfloat16"}[d]
}

// table holds the 65,536 quantiles (i + 1/2) / 65536 of a normal distribution,
// the outermost at 4.3 standard deviations: 16 random bits pick a weight, so
// that a billion of them take about a second.
type table struct {
	half []uint16  // for f16 and bf16, as they are stored
	full []float32 // for f32, which interpolates between two of them by 16 more bits
}

func newTable(mean, deviation float64, d dtype) *table {
	t := &table{full: make([]float32, 1<<16+1)}
	for i := range t.full {
		p := (float64(min(i, 1<<16-1)) + 0.5) / (1 << 16)
		t.full[i] = float32(mean + deviation*math.Sqrt2*math.Erfinv(2*p-1))
	}
	if d == f32 {
		return t
	}
	t.half = make([]uint16, 1<<16)
	for i := range t.half {
		if d == f16 {
			t.half[i] = float16.Fromfloat32(t.full[i]).Bits()
		} else {
			t.half[i] = bfloat16(t.full[i])
		}
	}
	return t
}

// bfloat16 rounds a finite number to the nearest bfloat16, ties to even.
func bfloat16(x float32) uint16 {
	u := math.Float32bits(x)
	return uint16((u + 0x7FFF + u>>16&1) >> 16)
}

// fill fills b with weights that depend on the seed and the key alone.
func (t *table) fill(b []byte, seed, key uint64) {
	state := mix(mix(seed) ^ key)
	next := func() uint64 {
		state += 0x9E3779B97F4A7C15
		return mix(state)
	}
	if t.half == nil {
		for ; len(b) >= 4; b = b[4:] {
			r := next()
			i, part := r>>48, float32(r>>32&0xFFFF)/(1<<16)
			v := t.full[i] + float32((t.full[i+1]-t.full[i])*part) // the conversion forbids a fused rounding
			binary.LittleEndian.PutUint32(b, math.Float32bits(v))
		}
		return
	}
	half := (*[1 << 16]uint16)(t.half)
	for ; len(b) >= 8; b = b[8:] {
		r := next()
		binary.LittleEndian.PutUint64(b, uint64(half[r>>48])<<48|uint64(half[r>>32&0xFFFF])<<32|
			uint64(half[r>>16&0xFFFF])<<16|uint64(half[r&0xFFFF]))
	}
	for r := next(); len(b) >= 2; b = b[2:] {
		binary.LittleEndian.PutUint16(b, half[r&0xFFFF])
		r >>= 16
	}
}

// mix is the output function of SplitMix64 (Steele, Lea and Flood, "Fast
// splittable pseudorandom number generators", OOPSLA 2014).
func mix(z uint64) uint64 {
	z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
	z = (z ^ z>>27) * 0x94D049BB133111EB
	return z ^ z>>31
}
