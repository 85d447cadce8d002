package config

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"ritorno/internal/lifecycle"
)

// tellTagPrefix begins the tags that telling back writes.
const tellTagPrefix = "ritorno-"

// verifyTelling checks what is written back into the shop or CRM.
func (s *Source) verifyTelling(r *report, path string) {
	t := s.TellBack
	if t == nil {
		return
	}
	path += ".tell_back"
	want := map[Kind]TellState{Shopify: TellTag, ActiveCampaign: TellTag, WooCommerce: TellMeta, Stripe: TellMeta}[s.Kind]
	switch {
	case want == "":
		r.add(path, fmt.Sprintf("is not possible for kind %s: use webhooks of the shop, which any system can receive", s.Kind))
		return
	case r.given(path+".state") && t.State != want && !r.known(path+".state"):
		r.add(path+".state", fmt.Sprintf("must be %s for kind %s", want, s.Kind))
	}
	s.verifyAccess(r, path)
	s.verifyPlaces(r, path+".fields")
	if t.State == "" && !t.Consent && len(t.Fields.byName()) == 0 {
		r.add(path, fmt.Sprintf("tells nothing: give state: %s, consent: true or fields, or leave it out", want))
	}
	for _, tag := range slices.Sorted(maps.Keys(s.Tags)) {
		if strings.HasPrefix(strings.ToLower(strings.TrimSpace(tag)), tellTagPrefix) {
			r.add(strings.TrimSuffix(path, ".tell_back")+".tags."+tag, "begins with "+tellTagPrefix+", as the tags do that tell_back writes: what we wrote would come back as news, so take it out")
		}
	}
}

// verifyAccess wants the key of the API.
func (s *Source) verifyAccess(r *report, path string) {
	const mend = "needs access to the API: give api_url and its keys beside it (docs/telling-back.md)"
	switch s.Kind {
	case Stripe:
		if s.APIKey.Empty() {
			r.add(path, "needs api_key beside it: a restricted key of Stripe that may write customers")
		}
	case ActiveCampaign:
		if s.APIURL == "" || s.APIKey.Empty() {
			r.add(path, mend)
		}
		if u, ok := webURL(s.APIURL); s.APIURL != "" && ok && u.Scheme != "https" && !loopback(u.Hostname()) {
			r.add(path, "needs api_url to begin with https://: the call carries api_key")
		}
	default:
		if s.APIURL == "" {
			r.add(path, mend)
		}
	}
}

// What fields may be called in the systems they stand in.
var placeForms = map[Kind]struct {
	form *regexp.Regexp
	text string
}{
	ActiveCampaign: {regexp.MustCompile(`^[1-9][0-9]{0,9}$`), "must be the number of a contact field: ActiveCampaign shows it at GET /api/3/fields, and in the address of the field's page"},
	WooCommerce:    {regexp.MustCompile(`^[A-Za-z0-9_-]{1,190}$`), "must be a key of meta_data: letters, digits, _ and -"},
	Stripe:         {regexp.MustCompile(`^[A-Za-z0-9_.-]{1,40}$`), "must be a key of metadata: at most 40 letters, digits, _, . and -"},
}

func (s *Source) verifyPlaces(r *report, path string) {
	named := s.TellBack.Fields.byName()
	if s.Kind == Shopify {
		if r.given(path) {
			r.add(path, "is not used by kind shopify, whose customers get a tag: take it out")
		}
		return
	}
	form, seen := placeForms[s.Kind], map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(named)) {
		at := path + "." + name
		switch place := named[name]; {
		case !form.form.MatchString(place):
			r.add(at, form.text)
		case seen[place] != "":
			r.add(at, fmt.Sprintf("stands where %s does: give each a place of its own", seen[place]))
		case strings.HasSuffix(name, "_consent") && !s.TellBack.Consent:
			r.add(at, "is never written without consent: true beside fields")
		default:
			seen[place] = name
		}
	}
	for name, place := range s.Places() {
		if slices.Contains(s.Fields.EmailConsent, place) || slices.Contains(s.Fields.SMSConsent, place) {
			r.add(path, fmt.Sprintf("writes %s where the source's own fields are read from: what we wrote would come back as news", name))
		}
	}
}

// verifyHook checks one outgoing webhook.
func (h *OutgoingHook) verify(r *report, path string) {
	u, ok := webURL(h.URL)
	switch {
	case h.URL == "":
		r.add(path+".url", "is missing or empty: give the address of the receiver")
	case !ok || u.Fragment != "" || u.Scheme != "https" && !loopback(u.Hostname()):
		r.add(path+".url", "must be an https address, such as https://erp.example.com/hooks/ritorno")
	}
	if len(h.Secrets) == 0 {
		r.add(path+".secret", "is empty: at least one is needed, so that the receiver can tell that it is us; make one with: echo whsec_$(openssl rand -base64 32)")
	}
	for _, s := range h.Secrets {
		switch mend := webhookSecret(s.Reveal()); {
		case strings.HasPrefix(s.Reveal(), "whpk_"), mend != "" && !strings.HasPrefix(s.Reveal(), "whsec_"):
			r.add(path+".secret", "must be whsec_ and base64 of 24 to 64 bytes: make one with: echo whsec_$(openssl rand -base64 32)")
		case mend != "":
			r.add(path+".secret", mend)
		}
	}
	if r.given(path+".events") && len(h.Events) == 0 {
		r.add(path+".events", "is empty: name some, or leave it out for all")
	}
	seen := map[lifecycle.TellKind]bool{}
	for i, e := range h.Events {
		if seen[e] {
			r.add(fmt.Sprintf("%s.events[%d]", path, i), "is given twice: take one away")
		}
		seen[e] = true
	}
}
