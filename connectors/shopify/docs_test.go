package shopify

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestDocsNameEveryTopic(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "connectors.md"))
	if err != nil {
		t.Fatal(err)
	}
	for topic := range topics {
		if !strings.Contains(string(text), "`"+topic+"`") {
			t.Errorf("docs/connectors.md does not name %s", topic)
		}
	}
}

// What an owner is asked to switch on is read, and counted under its own name.
func TestRecommendedTopicsAreRead(t *testing.T) {
	list := (&Source{}).Topics()
	if len(list) == 0 {
		t.Fatal("nothing is recommended")
	}
	for _, topic := range list {
		for _, name := range append([]string{topic.Name}, topic.Seen...) {
			if _, read := topics[name]; !read {
				t.Errorf("%s is recommended and not read", name)
			}
		}
		if topic.Lost == "" {
			t.Errorf("%s: nobody learns what is lost without it", topic.Name)
		}
	}
}
