package connectors

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Limits of a JSON body. What is over one of them is no webhook of any shop
// but an attempt to cost us memory.
const (
	MaxBody   = 1 << 20 // bytes
	maxDepth  = 32
	maxTokens = 50_000
	maxKeys   = 500      // of one object
	maxString = 64 << 10 // bytes of one string or number as written
)

// Decode reads one JSON body into dst, a pointer to a struct. It is strict
// about form: size, depth and width are bounded, and bodies that two readers
// could understand differently are refused (the same key twice, also in another
// letter case, invalid UTF-8, half a surrogate pair, anything behind the end).
// Names match in their exact letter case. It is tolerant about
// content through the field types of this package ([Text], [ID], [Amount],
// [Stamp], [Flag], [Count], [List], [Maybe]).
//
// Errors wrap [ErrMalformed] and name the place and the reason, never a value.
func Decode(body []byte, dst any) error {
	if err := check(body); err != nil {
		return err
	}
	// Checked above: the second pass need not look again.
	err := json.Unmarshal(body, dst, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	if err != nil {
		return typeError(err)
	}
	return nil
}

// Malformed says that a verified body cannot be used: at is the JSON pointer of
// the field, reason must not hold its value.
func Malformed(at, reason string) error {
	return fmt.Errorf("%w: %s: %s", ErrMalformed, place(jsontext.Pointer(at)), reason)
}

// check reads all tokens and holds them against the limits.
func check(body []byte) error {
	switch {
	case len(body) > MaxBody:
		return Malformed("", "larger than 1 MiB")
	case len(bytes.TrimLeft(body, " \t\r\n")) == 0:
		return Malformed("", "the body is empty")
	case bytes.HasPrefix(body, []byte("\xef\xbb\xbf")):
		return Malformed("", "starts with a byte order mark; send plain UTF-8")
	case !utf8.Valid(body):
		return Malformed("", "is not valid UTF-8")
	}
	c := checker{body: body, dec: jsontext.NewDecoder(bytes.NewBuffer(body))}
	if err := c.run(); err != nil || !c.capitals {
		return err
	}
	// Rare among shops, so only now: do two names differ in case alone?
	c = checker{body: body, dec: jsontext.NewDecoder(bytes.NewBuffer(body)), fold: true}
	return c.run()
}

// checker walks the tokens of one body.
type checker struct {
	body     []byte
	dec      *jsontext.Decoder
	tokens   int
	done     bool                  // the one value is complete
	capitals bool                  // some name is not plain lower case
	fold     bool                  // compare names without case
	names    []map[string]struct{} // of each open object, folded
}

func (c *checker) run() error {
	for {
		err := c.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// next checks one token. It returns io.EOF behind the end of a sound body.
func (c *checker) next() error {
	before := c.dec.InputOffset()
	tok, err := c.dec.ReadToken()
	switch {
	case errors.Is(err, io.EOF) && c.done:
		return io.EOF
	case c.done:
		return Malformed("", "something stands behind the end of the JSON value")
	case err != nil:
		return syntaxError(err)
	}
	c.tokens++
	c.done = c.dec.StackDepth() == 0
	switch {
	case c.tokens > maxTokens:
		return Malformed("", "more than 50000 values")
	case c.dec.StackDepth() > maxDepth:
		return Malformed("", "nested deeper than 32 levels")
	}
	switch tok.Kind() {
	case '{', '[':
		c.names = append(c.names, nil)
	case '}', ']':
		c.names = c.names[:len(c.names)-1]
	default:
		return c.scalar(tok, c.body[before:c.dec.InputOffset()])
	}
	return nil
}

// scalar checks the length of a value and, for a name, that no other name of
// its object reads the same.
func (c *checker) scalar(tok jsontext.Token, raw []byte) error {
	raw = bytes.TrimLeft(raw, ", \t\r\n:")
	if len(raw) > maxString {
		return Malformed(string(c.dec.StackPointer()), "longer than 64 KiB")
	}
	depth := c.dec.StackDepth()
	if depth == 0 {
		return nil
	}
	kind, n := c.dec.StackIndex(depth)
	if kind != '{' || n%2 == 0 {
		return nil // a value: the count is odd right behind a name
	}
	if n > 2*maxKeys {
		return Malformed("", "an object with more than 500 keys")
	}
	if !c.fold {
		c.capitals = c.capitals || !lower(raw)
		return nil
	}
	open := &c.names[len(c.names)-1]
	if *open == nil {
		*open = map[string]struct{}{}
	}
	name := foldName(tok.String())
	if _, found := (*open)[name]; found {
		return Malformed(string(c.dec.StackPointer()), "the same key twice in different letter case")
	}
	(*open)[name] = struct{}{}
	return nil
}

// lower reports whether a quoted name has no other spelling in another case.
func lower(raw []byte) bool {
	for _, b := range raw {
		if b >= 'A' && b <= 'Z' || b == '\\' || b >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// foldName makes names equal that differ in letter case only.
func foldName(name string) string {
	return strings.ToLower(strings.ToUpper(name))
}

// syntaxError turns the parser's complaint into ours, which quotes nothing.
func syntaxError(err error) error {
	at, offset := jsontext.Pointer(""), int64(0)
	var syntax *jsontext.SyntacticError
	if errors.As(err, &syntax) {
		at, offset = syntax.JSONPointer, syntax.ByteOffset
	}
	reason := fmt.Sprintf("not valid JSON near byte %d", offset)
	switch {
	case errors.Is(err, jsontext.ErrDuplicateName):
		reason = "the same key twice"
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		reason = "ends in the middle"
	case strings.Contains(err.Error(), "surrogate"):
		reason = "holds half a surrogate pair"
	case strings.Contains(err.Error(), "depth"):
		reason = "nested deeper than 32 levels"
	}
	return Malformed(string(at), reason)
}

// typeError turns the decoder's complaint into ours.
func typeError(err error) error {
	at, reason := jsontext.Pointer(""), "not what is expected here"
	var semantic *json.SemanticError
	if errors.As(err, &semantic) {
		at = semantic.JSONPointer
		if semantic.GoType != nil {
			reason = "want " + wanted(semantic.GoType.Kind()) + ", got " + kindName(semantic.JSONKind)
		}
	}
	var bad badValue
	if errors.As(err, &bad) {
		reason = string(bad)
	}
	return Malformed(string(at), reason)
}

// badValue is the reason that a field type gives; it never holds the value.
type badValue string

func (b badValue) Error() string { return string(b) }
