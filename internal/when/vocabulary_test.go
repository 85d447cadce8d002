package when_test

import (
	"os"
	"reflect"
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ritorno/internal/when"
)

// kinds are the words of docs/when.md for the kinds of values.
var kinds = map[reflect.Kind]string{
	reflect.Int:     "whole number",
	reflect.Float64: "number",
	reflect.Bool:    "yes or no",
	reflect.String:  "text",
}

func TestEveryNameIsDocumentedWithItsKindAndNoOther(t *testing.T) {
	page, err := os.ReadFile("../../docs/when.md")
	if err != nil {
		t.Fatal(err)
	}
	row := regexp.MustCompile("(?m)^\\| `([a-z0-9_]+)` \\| ([a-z ]+) \\| .+ \\|$")
	var documented, fields [][2]string
	for _, m := range row.FindAllStringSubmatch(string(page), -1) {
		documented = append(documented, [2]string{m[1], m[2]})
	}
	for f := range reflect.TypeFor[when.Env]().Fields() {
		fields = append(fields, [2]string{f.Tag.Get("expr"), kinds[f.Type.Kind()]})
	}
	if d := cmp.Diff(fields, documented); d != "" {
		t.Errorf("docs/when.md and when.Env differ (-struct +page):\n%s", d)
	}
}

func TestEveryNameCanBeUsed(t *testing.T) {
	zero := map[reflect.Kind]string{reflect.Int: "0", reflect.Float64: "0", reflect.Bool: "false", reflect.String: `""`}
	for f := range reflect.TypeFor[when.Env]().Fields() {
		src := f.Tag.Get("expr") + " == " + zero[f.Type.Kind()]
		e, err := when.Compile(src)
		if err != nil {
			t.Errorf("%s: %v", src, err)
			continue
		}
		if holds, err := e.Eval(when.Env{}); !holds || err != nil {
			t.Errorf("%s: %v, %v", src, holds, err)
		}
	}
}
