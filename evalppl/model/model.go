package model

import (
	"fmt"
	"runtime"
	"slices"
	"strings"

	"nibble/format"
	"nibble/kernels"
	"nibble/kernels/hugepage"
	"nibble/kernels/pool"
	"nibble/quant"
)

// Activation modes of a model's matrix products.
const (
	// Int8Activations quantizes activations to int8 in groups of 32 wherever the weights are integers: the fast path. Where
	// they are multiplied with attn.qkv so, attention rounds queries, keys, values and probabilities too; with BF16Activations also.
	Int8Activations = "int8"
	// BF16Activations rounds activations to bfloat16 wherever the weights are bf16, and multiplies as [kernels.MulBF16Dot] says:
	// twice the speed where the CPU has a BF16 dot product. Other weights are taken as with Float32Activations.
	BF16Activations = "bf16"
	// Float32Activations decodes the weights and multiplies in float32: what the weights alone lost.
	Float32Activations = "f32"
)

// ActivationModes returns the modes, the default one first.
func ActivationModes() []string {
	return []string{Int8Activations, BF16Activations, Float32Activations}
}

// Options of [Load].
type Options struct {
	Threads     int    // 0: one for each CPU
	Activations string // Int8Activations (also ""), BF16Activations or Float32Activations
}

// Model is a container ready to run. Its sessions share the pool of threads, so one of them runs at a time. Close ends the
// threads; the container stays open and must outlive the model.
type Model struct {
	spec        format.Spec
	activations string
	tokens      format.TensorInfo // embed.tokens
	tokensCodec quant.Codec
	tokensData  []byte
	positions   []float32 // [Context][Hidden], nil without learned positions
	layers      []layer
	finalNorm   norm
	head        *matrix
	activate    activation
	maxBlocks   int // of any matrix, for the scratch that a tile is decoded to
	packedToken int // bytes of a packed token, at most, as any layer's matrix takes it
	pool        *pool.Pool
	freeWeights func() // nil: they lie in the container

	session *Session // reused by Losses and Logits
}

// Load prepares the container's model. Its weights are used where they lie, or copied to huge pages once where that makes them faster to
// read. Errors name the tensor that is missing or does not fit.
func Load(r *format.Reader, o Options) (*Model, error) {
	spec := r.Metadata().Spec
	m := &Model{spec: spec, activations: o.Activations}
	switch o.Activations {
	case "":
		m.activations = Int8Activations
	default:
		if !slices.Contains(ActivationModes(), o.Activations) {
			return nil, fmt.Errorf("activations %q: want %s", o.Activations, strings.Join(ActivationModes(), ", "))
		}
	}
	if err := m.loadEmbedding(r); err != nil {
		return nil, err
	}
	for i := range spec.Layers {
		l, err := newLayer(r, spec, i, m.activations)
		if err != nil {
			return nil, err
		}
		for _, w := range []*matrix{l.qkv, l.attnOut, l.up, l.down} {
			m.maxBlocks = max(m.maxBlocks, w.blocks)
			m.packedToken = max(m.packedToken, w.packedToken)
		}
		m.layers = append(m.layers, l)
	}
	var err error
	if m.finalNorm, err = newNorm(r, spec, "final.norm"); err != nil {
		return nil, err
	}
	head := "head"
	if spec.TiedHead {
		head = "embed.tokens"
	}
	if m.head, err = newMatrix(r, head, m.activations); err != nil {
		return nil, err
	}
	m.maxBlocks = max(m.maxBlocks, m.head.blocks)
	if m.activations == BF16Activations && m.packedToken+m.head.packedToken == 0 {
		return nil, fmt.Errorf("%s: activations %s: no matrix of this container is bf16 (the recipe's type is %s); use %s or %s, or convert with the type bf16",
			r.Path(), BF16Activations, r.Metadata().Recipe.Type, Int8Activations, Float32Activations)
	}
	if m.activate, err = newActivation(spec.MLP); err != nil {
		return nil, err
	}
	if o.Threads <= 0 {
		o.Threads = runtime.GOMAXPROCS(0)
	}
	m.pool = pool.New(o.Threads)
	m.moveWeights(hugepage.Allocate)
	return m, nil
}

func (m *Model) loadEmbedding(r *format.Reader) error {
	info, ok := r.Lookup("embed.tokens")
	if !ok {
		return fmt.Errorf("tensor \"embed.tokens\" is not in %s", r.Path())
	}
	codec, err := quant.Lookup(info.Codec)
	if err != nil {
		return fmt.Errorf("%s: tensor %q: %w", r.Path(), info.Name, err)
	}
	m.tokens, m.tokensCodec = info, codec
	if m.tokensData, err = r.Bytes(info); err != nil {
		return err
	}
	if m.spec.Position.Kind == format.LearnedPositions {
		m.positions, err = vector(r, "embed.positions", m.spec.Context*m.spec.Hidden)
	}
	return err
}

// Close ends the model's threads and frees its memory: it must not be running.
func (m *Model) Close() {
	m.pool.Close()
	if m.freeWeights != nil {
		m.freeWeights()
		m.freeWeights = nil
	}
}

// Spec returns the model's shape.
func (m *Model) Spec() format.Spec { return m.spec }

// Vocab returns the number of tokens: the length of a row of logits.
func (m *Model) Vocab() int { return m.spec.Vocab }

// Context returns the number of positions the model was made for.
func (m *Model) Context() int { return m.spec.Context }

// Threads returns the number of threads the model runs on.
func (m *Model) Threads() int { return m.pool.Size() }

// Activations returns the activation mode, one of [ActivationModes].
func (m *Model) Activations() string { return m.activations }

// KernelSet returns the name of the kernels in use.
func (m *Model) KernelSet() string { return kernels.ISA() }

// checkTokens refuses ids outside the vocabulary.
func (m *Model) checkTokens(tokens []uint32) error {
	for i, id := range tokens {
		if int64(id) >= int64(m.spec.Vocab) {
			return fmt.Errorf("token %d of the window is id %d, but the model's vocabulary has %d tokens (0 to %d): was the text tokenized for another model?",
				i, id, m.spec.Vocab, m.spec.Vocab-1)
		}
	}
	return nil
}
