package fake

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"ritorno/internal/lifecycle"
)

// mailRequest is the part of Mail Send that matters here.
type mailRequest struct {
	From             mailAddress `json:"from"`
	Subject          string      `json:"subject"`
	Personalizations []struct {
		To         []mailAddress     `json:"to"`
		Subject    string            `json:"subject"`
		Headers    map[string]string `json:"headers"`
		CustomArgs map[string]string `json:"custom_args"`
	} `json:"personalizations"`
	Content []struct{ Type, Value string } `json:"content"`
}

type mailAddress struct{ Email, Name string }

// sendMail is POST /v3/mail/send.
func (p *Provider) sendMail(w http.ResponseWriter, r *http.Request) {
	if !p.mailUser(w, r) {
		return
	}
	var m mailRequest
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 30<<20)).Decode(&m); err != nil {
		mailError(w, http.StatusBadRequest, "", "Bad Request")
		return
	}
	n, f := p.request(m.to())
	if p.before(w, r, f, func() { mailError(w, f.status(), "", "refused on purpose") }) {
		return
	}
	if field, what := m.wrong(); what != "" {
		mailError(w, http.StatusBadRequest, field, what)
		return
	}
	s := p.email(n, m)
	p.take(s)
	a := answer{status: http.StatusAccepted, header: http.Header{"X-Message-Id": {s.ID}}}
	if f.Kind == NoID {
		a.header = nil
	}
	p.answer(w, r, f, s, a)
}

// mailUser checks the API key.
func (p *Provider) mailUser(w http.ResponseWriter, r *http.Request) bool {
	bearer, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	ok = ok && same(bearer, p.o.APIKey)
	if !ok {
		mailError(w, http.StatusUnauthorized, "", "The provided authorization grant is invalid, expired, or revoked")
	}
	return ok
}

// scopes is GET /v3/scopes, which shows that a key works.
func (p *Provider) scopes(w http.ResponseWriter, r *http.Request) {
	if p.mailUser(w, r) {
		writeJSON(w, http.StatusOK, map[string]any{"scopes": []string{"mail.send"}})
	}
}

func (m mailRequest) to() string {
	if len(m.Personalizations) == 1 && len(m.Personalizations[0].To) == 1 {
		return m.Personalizations[0].To[0].Email
	}
	return ""
}

// wrong is what the real one refuses at once. More than one receiver is
// legal there, but never meant here.
func (m mailRequest) wrong() (field, what string) {
	switch {
	case m.to() == "":
		return "personalizations", "The personalizations field is required and must have exactly one receiver here."
	case !strings.Contains(m.to(), "@"):
		return "personalizations.0.to.0.email", "Does not contain a valid address."
	case !strings.Contains(m.From.Email, "@"):
		return "from.email", "Does not contain a valid address."
	case m.Subject == "" && m.Personalizations[0].Subject == "":
		return "subject", "The subject is required."
	case len(m.Content) == 0:
		return "content", "Unless a valid template_id is provided, the content parameter is required."
	}
	for i, c := range m.Content {
		if c.Type == "" || c.Value == "" {
			return fmt.Sprintf("content.%d.value", i), "The content value must be a string at least one character in length."
		}
	}
	return "", ""
}

func (p *Provider) email(n int, m mailRequest) *Sent {
	one := m.Personalizations[0]
	s := &Sent{
		Channel: lifecycle.Email, ID: fmt.Sprintf("fake-%x-%d", p.salt, n),
		From: m.From.Email, To: m.to(), Subject: m.Subject, Headers: one.Headers,
		AttemptID: one.CustomArgs["ritorno_attempt"], MessageID: one.CustomArgs["ritorno_message"], Shop: one.CustomArgs["ritorno_shop"],
		Status: "queued", At: p.o.Now().UTC(), args: one.CustomArgs,
	}
	if one.Subject != "" {
		s.Subject = one.Subject
	}
	for _, c := range m.Content {
		switch c.Type {
		case "text/plain":
			s.Body = c.Value
		case "text/html":
			s.HTML = c.Value
		}
	}
	return s
}

func mailError(w http.ResponseWriter, status int, field, text string) {
	writeJSON(w, status, map[string]any{"errors": []any{map[string]any{"message": text, "field": null(field), "help": nil}}})
}
