package reading

// Window is one of several windows of tokens that are read together, each from its own beginning.
type Window struct {
	Tokens []uint32
	From   int       // index of the first token after which the loss or the logits are wanted
	Losses []float64 // where losses are wanted: [len(Tokens)-1-From], written by the model
	// Shared lets the model take over what the window has in common with the one before it in the list: see Taken.
	Shared bool
}

// Taken returns how many of the window's first tokens are not computed when it is read after a window of the tokens before: those that both
// have, up to From, for of a token that is not computed there are no logits. It is 0 where nothing is shared.
func (w *Window) Taken(before []uint32) int {
	if !w.Shared {
		return 0
	}
	n, most := 0, min(len(before), len(w.Tokens), max(0, w.From))
	for n < most && before[n] == w.Tokens[n] {
		n++
	}
	return n
}

// TogetherTokens is how many tokens of short windows are worth handing over together: a model's batch. More of them would be lost
// when a run is interrupted.
const TogetherTokens = 512
