package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"nibble/evalppl/model"
)

// modelFlags adds the flags of every command that runs a model.
func modelFlags(cmd *cobra.Command, typ *string, o *model.Options) {
	f := cmd.Flags()
	f.StringVar(typ, "type", "", "type to convert a folder to for this command (default: the checkpoint's own precision)")
	f.StringVar(&o.Activations, "activations", model.Int8Activations, "int8: quantize activations where the weights are integers; f32: show what the weights alone lost")
	f.IntVarP(&o.Threads, "threads", "t", 0, "threads (default: all)")
}

// loadModel opens a container, or a folder, and loads its model.
func loadModel(cmd *cobra.Command, path, typ string, o model.Options) (*modelFile, *model.Model, error) {
	if o.Activations != model.Int8Activations && o.Activations != model.Float32Activations {
		return nil, nil, usagef("--activations %q: want %s or %s", o.Activations, model.Int8Activations, model.Float32Activations)
	}
	f, err := openModel(cmd.Context(), path, typ, cmd.ErrOrStderr())
	if err != nil {
		return nil, nil, err
	}
	m, err := model.Load(f.Reader, o)
	if err != nil {
		f.Close()
		return nil, nil, err
	}
	return f, m, nil
}

// checkWindow refuses a sequence that the model cannot take as one window.
func checkWindow(m *model.Model, n int) error {
	if n < 1 {
		return fmt.Errorf("no token ids: at least 1 is needed")
	}
	if n > m.Context() {
		return fmt.Errorf("%d token ids, the model was made for %d positions", n, m.Context())
	}
	return nil
}
