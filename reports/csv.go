package reports

import (
	"bytes"
	"encoding/csv"
	"strconv"
)

// writeCSV gives one line for each record with every scalar field, under the
// names of the results file; fields that were not measured are empty.
func writeCSV(s Study) ([]byte, error) {
	var buf bytes.Buffer
	w := csv.NewWriter(&buf)
	for i := range s.Records {
		names, values := csvFields(&s.Records[i])
		if i == 0 {
			if err := w.Write(names); err != nil {
				return nil, err
			}
		}
		if err := w.Write(values); err != nil {
			return nil, err
		}
	}
	w.Flush()
	return buf.Bytes(), w.Error()
}

func csvFields(r *Record) (names, values []string) {
	add := func(name, value string) { names, values = append(names, name), append(values, value) }
	float := func(name string, v float64, measured bool) {
		if !measured {
			add(name, "")
			return
		}
		add(name, strconv.FormatFloat(v, 'g', -1, 64))
	}
	integer := func(name string, v int64) { add(name, strconv.FormatInt(v, 10)) }

	add("model", r.Model)
	add("variant", r.Variant)
	add("base", strconv.FormatBool(r.Base))
	add("file", r.File)
	add("container_sha256", r.ContainerSHA256)
	add("source_sha256", r.SourceSHA256)
	integer("bytes", r.Bytes)
	integer("parameters", r.Parameters)
	float("bits_per_weight", r.BitsPerWeight, r.BitsPerWeight > 0)
	add("activations", r.Activations)
	i := r.interval()
	float("perplexity", r.Perplexity, true)
	// Ten digits, because the last ones of an exponential differ between CPUs.
	for _, end := range []struct {
		name string
		v    float64
	}{{"perplexity_low", i.Low}, {"perplexity_high", i.High}} {
		if r.StandardError > 0 {
			add(end.name, strconv.FormatFloat(end.v, 'g', 10, 64))
		} else {
			add(end.name, "")
		}
	}
	float("nll", r.NLL, true)
	float("standard_error", r.StandardError, true)
	integer("tokens_scored", int64(r.TokensScored))
	add("protocol", r.Protocol)
	integer("ctx", int64(r.Ctx))
	integer("stride", int64(r.Stride))
	add("bos", r.BOS)
	add("token_stream_sha256", r.TokenStreamSHA256)
	add("tokenizer_sha256", r.TokenizerSHA256)
	add("text", r.Text)
	float("eval_tokens_per_second", r.EvalTokensPerSecond, r.EvalTokensPerSecond > 0)
	for _, s := range []struct {
		name string
		Speed
	}{{"prompt", r.Prompt}, {"generation", r.Generation}} {
		m := s.Measured()
		float(s.name+"_tokens", float64(s.Tokens), m)
		float(s.name+"_tokens_per_second", s.TokensPerSecond, m)
		float(s.name+"_min", s.Min, m)
		float(s.name+"_max", s.Max, m)
		float(s.name+"_std_dev", s.StdDev, m)
		float(s.name+"_repeats", float64(s.Repeats), m)
	}
	var kl Divergence
	if r.KL != nil {
		kl = *r.KL
	}
	float("kl_mean", kl.Mean, r.KL != nil)
	float("kl_median", kl.Median, r.KL != nil)
	float("kl_p90", kl.P90, r.KL != nil)
	float("kl_p95", kl.P95, r.KL != nil)
	float("kl_p99", kl.P99, r.KL != nil)
	float("kl_p999", kl.P999, r.KL != nil)
	float("kl_max", kl.Max, r.KL != nil)
	float("kl_same_top", kl.SameTop, r.KL != nil)
	for _, x := range []struct {
		name string
		*Range
	}{{"kl_mean", kl.Interval}, {"kl_same_top", kl.SameTopInterval}} {
		var ends Range
		if x.Range != nil {
			ends = *x.Range
		}
		float(x.name+"_low", ends.Low, x.Range != nil)
		float(x.name+"_high", ends.High, x.Range != nil)
	}
	add("kl_base_sha256", kl.BaseSHA256)
	var d Interval
	if r.DeltaLogPPL != nil {
		d = *r.DeltaLogPPL
	}
	float("delta_log_ppl", d.Value, r.DeltaLogPPL != nil)
	float("delta_log_ppl_low", d.Low, r.DeltaLogPPL != nil)
	float("delta_log_ppl_high", d.High, r.DeltaLogPPL != nil)
	var v Verdict
	if r.Verdict != nil {
		v = *r.Verdict
	}
	add("verdict", v.Answer)
	add("verdict_sentence", v.Sentence)
	float("detectable_log_ratio", v.Detectable, v.Detectable > 0)
	float("tokens_needed", v.TokensNeeded, v.TokensNeeded > 0)
	var m IntervalMethod
	if r.Intervals != nil {
		m = *r.Intervals
	}
	add("intervals", m.Name)
	add("intervals_unit", m.Unit)
	float("intervals_clusters", float64(m.Clusters), r.Intervals != nil)
	float("intervals_resamples", float64(m.Resamples), r.Intervals != nil)
	float("intervals_seed", float64(m.Seed), r.Intervals != nil)
	add("cpu", r.Machine.CPU)
	integer("cores", int64(r.Machine.Cores))
	integer("threads", int64(r.Machine.Threads))
	add("os", r.Machine.OS)
	add("arch", r.Machine.Arch)
	add("isa", r.Machine.ISA)
	add("go_version", r.Machine.GoVersion)
	integer("memory_bytes", r.Machine.MemoryBytes)
	add("tool", r.Tool)
	add("started", r.Started)
	return names, values
}
