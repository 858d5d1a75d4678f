package evalppl

import (
	"context"
	"math"
	"strings"
	"testing"
)

// TestInfiniteDivergence: all losses are finite, but the other model gives probability 0 to a token that the base thinks possible.
func TestInfiniteDivergence(t *testing.T) {
	base := newTable(1, 20, 16, 2)
	other := base.noisy(2, 0.1)
	tokens := make([]uint32, 40) // all 0
	for _, row := range other.table {
		row[7] = float32(math.Inf(-1))
	}
	_, err := Compare(context.Background(), base, []DistributionModel{other}, tokens, Options{})
	if want := "model 1: window 0 (tokens 0 to 15): the divergence of token 1 is +Inf, not a finite number (0 NaN and 15 Inf of 15)"; err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("error %v, want %s...", err, want)
	}
}

// asked counts how often a model is asked for the place.
type asked struct {
	*tableModel
	times int
}

func (a *asked) FirstNonFinite(context.Context, []uint32) (string, error) {
	a.times++
	return "layer 0", nil
}

// TestPlacesAreBounded: a run that leaves many windows out looks for the place of the first few only, and counts them all.
func TestPlacesAreBounded(t *testing.T) {
	m := &asked{tableModel: newTable(1, 20, 16, 2)}
	tokens := randomTokens(m.tableModel, 9, 16*100)
	sound := tokens[:16]
	m.poison = func(window []uint32) bool { return !beginsWith(sound, window) }
	r, err := Run(context.Background(), m, tokens, Options{Stride: 16, NonFinite: SkipNonFinite})
	if err != nil {
		t.Fatal(err)
	}
	if r.WindowsLeftOut != 99 || len(r.NonFinite) != maxPlaces || m.times != maxPlaces {
		t.Errorf("%d windows left out, %d places, asked %d times", r.WindowsLeftOut, len(r.NonFinite), m.times)
	}
	throughJSON(t, r)
}

// TestMergeSaysHowTextsDiffer: tokens that differ because the text was read in another way.
func TestMergeSaysHowTextsDiffer(t *testing.T) {
	m := newTable(1, 20, 16, 2)
	a, b := randomTokens(m, 9, 200), randomTokens(m, 10, 200)
	blank, line := "\n\n", "\n"
	run := func(tokens []uint32, shard int, info TextInfo) Part {
		r, err := Run(context.Background(), m, tokens, Options{Shard: Shard{shard, 2}, Conditions: Conditions{TextInfo: info}})
		if err != nil {
			t.Fatal(err)
		}
		return Part{string(rune('a'+shard)) + ".json", throughJSON(t, r)}
	}
	jsonl := TextInfo{Text: "t.jsonl", TextKind: "jsonl", TextField: "text", TextDocuments: 3, TextJoin: &blank}
	other := jsonl
	other.TextField, other.TextJoin = "body", &line
	_, err := Merge([]Part{run(a, 1, jsonl), run(b, 2, other)})
	if want := `; text_field: text and body; text_join: "\n\n" and "\n"`; err == nil || !strings.HasSuffix(err.Error(), want) || !strings.Contains(err.Error(), "token_stream_sha256") {
		t.Errorf("error %v, want ...%s", err, want)
	}
	// The same tokens are the same text, wherever they come from.
	if _, err := Merge([]Part{run(a, 1, jsonl), run(a, 2, TextInfo{Text: "t.txt", TextKind: "plain", TextDocuments: 1})}); err != nil {
		t.Error(err)
	}
}
