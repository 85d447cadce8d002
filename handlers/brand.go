package handlers

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"ritorno/internal/colour"
	"ritorno/internal/engine"
	"ritorno/internal/lifecycle"
)

// The grounds of page.css on which colours are read, by day and by night.
var (
	grounds     = []string{"#ffffff", "#f4f1ea"}
	darkGrounds = []string{"#1c2220", "#131715"}
)

// fontForm is what a list of fonts may be, so that it stays one value of a
// style sheet.
var fontForm = regexp.MustCompile(`^[A-Za-z0-9 ,'-]+$`)

// brandSheets are the style sheets of shops with colours or fonts of their own:
// their paths by shop, and the files by name. A page has no inline style.
func brandSheets(shops []engine.Shop) (paths map[string]string, files map[string]asset) {
	paths, files = map[string]string{}, map[string]asset{}
	for i := range shops {
		css := brandSheet(shops[i].Rules.Brand)
		if css == "" {
			continue
		}
		name := served("brand.css", []byte(css))
		files[name] = asset{"text/css; charset=utf-8", []byte(css)}
		paths[shops[i].Name] = staticPath + name
	}
	return paths, files
}

// brandSheet puts a brand in the place of our looks. Buttons have the shop's
// very colour; links, borders and focus rings have it as far as it can be read
// on the page: by night with more contrast, where thin letters look fainter.
func brandSheet(b lifecycle.Brand) string {
	var css strings.Builder
	if colour.Valid(b.Color) {
		fmt.Fprintf(&css, ":root{--fill:%s;--on-fill:%s;--main:%s}\n", strings.ToLower(b.Color), colour.On(b.Color, b.TextColor), colour.Readable(b.Color, colour.Text, grounds...))
		fmt.Fprintf(&css, "@media(prefers-color-scheme:dark){:root{--main:%s}}\n", colour.Readable(b.Color, colour.Calm, darkGrounds...))
	}
	if fontForm.MatchString(b.Font) {
		fmt.Fprintf(&css, ":root{--font:%s}\n", b.Font)
	}
	return css.String()
}

// originOf is where a logo comes from, for the page's policy; empty without one.
func originOf(logo string) string {
	u, err := url.Parse(logo)
	if logo == "" || err != nil || u.Scheme != "https" || u.Host == "" || strings.ContainsAny(u.Host, " ;,'\"") {
		return ""
	}
	return "https://" + u.Host
}
