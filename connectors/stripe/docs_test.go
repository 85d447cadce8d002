package stripe

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestDocsNameEveryType(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "connectors.md"))
	if err != nil {
		t.Fatal(err)
	}
	for kind := range types {
		if !strings.Contains(string(text), "`"+kind+"`") {
			t.Errorf("docs/connectors.md does not name %s", kind)
		}
	}
}
