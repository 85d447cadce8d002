package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"ritorno/connectors"
	"ritorno/connectors/webhook"
	"ritorno/internal/lifecycle"
)

// tried is what the caller of hook try tells about the request.
type tried struct {
	headers         []string
	file, query, at string
}

// outcome is what a payload becomes, as --json prints it. It holds the
// payload's values.
type outcome struct {
	Signature string               `json:"signature"` // fits, does not fit or not checked; why
	Mapping   *webhook.Explanation `json:"mapping,omitempty"`
	Events    []lifecycle.Event    `json:"events"`
	Ignored   bool                 `json:"ignored"`               // accepted, and nothing in it is used
	Dead      string               `json:"dead_letter,omitempty"` // why it would be kept as one
}

func (t tried) run(g *globals, cmd *cobra.Command, src connectors.Source, target string, body []byte) error {
	req, err := t.request(target, body)
	if err != nil {
		return err
	}
	if errors.Is(src.Verify(req), connectors.ErrPing) {
		fmt.Fprintln(cmd.ErrOrStderr(), "It is the call with which the shop tries a new webhook: answered 200, and nothing is stored.")
		return nil
	}
	out := outcome{Signature: t.signature(src, req), Events: []lifecycle.Event{}}
	if w, ok := src.(*webhook.Source); ok {
		out.Mapping = w.Explain(req)
	}
	events, err := src.Normalise(req)
	if err != nil && !errors.Is(err, connectors.ErrMalformed) {
		return err
	}
	out.Events = append(out.Events, events...)
	out.Ignored = err == nil && len(events) == 0
	if err != nil {
		out.Dead = strings.TrimPrefix(err.Error(), connectors.ErrMalformed.Error()+": ")
		err = fmt.Errorf("it would become a dead letter: %w", err)
	}
	if g.json {
		return errors.Join(printJSON(cmd, out), err)
	}
	return errors.Join(out.print(cmd), err)
}

// request is the request that the caller describes.
func (t tried) request(target string, body []byte) (connectors.Request, error) {
	at, err := t.time()
	if err != nil {
		return connectors.Request{}, err
	}
	query, err := url.ParseQuery(strings.TrimPrefix(t.query, "?"))
	if err != nil {
		return connectors.Request{}, usagef("ritorno hook try: --query: write it as name=value&name=value, with percent codes")
	}
	if t.query != "" {
		target += "?" + strings.TrimPrefix(t.query, "?")
	}
	lines := t.headers
	if t.file != "" {
		text, err := os.ReadFile(t.file)
		if err != nil {
			return connectors.Request{}, fmt.Errorf("read the headers: %w", err)
		}
		lines = append(strings.Split(string(text), "\n"), lines...)
	}
	header, err := headersOf(lines)
	if err == nil && header.Get("Content-Type") == "" {
		header.Set("Content-Type", guess(body))
	}
	return connectors.Request{Method: http.MethodPost, URL: target, Header: header, Query: query, Body: body, ReceivedAt: at, Now: at}, err
}

// guess is the type that most senders of such a body name.
func guess(body []byte) string {
	switch start := bytes.TrimSpace(body); {
	case bytes.HasPrefix(start, []byte("{")), bytes.HasPrefix(start, []byte("[")):
		return "application/json"
	case bytes.HasPrefix(start, []byte("<")):
		return "text/xml"
	}
	return "application/x-www-form-urlencoded"
}

// headersOf reads lines of Name: value; a request line is passed over.
func headersOf(lines []string) (http.Header, error) {
	header := http.Header{}
	for _, h := range lines {
		h = strings.TrimSpace(h)
		if h == "" || strings.HasPrefix(h, "POST ") {
			continue
		}
		name, value, ok := strings.Cut(h, ":")
		if !ok || strings.ContainsAny(name, " \t") {
			return nil, usagef("ritorno hook try: --header %q: write it as Name: value", h)
		}
		header.Set(name, strings.TrimSpace(value))
	}
	return header, nil
}

func (t tried) time() (time.Time, error) {
	if t.at == "" {
		return time.Now().UTC(), nil
	}
	at, err := time.Parse(time.RFC3339, t.at)
	if err != nil {
		return at, usagef("ritorno hook try: --at %q: write it like 2026-09-01T08:00:05Z", t.at)
	}
	return at.UTC(), nil
}

// signature says whether the source would believe the request.
func (t tried) signature(src connectors.Source, r connectors.Request) string {
	if len(t.headers) == 0 && t.file == "" && t.query == "" {
		return "not checked: give the request's headers with -H or --headers, and --query for a token in the URL"
	}
	err := src.Verify(r)
	if err == nil {
		return "fits"
	}
	return "does not fit, or is not there: " + err.Error() + "; the delivery would be answered 401"
}

// print shows the events on stdout and everything about them on stderr.
func (o outcome) print(cmd *cobra.Command) error {
	fmt.Fprintln(cmd.ErrOrStderr(), "Signature:", o.Signature)
	if o.Mapping != nil {
		explain(cmd, *o.Mapping)
	}
	if o.Ignored {
		fmt.Fprintln(cmd.ErrOrStderr(), "It would be accepted and ignored: nothing in it is used.")
	}
	for _, ev := range o.Events {
		text, err := json.MarshalIndent(ev, "", "  ")
		if err != nil {
			return err
		}
		fmt.Fprintln(cmd.OutOrStdout(), string(text))
	}
	return nil
}

// explain shows the way through the mapping, event by event.
func explain(cmd *cobra.Command, x webhook.Explanation) {
	w := cmd.ErrOrStderr()
	if x.Error != "" {
		fmt.Fprintln(w, "Mapping:", x.Error)
	}
	for _, e := range x.Events {
		fmt.Fprintf(w, "Event %d of %d\n", e.Event, len(x.Events))
		for _, r := range e.Tried {
			fmt.Fprintf(w, "  rule %d (%s): %s\n", r.Rule, r.Type, verdict(r.Fits, r.When, r.Why))
		}
		for _, f := range e.Fields {
			value := fmt.Sprint(f.Value)
			if f.Value == nil {
				value = "EMPTY: " + f.Why
			}
			fmt.Fprintf(w, "    %s = %s   (%s)\n", f.Field, value, f.From)
		}
		if e.Error != "" {
			fmt.Fprintln(w, "  not understood:", e.Error)
		}
	}
}

func verdict(yes bool, when, why string) string {
	switch {
	case yes && when == "":
		return "fits, it has no when"
	case yes:
		return "fits: " + when
	case why != "":
		return "does not fit: " + when + " (" + why + ")"
	}
	return "does not fit: " + when
}
