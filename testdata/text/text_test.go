package text

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"unicode"
)

func write(t *testing.T, seed uint64, n int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, seed, n); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// A longer text begins with the shorter one, and other seeds differ.
func TestWriteIsAPrefix(t *testing.T) {
	short, long := write(t, 7, 10_000), write(t, 7, 100_000)
	if len(short) < 10_000 || len(long) < 100_000 {
		t.Fatalf("wrote %d and %d bytes, want at least 10000 and 100000", len(short), len(long))
	}
	if !bytes.HasPrefix(long, short) {
		t.Error("the text of 100000 bytes does not begin with the text of 10000 bytes")
	}
	if other := write(t, 8, 10_000); bytes.HasPrefix(other, short[:200]) {
		t.Error("seeds 7 and 8 begin alike")
	}
}

// The form that the trainer and its tokenizer count on: ASCII, lines without
// spaces at their ends, exactly one empty line between documents, none inside.
func TestForm(t *testing.T) {
	for i := range uint64(3000) {
		doc := Document(9, i)
		if doc == "" || doc != strings.TrimSpace(doc) || strings.Contains(doc, "\n\n") || strings.Contains(doc, "  ") ||
			strings.Contains(doc, " \n") || strings.Contains(doc, "%!") {
			t.Fatalf("document %d of seed 9 is not in form:\n%q", i, doc)
		}
		for _, r := range doc {
			if r > unicode.MaxASCII {
				t.Fatalf("document %d of seed 9 has %q", i, r)
			}
		}
	}
}

// Every kind of document is drawn.
func TestKinds(t *testing.T) {
	all := string(write(t, 10, 200_000))
	for _, want := range []string{"In the end ", "Bill of ", "Nobody knows.", "In order, ", "Dear ", "sat by the ", "Say after me"} {
		if !strings.Contains(all, want) {
			t.Errorf("200000 bytes of seed 10 have no document with %q", want)
		}
	}
}

// Conclusions follow: the number that a sentence states is the sum it implies.
func TestLastCountOfATaleIsTheLastOneSaid(t *testing.T) {
	checked := 0
	for i := range uint64(500) {
		doc := Document(11, i)
		for _, line := range strings.Split(doc, "\n") {
			// "X bought four more, so now he had nine eggs." before "In the end": the
			// last such sentence of a tale with nothing given away holds at its end.
			if strings.Contains(doc, " Then ") || !strings.Contains(doc, "In the end") || strings.Count(doc, "so now") != 1 {
				continue
			}
			_, after, ok := strings.Cut(line, "so now ")
			if !ok {
				continue
			}
			said, _, _ := strings.Cut(after, ".")
			_, said, _ = strings.Cut(said, " had ")
			if last := doc[strings.LastIndex(doc, "\n"):]; !strings.Contains(last, " had "+said+".") {
				t.Errorf("document %d says %q, its end does not:\n%s", i, said, doc)
			}
			checked++
		}
	}
	if checked < 20 {
		t.Errorf("only %d tales were checked, want at least 20", checked)
	}
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestWriteReturnsTheWritersError(t *testing.T) {
	if err := Write(failing{}, 1, 1<<20); err == nil || err.Error() != "disk full" {
		t.Errorf("error %v, want disk full", err)
	}
}
