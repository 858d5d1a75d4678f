package corpus_test

import (
	"fmt"
	"strings"

	"nibble/evalppl/corpus"
)

func Example() {
	stdin := strings.NewReader(`{"page":"One text."}` + "\n" + `{"page":"Another."}`)
	c, err := corpus.Open("-", corpus.Options{Kind: "jsonl", Field: "page", Stdin: stdin})
	if err != nil {
		fmt.Println(err)
		return
	}
	for doc, err := range c.Documents() {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%s %s\n", doc.ID, doc.Text)
	}
	// Output:
	// -:1 One text.
	// -:2 Another.
}
