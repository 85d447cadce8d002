package lifecycle_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ritorno/internal/lifecycle"
)

// move is one row of docs/state-machine.md: an event that changed a contact's
// state or the reason of it.
type move struct{ from, event, to, reason string }

// nobody and gone are not states: before the first event, and after an erasure.
const nobody, gone = "(none)", "(gone)"

// place names where a contact is. The two ways of being unsubscribed are two
// places, for different things lead out of them.
func place(c lifecycle.Contact) string {
	switch c.State {
	case lifecycle.None:
		return nobody
	case lifecycle.UnsubscribedState:
		return c.State.String() + " (" + string(c.Reason) + ")"
	}
	return c.State.String()
}

// situation is a contact in a state, brought there by events and timers alone.
type situation struct {
	name string
	make func(w *world)
}

// news is one event of a kind, as it may meet a contact.
type news struct {
	kind lifecycle.Type
	make func(w *world) (lifecycle.Event, bool) // false: cannot meet this contact
}

// TestTheStateMachineOfTheDocumentIsTheOneOfTheCode derives the moves by
// letting every kind of event meet contacts in every state, and holds the
// document's tables against them in both directions. The picture shows the
// first table.
func TestTheStateMachineOfTheDocumentIsTheOneOfTheCode(t *testing.T) {
	doc, derived, idle := readStateMachine(t), derive(t), kinds()
	for m, name := range derived {
		if m.from != nobody {
			delete(idle, m.event)
		}
		if !doc.rows[m] {
			t.Errorf("the code does what the tables do not say: %q [%s]", m, name)
		}
	}
	for m := range doc.rows {
		if _, ok := derived[m]; !ok {
			t.Errorf("the tables say what the code never does: %q", m)
		}
	}
	if diff := cmp.Diff(idle, doc.idle); diff != "" {
		t.Errorf("what moves nothing differs (-code +document):\n%s", diff)
	}
	if diff := cmp.Diff(doc.life, doc.arrows); diff != "" {
		t.Errorf("the picture differs from the first table (-table +picture):\n%s", diff)
	}
}

// derive lets all news meet all contacts. It tells each move, and one contact
// that made it.
func derive(t *testing.T) map[move]string {
	t.Helper()
	all := map[move]string{}
	for _, s := range situations() {
		for _, n := range allNews() {
			if m, ok := moveOf(t, s, n); ok {
				all[m] = s.name
			}
		}
	}
	return all
}

// moveOf lets an event meet a contact and tells what it moved; false: nothing.
// Told again, the event must move nothing.
func moveOf(t *testing.T, s situation, n news) (move, bool) {
	t.Helper()
	w := newWorld(t)
	s.make(w)
	ev, ok := n.make(w)
	if !ok {
		return move{}, false
	}
	before := w.c
	got := w.apply(ev)
	m := move{place(before), string(ev.Type), place(w.c), string(w.c.Reason)}
	if got.Contact.Erasing != nil {
		m.to, m.reason = gone, string(got.Reason)
	} else if w.apply(ev); m.to != place(w.c) || m.reason != string(w.c.Reason) {
		t.Errorf("%s: %q, and told again %s (%s)", s.name, m, place(w.c), w.c.Reason)
	}
	return m, m.from != m.to || m.reason != string(before.Reason)
}

// new kind of event, a new state or a new reason for one must be driven, too.
func TestNewsOfEveryKindMeetsContactsInEveryState(t *testing.T) {
	driven := kinds()
	for _, kind := range constants(t, "event.go", "Type", "// Event is") {
		if !driven[kind] {
			t.Errorf("no event of the kind %s is driven", kind)
		}
	}
	places, reasons := map[lifecycle.State]bool{}, map[string]bool{}
	for _, s := range situations() {
		w := newWorld(t)
		s.make(w)
		places[w.c.State] = true
	}
	for m := range derive(t) {
		reasons[m.reason] = true
	}
	for s := lifecycle.None; s <= lifecycle.UnsubscribedState; s++ {
		if !places[s] {
			t.Errorf("no contact in the state %q is driven", s)
		}
	}
	for _, why := range constants(t, "reason.go", "Reason", "// Why a message") {
		if !reasons[why] {
			t.Errorf("nothing driven leads to a state for the reason %s", why)
		}
	}
}

// constants reads the string constants of a type from a source file, up to end.
func constants(t *testing.T, file, of, end string) (all []string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	part, _, found := strings.Cut(string(text), end)
	for _, m := range regexp.MustCompile(`(?m)^\t\w+\s+`+of+`\s+= "(.*?)"`).FindAllStringSubmatch(part, -1) {
		all = append(all, m[1])
	}
	if len(all) == 0 || !found {
		t.Fatalf("%s has no constants of type %s before %q", file, of, end)
	}
	return all
}

var (
	arrow   = regexp.MustCompile(`^\s*(\[\*\]|\w+) --> (\w+)`)
	nothing = regexp.MustCompile(`(?s)## What moves nothing\n\n(.*?) never move`)
	// drawn turns a name in the picture into the place that it stands for.
	drawn = strings.NewReplacer("[*]", nobody, "no_response", "unsubscribed (no_response)")
	quote = regexp.MustCompile("`([^`]*)`")
)

// stateMachine is what docs/state-machine.md says.
type stateMachine struct {
	rows         map[move]bool
	life, arrows map[[2]string]bool // from one place to another: in the first table, in the picture
	idle         map[string]bool    // events that move nothing
}

// readStateMachine reads all tables whose head begins with from, event, to and
// reason, and the arrows of the picture. The cells of from and event may list
// several words: the row then stands for each combination of them.
func readStateMachine(t *testing.T) stateMachine {
	t.Helper()
	text, err := os.ReadFile("../../docs/state-machine.md")
	if err != nil {
		t.Fatal(err)
	}
	doc := stateMachine{map[move]bool{}, map[[2]string]bool{}, map[[2]string]bool{}, map[string]bool{}}
	if m := nothing.FindStringSubmatch(string(text)); m != nil {
		for _, kind := range words(m[1]) {
			doc.idle[kind] = true
		}
	}
	table, inside := 0, false
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if m := arrow.FindStringSubmatch(line); m != nil {
			doc.arrows[[2]string{drawn.Replace(m[1]), drawn.Replace(m[2])}] = true
		}
		switch {
		case strings.HasPrefix(line, "| from | event | to | reason |"):
			table, inside = table+1, true
		case !strings.HasPrefix(line, "|"):
			inside = false
		case inside && !strings.HasPrefix(line, "|--"):
			doc.row(t, strings.Split(strings.Trim(line, "|"), "|"), table == 1)
		}
	}
	if len(doc.rows) == 0 || len(doc.arrows) == 0 {
		t.Fatal("docs/state-machine.md has no table or no picture")
	}
	return doc
}

// row takes in one row of a table; life: of the first.
func (doc stateMachine) row(t *testing.T, cells []string, life bool) {
	for _, from := range words(cells[0]) {
		for _, event := range words(cells[1]) {
			m := move{from, event, words(cells[2])[0], words(cells[3])[0]}
			if doc.rows[m] {
				t.Errorf("the tables say twice: %q", m)
			}
			doc.rows[m] = true
			if life && m.from != m.to {
				doc.life[[2]string{m.from, m.to}] = true
			}
		}
	}
}

// words are the quoted words of a cell; an empty cell is one empty word.
func words(cell string) (all []string) {
	for _, m := range quote.FindAllStringSubmatch(cell, -1) {
		all = append(all, m[1])
	}
	if len(all) == 0 {
		return []string{""}
	}
	return all
}
