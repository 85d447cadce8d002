package baseline

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

// Command is the first argument with which the bench runs itself as a baseline.
const Command = "baseline"

// Main serves a baseline on a free port, which it tells on out, until ctx ends:
//
//	baseline -kind verify|plain -secret SECRET [-socket REDIS]
func Main(ctx context.Context, args []string, out io.Writer) error {
	f := flag.NewFlagSet(Command, flag.ContinueOnError)
	kind := f.String("kind", "", "verify or plain")
	secret := f.String("secret", "", "of the signatures")
	socket := f.String("socket", "", "Unix socket of the Redis, for plain")
	if err := f.Parse(args); err != nil {
		return err
	}
	switch *kind {
	case "verify":
		return serve(ctx, *kind, Verify(*secret), out)
	case "plain":
		p := NewPlain(*socket)
		return errors.Join(serve(ctx, *kind, p.Handler(*secret), out), p.Close())
	}
	return fmt.Errorf("baseline of kind %q: verify and plain are there", *kind)
}

func serve(ctx context.Context, name string, h http.Handler, out io.Writer) error {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	// The same limits as the service has.
	srv := &http.Server{Handler: h, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second, IdleTimeout: 2 * time.Minute}
	fmt.Fprintf(out, "%s listens on %s\n", name, ln.Addr())
	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(ln) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	if err := srv.Shutdown(drain); err != nil {
		return err
	}
	if err := <-failed; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
