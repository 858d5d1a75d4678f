package reports_test

import (
	"fmt"
	"math"

	"nibble/reports"
)

func Example() {
	record := func(variant string, bytes int64, nll float64) reports.Record {
		return reports.Record{
			Model: "tiny", Variant: variant, Base: variant == "f16", Bytes: bytes,
			Perplexity: math.Exp(nll), NLL: nll, StandardError: 0.01, TokensScored: 4096,
			Protocol: "strided", Ctx: 256, Stride: 128, TokenStreamSHA256: "7f83b165",
		}
	}
	s := reports.Study{Records: []reports.Record{record("f16", 4_000_000, 1.5), record("int4-g32", 1_250_000, 1.58)}}
	fmt.Println(reports.Answer(s))
	fmt.Print(reports.Table(s))
	// Output:
	// int4-g32 is 3.2x smaller than f16; it costs +8.3 % perplexity (4.482 -> 4.855, distinguishable).
	// type        size MB  perplexity  ± 95 %  Δ vs base
	// f16 (base)     4.00       4.482   0.088          –
	// int4-g32       1.25       4.855   0.095     +8.3 %
}
