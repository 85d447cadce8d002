package config

import (
	"fmt"
	"maps"
	"math"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"ritorno/internal/lifecycle"
)

// Brand is how a shop's e-mails and pages look.
type Brand struct {
	Color     string `yaml:"color"`      // "#" and six hexadecimal digits
	TextColor string `yaml:"text_color"` // on Color; default black or white, whichever reads better
	Logo      string `yaml:"logo"`       // https address of an image
	Address   string `yaml:"address"`    // one line
	Font      string `yaml:"font"`       // a name of fonts
	Person    string `yaml:"person"`     // whom contacts can talk to
	Phone     string `yaml:"phone"`      // where they reach the shop
}

// fonts are those that every mail program has, with what stands in for them.
var fonts = map[string]string{
	"arial":     "Arial,Helvetica,sans-serif",
	"georgia":   "Georgia,'Times New Roman',serif",
	"helvetica": "Helvetica,Arial,sans-serif",
	"tahoma":    "Tahoma,Verdana,sans-serif",
	"times":     "'Times New Roman',Times,serif",
	"trebuchet": "'Trebuchet MS',Tahoma,sans-serif",
	"verdana":   "Verdana,Geneva,sans-serif",
}

const (
	defaultColor = "#8a3b12"
	black, white = "#000000", "#ffffff"
	// readable is the least contrast of text by WCAG 2.2, 1.4.3 (AA).
	readable   = 4.5
	maxAddress = 200 // characters
)

var (
	colorForm = regexp.MustCompile(`^#[0-9a-fA-F]{6}$`)
	phoneForm = regexp.MustCompile(`^\+?[0-9](?:[ /-]?[0-9]){4,18}$`)
)

func (b *Brand) complete(r *report, path string) {
	if b == nil {
		return
	}
	unless(r, path+".color", &b.Color, defaultColor)
	unless(r, path+".font", &b.Font, "arial")
	if colorForm.MatchString(b.Color) {
		best := white
		if contrast(b.Color, black) > contrast(b.Color, white) {
			best = black
		}
		unless(r, path+".text_color", &b.TextColor, best)
	}
	b.Color, b.TextColor = strings.ToLower(b.Color), strings.ToLower(b.TextColor)
}

func (b *Brand) verify(r *report, path string) {
	if b == nil {
		return
	}
	const form = `must be "#" and six hexadecimal digits in quotes, such as "#b3261e"`
	good := colorForm.MatchString(b.Color)
	if !good {
		r.add(path+".color", form)
	} else if contrast(b.Color, white) < readable {
		r.warn(path+".color", "is too pale to read as a link on white: take a darker one")
	}
	switch {
	case r.given(path+".text_color") && !colorForm.MatchString(b.TextColor):
		r.add(path+".text_color", form)
	case good && r.given(path+".text_color") && contrast(b.Color, b.TextColor) < readable:
		r.warn(path+".text_color", "is hard to read on color: leave it out, or choose a colour that stands out more")
	}
	if u, err := url.Parse(b.Logo); b.Logo != "" && (err != nil || u.Scheme != "https" || u.Hostname() == "" || u.User != nil || strings.ContainsAny(b.Logo, " \"'<>\\")) {
		r.add(path+".logo", "must be an https address of an image, such as https://shop.example.com/logo.png")
	} else if err == nil && strings.HasSuffix(strings.ToLower(u.Path), ".svg") {
		r.warn(path+".logo", "is an SVG, which many mail programs do not show: use PNG or JPEG")
	}
	if strings.ContainsAny(b.Address, "\r\n") || len([]rune(b.Address)) > maxAddress {
		r.add(path+".address", fmt.Sprintf("must be one line of at most %d characters", maxAddress))
	}
	if r.given(path+".person") && (strings.TrimSpace(b.Person) == "" || strings.ContainsAny(b.Person, "\r\n")) {
		r.add(path+".person", "must be the name of somebody, on one line: take it out if there is nobody")
	}
	if r.given(path+".phone") && !phoneForm.MatchString(b.Phone) {
		r.add(path+".phone", `must be a number as people write it, such as "+39 02 1234567"`)
	}
	if names := slices.Sorted(maps.Keys(fonts)); fonts[b.Font] == "" {
		r.add(path+".font", "must be "+oneOf(names)+didYouMean(b.Font, names))
	}
}

func (b *Brand) rules() lifecycle.Brand {
	if b == nil {
		return lifecycle.Brand{}
	}
	return lifecycle.Brand{
		Color: b.Color, TextColor: b.TextColor, Logo: b.Logo, Address: strings.TrimSpace(b.Address), Font: fonts[b.Font],
	}
}

// contrast is the contrast ratio of two colours, from 1 to 21 (WCAG 2.2,
// "contrast ratio").
func contrast(a, b string) float64 {
	x, y := luminance(a), luminance(b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

// luminance is the relative luminance of "#rrggbb" (WCAG 2.2), from 0 to 1.
func luminance(color string) float64 {
	n, err := strconv.ParseUint(strings.TrimPrefix(color, "#"), 16, 32)
	if err != nil {
		return 0
	}
	part := func(shift uint) float64 {
		c := float64(n>>shift&0xff) / 255
		if c <= 0.04045 {
			return c / 12.92
		}
		return math.Pow((c+0.055)/1.055, 2.4)
	}
	return 0.2126*part(16) + 0.7152*part(8) + 0.0722*part(0)
}
