package connectorstest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"net/url"
	"slices"
	"strings"
)

// Mutations are bodies that a genuine one could become by accident or malice,
// with what was done to it. Values that a source could quote are [Planted].
func Mutations(body []byte) iter.Seq2[string, []byte] {
	return func(yield func(string, []byte) bool) {
		for name, b := range whole(body) {
			if !yield(name, b) {
				return
			}
		}
		if !wrongForm(body, yield) {
			return
		}
		wrongTypes(body, yield)
	}
}

// wrongForm replaces each field of a form, if the body is one, by other values.
func wrongForm(body []byte, yield func(string, []byte) bool) (more bool) {
	fields, err := url.ParseQuery(string(body))
	if err != nil || !bytes.Contains(body, []byte("=")) || bytes.HasPrefix(body, []byte("{")) {
		return true
	}
	values := map[string][]string{
		"missing": nil, "empty": {""}, "an address": {Planted}, "twice": {Planted, Planted}, "not UTF-8": {"\xff\xfe" + Planted},
		"control characters": {"\x00\x1b" + Planted + "\u202e\r\n"}, "very long": {strings.Repeat(Planted, 1000)}, "entities": {"&#0;&lt;" + Planted},
	}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		old := fields[name]
		for what, v := range values {
			fields[name] = v
			if !yield(name+" "+what, []byte(fields.Encode())) {
				return false
			}
		}
		fields[name] = old
	}
	fields[Planted] = []string{Planted}
	return yield("an address as field", []byte(fields.Encode()))
}

// whole are the mutations that do not look inside.
func whole(body []byte) map[string][]byte {
	out := map[string][]byte{
		"empty":             {},
		"null":              []byte("null"),
		"an array of it":    slices.Concat([]byte("["), body, []byte("]")),
		"twice":             slices.Concat(body, body),
		"nested 1000 deep":  []byte(strings.Repeat(`{"data":`, 1000) + `"` + Planted + `"` + strings.Repeat("}", 1000)),
		"1 MiB of objects":  []byte("[" + strings.TrimSuffix(strings.Repeat("{},", 1<<20/3), ",") + "]"),
		"over 1 MiB":        slices.Concat(body, bytes.Repeat([]byte(" "), 1<<20)),
		"a byte order mark": slices.Concat([]byte("\xef\xbb\xbf"), body),
		"not UTF-8":         bytes.ReplaceAll(body, []byte(":"), []byte(":\xff")),
		"not JSON":          []byte(Planted),
		"an address as key": []byte(`{"` + Planted + `":1,"` + Planted + `":2}`),
		"JSON in a string":  []byte(fmt.Sprintf("%q", body)),
	}
	for i := range 16 {
		out[fmt.Sprintf("cut at %d/16", i)] = body[:len(body)*i/16]
	}
	return out
}

// wrongTypes replaces each field of a JSON object, at every level down to the
// third, by values of other types.
func wrongTypes(body []byte, yield func(string, []byte) bool) {
	values := map[string]any{
		"null": nil, "an address": Planted, "a huge number": json.Number("1e400"), "an empty array": []any{},
		"an array of addresses": []any{Planted, []any{Planted}}, "an object with an address": map[string]any{Planted: Planted, "id": Planted},
		"control characters": "\x00\x1b" + Planted + "\u202e\r\n",
	}
	var root map[string]any
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	if dec.Decode(&root) != nil {
		return
	}
	tell := func(name string) bool {
		text, err := json.Marshal(root)
		return err != nil || yield(name, text)
	}
	replace(root, "", 3, func(object map[string]any, field, path string) bool {
		for name, v := range values {
			object[field] = v
			if !tell(path + " as " + name) {
				return false
			}
		}
		delete(object, field)
		return tell(path + " missing")
	})
}

// replace visits the fields of an object. visit may change the field at will,
// its value is put back afterwards; on false the walk ends.
func replace(object map[string]any, path string, depth int, visit func(object map[string]any, field, path string) bool) bool {
	for _, name := range slices.Sorted(maps.Keys(object)) {
		old := object[name]
		at := path + "/" + name
		more := visit(object, name, at)
		object[name] = old
		if !more {
			return false
		}
		if list, ok := old.([]any); ok && len(list) > 0 {
			old = list[0]
		}
		if inner, ok := old.(map[string]any); ok && depth > 1 {
			if !replace(inner, at, depth-1, visit) {
				return false
			}
		}
	}
	return true
}

// shape is what the fields of a body have in common with those of another of
// its kind: the names at the top, and the type where an envelope names one. What
// is no JSON object has a shape of its own.
func shape(body []byte) string {
	var root map[string]json.RawMessage
	if json.Unmarshal(body, &root) != nil {
		return string(body)
	}
	return strings.Join(slices.Sorted(maps.Keys(root)), " ") + string(root["type"])
}
