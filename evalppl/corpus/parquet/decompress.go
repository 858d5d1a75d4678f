package parquet

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go/format"
	"github.com/pierrec/lz4/v4"
)

// decompress returns a page's bytes, which must be size many: never more is decompressed, whatever the data goes on to.
func decompress(codec format.CompressionCodec, body []byte, size int64) ([]byte, error) {
	if size < 0 {
		return nil, fmt.Errorf("it claims %d bytes decompressed: the file is damaged", size)
	}
	if size == 0 && len(body) == 0 {
		return nil, nil
	}
	var r io.Reader
	var err error
	switch codec {
	case format.Uncompressed:
		return exactly(body, size)
	case format.Snappy:
		n, err := snappy.DecodedLen(body)
		// No element of a block makes more than 64 bytes.
		if err != nil || int64(n) != size || size > 64*int64(len(body)) {
			return nil, damagedPage(codec, int64(n), size, err)
		}
		data, err := snappy.Decode(nil, body)
		if err != nil {
			return nil, damagedPage(codec, int64(len(data)), size, err)
		}
		return data, nil
	case format.Lz4Raw:
		if size > 255*int64(len(body)) { // what a byte of length can add
			return nil, damagedPage(codec, 255*int64(len(body)), size, nil)
		}
		data := make([]byte, size)
		n, err := lz4.UncompressBlock(body, data)
		if err != nil || int64(n) != size {
			return nil, damagedPage(codec, int64(n), size, err)
		}
		return data, nil
	case format.Gzip:
		r, err = gzip.NewReader(bytes.NewReader(body))
	case format.Brotli:
		r = brotli.NewReader(bytes.NewReader(body))
	case format.Zstd:
		var z *zstd.Decoder
		// The window of a page that fits is never larger than the page, but for the smallest that may be written.
		z, err = zstd.NewReader(bytes.NewReader(body), zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(1<<27))
		if err == nil {
			defer z.Close()
			r = z
		}
	default:
		return nil, fmt.Errorf("it is compressed with %s, which is not read: write the file with zstd or snappy", codec)
	}
	if err != nil {
		return nil, damagedPage(codec, 0, size, err)
	}
	// Grown as bytes come: the size is only a claim.
	var out bytes.Buffer
	n, err := io.Copy(&out, io.LimitReader(r, size+1))
	if err != nil || n != size {
		return nil, damagedPage(codec, n, size, err)
	}
	return out.Bytes(), nil
}

func exactly(body []byte, size int64) ([]byte, error) {
	if int64(len(body)) != size {
		return nil, damagedPage(format.Uncompressed, int64(len(body)), size, nil)
	}
	return body, nil
}

func damagedPage(codec format.CompressionCodec, got, want int64, err error) error {
	if err != nil {
		return fmt.Errorf("it cannot be decompressed (%s): %w: copy or download the file again", codec, err)
	}
	return fmt.Errorf("it decompresses (%s) to another size (%d bytes) than the %d that its header says: the file is damaged: copy or download it again", codec, got, want)
}
