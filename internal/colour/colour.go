// Package colour reckons with colours as WCAG 2.2 does, so that text in a
// shop's own colours can be read. A colour is "#" and six hexadecimal digits.
package colour

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// The ends of the scale.
const (
	Black = "#000000"
	White = "#ffffff"
)

// The least contrast by WCAG 2.2, level AA.
const (
	Text = 4.5 // of text (1.4.3)
	Line = 3.0 // of borders and focus rings (1.4.11)
)

// Valid reports whether s is a colour.
func Valid(s string) bool {
	_, ok := parse(s)
	return ok
}

// Contrast is the contrast ratio of two colours, from 1 to 21.
func Contrast(a, b string) float64 {
	x, y := Luminance(a), Luminance(b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

// Luminance is the relative luminance of a colour, from 0 to 1; what is no
// colour counts as black.
func Luminance(s string) float64 {
	rgb, _ := parse(s)
	return 0.2126*linear(rgb[0]) + 0.7152*linear(rgb[1]) + 0.0722*linear(rgb[2])
}

// linear undoes the gamma of one part of sRGB.
func linear(part uint8) float64 {
	c := float64(part) / 255
	if c <= 0.04045 {
		return c / 12.92
	}
	return math.Pow((c+0.055)/1.055, 2.4)
}

// On is the colour for text on ground: wanted where it reads well there, else
// black or white, one of which always does.
func On(ground, wanted string) string {
	switch {
	case Valid(wanted) && Contrast(wanted, ground) >= Text:
		return strings.ToLower(wanted)
	case Contrast(Black, ground) > Contrast(White, ground):
		return Black
	}
	return White
}

// Readable is the colour nearest to wanted that has the contrast least on each
// of grounds: wanted itself, or mixed with as little black or white as does.
// Where neither reaches it on all grounds, it is the better of the two.
func Readable(wanted string, least float64, grounds ...string) string {
	if worst(wanted, grounds) >= least {
		return strings.ToLower(wanted)
	}
	best := Black
	if worst(White, grounds) > worst(Black, grounds) {
		best = White
	}
	for part := 1; part < 100; part++ {
		if mixed := mix(wanted, best, float64(part)/100); worst(mixed, grounds) >= least {
			return mixed
		}
	}
	return best
}

// worst is the least contrast of a colour with any of grounds.
func worst(s string, grounds []string) float64 {
	least := 21.0
	for _, g := range grounds {
		least = min(least, Contrast(s, g))
	}
	return least
}

// mix is a with the share of b, from 0 to 1.
func mix(a, b string, share float64) string {
	x, _ := parse(a)
	y, _ := parse(b)
	var out [3]uint8
	for i := range out {
		out[i] = uint8(math.Round(float64(x[i])*(1-share) + float64(y[i])*share))
	}
	return fmt.Sprintf("#%02x%02x%02x", out[0], out[1], out[2])
}

func parse(s string) (rgb [3]uint8, ok bool) {
	digits, hash := strings.CutPrefix(s, "#")
	if !hash || len(digits) != 6 {
		return rgb, false
	}
	n, err := strconv.ParseUint(digits, 16, 24)
	if err != nil {
		return rgb, false
	}
	return [3]uint8{uint8(n >> 16), uint8(n >> 8), uint8(n)}, true
}
