// Package convert turns a published checkpoint (a folder as the Hugging Face hub lays it out) into a container, tensor by
// tensor in bounded memory, or says which tensor it does not know.
//
// [OpenDir] reads config.json and the tensors' headers, and plans everything before any weight is read: every tensor the model
// needs is found, or named as missing with the shape expected; every tensor of the checkpoint is used, or ignored for a stated
// reason, or named as unknown. [Checkpoint.Convert] then writes a container:
//
//	c, err := convert.OpenDir("smollm2-135m-instruct")
//	if err != nil {
//		return err
//	}
//	defer c.Close()
//	stats, err := c.Convert(ctx, "smollm2-int4.nbl", convert.Options{Type: "int4-g32"})
//
// One checkpoint may be converted several times, its files are hashed once.
//
// # Architectures
//
// An architecture is one file, arch_NAME.go: a struct with the keys of its config.json, the [format.Spec] made from them, and
// a [Table] that says which of the checkpoint's tensors make up each canonical tensor. To add one, write that file and add its
// Arch to [architectures]. [Known] lists what there is.
package convert
