package connectors

import (
	"math"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Text is a field that should be text. Numbers are kept digit for digit, so
// that ids above 2^53 stay whole; null, "", [], {} and an absent field are all
// the empty text: no information.
type Text string

// UnmarshalJSONFrom implements [json.UnmarshalerFrom].
func (t *Text) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	s, _, err := scalarText(dec)
	*t = Text(s)
	return err
}

// Line is the text as one clean line of at most limit bytes: control and
// invisible characters and those that turn the writing direction are dropped,
// blanks around it too.
func (t Text) Line(limit int) string {
	s := strings.TrimSpace(strings.Map(visible, string(t)))
	if len(s) <= limit {
		return s
	}
	for limit > 0 && !utf8.RuneStart(s[limit]) {
		limit--
	}
	return strings.TrimSpace(s[:limit])
}

// visible drops runes that only serve to deceive or to break lines.
func visible(r rune) rune {
	switch {
	case r == '\t' || r == '\n' || r == '\r':
		return ' '
	case unicode.IsControl(r), unicode.Is(unicode.Cf, r), r == '\u2028', r == '\u2029', r == utf8.RuneError:
		return -1
	}
	return r
}

// ID is the id of an object at its source: opaque text, at most 200 bytes.
type ID string

// UnmarshalJSONFrom implements [json.UnmarshalerFrom].
func (i *ID) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	s, kind, err := scalarText(dec)
	if err != nil {
		return err
	}
	s = strings.TrimSpace(s)
	switch {
	case len(s) > 200:
		return badValue("an id over 200 bytes")
	case strings.ContainsFunc(s, func(r rune) bool { return visible(r) != r }):
		return badValue("an id with invisible characters")
	case kind == '0' && strings.ContainsAny(s, ".eE"):
		return badValue("an id that is a number must be a whole one, all digits written out")
	}
	*i = ID(s)
	return nil
}

// Flag is a yes or no: true, "true", "yes", 1, "1" and their opposites. The
// zero value says nothing, which most callers treat as no.
type Flag struct{ Known, On bool }

// UnmarshalJSONFrom implements [json.UnmarshalerFrom].
func (f *Flag) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	if k := dec.PeekKind(); k == 't' || k == 'f' {
		tok, err := dec.ReadToken()
		*f = Flag{Known: true, On: err == nil && tok.Bool()}
		return err
	}
	s, _, err := scalarText(dec)
	if err != nil {
		return err
	}
	switch strings.ToLower(strings.TrimSpace(s)) {
	case "":
		*f = Flag{}
	case "true", "yes", "1":
		*f = Flag{Known: true, On: true}
	case "false", "no", "0":
		*f = Flag{Known: true}
	default:
		return badValue("neither yes nor no")
	}
	return nil
}

// Count is a small whole number, such as a quantity: a number or text, also
// written as 2.0. Absent is 0.
type Count int

// UnmarshalJSONFrom implements [json.UnmarshalerFrom].
func (c *Count) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	s, _, err := scalarText(dec)
	if err != nil {
		return err
	}
	if s = strings.TrimSpace(s); s == "" {
		*c = 0
		return nil
	}
	n, err := strconv.ParseFloat(s, 64)
	if err != nil || n != math.Trunc(n) || math.Abs(n) > 1e9 {
		return badValue("not a whole number up to a billion")
	}
	*c = Count(n)
	return nil
}

// List is an array that may also come as null, "" or {}: nothing in it.
type List[T any] []T

// UnmarshalJSONFrom implements [json.UnmarshalerFrom].
func (l *List[T]) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	if dec.PeekKind() == '[' {
		var all []T
		err := json.UnmarshalDecode(dec, &all)
		*l = all
		return err
	}
	*l = nil
	return nothing(dec, "want an array")
}

// Maybe is an object that may also come as null, "" or [], as PHP writes an
// empty one. Set tells whether there was an object, Present whether the field
// was there at all.
type Maybe[T any] struct {
	Present Seen
	Set     bool
	Value   T
}

// UnmarshalJSONFrom implements [json.UnmarshalerFrom].
func (m *Maybe[T]) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	*m = Maybe[T]{Present: true}
	if dec.PeekKind() != '{' {
		return nothing(dec, "want an object")
	}
	m.Set = true
	return json.UnmarshalDecode(dec, &m.Value)
}

// Seen tells whether a field is there at all, whatever it holds: by its fields
// one object is told from another.
type Seen bool

// UnmarshalJSONFrom implements [json.UnmarshalerFrom].
func (s *Seen) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	*s = true
	return dec.SkipValue()
}

// scalarText reads text or a number and returns the number's own digits. What
// says nothing is the empty text.
func scalarText(dec *jsontext.Decoder) (string, jsontext.Kind, error) {
	kind := dec.PeekKind()
	if kind != '"' && kind != '0' {
		return "", kind, nothing(dec, "want text or a number")
	}
	tok, err := dec.ReadToken()
	if err != nil {
		return "", kind, err
	}
	return tok.String(), kind, nil
}

// nothing reads a value that says nothing, and refuses any other.
func nothing(dec *jsontext.Decoder, want string) error {
	value, err := dec.ReadValue()
	if err != nil {
		return err
	}
	switch k := value.Kind(); k {
	case 'n':
		return nil
	case '"', '{', '[':
		if inner := value[1 : len(value)-1]; strings.TrimSpace(string(inner)) == "" {
			return nil
		}
		return badValue(want + ", got " + kindName(k))
	default:
		return badValue(want + ", got " + kindName(k))
	}
}
