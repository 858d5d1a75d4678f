package tokenizer

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// moduleRoot is the folder of go.mod.
func moduleRoot(tb testing.TB) string {
	tb.Helper()
	dir, err := os.Getwd()
	if err != nil {
		tb.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			tb.Fatal("no go.mod above the test")
		}
		dir = parent
	}
}

// sharedPath returns a path in ../shared beside the repository. Where it is missing the test is skipped, in CI it fails.
func sharedPath(tb testing.TB, elem ...string) string {
	tb.Helper()
	path := filepath.Join(append([]string{moduleRoot(tb), "..", "shared"}, elem...)...)
	if _, err := os.Stat(path); err != nil {
		if os.Getenv("CI") == "true" {
			tb.Fatalf("%v: CI must have the shared folder", err)
		}
		tb.Skipf("%v: the golden tokenizations are not here", err)
	}
	return path
}

// smollm2Folder makes the checkpoint with its own program, which does nothing where it is there already.
var smollm2Folder = sync.OnceValues(func() (string, error) {
	root, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(root, "go.mod")); err == nil || root == filepath.Dir(root) {
			break
		}
		root = filepath.Dir(root)
	}
	cmd := exec.Command("go", "run", filepath.Join("..", "shared", "tools", "smollm2.go"))
	cmd.Dir = root
	out, err := cmd.Output()
	return strings.TrimSpace(string(out)), err
})

type goldenCase struct{ name, golden, dir string }

func goldenCases(tb testing.TB) []goldenCase {
	sharedPath(tb, "golden", "tokenizers")
	smollm2, err := smollm2Folder()
	if err != nil {
		tb.Fatalf("make smollm2: %v", err)
	}
	return []goldenCase{
		{"gpt2", "gpt2", sharedPath(tb, "tokenizers", "gpt2")},
		{"gpt2-vocab-merges", "gpt2", sharedPath(tb, "tokenizers", "gpt2")},
		{"mistral", "mistral", sharedPath(tb, "tokenizers", "mistral")},
		{"qwen3", "qwen3", sharedPath(tb, "tokenizers", "qwen3")},
		{"stories260k", "stories260k", sharedPath(tb, "models", "stories260k")},
		{"smollm2", "smollm2", smollm2},
	}
}

func (c goldenCase) load(tb testing.TB) *Tokenizer {
	tb.Helper()
	files, err := CollectFiles(os.DirFS(c.dir))
	if err != nil {
		tb.Fatal(err)
	}
	if strings.HasSuffix(c.name, "-vocab-merges") {
		delete(files, fileJSON)
		for _, name := range []string{fileVocab, fileMerges} {
			if files[name], err = os.ReadFile(filepath.Join(c.dir, name)); err != nil {
				tb.Fatal(err)
			}
		}
	}
	tok, err := New(files)
	if err != nil {
		tb.Fatal(err)
	}
	return tok
}

func readShared(tb testing.TB, elem ...string) []byte {
	tb.Helper()
	data, err := os.ReadFile(sharedPath(tb, elem...))
	if err != nil {
		tb.Fatal(err)
	}
	return data
}

func TestGolden(t *testing.T) {
	for _, c := range goldenCases(t) {
		t.Run(c.name, func(t *testing.T) {
			tok := c.load(t)
			var golden struct {
				Texts map[string]struct {
					Count            int    `json:"count"`
					SHA256           string `json:"sha256"`
					DecodeEqualsText bool   `json:"decode_equals_text"`
					DecodeSHA256     string `json:"decode_sha256"`
				} `json:"texts"`
			}
			if err := json.Unmarshal(readShared(t, "golden", "tokenizers", c.golden+".json"), &golden); err != nil {
				t.Fatal(err)
			}
			if len(golden.Texts) == 0 {
				t.Fatal("no texts")
			}
			for name, want := range golden.Texts {
				text := readShared(t, "texts", name+".txt")
				raw := readShared(t, "golden", "tokenizers", c.golden+"."+name+".ids.u32")
				ids, err := tok.Encode(text, EncodeOptions{})
				if err != nil {
					t.Fatal(err)
				}
				got := make([]byte, 0, 4*len(ids))
				for _, id := range ids {
					got = binary.LittleEndian.AppendUint32(got, id)
				}
				if !bytes.Equal(got, raw) {
					reportFirstDifference(t, tok, ids, raw)
				}
				if sum := sha256.Sum256(got); len(ids) != want.Count || hex.EncodeToString(sum[:]) != want.SHA256 {
					t.Errorf("%s: %d ids with SHA-256 %x, want %d with %s", name, len(ids), sum, want.Count, want.SHA256)
				}
				// The golden texts were decoded with special tokens kept: "<s>" leads mistral's. SentencePiece has no text for its own.
				back, err := tok.Decode(ids, DecodeOptions{})
				if err != nil {
					t.Fatal(err)
				}
				if sum := sha256.Sum256(back); hex.EncodeToString(sum[:]) != want.DecodeSHA256 {
					t.Errorf("%s: decoding gives %.60q... (%d bytes) with SHA-256 %x, want %s", name, back, len(back), sum, want.DecodeSHA256)
				}
				if equal := bytes.Equal(back, text); equal != want.DecodeEqualsText {
					t.Errorf("%s: decoding gives the text back: %v, want %v", name, equal, want.DecodeEqualsText)
				}
			}
			checkGoldenLines(t, tok, c.golden)
		})
	}
}

func checkGoldenLines(t *testing.T, tok *Tokenizer, golden string) {
	var lines []struct {
		T   string
		IDs []uint32
	}
	if err := json.Unmarshal(readShared(t, "golden", "tokenizers", golden+".stress.lines.json"), &lines); err != nil {
		t.Fatal(err)
	}
	if len(lines) == 0 {
		t.Fatal("no lines")
	}
	for _, line := range lines {
		ids, err := tok.Encode([]byte(line.T), EncodeOptions{NoSpecial: true})
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(ids, line.IDs) {
			t.Errorf("line %q: %d, want %d", line.T, ids, line.IDs)
		}
	}
}

func reportFirstDifference(t *testing.T, tok *Tokenizer, ids []uint32, raw []byte) {
	t.Helper()
	for i, id := range ids {
		if 4*i+4 > len(raw) || binary.LittleEndian.Uint32(raw[4*i:]) != id {
			var want []uint32
			for k := max(i-3, 0); k < i+8 && 4*k+4 <= len(raw); k++ {
				want = append(want, binary.LittleEndian.Uint32(raw[4*k:]))
			}
			got := ids[max(i-3, 0):min(i+8, len(ids))]
			a, _ := tok.Decode(got, DecodeOptions{})
			b, _ := tok.Decode(want, DecodeOptions{})
			t.Errorf("ids differ from position %d: %d (%q), want %d (%q)", i, got, a, want, b)
			return
		}
	}
}
