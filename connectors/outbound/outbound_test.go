package outbound_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"ritorno/connectors/outbound"
)

func TestInternalAddressesAreRefused(t *testing.T) {
	for _, text := range []string{
		"127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1", "0.0.0.0", "::", "10.0.0.1", "172.16.0.1", "172.31.255.255",
		"192.168.1.1", "::ffff:192.168.1.1", "169.254.169.254", "fe80::1%eth0", "100.64.0.1", "100.127.255.255", "fd00::1",
		"224.0.0.1", "ff02::1", "255.255.255.255", "198.18.0.1", "64:ff9b::a00:1", "2002:a00:1::", "::10.0.0.1", "fd00:ec2::254",
	} {
		addr := netip.MustParseAddr(text)
		if err := outbound.Check(addr, nil); !errors.Is(err, outbound.ErrInternal) || !strings.Contains(err.Error(), "outbound.allow") {
			t.Errorf("%s: %v", text, err)
		}
		open := netip.PrefixFrom(addr.Unmap().WithZone(""), addr.Unmap().BitLen())
		if err := outbound.Check(addr, []netip.Prefix{open}); err != nil {
			t.Errorf("%s is allowed: %v", text, err)
		}
	}
	if err := outbound.Check(netip.Addr{}, nil); !errors.Is(err, outbound.ErrInternal) {
		t.Errorf("no address: %v", err)
	}
	for _, text := range []string{"23.227.38.65", "100.63.255.255", "172.32.0.1", "2620:127:f00f::1", "8.8.8.8", "::ffff:8.8.8.8"} {
		if err := outbound.Check(netip.MustParseAddr(text), nil); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
}

var loopback = outbound.Options{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}}

func serve(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

// The guard stands at the dial: a name that leads inside is refused as its
// address is, and no byte arrives.
func TestTheGuardStandsAtTheDial(t *testing.T) {
	reached := false
	target := serve(t, func(http.ResponseWriter, *http.Request) { reached = true })
	for _, address := range []string{target, strings.Replace(target, "127.0.0.1", "localhost", 1)} {
		_, err := outbound.New(outbound.Options{}).Post(t.Context(), address, nil, nil)
		if !errors.Is(err, outbound.ErrInternal) {
			t.Errorf("%s: %v", address, err)
		}
	}
	if reached {
		t.Error("the server was reached")
	}
}

func TestACallCarriesHeaderAndBody(t *testing.T) {
	target := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if r.Method != http.MethodPost || r.Header.Get("X-Key") != "k" || string(body) != "{}" {
			t.Errorf("%s %v %s", r.Method, r.Header, body)
		}
		w.Header().Set("Retry-After", "7")
		w.WriteHeader(http.StatusTooManyRequests)
		_, _ = w.Write([]byte("later"))
	})
	a, err := outbound.New(loopback).Post(t.Context(), target, http.Header{"X-Key": {"k"}}, []byte("{}"))
	if err != nil || a.Status != 429 || string(a.Body) != "later" || a.RetryAfter != 7*time.Second {
		t.Fatalf("%+v, %v", a, err)
	}
}

func TestARedirectIsNotFollowed(t *testing.T) {
	elsewhere := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("followed") })
	target := serve(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, elsewhere, http.StatusTemporaryRedirect)
	})
	if a, err := outbound.New(loopback).Post(t.Context(), target, nil, nil); err != nil || a.Status != http.StatusTemporaryRedirect {
		t.Fatalf("%+v, %v", a, err)
	}
}

func TestACallHasLimits(t *testing.T) {
	long := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, 1<<20+1)) })
	if _, err := outbound.New(loopback).Post(t.Context(), long, nil, nil); err == nil || !strings.Contains(err.Error(), "1 MiB") {
		t.Errorf("a long answer: %v", err)
	}
	free := make(chan struct{})
	slow := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-free:
		case <-r.Context().Done():
		}
	})
	t.Cleanup(func() { close(free) })
	o := loopback
	o.Timeout = 50 * time.Millisecond
	if _, err := outbound.New(o).Post(t.Context(), slow, nil, nil); err == nil {
		t.Error("a silent server was waited for")
	}
}

func TestCredentialsGoOverHTTPSOnly(t *testing.T) {
	for _, address := range []string{"http://shop.example.com/x", "http://10.0.0.1/", "ftp://shop.example.com/", "http://[::ffff:10.0.0.1]/"} {
		if _, err := outbound.New(loopback).Post(t.Context(), address, nil, nil); err == nil || !strings.Contains(err.Error(), "https://") {
			t.Errorf("%s: %v", address, err)
		}
	}
}

// What a shop answers may be shown to the operator: an error holds no address
// with what stands in it.
func TestErrorsHoldNoAddress(t *testing.T) {
	closed := httptest.NewServer(nil)
	target := closed.URL
	closed.Close()
	_, err := outbound.New(loopback).Post(t.Context(), target+"/secret?key=secret", nil, nil)
	if err == nil || strings.Contains(err.Error(), "secret") {
		t.Fatalf("%v", err)
	}
}

func TestAQuestionHasLimitsOfItsOwn(t *testing.T) {
	target := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet || r.Header.Get("X-Key") != "k" || r.URL.Query().Get("a") != "b c" {
			t.Errorf("%s %s %v", r.Method, r.URL, r.Header)
		}
		_, _ = w.Write(make([]byte, 1<<20+1))
	})
	c := outbound.New(loopback)
	if _, err := c.Get(t.Context(), target+"?a=b+c", http.Header{"X-Key": {"k"}}, 0); err == nil || !strings.Contains(err.Error(), "1 MiB") {
		t.Errorf("a long answer: %v", err)
	}
	if a, err := c.Get(t.Context(), target+"?a=b+c", http.Header{"X-Key": {"k"}}, 2<<20); err != nil || len(a.Body) != 1<<20+1 {
		t.Errorf("%d bytes, %v", len(a.Body), err)
	}
	if _, err := outbound.New(outbound.Options{}).Get(t.Context(), target, nil, 0); !errors.Is(err, outbound.ErrInternal) {
		t.Errorf("the guard: %v", err)
	}
}

// Whose turn would come too late is told at once, and nothing is sent.
func TestCallsKeepARate(t *testing.T) {
	n := 0
	target := serve(t, func(http.ResponseWriter, *http.Request) { n++ })
	o := loopback
	o.Rate = 0.001
	c := outbound.New(o)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Second)
	defer cancel()
	if _, err := c.Get(ctx, target, nil, 0); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Post(ctx, target, nil, nil); !errors.Is(err, outbound.ErrBusy) || n != 1 {
		t.Errorf("%v, %d calls", err, n)
	}
	gone, stop := context.WithCancel(ctx)
	stop()
	if _, err := c.Get(gone, target, nil, 0); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}
