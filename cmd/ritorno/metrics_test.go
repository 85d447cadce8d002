package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"ritorno/config"
	"ritorno/connectors/connectorstest"
)

var (
	describedMetric  = regexp.MustCompile(`fqName: "(ritorno_[a-z_]+)", help: "([^"]*)".*variableLabels: \{([a-z_,]*)\}`)
	documentedMetric = regexp.MustCompile("(?m)^\\| `(ritorno_[a-z_]+)` \\| (counter|gauge|histogram) \\| ([a-z_` ]*) ?\\| (.+) \\|$")
)

// TestMetricsAreDocumented compares docs/metrics.md with what the wired
// service registers, labels and kinds included.
func TestMetricsAreDocumented(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join(connectorstest.Root(t), "docs", "metrics.md"))
	if err != nil {
		t.Fatal(err)
	}
	documented, kinds := map[string]string{}, map[string]string{}
	for _, m := range documentedMetric.FindAllStringSubmatch(string(text), -1) {
		labels := strings.Fields(strings.ReplaceAll(m[3], "`", ""))
		slices.Sort(labels)
		documented[m[1]], kinds[m[1]] = strings.Join(labels, ","), m[2]
	}

	in := newInstance(t, "")
	c, problems := config.Load(in.config(), os.LookupEnv)
	if config.Bad(problems) {
		t.Fatal(problems)
	}
	a, err := newApp(t.Context(), c, appOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	}()
	registered := map[string]string{}
	for _, d := range describe(a.Registry) {
		m := describedMetric.FindStringSubmatch(d)
		if m == nil {
			continue // of the Go program
		}
		labels := strings.Split(m[3], ",")
		slices.Sort(labels)
		registered[m[1]] = strings.Join(labels, ",")
		if m[2] == "" {
			t.Errorf("%s has no help", m[1])
		}
	}
	if len(registered) < 5 {
		t.Fatalf("only %d metrics are registered: %v", len(registered), registered)
	}
	if diff := cmp.Diff(documented, registered); diff != "" {
		t.Errorf("metrics and their labels (-docs/metrics.md +registered):\n%s", diff)
	}
	for name, kind := range kinds {
		if (kind == "counter") != strings.HasSuffix(name, "_total") {
			t.Errorf("%s is documented as a %s", name, kind)
		}
	}
}

func describe(r *prometheus.Registry) (all []string) {
	ch := make(chan *prometheus.Desc)
	go func() { r.Describe(ch); close(ch) }()
	for d := range ch {
		all = append(all, fmt.Sprint(d))
	}
	return all
}
