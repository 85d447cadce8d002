package config

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// FuzzExpand: references are replaced or named, their values never shown, and
// hiding them from YAML takes nothing away.
func FuzzExpand(f *testing.F) {
	for _, s := range []string{"${A}", "${A:-x}", "a ${A} b ${B:-}", "${", "${A", "$${A}", "${A:-${B}}", "${1}", "${A:-\n}", "[${A}, ${B:-{}]", "${GONE}", "\U0010ff7b"} {
		f.Add(s)
	}
	env := func(name string) (string, bool) {
		switch name {
		case "A":
			return "planted-secret", true
		case "B":
			return "", true
		}
		return "", false
	}
	f.Fuzz(func(t *testing.T, text string) {
		out, err := expand(text, env)
		switch {
		case err != nil && strings.Contains(err.Error(), "planted-secret") && !strings.Contains(text, "planted-secret"):
			t.Errorf("the error tells the value: %v", err)
		case err == nil && !strings.Contains(text, "${") && out != text:
			t.Errorf("%q becomes %q without a reference", text, out)
		}
		// What is no UTF-8 is refused before, and nobody writes in plane 16.
		plain := utf8.ValidString(text) && strings.IndexFunc(text, func(r rune) bool { return r > veil && r < veil+0x80 }) < 0
		if back := unveil(veilReferences(text)); plain && back != text {
			t.Errorf("%q comes back as %q", text, back)
		}
	})
}

// FuzzScalars: durations, clocks, dates and shares are inside their bounds or
// refused.
func FuzzScalars(f *testing.F) {
	for _, s := range []string{"30d", "6w", "0s", "36525d", "36526d", "999999999999w", "-1d", "21:00", "24:00", "9:00", "2026-01-31", "2026-02-30", "0.1", "10%", "1e-3", "NaN%", "Inf", "٣d"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if d, err := ParseDuration(text); err == nil && (d < 0 || time.Duration(d) > longest) {
			t.Errorf("%q is %v", text, d)
		}
		if v, err := parseClock(text); err == nil {
			if c, ok := v.(Clock); !ok || c < 0 || c >= 24*60 || c.String() != text {
				t.Errorf("%q is %v", text, v)
			}
		}
		if v, err := parseShare(text); err == nil {
			if s, ok := v.(Share); !ok || !(s >= 0 && s < 1) {
				t.Errorf("%q is %v", text, v)
			}
		}
		if v, err := parseDate(text); err == nil {
			if d, ok := v.(Date); !ok || d.Day < 1 || d.Day > 31 {
				t.Errorf("%q is %v", text, v)
			}
		}
	})
}
