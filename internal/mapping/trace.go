package mapping

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Tried is a rule that was held against an event.
type Tried struct {
	Rule int    `json:"rule"` // from 1
	Type string `json:"type"`
	When string `json:"when,omitempty"` // empty: always
	Fits bool   `json:"fits"`
	Why  string `json:"why,omitempty"` // it could not be told
}

// Filled is a field of the rule that fits.
type Filled struct {
	Field string `json:"field"`
	From  string `json:"from"`
	Value any    `json:"value,omitempty"` // of the body: personal data
	Empty bool   `json:"empty,omitempty"`
	Why   string `json:"why,omitempty"` // it is empty, or could not be read
}

func (w *work) tried(n int, r Rule, fits bool, err error) {
	if !w.traced {
		return
	}
	t := Tried{Rule: n, Type: r.Type, When: r.When.String(), Fits: fits}
	if err != nil {
		t.Why = err.Error()
	} else if !fits {
		t.Why = r.When.gap(w.env)
	}
	w.out.Tried = append(w.out.Tried, t)
}

func (w *work) filled(f Field, v any, err error, e *env) {
	if !w.traced {
		return
	}
	out := Filled{Field: f.Name(), From: f.From.String(), Value: v, Empty: v == nil && err == nil}
	switch {
	case err != nil:
		out.Why = err.Error()
	case out.Empty:
		if out.Why = f.From.gap(e); out.Why == "" {
			out.Why = "the expression gives nothing"
		}
	}
	w.out.Fields = append(w.out.Fields, out)
}

func (w *work) counted(items *Items, n int) {
	if !w.traced || n > 0 {
		return
	}
	why := items.Each.gap(w.env)
	if why == "" {
		why = "the list is empty"
	}
	w.out.Fields = append(w.out.Fields, Filled{Field: "items", From: items.Each.String(), Empty: true, Why: why})
}

// gap says which of the places that an expression reads are not there.
func (e *Expr) gap(in *env) string {
	if e == nil {
		return ""
	}
	var gaps []string
	for _, p := range e.paths {
		if why := p.gap(in); why != "" {
			gaps = append(gaps, why)
		}
	}
	return strings.Join(gaps, "; ")
}

// gap is where a path ends before its end, or that nothing stands there.
func (p path) gap(in *env) string {
	at := map[string]any{"body": in.Body, "event": in.Event, "item": in.Item, "header": in.Header, "query": in.Query}[p[0].(string)]
	where := p[0].(string)
	for _, step := range p[1:] {
		next, _ := member(at, step)
		name := fmt.Sprintf("%s.%v", where, step)
		if i, ok := step.(int); ok {
			name = fmt.Sprintf("%s[%d]", where, i)
		}
		if next == nil {
			return fmt.Sprintf("%s is not there: %s is %s", name, where, shape(at))
		}
		at, where = next, name
	}
	if s, ok := at.(string); ok && strings.TrimSpace(s) == "" {
		return where + " is empty"
	}
	return ""
}

// maxShown is how many fields of an object are named.
const maxShown = 12

// shape names what stands somewhere.
func shape(v any) string {
	switch x := v.(type) {
	case nil:
		return "not there"
	case map[string]any:
		return "an object with " + keysOf(x)
	case []any:
		return fmt.Sprintf("a list of %d", len(x))
	case string:
		return "a text"
	case bool:
		return "true or false"
	}
	return "a number"
}

func keysOf(m map[string]any) string {
	if len(m) == 0 {
		return "no fields"
	}
	list := slices.Sorted(maps.Keys(m))
	if len(list) > maxShown {
		return strings.Join(list[:maxShown], ", ") + fmt.Sprintf(" and %d more", len(list)-maxShown)
	}
	return strings.Join(list, ", ")
}
