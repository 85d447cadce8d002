package main

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

// statusShape is the record as the contract documents it: each field with the
// kind of its value. A kind that begins with ? may be null, a field that does
// may be left out; those are additions to the contract's own.
const statusShape = `{
	"shop": "text", "id": "text", "email": "text", "phone": "text", "name": "text",
	"state": "text", "state_reason": "text", "state_since": "time",
	"last_order": {"id": "text", "at": "time", "total": "money", "currency": "text"},
	"orders": "count", "spent": "money", "first_order_at": "time", "mean_gap_days": "number",
	"consent": {
		"email": {"state": "text", "at": "time", "source": "text", "?evidence": "text", "?suppressed": "text"},
		"sms": {"state": "text", "at": "time", "source": "text", "?evidence": "text", "?suppressed": "text"}
	},
	"journey": {"name": "text", "step": "count", "steps": "count", "?version": "text", "next": {"step": "count", "channel": "text", "template": "text", "due": "time", "?journey": "text", "?why": "text", "?otherwise": "text"}},
	"messages": [{"id": "text", "journey": "text", "step": "count", "channel": "text", "template": "text", "status": "text", "sent_at": "time", "provider_id": "text", "error": "text",
		"?at": "time", "?opened": "flag", "?responded": "flag", "?segments": "count", "?coupon": "text",
		"?receipt": {"basis": "text", "?consent_at": "time", "?consent_source": "text", "?evidence": "text", "?order": "text", "rules": "text", "country": "text", "?region": "text", "?also": "text",
			"timezone": "text", "timezone_why": "text", "local_time": "text", "law": "text", "?law_from": "text", "?law_to": "text", "minutes_left": "count"}}],
	"segment": "text",
	"timeline": [{"at": "time", "type": "text", "source": "text", "summary": "text", "?reason": "text"}],
	"?locale": "text", "?country": "text", "?currency": "text", "?customer_ids": [{"source": "text", "id": "text"}], "?paused_until": "time", "timezone": {"name": "text", "why": "text"},
	"?next": {"step": "count", "?channel": "text", "?template": "text", "due": "time", "?journey": "text", "?why": "text", "?otherwise": "text"},
	"?answers": [{"at": "time", "kind": "text", "?journey": "text", "?step": "count", "?choice": "text", "?text": "text"}]
}`

// misfits names every place where a value differs from its shape.
func misfits(at string, shape, got any) []string {
	switch s := shape.(type) {
	case map[string]any:
		o, ok := got.(map[string]any)
		if !ok {
			return []string{fmt.Sprintf("%s is %v, want an object", at, got)}
		}
		return fieldMisfits(at, s, o)
	case []any:
		list, ok := got.([]any)
		if !ok || len(list) == 0 {
			return []string{fmt.Sprintf("%s is %v, want a list with something in it", at, got)}
		}
		var out []string
		for i, v := range list {
			out = append(out, misfits(fmt.Sprintf("%s[%d]", at, i), s[0], v)...)
		}
		return out
	}
	if !fits(shape.(string), got) {
		return []string{fmt.Sprintf("%s is %v, want a %s", at, got, shape)}
	}
	return nil
}

func fieldMisfits(at string, shape, got map[string]any) (out []string) {
	for name, s := range shape {
		plain, optional := strings.CutPrefix(name, "?")
		v, found := got[plain]
		switch {
		case found:
			out = append(out, misfits(at+"."+plain, s, v)...)
		case !optional:
			out = append(out, at+"."+plain+" is missing")
		}
	}
	for name := range got {
		if shape[name] == nil && shape["?"+name] == nil {
			out = append(out, at+"."+name+" is not documented")
		}
	}
	slices.Sort(out)
	return out
}

func fits(kind string, v any) bool {
	text, isText := v.(string)
	n, isNumber := v.(float64)
	switch kind {
	case "text":
		return isText
	case "flag":
		_, ok := v.(bool)
		return ok
	case "number":
		return isNumber
	case "count":
		return isNumber && n == float64(int(n)) && n >= 0
	case "money":
		whole, cents, ok := strings.Cut(text, ".")
		return isText && ok && whole != "" && len(cents) == 2 && strings.Trim(whole+cents, "0123456789") == ""
	case "time":
		_, err := time.Parse(time.RFC3339Nano, text)
		return isText && err == nil && strings.HasSuffix(text, "Z")
	}
	return false
}

// walkStatus looks somebody up who is in a journey, in every way that support
// may, and in every way that nobody may.
func walkStatus(t *testing.T, w *world, p person) {
	var shape, got any
	if err := json.Unmarshal([]byte(statusShape), &shape); err != nil {
		t.Fatal(err)
	}
	first := w.look(p.email).is(200)
	if ct := first.header.Get("Content-Type"); !strings.HasPrefix(ct, "application/json") {
		t.Errorf("Content-Type %q", ct)
	}
	first.into(&got)
	for _, m := range misfits("status", shape, got) {
		t.Error(m)
	}
	st := w.record(p.email)
	if st.Timeline[0].At.After(st.Timeline[len(st.Timeline)-1].At) || st.Email != p.email || st.Phone != p.phone || st.Shop != "bottega" {
		t.Errorf("the record: %+v", st)
	}

	for how, who := range map[string]string{
		"e-mail": p.email, "e-mail in capitals": strings.ToUpper(p.email), "phone": p.phone, "national phone": strings.TrimPrefix(p.phone, "+39"),
		"id": st.ID, "customer id": fmt.Sprint(p.customer),
	} {
		if a := w.look(who).is(200); a.body != first.body {
			t.Errorf("by %s: another record: %s", how, a.body)
		}
	}
	w.look("nobody@example.com").problem(404, "not_found")

	path := "/status/" + url.PathEscape(p.email)
	bearer := func(token string) []string { return []string{"Authorization", "Bearer " + token} }
	w.send("GET", path+"?shop=bottega", "").problem(401, "token_missing")
	w.send("GET", path+"?shop=bottega", "", bearer("guess")...).problem(401, "token_unknown")
	w.send("GET", path+"?shop=bottega", "", bearer(w.token("ingest"))...).problem(403, "role_too_low")
	w.send("GET", path+"?shop=bottega", "", bearer(w.token("owner"))...).is(200)
	w.send("GET", path+"?shop=emporio", "", bearer(w.token("support"))...).problem(404, "not_found") // no shop sees another's people
	w.send("GET", path+"?shop=nowhere", "", bearer(w.token("support"))...).problem(404, "not_found")
	w.send("GET", path, "", bearer(w.token("support"))...).problem(400, "shop_missing")

	out, errs, code := w.run("token", "create", "--role", "support", "--name", "other shop", "--shop", "emporio")
	if code != 0 {
		t.Fatalf("token create --shop: exit %d, %s", code, errs)
	}
	other := strings.TrimSpace(out)
	w.send("GET", path+"?shop=bottega", "", bearer(other)...).problem(404, "not_found")
	w.send("GET", path, "", bearer(other)...).problem(404, "not_found")

	id := strings.Fields(errs)[1] // "Token ID for …"
	if _, errs, code = w.run("token", "revoke", id); code != 0 {
		t.Fatalf("token revoke %s: exit %d, %s", id, code, errs)
	}
	w.send("GET", path+"?shop=emporio", "", bearer(other)...).problem(401, "token_unknown")
}
