package tasks

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func sp(c byte) uint32 { return 256 + uint32(c) }

// TestRequests spells out what lm-evaluation-harness's _encode_pair and loglikelihood do; the golden values of cmd/nibble compare with it.
func TestRequests(t *testing.T) {
	const ctx = 6
	plain, bos, both := fakeTokenizer{}, fakeTokenizer{bos: true}, fakeTokenizer{bos: true, after: true}
	for _, c := range []struct {
		name                  string
		tokenizer             fakeTokenizer
		context, continuation string
		window, targets       []uint32
		cut                   bool
	}{
		{"plain", plain, "ab", " c", []uint32{'a', 'b'}, []uint32{sp('c')}, false},
		{"special tokens", bos, "ab", " cd", []uint32{fakeBOS, 'a', 'b', sp('c')}, []uint32{sp('c'), 'd'}, false},
		{"white space moves", bos, "ab ", "c", []uint32{fakeBOS, 'a', 'b'}, []uint32{sp('c')}, false},
		{"all kinds of it", plain, "ab\u00a0\n", "c", []uint32{'a', 'b', 0xc2, 0xa0, '\n'}, []uint32{0xc2, 0xa0, '\n', 'c'}, false},
		{"an empty context", bos, "", "cd", []uint32{fakeBOS, 'c'}, []uint32{'c', 'd'}, false},
		{"an empty context, BOS follows", bos, "", "<s>cd", []uint32{fakeBOS, 'c'}, []uint32{'c', 'd'}, false},
		{"BOS in the text", bos, "<s>a", "b", []uint32{fakeBOS, 'a'}, []uint32{'b'}, false},
		{"EOS behind the context too", both, "a", "bc", []uint32{fakeBOS, 'a', fakeEOS, 'c'}, []uint32{'c', fakeEOS}, false},
		{"just fits", plain, "abcd", "ef", []uint32{'a', 'b', 'c', 'd', 'e'}, []uint32{'e', 'f'}, false},
		{"one too many, but the last is not read", plain, "abcde", "fg", []uint32{'a', 'b', 'c', 'd', 'e', 'f'}, []uint32{'f', 'g'}, false},
		{"cut", plain, "abcdef", "gh", []uint32{'b', 'c', 'd', 'e', 'f', 'g'}, []uint32{'g', 'h'}, true},
		{"all of it", plain, "xyz", "abcdef", []uint32{'z', 'a', 'b', 'c', 'd', 'e'}, []uint32{'a', 'b', 'c', 'd', 'e', 'f'}, true},
		{"only white space, with BOS", bos, " ", "c", []uint32{fakeBOS}, []uint32{sp('c')}, false},
	} {
		r, err := newEncoder(c.tokenizer, ctx).request(c.context, c.continuation)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if d := cmp.Diff([]any{c.window, c.targets, c.cut, len(c.window) - len(c.targets)}, []any{r.window, r.targets, r.cut, r.from}); d != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, d)
		}
	}
	for _, c := range []struct {
		tokenizer                   fakeTokenizer
		context, continuation, want string
	}{
		{plain, "a", "", `"" adds no token to the context`},
		{bos, "", "", "adds no token"},
		{bos, "", "<s>", "adds no token"},
		{plain, "a", "1234567", "has 7 tokens, the model was made for 6 positions"},
		{plain, " ", "c", `the context " " has no token`},
		{fakeTokenizer{noPrefix: true}, "", "c", "neither BOS nor EOS"},
		{plain, "\xff", "c", "not UTF-8"},
	} {
		if _, err := newEncoder(c.tokenizer, ctx).request(c.context, c.continuation); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q, %q: %v, want %q", c.context, c.continuation, err, c.want)
		}
	}
}

// TestRequestsAreBounded: what the windows of all requests take in memory has a limit.
func TestRequestsAreBounded(t *testing.T) {
	set := Set{Items: []Item{{ID: "f:1", Context: "abc", Choices: []string{"d", "e"}}, {ID: "f:2", Context: "abc", Choices: []string{"de"}}}}
	e := newEncoder(fakeTokenizer{}, 9)
	for limit, want := range map[int]string{10: "", 9: "f:2: up to here contexts and choices have more than 9 tokens: take fewer items", 5: "f:1: up to here"} {
		e.limit = limit
		_, err := set.requests(context.Background(), e)
		if want == "" && err != nil || want != "" && (err == nil || !strings.HasPrefix(err.Error(), want)) {
			t.Errorf("limit %d: %v, want %q", limit, err, want)
		}
	}
}
