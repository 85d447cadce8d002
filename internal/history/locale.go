package history

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"ritorno/internal/lifecycle"
)

// format is how people of a language write numbers and days.
type format struct {
	comma      bool // the comma stands before the decimals, the point between thousands
	monthFirst bool // 12/31/2026
}

// commas are languages that write 1.234,50.
var commas = []string{
	"bg", "ca", "cs", "da", "de", "el", "es", "et", "eu", "fi", "fr", "gl", "hr", "hu", "id", "is", "it", "lt", "lv",
	"nb", "nl", "nn", "no", "pl", "pt", "ro", "ru", "sk", "sl", "sq", "sr", "sv", "tr", "uk", "vi",
}

// points are languages that write 1,234.50.
var points = []string{"ar", "en", "ga", "he", "hi", "ja", "ko", "mt", "ms", "th", "zh"}

// pointsAnyway are regions of comma languages that write a point.
var pointsAnyway = []string{"de-CH", "it-CH", "es-MX", "es-US", "es-PR", "es-GT", "es-HN", "es-NI", "es-PA", "es-SV", "es-DO"}

// formatOf knows the format of a language tag such as it or en-US; country
// (ISO 3166) stands in where an English tag names no region.
func formatOf(tag, country string) (format, error) {
	language, region, _ := strings.Cut(strings.ReplaceAll(tag, "_", "-"), "-")
	language, region = strings.ToLower(language), strings.ToUpper(region)
	var f format
	switch {
	case slices.Contains(commas, language):
		f.comma = !slices.Contains(pointsAnyway, language+"-"+region)
	case !slices.Contains(points, language):
		return f, fmt.Errorf("locale %q is not known: give a language such as it, de, en-GB or en-US", tag)
	case language == "en" && region == "":
		f.monthFirst = country == "US"
	}
	f.monthFirst = f.monthFirst || language+"-"+region == "en-US" || language+"-"+region == "es-US"
	return f, nil
}

// number reads an amount as people write it, in minor units. Where a single
// mark with three digits behind may be either, the language decides.
func (f format) number(text string, decimals int) (minor int64, fault string) {
	text = strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || unicode.Is(unicode.Sc, r) || r == '’' {
			return -1
		}
		return r
	}, text)
	digits, negative := strings.CutPrefix(text, "-")
	whole, fraction := digits, ""
	point, comma := strings.Count(digits, "."), strings.Count(digits, ",")
	at, mark := max(strings.LastIndexByte(digits, '.'), strings.LastIndexByte(digits, ',')), byte(0)
	if at >= 0 {
		mark = digits[at]
	}
	decimal := false
	switch {
	case mark == 0:
	case point > 0 && comma > 0: // the last one stands before the decimals
		decimal = true
	case point+comma > 1: // only thousands come more than once
	case len(digits)-at-1 != 3 || at == 1 && digits[0] == '0':
		decimal = true
	default:
		decimal = (mark == ',') == f.comma
	}
	if decimal {
		whole, fraction = digits[:at], digits[at+1:]
		if fraction == "" {
			return 0, "is no decimal number such as 49.90"
		}
	}
	whole, ok := thousands(whole)
	if !ok {
		return 0, "is no decimal number such as 49.90"
	}
	text = whole
	if fraction != "" {
		text += "." + fraction
	}
	if negative {
		text = "-" + text
	}
	return amount(text, decimals)
}

// thousands takes the marks between thousands away; false where they stand at
// odd places.
func thousands(s string) (string, bool) {
	parts := strings.FieldsFunc(s, func(r rune) bool { return r == '.' || r == ',' || r == '\'' })
	if len(parts) < 2 {
		return s, true
	}
	for i, p := range parts {
		if i > 0 && len(p) != 3 || len(p) > 3 || !allDigits(p) {
			return s, false
		}
	}
	return strings.Join(parts, ""), true
}

// more are layouts of exports besides those of instant.
var more = []string{"2006-01-02 15:04:05 -0700", "2006-01-02T15:04:05-0700", "2006-01-02T15:04:05.999999999Z07:00", "2006-01-02 15:04:05 MST"}

// hours are what may follow a day.
var hours = []string{"", " 15:04:05", " 15:04", " 3:04 PM", " 3:04:05 PM", " 3:04PM", ", 15:04:05", ", 15:04", ", 3:04 PM"}

// day reads a time: first as programs write it, then as people do. wall times
// are those of zone.
func (f format) day(text string, zone *time.Location) (time.Time, string) {
	at, fault := instant(text, zone)
	if fault == "" || text == "" || len(text) > 40 {
		return at, fault
	}
	for _, layout := range more {
		if at, err := time.Parse(layout, text); err == nil && (!strings.HasSuffix(layout, "MST") || strings.HasSuffix(text, " UTC") || strings.HasSuffix(text, " GMT")) {
			return plausible(at)
		}
	}
	order := "2/1/2006"
	if f.monthFirst {
		order = "1/2/2006"
	}
	for _, sep := range []string{"/", ".", "-"} {
		for _, h := range hours {
			for _, date := range []string{order, "2006/1/2"} {
				if wall, err := time.Parse(strings.ReplaceAll(date, "/", sep)+h, text); err == nil {
					if zone == nil {
						zone = time.UTC
					}
					return plausible(lifecycle.OnWall(wall, zone))
				}
			}
		}
	}
	shape := "31/12/2026"
	if f.monthFirst {
		shape = "12/31/2026"
	}
	return time.Time{}, "is no time such as 2026-12-31, 2026-12-31T08:00:21 or, in this locale, " + shape
}
