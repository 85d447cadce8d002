package main

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"time"
)

const kills = 20

// TestKillDuringIngestLosesNoAcknowledgedOrder posts orders from several
// clients while the service is killed with SIGKILL again and again. A client
// that got no 2xx posts the same delivery again, as Shopify does. In the end
// every acknowledged order is counted, and counted once.
func TestKillDuringIngestLosesNoAcknowledgedOrder(t *testing.T) {
	t.Parallel()
	in := newInstance(t, "")
	in.serve()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()

	const clients = 6
	var mu sync.Mutex
	acknowledged := map[int]int{} // client -> orders
	var posting sync.WaitGroup
	for client := range clients {
		posting.Go(func() {
			for n := 1; ctx.Err() == nil; n++ {
				if !postUntilTaken(ctx, in.url, client, n) {
					return
				}
				mu.Lock()
				acknowledged[client] = n
				mu.Unlock()
			}
		})
	}
	for range kills {
		<-time.After(time.Duration(30+rand.IntN(120)) * time.Millisecond)
		in.kill()
		in.serve()
	}
	cancel()
	posting.Wait()

	total := 0
	for client := range clients {
		total += acknowledged[client]
		st := in.status(customer(client))
		// One order may be stored whose answer the last kill or the end cut off.
		if got, want := st.Orders, acknowledged[client]; got != want && got != want+1 {
			t.Errorf("client %d: %d orders acknowledged, %d in the record", client, want, got)
		} else if st.Spent != fmt.Sprintf("%d.00", got) {
			t.Errorf("client %d: %d orders of 1.00, spent %s", client, got, st.Spent)
		}
	}
	if total < kills {
		t.Fatalf("only %d orders in %d kills: the test did not stress anything", total, kills)
	}
	t.Logf("%d kills, %d acknowledged orders, none lost, none counted twice", kills, total)
	if out, errs, code := in.run("doctor"); code != 0 {
		t.Errorf("after %d kills doctor says %d:\n%s%s", kills, code, out, errs)
	}
}

func customer(client int) string { return fmt.Sprintf("client%d@example.com", client) }

// postUntilTaken posts one order until it is acknowledged; false when the test
// ends first.
func postUntilTaken(ctx context.Context, url string, client, n int) bool {
	id := 1_000_000_000_000 + client*1_000_000 + n
	body := fmt.Sprintf(`{"id":%d,"email":%q,"created_at":%q,"updated_at":%q,"financial_status":"paid","currency":"EUR","total_price":"1.00","line_items":[],"customer":{"id":%d}}`,
		id, customer(client), time.Now().UTC().Format(time.RFC3339), time.Now().UTC().Format(time.RFC3339), 500+client)
	for ctx.Err() == nil {
		if resp, err := http.DefaultClient.Do(shopifyRequest(ctx, url, "orders/create", strconv.Itoa(id), body)); err == nil {
			_ = resp.Body.Close()
			if resp.StatusCode/100 == 2 {
				return true
			}
		}
		<-time.After(10 * time.Millisecond)
	}
	return false
}

func shopifyRequest(ctx context.Context, url, topic, delivery, body string) *http.Request {
	mac := hmac.New(sha256.New, []byte("shpss_fixture_dev_secret"))
	mac.Write([]byte(body))
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/hooks/bottega/shopify", bytes.NewReader([]byte(body)))
	if err != nil {
		panic(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Shopify-Topic", topic)
	req.Header.Set("X-Shopify-Shop-Domain", "fixture-shop.myshopify.com")
	req.Header.Set("X-Shopify-Webhook-Id", delivery)
	req.Header.Set("X-Shopify-Hmac-Sha256", base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	return req
}
