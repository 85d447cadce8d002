package connectorstest

import (
	"slices"
	"strings"
	"testing"

	"ritorno/connectors"
	"ritorno/internal/lifecycle"
)

// Recommended holds what a source recommends against what it reads: every topic
// has one name, is read, or stands for news of ours, and says what is lost
// without it. "(...)" behind a name is for people.
func Recommended(t *testing.T, r connectors.Recommender, read func(topic string) bool) {
	t.Helper()
	list := r.Topics()
	if len(list) == 0 {
		t.Fatal("nothing is recommended")
	}
	var names []string
	for _, topic := range list {
		seen := topic.Seen
		if seen == nil {
			seen = []string{topic.Name}
		}
		plain, _, _ := strings.Cut(topic.Name, " (")
		for _, name := range append([]string{plain}, seen...) {
			if !read(name) && !ours(name) {
				t.Errorf("%s is recommended and not read", name)
			}
		}
		if !slices.Contains(seen, plain) {
			t.Errorf("%s would be missing although it came", topic.Name)
		}
		if len(topic.Lost) < 20 {
			t.Errorf("%s: nobody learns what is lost without it", topic.Name)
		}
		names = append(names, topic.Name)
	}
	slices.Sort(names)
	if len(slices.Compact(names)) != len(list) {
		t.Errorf("a topic is recommended twice: %q", names)
	}
}

// ours reports whether a name is one of our own kinds of news, under which a
// delivery without a topic is counted.
func ours(name string) bool {
	return slices.Contains([]lifecycle.Type{
		lifecycle.OrderPlaced, lifecycle.OrderCancelled, lifecycle.OrderRefunded, lifecycle.Renewed, lifecycle.SubscriptionStarted,
		lifecycle.SubscriptionCancelled, lifecycle.PaymentFailed, lifecycle.ContactChanged, lifecycle.ConsentChanged, lifecycle.EraseRequested,
	}, lifecycle.Type(name))
}

// DocsName holds docs/connectors.md against the names that a source reads: the
// section under heading, or the whole page where that is empty, quotes each.
func DocsName(t *testing.T, heading string, names []string) {
	t.Helper()
	text := docsPage(t, "connectors.md")
	if heading != "" {
		_, rest, found := strings.Cut(text, "\n## "+heading+"\n")
		if !found {
			t.Fatalf("docs/connectors.md has no section %s", heading)
		}
		text, _, _ = strings.Cut(rest, "\n## ")
	}
	if len(names) == 0 {
		t.Fatal("no names to look for")
	}
	for _, name := range names {
		if name != "" && !strings.Contains(text, "`"+name+"`") {
			t.Errorf("docs/connectors.md does not name %s", name)
		}
	}
}
