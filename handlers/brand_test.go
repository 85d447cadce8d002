package handlers

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"ritorno/internal/colour"
	"ritorno/internal/lifecycle"
)

// palette are the colours of a style sheet by name, by day and by night.
func palette(t *testing.T, sheets ...string) (light, dark map[string]string) {
	t.Helper()
	light, dark = map[string]string{}, map[string]string{}
	for _, css := range sheets {
		for i, part := range regexp.MustCompile(`@media ?\(prefers-color-scheme: ?dark\)`).Split(css, -1) {
			for _, m := range regexp.MustCompile(`--([a-z-]+): ?(#[0-9a-f]{6})\b`).FindAllStringSubmatch(part, -1) {
				if dark[m[1]] = m[2]; i == 0 {
					light[m[1]] = m[2]
				}
			}
		}
	}
	if len(light) < 8 || len(dark) < 8 {
		t.Fatalf("colours by day %v, by night %v", light, dark)
	}
	return light, dark
}

// legible are the pairs of text and ground that the style sheet makes, and the
// lines that must be seen.
var legible = []struct {
	text, ground string
	least        float64
}{
	{"ink", "card", colour.Text},
	{"ink", "back", colour.Text},
	{"soft", "card", colour.Text},
	{"soft", "back", colour.Text},
	{"main", "card", colour.Text},
	{"main", "back", colour.Text},
	{"on-fill", "fill", colour.Text},
	{"ink", "good", colour.Text},
	{"bad", "bad-back", colour.Text},
	{"line", "card", colour.Line},
	{"main", "card", colour.Line},
}

func TestOurOwnColoursCanBeRead(t *testing.T) {
	css := string(assets[strings.TrimPrefix(assetURL["page.css"], staticPath)].body)
	light, dark := palette(t, css)
	for name, colours := range map[string]map[string]string{"day": light, "night": dark} {
		for _, p := range legible {
			if c := colour.Contrast(colours[p.text], colours[p.ground]); colours[p.text] == "" || colours[p.ground] == "" || c < p.least {
				t.Errorf("by %s %s on %s has %.2f, want %.1f", name, p.text, p.ground, c, p.least)
			}
		}
	}
	for i, name := range []string{"card", "back"} {
		if grounds[i] != light[name] || darkGrounds[i] != dark[name] {
			t.Errorf("brands are reckoned on %s and %s, the page has %s and %s", grounds[i], darkGrounds[i], light[name], dark[name])
		}
	}
}

// TestAnyBrandCanBeRead, whatever the owner chose, by day and by night.
func TestAnyBrandCanBeRead(t *testing.T) {
	css := string(assets[strings.TrimPrefix(assetURL["page.css"], staticPath)].body)
	for r := 0; r <= 255; r += 85 {
		for g := 0; g <= 255; g += 85 {
			for b := 0; b <= 255; b += 85 {
				brand := lifecycle.Brand{Color: fmt.Sprintf("#%02x%02x%02x", r, g, b)}
				for _, brand.TextColor = range []string{"#ffffff", "#000000", brand.Color, ""} {
					light, dark := palette(t, css, brandSheet(brand))
					for name, colours := range map[string]map[string]string{"day": light, "night": dark} {
						for _, p := range legible {
							if c := colour.Contrast(colours[p.text], colours[p.ground]); c < p.least {
								t.Errorf("%v: by %s %s on %s has %.2f, want %.1f", brand, name, p.text, p.ground, c, p.least)
							}
						}
						if colours["fill"] != brand.Color {
							t.Errorf("%v: by %s buttons are %s", brand, name, colours["fill"])
						}
					}
				}
			}
		}
	}
}

// TestABrandStaysAStyleSheet: nothing in it ends its rule or begins another.
func TestABrandStaysAStyleSheet(t *testing.T) {
	for name, c := range map[string]struct {
		brand lifecycle.Brand
		want  string
	}{
		"nothing":      {lifecycle.Brand{}, ""},
		"no colour":    {lifecycle.Brand{Color: "red;}body{display:none"}, ""},
		"no font":      {lifecycle.Brand{Font: "x;}body{display:none"}, ""},
		"a font alone": {lifecycle.Brand{Font: "Georgia,'Times New Roman',serif"}, ":root{--font:Georgia,'Times New Roman',serif}\n"},
		"no colour of text": {
			lifecycle.Brand{Color: "#0F6157", TextColor: "url(x)"},
			":root{--fill:#0f6157;--on-fill:#ffffff;--main:#0f6157}\n@media(prefers-color-scheme:dark){:root{--main:" + colour.Readable("#0f6157", 7, darkGrounds...) + "}}\n",
		},
	} {
		if got := brandSheet(c.brand); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestOriginOfALogo(t *testing.T) {
	for logo, want := range map[string]string{
		"":                                   "",
		"https://cdn.example/a/logo.png?x=1": "https://cdn.example",
		"https://cdn.example:8443/logo.png":  "https://cdn.example:8443",
		"http://cdn.example/logo.png":        "",
		"data:image/png;base64,AAAA":         "",
		"https://":                           "",
		"https://cdn.example;script-src/x":   "",
		"//cdn.example/logo.png":             "",
	} {
		if got := originOf(logo); got != want {
			t.Errorf("%q: %q, want %q", logo, got, want)
		}
	}
}
