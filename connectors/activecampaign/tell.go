package activecampaign

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"ritorno/connectors"
	"ritorno/connectors/outbound"
	"ritorno/internal/lifecycle"
)

// TagPrefix begins the tags that telling back writes.
const TagPrefix = "ritorno-"

// tagNoSMS stands for an opt-out of SMS: an account has a status for it only
// where the owner keeps a list of those who may be written to.
const tagNoSMS = TagPrefix + "sms-unsubscribed"

// TellerOptions say how to reach the API of one account, and what to tell it.
type TellerOptions struct {
	URL    string // https://ACCOUNT.api-us1.com, without a slash at the end
	Key    string // of Settings > Developer
	Tags   bool   // the state as a tag
	Fields map[string]string
	SMS    []string // the lists whose status follows the SMS consent
	Other  []string // lists whose status is left alone; that of any other list follows the e-mail consent
	Client *outbound.Client
}

// Teller tells one account of its contacts. It makes none.
type Teller struct {
	o TellerOptions

	mu   sync.Mutex
	tags map[string]string // ids of our tags by name
}

var _ connectors.Teller = (*Teller)(nil)

// NewTeller makes a teller.
func NewTeller(o TellerOptions) (*Teller, error) {
	if o.URL == "" || o.Key == "" || o.Client == nil {
		return nil, errors.New("telling ActiveCampaign needs api_url and api_key")
	}
	return &Teller{o: o, tags: map[string]string{}}, nil
}

// Tell tells each contact of the account that the person is.
func (t *Teller) Tell(ctx context.Context, n connectors.Telling) error {
	return connectors.TellEach(n.IDs, func() ([]string, *connectors.TellFault) { return t.find(ctx, n.Email) }, func(id string) (bool, *connectors.TellFault) {
		gone, fault := t.tellOne(ctx, id, n)
		return !gone, fault
	})
}

// find looks a contact up by e-mail.
// https://developers.activecampaign.com/reference/list-all-contacts
func (t *Teller) find(ctx context.Context, email string) (ids []string, _ *connectors.TellFault) {
	if email == "" {
		return nil, nil
	}
	var got struct {
		Contacts []struct {
			ID    connectors.ID `json:"id"`
			Email string        `json:"email"`
		} `json:"contacts"`
	}
	if _, fault := t.call(ctx, http.MethodGet, "/contacts", url.Values{"email": {email}}, nil, &got); fault != nil {
		return nil, fault
	}
	if got.Contacts == nil {
		return nil, notAnAnswer()
	}
	for _, c := range got.Contacts {
		if strings.EqualFold(c.Email, email) && c.ID != "" {
			ids = append(ids, string(c.ID))
		}
	}
	return ids, nil
}

// tellOne tells one contact of the account. gone: it is not there any more.
func (t *Teller) tellOne(ctx context.Context, id string, n connectors.Telling) (gone bool, _ *connectors.TellFault) {
	add, remove := wanted(n, t.o.Tags)
	if len(add)+len(remove) > 0 {
		if gone, fault := t.tag(ctx, id, add, remove); gone || fault != nil {
			return gone, fault
		}
	}
	for _, c := range n.Out {
		if c.Channel == lifecycle.SMS && len(t.o.SMS) == 0 {
			continue
		}
		if gone, fault := t.lists(ctx, id, c); gone || fault != nil {
			return gone, fault
		}
	}
	return t.fields(ctx, id, n)
}

// wanted are the tags that the contact must have, and those it must not.
func wanted(n connectors.Telling, states bool) (add, remove []string) {
	if n.State != nil && states {
		for s := lifecycle.Active; s <= lifecycle.UnsubscribedState; s++ {
			if tag := TagPrefix + s.String(); s == n.State.State {
				add = append(add, tag)
			} else {
				remove = append(remove, tag)
			}
		}
	}
	for _, c := range n.Out {
		switch {
		case c.Channel != lifecycle.SMS:
		case c.State == lifecycle.Unsubscribed:
			add = append(add, tagNoSMS)
		default:
			remove = append(remove, tagNoSMS)
		}
	}
	return add, remove
}

// tag brings the contact's tags of ours in line.
// https://developers.activecampaign.com/reference/retrieve-contact-tags
func (t *Teller) tag(ctx context.Context, contact string, add, remove []string) (gone bool, _ *connectors.TellFault) {
	var got struct {
		Tags []struct {
			ID  connectors.ID `json:"id"` // of the connection between contact and tag
			Tag connectors.ID `json:"tag"`
		} `json:"contactTags"`
	}
	if gone, fault := t.call(ctx, http.MethodGet, "/contacts/"+url.PathEscape(contact)+"/contactTags", nil, nil, &got); gone || fault != nil {
		return gone, fault
	}
	if got.Tags == nil {
		return false, notAnAnswer()
	}
	have := map[string]string{}
	for _, x := range got.Tags {
		have[string(x.Tag)] = string(x.ID)
	}
	for _, name := range remove {
		id, fault := t.tagID(ctx, name, false)
		if fault != nil {
			return false, fault
		}
		if link := have[id]; id != "" && link != "" {
			if _, fault := t.call(ctx, http.MethodDelete, "/contactTags/"+url.PathEscape(link), nil, nil, nil); fault != nil {
				return false, fault
			}
		}
	}
	for _, name := range add {
		id, fault := t.tagID(ctx, name, true)
		if fault != nil {
			return false, fault
		}
		if have[id] != "" {
			continue
		}
		in := map[string]any{"contactTag": map[string]string{"contact": contact, "tag": id}}
		if gone, fault := t.call(ctx, http.MethodPost, "/contactTags", nil, in, nil); gone || fault != nil {
			t.forget(name)
			return false, away(fault, "a tag was deleted just now")
		}
	}
	return false, nil
}

// away is a fault where there is none yet.
func away(fault *connectors.TellFault, text string) *connectors.TellFault {
	if fault != nil {
		return fault
	}
	return &connectors.TellFault{Single: true, Text: "ActiveCampaign: " + text}
}

func (t *Teller) forget(tag string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.tags, tag)
}

// tagID is the id of one of our tags, which is made where it must be; "" where
// there is none.
// https://developers.activecampaign.com/reference/retrieve-all-tags
func (t *Teller) tagID(ctx context.Context, name string, must bool) (string, *connectors.TellFault) {
	t.mu.Lock()
	id := t.tags[name]
	t.mu.Unlock()
	if id != "" {
		return id, nil
	}
	var list struct {
		Tags []tag `json:"tags"`
	}
	if _, fault := t.call(ctx, http.MethodGet, "/tags", url.Values{"search": {name}, "limit": {"100"}}, nil, &list); fault != nil {
		return "", fault
	}
	if list.Tags == nil {
		return "", notAnAnswer()
	}
	for _, x := range list.Tags {
		if strings.EqualFold(x.Name, name) {
			id = string(x.ID)
		}
	}
	if id == "" && must {
		var made struct {
			Tag tag `json:"tag"`
		}
		in := map[string]any{"tag": map[string]string{"tag": name, "tagType": "contact", "description": "written by Ritorno"}}
		if _, fault := t.call(ctx, http.MethodPost, "/tags", nil, in, &made); fault != nil {
			return "", fault
		}
		if id = string(made.Tag.ID); id == "" {
			return "", &connectors.TellFault{Text: "ActiveCampaign: its answer does not name the tag that was made"}
		}
	}
	if id != "" {
		t.mu.Lock()
		t.tags[name] = id
		t.mu.Unlock()
	}
	return id, nil
}

type tag struct {
	ID   connectors.ID `json:"id"`
	Name string        `json:"tag"`
}

// Statuses of a contact on a list.
const (
	onList  = "1"
	offList = "2"
)

// channel is the channel that a list stands for; false: none.
func (t *Teller) channel(list string) (lifecycle.Channel, bool) {
	switch {
	case slices.Contains(t.o.SMS, list):
		return lifecycle.SMS, true
	case slices.Contains(t.o.Other, list):
		return 0, false
	}
	return lifecycle.Email, true
}

// lists brings the status on the contact's lists in line with the consent of
// their channel. Somebody is put back only onto a list that they left before they
// opted in with us.
// https://developers.activecampaign.com/reference/update-list-status-for-contact
func (t *Teller) lists(ctx context.Context, contact string, c connectors.TellingConsent) (gone bool, _ *connectors.TellFault) {
	var got struct {
		Lists []listed `json:"contactLists"`
	}
	if gone, fault := t.call(ctx, http.MethodGet, "/contacts/"+url.PathEscape(contact)+"/contactLists", nil, nil, &got); gone || fault != nil {
		return gone, fault
	}
	if got.Lists == nil {
		return false, notAnAnswer()
	}
	for _, l := range got.Lists {
		to := l.to(c)
		if ch, ok := t.channel(string(l.List)); to == "" || !ok || ch != c.Channel {
			continue
		}
		entry := map[string]any{"list": string(l.List), "contact": contact, "status": to}
		if to == onList {
			entry["sourceid"] = 4 // what the API asks for when somebody is put back
		}
		if gone, fault := t.call(ctx, http.MethodPost, "/contactLists", nil, map[string]any{"contactList": entry}, nil); gone || fault != nil {
			return false, away(fault, "a list was deleted just now")
		}
	}
	return false, nil
}

// listed is a contact on a list.
type listed struct {
	List    connectors.ID `json:"list"`
	Status  connectors.ID `json:"status"`
	Updated string        `json:"udate"` // with its zone
}

// to is the status to set, "" to leave it.
func (l listed) to(c connectors.TellingConsent) string {
	switch {
	case c.State == lifecycle.Unsubscribed && (l.Status == onList || l.Status == "0"):
		return offList
	case c.State == lifecycle.Subscribed && l.Status == offList:
		at, err := time.Parse(time.RFC3339, l.Updated)
		if err != nil || at.After(c.At) {
			return "" // left after the opt-in, or nobody knows when
		}
		return onList
	}
	return ""
}

// fields writes the owner's own fields.
// https://developers.activecampaign.com/reference/create-fieldvalue
func (t *Teller) fields(ctx context.Context, contact string, n connectors.Telling) (gone bool, _ *connectors.TellFault) {
	values := n.Fields()
	for _, name := range slices.Sorted(maps.Keys(t.o.Fields)) {
		value, told := values[name]
		if !told {
			continue
		}
		in := map[string]any{"fieldValue": map[string]string{"contact": contact, "field": t.o.Fields[name], "value": value}}
		gone, fault := t.call(ctx, http.MethodPost, "/fieldValues", nil, in, nil)
		if gone {
			fault = &connectors.TellFault{Single: true, Refused: true, Text: "ActiveCampaign: there is no such contact or field (status 404): look at tell_back.fields." + name}
		}
		if fault != nil {
			return false, fault
		}
	}
	return false, nil
}
