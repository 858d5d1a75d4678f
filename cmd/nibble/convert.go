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
			for _, f := range [][2]string{{"type", o.Type}, {"embed", o.Embed}, {"head", o.Head}} {
				if err := checkType(f[0], f[1]); err != nil {
					return err
				}
			}
			if err := checkThreads(o.Threads); err != nil {
				return err
			}
			if err := checkContainerPath(out); err != nil {
				return err
			}
			c, err := convert.OpenDir(args[0])
			if err != nil {
				return err
			}
			defer c.Close()
			var files tokenizer.Files
			if !noTokenizer {
				if files, err = checkpointTokenizer(os.DirFS(args[0]), withoutTokenizer); err != nil {
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
			fmt.Fprintf(cmd.OutOrStdout(), "%s: %s, %s, %s (%.2f bits a weight), made in %s\n",
				out, o.Type, count(stats.Tensors, "tensor"), formatBytes(float64(stats.Bytes)), bitsPerWeight(stats.Bytes, stats.Parameters), formatDuration(stats.Elapsed))
			return nil
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.Type, "type", "int8-g32", "`TYPE` of the layers' matrices")
	f.StringVar(&o.Embed, "embed", "", "`TYPE` of the embeddings (default: int8-g32 for integer types, otherwise --type)")
	f.StringVar(&o.Head, "head", "", "`TYPE` of the head (default: as the embeddings)")
	f.StringVarP(&out, "output", "o", "", "container `FILE` to write (default: MODEL-TYPE.nbl in this folder)")
	f.BoolVar(&noTokenizer, "no-tokenizer", false, "leave the tokenizer out; the container is then evaluated on token ids")
	f.BoolVar(&o.Force, "force", false, "replace an existing container")
	f.IntVarP(&o.Threads, "threads", "t", 0, "use `N` threads (default: one for each CPU)")
	for _, flag := range []string{"type", "embed", "head"} {
		completeValues(cmd, flag, quant.MatrixNames())
	}
	cmd.ValidArgsFunction = completeFolders
	return cmd
}

// checkContainerPath refuses what a container cannot be written to, before any work.
func checkContainerPath(path string) error {
	if path == "-" {
		return usagef("-o -: a container cannot be written to standard output; give a file's name")
	}
	if info, err := os.Stat(path); err == nil && !info.IsDir() && !info.Mode().IsRegular() {
		return fmt.Errorf("write %s: is not a regular file; give another name", path)
	}
	return nil
}
