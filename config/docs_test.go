package config_test

import (
	"maps"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ritorno/config"
)

// documented lists the keys of docs/configuration.md: the rows of the tables
// under headings that name a section.
func documented(t *testing.T) []string {
	page, err := os.ReadFile("../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	heading := regexp.MustCompile("^## (?:Top level|`([A-Za-z_.]+)`)$")
	row := regexp.MustCompile("^\\| `([a-z_]+)` \\| [^|]+ \\| [^|]+ \\|$")
	var keys []string
	section, inside := "", false
	for line := range strings.Lines(string(page)) {
		line = strings.TrimSpace(line)
		if m := heading.FindStringSubmatch(line); m != nil {
			section, inside = m[1], true
			if section != "" {
				section += "."
			}
		} else if strings.HasPrefix(line, "## ") {
			inside = false
		}
		if m := row.FindStringSubmatch(line); m != nil && inside {
			keys = append(keys, section+m[1])
		}
	}
	slices.Sort(keys)
	return keys
}

// keysOf lists the keys that the structs take, by their yaml tags.
func keysOf(t reflect.Type, path string, found map[string]bool) {
	for f := range t.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		if name == "" || name == "-" {
			continue
		}
		found[path+name] = true
		inner, below := f.Type, path+name+"."
		for inner.Kind() == reflect.Pointer || inner.Kind() == reflect.Slice {
			if inner.Kind() == reflect.Slice && named(inner.Elem()) {
				below += "NAME."
			}
			inner = inner.Elem()
		}
		if inner.Kind() == reflect.Struct {
			keysOf(inner, below, found)
		}
	}
}

// named reports whether a list's entries stand in the file under their names.
func named(t reflect.Type) bool {
	if t.Kind() != reflect.Pointer || t.Elem().Kind() != reflect.Struct {
		return false
	}
	for f := range t.Elem().Fields() {
		if f.Tag.Get("yaml") == "-,key" {
			return true
		}
	}
	return false
}

func TestEveryKeyIsDocumentedAndNoOther(t *testing.T) {
	found := map[string]bool{}
	keysOf(reflect.TypeFor[config.Config](), "", found)
	if d := cmp.Diff(slices.Sorted(maps.Keys(found)), documented(t)); d != "" {
		t.Errorf("docs/configuration.md and the structs differ (-structs +page):\n%s", d)
	}
	if len(found) < 70 {
		t.Errorf("only %d keys found", len(found))
	}
}

// The files with every key keep their promise, so that the other tests mean it.
func TestTheFullFileHasEveryKey(t *testing.T) {
	var src []byte
	for _, name := range []string{"testdata/full.yaml", "testdata/full-mapping.yaml", "testdata/full-journeys.yaml"} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		src = append(src, text...)
	}
	found := map[string]bool{}
	keysOf(reflect.TypeFor[config.Config](), "", found)
	for path := range found {
		key := path[strings.LastIndex(path, ".")+1:]
		// from or messaging_service_sid, url or cluster: one of the two
		if path == "redis.cluster" || path == "twilio.from" {
			continue
		}
		if !regexp.MustCompile(`\b` + key + `:`).Match(src) {
			t.Errorf("testdata/full*.yaml have no %s", path)
		}
	}
}
