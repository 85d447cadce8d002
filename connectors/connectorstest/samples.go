package connectorstest

import (
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ritorno/connectors"
)

// Collection is a folder of recorded requests: bodies, and requests.json with
// headers and the secrets of development.
type Collection struct {
	Secret    string `json:"secret"`
	PublicKey string `json:"public_key"`
	Token     string `json:"token"`
	VerifyAt  int64  `json:"verify_at"` // Unix seconds
	Requests  []struct {
		File    string            `json:"file"`
		Scheme  string            `json:"scheme"`
		Source  string            `json:"source"` // of the configuration beside it, where there is one
		Query   string            `json:"query"`
		Headers map[string]string `json:"headers"`
	} `json:"requests"`
	dir string
}

// Own reads the samples of one kind in examples/requests.
func Own(t testing.TB, kind string) Collection {
	t.Helper()
	return read(t, filepath.Join(Root(t), "examples", "requests", kind), "requests.json")
}

// Published reads other people's samples of one kind, which lie beside a
// checkout and not in it. Where they are absent the test is skipped by name; in
// CI their absence is a failure.
func Published(t testing.TB, kind string) Collection {
	t.Helper()
	return read(t, Fixtures(t, kind), "signed-requests.json")
}

// Fixtures is the folder of other people's samples of one kind, see Published.
func Fixtures(t testing.TB, kind string) string {
	t.Helper()
	dir := filepath.Join(Root(t), "..", "shared", "fixtures", kind)
	if _, err := os.Stat(dir); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("the published samples of %s are missing: %v", kind, err)
		}
		t.Skipf("skipped: the published samples of %s are not beside this checkout", kind)
	}
	return dir
}

// Root is the repository's root.
func Root(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		up := filepath.Dir(dir)
		if up == dir {
			t.Fatal("no go.mod above the test's directory")
		}
		dir = up
	}
}

func docsPage(t testing.TB, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(Root(t), "docs", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Samples turns the requests of a collection into samples of the conformance
// test, named as their files without the end; fill completes each, or says by
// false that it is none.
func (c Collection) Samples(t *testing.T, fill func(*Sample) bool) []Sample {
	t.Helper()
	var out []Sample
	for i, r := range c.Requests {
		s := Sample{Name: strings.TrimSuffix(r.File, filepath.Ext(r.File)), Request: c.Request(t, i)}
		if fill(&s) {
			out = append(out, s)
		}
	}
	return out
}

// Goldens verifies each sample and holds its events against its golden file.
func Goldens(t *testing.T, s connectors.Source, samples []Sample) {
	t.Helper()
	for _, sample := range samples {
		t.Run(sample.Name, func(t *testing.T) {
			if err := s.Verify(sample.Request); err != nil {
				t.Fatal(err)
			}
			events, err := s.Normalise(sample.Request)
			if err != nil {
				t.Fatal(err)
			}
			Golden(t, sample.Name, events)
		})
	}
}

func read(t testing.TB, dir, name string) Collection {
	t.Helper()
	c := Collection{dir: dir}
	text, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &c); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if len(c.Requests) == 0 {
		t.Fatalf("%s lists no requests", name)
	}
	return c
}

// Request is the i-th request as it would arrive.
func (c Collection) Request(t testing.TB, i int) connectors.Request {
	t.Helper()
	body, err := os.ReadFile(filepath.Join(c.dir, c.Requests[i].File))
	if err != nil {
		t.Fatal(err)
	}
	r := connectors.Request{
		Method:     http.MethodPost,
		URL:        "https://ritorno.example.com/hooks/bottega/sample",
		Header:     http.Header{},
		Query:      url.Values{},
		Body:       body,
		ReceivedAt: time.Unix(c.VerifyAt, 0).UTC(),
		Now:        time.Unix(c.VerifyAt, 0).UTC(),
	}
	for name, value := range c.Requests[i].Headers {
		r.Header.Set(name, value)
	}
	if s := c.Requests[i].Source; s != "" {
		r.URL = "https://ritorno.example.com/hooks/bottega/" + s
	}
	if q := c.Requests[i].Query; q != "" {
		r.URL += "?" + q
	}
	if r.Query, err = url.ParseQuery(c.Requests[i].Query); err != nil {
		t.Fatal(err)
	}
	return r
}
