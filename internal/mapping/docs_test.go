package mapping_test

import (
	"os"
	"strings"
	"testing"

	"ritorno/internal/mapping"
)

func TestDocsNameEveryFunctionAndType(t *testing.T) {
	page, err := os.ReadFile("../../docs/mapping.md")
	if err != nil {
		t.Fatal(err)
	}
	body, err := os.ReadFile("../../docs/webhook.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range mapping.Functions() {
		if !strings.Contains(string(page), "`"+name+"(") {
			t.Errorf("docs/mapping.md does not show %s", name)
		}
	}
	for _, name := range mapping.Types() {
		if name != mapping.Ignore && !strings.Contains(string(body), "`"+name+"`") {
			t.Errorf("docs/webhook.md does not name %s", name)
		}
	}
}
