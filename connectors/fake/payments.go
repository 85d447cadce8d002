package fake

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"sync"
)

// Payments is a pretend Stripe account: as much of its API as telling back
// takes, by its description.
type Payments struct {
	key   string
	fault func(n int) int

	mu      sync.Mutex
	n       int
	people  map[string]*Payer
	order   []string
	answers map[string]string // what was asked with an idempotency key
}

// Payer is a customer of a pretend Stripe account.
type Payer struct {
	ID, Email string
	Deleted   bool
	Metadata  map[string]string
}

// NewPayments makes an account without customers. fault is asked for each
// request, n counting from 1: the status to answer with; 0, or nil: none.
func NewPayments(key string, fault func(n int) int) *Payments {
	return &Payments{key: key, fault: fault, people: map[string]*Payer{}, answers: map[string]string{}}
}

// Add makes a customer.
func (p *Payments) Add(c Payer) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if c.Metadata == nil {
		c.Metadata = map[string]string{}
	}
	p.people[c.ID] = &c
	p.order = append(p.order, c.ID)
}

// Metadata is that of a customer.
func (p *Payments) Metadata(id string) map[string]string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if c := p.people[id]; c != nil {
		return maps.Clone(c.Metadata)
	}
	return nil
}

// Requests is how many requests came, refused ones included.
func (p *Payments) Requests() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.n
}

// Handler answers the API.
func (p *Payments) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/customers", p.list)
	mux.HandleFunc("POST /v1/customers/{id}", p.update)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		p.n++
		n := p.n
		p.mu.Unlock()
		if p.fault != nil {
			if status := p.fault(n); status != 0 {
				payFault(w, status, "api_error", "")
				return
			}
		}
		if !same(r.Header.Get("Authorization"), "Bearer "+p.key) {
			payFault(w, http.StatusUnauthorized, "invalid_request_error", "")
			return
		}
		mux.ServeHTTP(w, r)
	})
}

func payFault(w http.ResponseWriter, status int, kind, code string) {
	writeJSON(w, status, map[string]any{"error": map[string]any{"type": kind, "code": code, "message": "Sorry."}})
}

// list lists the customers of an e-mail address; its letter case counts.
func (p *Payments) list(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	data := []any{}
	for _, id := range p.order {
		if c := p.people[id]; !c.Deleted && c.Email == r.URL.Query().Get("email") {
			data = append(data, c.shown())
		}
	}
	writeJSON(w, http.StatusOK, map[string]any{"object": "list", "url": "/v1/customers", "has_more": false, "data": data})
}

func (c *Payer) shown() map[string]any {
	if c.Deleted {
		return map[string]any{"id": c.ID, "object": "customer", "deleted": true}
	}
	return map[string]any{"id": c.ID, "object": "customer", "email": c.Email, "metadata": c.Metadata}
}

// update changes the metadata: what is not named stays, and what is empty goes.
// The same key with other parameters is refused.
func (p *Payments) update(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Content-Type") != "application/x-www-form-urlencoded" || r.ParseForm() != nil {
		payFault(w, http.StatusBadRequest, "invalid_request_error", "parameter_unknown")
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	asked := r.URL.Path + "?" + r.PostForm.Encode()
	if key := r.Header.Get("Idempotency-Key"); key != "" {
		if before, ok := p.answers[key]; ok && before != asked {
			payFault(w, http.StatusBadRequest, "idempotency_error", "")
			return
		}
		p.answers[key] = asked
	}
	c := p.people[r.PathValue("id")]
	if c == nil || c.Deleted {
		payFault(w, http.StatusNotFound, "invalid_request_error", "resource_missing")
		return
	}
	if bad := c.set(r.PostForm); bad != "" {
		payFault(w, http.StatusBadRequest, "invalid_request_error", bad)
		return
	}
	writeJSON(w, http.StatusOK, c.shown())
}

// set takes metadata over, and names what is wrong with it.
func (c *Payer) set(form url.Values) string {
	for name := range form {
		key, ok := strings.CutPrefix(name, "metadata[")
		key, closed := strings.CutSuffix(key, "]")
		if !ok || !closed {
			return "parameter_unknown"
		}
		value := form.Get(name)
		if len(key) > 40 || len(value) > 500 {
			return "metadata_too_long"
		}
		if c.Metadata[key] = value; value == "" {
			delete(c.Metadata, key)
		}
	}
	if len(c.Metadata) > 50 {
		return fmt.Sprint("metadata_of_", len(c.Metadata))
	}
	return ""
}
