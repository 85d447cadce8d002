package config

import (
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"ritorno/internal/colour"
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
	maxAddress   = 200 // characters
)

var phoneForm = regexp.MustCompile(`^\+?[0-9](?:[ /-]?[0-9]){4,18}$`)

func (b *Brand) complete(r *report, path string) {
	if b == nil {
		return
	}
	unless(r, path+".color", &b.Color, defaultColor)
	unless(r, path+".font", &b.Font, "arial")
	if colour.Valid(b.Color) {
		unless(r, path+".text_color", &b.TextColor, colour.On(b.Color, ""))
	}
	b.Color, b.TextColor = strings.ToLower(b.Color), strings.ToLower(b.TextColor)
}

func (b *Brand) verify(r *report, path string) {
	if b == nil {
		return
	}
	const form = `must be "#" and six hexadecimal digits in quotes, such as "#b3261e"`
	good := colour.Valid(b.Color)
	if !good {
		r.add(path+".color", form)
	} else if colour.Contrast(b.Color, colour.White) < colour.Text {
		r.warn(path+".color", "is too pale to read as a link on white: take a darker one")
	}
	switch {
	case r.given(path+".text_color") && !colour.Valid(b.TextColor):
		r.add(path+".text_color", form)
	case good && r.given(path+".text_color") && colour.Contrast(b.Color, b.TextColor) < colour.Text:
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
