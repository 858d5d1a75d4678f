package reports

import (
	"math"
	"strings"
	"testing"
)

func TestAnswer(t *testing.T) {
	two := study("a", smol[:2]...)
	two.Records = append(two.Records, study("b", smol[0], smol[2]).Records...)
	for _, tc := range []struct {
		name  string
		study Study
		want  string
	}{
		{"nothing", Study{}, "Nothing was measured."},
		{
			"one record", study("m", smol[0]),
			"f16 takes 270.9 MB and has a perplexity of 18.99 ± 0.63, generating 102 tokens per second; there is nothing to compare it with.",
		},
		{
			"one record without speed or error", study("m", variant{name: "f16", mb: 2.5, ppl: 3}),
			"f16 takes 2.50 MB and has a perplexity of 3.000; there is nothing to compare it with.",
		},
		{
			"three", study("m", smol...),
			"int4-g32 is 3.0x smaller than f16 and 3.1x faster at generation; its mean KL divergence is 0.129 nats with the same top token in 80.2 % of the places, and it costs +14.3 % perplexity (18.99 -> 21.71, worse); int8-g32: 0.00369 nats, +0.4 %, not distinguishable.",
		},
		{
			"no speed", change3(func(r *Record) { r.Generation = Speed{} }),
			"int4-g32 is 3.0x smaller than f16; its mean KL divergence is 0.129 nats with the same top token in 80.2 % of the places, and it costs +14.3 % perplexity (18.99 -> 21.71, worse); int8-g32: 0.00369 nats, +0.4 %, not distinguishable.",
		},
		{
			"speed from another machine", change3(func(r *Record) { r.Machine.Threads = len(r.Variant) }),
			"int4-g32 is 3.0x smaller than f16; its mean KL divergence is 0.129 nats with the same top token in 80.2 % of the places, and it costs +14.3 % perplexity (18.99 -> 21.71, worse); int8-g32: 0.00369 nats, +0.4 %, not distinguishable.",
		},
		{
			"no error", change3(func(r *Record) { r.StandardError, r.DeltaLogPPL, r.KL, r.Verdict = 0, nil, nil, nil }),
			"int4-g32 is 3.0x smaller than f16 and 3.1x faster at generation; it costs +14.3 % perplexity (18.99 -> 21.71); int8-g32 costs +0.4 %.",
		},
		{
			"no divergence", change3(func(r *Record) { r.KL, r.Verdict = nil, nil }),
			"int4-g32 is 3.0x smaller than f16 and 3.1x faster at generation; it costs +14.3 % perplexity (18.99 -> 21.71, distinguishable); int8-g32 costs +0.4 %, within the error.",
		},
		{
			"both modes", bothModes(),
			"int4-g32 (int8 act.) is 3.0x smaller than f16 and 3.1x faster at generation; its mean KL divergence is 0.129 nats (0.125 from the weights alone) with the same top token in 80.2 % of the places, and it costs +14.3 % perplexity (18.99 -> 21.71, worse); int8-g32 (int8 act.): 0.00369 nats, +0.4 %, not distinguishable.",
		},
		{
			"no base marked", change3(func(r *Record) { r.Base = false }),
			"int4-g32 is 3.0x smaller than f16 and 3.1x faster at generation; its mean KL divergence is 0.129 nats with the same top token in 80.2 % of the places, and it costs +14.3 % perplexity (18.99 -> 21.71, worse); int8-g32: 0.00369 nats, +0.4 %, not distinguishable.",
		},
		{
			"two models", two,
			"a: int8-g32 is 1.9x smaller than f16 and 2.1x faster at generation; its mean KL divergence is 0.00369 nats with the same top token in 96.2 % of the places, and it costs +0.4 % perplexity (18.99 -> 19.06, not distinguishable); " +
				"b: int4-g32 is 3.0x smaller than f16 and 3.1x faster at generation; its mean KL divergence is 0.129 nats with the same top token in 80.2 % of the places, and it costs +14.3 % perplexity (18.99 -> 21.71, worse).",
		},
		{
			"twenty", study("m", crowd...),
			"nf4-g128 gptq is 3.0x smaller than f16 and 2.8x faster at generation; its mean KL divergence is 0.0780 nats with the same top token in 85.0 % of the places, and it costs +6.1 % perplexity (19.37 -> 20.55, worse); int8-g32: 0.00370 nats, +0.7 %, worse; the table holds 17 more.",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := Answer(tc.study); got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
}

// change3 applies f to each record of the study of three.
func change3(f func(*Record)) Study {
	s := study("m", smol...)
	for i := range s.Records {
		f(&s.Records[i])
	}
	return s
}

func TestAnswerActivationModes(t *testing.T) {
	s := study("m", smol[0], smol[2])
	for _, r := range s.Records {
		r.Activations = "f32"
		s.Records = append(s.Records, r)
	}
	got := Answer(s)
	if want := "int4-g32 (int8 act.) is 3.0x smaller than f16 (int8 act.)"; !strings.Contains(got, want) && !strings.Contains(got, strings.ReplaceAll(want, "int8 act", "f32 act")) {
		t.Errorf("variants are held against another mode's base: %s", got)
	}
	both := study("m", smol[0])
	r := both.Records[0]
	r.Activations = "f32"
	both.Records = append(both.Records, r)
	if got, want := Answer(both), "perplexity is f16 (f32 act.) 18.99, f16 (int8 act.) 18.99."; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestSentence(t *testing.T) {
	base := smol[0].record("m")
	base.Base = true
	make4 := func(f func(*Record)) Record {
		r := smol[2].record("m")
		f(&r)
		return r
	}
	for _, tc := range []struct {
		name string
		r    Record
		want string
	}{
		{"base", base, "f16 is the base: 270.9 MB, perplexity 18.99 ± 0.63, 1,293 tokens per second on prompts, 102 tokens per second at generation."},
		{
			"paired", make4(func(*Record) {}),
			"int4-g32 takes 91.7 MB, 3.0x smaller than f16, and is 1.06x slower on prompts and 3.1x faster at generation; its mean KL divergence is 0.129 nats (95 % interval 0.120 to 0.139) and the most likely token is the same in 80.2 % of the places; by perplexity (18.99 → 21.71) it is worse: perplexity is 14.3 % higher than the base's (95 % interval +13.0 % to +15.7 %).",
		},
		{
			"paired, without an answer of its own", make4(func(r *Record) { r.Verdict, r.KL.Interval = nil, nil }),
			"int4-g32 takes 91.7 MB, 3.0x smaller than f16, and is 1.06x slower on prompts and 3.1x faster at generation; its mean KL divergence is 0.129 nats and the most likely token is the same in 80.2 % of the places; it costs +14.3 % perplexity (18.99 → 21.71), which is worse beyond the error (95 % interval +13.0 % to +15.7 %, paired over the same tokens).",
		},
		{
			"unpaired, no speed", make4(func(r *Record) {
				r.DeltaLogPPL, r.KL, r.Verdict, r.Prompt, r.Generation = nil, nil, nil, Speed{}, Speed{}
			}),
			"int4-g32 takes 91.7 MB, 3.0x smaller than f16; it costs +14.3 % perplexity (18.99 → 21.71), which is worse beyond the error (95 % interval +9.0 % to +19.9 %, the two standard errors taken as independent).",
		},
		{
			"better, larger and as fast", make4(func(r *Record) {
				r.Bytes, r.Prompt, r.Generation, r.KL, r.Verdict = 2*base.Bytes, base.Prompt, base.Generation, nil, nil
				r.Perplexity, r.NLL, r.DeltaLogPPL = 18, math.Log(18), &Interval{-0.05, -0.06, -0.04}
			}),
			"int4-g32 takes 541.8 MB, 2.0x larger than f16, and is about as fast; it changes perplexity by −5.2 % (18.99 → 18.00), which is better beyond the error (95 % interval −5.8 % to −3.9 %, paired over the same tokens).",
		},
		{
			"no error known", make4(func(r *Record) {
				r.DeltaLogPPL, r.KL, r.Verdict, r.StandardError, r.Prompt, r.Generation = nil, nil, nil, 0, Speed{}, Speed{}
			}),
			"int4-g32 takes 91.7 MB, 3.0x smaller than f16; it costs +14.3 % perplexity (18.99 → 21.71), whose error is not known.",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := Sentence(base, tc.r); got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
}

func TestNumbers(t *testing.T) {
	for _, tc := range []struct{ got, want string }{
		{formatPercent(14.24), "+14.2 %"}, {formatPercent(-0.36), "−0.4 %"}, {formatPercent(0), "±0.0 %"}, {formatPercent(0.01), "+0.01 %"},
		{formatPercent(0.0012), "+0.001 %"}, {formatPercent(-1e-9), "±0.0 %"}, {formatPercent(1717.9), "+1,718 %"}, {formatPercent(99.99), "+100 %"},
		{formatPerplexity(18.99353), "18.99"}, {formatPerplexity(9.9999), "10.00"}, {formatPerplexity(345.27), "345.3"}, {formatPerplexity(1234567), "1,234,567"},
		{formatPerplexity(1.0002), "1.000"}, {formatSize(91_700_000), "91.7"}, {formatSize(260_500), "0.261"}, {formatSize(14_480_000_000), "14,480"},
		{formatRatio(3.06), "3.1x"}, {formatRatio(1.04), "1.04x"}, {formatRatio(12.4), "12x"}, {formatSpeed(1293.4), "1,293"}, {formatSpeed(0.51), "0.510"},
		{formatKL(-1e-7), "0"}, {formatKL(3e-7), "<0.000001"}, {formatLogRatio(-0.00361), "−0.00361"}, {formatLogRatio(1.23456), "+1.235"}, {formatLogRatio(0), "0.000000"}, {formatLogRatio(2e-6), "+0.000002"}, {formatKL(0.12857), "0.129"}, {groupedInt(-1234567), "−1,234,567"}, {significant(math.Inf(1), 3), "?"},
	} {
		if tc.got != tc.want {
			t.Errorf("got %q, want %q", tc.got, tc.want)
		}
	}
}
