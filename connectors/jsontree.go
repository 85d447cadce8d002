package connectors

import (
	"bytes"
	"math"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// DecodeTree reads one JSON body of any form, within the limits of [Decode]:
// null is nil, an object map[string]any, an array []any, text a string. A
// whole number is an int and another one a float64, where that loses no digit;
// else it is a string with the digits as written. Errors wrap [ErrMalformed].
func DecodeTree(body []byte) (any, error) {
	if err := check(body); err != nil {
		return nil, err
	}
	dec := jsontext.NewDecoder(bytes.NewBuffer(body), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	return tree(dec)
}

// tree reads the next value. check bounded its depth.
func tree(dec *jsontext.Decoder) (any, error) {
	tok, err := dec.ReadToken()
	if err != nil {
		return nil, syntaxError(err)
	}
	switch tok.Kind() {
	case '{':
		return object(dec)
	case '[':
		return array(dec)
	case 't', 'f':
		return tok.Bool(), nil
	case '"':
		return tok.String(), nil
	case '0':
		return numeral(tok.String()), nil
	}
	return nil, nil
}

func object(dec *jsontext.Decoder) (any, error) {
	out := map[string]any{}
	for dec.PeekKind() != '}' {
		tok, err := dec.ReadToken()
		if err != nil {
			return nil, syntaxError(err)
		}
		name := tok.String()
		if out[name], err = tree(dec); err != nil {
			return nil, err
		}
	}
	_, err := dec.ReadToken()
	return out, err
}

func array(dec *jsontext.Decoder) (any, error) {
	out := []any{}
	for dec.PeekKind() != ']' {
		v, err := tree(dec)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	_, err := dec.ReadToken()
	return out, err
}

// maxExact is the number of decimal digits that a float64 keeps.
const maxExact = 15

// numeral is a number without the loss of a digit.
func numeral(text string) any {
	if n, err := strconv.Atoi(text); err == nil && strconv.Itoa(n) == text {
		return n
	}
	digits := len(strings.Trim(strings.TrimLeft(strings.ToLower(text), "-0."), "0"))
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsInf(f, 0) || digits > maxExact+1 || math.Abs(f) >= 1e15 {
		return text
	}
	return f
}
