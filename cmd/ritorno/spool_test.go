package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"ritorno/handlers"
	"ritorno/internal/redistest"
	"ritorno/internal/spool"
)

// spoolWorld is an installation on a Redis that can be killed, with a source
// that never repeats.
func spoolWorld(t *testing.T) (*world, *redistest.Port) {
	t.Helper()
	redis := redistest.NewPort(t)
	w := newWorld(t, worldOptions{})
	w.edit(func(s string) string {
		s = strings.Replace(s, "redis: {shards: 8}", "redis: {url: "+redis.URL+", shards: 8}", 1)
		return strings.Replace(s, "    sources:\n", "    sources:\n      woo: {kind: woocommerce, secret: wc_sample_dev_secret}\n", 1)
	})
	return w, redis
}

// wooOrder posts an order of 10.00 and tells the answer.
func (w *world) wooOrder(id int) handlers.Accepted {
	w.t.Helper()
	body := fmt.Sprintf(`{"id":%d,"number":"%d","status":"processing","currency":"EUR","total":"10.00","customer_id":31,"date_created_gmt":"2026-09-01T08:00:00",
		"date_modified_gmt":"2026-09-01T08:00:05","date_paid_gmt":"2026-09-01T08:00:04","billing":{"email":"anna@example.com"},"line_items":[]}`, id, id)
	h := http.Header{}
	knocks["woocommerce"](h, "order.created", body)
	req, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, w.url+"/hooks/bottega/woo", strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	req.Header = h
	var got handlers.Accepted
	w.roundTrip(req).is(200).into(&got)
	return got
}

func (w *world) waiting() (n int) {
	w.t.Helper()
	var r handlers.Readiness
	if err := json.Unmarshal([]byte(w.send(http.MethodGet, "/readyz", "").body), &r); err != nil {
		w.t.Fatal(err)
	}
	return r.Spooled
}

// The store dies, deliveries come, the store comes back: nothing is lost, and
// nobody had to do anything.
func TestAStoreThatDiesLosesNoDeliveryOfASourceThatNeverRepeats(t *testing.T) {
	t.Parallel()
	w, redis := spoolWorld(t)
	w.serve()
	if got := w.wooOrder(1); got.Spooled {
		t.Fatalf("with the store there: %+v", got)
	}
	redis.Kill()
	for id := 2; id <= 6; id++ {
		if got := w.wooOrder(id); !got.Accepted || !got.Spooled {
			t.Errorf("order %d: %+v", id, got)
		}
	}
	if n := w.waiting(); n != 5 {
		t.Errorf("%d wait", n)
	}
	redis.Start(t)
	until(t, "the spool is worked off", func() bool { return w.waiting() == 0 })
	if st := w.record("anna@example.com"); st.Orders != 6 || st.Spent != "60.00" {
		t.Errorf("%d orders, %s", st.Orders, st.Spent)
	}
	for _, private := range []string{"anna@example.com", "wc_sample_dev_secret"} {
		if strings.Contains(w.log.String(), private) {
			t.Errorf("the log holds %q", private)
		}
	}
}

// Store and service die both. What was acknowledged is applied by the next
// process, and an erasure in between comes after it.
func TestAKilledServiceLeavesNoDeliveryBehind(t *testing.T) {
	t.Parallel()
	w, redis := spoolWorld(t)
	w.serve()
	w.wooOrder(1)
	redis.Kill()
	for id := 2; id <= 4; id++ {
		w.wooOrder(id)
	}
	w.kill()
	redis.Start(t)

	path := w.dir + "/data/webhooks.spool"
	if n, err := spool.Count(path); n != 3 || err != nil {
		t.Fatalf("%d wait, %v", n, err)
	}
	if out, errs, code := w.run("source", "status"); code != 0 || !strings.Contains(errs, "3 deliveries wait on disk") {
		t.Errorf("source status: exit %d, %s%s", code, out, errs)
	}
	w.serve()
	until(t, "the spool is worked off", func() bool { return w.waiting() == 0 })
	if st := w.record("anna@example.com"); st.Orders != 4 || st.Spent != "40.00" {
		t.Errorf("%d orders, %s", st.Orders, st.Spent)
	}

	redis.Kill()
	w.wooOrder(5)
	w.kill()
	redis.Start(t)
	if out, errs, code := w.run("erase", "anna@example.com", "--shop", "bottega"); code != 0 || !strings.Contains(out, "removed: 1 contact") {
		t.Fatalf("erase: exit %d, %s%s", code, out, errs)
	}
	if n, err := spool.Count(path); n != 0 || err != nil {
		t.Errorf("%d wait after the erasure, %v", n, err)
	}
	w.serve()
	w.look("anna@example.com").is(http.StatusNotFound)
}
