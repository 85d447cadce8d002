package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ritorno/config"
)

func TestDuration(t *testing.T) {
	for text, want := range map[string]time.Duration{"90s": 90 * time.Second, "15m": 15 * time.Minute, "36h": 36 * time.Hour, "30d": 720 * time.Hour, "6w": 1008 * time.Hour, "0s": 0, "36525d": 36525 * 24 * time.Hour} {
		d, err := config.ParseDuration(text)
		if err != nil || d.Std() != want {
			t.Errorf("%s is %s, %v", text, d.Std(), err)
		}
		if again, err := config.ParseDuration(d.String()); err != nil || again != d {
			t.Errorf("%s is written as %s", text, d)
		}
	}
	for _, text := range []string{"", "30", "d", "30 d", "-1d", "1.5h", "1h30m", "30D", "1y", "36526d", "999999999999w", "9999999999999999s", "٣d"} {
		if d, err := config.ParseDuration(text); err == nil {
			t.Errorf("%q is read as %s", text, d)
		}
	}
}

func TestReferences(t *testing.T) {
	vars := map[string]string{"A": "alfa", "EMPTY": "", "YAML": "[x, {y: z}] # no", "REF": "${A}"}
	for line, want := range map[string]string{
		"${A}":                 "alfa",
		"\"${A}\"":             "alfa",
		"'${A}'":               "alfa",
		"a${A}b${A}":           "aalfabalfa",
		"${NONE:-beta}":        "beta",
		"${EMPTY:-beta}":       "beta",
		"x${EMPTY}":            "x",
		"${A:-beta}":           "alfa",
		"${NONE:-a, b: c # d}": "a, b: c # d",
		"${NONE:-[1]}":         "[1]",
		"${YAML}":              "[x, {y: z}] # no",
		"${REF}":               "${A}",
		"$A and $$":            "$A and $$",
		"\"è ${A} ${A}\"":      "è alfa alfa",
	} {
		t.Run(line, func(t *testing.T) {
			for _, src := range []string{"shops:\n  b:\n    name: " + line + "\n", "shops: {b: {name: " + line + "}}\n"} {
				c, found := config.Parse("f", []byte("public_url: https://x.example\n"+src), from(vars))
				if s := c.Shop("b"); s == nil || s.Name != want {
					t.Errorf("%s: got %+v, %v", src, s, found)
				}
			}
		})
	}
}

func TestProblemsStandWhereTheMistakeIs(t *testing.T) {
	const head = "public_url: https://x.example\nshops: {b: {country: FR}}\n"
	for name, tt := range map[string]struct{ src, want string }{
		"after a reference":           {"listen: ${NONE:-x, y}\ndata_dir: [a]\n", "f:4:11: data_dir: must be a single value"},
		"after a reference in a flow": {"redis: {url: \"redis://${NONE:-h}\", shards: none}\n", "f:3:44: redis.shards: must be a whole number"},
		"after letters with accents":  {"redis: {url: \"redis://è\", shards: none}\n", "f:3:35: redis.shards"},
		"with Windows line ends":      {"listen: x\r\n", "f:3:9: listen: must be an address"},
		"in a value from elsewhere":   {"data_dir: &here none\nredis: {shards: *here}\n", "f:4:17: redis.shards: must be a whole number"},
	} {
		t.Run(name, func(t *testing.T) {
			_, found := config.Parse("f", []byte(head+tt.src), nil)
			if len(found) == 0 || !strings.Contains(join(found), tt.want) {
				t.Errorf("got %s\nwant %s", join(found), tt.want)
			}
		})
	}
	if c, _ := config.Parse("f", []byte("\ufeff"+head), nil); c.PublicURL != "https://x.example" {
		t.Error("a byte order mark hides the first key")
	}
}

func join(found []config.Problem) string {
	var b strings.Builder
	for _, p := range found {
		b.WriteString(p.String() + "\n")
	}
	return b.String()
}

func TestTheExampleWorksWithoutAnyEnvironment(t *testing.T) {
	c, found := config.Load("../examples/ritorno.yaml", from(nil))
	found = append(found, c.Check(builtins{})...)
	if config.Bad(found) {
		t.Fatalf("problems: %v", found)
	}
	if c.Listen != "127.0.0.1:8080" || !c.Redis.Embedded() || len(c.Rules("bottega").Journeys) != 3 {
		t.Errorf("listen %s, redis %+v", c.Listen, c.Redis)
	}
	for _, name := range []string{"shopify", "erp"} {
		if c.Shop("bottega").Source(name) == nil {
			t.Errorf("no source %s", name)
		}
	}
	set := from(map[string]string{"SHOPIFY_SECRET": "shpss_mine"})
	c, _ = config.Load("../examples/ritorno.yaml", set)
	if got := c.Shop("bottega").Source("shopify").Secrets[0].Reveal(); got != "shpss_mine" {
		t.Error("the environment does not replace the development secret")
	}
}

func FuzzParse(f *testing.F) {
	for _, pattern := range []string{"testdata/*.yaml", "../examples/ritorno.yaml"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range files {
			src, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(src)
		}
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		if len(src) > 1<<14 {
			return
		}
		c, found := config.Parse("f.yaml", src, from(fullEnv))
		if c == nil {
			t.Fatal("no configuration")
		}
		for _, p := range append(found, c.Check(builtins{})...) {
			if p.Text == "" || p.Line < 1 || p.Column < 1 {
				t.Fatalf("a problem without place or text: %+v", p)
			}
			if strings.Contains(p.String(), "-planted") && !strings.Contains(string(src), "-planted") {
				t.Fatalf("a problem with a secret: %s", p)
			}
		}
		for _, s := range c.Shops {
			c.Rules(s.ID)
		}
	})
}
