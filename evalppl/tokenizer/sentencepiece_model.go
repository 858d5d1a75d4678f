package tokenizer

import (
	"fmt"
	"math"
	"unicode/utf8"
)

// pieceType is ModelProto.SentencePiece.Type.
type pieceType uint8

const (
	pieceNormal      pieceType = 1
	pieceUnknown     pieceType = 2
	pieceControl     pieceType = 3
	pieceUserDefined pieceType = 4
	pieceUnused      pieceType = 5
	pieceByte        pieceType = 6
)

// spPiece is one entry of the vocabulary.
type spPiece struct {
	text  string
	score float32
	kind  pieceType
}

// spModel is a parsed tokenizer.model: sentencepiece_model.proto, as far as encoding and decoding need it.
type spModel struct {
	pieces                                         []spPiece
	modelType                                      int64 // 1 unigram, 2 BPE, 3 word, 4 character
	byteFallback, suffixSpace                      bool
	bosPiece, eosPiece, unkSurface                 string
	charsmap                                       []byte
	addDummyPrefix, removeExtraSpaces, escapeSpace bool
	denormalizer                                   bool // a denormalizer with rules
}

func parseSentencePiece(data []byte) (*spModel, error) {
	m := &spModel{
		modelType: 1, bosPiece: "<s>", eosPiece: "</s>", unkSurface: " \u2047 ",
		addDummyPrefix: true, removeExtraSpaces: true, escapeSpace: true,
	}
	err := readFields(data, func(x field) error {
		if x.number != 1 && x.number != 2 && x.number != 3 && x.number != 5 {
			return nil
		}
		msg, err := x.bytes()
		if err != nil {
			return err
		}
		switch x.number {
		case 1:
			err = m.readPiece(msg)
		case 2:
			err = m.readTrainer(msg)
		case 3:
			err = m.readNormalizer(msg)
		case 5:
			err = readFields(msg, func(y field) error {
				m.denormalizer = m.denormalizer || y.number == 2 && len(y.data) > 0
				return nil
			})
		}
		if err != nil {
			return fmt.Errorf("field %d at byte %d: %w", x.number, x.offset, err)
		}
		return nil
	})
	return m, err
}

func (m *spModel) readPiece(msg []byte) error {
	p := spPiece{kind: pieceNormal}
	err := readFields(msg, func(x field) error {
		var err error
		switch x.number {
		case 1:
			var b []byte
			b, err = x.bytes()
			p.text = string(b)
		case 2:
			p.score, err = x.float()
		case 3:
			var v int64
			v, err = x.integer()
			if v < 1 || v > 6 {
				return fmt.Errorf("piece type %d is not known", v)
			}
			p.kind = pieceType(v)
		}
		return err
	})
	switch {
	case err != nil:
		return err
	case p.text == "" || !utf8.ValidString(p.text):
		return fmt.Errorf("piece %d (%q) is empty or not UTF-8", len(m.pieces), p.text)
	case math.IsNaN(float64(p.score)):
		return fmt.Errorf("piece %d (%q) has no number as score", len(m.pieces), p.text)
	case len(m.pieces) >= maxTokens:
		return fmt.Errorf("more than %d pieces", maxTokens)
	}
	m.pieces = append(m.pieces, p)
	return nil
}

func (m *spModel) readTrainer(msg []byte) error {
	text := func(to *string, x field) error {
		b, err := x.bytes()
		*to = string(b)
		if err == nil && !utf8.Valid(b) {
			err = fmt.Errorf("field %d is not UTF-8", x.number)
		}
		return err
	}
	return readFields(msg, func(x field) (err error) {
		switch x.number {
		case 3:
			m.modelType, err = x.integer()
		case 24:
			m.suffixSpace, err = x.boolean()
		case 35:
			m.byteFallback, err = x.boolean()
		case 44:
			err = text(&m.unkSurface, x)
		case 46:
			err = text(&m.bosPiece, x)
		case 47:
			err = text(&m.eosPiece, x)
		}
		return err
	})
}

func (m *spModel) readNormalizer(msg []byte) error {
	return readFields(msg, func(x field) (err error) {
		switch x.number {
		case 2:
			m.charsmap, err = x.bytes()
		case 3:
			m.addDummyPrefix, err = x.boolean()
		case 4:
			m.removeExtraSpaces, err = x.boolean()
		case 5:
			m.escapeSpace, err = x.boolean()
		}
		return err
	})
}
