package colour_test

import (
	"fmt"
	"math"
	"testing"

	"ritorno/internal/colour"
)

// The ratios are those of WCAG's own formula, worked out by hand for the ends
// and taken from its techniques G18 and G17 for the grey.
func TestContrast(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want float64
	}{
		{"#000000", "#ffffff", 21},
		{"#ffffff", "#ffffff", 1},
		{"#767676", "#ffffff", 4.54},
		{"#777777", "#ffffff", 4.48},
		{"#ff0000", "#ffffff", 4.00},
		{"#0000ff", "#ffffff", 8.59},
		{"#FFFF00", "#000000", 19.56},
	} {
		for _, got := range []float64{colour.Contrast(c.a, c.b), colour.Contrast(c.b, c.a)} {
			if math.Abs(got-c.want) > 0.005 {
				t.Errorf("%s on %s: %.3f, want %.2f", c.a, c.b, got, c.want)
			}
		}
	}
}

func TestValid(t *testing.T) {
	for s, want := range map[string]bool{
		"#b3261e": true, "#B3261E": true, "": false, "b3261e": false, "#fff": false, "#b3261": false, "#b3261e0": false, "#+3261e": false, "#b3_61e": false, "#b3261g": false,
	} {
		if got := colour.Valid(s); got != want {
			t.Errorf("%q: %v, want %v", s, got, want)
		}
	}
}

// every calls f with colours from all over the cube.
func every(f func(string)) {
	for r := 0; r <= 255; r += 15 {
		for g := 0; g <= 255; g += 15 {
			for b := 0; b <= 255; b += 15 {
				f(fmt.Sprintf("#%02x%02x%02x", r, g, b))
			}
		}
	}
}

func TestTextOnAnyColourCanBeRead(t *testing.T) {
	every(func(ground string) {
		for _, wanted := range []string{"", "#ffffff", "#000000", ground, "red"} {
			if text := colour.On(ground, wanted); colour.Contrast(text, ground) < colour.Text {
				t.Errorf("%s on %s has %.2f", text, ground, colour.Contrast(text, ground))
			}
		}
	})
	if got := colour.On("#1a1a1a", "#EEEEEE"); got != "#eeeeee" {
		t.Errorf("a text colour that reads well became %s", got)
	}
}

func TestAnyColourCanBeMadeReadable(t *testing.T) {
	every(func(wanted string) {
		for _, grounds := range [][]string{{"#ffffff", "#f4f1ea"}, {"#1c2220", "#131715"}} {
			got := colour.Readable(wanted, colour.Text, grounds...)
			for _, g := range grounds {
				if c := colour.Contrast(got, g); c < colour.Text {
					t.Errorf("%s became %s, with %.2f on %s", wanted, got, c, g)
				}
			}
		}
	})
	if got := colour.Readable("#0F6157", colour.Text, colour.White); got != "#0f6157" {
		t.Errorf("a colour that reads well became %s", got)
	}
	// Navy is hsl(224, 75%, 17.3%): lighter, it has the same hue and saturation.
	navy := colour.Readable("#0b1d4d", colour.Calm, "#1c2220", "#131715")
	var parts [3]int
	if _, err := fmt.Sscanf(navy, "#%02x%02x%02x", &parts[0], &parts[1], &parts[2]); err != nil {
		t.Fatal(navy, err)
	}
	r, g, b := float64(parts[0]), float64(parts[1]), float64(parts[2])
	saturation, hue := (b-r)/(255-math.Abs(b+r-255)), 240-60*(g-r)/(b-r)
	if math.Abs(saturation-0.75) > 0.02 || math.Abs(hue-223.6) > 1 || b < 200 {
		t.Errorf("navy became %s: hue %.1f, saturation %.2f", navy, hue, saturation)
	}
	if got := colour.Readable("#ffd400", colour.Text, colour.White); colour.Luminance(got) < 0.1 {
		t.Errorf("yellow became %s: more black than it takes", got)
	}
}
