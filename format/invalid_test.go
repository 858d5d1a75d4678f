package format

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"
)

// One rule of SPEC.md, one container that breaks it and whose checksums agree.
func TestBrokenRules(t *testing.T) {
	le := binary.LittleEndian
	put32 := func(at int, v uint32) func(*testing.T, []byte) []byte {
		return func(_ *testing.T, b []byte) []byte { le.PutUint32(b[at:], v); return b }
	}
	put64 := func(at int, v uint64) func(*testing.T, []byte) []byte {
		return func(_ *testing.T, b []byte) []byte { le.PutUint64(b[at:], v); return b }
	}
	// add changes a 64-bit field by d.
	add := func(at int, d int64) func(*testing.T, []byte) []byte {
		return func(_ *testing.T, b []byte) []byte {
			le.PutUint64(b[at:], uint64(int64(le.Uint64(b[at:]))+d))
			return b
		}
	}
	record := func(i int, change func(rec []byte)) func(*testing.T, []byte) []byte {
		return func(t *testing.T, b []byte) []byte { change(recordAt(t, b, i)); return b }
	}
	move := func(i int, d int64) func(*testing.T, []byte) []byte {
		return record(i, func(rec []byte) { le.PutUint64(rec[recOffset:], uint64(int64(le.Uint64(rec[recOffset:]))+d)) })
	}
	float := func(at int, v float64) func(*testing.T, []byte) []byte {
		return record(1, func(rec []byte) { le.PutUint32(rec[recFlags:], 0); le.PutUint64(rec[at:], math.Float64bits(v)) })
	}
	for _, c := range []struct {
		name   string
		change func(*testing.T, []byte) []byte
		kind   error
		part   string
		says   string
	}{
		{"empty file", func(*testing.T, []byte) []byte { return nil }, ErrNotContainer, "header", "is empty"},
		{"safetensors", func(*testing.T, []byte) []byte { return []byte("\x10\x00\x00\x00\x00\x00\x00\x00{}") }, ErrNotContainer, "header", "begins with 10 00"},
		{"line ends changed", func(_ *testing.T, b []byte) []byte { return bytes.Replace(b, []byte("\r\n"), []byte("\n"), 1) }, ErrNotContainer, "header", "begins with"},
		{"version 2", put32(atVersion, 2), ErrUnsupported, "header", "container version 2, this package reads version 1"},
		{"version 0", put32(atVersion, 0), ErrUnsupported, "header", "container version 0"},
		{"header length", put32(atHeaderLen, 512), ErrInvalid, "header", "header length 512"},
		{"flags", put64(atFlags, 1<<63), ErrUnsupported, "header", "flags 0x8000000000000000"},
		{"reserved bytes of the header", func(_ *testing.T, b []byte) []byte { b[200] = 7; return b }, ErrInvalid, "header", "reserved byte is 0x7"},
		{"reserved bytes of a section", put32(atTokenizer+28, 1), ErrInvalid, "header", "reserved bytes are 0x1"},
		{"file length too large", add(atFileBytes, 1), ErrDamaged, endOfFile, "cut short"},
		{"file length of 2^64-1", put64(atFileBytes, math.MaxUint64), ErrDamaged, endOfFile, "cut short"},
		{"file length too small", add(atFileBytes, -1), ErrDamaged, endOfFile, "something was appended"},

		{"metadata elsewhere", add(atMetadata, 64), ErrInvalid, "header", "metadata at offset 320, the layout puts it at 256"},
		{"metadata over the header", put64(atMetadata, 0), ErrInvalid, "header", "metadata at offset 0"},
		{"metadata at 2^64-64", put64(atMetadata, math.MaxUint64-63), ErrInvalid, "header", "the layout puts it at 256"},
		{"metadata absent", func(_ *testing.T, b []byte) []byte { clear(b[atMetadata : atMetadata+32]); return b }, ErrInvalid, "header", "metadata of 0 bytes"},
		{"metadata of no bytes", put64(atMetadata+8, 0), ErrInvalid, "header", "metadata of 0 bytes compressed"},
		{"metadata of 2^64-1 bytes", put64(atMetadata+8, math.MaxUint64), ErrInvalid, "header", "bytes compressed"},
		{"metadata decompressed above the limit", put64(atMetadata+16, maxMetadata+1), ErrInvalid, "header", "must lie in 1..4194304"},
		{"metadata growing too far", put64(atMetadata+16, maxMetadata), ErrInvalid, "header", "more than 1024-fold"},
		{"metadata shorter than the frame says", add(atMetadata+16, -1), ErrInvalid, "metadata", "zstd"},
		{"metadata longer than the frame says", add(atMetadata+16, 1), ErrInvalid, "metadata", "the header says"},
		{"tokenizer elsewhere", add(atTokenizer, 64), ErrInvalid, "header", "the layout puts it at"},
		{"tokenizer over the metadata", put64(atTokenizer, headerBytes), ErrInvalid, "header", "tokenizer at offset 256"},
		{"tokenizer decompressed above the limit", put64(atTokenizer+16, maxTokenizer+1), ErrInvalid, "header", "must lie in 1..134217728"},
		{"tokenizer beyond the file", func(_ *testing.T, b []byte) []byte {
			le.PutUint64(b[atTokenizer+8:], 20000)
			le.PutUint64(b[atTokenizer+16:], 20000)
			return b
		}, ErrInvalid, "header", "ends beyond the file's"},
		{"tokenizer half absent", put64(atTokenizer, 0), ErrInvalid, "header", "tokenizer at offset 0"},
		{"index elsewhere", add(atIndex, 64), ErrInvalid, "header", "index at offset"},
		{"index over the tokenizer", add(atIndex, -64), ErrInvalid, "header", "index at offset"},
		{"no tensors", put64(atIndex+16, 0), ErrInvalid, "header", "0 tensors"},
		{"2^64-1 tensors", put64(atIndex+16, math.MaxUint64), ErrInvalid, "header", "18446744073709551615 tensors"},
		{"65536 tensors in a small index", put64(atIndex+16, maxTensors), ErrInvalid, "header", "65536 tensors need"},
		{"index of 2^64-1 bytes", put64(atIndex+8, math.MaxUint64), ErrInvalid, "header", "tensors need"},
		{"index beyond the file", func(_ *testing.T, b []byte) []byte {
			le.PutUint64(b[atIndex+16:], 200)
			le.PutUint64(b[atIndex+8:], 200*100)
			return b
		}, ErrInvalid, "header", "ends beyond the file's"},
		{"index longer than its names", func(_ *testing.T, b []byte) []byte { return add(atIndex+8, 1)(t, b) }, ErrInvalid, "index", "1 bytes after the last name"},

		{"name of no bytes", record(0, func(r []byte) { le.PutUint32(r, 0) }), ErrInvalid, "index", "record 0: name of 0 bytes"},
		{"name of 2^32-1 bytes", record(0, func(r []byte) { le.PutUint32(r, math.MaxUint32) }), ErrInvalid, "index", "record 0: name of 4294967295 bytes"},
		{"name of other characters", func(t *testing.T, b []byte) []byte {
			x := sectionOf(t, b, atIndex)
			b[x.offset+x.count*recordBytes] = '/'
			return b
		}, ErrInvalid, "index", `tensor name "/mbed.tokens": byte 0x2f`},
		{"names cut elsewhere", func(t *testing.T, b []byte) []byte {
			le.PutUint32(recordAt(t, b, 0), uint32(len("embed.token")))
			le.PutUint32(recordAt(t, b, 1), uint32(len("embed.positions")+1))
			return b
		}, ErrInvalid, `tensor "embed.tokens"`, `the index has "embed.token" in its place`},
		{"unknown codec", record(0, func(r []byte) { copy(r[recCodec:recCodec+16], "int3-g64\x00\x00\x00\x00\x00\x00\x00\x00") }), ErrUnsupported, `tensor "embed.tokens"`, `unknown codec "int3-g64"; known are f32, f16, bf16, int8-g32, int4-g32, raw-f32`},
		{"codec's name without end", record(0, func(r []byte) { copy(r[recCodec:], "abcdefghijklmnop") }), ErrUnsupported, `tensor "embed.tokens"`, "abcdefghijklmnop"},
		{"bytes after the codec's name", record(0, func(r []byte) { r[recCodec+15] = 1 }), ErrInvalid, `tensor "embed.tokens"`, "bytes after the codec's name"},
		{"codec of a vector", record(1, func(r []byte) { copy(r[recCodec:], "f32\x00\x00\x00\x00") }), ErrInvalid, `tensor "embed.positions"`, "codec f32 stores shape [6 4]"},
		{"no rows", record(0, func(r []byte) { le.PutUint32(r[recRows:], 0) }), ErrInvalid, `tensor "embed.tokens"`, "shape [0 4]"},
		{"2^31 columns", record(0, func(r []byte) { le.PutUint32(r[recCols:], 1<<31) }), ErrInvalid, `tensor "embed.tokens"`, "shape [5 2147483648]"},
		{"shape that overflows", record(1, func(r []byte) { le.PutUint64(r[recRows:], math.MaxInt32<<32|math.MaxInt32) }), ErrInvalid, `tensor "embed.positions"`, "overflow a 64-bit size"},
		{"bytes not the codec's", record(0, func(r []byte) { r[recBytes]++ }), ErrInvalid, `tensor "embed.tokens"`, "bytes, codec f32 stores shape [5 4] in 2048"},
		{"shape within the same tile", record(0, func(r []byte) { r[recRows]++ }), ErrInvalid, `tensor "embed.tokens"`, "shape [6 4], the model's spec asks for [5 4]"},
		{"offset not aligned", move(1, 4), ErrInvalid, `tensor "embed.positions"`, "must be a multiple of 64"},
		{"offset over the one before", move(1, -64), ErrInvalid, `tensor "embed.positions"`, "overlaps what ends at"},
		{"offset over the header", record(0, func(r []byte) { le.PutUint64(r[recOffset:], 0) }), ErrInvalid, `tensor "embed.tokens"`, "offset 0 overlaps"},
		{"offset that leaves a hole", move(1, 64), ErrInvalid, `tensor "embed.positions"`, "leaves a hole"},
		{"offset beyond the file", record(1, func(r []byte) { le.PutUint64(r[recOffset:], 1<<20) }), ErrInvalid, `tensor "embed.positions"`, "end beyond the file's"},
		{"offset of 2^64-64", record(1, func(r []byte) { le.PutUint64(r[recOffset:], math.MaxUint64-63) }), ErrInvalid, `tensor "embed.positions"`, "end beyond the file's"},
		{"two records exchanged", func(t *testing.T, b []byte) []byte {
			a, z := recordAt(t, b, 3), recordAt(t, b, 4)
			c := bytes.Clone(a)
			copy(a, z)
			copy(z, c)
			return b
		}, ErrInvalid, "", ""},
		{"flags of a tensor", record(1, func(r []byte) { le.PutUint32(r[recFlags:], 6) }), ErrUnsupported, `tensor "embed.positions"`, "flags 0x6"},
		{"reserved bytes of a record", record(1, func(r []byte) { r[recReserved] = 1 }), ErrInvalid, `tensor "embed.positions"`, "reserved bytes are 0x1"},
		{"rmse not a number", float(recRMSE, math.NaN()), ErrInvalid, `tensor "embed.positions"`, "must be finite"},
		{"max infinite", float(recMaxAbs, math.Inf(1)), ErrInvalid, `tensor "embed.positions"`, "must be finite"},
		{"sqnr infinite", float(recSQNR, math.Inf(1)), ErrInvalid, `tensor "embed.positions"`, "must be finite"},
		{"rmse negative", float(recRMSE, -1), ErrInvalid, `tensor "embed.positions"`, "must not be negative"},
		{"exact with an error", record(0, func(r []byte) {
			le.PutUint32(r[recFlags:], flagExact)
			le.PutUint64(r[recRMSE:], math.Float64bits(1))
		}), ErrInvalid, `tensor "embed.tokens"`, "of an exact tensor"},
		{"file ends after the last tensor", func(_ *testing.T, b []byte) []byte {
			return add(atFileBytes, 64)(t, append(b, make([]byte, 64)...))
		}, ErrInvalid, endOfFile, "the last tensor ends at"},
		{"tensor without a spec's wish", func(t *testing.T, b []byte) []byte { return withSpec(t, b, func(s *Spec) { s.TiedHead = true }) }, ErrInvalid, `tensor "head"`, "the model's spec asks for 16 tensors"},
		{"tensor missing", func(t *testing.T, b []byte) []byte { return withSpec(t, b, func(s *Spec) { s.Layers = 4096 }) }, ErrInvalid, `tensor "layers.1.attn.norm"`, `the index has "final.norm" in its place`},
		{"last tensor missing", func(t *testing.T, b []byte) []byte {
			r, err := openBytes("x.nbl", tinyNoTokenizer(t))
			if err != nil {
				t.Fatal(err)
			}
			m := r.Metadata()
			m.Spec.TiedHead = false
			return replaceSections(t, tinyNoTokenizer(t), mustEncode(t, m), nil)
		}, ErrInvalid, `tensor "head"`, "the index ends before it after 14 tensors, shape [40 24] is expected"},
		{"norm kept in a tile codec", func(t *testing.T, b []byte) []byte {
			return withSpec(t, b, func(s *Spec) {
				s.Position = Position{Kind: RotaryPositions, Rotary: &Rotary{Theta: 1, Dim: 2, Scaling: RotaryDefault}}
			})
		}, ErrInvalid, `tensor "layers.0.attn.norm"`, `the index has "embed.positions" in its place`},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := reseal(c.change(t, tiny(t)))
			_, err := openBytes("x.nbl", b)
			all := found(err)
			if len(all) == 0 {
				t.Fatalf("opened: %v", err)
			}
			if !errors.Is(all[0], c.kind) || c.part != "" && all[0].Part != c.part || !strings.Contains(all[0].Reason, c.says) {
				t.Fatalf("%v\nwant %s: %s (%v)", err, c.part, c.says, c.kind)
			}
		})
	}
}

func mustEncode(t testing.TB, m Metadata) []byte {
	t.Helper()
	b, err := encodeMetadata(m)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// withSpec gives a container another spec, with everything else as it was.
func withSpec(t testing.TB, b []byte, change func(*Spec)) []byte {
	t.Helper()
	r, err := openBytes("x.nbl", b)
	if err != nil {
		t.Fatal(err)
	}
	m := r.Metadata()
	change(&m.Spec)
	return replaceSections(t, b, mustEncode(t, m), nil)
}

// A codec that does not go with the tensor, of the right number of bytes, so that nothing but the spec can tell.
func TestCodecsThatDoNotFit(t *testing.T) {
	s := tinySpec()
	for _, c := range []struct {
		tensor, codec, says string
	}{
		{"final.norm", "f16", "norms, biases and positions are stored as raw-f32"},
		{"head", RawF32, "matrices are stored with a tile codec"},
	} {
		plans := plansFor(s, tileCodec)
		for i := range plans {
			if plans[i].Name == c.tensor {
				plans[i].Codec = c.codec
			}
		}
		if _, err := Create(t.TempDir()+"/x.nbl", metaFor(s), nil, plans, CreateOptions{}); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("Create with %s as %s: %v", c.tensor, c.codec, err)
		}
		for _, want := range s.Tensors() {
			if want.Name == c.tensor {
				if err := want.fits(TensorPlan{c.tensor, c.codec, want.Rows, want.Cols}); err == nil || !strings.Contains(err.Error(), c.says) {
					t.Errorf("a reader meets %s as %s: %v", c.tensor, c.codec, err)
				}
			}
		}
	}
}

// Metadata that a writer without checks could have written.
func TestBrokenMetadata(t *testing.T) {
	base := tinyNoTokenizer(t)
	good := string(mustEncode(t, metaFor(llamaSpec())))
	swap := func(from, to string) string {
		if strings.Count(good, from) != 1 {
			t.Fatalf("%q occurs %d times in %s", from, strings.Count(good, from), good)
		}
		return strings.Replace(good, from, to, 1)
	}
	if _, err := openBytes("x.nbl", replaceSections(t, base, []byte(swap(`"tool":`, `"calibration":{"text":"x"},"tool":`)), nil)); err != nil {
		t.Errorf("provenance of a later release: %v", err)
	}
	for _, c := range []struct{ name, json, says string }{
		{"not JSON", "{", "unexpected EOF"},
		{"spaces only", "  ", "unexpected EOF"},
		{"text after it", good + "{}", "after top-level value"},
		{"an array", "[]", "cannot unmarshal array"},
		{"null", "null", "spec is missing"},
		{"no spec", `{"model":"x"}`, "spec"},
		{"not UTF-8", swap("tiny", "tin\xff"), "not UTF-8"},
		{"a key twice", swap(`"tool":`, `"tool":"a","tool":`), `key "tool" is given twice`},
		{"a key twice, case apart", swap(`"hidden":`, `"Hidden":7,"hidden":`), `key "hidden" is given twice`},
		{"unknown field of the spec", swap(`"hidden":`, `"softcap":30,"hidden":`), `unknown field "softcap"`},
		{"number too large", swap(`"hidden":24`, `"hidden":1e99`), "cannot unmarshal number"},
		{"number not whole", swap(`"hidden":24`, `"hidden":24.5`), "cannot unmarshal number"},
		{"spec out of bounds", swap(`"layers":2`, `"layers":0`), "layers: 0, must lie in 1..4096"},
		{"control character", swap("tiny", `\u001b[2J`), "control character U+001B"},
		{"direction override", swap("tiny", `\u202e`), "control character U+202E"},
		{"long text", swap("tiny", strings.Repeat("x", 5000)), "at most 4096"},
		{"SHA-256 in capitals", swap("0123456789abcdef"+"0123456789abcdef"+"0123456789abcdef"+"0123456789abcdef", strings.Repeat("ABCDEF00", 8)), "must be 64 lower-case"},
		{"source of negative length", swap(`"bytes":99`, `"bytes":-1`), "must not be negative"},
		{"negative parameters", swap(`"parameters":123`, `"parameters":-1`), "parameters: -1"},
		{"deep", swap(`"tool":`, `"x":`+strings.Repeat("[", 40)+strings.Repeat("]", 40)+`,"tool":`), "deeper than 16"},
		{"very deep", strings.Repeat("[", 1<<20), "deeper than 16"},
		{"long array", swap(`"ignored":[`, `"eos":[`+strings.Repeat("0,", 70000)+`0],"ignored":[`), "more than 65536 values"},
		{"wide object", swap(`"tool":`, wide(70000)+`"tool":`), "more than 65536 values"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := openBytes("x.nbl", replaceSections(t, base, []byte(c.json), nil))
			if all := found(err); len(all) != 1 || all[0].Part != "metadata" || !errors.Is(err, ErrInvalid) || !strings.Contains(all[0].Reason, c.says) {
				t.Fatalf("%.400v\nwant %s", err, c.says)
			}
		})
	}
}

// wide is n members of an object.
func wide(n int) string {
	var b strings.Builder
	for i := range n {
		name, _ := json.Marshal(i)
		b.WriteString(`"k` + string(name) + `":0,`)
	}
	return b.String()
}

// Frames whose header lies about what they hold.
func TestDecompressionIsCapped(t *testing.T) {
	base := tinyNoTokenizer(t)
	meta := mustEncode(t, metaFor(llamaSpec()))
	stored, err := compress(meta)
	if err != nil {
		t.Fatal(err)
	}
	// A container may say 1 MiB and hold a frame of 64 MiB.
	bomb, err := compress(make([]byte, 64<<20))
	if err != nil {
		t.Fatal(err)
	}
	zeros, err := compress(make([]byte, 1000))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name      string
		tok       []byte
		n         uint64
		part, say string
	}{
		{"64 MiB in a frame, 1 MiB in the header", bomb, 1 << 20, "tokenizer", "exceeds"},
		{"64 MiB in both", bomb, 64 << 20, "header", "more than 1024-fold"},
		{"not a frame", []byte("no zstd at all"), 100, "tokenizer", "zstd"},
		{"a frame and rubbish", append(bytes.Clone(stored), 1, 2, 3, 4), uint64(len(meta)), "tokenizer", "zstd"},
		{"two frames", append(bytes.Clone(zeros), zeros...), 1000, "tokenizer", "exceeds"},
		{"half a frame", stored[:len(stored)/2], uint64(len(meta)), "tokenizer", "zstd"},
	} {
		_, err := openBytes("x.nbl", replaceStored(t, base, stored, uint64(len(meta)), c.tok, c.n))
		if all := found(err); len(all) != 1 || all[0].Part != c.part || !strings.Contains(all[0].Reason, c.say) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// Tokenizer sections that packTokenizer does not make.
func TestBrokenTokenizer(t *testing.T) {
	file := func(name, content string) string {
		b := binary.LittleEndian.AppendUint32(nil, uint32(len(name)))
		b = binary.LittleEndian.AppendUint32(b, 0)
		b = binary.LittleEndian.AppendUint64(b, uint64(len(content)))
		return string(b) + name + content
	}
	base := tinyNoTokenizer(t)
	meta := mustEncode(t, metaFor(llamaSpec()))
	many := ""
	for i := range 257 {
		many += file("f"+string(rune('a'+i/26))+string(rune('a'+i%26)), "")
	}
	for _, c := range []struct{ name, section, says string }{
		{"half an entry", file("a", "x") + "\x01\x00\x00", "3 bytes left, its entry has 16"},
		{"reserved bytes", "\x01\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00a", "reserved bytes are 0x1"},
		{"name beyond the end", file("abc", "")[:18], "name of 3 bytes"},
		{"name of 2^32-1 bytes", "\xff\xff\xff\xff" + file("a", "")[4:], "name of 4294967295 bytes"},
		{"file beyond the end", file("a", "xyz")[:18], `file "a": 3 bytes, only 1 are left`},
		{"file of 2^64-1 bytes", "\x01\x00\x00\x00\x00\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xffa", "18446744073709551615 bytes, only 0 are left"},
		{"twice", file("a", "") + file("a", ""), "must be in ascending order and differ"},
		{"not in order", file("b", "") + file("a", ""), "must be in ascending order and differ"},
		{"case apart", file("A", "") + file("a", ""), "differ in case only"},
		{"no name", file("", ""), "must have 1 to 128"},
		{"up", file("..", ""), "a dot or - at its beginning"},
		{"path", file("../x", ""), "byte 0x2f"},
		{"Windows path", file(`a\x`, ""), "byte 0x5c"},
		{"drive", file("c:x", ""), "byte 0x3a"},
		{"hidden", file(".profile", ""), "a dot or - at its beginning"},
		{"option", file("-rf", ""), "a dot or - at its beginning"},
		{"dot at the end", file("x.", ""), "a dot at its end"},
		{"device", file("NUL.txt", ""), "is a device on Windows"},
		{"port", file("com1", ""), "is a device on Windows"},
		{"zero byte", file("a\x00", ""), "byte 0x0"},
		{"not ASCII", file("ä", ""), "byte 0xc3"},
		{"long name", file(strings.Repeat("a", 129), ""), "name of 129 bytes"},
		{"many files", many, "more than 256 files"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := openBytes("x.nbl", replaceSections(t, base, meta, []byte(c.section)))
			if all := found(err); len(all) != 1 || all[0].Part != "tokenizer" || !errors.Is(err, ErrInvalid) || !strings.Contains(all[0].Reason, c.says) {
				t.Fatalf("%v\nwant %s", err, c.says)
			}
		})
	}
}

// A host that keeps numbers the other way round would take the weights for others.
func TestBigEndianHostIsRefused(t *testing.T) {
	b := tiny(t)
	littleEndian = false
	defer func() { littleEndian = true }()
	if _, err := openBytes("x.nbl", b); !errors.Is(err, ErrUnsupported) || !strings.Contains(err.Error(), "big-endian") {
		t.Fatal(err)
	}
}

// The bytes as SPEC.md gives them, spelled out.
func TestHeaderBytes(t *testing.T) {
	h := header{
		fileBytes: 0x1122334455, metadata: section{256, 3, 5, 0xaabbccdd}, index: section{320, 99, 1, 0x01020304},
	}
	want := make([]byte, 256)
	copy(want, "\x89NBL\r\n\x1a\n"+"\x01\x00\x00\x00"+"\x00\x01\x00\x00"+"\x00\x00\x00\x00\x00\x00\x00\x00"+"\x55\x44\x33\x22\x11\x00\x00\x00")
	copy(want[32:], "\x00\x01\x00\x00\x00\x00\x00\x00"+"\x03\x00\x00\x00\x00\x00\x00\x00"+"\x05\x00\x00\x00\x00\x00\x00\x00"+"\xdd\xcc\xbb\xaa"+"\x00\x00\x00\x00")
	copy(want[96:], "\x40\x01\x00\x00\x00\x00\x00\x00"+"\x63\x00\x00\x00\x00\x00\x00\x00"+"\x01\x00\x00\x00\x00\x00\x00\x00"+"\x04\x03\x02\x01"+"\x00\x00\x00\x00")
	binary.LittleEndian.PutUint32(want[252:], checksum(want[:252]))
	if got := h.encode(); !bytes.Equal(got, want) {
		t.Errorf("got  %x\nwant %x", got, want)
	}
	index := encodeIndex([]TensorInfo{{
		TensorPlan: TensorPlan{Name: "head", Codec: "int4-g32", Rows: 3, Cols: 258}, Offset: 0x400, Bytes: 0xa20, CRC32C: 0x11223344,
		Error: TensorError{RMSE: 1, MaxAbs: 2, SQNR: -2},
	}})
	if want := "\x04\x00\x00\x00" + "\x00\x00\x00\x00" + "int4-g32\x00\x00\x00\x00\x00\x00\x00\x00" + "\x03\x00\x00\x00" + "\x02\x01\x00\x00" +
		"\x00\x04\x00\x00\x00\x00\x00\x00" + "\x20\x0a\x00\x00\x00\x00\x00\x00" + "\x44\x33\x22\x11" + "\x00\x00\x00\x00" +
		"\x00\x00\x00\x00\x00\x00\xf0\x3f" + "\x00\x00\x00\x00\x00\x00\x00\x40" + "\x00\x00\x00\x00\x00\x00\x00\xc0" + "head"; string(index) != want {
		t.Errorf("got  %x\nwant %x", index, want)
	}
}
