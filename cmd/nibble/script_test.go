package main

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	pq "github.com/parquet-go/parquet-go"
	"github.com/rogpeppe/go-internal/testscript"

	"nibble/format"
)

// TestMain lets tests run this binary as the command itself.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"nibble":   main,
		"stubborn": stubborn,
	})
}

// TestScript runs testdata/script: what the command does, seen from outside. Beside the usual commands of testscript a script has
//
//	exits CODE COMMAND...     run it and demand this exit code
//	ids FILE ID...            write token ids
//	cut FILE N OUT            write the first N bytes of a file
//	flip FILE OFFSET          flip the lowest bit of a byte
//	edit FILE OLD NEW         replace a piece of text that must be there
//	bytes FILE N              demand a size
//	poison M.nbl TENSOR OFFSET HEX OUT.nbl  copy a container with other bytes at one place of a tensor
//	pack FILE OUT.gz|OUT.zst  compress a file
//	parquet JSONL OUT         write the fields title and body of each line as columns
//	same A.json PATH B.json PATH   demand the same value at two places of JSON files, such as records.0.nll
//	absent GLOB...            demand that no file has such a name
//
// $MODELS is a copy of the embedded models and $TEXT their text, $ITEMS the folder of
// task items.
func TestScript(t *testing.T) {
	models, err := filepath.Abs(filepath.Join("..", "..", "testdata", "models"))
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir: filepath.Join("testdata", "script"),
		Setup: func(env *testscript.Env) error {
			copied := filepath.Join(env.WorkDir, ".models")
			for _, name := range []string{"nibble-gpt2", "nibble-llama"} {
				if err := os.CopyFS(filepath.Join(copied, name), os.DirFS(filepath.Join(models, name))); err != nil {
					return err
				}
			}
			tmp := filepath.Join(env.WorkDir, ".tmp")
			if err := os.MkdirAll(tmp, 0o777); err != nil {
				return err
			}
			env.Setenv("MODELS", copied)
			env.Setenv("TEXT", filepath.Join(models, "..", "text", "valid.txt"))
			env.Setenv("ITEMS", filepath.Join(models, "..", "lmeval", "items"))
			env.Setenv("TMPDIR", tmp)
			env.Defer(func() { // no command leaves its temporary files
				left, err := os.ReadDir(tmp)
				if err != nil || len(left) > 0 {
					t.Errorf("left in TMPDIR: %v (%v)", left, err)
				}
			})
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":  scriptExits,
			"ids":    scriptIDs,
			"cut":    scriptCut,
			"flip":   scriptFlip,
			"edit":   scriptEdit,
			"bytes":  scriptBytes,
			"absent": scriptAbsent,
			"same":   scriptSame,

			"pack":    scriptPack,
			"parquet": scriptParquet,
			"poison":  scriptPoison,
		},
	})
}

func wantArgs(ts *testscript.TestScript, neg bool, args []string, atLeast int, usage string) {
	if neg || len(args) < atLeast {
		ts.Fatalf("usage: %s", usage)
	}
}

func scriptExits(ts *testscript.TestScript, neg bool, args []string) {
	wantArgs(ts, neg, args, 2, "exits CODE COMMAND...")
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	code := 0
	var exit *exec.ExitError
	switch err := ts.Exec(args[1], args[2:]...); {
	case errors.As(err, &exit):
		code = exit.ExitCode()
	case err != nil:
		ts.Fatalf("%v", err)
	}
	if code != want {
		ts.Fatalf("exit code %d, want %d", code, want)
	}
}

func scriptSame(ts *testscript.TestScript, neg bool, args []string) {
	wantArgs(ts, neg, args, 4, "same A.json PATH B.json PATH")
	a, b := jsonAt(ts, args[0], args[1]), jsonAt(ts, args[2], args[3])
	if a != b {
		ts.Fatalf("%s %s is %v, %s %s is %v", args[0], args[1], a, args[2], args[3], b)
	}
}

// jsonAt returns the number or text at a path of keys and indices.
func jsonAt(ts *testscript.TestScript, file, path string) any {
	var v any
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(file)), &v))
	for _, key := range strings.Split(path, ".") {
		switch x := v.(type) {
		case map[string]any:
			v = x[key]
		case []any:
			i, err := strconv.Atoi(key)
			if err != nil || i < 0 || i >= len(x) {
				ts.Fatalf("%s: no %s: there are %d", file, path, len(x))
			}
			v = x[i]
		}
	}
	switch v.(type) {
	case float64, string:
		return v
	}
	ts.Fatalf("%s: %s is %v, want a number or a text", file, path, v)
	return nil
}

func scriptIDs(ts *testscript.TestScript, neg bool, args []string) {
	wantArgs(ts, neg, args, 1, "ids FILE ID...")
	var b []byte
	for _, a := range args[1:] {
		id, err := strconv.ParseUint(a, 10, 32)
		ts.Check(err)
		b = binary.LittleEndian.AppendUint32(b, uint32(id))
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), b, 0o666))
}

func scriptCut(ts *testscript.TestScript, neg bool, args []string) {
	wantArgs(ts, neg, args, 3, "cut FILE N OUT")
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	b := []byte(ts.ReadFile(args[0]))
	if n > len(b) {
		ts.Fatalf("%s has only %d bytes", args[0], len(b))
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), b[:n], 0o666))
}

func scriptFlip(ts *testscript.TestScript, neg bool, args []string) {
	wantArgs(ts, neg, args, 2, "flip FILE OFFSET")
	at, err := strconv.Atoi(args[1])
	ts.Check(err)
	b := []byte(ts.ReadFile(args[0]))
	b[at] ^= 1
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), b, 0o666))
}

func scriptEdit(ts *testscript.TestScript, neg bool, args []string) {
	wantArgs(ts, neg, args, 3, "edit FILE OLD NEW")
	text := ts.ReadFile(args[0])
	if !strings.Contains(text, args[1]) {
		ts.Fatalf("%s does not hold %q", args[0], args[1])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(strings.ReplaceAll(text, args[1], args[2])), 0o666))
}

func scriptPoison(ts *testscript.TestScript, neg bool, args []string) {
	wantArgs(ts, neg, args, 5, "poison M.nbl TENSOR OFFSET HEX OUT.nbl")
	at, err := strconv.Atoi(args[2])
	ts.Check(err)
	change, err := hex.DecodeString(args[3])
	ts.Check(err)
	r, err := format.Open(ts.MkAbs(args[0]))
	ts.Check(err)
	defer r.Close()
	var plans []format.TensorPlan
	for _, t := range r.Tensors() {
		plans = append(plans, format.TensorPlan{Name: t.Name, Codec: t.Codec, Rows: t.Rows, Cols: t.Cols})
	}
	w, err := format.Create(ts.MkAbs(args[4]), r.Metadata(), r.Tokenizer(), plans, format.CreateOptions{})
	ts.Check(err)
	defer w.Abort()
	for i, t := range r.Tensors() {
		b, err := r.Bytes(t)
		ts.Check(err)
		if t.Name == args[1] {
			b = slices.Clone(b)
			copy(b[at:], change)
		}
		tw, err := w.Tensor(i)
		ts.Check(err)
		_, err = tw.Write(b)
		ts.Check(errors.Join(err, tw.Close(t.Error)))
	}
	ts.Check(w.Commit())
}

func scriptPack(ts *testscript.TestScript, neg bool, args []string) {
	wantArgs(ts, neg, args, 2, "pack FILE OUT.gz|OUT.zst")
	b := []byte(ts.ReadFile(args[0]))
	var out bytes.Buffer
	var w io.WriteCloser = gzip.NewWriter(&out)
	if filepath.Ext(args[1]) == ".zst" {
		var err error
		w, err = zstd.NewWriter(&out)
		ts.Check(err)
	}
	_, err := w.Write(b)
	ts.Check(errors.Join(err, w.Close()))
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), out.Bytes(), 0o666))
}

func scriptParquet(ts *testscript.TestScript, neg bool, args []string) {
	wantArgs(ts, neg, args, 2, "parquet JSONL OUT")
	type row struct {
		Title string `parquet:"title"`
		Body  string `parquet:"body"`
	}
	var out bytes.Buffer
	w := pq.NewGenericWriter[row](&out)
	d := json.NewDecoder(strings.NewReader(ts.ReadFile(args[0])))
	for d.More() {
		var r row
		ts.Check(d.Decode(&r))
		_, err := w.Write([]row{r})
		ts.Check(err)
	}
	ts.Check(w.Close())
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), out.Bytes(), 0o666))
}

func scriptBytes(ts *testscript.TestScript, neg bool, args []string) {
	wantArgs(ts, neg, args, 2, "bytes FILE N")
	info, err := os.Stat(ts.MkAbs(args[0]))
	ts.Check(err)
	if got := fmt.Sprint(info.Size()); got != args[1] {
		ts.Fatalf("%s has %s bytes, want %s", args[0], got, args[1])
	}
}

func scriptAbsent(ts *testscript.TestScript, neg bool, args []string) {
	wantArgs(ts, neg, args, 1, "absent GLOB...")
	for _, pattern := range args {
		found, err := filepath.Glob(ts.MkAbs(pattern))
		ts.Check(err)
		if len(found) > 0 {
			ts.Fatalf("%v should not be there", found)
		}
	}
}
