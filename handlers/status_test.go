package handlers_test

import (
	"net/url"
	"strings"
	"testing"

	"ritorno/handlers"
	"ritorno/internal/auth"
	"ritorno/internal/lifecycle"
)

func bearer(token string) []string { return []string{"Authorization", "Bearer " + token} }

func TestStatusFindsAnnaByWhateverSupportHas(t *testing.T) {
	r, _ := known(t)
	token := r.token(auth.Support, "bottega")
	id := r.find("c1").ID
	for name, path := range map[string]string{
		"e-mail with a plus, encoded":  "anna%2Bx%40example.com",
		"e-mail with a plus, as it is": "anna+x@example.com",
		"e-mail in capitals":           "ANNA%2BX@EXAMPLE.COM",
		"phone with %2B":               "%2B393331234567",
		"phone with a plus":            "+393331234567",
		"phone of the country":         "333%201234567",
		"id":                           id,
		"customer id":                  "c1",
	} {
		t.Run(name, func(t *testing.T) {
			r := &rig{T: t, http: r.http}
			var st lifecycle.Status
			r.get("/status/"+path+"?shop=bottega", bearer(token)...).is(200).into(&st)
			if st.ID != id || st.Email != "anna+x@example.com" || st.Orders != 1 || st.Spent != "49.90" || st.Consent["sms"].State != "subscribed" {
				t.Errorf("%+v", st)
			}
			r.get("/status/"+path, bearer(token)...).is(200) // the token has one shop
		})
	}
	if log := r.log.String(); strings.Contains(log, "anna+x") || strings.Contains(log, "3331234567") {
		t.Error("the log has personal data")
	}
}

func TestStatusIsGuarded(t *testing.T) {
	r, _ := known(t)
	all, one, other := r.token(auth.Support, ""), r.token(auth.Support, "bottega"), r.token(auth.Support, "teashop")
	anna := "/status/" + url.PathEscape("anna+x@example.com")
	for name, c := range map[string]struct {
		target string
		header []string
		status int
		code   string
	}{
		"no token":                         {anna + "?shop=bottega", nil, 401, "token_missing"},
		"another scheme":                   {anna + "?shop=bottega", []string{"Authorization", "Basic YTpi"}, 401, "token_missing"},
		"a token that is none":             {anna + "?shop=bottega", bearer("rit_x"), 401, "token_unknown"},
		"a token that nobody made":         {anna + "?shop=bottega", bearer("rit_" + strings.Repeat("a", 43)), 401, "token_unknown"},
		"a token in the URL":               {anna + "?shop=bottega&token=" + one, nil, 401, "token_missing"},
		"too low a role":                   {anna + "?shop=bottega", bearer(r.token(auth.Ingest, "bottega")), 403, "role_too_low"},
		"too low a role for another shop":  {anna + "?shop=bottega", bearer(r.token(auth.Ingest, "teashop")), 403, "role_too_low"},
		"another shop's token":             {anna + "?shop=bottega", bearer(other), 404, "not_found"},
		"a shop that is not there":         {anna + "?shop=nobody", bearer(all), 404, "not_found"},
		"no shop where there are two":      {anna, bearer(all), 400, "shop_missing"},
		"somebody unknown":                 {"/status/nobody%40example.com?shop=bottega", bearer(one), 404, "not_found"},
		"Anna, asked for in another shop":  {anna + "?shop=teashop", bearer(other), 404, "not_found"},
		"an owner of all shops":            {anna + "?shop=bottega", bearer(r.token(auth.Owner, "")), 200, ""},
		"a lower-case scheme is a bearer":  {anna + "?shop=bottega", []string{"Authorization", "bearer " + one}, 200, ""},
		"one slash too many is no contact": {anna + "/x?shop=bottega", bearer(one), 404, "not_found"},
	} {
		t.Run(name, func(t *testing.T) {
			r := &rig{T: t, http: r.http}
			a := r.get(c.target, c.header...).is(c.status)
			if a.code() != c.code {
				t.Errorf("code %q, want %q", a.code(), c.code)
			}
			if (a.Code == 401) != (a.Header().Get("WWW-Authenticate") != "") {
				t.Error("WWW-Authenticate does not go with 401")
			}
		})
	}
	unknown := r.get("/status/nobody%40example.com?shop=bottega", bearer(one)...).Body.String()
	forbidden := r.get(anna+"?shop=bottega", bearer(other)...).Body.String()
	if unknown != forbidden {
		t.Errorf("unknown and forbidden differ:\n%s%s", unknown, forbidden)
	}
	for _, token := range []string{all, one, other} {
		if strings.Contains(r.log.String(), token) {
			t.Error("the log has a token")
		}
	}
}

func TestARevokedTokenIsRefusedAtOnce(t *testing.T) {
	r := open(t)
	token := r.token(auth.Support, "bottega")
	r.get("/status/x", bearer(token)...).is(404)
	all, err := r.store.ListTokens(t.Context())
	if err != nil || len(all) != 1 {
		t.Fatalf("%v %v", all, err)
	}
	if all[0].LastUsed.IsZero() {
		t.Error("the use was not noted")
	}
	if err := r.store.RevokeToken(t.Context(), all[0].ID); err != nil {
		t.Fatal(err)
	}
	r.get("/status/x", bearer(token)...).is(401)
}

func TestRequestsAreLimitedByToken(t *testing.T) {
	r := open(t)
	token, other := r.token(auth.Support, "bottega"), r.token(auth.Support, "bottega")
	status := map[int]int{}
	for range 400 { // faster than 100 a second on any machine that runs the rest of this
		a := r.get("/status/x", bearer(token)...)
		if status[a.Code]++; a.Code == 429 {
			break
		}
	}
	if status[404] < 100 {
		t.Errorf("answers %v: fewer than 100 at once", status)
	}
	r.get("/status/x", bearer(other)...).is(404)
}

func TestReadinessSaysWhatIsHeld(t *testing.T) {
	r := open(t)
	var ready handlers.Readiness
	r.get("/readyz").is(200).into(&ready)
	if !ready.Ready || ready.Store != "ok" || ready.Sending != (len(ready.Held) == 0) || !ready.Dev {
		t.Errorf("%+v", ready)
	}
}

// TestReadinessNamesTheShopsThatWait: one shop's pause does not stop the others.
func TestReadinessNamesTheShopsThatWait(t *testing.T) {
	r := open(t)
	if _, err := r.engine.PauseShop(t.Context(), "teashop", "secret plans", "a secret person"); err != nil {
		t.Fatal(err)
	}
	if _, err := r.store.Brake(t.Context(), "sms:bottega", `{"reason":"sms: 300 of 300 messages failed"}`, nil); err != nil {
		t.Fatal(err)
	}
	var ready handlers.Readiness
	r.get("/readyz").is(200).into(&ready)
	held := strings.Join(ready.Held, "\n")
	for _, want := range []string{
		"shop teashop: paused by hand; ritorno resume --shop teashop ends it",
		"shop bottega: sms: 300 of 300 messages failed; messages wait until ritorno resume --shop bottega",
	} {
		if !strings.Contains(held, want) {
			t.Errorf("held: %s\nwant %s", held, want)
		}
	}
	if !ready.Ready || !ready.Sending || strings.Contains(held, "secret") {
		t.Errorf("%+v", ready)
	}
	if body := r.get("/metrics").is(200).Body.String(); !strings.Contains(body, `ritorno_guard{guard="brake sms",shop="bottega"} 1`) {
		t.Error("no metric tells of the brake")
	}
	if n := strings.Count(r.log.String(), "messages wait until a person lets them go"); n != 1 {
		t.Errorf("logged %d times", n)
	}
}

func TestMetricsNameRoutesNotPaths(t *testing.T) {
	r, path := known(t)
	r.get(path)
	r.get("/wp-login.php")
	r.send("BREW", "/x", "")
	body := r.get("/metrics").is(200).Body.String()
	for _, want := range []string{
		`ritorno_http_requests_total{method="GET",route="/u/:token",status="200"} 1`,
		`ritorno_http_requests_total{method="GET",route="none",status="404"} 1`,
		`ritorno_http_requests_total{method="other",route="none",status="404"} 1`,
		`ritorno_hook_deliveries_total{outcome="accepted",shop="bottega",source="erp"} 1`,
	} {
		if !strings.Contains(body, want) {
			t.Errorf("the numbers lack %s", want)
		}
	}
	for _, bad := range []string{"wp-login", "BREW", path} {
		if strings.Contains(body, bad) {
			t.Errorf("the numbers show %q", bad)
		}
	}
}

func TestDevClock(t *testing.T) {
	r := open(t)
	for name, c := range map[string]struct {
		body   string
		status int
		code   string
	}{
		"days":                    {`{"advance":"1d"}`, 200, ""},
		"a sum":                   {`{"advance":"1d12h"}`, 200, ""},
		"weeks":                   {`{"advance":"6w"}`, 200, ""},
		"nothing":                 {`{}`, 400, "clock_unreadable"},
		"both":                    {`{"advance":"1d","now":"2030-01-01T00:00:00Z"}`, 400, "clock_unreadable"},
		"an unknown unit":         {`{"advance":"1y"}`, 400, "clock_unreadable"},
		"no unit":                 {`{"advance":"10"}`, 400, "clock_unreadable"},
		"a negative span":         {`{"advance":"-1d"}`, 400, "clock_unreadable"},
		"a span without end":      {`{"advance":"99999999w"}`, 400, "clock_unreadable"},
		"a sum without end":       {`{"advance":"5000w5000w"}`, 400, "clock_unreadable"},
		"no JSON":                 {`advance=1d`, 400, "clock_unreadable"},
		"a time that is none":     {`{"now":"tomorrow"}`, 400, "clock_unreadable"},
		"back, with nobody there": {`{"now":"2026-01-01T00:00:00Z"}`, 200, ""},
	} {
		t.Run(name, func(t *testing.T) {
			r := &rig{T: t, http: r.http}
			if a := r.clock(c.body).is(c.status); a.code() != c.code {
				t.Errorf("code %q, want %q", a.code(), c.code)
			}
		})
	}
	r.clock(beforeAll).is(200)
	r.anna("")
	if a := r.clock(`{"now":"2026-01-01T00:00:00Z"}`).is(409); a.code() != "clock_past" {
		t.Errorf("code %q", a.code())
	}
	closed := open(t, func(o *handlers.Options) { o.DevClock = false })
	closed.clock(`{"advance":"1d"}`).is(404)
}
