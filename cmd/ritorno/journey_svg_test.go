package main

import (
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"ritorno/internal/lifecycle"
)

// hostile is what an owner, or whoever writes templates, may put anywhere.
const hostile = "</text><script>alert(1)</script>\" onload='x' & \x00\x1b[31m\u202e ]]> <!-- \ufffe"

func hostileJourney() journeyView {
	v := journeyView{
		Name: hostile, Trigger: lifecycle.OnReturn, Reentry: hostile, StopIf: hostile, Locale: hostile, Holdout: 0.5, PerDay: 3,
		Finish: finishView{After: "7d", Due: "400d", Otherwise: "active", at: 400 * 24 * time.Hour},
	}
	for i := range 3 {
		v.Steps = append(v.Steps, stepView{
			Step: i + 1, After: "+" + hostile, Due: hostile, Channels: []string{"sms", "email"}, Template: hostile,
			Variants: []variantView{{hostile, 1, 1, hostile}}, When: hostile, StopIf: hostile, Offers: []string{hostile, hostile},
			WaitFor: &waitView{hostile, hostile, hostile}, Words: []wordsView{{Subject: hostile}, {Text: strings.Repeat("W", 300)}},
			at: time.Duration(i*i) * 24 * time.Hour,
		})
	}
	return v
}

// elements reads the picture as XML and lists its elements and attributes.
func elements(t *testing.T, svg string) (names, attributes []string) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(svg))
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return names, attributes
		}
		if err != nil {
			t.Fatalf("is no well-formed XML: %v\n%s", err, svg)
		}
		if e, ok := token.(xml.StartElement); ok {
			names = append(names, e.Name.Local)
			for _, a := range e.Attr {
				attributes = append(attributes, a.Name.Local)
			}
		}
	}
}

func TestThePictureOfAJourneyHoldsNothingButDrawing(t *testing.T) {
	allowed := []string{"svg", "title", "desc", "style", "rect", "path", "circle", "text"}
	for _, locale := range []string{"it", "en"} {
		svg := drawJourney(hostileJourney(), lineWordsOf(locale))
		names, attributes := elements(t, svg)
		for _, n := range names {
			if !slices.Contains(allowed, n) {
				t.Errorf("%s: has a <%s>", locale, n)
			}
		}
		for _, a := range attributes {
			if strings.HasPrefix(a, "on") || a == "href" {
				t.Errorf("%s: has an attribute %s", locale, a)
			}
		}
		for _, want := range []string{"&lt;script&gt;", `role="img"`, `<title id="t">`, `<desc id="d">`, "prefers-color-scheme:dark", `lang="` + locale + `"`} {
			if !strings.Contains(svg, want) {
				t.Errorf("%s: has no %s", locale, want)
			}
		}
		if strings.ContainsAny(svg, "\x00\x1b") {
			t.Errorf("%s: holds control characters", locale)
		}
	}
}

// Cards must not lie on each other, and later moments stand further right.
func TestMomentsStandApartAndInProportion(t *testing.T) {
	day := 24 * time.Hour
	list := []moment{{}, {at: 0}, {at: time.Hour}, {at: 10 * day}, {at: 25 * day}, {at: 300 * day}}
	place(list)
	var apart []int
	for i := 1; i < len(list); i++ {
		apart = append(apart, list[i].x-list[i-1].x)
	}
	// the shortest stretch of a day or more, just under ten days, is drawn as
	// svgApart; fifteen days are half as long again
	if want := []int{234, 234, 234, 352, 468}; !slices.Equal(apart, want) {
		t.Errorf("distances %v, want %v", apart, want)
	}
	if list[4].cut || !list[5].cut {
		t.Errorf("cut: %v %v, want only the last", list[4].cut, list[5].cut)
	}
}

func TestTextWrapsAndIsCutWithDots(t *testing.T) {
	rows := wrap("c", "one two three "+strings.Repeat("x", 25)+" four five", 4, 10)
	var got []string
	for _, r := range rows {
		got = append(got, r.text)
	}
	if want := []string{"one two", "three", "xxxxxxxxxx", "xxxxxxxxxx …"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// What stands on a terminal may not steer it.
func TestTheTextOfAJourneyHoldsNoControlCharacters(t *testing.T) {
	var out strings.Builder
	if err := printJourney(&out, hostileJourney()); err != nil {
		t.Fatal(err)
	}
	if strings.ContainsAny(out.String(), "\x00\x1b\t\r") || !strings.Contains(out.String(), "<script>") {
		t.Errorf("%q", out.String())
	}
}
