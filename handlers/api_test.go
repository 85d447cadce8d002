package handlers_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"ritorno/handlers"
	"ritorno/internal/auth"
	"ritorno/internal/engine"
	"ritorno/internal/lifecycle"
	"ritorno/internal/store"
)

// guarded says for every route that asks for a token which role opens it, and
// how to call it in bottega so that it succeeds.
var guarded = map[string]struct {
	need auth.Role
	call func(r *rig, who string) (path, body string)
}{
	"GET /status/:contact":                 {auth.Support, func(_ *rig, who string) (string, string) { return "/status/" + who, "" }},
	"GET /api/v1/contacts":                 {auth.Support, func(*rig, string) (string, string) { return "/api/v1/contacts", "" }},
	"GET /api/v1/contacts/:contact":        {auth.Support, func(_ *rig, who string) (string, string) { return "/api/v1/contacts/" + who, "" }},
	"DELETE /api/v1/contacts/:contact":     {auth.Owner, func(_ *rig, who string) (string, string) { return "/api/v1/contacts/" + who, "" }},
	"GET /api/v1/contacts/:contact/export": {auth.Support, func(_ *rig, who string) (string, string) { return "/api/v1/contacts/" + who + "/export", "" }},
	"POST /api/v1/contacts/:contact/journeys": {auth.Support, func(_ *rig, who string) (string, string) {
		return "/api/v1/contacts/" + who + "/journeys", `{"journey":"vip"}`
	}},
	"GET /api/v1/deadletters":             {auth.Support, func(*rig, string) (string, string) { return "/api/v1/deadletters", "" }},
	"GET /api/v1/deadletters/:id":         {auth.Support, func(r *rig, _ string) (string, string) { return "/api/v1/deadletters/" + r.letter(), "" }},
	"POST /api/v1/deadletters/replay":     {auth.Owner, func(*rig, string) (string, string) { return "/api/v1/deadletters/replay", "" }},
	"POST /api/v1/deadletters/:id/replay": {auth.Owner, func(r *rig, _ string) (string, string) { return "/api/v1/deadletters/" + r.letter() + "/replay", "" }},
	"DELETE /api/v1/deadletters/:id":      {auth.Owner, func(r *rig, _ string) (string, string) { return "/api/v1/deadletters/" + r.letter(), "" }},
	"GET /api/v1/messages":                {auth.Support, func(*rig, string) (string, string) { return "/api/v1/messages", "" }},
	"GET /api/v1/outgoing":                {auth.Support, func(*rig, string) (string, string) { return "/api/v1/outgoing", "" }},
	"GET /api/v1/outgoing/:id":            {auth.Support, func(r *rig, _ string) (string, string) { return "/api/v1/outgoing/" + r.waits(), "" }},
	"POST /api/v1/outgoing/:id/replay":    {auth.Owner, func(r *rig, _ string) (string, string) { return "/api/v1/outgoing/" + r.waits() + "/replay", "" }},
	"DELETE /api/v1/outgoing/:id":         {auth.Owner, func(r *rig, _ string) (string, string) { return "/api/v1/outgoing/" + r.waits(), "" }},
	"POST /api/v1/messages/:id/resolve": {auth.Support, func(r *rig, _ string) (string, string) {
		return "/api/v1/messages/" + r.uncertain() + "/resolve", `{"verdict":"sent","provider_id":"SM1"}`
	}},
	"GET /api/v1/sources":       {auth.Support, func(*rig, string) (string, string) { return "/api/v1/sources", "" }},
	"GET /api/v1/journeys":      {auth.Support, func(*rig, string) (string, string) { return "/api/v1/journeys", "" }},
	"GET /api/v1/counts":        {auth.Support, func(*rig, string) (string, string) { return "/api/v1/counts", "" }},
	"GET /api/v1/tokens":        {auth.Owner, func(*rig, string) (string, string) { return "/api/v1/tokens", "" }},
	"POST /api/v1/tokens":       {auth.Owner, func(*rig, string) (string, string) { return "/api/v1/tokens", `{"name":"till","role":"ingest"}` }},
	"DELETE /api/v1/tokens/:id": {auth.Owner, func(r *rig, _ string) (string, string) { return "/api/v1/tokens/" + r.tokenID(), "" }},
	"POST /api/v1/events":       {auth.Ingest, func(*rig, string) (string, string) { return "/api/v1/events", orderEvent }},
}

// unguarded routes ask for no token: the contract lists them.
var unguarded = []string{
	"/hooks/", "/l/", "/u/", "/callbacks/", "/healthz", "/readyz", "/metrics", "/dev/clock", "/api/v1/openapi.json",
}

const orderEvent = `{"type":"order.paid","data":{"id":"77","created_at":"2027-03-01T10:00:00Z","total":"5","currency":"EUR","customer":{"id":"c7","email":"gina@example.com"}}}`

// letter is a dead letter that can be read after all.
func (r *rig) letter() string {
	r.Helper()
	id, err := r.store.PutDead(r.Context(), store.DeadLetter{Shop: "bottega", Source: "erp", Reason: "malformed", Method: "POST", Body: []byte(orderEvent)})
	if err != nil {
		r.Fatal(err)
	}
	return id
}

// waits is the id of something that a destination of bottega is to be told.
func (r *rig) waits() string {
	r.Helper()
	contact := store.NewID()
	_, err := r.store.Update(r.Context(), store.Request{ID: contact, Create: true}, func(c lifecycle.Contact, _ store.Known) (store.Change, error) {
		c.Shop, c.MadeAt, c.State = "bottega", time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC), lifecycle.Active
		return store.Change{Contact: c, Write: true, Tells: []store.Tell{{To: "bottega/source.crm", How: store.TellJoin, What: "s"}}}, nil
	})
	if err != nil {
		r.Fatal(err)
	}
	return contact + ".source.crm"
}

// uncertain is the id of a message of bottega whose outcome nobody knows.
func (r *rig) uncertain() string {
	r.Helper()
	contact := store.NewID()
	m := lifecycle.Message{ID: contact + "-aaaaaaaa", Journey: "reactivation", Step: 1, Template: "survey", Status: lifecycle.Uncertain, At: time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC)}
	_, err := r.store.Update(r.Context(), store.Request{ID: contact, Create: true}, func(c lifecycle.Contact, _ store.Known) (store.Change, error) {
		c.ID, c.Shop, c.MadeAt, c.State = contact, "bottega", m.At, lifecycle.Dormant
		c.Messages = []lifecycle.Message{m}
		c.Looks = []lifecycle.Look{{Message: m.ID, Attempt: m.ID + ".1", Started: m.At, Tries: 2, Found: "not there, and newer ones are"}}
		return store.Change{Contact: c, Write: true}, nil
	})
	if err != nil {
		r.Fatal(err)
	}
	return m.ID
}

// tokenID is the id of a fresh token of bottega.
func (r *rig) tokenID() string {
	r.Helper()
	r.token(auth.Ingest, "bottega")
	all, err := r.store.ListTokens(r.Context())
	if err != nil {
		r.Fatal(err)
	}
	for _, t := range all {
		if t.Shop == "bottega" && t.Role == string(auth.Ingest) && t.LastUsed.IsZero() {
			return t.ID
		}
	}
	r.Fatal("the token is gone")
	return ""
}

func TestAccessMatrix(t *testing.T) {
	r := open(t)
	left := map[string]bool{}
	for name := range guarded {
		left[name] = true
	}
	for _, route := range r.server.Routes() {
		name := route.Method + " " + route.Path
		if strings.HasPrefix(route.Method, "echo_") || isOpen(route.Path) {
			continue
		}
		g, listed := guarded[name]
		if !listed {
			t.Errorf("%s is in neither list: say who may call it", name)
			continue
		}
		delete(left, name)
		for _, role := range []auth.Role{"", auth.Owner, auth.Support, auth.Ingest} {
			for _, bound := range []string{"", "bottega", "teashop"} {
				for _, asked := range []string{"bottega", "teashop", "nobody"} {
					caseName := fmt.Sprintf("%s by %q of %q for %s", name, role, bound, asked)
					t.Run(caseName, func(t *testing.T) { access(t, r, route.Method, g.call, g.need, role, bound, asked) })
				}
			}
		}
	}
	for name := range left {
		t.Errorf("%s is listed and is no route", name)
	}
}

func isOpen(path string) bool {
	if path == "/" {
		return true
	}
	for _, prefix := range unguarded {
		if strings.HasPrefix(path, prefix) {
			return true
		}
	}
	return false
}

func access(t *testing.T, shared *rig, method string, call func(*rig, string) (string, string), need, role auth.Role, bound, asked string) {
	t.Helper()
	r := &rig{T: t, http: shared.http, store: shared.store, engine: shared.engine, log: shared.log}
	who := "p" + store.NewID() // somebody new each time: erased people do not come back
	r.erp("order.paid", fmt.Sprintf(`{"id":"o%s","created_at":"2027-03-01T10:00:00Z","total":"5","currency":"EUR","customer":{"id":%q,"email":"%s@example.com"}}`, who, who, who)).is(200)
	id := r.find(who).ID
	path, body := call(r, who)
	var header []string
	if role != "" {
		header = bearer(r.token(role, bound))
	}
	a := r.send(method, path+"?shop="+asked, body, append(header, "Content-Type", "application/json")...)
	want := ""
	switch {
	case role == "":
		want = "401"
	case !role.Allows(need):
		want = "403"
	case asked == "nobody", bound != "" && bound != asked:
		want = "404"
	case asked == "bottega":
		want = "2"
	default: // the token may ask, but what the path names is bottega's
		named := strings.Contains(path, who) || strings.Count(path, "/") > 3 && path != "/api/v1/deadletters/replay"
		if named && a.Code != 404 {
			t.Errorf("teashop reaches what is bottega's: %d %s", a.Code, a.Body)
		}
		if body := a.Body.String(); strings.Contains(body, who) || strings.Contains(body, id) {
			t.Errorf("teashop sees what is bottega's: %s", body)
		}
		return
	}
	if got := fmt.Sprint(a.Code); !strings.HasPrefix(got, want) {
		t.Errorf("got %s, want %s: %s", got, want, a.Body)
	}
}

func TestContactsAreListedMaskedPageByPage(t *testing.T) {
	r, _ := known(t)
	for i := range 7 {
		r.erp("order.paid", fmt.Sprintf(`{"id":"o%d","created_at":"2027-03-01T10:00:00Z","total":"5","currency":"EUR","customer":{"id":"x%d","email":"person%d@example.com"}}`, i, i, i)).is(200)
	}
	token := r.token(auth.Support, "bottega")
	type list struct {
		Contacts []struct{ ID, Email, Phone string }
		After    string
	}
	seen := map[string]bool{}
	after := ""
	for range 10 {
		a := r.get("/api/v1/contacts?shop=bottega&limit=3&after="+after, bearer(token)...).is(200)
		if strings.Contains(a.Body.String(), "person") || strings.Contains(a.Body.String(), "3331234567") {
			t.Error("a list shows addresses in full")
		}
		var l list
		a.into(&l)
		for _, c := range l.Contacts {
			if seen[c.ID] || c.ID <= after {
				t.Errorf("contact %s again or out of order", c.ID)
			}
			seen[c.ID] = true
		}
		if after = l.After; after == "" {
			break
		}
	}
	if len(seen) != 8 {
		t.Errorf("%d contacts on all pages, want 8", len(seen))
	}
	var found list
	r.get("/api/v1/contacts?q=%2B393331234567", bearer(token)...).is(200).into(&found)
	if len(found.Contacts) != 1 || found.Contacts[0].Phone != "+39 ••• 67" {
		t.Errorf("look-up: %+v", found)
	}
	r.get("/api/v1/contacts?q=nobody%40example.com", bearer(token)...).is(200).into(&found)
	if len(found.Contacts) != 0 {
		t.Errorf("somebody unknown: %+v", found)
	}
	r.get("/api/v1/contacts?limit=many", bearer(token)...).is(400)
}

// TestExportOfOnePerson: the answer is held against openapi.json like any other;
// what is in it is the core's and the engine's. Who asked is logged, by ids.
func TestExportOfOnePerson(t *testing.T) {
	r, _ := known(t)
	token := r.token(auth.Support, "bottega")
	if _, err := r.store.PutDead(r.Context(), store.DeadLetter{Shop: "bottega", Source: "erp", Reason: "malformed", Method: "POST", Body: []byte(`{"who":"anna+x@example.com"}`)}); err != nil {
		t.Fatal(err)
	}
	var x engine.Export
	r.get("/api/v1/contacts/anna%2Bx%40example.com/export?shop=bottega", bearer(token)...).is(200).into(&x)
	if x.Record.Email != "anna+x@example.com" || len(x.Orders) != 1 || len(x.ConsentHistory) == 0 || len(x.Unread) != 1 || x.ShopName == "" {
		t.Errorf("%+v", x)
	}
	if log := r.log.String(); !strings.Contains(log, `"contact exported"`) || !strings.Contains(log, x.Record.ID) || strings.Contains(log, "anna") {
		t.Errorf("log: %s", log)
	}
	r.get("/api/v1/contacts/nobody%40example.com/export?shop=bottega", bearer(token)...).is(404)
}

func TestErasure(t *testing.T) {
	r, _ := known(t)
	token := r.token(auth.Owner, "bottega")
	var out struct{ Erased engine.Erasure }
	r.send("DELETE", "/api/v1/contacts/anna%2Bx%40example.com?shop=bottega", "", bearer(token)...).is(200).into(&out)
	if out.Erased.Contacts != 1 || out.Erased.Orders != 1 {
		t.Errorf("erased %+v", out.Erased)
	}
	r.get("/status/c1?shop=bottega", bearer(token)...).is(404)
	r.send("DELETE", "/api/v1/contacts/c1?shop=bottega", "", bearer(token)...).is(404)
}

func TestDeadLettersAreShownReplayedAndDismissed(t *testing.T) {
	r := open(t)
	owner, support := r.token(auth.Owner, "bottega"), r.token(auth.Support, "bottega")
	for range 2 { // the same delivery twice is one letter
		r.send("POST", "/hooks/bottega/erp?token=x", `{"type":"order.paid","data":{"customer":{"email":"secret@example.com"}}}`, "Authorization", "Bearer "+erpToken, "Webhook-Id", "m1").is(200)
	}
	var list struct {
		Letters []struct{ ID, Reason, Source string } `json:"dead_letters"`
	}
	a := r.get("/api/v1/deadletters?shop=bottega", bearer(support)...).is(200)
	a.into(&list)
	if len(list.Letters) != 1 || !strings.Contains(list.Letters[0].Reason, "/data/id: is missing") || list.Letters[0].Source != "erp" || strings.Contains(a.Body.String(), "secret@") {
		t.Fatalf("%s", a.Body)
	}
	one := "/api/v1/deadletters/" + list.Letters[0].ID
	if body := r.get(one, bearer(support)...).is(200).Body.String(); strings.Contains(body, "secret@") {
		t.Error("support sees the body")
	}
	body := r.get(one, bearer(owner)...).is(200).Body.String()
	if !strings.Contains(body, "secret@example.com") || !strings.Contains(body, `"Webhook-Id":"m1"`) || strings.Contains(body, erpToken) {
		t.Errorf("owner sees %s", body)
	}
	if a := r.send("POST", one+"/replay", "", bearer(owner)...).is(422); a.code() != "malformed" {
		t.Errorf("code %q", a.code())
	}
	if l := r.deadLetters(); len(l) != 1 || l[0].Tries != 1 {
		t.Errorf("after a replay in vain: %+v", l)
	}
	r.send("DELETE", one, "", bearer(owner)...).is(204)
	r.send("DELETE", one, "", bearer(owner)...).is(404)

	good := "/api/v1/deadletters/" + r.letter()
	r.send("POST", good+"/replay", "", bearer(owner)...).is(200)
	r.get("/status/gina%40example.com", bearer(owner)...).is(200)
	r.get(good, bearer(owner)...).is(404)
}

func TestEventsOfPrograms(t *testing.T) {
	r := open(t)
	token := r.token(auth.Ingest, "bottega")
	post := func(body string, header ...string) answer {
		return r.send("POST", "/api/v1/events?shop=bottega", body, append(bearer(token), header...)...)
	}
	var out handlers.Accepted
	post(orderEvent, "Idempotency-Key", "k1").is(200).into(&out)
	if out != (handlers.Accepted{Accepted: true}) {
		t.Errorf("first: %+v", out)
	}
	post(orderEvent, "Idempotency-Key", "k1").is(200).into(&out)
	if !out.Duplicate {
		t.Errorf("again: %+v", out)
	}
	if a := post(`{"type":"order.paid","data":{}}`).is(422); a.code() != "malformed" {
		t.Errorf("code %q", a.code())
	}
	post(`{"type":"weather.changed","data":{}}`).is(200)
	post("\xff").is(422)
	post("").is(422)
	post("{}", "Content-Encoding", "gzip").is(415)
	post(strings.Repeat(" ", 1<<20+1)).is(413)
	if len(r.deadLetters()) != 0 {
		t.Error("a program's mistake became a dead letter")
	}
}

func TestTokensAreMadeShownOnceAndRevoked(t *testing.T) {
	r := open(t)
	one, all := r.token(auth.Owner, "bottega"), r.token(auth.Owner, "")
	makes := func(token, body string) answer {
		return r.send("POST", "/api/v1/tokens?shop=bottega", body, bearer(token)...)
	}
	var made struct{ ID, Token, Shop, Role string }
	makes(one, `{"name":"help desk","role":"support"}`).is(201).into(&made)
	if made.Shop != "bottega" || made.Role != "support" || !auth.WellFormed(made.Token) {
		t.Errorf("%+v", made)
	}
	r.get("/status/x?shop=bottega", bearer(made.Token)...).is(404)
	if body := r.get("/api/v1/tokens?shop=bottega", bearer(one)...).is(200).Body.String(); strings.Contains(body, made.Token) || !strings.Contains(body, "help desk") || strings.Contains(body, `"shop":""`) {
		t.Errorf("the list: %s", body)
	}
	makes(one, `{"name":"n","role":"owner","all_shops":true}`).is(403)
	makes(all, `{"name":"n","role":"owner","all_shops":true}`).is(201).into(&made)
	if made.Shop != "" {
		t.Errorf("%+v", made)
	}
	for _, body := range []string{`{"name":"n","role":"god"}`, `{"role":"owner"}`, `{"name":"n","role":"owner","admin":true}`, `[]`, ``} {
		makes(one, body).is(400)
	}
	r.send("DELETE", "/api/v1/tokens/"+made.ID+"?shop=bottega", "", bearer(one)...).is(404) // not his to revoke
	r.send("DELETE", "/api/v1/tokens/"+made.ID+"?shop=bottega", "", bearer(all)...).is(204)
	r.get("/status/x?shop=bottega", bearer(made.Token)...).is(401)
}

func TestSourcesShowWhatToPaste(t *testing.T) {
	r := open(t)
	r.shopify(orderBody).is(200)
	var list struct {
		Sources []struct {
			Name, Kind, URL string
			LastTopic       string `json:"last_topic"`
			Domain          string
			Deliveries      map[string]int
			Orders          struct {
				Last    *time.Time `json:"last_at"`
				Guarded bool
				Silent  *time.Time `json:"silent_since"`
			}
		}
	}
	urls := func(role auth.Role) map[string]string {
		r.get("/api/v1/sources?shop=bottega", bearer(r.token(role, "bottega"))...).is(200).into(&list)
		out := map[string]string{}
		for _, s := range list.Sources {
			out[s.Name] = s.URL
		}
		return out
	}
	owner := urls(auth.Owner)
	if owner["shopify"] != publicURL+"/hooks/bottega/shopify" || owner["crm"] != publicURL+"/hooks/bottega/crm?token=crm-token-of-the-tests" {
		t.Errorf("owner: %v", owner)
	}
	if o := list.Sources[2].Orders; o.Last == nil || o.Guarded || o.Silent != nil {
		t.Errorf("one order came: %+v", o)
	}
	if o := list.Sources[0].Orders; o.Last != nil {
		t.Errorf("no order came: %+v", o)
	}
	if s := list.Sources[2]; s.Name != "shopify" || s.LastTopic != "orders/create" || s.Deliveries["accepted"] != 1 {
		t.Errorf("%+v", s)
	}
	if got := urls(auth.Support)["crm"]; strings.Contains(got, "crm-token") {
		t.Errorf("support sees the token: %s", got)
	}
}

func TestJourneysCountTheirFunnel(t *testing.T) {
	r, code := dormant(t, "")
	r.get("/l/" + code).is(200)
	r.send("POST", "/l/"+code+"/seen", "").is(204)
	body := r.get("/api/v1/journeys?shop=bottega", bearer(r.token(auth.Support, "bottega"))...).is(200).Body.Bytes()
	var list struct {
		Journeys []struct {
			Name    string
			Entered int
			Ended   map[string]int
			Steps   []struct {
				After                   string
				Sent, Opened, Responded int
			}
		}
	}
	if err := json.Unmarshal(body, &list); err != nil {
		t.Fatal(err)
	}
	j := list.Journeys[0]
	if j.Name != "reactivation" || j.Entered != 1 || len(j.Steps) != 3 || j.Steps[0].After != "30d" || j.Steps[0].Sent != 1 || j.Steps[0].Opened != 1 || j.Steps[0].Responded != 1 || j.Ended["won_by_response"] != 1 {
		t.Errorf("%s", body)
	}
	r.get("/api/v1/counts?shop=bottega", bearer(r.token(auth.Support, "bottega"))...).is(200)
}

func TestAPanicIsAnAnswerAndALogLineWithoutItsValue(t *testing.T) {
	r := open(t, func(o *handlers.Options) { o.Events = signed{} })
	a := r.send("POST", "/api/v1/events?shop=bottega", "panic", bearer(r.token(auth.Ingest, ""))...).is(500)
	if a.code() != "internal" || strings.Contains(a.Body.String(), "anna@") {
		t.Errorf("%s", a.Body)
	}
	log := r.log.String()
	if !strings.Contains(log, "api_test.go") && !strings.Contains(log, "rig_test.go") || strings.Contains(log, "anna@example.com") {
		t.Error("the log lacks the place, or has the value")
	}
	if id := a.Header().Get("X-Request-Id"); id == "" || !strings.Contains(log, id) {
		t.Error("the request id is not in answer and log")
	}
}

func TestUncertainMessagesOfPrograms(t *testing.T) {
	r := open(t)
	support := r.token(auth.Support, "bottega")
	var list struct {
		Messages []engine.Uncertain
		After    string
	}
	ids := map[string]bool{r.uncertain(): true, r.uncertain(): true, r.uncertain(): true}
	for after, pages := "", 0; ; pages++ {
		list.Messages, list.After = nil, ""
		r.get("/api/v1/messages?shop=bottega&status=uncertain&limit=2&after="+after, bearer(support)...).is(200).into(&list)
		for _, m := range list.Messages {
			if !ids[m.Message] || !m.Decide || m.Found == "" {
				t.Errorf("%+v", m)
			}
			delete(ids, m.Message)
		}
		if after = list.After; after == "" || pages > 5 {
			break
		}
	}
	if len(ids) > 0 {
		t.Errorf("not listed: %v", ids)
	}
	one := "/api/v1/messages/" + list.Messages[0].Message + "/resolve?shop=bottega"
	for body, code := range map[string]string{`{"verdict":"maybe"}`: "verdict_unknown", `{}`: "verdict_unknown", `{"verdict":"sent","x":1}`: "body_not_json", `sent`: "body_not_json"} {
		if a := r.send("POST", one, body, bearer(support)...).is(400); a.code() != code {
			t.Errorf("%s: %s", body, a.code())
		}
	}
	r.send("POST", "/api/v1/messages/nobody-1/resolve?shop=bottega", `{"verdict":"sent"}`, bearer(support)...).is(404)
	if a := r.send("POST", one, `{"verdict":"drop"}`, bearer(support)...).is(200); !strings.Contains(a.Body.String(), `"status":"dropped"`) {
		t.Errorf("%s", a.Body)
	}
	if a := r.send("POST", one, `{"verdict":"sent"}`, bearer(support)...).is(409); a.code() != "not_uncertain" {
		t.Errorf("code %q", a.code())
	}
	if a := r.get("/api/v1/messages?shop=bottega&status=sent", bearer(support)...).is(400); a.code() != "status_unsupported" {
		t.Errorf("code %q", a.code())
	}
}
