package reports

import (
	"fmt"
	"math"
	"strings"
)

// rounded cuts the digits that could differ between CPUs.
func rounded(v float64, places int) float64 {
	f := math.Pow(10, float64(places))
	return math.Round(v*f) / f
}

// variant is a row of the fixtures: a variant's figures without its conditions.
type variant struct {
	name            string
	mb, bits, ppl   float64
	se              float64 // of nll
	prompt, gen     float64
	kl, sameTop     float64 // kl below 0: measured, and exactly 0
	delta, deltaErr float64 // paired ln(PPL/PPL0) and half its interval
}

// smol holds figures such as a model of 135M parameters gives.
var smol = []variant{
	{"f16", 270.9, 16.11, 18.9935, 0.0168, 1293, 102, 0, 0, 0, 0},
	{"int8-g32", 144.8, 8.61, 19.0621, 0.0168, 1289, 213, 0.00369, 0.962, 0.0036, 0.0042},
	{"int4-g32", 91.7, 5.46, 21.7127, 0.0175, 1220, 316, 0.1286, 0.8024, 0.1338, 0.0116},
}

func (v variant) record(model string) Record {
	r := Record{
		Model: model, Variant: v.name, File: model + "-" + v.name + ".nbl",
		ContainerSHA256: strings.Repeat(fmt.Sprintf("%02x", len(v.name)*7), 32), SourceSHA256: strings.Repeat("5e", 32),
		Bytes: int64(v.mb * 1e6), Parameters: 134515008, BitsPerWeight: v.bits, Activations: "int8",
		Perplexity: v.ppl, NLL: rounded(math.Log(v.ppl), 10), StandardError: v.se, TokensScored: 10200,
		Protocol: "llama.cpp", Ctx: 512, Stride: 512, TokenStreamSHA256: strings.Repeat("a1", 32), TokenizerSHA256: strings.Repeat("b2", 32),
		Text: "wikitext2-test.txt", EvalTokensPerSecond: 980,
		Machine: Machine{CPU: "Example CPU 9000", Cores: 2, Threads: 2, OS: "linux", Arch: "amd64", ISA: "avx512", GoVersion: "go1.26.8", MemoryBytes: 8 << 30},
		Tool:    "nibble 0.1.0 (0f3c2a1)", Started: "2026-11-25T12:00:00Z",
	}
	if v.prompt > 0 {
		r.Prompt = Speed{Tokens: 512, TokensPerSecond: v.prompt, Min: rounded(v.prompt*0.97, 3), Max: rounded(v.prompt*1.02, 3), StdDev: rounded(v.prompt*0.02, 3), Repeats: 5}
	}
	if v.gen > 0 {
		r.Generation = Speed{Tokens: 64, TokensPerSecond: v.gen, Min: rounded(v.gen*0.95, 3), Max: rounded(v.gen*1.03, 3), StdDev: rounded(v.gen*0.03, 3), Repeats: 5}
	}
	if v.kl < 0 {
		r.KL = &Divergence{SameTop: 1, Interval: &Range{}, SameTopInterval: &Range{1, 1}, BaseSHA256: strings.Repeat("15", 32)}
		r.DeltaLogPPL = &Interval{}
		r.Verdict = &Verdict{Answer: Identical, Sentence: "identical: every scored token has the same loss as in the base"}
	}
	if v.kl > 0 {
		r.KL = &Divergence{
			Mean: v.kl, Median: v.kl / 3, P90: v.kl * 3, P95: v.kl * 4, P99: v.kl * 8, P999: v.kl * 20, Max: v.kl * 50, SameTop: v.sameTop,
			Interval: &Range{rounded(v.kl*0.93, 9), rounded(v.kl*1.08, 9)}, SameTopInterval: &Range{rounded(v.sameTop-0.004, 6), rounded(min(1, v.sameTop+0.003), 6)},
			BaseSHA256: strings.Repeat("15", 32),
		}
		r.DeltaLogPPL = &Interval{v.delta, rounded(v.delta-v.deltaErr, 6), rounded(v.delta+v.deltaErr, 6)}
		r.Intervals = &IntervalMethod{Name: "bca block bootstrap", Unit: "windows", Clusters: 40, Resamples: 2000}
		between := fmt.Sprintf("95 %% interval %s to %s", formatPercent(100*expm1(v.delta-v.deltaErr)), formatPercent(100*expm1(v.delta+v.deltaErr)))
		r.Verdict = &Verdict{
			Answer: Worse, Detectable: rounded(1.43*v.deltaErr, 6), TokensNeeded: 3000,
			Sentence: fmt.Sprintf("worse: perplexity is %.1f %% higher than the base's (%s)", 100*expm1(v.delta), between),
		}
		if v.delta < v.deltaErr {
			r.Verdict.Answer, r.Verdict.TokensNeeded = NotDistinguishable, 57000
			r.Verdict.Sentence = fmt.Sprintf("not distinguishable on this text: perplexity differs by %s (%s); a difference of this size would need about 57 thousand tokens of such text, this one has 20 thousand",
				formatPercent(100*expm1(v.delta)), between)
		}
	}
	return r
}

// study makes records of one model; the first variant is the base.
func study(model string, vs ...variant) Study {
	s := Study{Title: "What each bit costs", Command: "nibble study " + model + " --text wikitext2-test.txt --types f16,int8-g32,int4-g32"}
	for i, v := range vs {
		r := v.record(model)
		r.Base = i == 0
		s.Records = append(s.Records, r)
	}
	return s
}

// bothModes is a study of two quantized variants with int8 and with float32 activations against a base that has the latter.
func bothModes() Study {
	s := study("smollm2-135m-instruct", smol...)
	s.Records[0].Activations = "f32"
	for _, v := range []variant{
		{"int8-g32", 144.8, 8.61, 19.0090, 0.0168, 412, 148, 0.00129, 0.981, 0.0008, 0.0019},
		{"int4-g32", 91.7, 5.46, 21.6001, 0.0175, 409, 196, 0.1251, 0.8052, 0.1286, 0.0115},
	} {
		r := v.record("smollm2-135m-instruct")
		r.Activations = "f32"
		s.Records = append(s.Records, r)
	}
	return s
}

// withTensors gives each record the errors of a model with the given depth.
func withTensors(s Study, layers int) Study {
	for i := range s.Records {
		r := &s.Records[i]
		add := func(name string, rows, cols, k int) {
			t := TensorError{Name: name, Codec: r.Variant, Rows: rows, Cols: cols}
			if strings.HasPrefix(r.Variant, "int") {
				t.SQNRdB = 6.02*float64(r.Variant[3]-'0') - 4 + 1.8*math.Sin(float64(k)*1.7) - 2*math.Exp(-float64(k)/9)
				t.SQNRdB = rounded(t.SQNRdB, 6)
				t.RMSE = rounded(0.08*math.Pow(10, -t.SQNRdB/20), 9)
				t.MaxAbs = rounded(5*t.RMSE, 9)
			} else {
				t.SQNRdB = math.Inf(1)
			}
			r.Tensors = append(r.Tensors, t)
		}
		add("embed", 49152, 576, 3)
		for l := range layers {
			add(fmt.Sprintf("layers.%d.attn.qkv", l), 960, 576, 4*l)
			add(fmt.Sprintf("layers.%d.attn.out", l), 576, 576, 4*l+1)
			add(fmt.Sprintf("layers.%d.mlp.up", l), 3072, 576, 4*l+2)
			add(fmt.Sprintf("layers.%d.mlp.down", l), 576, 1536, 4*l+3)
		}
	}
	return s
}

// crowd holds 20 made-up variants, as close together as they come in life, and one
// that is broken.
var crowd = []variant{
	{"f16", 265.5, 15.79, 19.37, .017, 1293, 102, 0.0, 0.0, 0, 0},
	{"bf16", 265.5, 15.79, 19.38, .017, 1278, 107, 8.5e-05, 1.0, 0.0005, .0001},
	{"int8-g32", 141.9, 8.44, 19.51, .017, 1289, 213, 0.0037, 0.96, 0.0072, .0009},
	{"int6-g64", 135.6, 8.06, 19.62, .017, 1200, 205, 0.007, 0.95, 0.0128, .0013},
	{"int5-g32", 114.7, 6.82, 19.54, .017, 1180, 210, 0.022, 0.92, 0.0087, .0023},
	{"int4a-g64", 103.4, 6.15, 20.95, .017, 1130, 256, 0.082, 0.84, 0.0784, .0044},
	{"int4a-g128", 100.1, 5.95, 21.23, .017, 1135, 262, 0.097, 0.83, 0.0917, .0049},
	{"int4-g32", 89.9, 5.35, 23.52, .017, 1220, 316, 0.27, 0.73, 0.1941, .0077},
	{"nf4-g32", 91.0, 5.41, 22.35, .017, 1190, 290, 0.13, 0.8, 0.1431, .0057},
	{"nf4-g128", 90.3, 5.37, 22.33, .017, 1188, 288, 0.13, 0.8, 0.1422, .0057},
	{"nf4-g64", 90.4, 5.38, 22.15, .017, 1185, 287, 0.13, 0.8, 0.1341, .0058},
	{"int3a-g32", 91.6, 5.45, 21.98, .017, 1100, 280, 0.13, 0.8, 0.1264, .0057},
	{"int4a-g64 gptq", 103.4, 6.15, 19.85, .017, 1130, 256, 0.038, 0.89, 0.0245, .003},
	{"int4a-g128 gptq", 100.1, 5.95, 20.18, .017, 1135, 262, 0.048, 0.88, 0.041, .0048},
	{"int4-g32 gptq", 90.1, 5.36, 21.86, .017, 1220, 315, 0.15, 0.79, 0.1209, .0062},
	{"nf4-g32 gptq", 90.7, 5.39, 20.55, .017, 1190, 290, 0.074, 0.85, 0.0591, .0043},
	{"nf4-g128 gptq", 89.9, 5.35, 20.55, .017, 1188, 288, 0.078, 0.85, 0.0591, .0044},
	{"nf4-g64 gptq", 90.0, 5.35, 20.22, .017, 1185, 287, 0.071, 0.85, 0.0429, .0043},
	{"int3a-g32 gptq", 91.6, 5.45, 20.37, .017, 1100, 280, 0.073, 0.86, 0.0503, .0043},
	{"broken", 96.4, 5.73, 352.2, .017, 1220, 300, 2.7, 0.3, 2.9005, .0278},
}
