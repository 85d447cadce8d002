package fake

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Customer is a customer of a pretend shop.
type Customer struct {
	ID           int64
	Email, Phone string
	Tags         []string
	EmailBox     Box
	SMSBox       Box
	Meta         map[string]string
}

// Box is one channel's marketing consent in Shopify's words.
type Box struct {
	State   string // SUBSCRIBED, UNSUBSCRIBED, NOT_SUBSCRIBED, PENDING
	Updated time.Time
}

// AddCustomer makes or replaces a customer.
func (s *Shop) AddCustomer(c Customer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, box := range []*Box{&c.EmailBox, &c.SMSBox} {
		if box.State == "" {
			box.State = "NOT_SUBSCRIBED"
		}
	}
	if c.Meta == nil {
		c.Meta = map[string]string{}
	}
	s.people = append(slices.DeleteFunc(s.people, func(o *Customer) bool { return o.ID == c.ID }), &c)
}

// Customer is a customer as the shop has it now; false: there is none.
func (s *Shop) Customer(id int64) (Customer, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.person(id)
	if c == nil {
		return Customer{}, false
	}
	copied := *c
	copied.Tags, copied.Meta = slices.Clone(c.Tags), maps.Clone(c.Meta)
	return copied, true
}

// Writes is how many calls changed a customer, or were to.
func (s *Shop) Writes() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.writes
}

// person is nil where there is none. The caller holds the lock.
func (s *Shop) person(id int64) *Customer {
	i := slices.IndexFunc(s.people, func(c *Customer) bool { return c.ID == id })
	if i < 0 {
		return nil
	}
	return s.people[i]
}

// byGID reads an id of GraphQL. The caller holds the lock.
func (s *Shop) byGID(gid string) *Customer {
	var id int64
	if n, err := fmt.Sscanf(gid, "gid://shopify/Customer/%d", &id); n != 1 || err != nil {
		return nil
	}
	return s.person(id)
}

func gidOf(c *Customer) string { return fmt.Sprintf("gid://shopify/Customer/%d", c.ID) }

// findCustomers answers a search by e-mail, which finds parts, too.
func (s *Shop) findCustomers(variables json.RawMessage) (map[string]any, error) {
	var in struct {
		Query string `json:"query"`
	}
	if err := strict(bytes.NewReader(variables), &in); err != nil {
		return nil, err
	}
	text, ok := strings.CutPrefix(in.Query, "email:")
	if !ok {
		return nil, fmt.Errorf("query %q", in.Query)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	nodes := []any{}
	for _, c := range s.people {
		if strings.Contains(strings.ToLower(c.Email), strings.ToLower(strings.Trim(text, `"`))) && len(nodes) < 5 {
			nodes = append(nodes, map[string]any{"id": gidOf(c), "defaultEmailAddress": map[string]any{"emailAddress": c.Email}})
		}
	}
	return map[string]any{"customers": map[string]any{"nodes": nodes}}, nil
}

func (s *Shop) showCustomer(variables json.RawMessage) (map[string]any, error) {
	var in struct {
		ID string `json:"id"`
	}
	if err := strict(bytes.NewReader(variables), &in); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.byGID(in.ID)
	if c == nil {
		return map[string]any{"customer": nil}, nil
	}
	shown := map[string]any{"id": in.ID, "tags": append([]string{}, c.Tags...), "defaultEmailAddress": nil, "defaultPhoneNumber": nil}
	if c.Email != "" {
		shown["defaultEmailAddress"] = c.EmailBox.shown()
	}
	if c.Phone != "" {
		shown["defaultPhoneNumber"] = c.SMSBox.shown()
	}
	return map[string]any{"customer": shown}, nil
}

func (b Box) shown() map[string]any {
	at := any(nil)
	if !b.Updated.IsZero() {
		at = b.Updated.UTC().Format(time.RFC3339)
	}
	return map[string]any{"marketingState": b.State, "marketingUpdatedAt": at}
}

func (s *Shop) addTags(variables json.RawMessage) (map[string]any, error) {
	return s.changeTags("tagsAdd", variables, func(c *Customer, tags []string) {
		for _, tag := range tags {
			if !slices.Contains(c.Tags, tag) {
				c.Tags = append(c.Tags, tag)
			}
		}
	})
}

func (s *Shop) removeTags(variables json.RawMessage) (map[string]any, error) {
	return s.changeTags("tagsRemove", variables, func(c *Customer, tags []string) {
		c.Tags = slices.DeleteFunc(c.Tags, func(t string) bool { return slices.Contains(tags, t) })
	})
}

func (s *Shop) changeTags(name string, variables json.RawMessage, change func(*Customer, []string)) (map[string]any, error) {
	var in struct {
		ID   string   `json:"id"`
		Tags []string `json:"tags"`
	}
	if err := strict(bytes.NewReader(variables), &in); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.writes++
	c := s.byGID(in.ID)
	if c == nil {
		return map[string]any{name: payload("node", "", "id", "NOT_FOUND")}, nil
	}
	change(c, in.Tags)
	return map[string]any{name: payload("node", in.ID, "", "")}, nil
}

// payload is what a mutation answers.
func payload(object, id, field, code string) map[string]any {
	if code != "" {
		return map[string]any{object: nil, "userErrors": []any{map[string]any{"field": []string{field}, "code": code, "message": "must be otherwise"}}}
	}
	return map[string]any{object: map[string]any{"id": id}, "userErrors": []any{}}
}

// marketingInput is a CustomerEmailMarketingConsentInput, or that of SMS.
type marketingInput struct {
	State   string     `json:"marketingState"`
	Level   string     `json:"marketingOptInLevel"`
	Updated *time.Time `json:"consentUpdatedAt"`
}

// wrong names the field that the shop does not take.
func (m *marketingInput) wrong() string {
	switch {
	case m == nil:
		return "input"
	case m.State != "SUBSCRIBED" && m.State != "UNSUBSCRIBED" && m.State != "PENDING":
		return "marketingState"
	case m.Level != "" && m.Level != "SINGLE_OPT_IN" && m.Level != "CONFIRMED_OPT_IN" && m.Level != "UNKNOWN":
		return "marketingOptInLevel"
	}
	return ""
}

func (s *Shop) emailConsent(variables json.RawMessage) (map[string]any, error) {
	var in struct {
		Input struct {
			ID      string          `json:"customerId"`
			Consent *marketingInput `json:"emailMarketingConsent"`
		} `json:"input"`
	}
	if err := strict(bytes.NewReader(variables), &in); err != nil {
		return nil, err
	}
	answer := s.setBox(in.Input.ID, in.Input.Consent, func(c *Customer) (*Box, string) { return &c.EmailBox, c.Email })
	return map[string]any{"customerEmailMarketingConsentUpdate": answer}, nil
}

func (s *Shop) smsConsent(variables json.RawMessage) (map[string]any, error) {
	var in struct {
		Input struct {
			ID      string          `json:"customerId"`
			Consent *marketingInput `json:"smsMarketingConsent"`
		} `json:"input"`
	}
	if err := strict(bytes.NewReader(variables), &in); err != nil {
		return nil, err
	}
	answer := s.setBox(in.Input.ID, in.Input.Consent, func(c *Customer) (*Box, string) { return &c.SMSBox, c.Phone })
	return map[string]any{"customerSmsMarketingConsentUpdate": answer}, nil
}

func (s *Shop) setBox(gid string, m *marketingInput, of func(*Customer) (*Box, string)) map[string]any {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.writes++
	c := s.byGID(gid)
	if c == nil {
		return payload("customer", "", "customerId", "NOT_FOUND")
	}
	if field := m.wrong(); field != "" {
		return payload("customer", "", field, "INVALID")
	}
	box, address := of(c)
	if address == "" {
		return payload("customer", "", "customerId", "INVALID")
	}
	box.State, box.Updated = m.State, time.Now().UTC()
	if m.Updated != nil {
		box.Updated = m.Updated.UTC()
	}
	return payload("customer", gid, "", "")
}
