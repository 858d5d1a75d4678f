package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"nibble/evalppl/model"
	"nibble/quant"
)

// modelFlags adds the flags of every command that runs a model.
func modelFlags(cmd *cobra.Command, typ *string, o *model.Options) {
	f := cmd.Flags()
	f.StringVar(typ, "type", "", "`TYPE` that a folder is converted to for this command (default: the checkpoint's own precision)")
	activationsFlag(cmd, &o.Activations)
	f.IntVarP(&o.Threads, "threads", "t", 0, "use `N` threads (default: one for each CPU)")
	completeValues(cmd, "type", quant.MatrixNames())
}

// activationsFlag adds the flag of the activation mode.
func activationsFlag(cmd *cobra.Command, mode *string) {
	cmd.Flags().StringVar(mode, "activations", model.Int8Activations,
		"`MODE` int8 rounds activations where the weights are integers, bf16 where they are bf16, f32 nowhere: what the weights alone lost")
	completeValues(cmd, "activations", model.ActivationModes())
}

// loadModel opens a container, or a folder, and loads its model. A folder without a usable tokenizer is an error where the
// tokenizer is needed.
func loadModel(cmd *cobra.Command, path, typ string, o model.Options, needTokenizer bool) (*modelFile, *model.Model, error) {
	if err := errors.Join(checkModelOptions(o), checkType("type", typ)); err != nil {
		return nil, nil, err
	}
	f, err := openModel(cmd, path, typ, o.Threads, needTokenizer)
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
		return errors.New("no token ids: at least 1 is needed")
	}
	if n > m.Context() {
		return fmt.Errorf("%d token ids, the model was made for %d positions: give fewer", n, m.Context())
	}
	return nil
}
