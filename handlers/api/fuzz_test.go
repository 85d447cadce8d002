package api

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"ritorno/handlers"
)

// FuzzReadJSON: a body is one object with the documented fields, each once, or
// a fault.
func FuzzReadJSON(f *testing.F) {
	for _, s := range []string{
		`{"name":"x","role":"owner"}`, `{"name":"x","name":"y"}`, `{"NAME":"x"}`, `{}`, `{"name":null}`, `{"name":"x"}}`, `[]`, ``, `null`, "{\"name\":\"\xff\"}",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, body string) {
		var in wantedToken
		req := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
		err := readJSON(echo.New().NewContext(req, httptest.NewRecorder()), &in)
		var fault *handlers.Fault
		switch {
		case err != nil && (!errors.As(err, &fault) || fault.Status != 400 && fault.Status != 413):
			t.Errorf("%q: %v", body, err)
		case err == nil && (!utf8.ValidString(in.Name) || strings.Count(body, `"name"`) > 1 && !strings.Contains(body, `\`) && !strings.Contains(body, `""name"`)):
			t.Errorf("%q is taken for %+v", body, in)
		}
	})
}

// FuzzLimit: the length of a page is within its bounds.
func FuzzLimit(f *testing.F) {
	for _, s := range []string{"", "1", "0", "-1", "101", "99999999999999999999", "1e2", "٣", " 1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		req := httptest.NewRequest(http.MethodGet, "/", nil)
		q := req.URL.Query()
		q.Set("limit", text)
		req.URL.RawQuery = q.Encode()
		n, err := limit(echo.New().NewContext(req, httptest.NewRecorder()))
		if err == nil && (n < 1 || n > maxPage) {
			t.Errorf("limit %q is %d", text, n)
		}
	})
}
