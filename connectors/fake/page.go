package fake

import (
	_ "embed"
	"html/template"
	"net/http"
)

// shown is how many messages the page lists.
const shown = 200

//go:embed page.html
var pageHTML string

var pageTemplate = template.Must(template.New("outbox").Parse(pageHTML))

// page is the outbox for people, newest first.
func (p *Provider) page(w http.ResponseWriter, _ *http.Request) {
	sent := p.Outbox()
	list := make([]Sent, 0, shown)
	for i := len(sent) - 1; i >= 0 && len(list) < shown; i-- {
		list = append(list, sent[i])
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'")
	h.Set("X-Content-Type-Options", "nosniff")
	_ = pageTemplate.Execute(w, map[string]any{"List": list, "Counts": p.Counts()}) // the reader left: nothing to do
}
