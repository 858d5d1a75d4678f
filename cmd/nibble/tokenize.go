package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"nibble/evalppl/tokenizer"
)

func tokenizeCommand() *cobra.Command {
	var tf textFlags
	var decode, out string
	var noSpecial, count, force bool
	cmd := &cobra.Command{
		Use:   "tokenize MODEL (--text FILE | --decode IDS.u32)",
		Short: "Turn a text into token ids, or ids into text, as the model's own tokenizer does",
		Long: `Tokenize writes ids as little-endian uint32 (-o), counts them (--count), or prints one id and its token a line. A text of several
documents is joined (--join) and tokenized as one, as nibble ppl does for protocols that score one stream.
With --decode it turns such a file back into text; --no-special then leaves special tokens out.`,
		Args: exactly("MODEL"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if (tf.text == "") == (decode == "") {
				return usagef("tokenize: give one of --text FILE and --decode IDS.u32")
			}
			if decode != "" && count {
				return usagef("tokenize: --count belongs to --text")
			}
			if count && out == "-" {
				return usagef("tokenize: --count and -o - would both go to standard output")
			}
			if err := errors.Join(tf.check(cmd, ""), checkReadable(decode)); err != nil {
				return err
			}
			t, err := loadTokenizer(args[0])
			if err != nil {
				return err
			}
			if decode != "" {
				return decodeIDs(cmd, t, decode, out, noSpecial, force)
			}
			return encodeText(cmd, t, &tf, tokenizer.EncodeOptions{NoSpecial: noSpecial}, out, count, force)
		},
	}
	f := cmd.Flags()
	tf.add(cmd)
	tf.anything = true
	f.StringVar(&decode, "decode", "", "`FILE` of ids to turn into text (- for standard input)")
	f.StringVarP(&out, "output", "o", "", "`FILE` to write (- for standard output)")
	f.BoolVar(&noSpecial, "no-special", false, "add no special tokens; with --decode, leave them out")
	f.BoolVar(&count, "count", false, "print the number of tokens")
	f.BoolVar(&force, "force", false, "replace an existing file")
	return cmd
}

func decodeIDs(cmd *cobra.Command, t *tokenizer.Tokenizer, path, out string, noSpecial, force bool) error {
	ids, err := readIDs(cmd, path)
	if err != nil {
		return err
	}
	text, err := t.Decode(ids, tokenizer.DecodeOptions{SkipSpecial: noSpecial})
	if err != nil {
		return fmt.Errorf("decode %s: %w", inputName(path), err)
	}
	if out == "" {
		out = "-"
	}
	o, err := createOutput(cmd, out, force)
	if err != nil {
		return err
	}
	defer o.abort()
	if _, err := o.Write(text); err != nil {
		return err
	}
	return o.commit()
}

// encodeText writes the ids of a text as they come, and counts them.
func encodeText(cmd *cobra.Command, t *tokenizer.Tokenizer, tf *textFlags, eo tokenizer.EncodeOptions, out string, count, force bool) error {
	show := out == "" && !count
	if show {
		out = "-"
	}
	var o *output
	if out != "" {
		var err error
		if o, err = createOutput(cmd, out, force); err != nil {
			return err
		}
		defer o.abort()
	}
	n := 0
	e := t.NewEncoder(eo, func(ids []uint32) error {
		n += len(ids)
		if o == nil {
			return nil
		}
		return writeIDs(o, t, ids, show)
	})
	if _, err := tf.encode(cmd.Context(), e); err != nil {
		return err
	}
	if count {
		fmt.Fprintln(cmd.OutOrStdout(), n)
	}
	if o == nil {
		return nil
	}
	return o.commit()
}

// writeIDs writes ids as little-endian uint32, or shows one and its token a line.
func writeIDs(w io.Writer, t *tokenizer.Tokenizer, ids []uint32, show bool) (err error) {
	var b [4]byte
	for _, id := range ids {
		if show {
			token, _ := t.TokenString(id)
			_, err = fmt.Fprintf(w, "%d\t%q\n", id, token)
		} else {
			binary.LittleEndian.PutUint32(b[:], id)
			_, err = w.Write(b[:])
		}
		if err != nil {
			return err
		}
	}
	return nil
}
