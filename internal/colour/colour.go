// Package colour reckons with colours as WCAG 2.2 does, so that text in a
// shop's own colours can be read. A colour is "#" and six hexadecimal digits.
package colour

import (
	"fmt"
	"math"
	"slices"
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
	Calm = 7.0 // of text that is read with ease (1.4.6, level AAA)
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
// of grounds: wanted itself, or the same hue as much lighter or darker as does.
// Where nothing reaches it on all grounds, it is black or white, whichever is
// better.
func Readable(wanted string, least float64, grounds ...string) string {
	if worst(wanted, grounds) >= least {
		return strings.ToLower(wanted)
	}
	best, end := Black, 0.0
	if worst(White, grounds) > worst(Black, grounds) {
		best, end = White, 1
	}
	rgb, _ := parse(wanted)
	from := lightness(rgb)
	for step := 1; step < 100; step++ {
		if lit := lit(rgb, from+(end-from)*float64(step)/100); worst(lit, grounds) >= least {
			return lit
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

// lightness is that of HSL (CSS Color 4, section 7), from 0 to 1.
func lightness(rgb [3]uint8) float64 {
	return (float64(slices.Max(rgb[:])) + float64(slices.Min(rgb[:]))) / 510
}

// reach is how far the parts of the purest colour are apart at a lightness.
func reach(light float64) float64 { return 1 - math.Abs(2*light-1) }

// lit is a colour with another lightness of HSL. Its hue and its saturation
// stay: mixed with white it would turn grey.
func lit(rgb [3]uint8, light float64) string {
	middle, scale := 255*lightness(rgb), 0.0
	if room := reach(lightness(rgb)); room > 0 {
		scale = reach(light) / room
	}
	var out [3]uint8
	for i, part := range rgb {
		out[i] = uint8(math.Round(255*light + scale*(float64(part)-middle)))
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
