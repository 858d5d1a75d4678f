package convert

import (
	"maps"
	"slices"
	"strings"

	"nibble/format"
)

// activations maps transformers' names (its activations.py) to the Spec's. gelu_new, gelu_fast and gelu_pytorch_tanh are the
// same tanh approximation, written differently.
func activations() map[string]string {
	return map[string]string{
		"gelu":              format.GELU,
		"gelu_python":       format.GELU,
		"gelu_new":          format.GELUTanh,
		"gelu_fast":         format.GELUTanh,
		"gelu_pytorch_tanh": format.GELUTanh,
		"relu":              format.ReLU,
		"silu":              format.SiLU,
		"swish":             format.SiLU,
	}
}

// activation translates the value of a key.
func activation(key, name string) (string, error) {
	a, ok := activations()[name]
	if !ok {
		return "", keyError(key, "activation %q is not supported; known are %s", name, strings.Join(slices.Sorted(maps.Keys(activations())), ", "))
	}
	return a, nil
}
