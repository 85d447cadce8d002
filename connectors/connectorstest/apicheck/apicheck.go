// Package apicheck holds requests and answers against the providers' official
// API descriptions. The descriptions are theirs and lie beside the repository,
// not in it.
package apicheck

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
)

// API is one official description.
type API struct {
	doc  *openapi3.T
	name string
}

// Load reads a description such as "twilio_messages_v2010.json". Where the
// folder is missing the test is skipped, in CI it fails.
func Load(t *testing.T, file string) *API {
	t.Helper()
	path := filepath.Join(root(t), "..", "shared", "reference", "openapi", file)
	b, err := os.ReadFile(path)
	if os.IsNotExist(err) && os.Getenv("CI") != "true" {
		t.Skipf("skipped: requests are not held against the official description %s, which is not beside this repository", file)
	}
	if err != nil {
		t.Fatalf("official API description: %v", err)
	}
	doc, err := openapi3.NewLoader().LoadFromData(b)
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return &API{doc: doc, name: file}
}

// root is the folder of go.mod.
func root(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatalf("working directory: %v", err)
	}
	for dir != filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		dir = filepath.Dir(dir)
	}
	t.Fatal("no go.mod above the working directory")
	return ""
}

// Request says what is wrong with a request, nil if nothing is. Names that the
// description does not know are wrong too.
func (a *API) Request(r *http.Request, body []byte) error {
	in := a.input(r, body)
	if in.Route.Operation.RequestBody != nil {
		if err := known(in.Route.Operation, r.Header.Get("Content-Type"), body); err != nil {
			return err
		}
		for _, media := range in.Route.Operation.RequestBody.Value.Content {
			closed(media.Schema, map[*openapi3.Schema]bool{})
		}
	}
	return openapi3filter.ValidateRequest(context.Background(), in)
}

// Response says what is wrong with an answer to a request.
func (a *API) Response(r *http.Request, sent []byte, status int, h http.Header, body []byte) error {
	return openapi3filter.ValidateResponse(context.Background(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: a.input(r, sent),
		Status:                 status,
		Header:                 h,
		Body:                   io.NopCloser(bytes.NewReader(body)),
		Options:                &openapi3filter.Options{IncludeResponseStatus: true},
	})
}

// input finds the operation by comparing the path's parts, so that no router
// is needed for two paths.
func (a *API) input(r *http.Request, body []byte) *openapi3filter.RequestValidationInput {
	q := r.Clone(context.Background())
	q.Body = io.NopCloser(bytes.NewReader(body))
	in := &openapi3filter.RequestValidationInput{
		Request:    q,
		PathParams: map[string]string{},
		Options:    &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, MultiError: true},
	}
	for template, item := range a.doc.Paths.Map() {
		params, ok := match(template, r.URL)
		op := item.GetOperation(r.Method)
		if !ok || op == nil {
			continue
		}
		in.PathParams = params
		in.Route = &routers.Route{Spec: a.doc, Path: template, PathItem: item, Method: r.Method, Operation: op}
		return in
	}
	panic(a.name + " knows no " + r.Method + " " + r.URL.Path)
}

func match(template string, u *url.URL) (map[string]string, bool) {
	want, got := strings.Split(template, "/"), strings.Split(u.Path, "/")
	if len(want) != len(got) {
		return nil, false
	}
	params := map[string]string{}
	for i, w := range want {
		name, rest, isParam := strings.Cut(strings.TrimPrefix(w, "{"), "}")
		switch {
		case isParam && strings.HasSuffix(got[i], rest):
			params[name] = strings.TrimSuffix(got[i], rest)
		case w != got[i]:
			return nil, false
		}
	}
	return params, true
}

// known says which names of a form the description does not know. The
// validator itself decodes only those that it does.
func known(op *openapi3.Operation, contentType string, body []byte) error {
	mediaType, _, err := mime.ParseMediaType(contentType)
	if err != nil || mediaType != formType {
		return err
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return err
	}
	properties := op.RequestBody.Value.Content[formType].Schema.Value.Properties
	var unknown []string
	for name := range form {
		if properties[name] == nil {
			unknown = append(unknown, name)
		}
	}
	if unknown != nil {
		return fmt.Errorf("unknown form fields: %v", unknown)
	}
	return nil
}

const formType = "application/x-www-form-urlencoded"

// closed refuses unknown names in a JSON request body, at every depth, except
// in objects whose names are the sender's own.
func closed(s *openapi3.SchemaRef, seen map[*openapi3.Schema]bool) {
	if s == nil || seen[s.Value] {
		return
	}
	seen[s.Value] = true
	if len(s.Value.Properties) > 0 && s.Value.AdditionalProperties.Schema == nil {
		no := false
		s.Value.AdditionalProperties = openapi3.AdditionalProperties{Has: &no}
	}
	for _, p := range s.Value.Properties {
		closed(p, seen)
	}
	closed(s.Value.Items, seen)
}
