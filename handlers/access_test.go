package handlers_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"ritorno/internal/lifecycle"
)

// document is a page taken apart.
type document struct {
	root *html.Node
	ids  map[string]int
}

func parsed(t *testing.T, page string) document {
	t.Helper()
	root, err := html.ParseWithOptions(strings.NewReader(page), html.ParseOptionEnableScripting(false)) // what is in noscript counts
	if err != nil {
		t.Fatal(err)
	}
	d := document{root, map[string]int{}}
	for n := range root.Descendants() {
		if id := attr(n, "id"); id != "" {
			d.ids[id]++
		}
	}
	return d
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func has(n *html.Node, name string) bool {
	return slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == name })
}

// heard is what a reader hears of a node: its text, and that of its images.
func heard(n *html.Node) string {
	var b strings.Builder
	for c := range n.Descendants() {
		if c.Type == html.TextNode {
			b.WriteString(c.Data)
		}
		if c.Data == "img" {
			b.WriteString(attr(c, "alt"))
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

func (d document) all(names ...string) (found []*html.Node) {
	for n := range d.root.Descendants() {
		if n.Type == html.ElementNode && slices.Contains(names, n.Data) {
			found = append(found, n)
		}
	}
	return found
}

func within(n *html.Node, name string) *html.Node {
	for p := range n.Ancestors() {
		if p.Data == name {
			return p
		}
	}
	return nil
}

// faults are what somebody who cannot see, point or run scripts would stumble
// over, and what the page's policy forbids.
func (d document) faults(lang string) (list []string) {
	add := func(format string, args ...any) { list = append(list, fmt.Sprintf(format, args...)) }
	if got := attr(d.all("html")[0], "lang"); got != lang {
		add("the language is %q, want %q", got, lang)
	}
	if t := d.all("title"); len(t) != 1 || heard(t[0]) == "" {
		add("there are %d titles", len(t))
	}
	level := 0
	for _, h := range d.all("h1", "h2", "h3", "h4") {
		n := int(h.Data[1] - '0')
		if heard(h) == "" || n > level+1 || n == 1 && level > 0 {
			add("the heading %q of level %d follows one of level %d", heard(h), n, level)
		}
		level = n
	}
	if level == 0 {
		add("there is no heading")
	}
	for id, n := range d.ids {
		if n > 1 {
			add("the id %s is there %d times", id, n)
		}
	}
	list = append(list, d.formFaults()...)
	return append(list, d.policyFaults()...)
}

func (d document) formFaults() (list []string) {
	add := func(format string, args ...any) { list = append(list, fmt.Sprintf(format, args...)) }
	for _, in := range d.all("input", "textarea", "select") {
		if attr(in, "type") == "hidden" {
			continue
		}
		if l := within(in, "label"); l == nil || heard(l) == "" {
			add("the field %s has no label", attr(in, "name"))
		}
		if attr(in, "type") == "radio" && within(in, "fieldset") == nil {
			add("the choice %s stands in no group", attr(in, "value"))
		}
	}
	for _, n := range d.all("fieldset") {
		if n.FirstChild == nil || len(document{root: n}.all("legend")) != 1 || heard(document{root: n}.all("legend")[0]) == "" {
			add("a group of fields has no name")
		}
	}
	for _, n := range d.all("form") {
		buttons := document{root: n}.all("button")
		if len(buttons) == 0 || attr(n, "method") != "post" || !strings.HasPrefix(attr(n, "action"), "/") {
			add("a form has %d buttons and leads to %q", len(buttons), attr(n, "action"))
		}
	}
	if filled := d.filled(); len(filled) > 1 {
		add("%d buttons stand out: %q", len(filled), filled)
	}
	for _, n := range d.all("button", "a", "legend", "label", "output") {
		if heard(n) == "" {
			add("a %s says nothing", n.Data)
		}
	}
	for n := range d.root.Descendants() {
		for _, name := range []string{"aria-describedby", "aria-labelledby", "for"} {
			if ref := attr(n, name); ref != "" && d.ids[ref] != 1 {
				add("%s names %q, which is not there", name, ref)
			}
		}
		if n.Data == "img" && attr(n, "alt") == "" {
			add("an image says nothing")
		}
	}
	return list
}

// filled are the buttons in the shop's full colour. A page has one thing to do
// first.
func (d document) filled() (names []string) {
	for _, n := range d.all("button", "a") {
		class := strings.Fields(attr(n, "class"))
		if (n.Data == "button" || slices.Contains(class, "button")) && !slices.Contains(class, "quiet") {
			names = append(names, heard(n))
		}
	}
	return names
}

// policyFaults are what the page's policy would block, or must never do.
func (d document) policyFaults() (list []string) {
	for n := range d.root.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		inline := n.Data == "style" || n.Data == "script" && (n.FirstChild != nil || !strings.HasPrefix(attr(n, "src"), "/l/static/"))
		for _, a := range n.Attr {
			inline = inline || a.Key == "style" || strings.HasPrefix(a.Key, "on") || strings.HasPrefix(strings.ToLower(a.Val), "javascript:")
		}
		if inline {
			list = append(list, "the policy forbids this "+n.Data)
		}
		if n.Data == "meta" && attr(n, "name") == "viewport" && strings.Contains(attr(n, "content"), "scal") && !strings.Contains(attr(n, "content"), "initial-scale=1") {
			list = append(list, "the page cannot be made larger")
		}
	}
	return list
}

func TestEveryPageCanBeUsedByEverybody(t *testing.T) {
	w := worldOf(t, "Anna", "", everyTrade()...)
	for _, s := range w.shops {
		for name, path := range w.paths(s.Name) {
			t.Run(s.Name+" "+name, func(t *testing.T) {
				page := w.get(path, "Accept-Language", s.Rules.Locale)
				for _, fault := range parsed(t, page.Body.String()).faults(s.Rules.Locale) {
					t.Error(fault)
				}
				if t.Failed() {
					t.Log(page.Body.String())
				}
				if !slices.Contains(templates, name) {
					return
				}
				bad := w.form(path+"/answer", "")
				for _, fault := range parsed(t, bad.Body.String()).faults(s.Rules.Locale) {
					t.Errorf("after a mistake: %s", fault)
				}
			})
		}
	}
}

// TestWhatIsMissingIsSaidWhereItIs: the page comes back with the reason, the
// focus on it, and the fields that lead to it.
func TestWhatIsMissingIsSaidWhereItIs(t *testing.T) {
	w := worldOf(t, "Anna", "", trader("bottega", "it", "IT", lifecycle.Ecommerce))
	for template, want := range map[string]string{
		"survey": "Scegli una risposta", "contest": "metti la spunta", "cancellation_offer": "Scrivi qualcosa", "welcome_back_stay": "Scegli una risposta",
	} {
		path, _ := w.leads("bottega", template)
		d := parsed(t, w.form(path+"/answer", "text=+&choice=").is(422).Body.String())
		found := false
		for n := range d.root.Descendants() {
			if attr(n, "role") == "alert" {
				found = strings.Contains(heard(n), want) && attr(n, "id") == "error" && has(n, "autofocus") && attr(n, "tabindex") == "-1"
			}
		}
		if !found || !strings.HasPrefix(heard(d.all("title")[0]), "Manca qualcosa: ") {
			t.Errorf("%s: the page does not say %q at its start", template, want)
		}
		if !slices.ContainsFunc(d.all("fieldset", "input", "textarea"), func(n *html.Node) bool { return attr(n, "aria-describedby") == "error" }) {
			t.Errorf("%s: no field leads to what is missing", template)
		}
	}
}
