package notify_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"ritorno/connectors"
	"ritorno/connectors/connectorstest"
	"ritorno/connectors/notify"
	"ritorno/connectors/outbound"
)

const (
	published = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	next      = "whsec_c2VjcmV0T2ZUaGVUZWxsZXJUZXN0cyEh"
)

func hook(t *testing.T, url string, secrets ...string) *notify.Hook {
	t.Helper()
	h, err := notify.New(notify.Options{URL: url, Secrets: secrets, Agent: "Ritorno/test", Client: connectorstest.Local()})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// The signature of the published example of Standard Webhooks: it is theirs, not
// what our own library makes of it.
func TestTheSignatureIsThatOfThePublishedExample(t *testing.T) {
	var got *http.Request
	var body []byte
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r
		body, _ = io.ReadAll(r.Body)
		w.WriteHeader(http.StatusAccepted)
	}))
	defer server.Close()
	n := connectors.Notice{ID: "msg_p5jXN8AQM9LWM0D4loKWxJek", Body: []byte(`{"test": 2432232314}`)}
	if err := hook(t, server.URL+"/in?from=ritorno", next, published).Notify(t.Context(), n, time.Unix(1614265330, 0)); err != nil {
		t.Fatal(err)
	}
	signatures := strings.Fields(got.Header.Get("webhook-signature"))
	if len(signatures) != 2 || signatures[1] != "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=" {
		t.Errorf("signatures %v", signatures)
	}
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(next, "whsec_"))
	if err != nil {
		t.Fatal(err)
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(n.ID + ".1614265330." + string(n.Body)))
	if want := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)); signatures[0] != want {
		t.Errorf("%s is not %s", signatures[0], want)
	}
	if got.Header.Get("webhook-id") != n.ID || got.Header.Get("webhook-timestamp") != strconv.Itoa(1614265330) ||
		got.Header.Get("Content-Type") != "application/json" || got.URL.RawQuery != "from=ritorno" || string(body) != string(n.Body) {
		t.Errorf("%v %s %s", got.Header, got.URL, body)
	}
}

func TestWhatAReceiverAnswers(t *testing.T) {
	status := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "9")
		w.WriteHeader(status)
	}))
	defer server.Close()
	h := hook(t, server.URL, published)
	for code, c := range map[int]struct{ refused, single bool }{
		200: {}, 204: {}, 299: {},
		301: {true, false}, 400: {true, true}, 401: {true, false}, 404: {true, false}, 410: {true, false}, 413: {true, true}, 422: {true, true},
		409: {}, 425: {}, 429: {}, 500: {}, 502: {}, 503: {}, 504: {},
	} {
		status = code
		err := h.Notify(t.Context(), connectors.Notice{ID: "evt_1", Body: []byte(`{}`)}, time.Now())
		if code < 300 {
			if err != nil {
				t.Errorf("status %d: %v", code, err)
			}
			continue
		}
		var fault *connectors.TellFault
		if !errors.As(err, &fault) || fault.Refused != c.refused || fault.Single != c.single {
			t.Errorf("status %d: %+v", code, err)
		}
		if code == 503 && fault.RetryAfter != 9*time.Second {
			t.Errorf("status %d: again in %s", code, fault.RetryAfter)
		}
	}
}

// The address that is really called is looked at, whatever its name says.
func TestInternalReceiversAreNotCalled(t *testing.T) {
	called := false
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { called = true }))
	defer server.Close()
	port := server.URL[strings.LastIndex(server.URL, ":"):]
	for _, url := range []string{"http://localhost" + port, server.URL, "https://10.0.0.1", "https://[::1]" + port, "https://169.254.169.254/latest"} {
		h, err := notify.New(notify.Options{URL: url, Secrets: []string{published}, Client: outbound.New(outbound.Options{Timeout: 5 * time.Second})})
		if err != nil {
			t.Fatal(err)
		}
		var fault *connectors.TellFault
		err = h.Notify(t.Context(), connectors.Notice{ID: "evt_1", Body: []byte(`{}`)}, time.Now())
		if !errors.As(err, &fault) || !fault.Refused || !strings.Contains(fault.Text, "outbound.allow") || called {
			t.Errorf("%s: %v, called %v", url, err, called)
		}
	}
}

func TestSecretsThatAreNone(t *testing.T) {
	for _, secret := range []string{"", "plain", "whsec_AAAA", "whsec_!!", "whpk_ZwYm6XfHpJBzJj9XqYtuyfDzZdMUwhD0E1Xf9mbFRSc="} {
		if _, err := notify.New(notify.Options{URL: "https://erp.example", Secrets: []string{secret}, Client: connectorstest.Local()}); err == nil {
			t.Errorf("%q was taken", secret)
		}
	}
}
