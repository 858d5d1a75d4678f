package main

import (
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"nibble/evalppl/tasks"
)

// itemLine is a line of --items.
type itemLine struct {
	Item   int           `json:"item"` // from 1
	ID     string        `json:"id"`
	Gold   *int          `json:"gold,omitempty"` // of choices
	Models []tasks.Score `json:"models"`
}

func (r *taskRun) writeItem(n int, item tasks.Item, scores []tasks.Score) error {
	line := itemLine{Item: n + 1, ID: item.ID, Models: scores}
	if r.task.Completion == "" {
		line.Gold = &item.Gold
	}
	b, err := json.Marshal(line)
	if err == nil {
		_, err = r.itemsOut.Write(append(b, '\n'))
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", inputName(r.itemsOut.path), err)
	}
	return nil
}

// printTask prints the table and the comparisons.
func printTask(w io.Writer, r tasks.Result) {
	fmt.Fprintf(w, "%s on %s: %s\n", r.Task.Name, r.Data, count(r.Items, "item"))
	if r.Partial {
		fmt.Fprintf(w, "interrupted after %s of %s: the figures are of those alone\n", grouped(int64(r.Items)), grouped(int64(r.ItemsWanted)))
	}
	fmt.Fprintln(w)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprint(t, "model\tacc\t95 % interval\t")
	if r.Task.Completion != "" {
		fmt.Fprintln(t, "perplexity\t95 % interval")
	} else {
		fmt.Fprintln(t, "acc_norm\t95 % interval\tacc_bytes")
	}
	for _, m := range r.Models {
		fmt.Fprintf(t, "%s\t%s\t", taskModelName(m), accuracyText(m.Acc))
		if p := m.Perplexity; p != nil {
			fmt.Fprintf(t, "%.4f ± %.4f\t%.4f to %.4f\n", p.Value, p.StandardError, p.Low, p.High)
			continue
		}
		fmt.Fprintf(t, "%s\t%.4f ± %.4f\n", accuracyText(*m.AccNorm), m.AccBytes.Value, m.AccBytes.StandardError)
	}
	t.Flush()
	printPaired(w, r)
	fmt.Fprintln(w)
	for _, m := range r.Models {
		cut := ""
		if m.ContextsCut > 0 {
			cut = fmt.Sprintf("; the contexts of %s were cut to %d positions", count(m.ContextsCut, "request"), m.Context)
		}
		fmt.Fprintf(w, "  %s: %s, %s tokens (%s computed) in %s, %s activations, %s kernels, %s%s\n", taskModelName(m), count(m.Requests, "request"),
			grouped(m.TokensRead), grouped(m.TokensComputed), formatDuration(time.Duration(m.Seconds*float64(time.Second))), m.Activations, m.KernelSet, count(m.Threads, "thread"), cut)
	}
	fmt.Fprintf(w, "  items  sha256 %s\n", r.ItemsSHA256)
}

func printPaired(w io.Writer, r tasks.Result) {
	if len(r.Paired) == 0 {
		return
	}
	fmt.Fprintf(w, "\nagainst %s:\n", taskModelName(r.Models[0]))
	for _, p := range r.Paired {
		name := taskModelName(r.Models[p.Model])
		fmt.Fprintf(w, "  %s, acc: %s\n", name, p.Acc.Sentence())
		if p.AccNorm != nil {
			fmt.Fprintf(w, "  %s, acc_norm: %s\n", name, p.AccNorm.Sentence())
		}
		if l := p.LogPPL; l != nil {
			fmt.Fprintf(w, "  %s, ln(PPL/PPL0): %+.5f ± %.5f (95 %% interval %+.5f to %+.5f)\n", name, l.Mean, l.StandardError, l.Low, l.High)
		}
	}
}

func accuracyText(a tasks.Accuracy) string {
	return fmt.Sprintf("%.4f ± %.4f\t%.4f to %.4f", a.Value, a.StandardError, a.Low, a.High)
}

func taskModelName(m tasks.ModelResult) string { return m.Model + " " + m.Recipe }
