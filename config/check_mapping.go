package config

import (
	"fmt"
	"slices"
	"strings"

	"ritorno/internal/mapping"
)

func (m *Mapping) verify(r *report, path string, auth *Auth) {
	if len(m.Events) == 0 {
		r.add(path+".events", "is empty: add a rule with a type, such as {type: order.created, fields: {…}}")
	}
	if len(m.Events) > mapping.MaxRules {
		r.add(path+".events", fmt.Sprintf("has more than %d rules: put some together", mapping.MaxRules))
	}
	if m.Each.ReadsItem() {
		r.add(path+".each", "reads item, which is known within items only: write body")
	}
	if m.Rules().Reads(auth.secretHeader()) {
		r.add(path, fmt.Sprintf("reads the header %s, which holds the secret: take it out", auth.secretHeader()))
	}
	for i, rule := range m.Events {
		at := fmt.Sprintf("%s.events[%d]", path, i)
		rule.verify(r, at)
		if rule.When == nil && !r.given(at+".when") && i < len(m.Events)-1 {
			r.add(at, "has no when, so no rule behind it is ever reached: add a when, or put it last")
		}
	}
}

func (e *EventRule) verify(r *report, path string) {
	if e.Type == "" {
		r.add(path+".type", "is missing: give one of "+strings.Join(mapping.Types(), ", "))
		return
	}
	rule := e.rule()
	if e.Type == mapping.Ignore {
		if len(rule.Fields) > 0 || rule.Items != nil {
			r.add(path+".fields", "is not used by type ignore: take it out")
		}
		return
	}
	for _, choice := range rule.Missing() {
		if !r.readable(path, choice) {
			r.add(path+".fields", fmt.Sprintf("of type %s needs %s: say where it stands in the body", e.Type, strings.Join(choice, " or ")))
		}
	}
	if e.ID != nil && e.Fields != nil && e.Fields.ID.String() == e.ID.String() {
		r.add(path+".id", "is the same as fields.id: here stands the id of the event, which each news has for itself; leave it out if there is none, else later news would count as repeated")
	}
	e.verifyItems(r, path, rule)
}

// readable reports whether one of the fields is there with a mistake of its
// own.
func (r *report) readable(path string, fields []string) bool {
	return slices.ContainsFunc(fields, func(f string) bool { return r.given(path+".fields."+f) && r.known(path+".fields."+f) })
}

func (e *EventRule) verifyItems(r *report, path string, rule mapping.Rule) {
	if e.Fields != nil && e.Fields.Items != nil && e.Fields.Items.Each == nil {
		r.add(path+".fields.items.each", "is missing: say where the list stands, such as body.order.lines")
	}
	outside := map[string]*mapping.Expr{".when": e.When, ".id": e.ID, ".timestamp": e.Timestamp}
	for _, f := range rule.Fields {
		outside[".fields."+f.Name()] = f.From
	}
	if rule.Items != nil {
		outside[".fields.items.each"] = rule.Items.Each
	}
	for at, expr := range outside {
		if expr.ReadsItem() {
			r.add(path+at, "reads item, which is known within items only: write body or event")
		}
	}
}
