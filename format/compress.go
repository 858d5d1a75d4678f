package format

import (
	"fmt"

	"github.com/klauspost/compress/zstd"
)

// Limits on the compressed sections (SPEC.md, Limits).
const (
	maxMetadata  = 4 << 20
	maxTokenizer = 128 << 20
	// Beyond freeContent bytes a section may not grow more than maxRatio-fold: what a reader allocates stays in proportion to
	// the file. JSON and vocabularies shrink 3- to 20-fold.
	freeContent = 1 << 20
	maxRatio    = 1024
)

func ratioAllowed(stored, content uint64) bool {
	return content <= freeContent || content/maxRatio <= stored
}

// compress writes one zstd frame (RFC 8878) that states its content's length. One goroutine: the bytes depend on the input alone.
func compress(content []byte) ([]byte, error) {
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedBetterCompression),
		zstd.WithEncoderCRC(false), zstd.WithSingleSegment(true))
	if err != nil {
		return nil, fmt.Errorf("zstd: %w", err)
	}
	defer enc.Close()
	return enc.EncodeAll(content, nil), nil
}

// decompress decodes stored to exactly size bytes, size having been checked against the limits. The output never outgrows the slice
// that it is given; the memory limit bounds the window that a frame may ask for.
func decompress(stored []byte, size uint64) ([]byte, error) {
	dec, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxTokenizer), zstd.WithDecodeAllCapLimit(true))
	if err != nil {
		return nil, fmt.Errorf("zstd: %w", err)
	}
	defer dec.Close()
	content, err := dec.DecodeAll(stored, make([]byte, 0, size))
	if err != nil {
		return nil, fmt.Errorf("zstd decoding to %d bytes: %w", size, err)
	}
	if uint64(len(content)) != size {
		return nil, fmt.Errorf("decompresses to %d bytes, the header says %d", len(content), size)
	}
	return content, nil
}
