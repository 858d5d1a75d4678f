package safetensors

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"
)

const (
	one = `"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}`
	two = `"b":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}`
)

// TestRules: each of the format's rules, broken once, with the bytes spelled out.
func TestRules(t *testing.T) {
	data8, data12 := make([]byte, 8), make([]byte, 12)
	cases := []struct {
		name string
		file []byte
		want []string // all of them in the error
	}{
		{"empty file", nil, []string{"file has 0 bytes", "at least the 8"}},
		{"seven bytes", []byte("\x08\x00\x00\x00\x00\x00\x00"), []string{"file has 7 bytes"}},
		{"header length above the limit", binary.LittleEndian.AppendUint64(nil, MaxHeader+1), []string{"header length 100000001", "at most 100000000"}},
		{"header length of 2^64-1", bytes.Repeat([]byte{0xff}, 16), []string{"header length 18446744073709551615"}},
		{"header beyond the file", append(binary.LittleEndian.AppendUint64(nil, 100), "{}"...), []string{"header length 100", "only 2 bytes", "truncated"}},
		{"header of nothing", file("", nil), []string{"header begins with nothing", "expected '{'"}},
		{"header begins with a space", file(" {}", nil), []string{`header begins with " "`, "expected '{'"}},
		{"header is an array", file("[]", nil), []string{`header begins with "["`}},
		{"header is not UTF-8", file("{\"\xff\":1}", nil), []string{"not valid UTF-8"}},
		{"header ends early", file(`{"a":{"dtype":"F32"`, nil), []string{`tensor "a"`, "JSON ends at byte 19"}},
		{"header is not JSON", file(`{"a" 1}`, nil), []string{"not valid JSON"}},
		{"comma before the end", file(`{`+one+`,}`, data8), []string{"not valid JSON"}},
		{"text after the object", file(`{`+one+`} x`, data8), []string{"'x' at byte 55", "only spaces"}},
		{"newline after the object", file("{"+one+"}\n", data8), []string{`'\n'`, "only spaces"}},
		{"duplicate tensor", file(`{`+one+`,`+one+`}`, data8), []string{`duplicate key "a"`}},
		{"duplicate tensor by escape", file(`{`+one+`,`+strings.Replace(one, `"a"`, `"\u0061"`, 1)+`}`, data8), []string{`duplicate key "a"`}},
		{"duplicate key in a tensor", file(`{"a":{"dtype":"F32","dtype":"F16"}}`, data8), []string{`tensor "a"`, `duplicate key "dtype"`}},
		{"duplicate key in __metadata__", file(`{"__metadata__":{"k":"v","k":"w"}}`, nil), []string{"__metadata__", `duplicate key "k"`}},
		{"__metadata__ with a number", file(`{"__metadata__":{"k":1}}`, nil), []string{"__metadata__", `value of "k" is the number 1`, "expected a string"}},
		{"__metadata__ is a string", file(`{"__metadata__":"x"}`, nil), []string{"__metadata__", `the string "x"`, "expected an object"}},
		{"tensor is a number", file(`{"a":1}`, nil), []string{`tensor "a"`, "the number 1", "expected an object"}},
		{"dtype is missing", file(`{"a":{"shape":[2],"data_offsets":[0,8]}}`, data8), []string{`tensor "a"`, `key "dtype" is missing`}},
		{"shape is missing", file(`{"a":{"dtype":"F32","data_offsets":[0,8]}}`, data8), []string{`key "shape" is missing`}},
		{"data_offsets is missing", file(`{"a":{"dtype":"F32","shape":[2]}}`, data8), []string{`key "data_offsets" is missing`}},
		{"unknown key", file(`{"a":{"dtype":"F32","stride":[2]}}`, data8), []string{`unknown key "stride"`, "known are dtype, shape, data_offsets"}},
		{"unknown dtype", file(`{"a":{"dtype":"Q4","shape":[2],"data_offsets":[0,8]}}`, data8), []string{`tensor "a"`, `unknown dtype "Q4"`, "F64, F32, F16, BF16"}},
		{"dtype is a number", file(`{"a":{"dtype":32}}`, nil), []string{"dtype is the number 32", "expected a string"}},
		{"negative shape", file(`{"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}`, data8), []string{"shape holds -2", "non-negative"}},
		{"fractional shape", file(`{"a":{"dtype":"F32","shape":[2.0],"data_offsets":[0,8]}}`, data8), []string{"shape holds 2.0"}},
		{"shape of strings", file(`{"a":{"dtype":"F32","shape":["2"],"data_offsets":[0,8]}}`, data8), []string{`shape holds the string "2"`}},
		{"shape is a number", file(`{"a":{"dtype":"F32","shape":2,"data_offsets":[0,8]}}`, data8), []string{"shape is the number 2", "expected an array"}},
		{"product of the shape overflows", file(`{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,8]}}`, data8), []string{"overflows"}},
		{"bytes overflow", file(`{"a":{"dtype":"F64","shape":[4611686018427387904],"data_offsets":[0,8]}}`, data8), []string{"overflows"}},
		{"half a byte", file(`{"a":{"dtype":"F4","shape":[3],"data_offsets":[0,1]}}`, []byte{0}), []string{"12 bits", "whole bytes"}},
		{"one offset", file(`{"a":{"dtype":"F32","shape":[2],"data_offsets":[0]}}`, data8), []string{"data_offsets has 1 numbers, expected 2"}},
		{"offset beyond 2^63", file(`{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,9223372036854775808]}}`, data8), []string{"data_offsets holds 9223372036854775808"}},
		{"end before beginning", file(`{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}`, data8), []string{"data_offsets [8, 0]", "end at or after the beginning"}},
		{"bytes differ from dtype and shape", file(`{"a":{"dtype":"F16","shape":[2],"data_offsets":[0,8]}}`, data8), []string{"8 bytes", "F16", "[2]", "need 4"}},
		{"data beyond the file", file(`{`+one+`}`, data8[:7]), []string{`tensor "a"`, "ends at byte 8", "only 7 bytes", "truncated"}},
		{"overlap", file(`{`+one+`,"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}`, data12), []string{`tensor "b"`, `inside tensor "a"`, "overlap"}},
		{"the same range twice", file(`{`+one+`,"b":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}`, data8), []string{"overlap"}},
		{"hole at the beginning", file(`{`+two+`}`, data12), []string{`tensor "b"`, "no tensor covers the 8 bytes"}},
		{"hole in the middle", file(`{`+one+`,"b":{"dtype":"F32","shape":[1],"data_offsets":[12,16]}}`, make([]byte, 16)), []string{`tensor "b"`, "no tensor covers the 4 bytes"}},
		{"hole at the end", file(`{`+one+`}`, data12), []string{"no tensor covers the last 4"}},
		{"git lfs pointer", []byte("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 5\n"), []string{"Git LFS pointer", "git lfs pull"}},
		{"html page", []byte("\n<!DOCTYPE html><html>"), []string{"HTML page"}},
		{"zip", []byte("PK\x03\x04\x00\x00\x00\x00\x00"), []string{"zip archive"}},
		{"gguf", []byte("GGUF\x03\x00\x00\x00\x00"), []string{"GGUF"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := OpenSet(files(SingleFile, c.file))
			if err == nil {
				t.Fatal("opened, expected an error")
			}
			for _, want := range append(c.want, SingleFile) {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error %q does not contain %q", err, want)
				}
			}
		})
	}
}

// TestAllowed: what the format allows although it looks odd.
func TestAllowed(t *testing.T) {
	cases := []struct {
		name    string
		file    []byte
		tensors int
	}{
		{"no tensor", file("{}", nil), 0},
		{"padding", file("{}      ", nil), 0},
		{"only metadata", file(`{"__metadata__":{"format":"pt"}}`, nil), 0},
		{"scalar", file(`{"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}`, make([]byte, 4)), 1},
		{"empty tensors", file(`{"a":{"dtype":"F32","shape":[0,7],"data_offsets":[0,0]},`+strings.Replace(one, `"a"`, `"c"`, 1)+`,"z":{"dtype":"I8","shape":[0],"data_offsets":[8,8]}}`, make([]byte, 8)), 3},
		{"any order", file(`{`+two+`,`+one+`}`, make([]byte, 12)), 2},
		{"types that are only carried", file(`{"a":{"dtype":"F8_E4M3","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"F4","shape":[2],"data_offsets":[2,3]}}`, make([]byte, 3)), 2},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			set, err := OpenSet(files(SingleFile, c.file))
			if err != nil {
				t.Fatal(err)
			}
			if set.Len() != c.tensors {
				t.Errorf("%d tensors, want %d", set.Len(), c.tensors)
			}
			if err := set.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

// FuzzParse: no input panics, and what is accepted obeys the rules.
func FuzzParse(f *testing.F) {
	f.Add(file("{"+one+","+two+"}", make([]byte, 12)))
	f.Add(file(`{"__metadata__":{"format":"pt"},`+one+"}   ", make([]byte, 8)))
	f.Add(file(`{"a":{"dtype":"F4","shape":[2,0],"data_offsets":[0,0]}}`, nil))
	f.Add(file(`{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,8]}}`, make([]byte, 8)))
	f.Add(bytes.Repeat([]byte{0xff}, 16))
	f.Fuzz(func(t *testing.T, data []byte) {
		set, err := OpenSet(files(SingleFile, data))
		if err != nil {
			return
		}
		covered := int64(8) + int64(binary.LittleEndian.Uint64(data))
		for _, name := range set.Names() {
			info, _ := set.Info(name)
			covered += info.Bytes
			n := info.Elements()
			if info.Offset < 8 || info.Offset+info.Bytes > int64(len(data)) {
				t.Fatalf("tensor %q lies outside the file", name)
			}
			if info.Bytes > 0 && n > 8*info.Bytes {
				t.Fatalf("tensor %q: %d elements in %d bytes", name, n, info.Bytes)
			}
			if info.Bytes == 0 {
				continue
			}
			err := set.ReadFloat32(name, make([]float32, n), 0)
			if (err == nil) != info.DType.Readable() {
				t.Fatalf("tensor %q of %s: read gives %v", name, info.DType, err)
			}
		}
		if covered != int64(len(data)) {
			t.Fatalf("tensors cover %d of %d bytes", covered, len(data))
		}
	})
}
