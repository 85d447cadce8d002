package recharge

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
