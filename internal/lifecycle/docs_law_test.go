package lifecycle_test

import (
	"os"
	"strings"
	"testing"

	"ritorno/internal/lifecycle"
)

// lawTable is the table of docs/law.md.
func lawTable() string {
	var b strings.Builder
	b.WriteString("| place | channel | hours, local time | public holidays | consent | buyers without it | sure | source, and when it was looked up |\n|---|---|---|---|---|---|---|---|\n")
	yes := func(ok bool) string {
		if ok {
			return "yes"
		}
		return "no"
	}
	for _, l := range lifecycle.Laws() {
		place := strings.TrimSuffix(l.Country+"-"+l.Region, "-")
		holidays := map[bool]string{true: "as other days", false: "closed"}[l.Holidays]
		b.WriteString("| " + strings.Join([]string{
			place, l.Channel.String(), l.Open.String(), holidays, l.Needs.String(), yes(l.Soft), yes(l.Sure), l.Source + " (" + l.Dated + ")",
		}, " | ") + " |\n")
	}
	return b.String()
}

func TestTheTableOfLawIsThatOfTheCode(t *testing.T) {
	page, err := os.ReadFile("../../docs/law.md")
	if err != nil {
		t.Fatal(err)
	}
	if want := lawTable(); !strings.Contains(string(page), want) {
		t.Errorf("docs/law.md lacks the table of the code:\n%s", want)
	}
	if !strings.Contains(string(page), "Version `"+lifecycle.RulesVersion+"`") {
		t.Errorf("docs/law.md does not name version %s", lifecycle.RulesVersion)
	}
}
