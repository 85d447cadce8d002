package webhook

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"

	"ritorno/connectors"
)

// readXML reads one XML document: an element is an object of its elements by
// their local names, or a text where it has none; what repeats is a list; an
// attribute is a field with @ before its name, the text beside elements or
// attributes the field text. Namespaces are dropped. A document type, the only
// way to define entities, is refused, so no text grows by being read and
// nothing is fetched.
func readXML(body []byte) (any, error) {
	d := xml.NewDecoder(bytes.NewReader(body))
	d.CharsetReader = func(string, io.Reader) (io.Reader, error) { return nil, errCharset }
	r := xmlReader{root: map[string]any{}}
	for {
		tok, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			err = r.take(tok)
		} else if !errors.Is(err, connectors.ErrMalformed) {
			err = connectors.Malformed("", "not valid XML, or not in UTF-8")
		}
		if err != nil {
			return nil, err
		}
	}
	if len(r.open) > 0 || len(r.root) == 0 {
		return nil, connectors.Malformed("", "ends in the middle")
	}
	return plain(r.root), nil
}

var errCharset = errors.New("not UTF-8")

// xmlReader holds the elements that are open.
type xmlReader struct {
	root  map[string]any
	open  []*element
	parts int
}

// element is one element while it is read.
type element struct {
	name   xml.Name // as written: prefix and local name
	fields map[string]any
	text   []byte
	null   bool // marked as having no value
}

func (r *xmlReader) take(tok xml.Token) error {
	switch t := tok.(type) {
	case xml.StartElement:
		return r.start(t)
	case xml.EndElement:
		return r.end(t)
	case xml.CharData:
		return r.chars(t)
	case xml.Directive:
		return connectors.Malformed("", "XML with a document type")
	}
	return nil // comments and instructions say nothing
}

func (r *xmlReader) start(t xml.StartElement) error {
	r.parts += 1 + len(t.Attr)
	switch {
	case len(r.open) == maxDepth:
		return connectors.Malformed("", "nested deeper than 32 levels")
	case r.parts > maxParts:
		return connectors.Malformed("", "more than 20000 values")
	case len(r.open) == 0 && len(r.root) > 0:
		return connectors.Malformed("", "something stands behind the end of the XML document")
	}
	e := &element{name: t.Name, fields: map[string]any{}}
	for _, a := range t.Attr {
		if a.Name.Space == "xsi" { // says what type a value has, or that there is none
			e.null = e.null || a.Name.Local == "nil" && (a.Value == "true" || a.Value == "1")
			continue
		}
		if a.Name.Space == "xmlns" || a.Name.Local == "xmlns" {
			continue
		}
		if len(a.Value) > maxValue {
			return connectors.Malformed("", "longer than 64 KiB")
		}
		e.fields["@"+a.Name.Local] = a.Value
	}
	r.open = append(r.open, e)
	return nil
}

func (r *xmlReader) end(t xml.EndElement) error {
	if len(r.open) == 0 || r.open[len(r.open)-1].name != t.Name {
		return connectors.Malformed("", "not valid XML, or not in UTF-8")
	}
	e := r.open[len(r.open)-1]
	r.open = r.open[:len(r.open)-1]
	into := r.root
	if len(r.open) > 0 {
		into = r.open[len(r.open)-1].fields
	}
	put(into, e.name.Local, e.value())
	return nil
}

// value is an element's text, or its fields.
func (e *element) value() any {
	if e.null {
		return nil
	}
	text := strings.TrimSpace(string(e.text))
	if len(e.fields) == 0 {
		return text
	}
	if text != "" {
		put(e.fields, "text", text)
	}
	return e.fields
}

func (r *xmlReader) chars(t xml.CharData) error {
	if len(r.open) == 0 {
		if len(bytes.TrimSpace(t)) > 0 {
			return connectors.Malformed("", "something stands beside the XML document")
		}
		return nil
	}
	e := r.open[len(r.open)-1]
	if len(e.text)+len(t) > maxValue {
		return connectors.Malformed("", "longer than 64 KiB")
	}
	e.text = append(e.text, t...)
	return nil
}
