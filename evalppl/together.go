package evalppl

import (
	"slices"

	"nibble/evalppl/reading"
)

// part is a window and its tokens.
type part struct {
	window
	input  []uint32
	losses []float64 // [scored], where they are wanted alone
}

// together returns windows from number n on, of those before last: one, or where many are to be read together, as many as have
// [reading.TogetherTokens] tokens to be read. They are valid until the next call.
func (p *plan) together(n, last int, many bool) ([]part, error) {
	p.parts, p.scratch = p.parts[:0], p.scratch[:0]
	for read := 0; n < last && (many || len(p.parts) == 0); n++ {
		w := p.window(n)
		if read += w.end - w.start - 1; len(p.parts) > 0 && read > reading.TogetherTokens {
			break
		}
		// Where it moves, the parts before keep the memory that they are in.
		first, size := len(p.scratch), w.end-w.start
		p.scratch = slices.Grow(p.scratch, size)[:first+size]
		input := p.scratch[first:]
		if err := p.read(w, input); err != nil {
			return nil, err
		}
		p.parts = append(p.parts, part{window: w, input: input})
	}
	return p.parts, nil
}

// mostTogether returns the most tokens that windows read together score.
func (p *plan) mostTogether(many bool) int {
	most, all := 0, 0
	for n := range p.total {
		w := p.window(n)
		most = max(most, w.scored())
		all += w.scored()
	}
	if many {
		most = max(most, min(all, reading.TogetherTokens))
	}
	return most
}

// scoredTokens returns how many tokens parts score.
func scoredTokens(parts []part) (n int) {
	for i := range parts {
		n += parts[i].scored()
	}
	return n
}

// windowsOf returns what a model is to read. The last token of a window is only predicted: where logits are wanted, nobody needs to
// read it.
func windowsOf(parts []part, losses bool) []reading.Window {
	windows := make([]reading.Window, len(parts))
	for i := range parts {
		p := &parts[i]
		windows[i] = reading.Window{Tokens: p.input, From: p.from, Losses: p.losses}
		if !losses {
			windows[i].Tokens = p.input[:len(p.input)-1]
		}
	}
	return windows
}

// readTogether says whether windows are worth handing over together to models: whether all of them read several, but for logits that were
// saved, which are read in their order.
func readTogether(models []DistributionModel) bool {
	return !slices.ContainsFunc(models, func(m DistributionModel) bool {
		_, batch := m.(BatchDistributionModel)
		_, saved := m.(RoundedBase)
		return !batch && !saved
	})
}
