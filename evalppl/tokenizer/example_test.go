package tokenizer_test

import (
	"fmt"

	"nibble/evalppl/tokenizer"
)

func Example() {
	files := tokenizer.Files{"tokenizer.json": []byte(`{
		"added_tokens": [{"id": 4, "content": "<s>", "special": true}],
		"pre_tokenizer": {"type": "WhitespaceSplit"},
		"model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "ab": 2, "aba": 3}, "merges": ["a b", "ab a"]}
	}`)}
	// In a program: files, err := tokenizer.CollectFiles(os.DirFS(folder))
	tok, err := tokenizer.New(files)
	if err != nil {
		fmt.Println(err)
		return
	}
	ids, err := tok.Encode([]byte("aba <s>abb"), tokenizer.EncodeOptions{})
	fmt.Println(tok.Describe(), ids, err)
	// Output: BPE, 5 tokens (tokenizer.json) [3 4 2 1] <nil>
}
