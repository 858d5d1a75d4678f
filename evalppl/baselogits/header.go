package baselogits

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math/bits"
	"slices"
	"strconv"

	"nibble/evalppl"
)

// Magic begins every file; docs/base-logits.md describes what follows.
const Magic = "nblogits"

const (
	version     = 1
	fixedBytes  = 48
	maxMetadata = 1 << 20
	maxVocab    = 1 << 24
)

// Header says of what the rows are.
type Header struct {
	Vocab             int    `json:"vocab"`
	Context           int    `json:"context"` // positions that the base model was made for
	Protocol          string `json:"protocol"`
	Ctx               int    `json:"ctx"`
	Stride            int    `json:"stride,omitempty"`
	BOS               string `json:"bos"` // "none", or the id that replaces a chunk's first token or precedes a document
	Windows           int    `json:"windows"`
	Documents         int    `json:"documents"`
	Tokens            int    `json:"tokens"`
	TokenStreamSHA256 string `json:"token_stream_sha256"`
	// Base describes the model and what it was run on.
	Base evalppl.Conditions `json:"base"`

	Rows int64 `json:"-"` // positions
}

// BOSID returns the id that BOS names, nil for none.
func (h *Header) BOSID() *uint32 {
	n, err := strconv.ParseUint(h.BOS, 10, 32)
	if err != nil {
		return nil
	}
	id := uint32(n)
	return &id
}

func (h *Header) check() error {
	switch {
	case h.Vocab < 1 || h.Vocab > maxVocab:
		return fmt.Errorf("a vocabulary of %d tokens, want 1 to %d", h.Vocab, maxVocab)
	case !slices.Contains(evalppl.Protocols(), h.Protocol) || h.Protocol == evalppl.HF:
		return fmt.Errorf("protocol %q: unknown, or not one that models are compared with", h.Protocol)
	case h.Context < 1 || h.Ctx < 2 || h.Ctx > h.Context || h.Stride < 0 || h.Stride > h.Ctx:
		return fmt.Errorf("windows of %d tokens with a stride of %d for %d positions, want stride <= ctx <= positions", h.Ctx, h.Stride, h.Context)
	case h.BOS != "none" && (h.BOSID() == nil || int64(*h.BOSID()) >= int64(h.Vocab)):
		return fmt.Errorf("bos is %q, want none or a token id below %d", h.BOS, h.Vocab)
	case h.Windows < 1 || int64(h.Windows) > h.Rows:
		return fmt.Errorf("%d windows with %d scored tokens, want at least one in each", h.Windows, h.Rows)
	case h.Documents < 1 || h.Tokens < 1:
		return fmt.Errorf("%d documents with %d tokens, want at least one", h.Documents, h.Tokens)
	}
	return nil
}

// write writes everything in front of the rows.
func (h *Header) write(w io.Writer, text evalppl.Text) error {
	meta, err := json.Marshal(h)
	if err != nil {
		return err
	}
	if len(meta) > maxMetadata {
		return fmt.Errorf("metadata of %d bytes, at most %d are allowed", len(meta), maxMetadata)
	}
	fixed := make([]byte, fixedBytes)
	copy(fixed, Magic)
	binary.LittleEndian.PutUint32(fixed[8:], version)
	binary.LittleEndian.PutUint32(fixed[12:], uint32(len(meta)))
	binary.LittleEndian.PutUint64(fixed[16:], uint64(h.Documents))
	binary.LittleEndian.PutUint64(fixed[24:], uint64(h.Tokens))
	binary.LittleEndian.PutUint64(fixed[32:], uint64(h.Rows))
	binary.LittleEndian.PutUint32(fixed[40:], uint32(RowBytes(h.Vocab)))
	binary.LittleEndian.PutUint32(fixed[44:], crc32.Checksum(fixed[:44], castagnoli))
	if _, err := w.Write(fixed); err != nil {
		return err
	}
	sum := crc32.New(castagnoli)
	both := io.MultiWriter(w, sum)
	if _, err := both.Write(meta); err != nil {
		return err
	}
	var b []byte
	for i := range text.Documents() {
		b = binary.LittleEndian.AppendUint64(b[:0], uint64(text.Length(i)))
		if _, err := both.Write(b); err != nil {
			return err
		}
	}
	var ids [4096]uint32
	for at := 0; at < h.Tokens; {
		part := ids[:min(len(ids), h.Tokens-at)]
		if err := text.ReadAt(part, int64(at)); err != nil {
			return err
		}
		at += len(part)
		b = b[:0]
		for _, id := range part {
			b = binary.LittleEndian.AppendUint32(b, id)
		}
		if _, err := both.Write(b); err != nil {
			return err
		}
	}
	_, err = w.Write(binary.LittleEndian.AppendUint32(nil, sum.Sum32()))
	return err
}

// readHeader reads what stands in front of the rows of a file of size bytes, from r and again from at, where the tokens stay. Nothing is
// allocated before it is known that the file is exactly as long as its counts say.
func readHeader(r io.Reader, at io.ReaderAt, size int64) (h Header, text *savedText, err error) {
	fixed := make([]byte, fixedBytes)
	if _, err := io.ReadFull(r, fixed); err != nil {
		return h, nil, fmt.Errorf("%d bytes, too short for saved logits", size)
	}
	if string(fixed[:8]) != Magic {
		return h, nil, fmt.Errorf("begins with %q, want %q: not a file of saved logits", fixed[:8], Magic)
	}
	if v := binary.LittleEndian.Uint32(fixed[8:]); v != version {
		return h, nil, fmt.Errorf("version %d of saved logits, this nibble knows %d: save the base again", v, version)
	}
	if got, want := crc32.Checksum(fixed[:44], castagnoli), binary.LittleEndian.Uint32(fixed[44:]); got != want {
		return h, nil, fmt.Errorf("header: crc32c %08x, want %08x: the file is damaged; save the base again", got, want)
	}
	metaBytes := uint64(binary.LittleEndian.Uint32(fixed[12:]))
	documents, tokens, rows := binary.LittleEndian.Uint64(fixed[16:]), binary.LittleEndian.Uint64(fixed[24:]), binary.LittleEndian.Uint64(fixed[32:])
	rowBytes := uint64(binary.LittleEndian.Uint32(fixed[40:]))
	if metaBytes > maxMetadata {
		return h, nil, fmt.Errorf("header: metadata of %d bytes, at most %d are allowed", metaBytes, maxMetadata)
	}
	want, ok := total(product{1, fixedBytes + metaBytes + 4}, product{documents, 8}, product{tokens, 4}, product{rows, rowBytes})
	if !ok || want != uint64(size) {
		return h, nil, fmt.Errorf("%d bytes long, its header says %d documents of %d tokens and %d rows of %d bytes: the file is cut off or damaged; save the base again",
			size, documents, tokens, rows, rowBytes)
	}
	sum := crc32.New(castagnoli)
	body := io.TeeReader(r, sum)
	meta := make([]byte, metaBytes)
	if _, err := io.ReadFull(body, meta); err != nil {
		return h, nil, fmt.Errorf("metadata: %w", err)
	}
	text = &savedText{file: at, at: int64(fixedBytes + metaBytes + 8*documents), lengths: make([]uint64, documents)}
	if err := binary.Read(body, binary.LittleEndian, text.lengths); err != nil {
		return h, nil, fmt.Errorf("documents: %w", err)
	}
	if _, err := io.CopyN(io.Discard, body, int64(4*tokens)); err != nil {
		return h, nil, fmt.Errorf("tokens: %w", err)
	}
	var stored [4]byte
	if _, err := io.ReadFull(r, stored[:]); err != nil {
		return h, nil, fmt.Errorf("tokens: %w", err)
	}
	if got, want := sum.Sum32(), binary.LittleEndian.Uint32(stored[:]); got != want {
		return h, nil, fmt.Errorf("metadata and tokens: crc32c %08x, want %08x: the file is damaged; save the base again", got, want)
	}
	d := json.NewDecoder(bytes.NewReader(meta))
	d.DisallowUnknownFields()
	if err := d.Decode(&h); err != nil {
		return h, nil, fmt.Errorf("metadata: %w", err)
	}
	h.Rows = int64(rows)
	if err := h.check(); err != nil {
		return h, nil, fmt.Errorf("metadata: %w", err)
	}
	if uint64(h.Documents) != documents || uint64(h.Tokens) != tokens || uint64(RowBytes(h.Vocab)) != rowBytes {
		return h, nil, errors.New("metadata and header disagree about documents, tokens or vocabulary")
	}
	if err := text.check(tokens, h.Vocab); err != nil {
		return h, nil, err
	}
	got, err := evalppl.TextSHA256(text)
	if err != nil {
		return h, nil, err
	}
	if got != h.TokenStreamSHA256 {
		return h, nil, fmt.Errorf("metadata: token_stream_sha256 is %q, that of the file's tokens is %q", h.TokenStreamSHA256, got)
	}
	return h, text, nil
}

type product struct{ n, size uint64 }

// total adds products up; false where they go beyond 63 bits.
func total(list ...product) (sum uint64, ok bool) {
	for _, p := range list {
		high, low := bits.Mul64(p.n, p.size)
		var carry uint64
		sum, carry = bits.Add64(sum, low, 0)
		if high|carry != 0 || sum > 1<<62 {
			return 0, false
		}
	}
	return sum, true
}
