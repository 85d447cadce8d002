package fake

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"ritorno/internal/lifecycle"
)

// suffix is what the real one adds to a message's id.
const suffix = ".recvd-fake-1-0.0"

// searchLogs is POST /v3/logs: e-mails by a query, newest first.
func (p *Provider) searchLogs(w http.ResponseWriter, r *http.Request) {
	if !p.mailUser(w, r) || !p.lookup(w, refuseLog) {
		return
	}
	q := struct {
		Query string `json:"query"`
		Limit int    `json:"limit"`
	}{Limit: 10}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<16)).Decode(&q); err != nil || q.Limit < 1 || q.Limit > 1000 {
		logError(w, http.StatusBadRequest, "limit", "want JSON with a query and a limit between 1 and 1000")
		return
	}
	want, err := parseQuery(q.Query)
	if err != nil {
		logError(w, http.StatusBadRequest, "query", err.Error())
		return
	}
	list := []map[string]any{}
	for _, s := range p.records(lifecycle.Email, q.Limit, want) {
		list = append(list, map[string]any{
			"from_email": s.From, "to_email": s.To, "sg_message_id": s.ID + suffix, "subject": s.Subject,
			"reason": s.why, "status": logStatus(&s), "sg_message_id_created_at": s.At.Format(time.RFC3339),
		})
	}
	writeJSON(w, http.StatusOK, map[string]any{"messages": list})
}

func refuseLog(w http.ResponseWriter, status int) { logError(w, status, "", "refused on purpose") }

// logError is like mailError, but what is not told is left out: so the logs
// are described.
func logError(w http.ResponseWriter, status int, field, text string) {
	e := map[string]any{"message": text}
	if field != "" {
		e["field"] = field
	}
	writeJSON(w, status, map[string]any{"errors": []any{e}})
}

// fetchLog is GET /v3/logs/{sg_message_id}.
func (p *Provider) fetchLog(w http.ResponseWriter, r *http.Request) {
	if !p.mailUser(w, r) || !p.lookup(w, refuseLog) {
		return
	}
	id, _, _ := strings.Cut(r.PathValue("id"), ".")
	found := p.records(lifecycle.Email, 1, func(s *Sent) bool { return s.ID == id })
	if len(found) == 0 {
		logError(w, http.StatusNotFound, "", "message not found")
		return
	}
	s := &found[0]
	v := map[string]any{
		"from_email": s.From, "to_email": s.To, "sg_message_id": s.ID + suffix, "subject": s.Subject,
		"status": logStatus(s), "api_key_id": "fake", "client_ip": "127.0.0.1", "events": logEvents(s),
	}
	if len(s.args) > 0 {
		v["custom_args"] = s.args
	}
	writeJSON(w, http.StatusOK, v)
}

// logStatus is the log's word for what became of an e-mail.
func logStatus(s *Sent) string {
	switch s.Status {
	case "queued":
		return "processed"
	case "bounce":
		return "bounced"
	case "blocked", "dropped":
		return s.Status
	}
	return "delivered"
}

// logEvents are the events behind it, oldest first.
func logEvents(s *Sent) []map[string]any {
	event := func(name string, more map[string]any) map[string]any {
		e := map[string]any{
			"event": name, "email": s.To, "timestamp": s.At.Unix(), "sg_message_id": s.ID + suffix,
			"sg_event_id": base64.RawURLEncoding.EncodeToString([]byte(name + "-" + s.ID)),
		}
		for k, v := range more {
			e[k] = v
		}
		return e
	}
	smtp := "<" + s.ID + "@fake.invalid>"
	list := []map[string]any{event("processed", map[string]any{"smtp-id": smtp})}
	switch logStatus(s) {
	case "delivered":
		list = append(list, event("delivered", map[string]any{"smtp-id": smtp, "ip": "127.0.0.1", "response": "250 OK"}))
	case "bounced":
		list = append(list, event("bounce", map[string]any{"type": "bounce", "reason": s.why}))
	case "blocked":
		list = append(list, event("bounce", map[string]any{"type": "blocked", "reason": s.why}))
	case "dropped":
		list = append(list, event("dropped", map[string]any{"smtp-id": smtp, "reason": s.why}))
	}
	return list
}

// condition is one comparison of a query: field, operator, value.
var condition = regexp.MustCompile(`^\s*([a-z_]+)\s+(=|IN|>=|<=|>|<)\s+(TIMESTAMP\s+"[^"]*"|"[^"]*"|\(\s*'[^']*'(?:\s*,\s*'[^']*')*\s*\))\s*(?:AND\s|$)`)

var listed = regexp.MustCompile(`'([^']*)'`)

// parseQuery understands the documented query language: comparisons joined by
// AND. No query asks for everything.
func parseQuery(q string) (func(*Sent) bool, error) {
	var all []func(*Sent) bool
	for rest := q; strings.TrimSpace(rest) != ""; {
		m := condition.FindStringSubmatch(rest)
		if m == nil {
			return nil, fmt.Errorf("query not understood at byte %d", len(q)-len(rest))
		}
		test, err := parseCondition(m[1], m[2], m[3])
		if err != nil {
			return nil, err
		}
		all = append(all, test)
		rest = rest[len(m[0]):]
		if strings.HasSuffix(strings.TrimSpace(m[0]), "AND") && strings.TrimSpace(rest) == "" {
			return nil, fmt.Errorf("query ends with AND")
		}
	}
	return func(s *Sent) bool {
		return !slices.ContainsFunc(all, func(test func(*Sent) bool) bool { return !test(s) })
	}, nil
}

func parseCondition(field, op, value string) (func(*Sent) bool, error) {
	if field == "sg_message_id_created_at" {
		return parseTime(op, value)
	}
	of := map[string]func(*Sent) string{
		"to_email":      func(s *Sent) string { return s.To },
		"subject":       func(s *Sent) string { return s.Subject },
		"sg_message_id": func(s *Sent) string { return s.ID + suffix },
		"reason":        func(s *Sent) string { return s.why },
	}[field]
	switch {
	case of != nil && op == "=" && strings.HasPrefix(value, `"`):
		return func(s *Sent) bool { return of(s) == strings.Trim(value, `"`) }, nil
	case field == "status" && op == "IN" && strings.HasPrefix(value, "("):
		var words []string
		for _, m := range listed.FindAllStringSubmatch(value, -1) {
			words = append(words, m[1])
		}
		return func(s *Sent) bool { return slices.Contains(words, logStatus(s)) }, nil
	}
	return nil, fmt.Errorf("%s %s: not a comparison that the logs know", field, op)
}

func parseTime(op, value string) (func(*Sent) bool, error) {
	_, text, _ := strings.Cut(value, `"`)
	at, err := time.Parse(time.RFC3339, strings.TrimSuffix(text, `"`))
	if err != nil || !strings.HasPrefix(value, "TIMESTAMP") {
		return nil, fmt.Errorf(`sg_message_id_created_at: want TIMESTAMP "2027-01-31T00:00:00Z"`)
	}
	compare := map[string]func(int) bool{
		">": func(c int) bool { return c > 0 }, ">=": func(c int) bool { return c >= 0 },
		"<": func(c int) bool { return c < 0 }, "<=": func(c int) bool { return c <= 0 },
	}[op]
	if compare == nil {
		return nil, fmt.Errorf("sg_message_id_created_at %s: want one of > >= < <=", op)
	}
	// As shown: whole seconds.
	return func(s *Sent) bool { return compare(s.At.Truncate(time.Second).Compare(at)) }, nil
}
