package main

import (
	"encoding/base64"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// The page holds everything it shows, in the shop's language.
func TestTheSimulationsPageStandsAlone(t *testing.T) {
	raw, err := os.ReadFile("testdata/simulate/shop.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for locale, title := range map[string]string{"it": "Che cosa farebbero i percorsi", "en": "What the journeys would do"} {
		settings, page := filepath.Join(t.TempDir(), "ritorno.yaml"), filepath.Join(t.TempDir(), "report.html")
		if err := os.WriteFile(settings, []byte(strings.Replace(string(raw), "locale: it", "locale: "+locale, 1)), 0o600); err != nil {
			t.Fatal(err)
		}
		if code := run([]string{"--config", settings, "simulate", "testdata/simulate/merges.csv", "--locale", "en", "--assume-consent", "email", "--reach", "sms", "--html", page}); code != 0 {
			t.Fatalf("exit code %d", code)
		}
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(text), `lang="`+locale+`"`) || !strings.Contains(string(text), title) {
			t.Errorf("%s: the page does not say %q", locale, title)
		}
		doc, err := html.Parse(strings.NewReader(string(text)))
		if err != nil {
			t.Fatal(err)
		}
		pictures := 0
		for n := range doc.Descendants() {
			if n.Data == "script" || n.Data == "link" || n.Data == "iframe" {
				t.Errorf("%s: the page has a <%s>", locale, n.Data)
			}
			for _, a := range n.Attr {
				switch a.Key {
				case "src", "srcset":
					pictures++
					svg, found := strings.CutPrefix(a.Val, "data:image/svg+xml;base64,")
					if !found {
						t.Errorf("%s: <%s> loads %.40q", locale, n.Data, a.Val)
					}
					drawn(t, svg)
				case "href", "action":
					t.Errorf("%s: <%s> leads to %q", locale, n.Data, a.Val)
				case "alt":
					if a.Val == "" {
						t.Errorf("%s: a picture without words", locale)
					}
				}
			}
		}
		if pictures != 6 {
			t.Errorf("%s: %d pictures, want three charts for bright and three for dark screens", locale, pictures)
		}
	}
}

// drawn holds a picture to being a whole SVG with bars in it.
func drawn(t *testing.T, text string) {
	t.Helper()
	svg, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	paths := 0
	for d := xml.NewDecoder(strings.NewReader(string(svg))); ; {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if e, ok := tok.(xml.StartElement); ok && e.Name.Local == "path" {
			paths++
		}
	}
	if paths < 5 {
		t.Errorf("a picture of %d strokes", paths)
	}
}
