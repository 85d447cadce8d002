package activecampaign

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestDocsNameEveryTypeMeaningAndList(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "connectors.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(text), "\n## ActiveCampaign\n")
	var words []string
	for kind := range types {
		words = append(words, kind)
	}
	for m := range meanings {
		words = append(words, string(m))
	}
	for _, l := range []List{ListEmail, ListSMS, ListSubscription, ListIgnore} {
		words = append(words, string(l))
	}
	for _, w := range words {
		if w != "" && w != string(ContactChanged) && !strings.Contains(section, "`"+w+"`") {
			t.Errorf("docs/connectors.md does not name %s", w)
		}
	}
}
