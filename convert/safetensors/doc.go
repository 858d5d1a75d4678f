// Package safetensors reads checkpoints in the safetensors format (https://github.com/huggingface/safetensors, "Format"): one
// file, or a set of shards with an index. It knows nothing of models and imports nothing of nibble's.
//
// A file is 8 bytes of header length (little-endian), a JSON header that maps each tensor's name to its dtype, shape and byte
// range, and the data. The format's rules are enforced when a file is opened, before any data is read: the header is at most
// [MaxHeader] bytes and lies inside the file, it is one JSON object without duplicate keys, every byte range has exactly the
// bytes its dtype and shape ask for, and the ranges cover the data from its first byte to its last without overlap or hole.
// So nothing is ever allocated or read because of a number that the file does not back.
//
//	set, err := safetensors.OpenSet(os.DirFS(dir))
//	if err != nil {
//		return err
//	}
//	defer set.Close()
//	for _, name := range set.Names() {
//		t, _ := set.Info(name)
//		values := make([]float32, t.Elements())
//		if err := set.ReadFloat32(name, values, 0); err != nil {
//			return err
//		}
//	}
package safetensors
