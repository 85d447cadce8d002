package reply

import (
	"flag"
	"os"
	"regexp"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the lists of docs/replies.md anew")

const page = "../../docs/replies.md"

// listed are the lists of the page, each under its heading.
var listed = regexp.MustCompile("(?s)### ([^\n]+)\n\n```text\n(.*?)```")

// TestThePageHasTheWholeList: what the page says is what the program does.
func TestThePageHasTheWholeList(t *testing.T) {
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	want, seen := documented(), map[string]bool{}
	now := listed.ReplaceAllStringFunc(string(text), func(block string) string {
		m := listed.FindStringSubmatch(block)
		list, known := want[m[1]]
		if !known {
			t.Errorf("the list %q is none of the program's", m[1])
		}
		seen[m[1]] = true
		return "### " + m[1] + "\n\n```text\n" + list + "```"
	})
	for name := range want {
		if !seen[name] {
			t.Errorf("the page has no list %q", name)
		}
	}
	if now == string(text) {
		return
	}
	if !*update {
		t.Fatal("docs/replies.md has other lists than the program: run go test ./internal/reply -update")
	}
	if err := os.WriteFile(page, []byte(now), 0o644); err != nil {
		t.Fatal(err)
	}
}

// documented are all lists by the heading that they stand under.
func documented() map[string]string {
	all := map[string]string{}
	for c, name := range map[class]string{
		out: "Opt-out keywords", bare: "Opt-out keywords that are everyday words inside a sentence", in: "Opt-in keywords", help: "Questions",
		no: "A plain no", not: "A no that may turn the next word round", yes: "A plain yes", mark: "Complaints", courtesy: "Courtesy words",
	} {
		all[name] = wrapped(lists[c])
	}
	for _, r := range requests {
		all["Requests in "+r.language] = strings.TrimLeft(r.forms, "\n")
	}
	return all
}

// wrapped is a list in lines of about 100 characters.
func wrapped(list string) string {
	var b strings.Builder
	width := 0
	for i, p := range strings.Split(list, ",") {
		p = join(strings.Fields(p))
		switch {
		case i > 0 && width+len(p) > 100:
			b.WriteString(",\n")
			width = 0
		case i > 0:
			b.WriteString(", ")
		}
		b.WriteString(p)
		width += len(p) + 2
	}
	return b.String() + "\n"
}
