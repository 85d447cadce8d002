package webhook

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"ritorno/connectors"
)

// page is a page of the documentation.
func page(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestDocsNameEveryType(t *testing.T) {
	for name := range types {
		for _, doc := range []string{"webhook.md", "connectors.md"} {
			if !strings.Contains(page(t, doc), "`"+name+"`") {
				t.Errorf("docs/%s does not name %s", doc, name)
			}
		}
	}
}

func TestDocsNameEveryField(t *testing.T) {
	text := page(t, "webhook.md")
	for _, body := range []any{envelope{}, payload{}, customer{}, item{}, refund{}, subscription{}, consents{}, decision{}} {
		kind := reflect.TypeOf(body)
		for i := range kind.NumField() {
			name := kind.Field(i).Tag.Get("json")
			if name == "" || !strings.Contains(text, "`"+name+"`") {
				t.Errorf("docs/webhook.md does not name the field %q of %s", name, kind.Name())
			}
		}
	}
}

func TestDocsExampleIsUnderstood(t *testing.T) {
	_, rest, found := strings.Cut(page(t, "webhook.md"), "```json\n")
	example, _, closed := strings.Cut(rest, "```")
	if !found || !closed {
		t.Fatal("docs/webhook.md shows no body")
	}
	events, err := (&Source{}).Normalise(connectors.Request{Body: []byte(example)})
	if err != nil || len(events) != 1 {
		t.Fatalf("%d events, %v", len(events), err)
	}
	ev := events[0]
	if ev.Order.Total.String() != "49.90" || len(ev.Consents) != 2 || ev.Person.FirstName != "Anna" || ev.At != time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC) {
		t.Errorf("the example became %+v", ev)
	}
}
