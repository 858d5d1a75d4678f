package convert

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"
)

// ConfigFile is the name of a checkpoint's configuration.
const ConfigFile = "config.json"

// maxConfig bounds config.json; published ones take a few kilobytes.
const maxConfig = 16 << 20

// Config is a checkpoint's config.json, one raw value for each key.
type Config struct{ keys map[string]json.RawMessage }

// parseConfig reads the object; duplicate keys keep the last value, as in Python.
func parseConfig(data []byte) (Config, error) {
	var c Config
	if err := json.Unmarshal(data, &c.keys); err != nil {
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) {
			line := 1 + bytes.Count(data[:min(int64(len(data)), syntax.Offset)], []byte("\n"))
			return c, fmt.Errorf("%s: line %d: not valid JSON: %w", ConfigFile, line, err)
		}
		return c, fmt.Errorf("%s: found %s, expected an object", ConfigFile, describe(data))
	}
	if c.keys == nil {
		return c, fmt.Errorf("%s: found null, expected an object", ConfigFile)
	}
	return c, nil
}

// keyError is an error about one key.
func keyError(key, format string, args ...any) error {
	return fmt.Errorf("%s: key %q: %w", ConfigFile, key, fmt.Errorf(format, args...))
}

// Decode fills a struct by its json tags, exact names only. A key that is absent leaves the field as it is (its default); null
// is allowed for pointers, slices and maps. The tag `config` demands more: "required" that the key is there, "dim" that the
// integer is at least 1.
func (c Config) Decode(dst any) error { return c.decode(reflect.ValueOf(dst).Elem()) }

func (c Config) decode(v reflect.Value) error {
	for i := range v.NumField() {
		field, value := v.Type().Field(i), v.Field(i)
		if field.Anonymous {
			if err := c.decode(value); err != nil {
				return err
			}
			continue
		}
		key, demands := field.Tag.Get("json"), field.Tag.Get("config")
		raw, ok := c.keys[key]
		if !ok {
			if strings.Contains(demands, "required") {
				return keyError(key, "is missing, expected %s", expected(field.Type))
			}
			continue
		}
		if err := decodeValue(key, raw, value); err != nil {
			return err
		}
		if strings.Contains(demands, "dim") {
			if n := reflect.Indirect(value); n.IsValid() && (n.Int() < 1 || n.Int() > math.MaxInt32) {
				return keyError(key, "found %d, expected an integer from 1 to %d", n.Int(), math.MaxInt32)
			}
		}
	}
	return nil
}

func decodeValue(key string, raw json.RawMessage, value reflect.Value) error {
	wrong := func() error { return keyError(key, "found %s, expected %s", describe(raw), expected(value.Type())) }
	if string(raw) == "null" {
		switch value.Kind() {
		case reflect.Pointer, reflect.Slice, reflect.Map:
			value.SetZero()
			return nil
		}
		return wrong()
	}
	fresh := reflect.New(value.Type())
	if err := json.Unmarshal(raw, fresh.Interface()); err != nil {
		var inner *json.UnmarshalTypeError
		if errors.As(err, &inner) && inner.Field != "" {
			return keyError(key+"."+inner.Field, "found %s, expected %s", inner.Value, expected(inner.Type))
		}
		return wrong()
	}
	value.Set(fresh.Elem())
	return nil
}

// expected names the JSON type that a Go type reads.
func expected(t reflect.Type) string {
	switch t {
	case reflect.TypeFor[tokenIDs]():
		return "an integer, a list of integers or null"
	case reflect.TypeFor[[]attentionTypes]():
		return `a list such as [[["global", "local"], 12]]`
	}
	switch t.Kind() {
	case reflect.Pointer:
		return expected(t.Elem()) + " or null"
	case reflect.Int:
		return "an integer"
	case reflect.Float64:
		return "a number"
	case reflect.Bool:
		return "true or false"
	case reflect.String:
		return "a string"
	case reflect.Slice:
		return "a list of " + strings.TrimPrefix(strings.TrimPrefix(expected(t.Elem()), "an "), "a ") + "s"
	}
	return "an object"
}

// describe names a JSON value, shortened.
func describe(raw []byte) string {
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 {
		return "nothing"
	}
	text := string(raw)
	if len(text) > 40 {
		text = strings.ToValidUTF8(text[:40], "") + "..."
	}
	switch raw[0] {
	case '{':
		return "an object"
	case '[':
		return "the list " + text
	case '"':
		return "the string " + text
	case 't', 'f', 'n':
		return text
	}
	return "the number " + text
}

// special is what every architecture's config.json says beside its shape. Absent keys keep the values the architecture sets,
// which are those of transformers' configuration class.
type special struct {
	Tied         bool            `json:"tie_word_embeddings"`
	BOS          *int            `json:"bos_token_id"`
	EOS          tokenIDs        `json:"eos_token_id"`
	Quantization *map[string]any `json:"quantization_config"`
}

// check refuses checkpoints whose weights are already quantized, and returns the ids for the Spec. Default ids beyond a small
// vocabulary are dropped; ids that the file itself names are kept as they are.
func (s special) check(c Config, vocab int) (bos *int, eos []int, err error) {
	if s.Quantization != nil {
		method, _ := (*s.Quantization)["quant_method"].(string)
		return nil, nil, keyError("quantization_config", "the checkpoint is already quantized (quant_method %q), expected one in F32, F16 or BF16; convert the model it was made from", method)
	}
	bos, eos = s.BOS, s.EOS
	if _, stated := c.keys["bos_token_id"]; !stated && bos != nil && *bos >= vocab {
		bos = nil
	}
	if _, stated := c.keys["eos_token_id"]; !stated && len(eos) > 0 && eos[0] >= vocab {
		eos = nil
	}
	if bos != nil && (*bos < 0 || *bos > math.MaxInt32) {
		return nil, nil, keyError("bos_token_id", "found %d, expected an id from 0 to %d, or null", *bos, math.MaxInt32)
	}
	for _, id := range eos {
		if id < 0 || id > math.MaxInt32 {
			return nil, nil, keyError("eos_token_id", "found %d, expected ids from 0 to %d", id, math.MaxInt32)
		}
	}
	return bos, eos, nil
}

// tokenIDs reads one id or a list of them.
type tokenIDs []int

func (t *tokenIDs) UnmarshalJSON(data []byte) error {
	var one int
	if json.Unmarshal(data, &one) == nil {
		*t = tokenIDs{one}
		return nil
	}
	var list []int
	err := json.Unmarshal(data, &list)
	*t = list
	return err
}

func ref[T any](v T) *T { return &v }
