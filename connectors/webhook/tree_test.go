package webhook

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ritorno/connectors"
	"ritorno/internal/mapping"
)

func TestReadForms(t *testing.T) {
	for name, tt := range map[string]struct {
		body string
		want any
	}{
		"a form":                      {"a=1&b=x+y%26z", map[string]any{"a": "1", "b": "x y&z"}},
		"brackets nest":               {"contact%5Bid%5D=7&contact[fields][39]=v", map[string]any{"contact": map[string]any{"id": "7", "fields": map[string]any{"39": "v"}}}},
		"what repeats is a list":      {"tag=a&tag=b&tag=c", map[string]any{"tag": []any{"a", "b", "c"}}},
		"empty brackets, too":         {"tag[]=a&tag[]=b", map[string]any{"tag": []any{"a", "b"}}},
		"a name alone":                {"a=1&b&c=", map[string]any{"a": "1", "b": "", "c": ""}},
		"brackets that do not close":  {"a[b=1&c=2", map[string]any{"a[b": "1", "c": "2"}},
		"a line break at the end":     {"a=1\r\n", map[string]any{"a": "1"}},
		"JSON behind a mark":          {"\xef\xbb\xbf{\"a\":1}", map[string]any{"a": 1}},
		"XML":                         {`<?xml version="1.0"?><o id="5"><n>x</n><e/></o>`, map[string]any{"o": map[string]any{"@id": "5", "n": "x", "e": ""}}},
		"what repeats in XML":         {`<o><l>1</l><l>2</l><l a="b">3</l></o>`, map[string]any{"o": map[string]any{"l": []any{"1", "2", map[string]any{"@a": "b", "text": "3"}}}}},
		"XML with namespaces":         {`<s:o xmlns:s="u"><s:n xsi:type="t">x</s:n><s:z xsi:nil="true"/></s:o>`, map[string]any{"o": map[string]any{"n": "x", "z": nil}}},
		"text that needs its escapes": {`<o>a &amp; &lt;b&gt; <![CDATA[<c>]]></o>`, map[string]any{"o": "a & <b> <c>"}},
		"comments and instructions":   {"<!-- x --><?p q?><o>1</o>\n", map[string]any{"o": "1"}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := read([]byte(tt.body))
			if diff := cmp.Diff(tt.want, got); diff != "" || err != nil {
				t.Errorf("%v (-want +got):\n%s", err, diff)
			}
		})
	}
}

func TestReadRefuses(t *testing.T) {
	var parts strings.Builder
	for i := range maxParts + 1 {
		fmt.Fprintf(&parts, "k%d=1&", i)
	}
	for name, tt := range map[string]struct{ body, says string }{
		"nothing":                   {"", "the body is empty"},
		"plain text":                {"hello", "not valid JSON"},
		"half an object":            {`{"a":`, "ends in the middle"},
		"too large":                 {"a=" + strings.Repeat("x", 1<<20), "larger than 1 MiB"},
		"a broken percent code":     {"a=%zz", "broken percent code"},
		"bytes that are no UTF-8":   {"a=%ff", "not valid UTF-8"},
		"a value and an object":     {"a=1&a[b]=2", "/a: is a value and an object at once"},
		"an object and a value":     {"a[b]=2&a=1", "/a: is a value and an object at once"},
		"a form of great depth":     {"a" + strings.Repeat("[b]", 40) + "=1", "nested deeper"},
		"a form of great width":     {parts.String(), "more than 20000 values"},
		"a long value":              {"a=" + strings.Repeat("x", maxValue+1), "over 64 KiB"},
		"XML cut short":             {"<o><n>x</n>", "ends in the middle"},
		"XML with a wrong end":      {"<o><n>x</o></n>", "not valid XML"},
		"two documents":             {"<o/><p/>", "behind the end"},
		"text behind it":            {"<o/>x", "beside the XML document"},
		"a document type":           {`<!DOCTYPE o [<!ENTITY a "aaaa">]><o>&a;</o>`, "document type"},
		"an entity of its own":      {`<o>&planted;</o>`, "not valid XML"},
		"an encoding of old":        {`<?xml version="1.0" encoding="ISO-8859-1"?><o/>`, "not in UTF-8"},
		"XML of great depth":        {strings.Repeat("<a>", 40) + strings.Repeat("</a>", 40), "nested deeper"},
		"XML of great width":        {"<o>" + strings.Repeat("<a/>", maxParts) + "</o>", "more than 20000 values"},
		"a long text in XML":        {"<o>" + strings.Repeat("x", maxValue+1) + "</o>", "longer than 64 KiB"},
		"a long attribute":          {`<o a="` + strings.Repeat("x", maxValue+1) + `"/>`, "longer than 64 KiB"},
		"an end without a begin":    {"</o>", "not valid XML"},
		"nothing but a declaration": {`<?xml version="1.0"?>`, "ends in the middle"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := read([]byte(tt.body))
			if !errors.Is(err, connectors.ErrMalformed) || !strings.Contains(err.Error(), tt.says) || got != nil {
				t.Errorf("%v, %v; want %q", got, err, tt.says)
			}
			if err != nil && strings.Contains(err.Error(), "planted") {
				t.Errorf("quotes the body: %v", err)
			}
		})
	}
}

// depth counts the levels and leaves of a tree.
func depth(v any) (levels, leaves int) {
	var inner []any
	switch x := v.(type) {
	case map[string]any:
		for _, one := range x {
			inner = append(inner, one)
		}
	case []any:
		inner = x
	default:
		return 0, 1
	}
	for _, one := range inner {
		l, n := depth(one)
		levels, leaves = max(levels, l), leaves+n
	}
	return levels + 1, leaves + 1
}

func FuzzRead(f *testing.F) {
	for _, s := range []string{
		"a=1&b[c][]=2&b[c][]=3", `<a b="c"><d>x</d><d/></a>`, `{"a":[1]}`, "a=%5B", "<a>&lt;</a>", "<!DOCTYPE a><a/>", `<a xsi:nil="1"/>`, "a[b]=1&a=2", "=", "&&", "<a:b xmlns:a='x'/>", "a[]=1&a[b]=2",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		v, err := read(body)
		if err != nil {
			if !errors.Is(err, connectors.ErrMalformed) || v != nil {
				t.Fatalf("%v with err %v, want ErrMalformed and nothing", v, err)
			}
			return
		}
		if levels, leaves := depth(v); levels > 2*maxDepth || leaves > 50_001 {
			t.Fatalf("%d levels, %d values", levels, leaves)
		}
	})
}

// What a configuration can name and what a body may hold are the same.
func TestMappingKnowsTheTypes(t *testing.T) {
	for _, name := range mapping.Types() {
		if _, ok := types[name]; !ok && name != "ignore" {
			t.Errorf("a mapping may give %s, which nothing reads", name)
		}
	}
	if len(mapping.Types()) != len(types)+1 {
		t.Errorf("%d types of mappings, %d of bodies", len(mapping.Types()), len(types))
	}
}
