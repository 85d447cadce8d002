package message_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"ritorno/internal/message"
)

const (
	gsmLetters = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
	gsmPairs   = "\f^{}\\[~]|€"
)

func TestSegmentsOfKnownTexts(t *testing.T) {
	a := func(n int) string { return strings.Repeat("a", n) }
	type count struct {
		N, Units int
		Encoding string
		Culprits []string
	}
	for name, tc := range map[string]struct {
		text string
		want count
	}{
		"an empty text is one part":                        {"", count{1, 0, "GSM-7", nil}},
		"160 septets are one part":                         {a(160), count{1, 160, "GSM-7", nil}},
		"161 septets are two":                              {a(161), count{2, 161, "GSM-7", nil}},
		"306 septets are two parts of 153":                 {a(306), count{2, 306, "GSM-7", nil}},
		"307 septets are three":                            {a(307), count{3, 307, "GSM-7", nil}},
		"an escape pair moves whole into the next part":    {a(152) + "€" + a(153), count{3, 307, "GSM-7", nil}},
		"a surrogate pair moves whole into the next part":  {strings.Repeat("ж", 66) + "👍" + strings.Repeat("ж", 66), count{3, 134, "UCS-2", []string{"ж", "👍"}}},
		"Italian small vowels with grave are free":         {"àèéìòù É", count{1, 8, "GSM-7", nil}},
		"the euro costs two":                               {"5€", count{1, 3, "GSM-7", nil}},
		"a typographic apostrophe forces UCS-2":            {"C’è", count{1, 3, "UCS-2", []string{"’"}}},
		"each culprit is named once, in order":             {"È così, È “vero”", count{1, 16, "UCS-2", []string{"È", "“", "”"}}},
		"70 foreign characters are one part":               {strings.Repeat("ж", 70), count{1, 70, "UCS-2", []string{"ж"}}},
		"71 foreign characters are two":                    {strings.Repeat("ж", 71), count{2, 71, "UCS-2", []string{"ж"}}},
		"a letter with a combining mark is two characters": {"e\u0300", count{1, 2, "UCS-2", []string{"\u0300"}}},
	} {
		t.Run(name, func(t *testing.T) {
			var got count
			got.N, got.Units, got.Encoding, got.Culprits = message.Segments(tc.text)
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// The vectors were counted by an independent implementation, the npm package
// sms-segments-calculator 1.3.0; it counts an empty text as no part.
func TestSegmentsAgreeWithAnotherImplementation(t *testing.T) {
	raw, err := os.ReadFile("testdata/segments.json")
	if err != nil {
		t.Fatal(err)
	}
	var vectors []struct {
		Text     string
		Segments int
		Encoding string
	}
	if err := json.Unmarshal(raw, &vectors); err != nil {
		t.Fatal(err)
	}
	if len(vectors) < 200 {
		t.Fatalf("only %d vectors", len(vectors))
	}
	for _, v := range vectors {
		n, _, encoding, _ := message.Segments(v.Text)
		if n != max(1, v.Segments) || encoding != v.Encoding {
			t.Errorf("%q: %d %s, want %d %s", v.Text, n, encoding, v.Segments, v.Encoding)
		}
	}
}

func TestTheAlphabetHas137Characters(t *testing.T) {
	one, two := 0, 0
	for r := rune(0); r <= 0xFFFF; r++ {
		if r >= 0xD800 && r < 0xE000 {
			continue
		}
		_, units, encoding, _ := message.Segments(string(r))
		switch {
		case encoding == "GSM-7" && units == 1:
			one++
		case encoding == "GSM-7" && units == 2:
			two++
		}
	}
	if one != 127 || two != 10 {
		t.Errorf("%d characters of one septet and %d of two, want 127 and 10", one, two)
	}
}

func TestSegmentProperties(t *testing.T) {
	alphabets := rapid.SampledFrom([]string{gsmLetters, gsmLetters + gsmPairs, gsmPairs, gsmLetters + gsmPairs + "Èж’", "👍ж"})
	rapid.Check(t, func(t *rapid.T) {
		letters := []rune(alphabets.Draw(t, "alphabet"))
		text := string(rapid.SliceOfN(rapid.SampledFrom(letters), 0, 700).Draw(t, "text"))
		n, units, encoding, culprits := message.Segments(text)
		alone, part := 160, 153
		if encoding == message.UCS2 {
			alone, part = 70, 67
			if want := len(utf16.Encode([]rune(text))); units != want {
				t.Fatalf("%d units, want %d", units, want)
			}
		}
		if (encoding == message.UCS2) != (len(culprits) > 0) {
			t.Fatalf("%s with culprits %q", encoding, culprits)
		}
		switch {
		case units <= alone && n != 1:
			t.Fatalf("%d units in %d parts", units, n)
		case units > alone && (n < (units+part-1)/part || n > (units+part-2)/(part-1)):
			t.Fatalf("%d units in %d parts of %d", units, n, part)
		}
		if longer, _, _, _ := message.Segments(text + "a"); longer < n {
			t.Fatalf("one more letter makes %d parts of %d", longer, n)
		}
	})
}
