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
