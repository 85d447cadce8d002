package main

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// docs/simulate.md names every field that --json prints, and every note.
func TestEveryFieldOfTheSimulationIsDocumented(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join(moduleDir(t), "docs", "simulate.md"))
	if err != nil {
		t.Fatal(err)
	}
	text := string(raw)
	fields := map[string]bool{}
	fieldsOf(reflect.TypeFor[simulated](), fields)
	if len(fields) < 50 {
		t.Fatalf("only %d fields were found", len(fields))
	}
	for _, words := range []*simulateWords{wordsOf("it"), wordsOf("en")} {
		if len(words.Remarks) != 7 || len(words.Reasons) != len(wordsOf("en").Reasons) {
			t.Errorf("%s: %d notes, %d reasons", words.Lang, len(words.Remarks), len(words.Reasons))
		}
		for code := range words.Remarks {
			fields[code] = true
		}
		for i, v := range reflect.ValueOf(*words).Fields() {
			if v.IsZero() {
				t.Errorf("%s: %s has no words", words.Lang, i.Name)
			}
		}
	}
	for name := range fields {
		if !strings.Contains(text, "`"+name+"`") && !strings.Contains(text, "`"+name+"[]`") {
			t.Errorf("docs/simulate.md does not tell of %s", name)
		}
	}
}

// fieldsOf collects the JSON names below a type.
func fieldsOf(t reflect.Type, into map[string]bool) {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice:
		fieldsOf(t.Elem(), into)
		return
	case reflect.Struct:
	default:
		return
	}
	if t.PkgPath() == "time" {
		return
	}
	for f := range t.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "" && !f.Anonymous || into[name] && name != "" {
			continue
		}
		if name != "" {
			into[name] = true
		}
		fieldsOf(f.Type, into)
	}
}
