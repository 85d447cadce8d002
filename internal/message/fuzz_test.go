package message_test

import (
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"

	"ritorno/internal/message"
)

// FuzzSegments: the parts hold the text, and no fewer would.
func FuzzSegments(f *testing.F) {
	for _, s := range []string{"", "ciao", "C’è", "€", strings.Repeat("a", 161), strings.Repeat("a", 152) + "€", strings.Repeat("👍", 36), "\xff", "{[~]}", "à è ì"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 1<<13 {
			return
		}
		n, units, encoding, culprits := message.Segments(text)
		part := map[string]int{"GSM-7": 153, "UCS-2": 67}[encoding]
		switch {
		case part == 0:
			t.Fatalf("encoding %q", encoding)
		case n < 1 || units > n*part+map[int]int{153: 7, 67: 3}[part]:
			t.Errorf("%d units of %s in %d parts", units, encoding, n)
		case (encoding == "UCS-2") != (len(culprits) > 0):
			t.Errorf("%s because of %q", encoding, culprits)
		case encoding == "UCS-2" && utf8.ValidString(text) && units != len(utf16.Encode([]rune(text))):
			t.Errorf("%d units, want %d", units, len(utf16.Encode([]rune(text))))
		}
	})
}

// FuzzName: a name in a message holds nothing but letters, marks, digits,
// blanks and three signs, on one line.
func FuzzName(f *testing.F) {
	for _, s := range []string{"Anna", "Jean-Luc D'Arc", "{{ secret }}", "<b>", "http://evil.example", "a\u202eb", "👍", "\xff", "N/A", "Anna\nBcc: x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		name := message.Name(raw)
		if !utf8.ValidString(name) || strings.ContainsAny(name, "<>{}[]()/\\@:;\"&=%$#\r\n\t\x00") {
			t.Errorf("%q becomes %q", raw, name)
		}
		if strings.TrimSpace(name) != name {
			t.Errorf("%q has blanks around it", name)
		}
	})
}
