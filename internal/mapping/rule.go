package mapping

import (
	"fmt"
	"math"
	"strings"
)

// Bounds of what one body may ask for.
const (
	MaxRules  = 64
	maxEvents = 500     // of one body
	maxItems  = 5       // as many as an order keeps
	maxCodes  = 20      // of one order
	maxText   = 8 << 10 // bytes of one field
)

// Rules are what an owner wrote under mapping.
type Rules struct {
	Each  *Expr // the list of events; nil: the body, if it is a list, else the body is the one event
	Rules []Rule
}

// Rule says what an event is taken for, and what its fields are taken from.
type Rule struct {
	When      *Expr  // nil: always
	Type      string // see Types
	ID        *Expr  // of the event; nil: none
	Timestamp *Expr  // of the event; nil: none
	Fields    []Field
	Items     *Items // nil: none
}

// Field is one field of data in docs/webhook.md.
type Field struct {
	Path []string // such as customer, email
	From *Expr
}

// Name is the path as it stands in the configuration.
func (f Field) Name() string { return strings.Join(f.Path, ".") }

// Items says where the list of what was bought stands.
type Items struct {
	Each   *Expr
	Fields []Field // of one item; their expressions see item
}

// Input is one delivery. Body is null, text, whole number (int), number
// (float64), true or false, list ([]any) or object (map[string]any).
type Input struct {
	Body   any
	Header map[string]string // by lower-case name
	Query  map[string]string
}

// Result is what one event of a body became.
type Result struct {
	Number int            // of the event within the body, from 1
	Event  any            // as it stood in the body
	Rule   int            // that fits, from 1; 0: none
	Type   string         // of the rule
	Body   map[string]any // the body of docs/webhook.md; nil for the type ignore, or with Err
	Err    *Error
	Tried  []Tried  // only with Trace
	Fields []Filled // only with Trace
}

// Error says what could not be mapped, without a value of the body.
type Error struct {
	Rule   int    // from 1; 0: no rule fits
	Field  string // such as customer.email, or when; empty: the event as a whole
	Reason string
}

func (e *Error) Error() string {
	at := ""
	if e.Rule > 0 {
		at = fmt.Sprintf("mapping rule %d: ", e.Rule)
	}
	if e.Field != "" {
		at += e.Field + ": "
	}
	return at + e.Reason
}

// Map turns a body into events. The error is about the body as a whole; what
// is wrong with one event stands in its result.
func (r Rules) Map(in Input) ([]Result, error) { return r.run(in, false) }

// Trace is Map with all that led there.
func (r Rules) Trace(in Input) ([]Result, error) { return r.run(in, true) }

func (r Rules) run(in Input, traced bool) ([]Result, error) {
	e := &env{Body: in.Body, Event: in.Body, Header: loose(in.Header), Query: loose(in.Query)}
	list, err := r.events(e)
	if err != nil {
		return nil, err
	}
	out := make([]Result, len(list))
	for i, event := range list {
		e.Event = event
		w := work{env: e, traced: traced, out: Result{Number: i + 1, Event: event}}
		w.run(r.Rules)
		out[i] = w.out
	}
	return out, nil
}

// events are the entries of the body.
func (r Rules) events(e *env) ([]any, error) {
	from := e.Body
	if r.Each != nil {
		var err error
		if from, err = r.Each.eval(e); err != nil {
			return nil, &Error{Field: "each", Reason: err.Error()}
		}
		if from == nil {
			return nil, &Error{Field: "each", Reason: "gives nothing: name the place of the list of events in the body"}
		}
	}
	list, ok := from.([]any)
	if !ok {
		return []any{from}, nil
	}
	if len(list) > maxEvents {
		return nil, &Error{Reason: fmt.Sprintf("more than %d events in one body", maxEvents)}
	}
	return list, nil
}

func loose(m map[string]string) map[string]any {
	out := make(map[string]any, len(m))
	for k, v := range m {
		out[k] = v
	}
	return out
}

// work maps one event.
type work struct {
	env    *env
	traced bool
	out    Result
}

// run takes the first rule that fits.
func (w *work) run(rules []Rule) {
	for i, r := range rules {
		fits, err := r.When.holds(w.env)
		w.tried(i+1, r, fits, err)
		switch {
		case err != nil:
			w.out.Err = &Error{Rule: i + 1, Field: "when", Reason: err.Error()}
			return
		case fits:
			w.out.Rule, w.out.Type = i+1, r.Type
			if r.Type != Ignore {
				w.fill(r)
			}
			return
		}
	}
	w.out.Err = &Error{Reason: "no rule of the mapping fits: add one, or end the list with {type: ignore}"}
}

// fill makes the body that the rule describes.
func (w *work) fill(r Rule) {
	data := map[string]any{}
	body := map[string]any{"type": r.Type, "data": data}
	w.put(body, Field{[]string{"id"}, r.ID}, w.env)
	w.put(body, Field{[]string{"timestamp"}, r.Timestamp}, w.env)
	for _, f := range r.Fields {
		w.put(data, f, w.env)
	}
	w.items(data, r.Items)
	dropUndecided(data)
	if w.out.Err == nil {
		w.out.Body = body
	}
}

// dropUndecided takes away what the rule says about a decision that the body
// does not tell: its evidence is mostly a constant.
func dropUndecided(data map[string]any) {
	customer, _ := data["customer"].(map[string]any)
	consent, _ := customer["consent"].(map[string]any)
	for channel, given := range consent {
		if decision, ok := given.(map[string]any); ok && decision["state"] == nil {
			delete(consent, channel)
		}
	}
}

// put sets one field, where its expression gives something.
func (w *work) put(into map[string]any, f Field, e *env) {
	if f.From == nil || w.out.Err != nil {
		return
	}
	v, err := f.From.eval(e)
	if err == nil {
		v, err = f.value(v)
	}
	w.filled(f, v, err, e)
	if err != nil {
		w.out.Err = &Error{Rule: w.out.Rule, Field: f.Name(), Reason: err.Error()}
		return
	}
	if v != nil {
		set(into, f.Path, v)
	}
}

// value is a value in the form of the field; nil says nothing.
func (f Field) value(v any) (any, error) {
	if len(f.Path) == 1 && f.Path[0] == "codes" {
		return codes(v)
	}
	return single(v)
}

func single(v any) (any, error) {
	switch x := said(v).(type) {
	case nil, bool, int:
		return x, nil
	case float64:
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return nil, fault("gives no number")
		}
		return x, nil
	case string:
		if len(x) > maxText {
			return nil, fault("gives a text over 8 KiB")
		}
		return x, nil
	}
	return nil, fault("gives an object or a list: name one of its fields")
}

// codes is a list of texts; one text is a list of one.
func codes(v any) (any, error) {
	list, ok := v.([]any)
	if !ok {
		list = []any{v}
	}
	var out []any
	for _, entry := range list[:min(len(list), maxCodes)] {
		one, err := single(entry)
		if err != nil {
			return nil, err
		}
		if one != nil {
			out = append(out, one)
		}
	}
	if out == nil {
		return nil, nil
	}
	return out, nil
}

// items fills the list of what was bought.
func (w *work) items(data map[string]any, items *Items) {
	if items == nil || w.out.Err != nil {
		return
	}
	from, err := items.Each.eval(w.env)
	if err != nil {
		w.out.Err = &Error{Rule: w.out.Rule, Field: "items.each", Reason: err.Error()}
		return
	}
	list, ok := from.([]any)
	if !ok && from != nil {
		list = []any{from}
	}
	w.counted(items, len(list))
	var out []any
	for _, entry := range list[:min(len(list), maxItems)] {
		inner := *w.env
		inner.Item = entry
		one := map[string]any{}
		for _, f := range items.Fields {
			w.put(one, Field{append([]string{"items"}, f.Path...), f.From}, &inner)
		}
		if made, ok := one["items"]; ok {
			out = append(out, made)
		}
	}
	if len(out) > 0 {
		data["items"] = out
	}
}

// set puts a value at a path.
func set(into map[string]any, path []string, v any) {
	for _, name := range path[:len(path)-1] {
		next, ok := into[name].(map[string]any)
		if !ok {
			next = map[string]any{}
			into[name] = next
		}
		into = next
	}
	into[path[len(path)-1]] = v
}
