package convert_test

import (
	"context"
	"fmt"

	"nibble/convert"
)

func Example() {
	c, err := convert.OpenDir("smollm2-135m-instruct")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()
	for _, kind := range []string{"f16", "int8-g32", "int4-g32"} {
		stats, err := c.Convert(context.Background(), "smollm2-"+kind+".nbl", convert.Options{Type: kind})
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(kind, stats.Bytes)
	}
}
