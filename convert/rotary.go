package convert

import (
	"encoding/json"
	"errors"
	"maps"
	"math"
	"slices"
	"strings"

	"nibble/format"
)

// rotaryConfig is every form in which config.json states rotary embeddings: rope_theta with rope_scaling (before transformers
// 5), or rope_parameters with everything inside.
type rotaryConfig struct {
	Theta           *float64        `json:"rope_theta"`
	Scaling         *ropeParameters `json:"rope_scaling"`
	Parameters      *ropeParameters `json:"rope_parameters"`
	Partial         *float64        `json:"partial_rotary_factor"`
	OriginalContext *int            `json:"original_max_position_embeddings" config:"dim"`
}

type ropeParameters struct {
	RopeType        *string  `json:"rope_type"`
	Type            *string  `json:"type"` // rope_type's older name
	Theta           *float64 `json:"rope_theta"`
	Partial         *float64 `json:"partial_rotary_factor"`
	Factor          *float64 `json:"factor"`
	LowFreqFactor   *float64 `json:"low_freq_factor"`
	HighFreqFactor  *float64 `json:"high_freq_factor"`
	OriginalContext *int     `json:"original_max_position_embeddings"`
	nested          string   // a key that holds an object: parameters by layer type, as other architectures have
}

// UnmarshalJSON reads the parameters and notes nested ones.
func (p *ropeParameters) UnmarshalJSON(data []byte) error {
	type plain ropeParameters
	var keys map[string]json.RawMessage
	if err := errors.Join(json.Unmarshal(data, (*plain)(p)), json.Unmarshal(data, &keys)); err != nil {
		return err
	}
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		if keys[key][0] == '{' {
			p.nested = key
		}
	}
	return nil
}

func (p *ropeParameters) empty() bool { return p == nil || *p == ropeParameters{} }

// rotary makes the Spec's value as transformers does (its modeling_rope_utils.py): rope_scaling wins over rope_parameters, a
// theta inside over rope_theta outside, which is 10000 where nobody states it; all dimensions of a head are rotated.
func (c rotaryConfig) rotary(headDim, context int) (*format.Rotary, error) {
	where, p := "rope_parameters", c.Parameters
	if !c.Scaling.empty() {
		where, p = "rope_scaling", c.Scaling
	}
	if p == nil {
		p = &ropeParameters{}
	}
	if p.nested != "" {
		return nil, keyError(where+"."+p.nested, "found an object, expected one set of parameters for all layers")
	}
	r := &format.Rotary{Theta: 10000, Dim: headDim, Scaling: format.RotaryDefault}
	if c.Theta != nil {
		r.Theta = *c.Theta
	}
	if p.Theta != nil {
		r.Theta = *p.Theta
	}
	if !(r.Theta > 0) || math.IsInf(r.Theta, 0) {
		return nil, keyError("rope_theta", "found %v, expected a finite number above 0", r.Theta)
	}
	for _, partial := range []*float64{c.Partial, p.Partial} {
		if partial != nil && *partial != 1 {
			return nil, keyError("partial_rotary_factor", "found %v, expected 1: this architecture rotates whole heads", *partial)
		}
	}
	if headDim%2 != 0 {
		return nil, keyError("head_dim", "found %d, expected an even number: rotary embeddings turn pairs of dimensions", headDim)
	}
	switch {
	case p.RopeType != nil:
		r.Scaling = *p.RopeType
	case p.Type != nil:
		r.Scaling = *p.Type
	}
	need := func(key string, v *float64) (float64, error) {
		key = where + "." + key
		if v == nil {
			return 0, keyError(key, "is missing, rope_type %q needs it", r.Scaling)
		}
		if !(*v > 0) || math.IsInf(*v, 0) {
			return 0, keyError(key, "found %v, expected a finite number above 0", *v)
		}
		return *v, nil
	}
	var err error
	switch r.Scaling {
	case format.RotaryDefault:
		return r, nil
	case format.RotaryLinear:
		r.Factor, err = need("factor", p.Factor)
		return r, err
	case format.RotaryLlama3:
		if r.Factor, err = need("factor", p.Factor); err != nil {
			return nil, err
		}
		if r.LowFreqFactor, err = need("low_freq_factor", p.LowFreqFactor); err != nil {
			return nil, err
		}
		if r.HighFreqFactor, err = need("high_freq_factor", p.HighFreqFactor); err != nil {
			return nil, err
		}
		if r.HighFreqFactor <= r.LowFreqFactor {
			return nil, keyError(where+".high_freq_factor", "found %v, expected more than low_freq_factor %v", r.HighFreqFactor, r.LowFreqFactor)
		}
		r.OriginalContext = context
		switch {
		case c.OriginalContext != nil:
			r.OriginalContext = *c.OriginalContext
		case p.OriginalContext != nil:
			r.OriginalContext = *p.OriginalContext
		}
		if r.OriginalContext < 1 {
			return nil, keyError(where+".original_max_position_embeddings", "found %d, expected an integer above 0", r.OriginalContext)
		}
		return r, nil
	}
	known := []string{format.RotaryDefault, format.RotaryLinear, format.RotaryLlama3}
	return nil, keyError(where, "rope_type %q is not supported; known are %s", r.Scaling, strings.Join(known, ", "))
}
