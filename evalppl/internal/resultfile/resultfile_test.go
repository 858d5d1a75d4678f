package resultfile

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

type result struct {
	Schema string `json:"schema"`
	Items  *int   `json:"items"`
}

func parse(b []byte) (r result, err error) {
	if err := Decode(b, &r, "nibble-x/1", "nibble x"); err != nil {
		return r, err
	}
	return r, RequireFields(b, []string{"items"}, " in x")
}

func TestRead(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{`{"schema":"nibble-x/1","items":3}`, ""},
		{`{"items":3}`, `field "schema" is missing, want "nibble-x/1": not a result of nibble x`},
		{`{"schema":"nibble-x/2","items":3}`, `schema "nibble-x/2", this program reads "nibble-x/1"`},
		{`{"schema":"nibble-x/1","items":3,"more":1}`, `unknown field "more"`},
		{`{"schema":"nibble-x/1"}`, `field "items" is missing in x`},
		{`{"schema":"nibble-x/1","items":null}`, `field "items" is missing in x`},
		{`{"schema":"nibble-x/1","items":"3"}`, "not a result's JSON"},
		{`{"schema":"nibble-x/1","items":3} {}`, "not a result's JSON"},
		{"", "not a result's JSON"},
		{`{"schema":"nibble-x/1","items":3}` + strings.Repeat(" ", 100), "more than 100 bytes"},
	} {
		path := filepath.Join(t.TempDir(), "r.json")
		if err := os.WriteFile(path, []byte(c.text), 0o666); err != nil {
			t.Fatal(err)
		}
		r, err := Read(path, 100, parse)
		if c.want == "" {
			if err != nil || r.Items == nil || *r.Items != 3 {
				t.Errorf("%s: %+v, %v", c.text, r, err)
			}
			continue
		}
		if err == nil || !strings.HasPrefix(err.Error(), path+": ") || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.text, err, c.want)
		}
	}
	if _, err := Read(filepath.Join(t.TempDir(), "none"), 100, parse); err == nil {
		t.Error("a file that is not there is read")
	}
}
