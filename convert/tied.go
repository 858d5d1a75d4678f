package convert

import (
	"slices"

	"nibble/convert/safetensors"
	"nibble/format"
)

// settleTie compares what config.json says of the head with what the checkpoint holds, as transformers 5 does when it loads
// one: a tied head whose stored copy equals the embeddings is not needed; one that differs is a head of its own; and where
// only the head is stored, the embeddings are read from it.
func settleTie(spec *format.Spec, table *Table, set *safetensors.Set) ([]format.IgnoredTensor, error) {
	if !spec.TiedHead {
		return nil, nil
	}
	prefix := choosePrefix(*spec, *table, set)
	embedEntry, _, suffix := table.entry("embed.tokens")
	headEntry, _, _ := table.entry("head")
	embedName, headName := sourceName(prefix, embedEntry, 0, "")+suffix, sourceName(prefix, headEntry, 0, "")+suffix
	embed, haveEmbed := set.Info(embedName)
	head, haveHead := set.Info(headName)
	switch {
	case !haveHead:
		return nil, nil
	case !haveEmbed:
		table.Tensors = slices.Clone(table.Tensors)
		i := slices.IndexFunc(table.Tensors, func(e Entry) bool { return e.Canonical == "embed.tokens" })
		table.Tensors[i] = Entry{Canonical: "embed.tokens", Sources: headEntry.Sources, Unprefixed: true}
		return nil, nil
	}
	if slices.Equal(embed.Shape, head.Shape) && embed.DType.Readable() && head.DType.Readable() {
		same, err := equal(set, embed, head)
		if err != nil {
			return nil, err
		}
		if same {
			return []format.IgnoredTensor{{Name: headName, Reason: "the head is tied to the embeddings, and this copy equals them"}}, nil
		}
	}
	spec.TiedHead = false
	return nil, nil
}

// equal compares the values of two tensors of the same shape.
func equal(set *safetensors.Set, a, b safetensors.Tensor) (bool, error) {
	const run = 1 << 16
	x, y := make([]float32, run), make([]float32, run)
	for at := int64(0); at < a.Elements(); at += run {
		n := min(run, a.Elements()-at)
		if err := set.ReadFloat32(a.Name, x[:n], at); err != nil {
			return false, err
		}
		if err := set.ReadFloat32(b.Name, y[:n], at); err != nil {
			return false, err
		}
		if !slices.Equal(x[:n], y[:n]) {
			return false, nil
		}
	}
	return true, nil
}
