package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"sync"

	"github.com/spf13/cobra"

	"ritorno/config"
	"ritorno/handlers"
)

func newServe(g *globals) *cobra.Command {
	var dev bool
	cmd := &cobra.Command{
		Use: "serve", Short: "Run the service until SIGTERM, then drain", Args: exactArgs(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := g.load()
			if err != nil {
				return err
			}
			return serve(cmd.Context(), c, dev)
		},
	}
	cmd.Flags().BoolVar(&dev, "dev-clock", false, "offer PUT /dev/clock (loopback only)")
	return cmd
}

func serve(ctx context.Context, c *config.Config, dev bool) error {
	if dev && !onLoopback(c.Listen) {
		return usagef("ritorno serve: --dev-clock is refused because listen is %q: it lets anybody move the clock; listen on 127.0.0.1", c.Listen)
	}
	log := newLog()
	a, err := newApp(ctx, c, appOptions{DevClock: dev, Spool: true, Log: log})
	if err != nil {
		return err
	}
	defer func() {
		if err := a.Close(); err != nil {
			log.Error("the store did not close cleanly", "error", err.Error())
		}
	}()
	if moved, err := a.Store.ClockMoved(ctx); err != nil {
		return err
	} else if moved && !dev {
		return fmt.Errorf("the clock of this store was moved by --dev-clock, so its times are not real: use another data_dir or database, or start with --dev-clock")
	}
	ln, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return fmt.Errorf("listen on %s: %w: end the other program or change listen in %s", c.Listen, err, "the configuration")
	}
	// Before anything new comes in; if the store does not take it, it waits on.
	if n, err := a.Server.DrainSpool(ctx); n > 0 || err != nil {
		log.Info("deliveries that waited on disk since the last run", "stored", n, "left", a.spool.Len())
	}
	greet(a, ln)
	return runServer(ctx, a, ln)
}

// runServer answers requests and works off timers until ctx ends, then drains:
// requests and sends in flight are finished.
func runServer(ctx context.Context, a *app, ln net.Listener) error {
	srv := handlers.NewHTTPServer("", a.Server.Handler())
	engineCtx, stopEngine := context.WithCancel(ctx)
	defer stopEngine()
	var loops sync.WaitGroup
	loops.Go(func() { a.Engine.Run(engineCtx) })
	loops.Go(func() { a.Server.RunSpool(engineCtx) })
	loops.Go(func() { a.Server.RunCatchUp(engineCtx) })
	failed := make(chan error, 1)
	go func() {
		if err := srv.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
			failed <- err
		}
	}()
	var err error
	select {
	case <-ctx.Done():
	case err = <-failed:
		stopEngine()
	}
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownLimit)
	defer cancel()
	err = errors.Join(err, srv.Shutdown(drain))
	loops.Wait()
	return err
}

func greet(a *app, ln net.Listener) {
	fmt.Fprintf(os.Stdout, "Ritorno %s listens on %s\n\nPaste these URLs into your shop systems (docs/connectors.md):\n\n", version(), ln.Addr())
	for _, line := range webhookURLs(a.Config) {
		fmt.Fprintln(os.Stdout, line)
	}
	if why := a.Engine.Held(); len(why) > 0 {
		fmt.Fprintf(os.Stdout, "\nMessages are HELD: %s\n", why[0])
	}
	fmt.Fprintln(os.Stdout, "\nCtrl-C ends it.")
}

// onLoopback reports whether an address can only be reached from this machine.
func onLoopback(listen string) bool {
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		return false
	}
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
