package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"nibble/convert"
	"nibble/evalppl/tokenizer"
	"nibble/quant"
)

func convertCommand() *cobra.Command {
	var o convert.Options
	var out string
	var noTokenizer bool
	cmd := &cobra.Command{
		Use:   "convert FOLDER",
		Short: "Convert a Hugging Face checkpoint to a container",
		Long: `Convert reads a checkpoint's folder (config.json, *.safetensors, tokenizer files) and writes a container.
The same checkpoint and options give the same bytes, whatever the number of threads.

Types: ` + strings.Join(quant.MatrixNames(), ", ") + `
Model types: ` + strings.Join(convert.Known(), ", "),
		Example: "  nibble convert smollm2-135m-instruct --type int4-g32 -o smollm2-int4.nbl",
		Args:    exactly("FOLDER"),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := convert.OpenDir(args[0])
			if err != nil {
				return err
			}
			defer c.Close()
			var files tokenizer.Files
			if !noTokenizer {
				if files, err = checkpointTokenizer(os.DirFS(args[0]), false); err != nil {
					return fmt.Errorf("convert %s: %w", args[0], err)
				}
			}
			if out == "" {
				out = c.Model + "-" + o.Type + ".nbl"
			}
			p := newProgress(cmd.ErrOrStderr(), "convert "+filepath.Base(out), "B")
			o.Tokenizer, o.Tool = files, tool
			o.Progress = func(done, total int64, tensor string) { p.update(done, total, tensor) }
			stats, err := c.Convert(cmd.Context(), out, o)
			p.clear()
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s: %s, %d tensors, %s (%.2f bits a weight) in %.1f s\n",
				out, o.Type, stats.Tensors, formatBytes(float64(stats.Bytes)), 8*float64(stats.Bytes)/float64(stats.Parameters), stats.Elapsed.Seconds())
			return nil
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.Type, "type", "int8-g32", "type of the layers' matrices")
	f.StringVar(&o.Embed, "embed", "", "type of the embeddings (default: int8-g32 for integer types, otherwise --type)")
	f.StringVar(&o.Head, "head", "", "type of the head (default: as the embeddings)")
	f.StringVarP(&out, "output", "o", "", "container to write (default: MODEL-TYPE.nbl in this folder)")
	f.BoolVar(&noTokenizer, "no-tokenizer", false, "leave the tokenizer out; the container is then evaluated on token ids")
	f.BoolVar(&o.Force, "force", false, "replace an existing container")
	f.IntVarP(&o.Threads, "threads", "t", 0, "threads (default: all)")
	return cmd
}
