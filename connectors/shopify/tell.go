package shopify

import (
	"context"
	"slices"
	"strings"
	"time"

	"ritorno/connectors"
	"ritorno/internal/lifecycle"
)

// TagPrefix begins the tags that telling back writes.
const TagPrefix = "ritorno-"

// TellerOptions say how to reach the Admin API of one shop, and what to tell it.
type TellerOptions struct {
	MakerOptions
	Tags bool // the state as a tag of the customer
}

// Teller tells one shop of its customers. It makes none. The app needs the
// scopes read_customers and write_customers.
type Teller struct {
	api  *Maker
	tags bool
}

var _ connectors.Teller = (*Teller)(nil)

// NewTeller makes a teller.
func NewTeller(o TellerOptions) (*Teller, error) {
	api, err := NewMaker(o.MakerOptions)
	if err != nil {
		return nil, errTeller
	}
	return &Teller{api: api, tags: o.Tags}, nil
}

const scopeWrite = "write_customers"

// Tell tells each customer of the shop that the contact is.
func (t *Teller) Tell(ctx context.Context, n connectors.Telling) error {
	var ids []string
	for _, id := range n.IDs {
		if allDigits(id) && id != "" {
			ids = append(ids, "gid://shopify/Customer/"+id)
		}
	}
	return connectors.TellEach(ids, func() ([]string, *connectors.TellFault) { return t.find(ctx, n.Email) }, func(id string) (bool, *connectors.TellFault) {
		return t.tellOne(ctx, id, n)
	})
}

const findQuery = `query customers($query: String!) {
  customers(first: 5, query: $query) { nodes { id defaultEmailAddress { emailAddress } } }
}`

// find looks a customer up by e-mail.
// https://shopify.dev/docs/api/admin-graphql/2026-01/queries/customers
func (t *Teller) find(ctx context.Context, email string) (ids []string, _ *connectors.TellFault) {
	if email == "" || strings.ContainsAny(email, `"\`) {
		return nil, nil
	}
	var got struct {
		Customers struct {
			Nodes []struct {
				ID    string `json:"id"`
				Email *struct {
					Address string `json:"emailAddress"`
				} `json:"defaultEmailAddress"`
			} `json:"nodes"`
		} `json:"customers"`
	}
	if fault := t.ask(ctx, findQuery, map[string]any{"query": `email:"` + email + `"`}, "read_customers", &got); fault != nil {
		return nil, fault
	}
	for _, c := range got.Customers.Nodes { // the search finds parts of addresses, too
		if c.Email != nil && strings.EqualFold(c.Email.Address, email) {
			ids = append(ids, c.ID)
		}
	}
	return ids, nil
}

// box is one channel's consent as the shop has it.
type box struct {
	State   string    `json:"marketingState"`
	Updated time.Time `json:"marketingUpdatedAt"` // zero: never decided
}

const lookQuery = `query customer($id: ID!) {
  customer(id: $id) {
    id
    tags
    defaultEmailAddress { marketingState marketingUpdatedAt }
    defaultPhoneNumber { marketingState marketingUpdatedAt }
  }
}`

// tellOne tells one customer. It reads first: tags that are right are left
// alone, so that the shop tells nobody of a change that is none.
// https://shopify.dev/docs/api/admin-graphql/2026-01/queries/customer
func (t *Teller) tellOne(ctx context.Context, id string, n connectors.Telling) (known bool, _ *connectors.TellFault) {
	var got struct {
		Customer *struct {
			Tags  []string `json:"tags"`
			Email *box     `json:"defaultEmailAddress"`
			Phone *box     `json:"defaultPhoneNumber"`
		} `json:"customer"`
	}
	if fault := t.ask(ctx, lookQuery, map[string]any{"id": id}, "read_customers", &got); fault != nil {
		return false, fault
	}
	c := got.Customer
	if c == nil {
		return false, nil
	}
	if n.State != nil && t.tags {
		if fault := t.tag(ctx, id, c.Tags, n.State.State); fault != nil {
			return true, fault
		}
	}
	for _, out := range n.Out {
		have := c.Email
		if out.Channel == lifecycle.SMS {
			have = c.Phone
		}
		if fault := t.consent(ctx, id, have, out); fault != nil {
			return true, fault
		}
	}
	return true, nil
}

const removeTags = `mutation tagsRemove($id: ID!, $tags: [String!]!) {
  tagsRemove(id: $id, tags: $tags) { node { id } userErrors { field message } }
}`

const addTags = `mutation tagsAdd($id: ID!, $tags: [String!]!) {
  tagsAdd(id: $id, tags: $tags) { node { id } userErrors { field message } }
}`

// tag brings the customer's tags of ours in line.
// https://shopify.dev/docs/api/admin-graphql/2026-01/mutations/tagsAdd
func (t *Teller) tag(ctx context.Context, id string, have []string, state lifecycle.State) *connectors.TellFault {
	want := TagPrefix + state.String()
	var old []string
	for s := lifecycle.Active; s <= lifecycle.UnsubscribedState; s++ {
		if tag := TagPrefix + s.String(); tag != want && has(have, tag) {
			old = append(old, tag)
		}
	}
	var got struct {
		Added *struct {
			Errors []userError `json:"userErrors"`
		} `json:"tagsAdd"`
		Removed *struct {
			Errors []userError `json:"userErrors"`
		} `json:"tagsRemove"`
	}
	if !has(have, want) {
		if fault := t.ask(ctx, addTags, map[string]any{"id": id, "tags": []string{want}}, scopeWrite, &got); fault != nil {
			return fault
		}
		if got.Added == nil {
			return unclear("the tag")
		}
		if fault := done("the tag", got.Added.Errors); fault != nil {
			return fault
		}
	}
	if len(old) == 0 {
		return nil
	}
	if fault := t.ask(ctx, removeTags, map[string]any{"id": id, "tags": old}, scopeWrite, &got); fault != nil {
		return fault
	}
	if got.Removed == nil {
		return unclear("the tag")
	}
	return done("the tag", got.Removed.Errors)
}

func has(tags []string, tag string) bool {
	return slices.ContainsFunc(tags, func(t string) bool { return strings.EqualFold(t, tag) })
}

func unclear(what string) *connectors.TellFault {
	return &connectors.TellFault{Text: "Shopify: its answer does not say whether " + what + " was taken"}
}

const emailMutation = `mutation customerEmailMarketingConsentUpdate($input: CustomerEmailMarketingConsentUpdateInput!) {
  customerEmailMarketingConsentUpdate(input: $input) { customer { id } userErrors { field message code } }
}`

const smsMutation = `mutation customerSmsMarketingConsentUpdate($input: CustomerSmsMarketingConsentUpdateInput!) {
  customerSmsMarketingConsentUpdate(input: $input) { customer { id } userErrors { field message code } }
}`

// consent tells the decision with its own time, so that the shop sees which of
// two is newer, and what it answers with by webhook is no newer than ours.
// https://shopify.dev/docs/api/admin-graphql/2026-01/mutations/customerEmailMarketingConsentUpdate
func (t *Teller) consent(ctx context.Context, id string, have *box, out connectors.TellingConsent) *connectors.TellFault {
	if have == nil || !tells(*have, out) {
		return nil
	}
	consent := map[string]any{
		"marketingState":      strings.ToUpper(out.State.String()),
		"marketingOptInLevel": "SINGLE_OPT_IN",
		"consentUpdatedAt":    out.At.UTC().Format(time.RFC3339),
	}
	query, name := emailMutation, "emailMarketingConsent"
	if out.Channel == lifecycle.SMS {
		query, name = smsMutation, "smsMarketingConsent"
	}
	var got struct {
		Email *struct {
			Errors []userError `json:"userErrors"`
		} `json:"customerEmailMarketingConsentUpdate"`
		SMS *struct {
			Errors []userError `json:"userErrors"`
		} `json:"customerSmsMarketingConsentUpdate"`
	}
	variables := map[string]any{"input": map[string]any{"customerId": id, name: consent}}
	if fault := t.ask(ctx, query, variables, scopeWrite, &got); fault != nil {
		return fault
	}
	answer := got.Email
	if out.Channel == lifecycle.SMS {
		answer = got.SMS
	}
	if answer == nil {
		return unclear("the consent")
	}
	return done("the consent", answer.Errors)
}

// tells reports whether a decision changes what the shop has. A later decision
// that the shop took itself stands, and so does the state of somebody who never
// opted in there: only who left comes back.
func tells(have box, out connectors.TellingConsent) bool {
	switch have.State {
	case strings.ToUpper(out.State.String()), "REDACTED", "INVALID":
		return false
	case "UNSUBSCRIBED":
	default:
		if out.State == lifecycle.Subscribed {
			return false
		}
	}
	return !have.Updated.After(out.At)
}
