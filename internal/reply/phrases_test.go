package reply

import (
	"strings"
	"testing"
)

// A phrase in two lists would mean whichever the map's order puts last.
func TestEachPhraseStandsInOneListAndCanBeMatched(t *testing.T) {
	seen := map[string]class{}
	for c, list := range lists {
		for p := range strings.SplitSeq(list, ",") {
			p = join(strings.Fields(p))
			if before, ok := seen[p]; ok {
				t.Errorf("%q stands in list %d and in list %d", p, before, c)
			}
			seen[p] = c
			if got := join(words(p)); got != p {
				t.Errorf("%q is read as %q and would never match", p, got)
			}
			if n := len(strings.Fields(p)); n == 0 || n > maxPhrase {
				t.Errorf("%q has %d words, want 1 to %d", p, n, maxPhrase)
			}
		}
	}
	if len(phrases) != len(seen) {
		t.Errorf("table has %d phrases, lists have %d", len(phrases), len(seen))
	}
}

// TestEveryRequestIsAnOptOutAsAWholeMessageOnly: in each of its forms, with
// courtesy around it, in capitals, whether a survey is open or not; and never
// within a sentence that says more.
func TestEveryRequestIsAnOptOutAsAWholeMessageOnly(t *testing.T) {
	if len(wholes) < 1500 {
		t.Fatalf("only %d requests", len(wholes))
	}
	for text := range wholes {
		if got := join(words(text)); got != text {
			t.Errorf("%q is read as %q and would never match", text, got)
		}
		for _, open := range []bool{true, false} {
			for _, body := range []string{text, "Buongiorno, " + text + ". Grazie!", "please " + strings.ToUpper(text) + "!!"} {
				if got := Classify(body, open); got != OptOut {
					t.Errorf("Classify(%q, %v) = %v, want an opt-out", body, open, got)
				}
			}
			for _, body := range []string{text + " lavatrice", "lavatrice " + text} {
				if got := Classify(body, open); got != Unclear {
					t.Errorf("Classify(%q, %v) = %v, want unclear", body, open, got)
				}
			}
		}
	}
}

func TestRequestsAreSpelledOut(t *testing.T) {
	for _, r := range requests {
		for line := range strings.Lines(r.forms) {
			if strings.Count(line, "{") != strings.Count(line, "}") || strings.Count(line, "[") != strings.Count(line, "]") {
				t.Errorf("%s: a bracket is missing: %s", r.language, line)
			}
		}
	}
	for form, want := range map[string]int{"a b": 1, "{a|b} c": 2, "a [b|c] d": 3, "{a|b} [c]": 4} {
		if got := expand(form); len(got) != want {
			t.Errorf("expand(%q) = %q, want %d texts", form, got, want)
		}
	}
}

func BenchmarkClassify(b *testing.B) {
	for b.Loop() {
		Classify("Buongiorno, per favore non mandatemi più i vostri messaggi. Grazie mille", true)
	}
}
