// Package testdata holds two small language models that the project trained on
// text that the project wrote, and the held-out part of that text. They are
// embedded, so that nibble can show and test its whole job with no network and
// no download; README.md says how each thing was made.
//
//	for _, m := range testdata.Models() {
//		config, err := fs.ReadFile(m.FS, "config.json")
//		...
//	}
package testdata

import (
	"embed"
	"io/fs"
	"slices"
)

// files holds the folders of the models, not the golden numbers beside them.
//
//go:embed models/nibble-gpt2 models/nibble-llama
var files embed.FS

//go:embed text/valid.txt
var valid []byte

// Model is one embedded checkpoint.
type Model struct {
	Name string // nibble-gpt2 or nibble-llama, as the folder is called
	FS   fs.FS  // the folder as the Hugging Face hub lays it out: config.json, weights, tokenizer
}

// Models returns the embedded checkpoints in the order of their names.
func Models() []Model {
	var list []Model
	for _, name := range []string{"nibble-gpt2", "nibble-llama"} {
		sub, err := fs.Sub(files, "models/"+name)
		if err != nil {
			panic(err) // only for an invalid path, and the paths are constant
		}
		list = append(list, Model{name, sub})
	}
	return list
}

// Text returns a copy of text/valid.txt: some 160 KB of ASCII in which
// documents are separated by empty lines. The models have not seen it.
func Text() []byte { return slices.Clone(valid) }
