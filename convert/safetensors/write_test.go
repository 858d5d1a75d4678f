package safetensors

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"strings"
	"testing/fstest"
)

// file puts a header, as it is, and data together.
func file(header string, data []byte) []byte {
	out := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	return append(append(out, header...), data...)
}

// tensorSpec is one tensor for build.
type tensorSpec struct {
	name  string
	dtype DType
	shape []int64
	data  []byte
}

// build writes a valid file.
func build(tensors ...tensorSpec) []byte {
	var entries []string
	var data []byte
	for _, t := range tensors {
		name, _ := json.Marshal(t.name)
		shape, _ := json.Marshal(t.shape)
		entries = append(entries, fmt.Sprintf(`%s:{"dtype":"%s","shape":%s,"data_offsets":[%d,%d]}`, name, t.dtype, shape, len(data), len(data)+len(t.data)))
		data = append(data, t.data...)
	}
	return file("{"+strings.Join(entries, ",")+"}  ", data)
}

// floats is a 1-D F32 tensor.
func floats(name string, n int) tensorSpec {
	return tensorSpec{name, "F32", []int64{int64(n)}, make([]byte, 4*n)}
}

func files(pairs ...any) fstest.MapFS {
	fsys := fstest.MapFS{}
	for i := 0; i < len(pairs); i += 2 {
		var data []byte
		switch d := pairs[i+1].(type) {
		case string:
			data = []byte(d)
		case []byte:
			data = d
		}
		fsys[pairs[i].(string)] = &fstest.MapFile{Data: data}
	}
	return fsys
}
