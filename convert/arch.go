package convert

import (
	"slices"
	"strings"

	"nibble/format"
)

// Arch is one architecture: how its config.json and its tensors are read.
type Arch struct {
	ModelTypes []string // values of config.json's model_type
	// Parse reads the configuration. Errors name the key, what was found and what was expected.
	Parse func(Config) (format.Spec, error)
	Table Table
}

// architectures returns every architecture there is.
func architectures() []Arch { return []Arch{gpt2(), gptNeo(), llama()} }

// Known lists the model types that can be converted, sorted.
func Known() []string {
	var names []string
	for _, a := range architectures() {
		names = append(names, a.ModelTypes...)
	}
	slices.Sort(names)
	return names
}

// findArch chooses by model_type.
func findArch(c Config) (Arch, error) {
	var t struct {
		ModelType string `json:"model_type"`
	}
	if err := c.Decode(&t); err != nil {
		return Arch{}, err
	}
	if t.ModelType == "" {
		return Arch{}, keyError("model_type", "is missing; known are %s", strings.Join(Known(), ", "))
	}
	for _, a := range architectures() {
		if slices.Contains(a.ModelTypes, t.ModelType) {
			return a, nil
		}
	}
	return Arch{}, keyError("model_type", "architecture %q is not supported; known are %s", t.ModelType, strings.Join(Known(), ", "))
}

// Table maps a checkpoint's tensors to canonical ones (see [format.Spec]). In names, N stands for the layer's number.
type Table struct {
	// Prefixes may stand before the names of the base model; the one that fits most of a checkpoint's tensors is taken.
	Prefixes []string
	Tensors  []Entry
	Ignored  []Ignored
	Keys     Keys
}

// Entry says where a canonical tensor comes from. Names are without ".weight" and ".bias": which of them a model has is the
// Spec's matter, both come from the same entry.
type Entry struct {
	Canonical string
	// Sources is one name, or one for each part: query, key and value of attn.qkv; gate and up of a gated mlp.up.
	Sources []string
	// Transposed: matrices are stored [in, out] instead of [out, in].
	Transposed bool
	// Unprefixed: the sources never have the table's prefix. Heads stand outside the base model.
	Unprefixed bool
}

// Ignored names tensors of a checkpoint that the model does not need.
type Ignored struct {
	Name   string // complete, after the prefix
	Reason string
}

// Keys are the keys of config.json that give each dimension, for error messages. HeadDim is empty where it is not a key: then
// the rows of attention are named by Hidden.
type Keys struct{ Vocab, Context, Hidden, FFN, Heads, KVHeads, HeadDim string }

// head is the Entry of the matrix that gives the logits.
func head(source string) Entry {
	return Entry{Canonical: "head", Sources: []string{source}, Unprefixed: true}
}

// from is an Entry with plain sources.
func from(canonical string, sources ...string) Entry {
	return Entry{Canonical: canonical, Sources: sources}
}

// conv1D is an Entry whose matrix is transposed, as the GPT-2 code's Conv1D stores it.
func conv1D(canonical, source string) Entry {
	return Entry{Canonical: canonical, Sources: []string{source}, Transposed: true}
}
