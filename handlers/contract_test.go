package handlers_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"

	"ritorno/handlers/api"
)

// described is openapi.json, ready to hold answers against.
var described = sync.OnceValues(func() (d struct {
	doc    *openapi3.T
	router routers.Router
}, err error,
) {
	for _, kind := range []string{"text/html", "text/javascript", "text/css", "text/xml", "text/plain"} {
		openapi3filter.RegisterBodyDecoder(kind, func(body io.Reader, _ http.Header, _ *openapi3.SchemaRef, _ openapi3filter.EncodingFn) (any, error) {
			text, err := io.ReadAll(body)
			return string(text), err
		})
	}
	if d.doc, err = openapi3.NewLoader().LoadFromData(api.Description()); err == nil {
		d.router, err = legacy.NewRouter(d.doc)
	}
	return d, err
})

// hold fails the test when an answer is not as openapi.json says. Every answer
// of these tests goes through it.
func hold(t *testing.T, req *http.Request, a *httptest.ResponseRecorder) {
	t.Helper()
	d, err := described()
	if err != nil {
		t.Fatal(err)
	}
	route, params, err := d.router.FindRoute(req)
	if err != nil {
		if a.Code != http.StatusNotFound && a.Code != http.StatusMethodNotAllowed {
			t.Errorf("%s %s is not in openapi.json and answers %d", req.Method, req.URL.Path, a.Code)
		}
		return
	}
	if strings.Contains(a.Body.String(), `"code":"no_route"`) {
		return // a route that this service does not offer
	}
	err = openapi3filter.ValidateResponse(req.Context(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: req, PathParams: params, Route: route},
		Status:                 a.Code, Header: a.Header(), Body: io.NopCloser(bytes.NewReader(a.Body.Bytes())),
		Options: &openapi3filter.Options{IncludeResponseStatus: true, ExcludeResponseBody: req.Method == http.MethodHead},
	})
	if err != nil {
		t.Errorf("%s %s answers %d, not as openapi.json says: %v", req.Method, route.Path, a.Code, err)
	}
}

func TestTheDescriptionIsValid(t *testing.T) {
	d, err := described()
	if err != nil {
		t.Fatal(err)
	}
	if err := d.doc.Validate(t.Context()); err != nil {
		t.Error(err)
	}
	open(t).get("/api/v1/openapi.json").is(200)
}

var paramOf = regexp.MustCompile(`:([a-z]+)`)

func TestEveryRouteIsDescribedAndEveryDescriptionIsARoute(t *testing.T) {
	d, err := described()
	if err != nil {
		t.Fatal(err)
	}
	routes := map[string]bool{}
	for _, r := range open(t).server.Routes() {
		if strings.HasPrefix(r.Method, "echo_") {
			continue
		}
		routes[r.Method+" "+paramOf.ReplaceAllString(r.Path, "{$1}")] = true
	}
	for path, item := range d.doc.Paths.Map() {
		for method := range item.Operations() {
			if name := method + " " + path; !routes[name] {
				t.Errorf("%s is described and is no route", name)
			} else {
				delete(routes, name)
			}
		}
	}
	for name := range routes {
		t.Errorf("%s is a route and is not described", name)
	}
}
