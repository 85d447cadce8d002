package fake

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"ritorno/internal/lifecycle"
)

// Lag is a Stale for records that run behind: the newest n messages are not in
// them yet. With 1 the newest is hidden until another one comes.
func Lag(n int) func(Sent, int) bool {
	return func(_ Sent, newer int) bool { return newer < n }
}

// lookup counts a look-up in the records and acts out its refusal. True: it is
// to be answered.
func (p *Provider) lookup(w http.ResponseWriter, refuse func(http.ResponseWriter, int)) bool {
	p.mu.Lock()
	p.lookups++
	n := p.lookups
	p.mu.Unlock()
	if p.o.Records == nil {
		return true
	}
	status := p.o.Records(n)
	if status == 0 || status == http.StatusOK {
		return true
	}
	refuse(w, status)
	return false
}

// records are the messages of one channel that the lists show, newest first
// and at most limit (0: no limit).
func (p *Provider) records(ch lifecycle.Channel, limit int, want func(*Sent) bool) []Sent {
	type kept struct {
		s     Sent
		newer int
	}
	var list []kept
	newer := 0
	p.mu.Lock()
	for i := len(p.sent) - 1; i >= 0; i-- {
		s := p.sent[i]
		if s.Channel != ch {
			continue
		}
		if want(s) {
			list = append(list, kept{*s, newer})
		}
		newer++
		if p.o.Stale == nil && limit > 0 && len(list) >= limit {
			break
		}
	}
	p.mu.Unlock()
	var shown []Sent
	for _, k := range list {
		if p.o.Stale != nil && p.o.Stale(k.s, k.newer) {
			continue
		}
		if shown = append(shown, k.s); limit > 0 && len(shown) >= limit {
			break
		}
	}
	return shown
}

// listSMS is GET Messages.json: newest first, by To and From, one page.
func (p *Provider) listSMS(w http.ResponseWriter, r *http.Request) {
	if !p.twilioUser(w, r) || !p.lookup(w, refuseSMS) {
		return
	}
	q := r.URL.Query()
	size, err := strconv.Atoi(q.Get("PageSize"))
	if err != nil || size < 1 || size > 1000 {
		size = 50
	}
	found := p.records(lifecycle.SMS, size, func(s *Sent) bool {
		return (q.Get("To") == "" || q.Get("To") == s.To) && (q.Get("From") == "" || q.Get("From") == s.From)
	})
	list := make([]json.RawMessage, len(found))
	for i := range found {
		list[i] = twilioJSON(&found[i])
	}
	writeJSON(w, http.StatusOK, map[string]any{
		"messages": list, "page": 0, "page_size": size, "start": 0, "end": max(len(list)-1, 0),
		"uri": r.URL.RequestURI(), "first_page_uri": r.URL.RequestURI(), "next_page_uri": nil, "previous_page_uri": nil,
	})
}

func refuseSMS(w http.ResponseWriter, status int) {
	twilioError(w, status, 20000+status, "refused on purpose")
}

// fetchSMS is GET Messages/{sid}.json. It shows also what the list does not
// show yet.
func (p *Provider) fetchSMS(w http.ResponseWriter, r *http.Request) {
	if !p.twilioUser(w, r) || !p.lookup(w, refuseSMS) {
		return
	}
	p.mu.Lock()
	s, ok := p.byID[strings.TrimSuffix(r.PathValue("file"), ".json")]
	var body json.RawMessage
	if ok = ok && s.Channel == lifecycle.SMS; ok {
		body = twilioJSON(s)
	}
	p.mu.Unlock()
	if !ok {
		twilioError(w, http.StatusNotFound, 20404, "The requested resource was not found")
		return
	}
	writeJSON(w, http.StatusOK, body)
}
