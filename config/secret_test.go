package config_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"ritorno/config"
)

// holder has a secret where fmt cannot call its methods.
type holder struct{ secret config.Secret }

func TestASecretIsNeverPrinted(t *testing.T) {
	s := config.NewSecret("planted")
	asJSON, err := json.Marshal(map[string]any{"value": s, "list": []config.Secret{s}})
	if err != nil {
		t.Fatal(err)
	}
	asYAML, err := yaml.Marshal(map[string]any{"value": s, "pointer": &s})
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	slog.New(slog.NewJSONHandler(&log, nil)).Info("said", "secret", s)
	slog.New(slog.NewTextHandler(&log, nil)).Info("said", "secret", s, "in", struct{ S config.Secret }{s})
	printed := []string{string(asJSON), string(asYAML), log.String(), s.String()}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%T %p", "%08.3f", "%U"} {
		printed = append(printed, fmt.Sprintf(verb, s), fmt.Sprintf(verb, &s), fmt.Sprintf(verb, holder{s}), fmt.Sprintf(verb, []config.Secret{s}))
	}
	for _, p := range printed {
		if strings.Contains(p, "planted") || strings.Contains(p, "706c616e746564") {
			t.Errorf("printed: %s", p)
		}
	}
	if got := fmt.Sprintf("%v %#v", s, s); got != "*** ***" {
		t.Errorf("printed as %s", got)
	}
	if s.Reveal() != "planted" || s.Empty() || !(config.Secret{}).Empty() {
		t.Error("the text is lost")
	}
	if !s.Equal(config.NewSecret("planted")) || s.Equal(config.Secret{}) {
		t.Error("Equal does not compare the texts")
	}
}

func TestAWholeConfigurationPrintsNoSecret(t *testing.T) {
	c := full(t)
	asJSON, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	shop, source := c.Shop("zeta"), c.Shop("zeta").Source("crm")
	for _, p := range []string{string(asJSON), fmt.Sprintf("%v %+v %#v", c, c, c), fmt.Sprintf("%+v %#v %+v", shop, source, source), fmt.Sprintf("%+v %+v", c.Twilio, c.Redis)} {
		if strings.Contains(p, "planted") {
			t.Errorf("printed: %s", p)
		}
	}
}

// plants are texts that are refused in different ways and carry the same mark.
var plants = []string{"MARK", "whsec_MARK", "redis://u:MARK@%zz", "${MARK", "\x00MARK\n"}

// Whatever stands at whatever place: a value of the file or of the environment
// is never repeated in a problem, for it may be a secret in the wrong place.
func TestNoValueStandsInAProblem(t *testing.T) {
	for name, least := range map[string]int{"testdata/full.yaml": 300, "testdata/full-mapping.yaml": 200, "testdata/full-journeys.yaml": 100} {
		t.Run(name, func(t *testing.T) { plantEverywhere(t, name, least) })
	}
}

func plantEverywhere(t *testing.T, name string, least int) {
	t.Helper()
	src, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var tree any
	if err := yaml.Unmarshal([]byte(plain(string(src))), &tree); err != nil {
		t.Fatal(err)
	}
	leaves := 0
	for i, plant := range plants {
		eachLeaf(tree, "", func(path string, set func(any)) {
			if strings.HasSuffix(path, "/when") || strings.HasSuffix(path, "/stop_if") {
				return // conditions are quoted: they are no place for a secret
			}
			leaves++
			values := []any{plant}
			if i == 0 {
				values = []any{plant, "${PLANTED}", []any{plant}, map[string]any{"a": plant}}
			}
			for _, value := range values {
				set(value)
				planted, err := yaml.Marshal(tree)
				if err != nil {
					t.Fatal(err)
				}
				c, found := config.Parse("f.yaml", planted, from(map[string]string{"PLANTED": plant}))
				for _, p := range append(found, c.Check(builtins{})...) {
					if strings.Contains(p.String(), "MARK") {
						t.Errorf("%q at %s: %s", plant, path, p)
					}
				}
			}
		})
	}
	if leaves < least {
		t.Errorf("only %d values planted", leaves)
	}
}

// plain replaces the references of the file by words.
func plain(src string) string {
	for name, value := range fullEnv {
		src = strings.ReplaceAll(src, "${"+name+"}", value)
	}
	return strings.NewReplacer("${PORT:-9090}", "9090", "${SHOPIFY_OLD_SECRET:-}", "").Replace(src)
}

// eachLeaf calls f for each single value of a decoded YAML tree, with a way to
// put another in its place for the time of the call.
func eachLeaf(n any, path string, f func(path string, set func(any))) {
	visit := func(key string, value any, set func(any)) {
		switch value.(type) {
		case map[string]any, []any:
			eachLeaf(value, path+"/"+key, f)
		default:
			f(path+"/"+key, set)
			set(value)
		}
	}
	switch x := n.(type) {
	case map[string]any:
		for k, v := range x {
			visit(k, v, func(with any) { x[k] = with })
		}
	case []any:
		for i, v := range x {
			visit(fmt.Sprint(i), v, func(with any) { x[i] = with })
		}
	}
}
