package config

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"

	"ritorno/internal/when"
)

// decoder walks the YAML against the structs, so that it can report every
// mistake and not only the first.
type decoder struct {
	*report
	env     func(string) (string, bool)
	anchors map[string]ast.Node
}

// Visit collects anchors.
func (d *decoder) Visit(n ast.Node) ast.Visitor {
	if a, ok := n.(*ast.AnchorNode); ok && a.Name != nil {
		d.anchors[a.Name.GetToken().Value] = a.Value
	}
	return d
}

func (d *decoder) root(n ast.Node, c *Config) {
	if n == nil {
		return
	}
	ast.Walk(d, n)
	d.value("", n, reflect.ValueOf(c).Elem(), false)
}

// value decodes a node into v. one allows a single value for a list.
func (d *decoder) value(path string, n ast.Node, v reflect.Value, one bool) {
	node := d.resolve(path, n)
	if node == nil {
		return
	}
	_, null := node.(*ast.NullNode)
	read, scalar := scalars[v.Type()]
	switch {
	case scalar:
		d.scalar(path, node, v, read)
	case null:
		// A section whose keys are all commented out: as if it were left out.
		d.blank[path] = true
	case v.Kind() == reflect.Pointer:
		if v.IsNil() {
			v.Set(reflect.New(v.Type().Elem()))
		}
		d.mapping(path, node, v.Elem())
	case words[v.Type()] != nil && isScalar(node):
		d.scalar(path, node, v, words[v.Type()])
	case v.Kind() == reflect.Struct:
		d.mapping(path, node, v)
	case v.Kind() == reflect.Map:
		d.pairs(path, node, v)
	default:
		d.list(path, node, v, one)
	}
}

func isScalar(n ast.Node) bool {
	_, ok := scalarText(n)
	return ok
}

// resolve takes tags, anchors and aliases off a node.
func (d *decoder) resolve(path string, n ast.Node) ast.Node {
	for range 8 {
		switch x := n.(type) {
		case *ast.AnchorNode:
			n = x.Value
		case *ast.TagNode:
			d.refuse(path, "must not have a YAML tag: take the word with ! away")
			return nil
		case *ast.AliasNode:
			target, ok := d.anchors[x.Value.GetToken().Value]
			if !ok {
				d.refuse(path, "names an anchor that is not there: define it with & above, or write the value out")
				return nil
			}
			n = target
		default:
			return n
		}
	}
	d.refuse(path, "refers to itself: write the value out")
	return nil
}

// refuse adds a problem with a value that cannot be taken over.
func (d *decoder) refuse(path, text string) {
	d.add(path, text)
	d.broken[path] = true
}

// scalar decodes a single value.
func (d *decoder) scalar(path string, n ast.Node, v reflect.Value, read func(string) (any, error)) {
	raw, ok := scalarText(n)
	if !ok {
		d.refuse(path, "must be a single value, not a list or a mapping")
		return
	}
	if _, null := n.(*ast.NullNode); null {
		d.refuse(path, "has no value: give one, or leave the key out")
		return
	}
	raw = unveil(raw)
	text, err := expand(raw, d.env)
	if err != nil {
		d.refuse(path, err.Error())
		return
	}
	value, err := read(text)
	var inside *when.Error
	switch {
	case errors.As(err, &inside):
		at := d.at(path)
		if raw == text {
			at.column += offset(n, inside.Column)
		}
		d.put(at, path, inside.Text, false)
		d.broken[path] = true
	case err != nil:
		d.refuse(path, err.Error())
	default:
		v.Set(reflect.ValueOf(value))
	}
}

// offset is where the n-th character of a scalar's text stands, counted from
// where the scalar begins; in a block of several lines that is not known.
func offset(n ast.Node, column int) int {
	if _, block := n.(*ast.LiteralNode); block {
		return 0
	}
	switch n.GetToken().Type {
	case token.SingleQuoteType, token.DoubleQuoteType:
		return column
	}
	return column - 1
}

// scalarText is the text of a single value as written; quotes make no
// difference, so a number may be written as "64".
func scalarText(n ast.Node) (string, bool) {
	switch x := n.(type) {
	case *ast.StringNode:
		return x.Value, true
	case *ast.LiteralNode:
		return strings.TrimSuffix(x.Value.Value, "\n"), true
	case ast.ScalarNode:
		return x.GetToken().Value, true
	}
	return "", false
}

// list decodes a list, or a mapping into a list of named entries.
func (d *decoder) list(path string, n ast.Node, v reflect.Value, one bool) {
	if _, ok := keyField(v.Type().Elem()); ok {
		d.keyed(path, n, v)
		return
	}
	nodes := []ast.Node{n}
	seq, ok := n.(*ast.SequenceNode)
	if ok {
		nodes = seq.Values
	} else if _, single := scalarText(n); !one || !single {
		d.refuse(path, "must be a list, such as [one, two]"+orOne(one))
		return
	}
	out := reflect.MakeSlice(v.Type(), len(nodes), len(nodes))
	for i, item := range nodes {
		at := path
		if ok {
			at = fmt.Sprintf("%s[%d]", path, i)
			d.places[at] = position(item)
		}
		if e := out.Index(i); e.Kind() == reflect.Pointer && e.Type().Elem().Kind() == reflect.Struct {
			e.Set(reflect.New(e.Type().Elem())) // never nil, whatever is wrong with it
		}
		d.value(at, item, out.Index(i), false)
	}
	v.Set(out)
}

func orOne(one bool) string {
	if one {
		return ", or a single value"
	}
	return ""
}

// keyed decodes a mapping of names to entries into a list of entries, ordered
// by name.
func (d *decoder) keyed(path string, n ast.Node, v reflect.Value) {
	entries, ok := d.entries(path, n)
	if !ok {
		return
	}
	slices.SortFunc(entries, func(a, b entry) int { return cmp.Compare(a.key, b.key) })
	name, _ := keyField(v.Type().Elem())
	out := reflect.MakeSlice(v.Type(), len(entries), len(entries))
	for i, e := range entries {
		if !nameForm.MatchString(e.key) {
			d.put(e.at, e.path, "must be named with letters, digits, _ and - only, at most 63 of them", false)
		}
		item := reflect.New(v.Type().Elem().Elem())
		item.Elem().Field(name).SetString(e.key)
		out.Index(i).Set(item)
		d.value(e.path, e.node, out.Index(i), false)
	}
	v.Set(out)
}

// pairs decodes a mapping whose keys are free text, such as the names of tags.
func (d *decoder) pairs(path string, n ast.Node, v reflect.Value) {
	entries, ok := d.entries(path, n)
	if !ok {
		return
	}
	out := reflect.MakeMap(v.Type())
	for _, e := range entries {
		value := reflect.New(v.Type().Elem()).Elem()
		d.value(e.path, e.node, value, false)
		out.SetMapIndex(reflect.ValueOf(e.key), value)
	}
	v.Set(out)
}

// mapping decodes a mapping into a struct.
func (d *decoder) mapping(path string, n ast.Node, v reflect.Value) {
	entries, ok := d.entries(path, n)
	if !ok {
		return
	}
	known := keys(v.Type())
	for _, e := range entries {
		k, ok := known[e.key]
		switch {
		case ok && k.short && plain(e.node):
			d.brief(e, v.Field(k.field))
		case ok:
			d.value(e.path, e.node, v.Field(k.field), k.one)
		default:
			d.put(e.at, e.path, "unknown key"+insteadOf(e.key, known), false)
		}
	}
}

// plain reports whether a node is a single value.
func plain(n ast.Node) bool {
	_, null := n.(*ast.NullNode)
	_, single := scalarText(n)
	return single && !null
}

// brief decodes a single value that stands for a struct: as that of its first
// key.
func (d *decoder) brief(e entry, v reflect.Value) {
	for i := range v.NumField() {
		if name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("yaml"), ","); name != "" && name != "-" {
			path := e.path + "." + name
			d.places[path] = position(e.node)
			d.value(path, e.node, v.Field(i), false)
			return
		}
	}
}

// insteadOf says which key may have been meant.
func insteadOf(given string, known map[string]key) string {
	names := slices.Sorted(maps.Keys(known))
	if hint := didYouMean(given, names); hint != "" {
		return hint
	}
	return ": take it out, or use one of " + strings.Join(names, ", ")
}
