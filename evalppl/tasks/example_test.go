package tasks_test

import (
	"context"
	"fmt"
	"strings"

	"nibble/evalppl/tasks"
)

func Example() {
	task, err := tasks.Parse([]byte(`{"name": "capitals", "context": "{country}'s capital is", "choices": ["{cities}"], "gold": "right"}`))
	if err != nil {
		panic(err)
	}
	data := strings.NewReader(`{"country": "France", "cities": ["Lyon", "Paris"], "right": 1}`)
	set, err := task.Read(context.Background(), "-", tasks.ReadOptions{Stdin: data})
	if err != nil {
		panic(err)
	}
	item := set.Items[0]
	fmt.Printf("%q, then one of %q; right is number %d\n", item.Context, item.Choices, item.Gold)
	// Output: "France's capital is", then one of ["Lyon" "Paris"]; right is number 1
}
