package model

import (
	"fmt"
	"math"

	"nibble/format"
)

// rotaryTable holds the cosines and sines of every position: [positions][Dim/2] each. It is computed as transformers does,
// in float32 at the same places, because a float64 table differs from it by more than the tolerance at large positions.
type rotaryTable struct {
	half     int
	cos, sin []float32
}

func newRotaryTable(r format.Rotary, positions int) (*rotaryTable, error) {
	freqs, err := rotaryFrequencies(r)
	if err != nil {
		return nil, err
	}
	t := &rotaryTable{half: len(freqs), cos: make([]float32, positions*len(freqs)), sin: make([]float32, positions*len(freqs))}
	for p := range positions {
		for i, f := range freqs {
			angle := float64(float32(p) * f)
			t.cos[p*t.half+i] = float32(math.Cos(angle))
			t.sin[p*t.half+i] = float32(math.Sin(angle))
		}
	}
	return t, nil
}

// at returns the cosines and sines of one position.
func (t *rotaryTable) at(pos int) (cos, sin []float32) {
	return t.cos[pos*t.half : (pos+1)*t.half], t.sin[pos*t.half : (pos+1)*t.half]
}

// rotaryFrequencies returns the angle per position of each pair of dimensions, as transformers' modeling_rope_utils.py
// computes it (the llama3 form is from Meta's llama-models).
func rotaryFrequencies(r format.Rotary) ([]float32, error) {
	freqs := make([]float32, r.Dim/2)
	for i := range freqs {
		exponent := float32(2*i) / float32(r.Dim)
		freqs[i] = 1 / float32(math.Pow(r.Theta, float64(exponent)))
	}
	switch r.Scaling {
	case format.RotaryDefault:
	case format.RotaryLinear:
		for i := range freqs {
			freqs[i] /= float32(r.Factor)
		}
	case format.RotaryLlama3:
		for i, f := range freqs {
			freqs[i] = llama3Frequency(f, r)
		}
	default:
		return nil, fmt.Errorf("rotary scaling %q is not known; known: default, linear, llama3", r.Scaling)
	}
	return freqs, nil
}

// llama3Frequency leaves short wavelengths alone, divides long ones by the factor, and goes smoothly from one to the other
// between context/high and context/low.
func llama3Frequency(f float32, r format.Rotary) float32 {
	context := float32(r.OriginalContext)
	low, high, factor := float32(r.LowFreqFactor), float32(r.HighFreqFactor), float32(r.Factor)
	wavelength := float32(2*math.Pi) / f
	switch {
	case wavelength < context/high:
		return f
	case wavelength > context/low:
		return f / factor
	}
	smooth := (context/wavelength - low) / (high - low)
	return (1-smooth)*f/factor + smooth*f
}
