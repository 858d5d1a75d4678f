package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"nibble/evalppl/tokenizer"
	"nibble/format"
)

func inspectCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "inspect FILE.nbl",
		Short: "Print a container's model, recipe, sources and tensors",
		Long: `Inspect prints what a container holds: the model, the recipe, the source files, and each tensor with its place, its checksum
and its error against the checkpoint: root mean square, largest, and signal to quantization noise ratio (SQNR).`,
		Args:              exactly("FILE.nbl"),
		ValidArgsFunction: completeContainers,
		RunE: func(cmd *cobra.Command, args []string) error {
			r, err := format.Open(args[0])
			if err != nil {
				return err
			}
			defer r.Close()
			if asJSON {
				o, err := createOutput(cmd, "-", false)
				if err != nil {
					return err
				}
				return o.json(inspection(r))
			}
			return printContainer(cmd.OutOrStdout(), r)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON to standard output")
	return cmd
}

// containerReport is what `inspect --json` prints.
type containerReport struct {
	File            string              `json:"file"`
	Bytes           int64               `json:"bytes"`
	ContainerSHA256 string              `json:"container_sha256"`
	BitsPerWeight   float64             `json:"bits_per_weight"`
	Metadata        format.Metadata     `json:"metadata"`
	TokenizerFiles  map[string]int      `json:"tokenizer_files,omitempty"` // bytes of each
	TokenizerSHA256 string              `json:"tokenizer_sha256,omitempty"`
	Tensors         []format.TensorInfo `json:"tensors"`
}

func inspection(r *format.Reader) containerReport {
	meta := r.Metadata()
	c := containerReport{
		File: r.Path(), Bytes: r.Size(), ContainerSHA256: r.Fingerprint(), BitsPerWeight: bitsPerWeight(r.Size(), meta.Parameters),
		Metadata: meta, Tensors: r.Tensors(),
	}
	if files := r.Tokenizer(); files != nil {
		c.TokenizerFiles = map[string]int{}
		for name, b := range files {
			c.TokenizerFiles[name] = len(b)
		}
		if t, err := tokenizer.New(files); err == nil {
			c.TokenizerSHA256 = t.Fingerprint()
		}
	}
	return c
}

// bitsPerWeight counts the whole file over the checkpoint's weights.
func bitsPerWeight(bytes, parameters int64) float64 {
	if parameters < 1 {
		return 0
	}
	return 8 * float64(bytes) / float64(parameters)
}

// recipeName writes a recipe as one word: the type, and what differs from it.
func recipeName(r format.Recipe) string {
	name := r.Type
	def := r.Type
	if strings.HasPrefix(r.Type, "int") {
		def = "int8-g32"
	}
	if r.Embed != def {
		name += " embed=" + r.Embed
	}
	if r.Head != r.Embed {
		name += " head=" + r.Head
	}
	return name
}

func printContainer(out io.Writer, r *format.Reader) error {
	meta := r.Metadata()
	s := meta.Spec
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "file\t%s\n", r.Path())
	fmt.Fprintf(w, "size\t%s (%.2f bits a weight)\n", formatBytes(float64(r.Size())), bitsPerWeight(r.Size(), meta.Parameters))
	fmt.Fprintf(w, "sha256\t%s (header, metadata, tokenizer, index)\n", r.Fingerprint())
	fmt.Fprintf(w, "model\t%s (%s, %s, %s)\n", meta.Model, s.Architecture, count(int(meta.Parameters), "parameter"), meta.SourceDType)
	fmt.Fprintf(w, "shape\t%d layers, hidden %d, ffn %d, vocabulary %d, context %d\n", s.Layers, s.Hidden, s.FFN, s.Vocab, s.Context)
	fmt.Fprintf(w, "attention\t%d heads of %d, %d key/value heads, %s positions\n", s.Attention.Heads, s.Attention.HeadDim, s.Attention.KVHeads, s.Position.Kind)
	head := "separate head"
	if s.TiedHead {
		head = "tied head"
	}
	gated := ""
	if s.MLP.Gated {
		gated = "gated "
	}
	fmt.Fprintf(w, "blocks\t%s, %s%s, %s\n", s.Norm.Kind, gated, s.MLP.Activation, head)
	fmt.Fprintf(w, "recipe\tmatrices %s, embeddings %s, head %s, method %s\n", meta.Recipe.Type, meta.Recipe.Embed, meta.Recipe.Head, meta.Recipe.Method)
	fmt.Fprintf(w, "written by\t%s\n", meta.Tool)
	for _, f := range meta.Sources {
		fmt.Fprintf(w, "source\t%s, %s, sha256 %s\n", f.Name, formatBytes(float64(f.Bytes)), f.SHA256)
	}
	for _, t := range meta.Ignored {
		fmt.Fprintf(w, "ignored\t%s: %s\n", t.Name, t.Reason)
	}
	if files := r.Tokenizer(); files == nil {
		fmt.Fprintf(w, "tokenizer\tnone\n")
	} else if t, err := tokenizer.New(files); err != nil {
		fmt.Fprintf(w, "tokenizer\tunusable: %v\n", err)
	} else {
		fmt.Fprintf(w, "tokenizer\t%s\n", t.Describe())
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(out)
	// The tabwriter puts all columns to the right; names are padded to stand on the left.
	width := len("tensor")
	for _, t := range r.Tensors() {
		width = max(width, len(t.Name))
	}
	w = tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(w, "%-*s\ttype\trows\tcols\toffset\tbytes\tcrc32c\trmse\tmax\tSQNR dB\t\n", width, "tensor")
	for _, t := range r.Tensors() {
		fmt.Fprintf(w, "%-*s\t%s\t%d\t%d\t%d\t%d\t%08x\t", width, t.Name, t.Codec, t.Rows, t.Cols, t.Offset, t.Bytes, t.CRC32C)
		if t.Error.Exact {
			fmt.Fprintf(w, "0\t0\texact\t\n")
		} else {
			fmt.Fprintf(w, "%.3g\t%.3g\t%.1f\t\n", t.Error.RMSE, t.Error.MaxAbs, t.Error.SQNR)
		}
	}
	return w.Flush()
}
