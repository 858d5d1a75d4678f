package reports

import (
	"fmt"
	"strings"
)

// Comparable refuses records whose perplexities cannot stand side by side: two
// records of one model whose text, protocol, window, stride, BOS, number of
// scored tokens or token stream differ. The error names every field that
// differs, both values and both records. Records of different models are not
// compared with each other: they get a section each. Divergences of one model must
// be from one base.
func Comparable(records []Record) error {
	first := make(map[string]int)
	for i := range records {
		r := &records[i]
		j, ok := first[r.Model]
		if !ok {
			first[r.Model] = i
			continue
		}
		if diffs := differences(&records[j], r); len(diffs) > 0 {
			return fmt.Errorf("%s and %s are not comparable: %s; score both with the same text and settings, or report them apart",
				records[j].where(j), r.where(i), strings.Join(diffs, "; "))
		}
	}
	return sameBase(records)
}

// sameBase refuses divergences of one model from different bases.
func sameBase(records []Record) error {
	first := make(map[string]int)
	for i := range records {
		r := &records[i]
		if r.KL == nil || r.KL.BaseSHA256 == "" {
			continue
		}
		j, ok := first[r.Model]
		if !ok {
			first[r.Model] = i
			continue
		}
		if a, b := records[j].KL.BaseSHA256, r.KL.BaseSHA256; a != b {
			return fmt.Errorf("%s and %s are not comparable: kl.base_sha256 is %q and %q, so their divergences are from different bases; measure both against the same one",
				records[j].where(j), r.where(i), a, b)
		}
	}
	return nil
}

// differences lists the fields that make the perplexities of a and b
// incomparable, the cause before the symptom.
func differences(a, b *Record) []string {
	var out []string
	add := func(field string, x, y any) {
		if x != y {
			out = append(out, fmt.Sprintf("%s is %s and %s", field, quoted(x), quoted(y)))
		}
	}
	add("text", a.Text, b.Text)
	add("protocol", a.Protocol, b.Protocol)
	add("ctx", a.Ctx, b.Ctx)
	add("stride", a.Stride, b.Stride)
	add("bos", a.BOS, b.BOS)
	add("tokens_scored", a.TokensScored, b.TokensScored)
	add("token_stream_sha256", a.TokenStreamSHA256, b.TokenStreamSHA256)
	// Another tokenizer that gives the same ids does no harm; with other ids it is
	// the likely reason.
	if a.TokenStreamSHA256 != b.TokenStreamSHA256 {
		add("tokenizer_sha256", a.TokenizerSHA256, b.TokenizerSHA256)
	}
	return out
}

func quoted(v any) string {
	if s, ok := v.(string); ok {
		return fmt.Sprintf("%q", s)
	}
	return fmt.Sprint(v)
}

// sameConditions reports whether the records of different models were scored on
// the same ids in the same way, so that one plot may show them all.
func sameConditions(records []Record) bool {
	for i := range records {
		if len(differences(&records[0], &records[i])) > 0 {
			return false
		}
	}
	return true
}
