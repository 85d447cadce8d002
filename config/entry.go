package config

import (
	"fmt"
	"reflect"
	"regexp"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// nameForm is what shops, sources and journeys may be called: their names
// stand in URLs and in the store's keys.
var nameForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$`)

// entry is one key of a mapping with its value.
type entry struct {
	key  string
	path string
	at   place // of the key
	node ast.Node
}

// entries lists the keys of a mapping, each once, and notes the places of
// their values.
func (d *decoder) entries(path string, n ast.Node) ([]entry, bool) {
	var values []*ast.MappingValueNode
	switch x := n.(type) {
	case *ast.MappingNode:
		values = x.Values
	case *ast.MappingValueNode:
		values = []*ast.MappingValueNode{x}
	default:
		d.refuse(path, "must be a mapping of keys to values")
		return nil, false
	}
	var list []entry
	first := map[string]int{}
	for _, v := range values {
		e, ok := d.entry(path, v)
		if !ok {
			continue
		}
		if line := first[e.key]; line > 0 {
			d.put(e.at, e.path, fmt.Sprintf("is given twice: take one away, the first is on line %d", line), false)
			continue
		}
		first[e.key] = e.at.line
		d.places[e.path] = e.at
		if v.Value != nil && single(v.Value) {
			d.places[e.path] = position(v.Value)
		}
		list = append(list, e)
	}
	return list, true
}

func (d *decoder) entry(path string, v *ast.MappingValueNode) (entry, bool) {
	at := position(v.Key)
	if _, merge := v.Key.(*ast.MergeKeyNode); merge {
		d.put(at, path, "must not use the merge key <<: write the keys out", false)
		d.broken[path] = true // which keys it would bring is not known
		return entry{}, false
	}
	text, ok := scalarText(v.Key)
	if !ok {
		d.put(at, path, "has a key that is no plain word: write key: value", false)
		return entry{}, false
	}
	if path != "" {
		path += "."
	}
	key := unveil(text)
	return entry{key, path + key, at, v.Value}, true
}

// single reports whether problems with a value are shown at the value and not
// at its key.
func single(n ast.Node) bool {
	switch x := n.(type) {
	case *ast.NullNode:
		return false
	case *ast.MappingNode:
		return x.IsFlowStyle
	case *ast.SequenceNode:
		return x.IsFlowStyle
	}
	return true
}

// position is where a node begins.
func position(n ast.Node) place {
	switch x := n.(type) {
	case nil:
		return place{1, 1}
	case *ast.MappingNode:
		if !x.IsFlowStyle && len(x.Values) > 0 {
			return position(x.Values[0])
		}
	case *ast.MappingValueNode:
		return position(x.Key)
	case *ast.DocumentNode:
		if x.Body != nil {
			return position(x.Body)
		}
	}
	if t := n.GetToken(); t != nil && t.Position != nil {
		return place{t.Position.Line, t.Position.Column}
	}
	return place{1, 1}
}

// key is a struct field that a key of the file is decoded into.
type key struct {
	field int
	one   bool // a single value is allowed for a list
	short bool // a single value is allowed for a struct: that of its first key
}

// keys lists the keys of a struct by their yaml tags.
func keys(t reflect.Type) map[string]key {
	known := map[string]key{}
	for i := range t.NumField() {
		name, option, _ := strings.Cut(t.Field(i).Tag.Get("yaml"), ",")
		if name != "" && name != "-" {
			known[name] = key{i, option == "one", option == "short"}
		}
	}
	return known
}

// keyField is the field of a list's entries that holds their name, where the
// file writes them as a mapping.
func keyField(t reflect.Type) (int, bool) {
	if t.Kind() != reflect.Pointer || t.Elem().Kind() != reflect.Struct {
		return 0, false
	}
	for i := range t.Elem().NumField() {
		if t.Elem().Field(i).Tag.Get("yaml") == "-,key" {
			return i, true
		}
	}
	return 0, false
}
