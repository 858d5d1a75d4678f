package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"testing"
)

// TestGoldenTokenize compares what `nibble tokenize` writes with the ids of the checkpoints' own tokenizers, and what
// --decode makes of them with theirs. Most of the folders hold a tokenizer and no model.
func TestGoldenTokenize(t *testing.T) {
	for _, name := range []string{"gpt2", "mistral", "qwen3", "smollm2", "stories260k"} {
		t.Run(name, func(t *testing.T) {
			var g struct {
				Texts map[string]struct {
					Count        int    `json:"count"`
					SHA256       string `json:"sha256"`
					DecodeSHA256 string `json:"decode_sha256"`
				} `json:"texts"`
			}
			readJSON(t, shared(t, "golden", "tokenizers", name+".json"), &g)
			if len(g.Texts) == 0 {
				t.Fatal("no golden texts")
			}
			var dir string
			switch name {
			case "smollm2":
				dir = realCheckpoint(t, "smollm2-135m-instruct")
			case "stories260k":
				dir = realCheckpoint(t, name)
			default:
				dir = shared(t, "tokenizers", name)
			}
			for text, want := range g.Texts {
				ids := filepath.Join(t.TempDir(), "ids.u32")
				code, stdout, stderr := runNibble("", "tokenize", dir, "--text", shared(t, "texts", text+".txt"), "-o", ids)
				if code != 0 || stdout != "" {
					t.Fatalf("%s: exit code %d, printed %q: %s", text, code, stdout, stderr)
				}
				got, err := os.ReadFile(ids)
				if err != nil {
					t.Fatal(err)
				}
				if len(got) != 4*want.Count || sha256Hex(got) != want.SHA256 {
					t.Errorf("%s: %d ids, sha256 %s, want %d and %s", text, len(got)/4, sha256Hex(got), want.Count, want.SHA256)
				}
				golden, err := os.ReadFile(shared(t, "golden", "tokenizers", name+"."+text+".ids.u32"))
				if err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(got, golden) {
					i := 0
					for i < min(len(got), len(golden)) && got[i] == golden[i] {
						i++
					}
					t.Errorf("%s: ids differ from the golden file from id %d on", text, i/4)
				}
				code, stdout, stderr = runNibble("", "tokenize", dir, "--decode", ids)
				if code != 0 {
					t.Fatalf("%s: decode: exit code %d: %s", text, code, stderr)
				}
				if sum := sha256Hex([]byte(stdout)); sum != want.DecodeSHA256 {
					t.Errorf("%s: decoded text has sha256 %s, want %s", text, sum, want.DecodeSHA256)
				}
			}
		})
	}
}

func sha256Hex(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
