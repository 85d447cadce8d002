package webhook

import (
	"bytes"
	"unicode/utf8"

	"ritorno/connectors"
)

// Bounds of form and XML bodies; those of JSON are in package connectors.
const (
	maxDepth = 32
	maxParts = 20_000   // fields of a form, elements and attributes of XML
	maxValue = 64 << 10 // bytes of one value
)

// read turns a body in any of three forms into a tree of values, see
// [connectors.DecodeTree]. What a body is shows at its first byte: senders get
// Content-Type wrong more often than that.
func read(body []byte) (any, error) {
	body = bytes.TrimPrefix(body, []byte("\xef\xbb\xbf"))
	start := bytes.TrimLeft(body, " \t\r\n")
	switch {
	case len(body) > connectors.MaxBody:
		return nil, connectors.Malformed("", "larger than 1 MiB")
	case len(start) == 0 || start[0] == '{' || start[0] == '[':
		return connectors.DecodeTree(body)
	case start[0] == '<':
		return readXML(body)
	case looksLikeForm(start):
		return readForm(string(bytes.TrimRight(start, "\r\n")))
	}
	return connectors.DecodeTree(body)
}

// looksLikeForm reports whether a body is name=value and so on.
func looksLikeForm(body []byte) bool {
	name, _, found := bytes.Cut(body, []byte("="))
	return found && len(name) > 0 && !bytes.ContainsAny(name, " \"{}<>\n") && utf8.Valid(body)
}

// put sets a value of a form or of XML, which write lists by repeating a name.
func put(into map[string]any, name string, v any) {
	have, found := into[name]
	if !found {
		into[name] = v
		return
	}
	if list, ok := have.(list); ok {
		*list.values = append(*list.values, v)
		return
	}
	into[name] = list{&[]any{have, v}}
}

// list is a list while it grows; plain makes it a plain one.
type list struct{ values *[]any }

func plain(v any) any {
	switch x := v.(type) {
	case list:
		for i := range *x.values {
			(*x.values)[i] = plain((*x.values)[i])
		}
		return *x.values
	case map[string]any:
		for k := range x {
			x[k] = plain(x[k])
		}
	}
	return v
}
