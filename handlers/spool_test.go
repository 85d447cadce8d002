package handlers_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"ritorno/connectors/activecampaign"
	"ritorno/connectors/woocommerce"
	"ritorno/handlers"
	"ritorno/internal/auth"
	"ritorno/internal/redistest"
	"ritorno/internal/spool"
)

const (
	wooSecret = "woo-secret-of-the-tests"
	crmToken  = "campaign-token-of-the-tests"
)

// spooling is a service with the two kinds of source that never repeat, on a
// store that can go away.
type spooling struct {
	*rig
	node *redistest.Node
	path string
}

func openSpooling(t *testing.T, max int64) *spooling {
	t.Helper()
	s := &spooling{node: redistest.NewNode(t), path: filepath.Join(t.TempDir(), "webhooks.spool")}
	s.rig = openOn(t, s.node.URL, s.with(t, max))
	return s
}

func (s *spooling) with(t *testing.T, max int64) func(*handlers.Options) {
	sp, err := spool.Open(spool.Options{Path: s.path, Max: max})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = sp.Close() })
	return func(o *handlers.Options) {
		o.Spool = sp
		o.Sources["bottega"]["woo"] = handlers.Source{Kind: "woocommerce", Once: true, Source: must(woocommerce.New(woocommerce.Options{Secrets: []string{wooSecret}}))(t)}
		o.Sources["bottega"]["ac"] = handlers.Source{Kind: "activecampaign", Once: true, Token: crmToken, Source: must(activecampaign.New(activecampaign.Options{Token: crmToken}))(t)}
	}
}

// woo posts an order of WooCommerce as its shop signs it.
func (s *spooling) woo(id int, status, modified, total string) answer {
	s.Helper()
	body := fmt.Sprintf(`{"id":%d,"number":"%d","status":%q,"currency":"EUR","total":%q,"customer_id":31,"date_created_gmt":"2026-03-01T10:00:00",
		"date_modified_gmt":%q,"date_paid_gmt":"2026-03-01T10:00:01","billing":{"email":"anna@example.com","first_name":"Anna"},"line_items":[]}`, id, id, status, total, modified)
	mac := hmac.New(sha256.New, []byte(wooSecret))
	mac.Write([]byte(body))
	return s.send("POST", "/hooks/bottega/woo", body, "X-WC-Webhook-Topic", "order.updated", "Content-Type", "application/json",
		"X-WC-Webhook-Signature", base64.StdEncoding.EncodeToString(mac.Sum(nil)))
}

func (s *spooling) ac(fields string) answer {
	s.Helper()
	return s.form("/hooks/bottega/ac?token="+crmToken+"&event=cancelled", fields)
}

func (s *spooling) drain(want int) {
	s.Helper()
	if n, err := s.server.DrainSpool(s.Context()); n != want || err != nil {
		s.Fatalf("worked off %d, %v, want %d%s", n, err, want, s.log)
	}
}

func (s *spooling) ready() handlers.Readiness {
	s.Helper()
	var r handlers.Readiness
	s.get("/readyz").into(&r)
	return r
}

func taken(a answer) handlers.Accepted {
	a.t.Helper()
	var got handlers.Accepted
	a.is(200).into(&got)
	return got
}

func TestSourcesThatNeverRepeatWaitOnDiskWhileTheStoreIsAway(t *testing.T) {
	s := openSpooling(t, 0)
	if got := taken(s.woo(1, "processing", "2026-03-01T10:00:05", "49.90")); got != (handlers.Accepted{Accepted: true}) {
		t.Fatalf("with the store there: %+v", got)
	}
	s.node.Stop(t)
	if got := taken(s.woo(2, "processing", "2026-03-02T10:00:05", "10.00")); got != (handlers.Accepted{Accepted: true, Spooled: true}) {
		t.Errorf("the first one: %+v", got)
	}
	taken(s.woo(2, "completed", "2026-03-02T11:00:05", "10.00"))
	taken(s.woo(1, "refunded", "2026-03-02T12:00:05", "49.90"))
	taken(s.woo(1, "refunded", "2026-03-02T12:00:05", "49.90")) // once more, which costs nothing
	taken(s.ac("contact%5Bid%5D=42&contact%5Bemail%5D=anna%40example.com"))
	if got := taken(s.ac("type=open&contact%5Bid%5D=42")); got != (handlers.Accepted{Accepted: true, Ignored: true}) {
		t.Errorf("of no use, so it is not kept: %+v", got)
	}
	s.shopify(orderBody).is(503) // it sends again
	s.woo(3, "processing", "2026-03-02T10:00:05", "x\" forged").is(200)
	s.send("POST", "/hooks/bottega/woo", "{}", "X-WC-Webhook-Signature", "forged").is(401)

	if r := s.ready(); r.Spooled != 6 || r.Store != "unreachable" {
		t.Errorf("readiness: %+v", r)
	}
	if got := s.get("/metrics").Body.String(); !strings.Contains(got, "ritorno_spool_deliveries 6") || !strings.Contains(got, `outcome="spooled",shop="bottega",source="woo"} 5`) {
		t.Errorf("metrics do not tell of 6 deliveries")
	}
	if n, err := s.server.DrainSpool(t.Context()); n != 0 || err == nil {
		t.Errorf("without a store %d are worked off, %v", n, err)
	}

	s.node.Start(t)
	s.drain(6)
	if r := s.ready(); r.Spooled != 0 || !r.Ready {
		t.Errorf("readiness afterwards: %+v", r)
	}
	c := s.find("anna@example.com")
	if len(c.Orders) != 2 || c.Orders[0].Counts() || !c.Orders[1].Counts() || c.State.String() != "cancelled" {
		t.Errorf("orders %+v, state %s, want the first refunded, the second paid, cancelled by the automation", c.Orders, c.State)
	}
	if dead := s.deadLetters(); len(dead) != 1 || dead[0].Source != "woo" || !strings.Contains(dead[0].Reason, "/total") {
		t.Errorf("dead letters %+v, want the one that cannot be understood", dead)
	}
	if got := taken(s.woo(2, "completed", "2026-03-02T11:00:05", "10.00")); !got.Duplicate {
		t.Errorf("the same again when the store is back: %+v", got)
	}
	onDiskAndInTheLog(t, s)
}

// onDiskAndInTheLog looks for what must not be there.
func onDiskAndInTheLog(t *testing.T, s *spooling) {
	t.Helper()
	content, err := os.ReadFile(s.path)
	if err != nil || len(content) > 0 {
		t.Errorf("%d bytes are left on disk, %v", len(content), err)
	}
	for _, private := range []string{"anna", "Anna", crmToken, wooSecret} {
		if strings.Contains(s.log.String(), private) {
			t.Errorf("the log holds %q", private)
		}
	}
}

func TestTheSpoolHoldsNoTokenAndIsOnlyOurs(t *testing.T) {
	s := openSpooling(t, 0)
	s.node.Stop(t)
	taken(s.ac("contact%5Bid%5D=42&contact%5Bemail%5D=anna%40example.com"))
	content, err := os.ReadFile(s.path)
	if err != nil || len(content) == 0 || strings.Contains(string(content), crmToken) {
		t.Errorf("%d bytes, %v; the token must not be among them", len(content), err)
	}
	if info, err := os.Stat(s.path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

func TestAFullSpoolRefuses(t *testing.T) {
	s := openSpooling(t, 1000)
	s.node.Stop(t)
	taken(s.woo(1, "processing", "2026-03-01T10:00:05", "49.90"))
	a := s.woo(2, "processing", "2026-03-01T10:00:05", "49.90").is(503)
	if a.code() != "store_unavailable" || a.Header().Get("Retry-After") == "" {
		t.Errorf("%s, Retry-After %q", a.code(), a.Header().Get("Retry-After"))
	}
	s.node.Start(t)
	s.drain(1)
	taken(s.woo(2, "processing", "2026-03-01T10:00:05", "49.90"))
}

// The process ends while deliveries wait, and once more when some of them were
// applied: the next one applies all, each once.
func TestTheSpoolOutlivesItsProcess(t *testing.T) {
	s := openSpooling(t, 0)
	s.node.Stop(t)
	for id := range 5 {
		taken(s.woo(100+id, "processing", "2026-03-01T10:00:05", "10.00"))
	}
	left, err := os.ReadFile(s.path)
	if err != nil {
		t.Fatal(err)
	}
	s.node.Start(t)
	s.drain(5)
	// As if it had been killed before the file was emptied.
	s.path += ".left"
	if err := os.WriteFile(s.path, left, 0o600); err != nil {
		t.Fatal(err)
	}
	again := &spooling{rig: openAgain(t, s.rig, s.with(t, 0)), node: s.node, path: s.path}
	again.drain(5)
	if c := again.find("anna@example.com"); len(c.Orders) != 5 {
		t.Errorf("%d orders", len(c.Orders))
	}
	st, err := again.store.SourceStatus(t.Context(), "bottega", "woo")
	if err != nil || st.Counts["accepted"] != 5 || st.Counts["duplicate"] != 5 {
		t.Errorf("counts %+v, %v, want all of the second time known", st.Counts, err)
	}
}

// openAgain is another server on the same store.
func openAgain(t *testing.T, r *rig, change func(*handlers.Options)) *rig {
	t.Helper()
	o := r.server.Options()
	o.Registry = nil
	change(&o)
	again := *r
	again.server = handlers.New(o)
	again.http = again.server.Handler()
	return &again
}

func TestASourceThatWasTakenOutBuriesWhatWaited(t *testing.T) {
	s := openSpooling(t, 0)
	s.node.Stop(t)
	taken(s.woo(1, "processing", "2026-03-01T10:00:05", "49.90"))
	s.node.Start(t)
	delete(s.server.Options().Sources["bottega"], "woo")
	s.drain(1)
	if dead := s.deadLetters(); len(dead) != 1 || dead[0].Reason != "the source is no longer in the configuration" {
		t.Errorf("dead letters %+v", dead)
	}
}

// News from before an erasure must not come after it and bring the person back.
func TestAnErasureComesAfterWhatWaits(t *testing.T) {
	for name, erase := range map[string]func(s *spooling, token string){
		"through the API": func(s *spooling, token string) {
			s.send("DELETE", "/api/v1/contacts/anna@example.com?shop=bottega", "", "Authorization", "Bearer "+token).is(200)
		},
		"through another source": func(s *spooling, _ string) {
			s.erp("contact.erase", `{"customer":{"email":"anna@example.com"}}`).is(200)
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := openSpooling(t, 0)
			token := s.token(auth.Owner, "bottega")
			taken(s.woo(1, "processing", "2026-03-01T10:00:05", "49.90"))
			s.node.Stop(t)
			taken(s.woo(2, "processing", "2026-03-01T10:00:05", "49.90"))
			s.node.Start(t)
			erase(s, token)
			s.drain(0)
			if c, err := s.engine.Find(t.Context(), "bottega", "anna@example.com"); err == nil {
				t.Errorf("she is back: %+v", c.Orders)
			}
		})
	}
}

func TestRunSpoolWorksItOffByItself(t *testing.T) {
	s := openSpooling(t, 0)
	s.node.Stop(t)
	taken(s.woo(1, "processing", "2026-03-01T10:00:05", "49.90"))
	s.node.Start(t)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); s.server.RunSpool(ctx) }()
	for s.ready().Spooled > 0 { // asked until it is empty; the test's own time limit bounds it
		runtime.Gosched()
	}
	cancel()
	<-ended
	if c := s.find("anna@example.com"); len(c.Orders) != 1 {
		t.Errorf("%d orders", len(c.Orders))
	}
}
