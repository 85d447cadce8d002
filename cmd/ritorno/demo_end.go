package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"

	"github.com/oklog/ulid/v2"

	"ritorno/internal/auth"
	"ritorno/internal/store"
)

// end shows the last funnel, holds the service to its promises and says where
// to look.
func (d *demo) end(ctx context.Context) error {
	f, err := d.funnel(ctx, d.plot.to)
	if err != nil {
		return err
	}
	if d.out.live != nil {
		d.out.show(f)
	}
	if d.out.json {
		enc := json.NewEncoder(d.out.out)
		enc.SetIndent("", "  ")
		if err := enc.Encode(f); err != nil {
			return err
		}
	}
	if err := f.broken(); err != nil {
		return err
	}
	if d.o.exit {
		return nil
	}
	w := d.out.out
	if d.out.json {
		w = d.out.errs
	}
	return d.signposts(ctx, w)
}

// broken names the promises that the play saw broken.
func (f funnel) broken() error {
	var errs []error
	states := int64(0)
	for _, n := range f.States {
		states += n
	}
	if states != f.Contacts || int64(f.People) != f.Contacts {
		errs = append(errs, fmt.Errorf("%d customers are %d contacts in %d states", f.People, f.Contacts, states))
	}
	if f.WithoutConsent > 0 {
		errs = append(errs, fmt.Errorf("%d messages went to people who had not agreed", f.WithoutConsent))
	}
	if f.Twice > 0 {
		errs = append(errs, fmt.Errorf("%d steps went out twice", f.Twice))
	}
	if f.DeadLetters > 0 {
		errs = append(errs, fmt.Errorf("%d webhooks were not understood", f.DeadLetters))
	}
	if len(errs) > 0 {
		return fmt.Errorf("the demo saw what must not happen: %w", errors.Join(errs...))
	}
	return nil
}

// signposts are the URLs to look at.
func (d *demo) signposts(ctx context.Context, w io.Writer) error {
	token, err := d.supportToken(ctx)
	if err != nil {
		return err
	}
	fmt.Fprint(w, "\nThe service stays open and its clock runs on. Look at\n\n")
	who := d.tally.wonContact
	if who == "" && len(d.actors) > 0 {
		c, err := d.record(ctx, &d.actors[0])
		if err != nil {
			return err
		}
		who = c.ID
	}
	fmt.Fprintf(w, "  somebody who came back    curl -s -H 'Authorization: Bearer %s' '%s/status/%s?shop=%s'\n", token, d.url, url.PathEscape(who), demoShop)
	if d.out.landing != "" {
		fmt.Fprintf(w, "  a landing page            %s\n", d.out.landing)
	}
	fmt.Fprintf(w, "  what was sent             %s/\n", d.providerURL)
	fmt.Fprintf(w, "  metrics, readiness        %s/metrics  %s/readyz\n", d.url, d.url)
	fmt.Fprintf(w, "  30 days later             curl -X PUT -d '{\"advance\":\"30d\"}' %s/dev/clock\n", d.url)
	fmt.Fprintln(w, "\nCtrl-C ends it.")
	return nil
}

// supportToken opens the status page for this demo only.
func (d *demo) supportToken(ctx context.Context) (string, error) {
	plain, hash, err := auth.NewToken(rand.Reader)
	if err != nil {
		return "", err
	}
	real, _, err := d.app.Store.Now(ctx)
	if err != nil {
		return "", err
	}
	return plain, d.app.Store.PutToken(ctx, store.Token{ID: ulid.Make().String(), Name: "demo", Role: "support", Shop: demoShop, Hash: hash, Made: real})
}
