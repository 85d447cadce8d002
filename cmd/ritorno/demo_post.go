package main

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// shopifyPost delivers a webhook as Shopify does.
func (d *demo) shopifyPost(ctx context.Context, topic, id string, at time.Time, body map[string]any) error {
	raw, err := json.Marshal(body)
	if err != nil {
		return err
	}
	mac := hmac.New(sha256.New, []byte(d.secrets.shopify))
	mac.Write(raw)
	return d.hook(ctx, "shopify", raw, http.Header{
		"X-Shopify-Topic":        {topic},
		"X-Shopify-Hmac-Sha256":  {base64.StdEncoding.EncodeToString(mac.Sum(nil))},
		"X-Shopify-Shop-Domain":  {"bottega-rossi.myshopify.com"},
		"X-Shopify-Api-Version":  {"2025-10"},
		"X-Shopify-Webhook-Id":   {id + "-" + topic},
		"X-Shopify-Event-Id":     {"event-" + id + "-" + topic},
		"X-Shopify-Triggered-At": {at.UTC().Format(time.RFC3339Nano)},
	})
}

// erpPost delivers a webhook by the Standard Webhooks scheme. The signature is
// about real time, what it tells is not.
func (d *demo) erpPost(ctx context.Context, kind, id string, at time.Time, data map[string]any) error {
	raw, err := json.Marshal(map[string]any{"type": kind, "timestamp": at.UTC().Format(time.RFC3339), "data": data})
	if err != nil {
		return err
	}
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(d.secrets.erp, "whsec_"))
	if err != nil {
		return err
	}
	// No dot may stand in the id: dots divide what is signed.
	id = "msg_" + base64.RawURLEncoding.EncodeToString([]byte(kind+" "+id))
	stamp := strconv.FormatInt(time.Now().Unix(), 10)
	mac := hmac.New(sha256.New, key)
	_, _ = io.WriteString(mac, id+"."+stamp+"."+string(raw)) // a hash never fails
	return d.hook(ctx, "erp", raw, http.Header{
		"Webhook-Id": {id}, "Webhook-Timestamp": {stamp},
		"Webhook-Signature": {"v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))},
	})
}

// hook posts a delivery and holds the service to its answer.
func (d *demo) hook(ctx context.Context, source string, raw []byte, header http.Header) error {
	header.Set("Content-Type", "application/json")
	answer, err := d.do(ctx, http.MethodPost, "/hooks/"+demoShop+"/"+source, raw, header)
	if err != nil {
		return err
	}
	var got struct{ Accepted, Dead, Parked, Duplicate bool }
	if err := json.Unmarshal(answer, &got); err != nil {
		return fmt.Errorf("answer to a webhook of %s: %w", source, err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.tally.Webhooks++
	switch {
	case !got.Accepted || got.Dead:
		return fmt.Errorf("a webhook of %s was not understood: ritorno deadletter list shows it", source)
	case got.Duplicate:
		d.tally.Duplicates++
	case got.Parked:
		d.tally.Parked++
	}
	return nil
}

// form posts a page's form as a browser does.
func (d *demo) form(ctx context.Context, path string, values url.Values) error {
	_, err := d.do(ctx, http.MethodPost, path, []byte(values.Encode()), http.Header{"Content-Type": {"application/x-www-form-urlencoded"}})
	return err
}

// errAnswer is an answer other than 2xx or a redirect.
var errAnswer = errors.New("unexpected answer")

// do makes one request to the demo's own server.
func (d *demo) do(ctx context.Context, method, path string, body []byte, header http.Header) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, method, d.url+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header = header
	if header == nil {
		r.Header = http.Header{}
	}
	if r.Header.Get("User-Agent") == "" {
		r.Header.Set("User-Agent", "Mozilla/5.0 (Linux; Android 16) Mobile Safari/537.36")
	}
	resp, err := d.client.Do(r)
	if err != nil {
		return nil, err
	}
	answer, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err := errors.Join(err, resp.Body.Close()); err != nil {
		return nil, err
	}
	if resp.StatusCode >= 400 {
		return nil, fmt.Errorf("%s %s: %w: %s", method, strings.SplitN(path, "?", 2)[0], errAnswer, resp.Status)
	}
	return answer, nil
}
