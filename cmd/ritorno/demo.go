package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"ritorno/handlers"
)

// demoOptions are the flags of ritorno demo.
type demoOptions struct {
	orders  string // an order history; empty: a generated shop
	seed    uint64
	months  int // of a generated shop's life
	people  int // of a generated shop; 0: as many as usual
	listen  string
	dataDir string // empty: a temporary one
	exit    bool   // end after the play
	json    bool
}

func newDemo(g *globals) *cobra.Command {
	var o demoOptions
	cmd := &cobra.Command{
		Use: "demo", Short: "Play 18 months of a shop on a simulated clock; needs no configuration, account or network", Args: exactArgs(),
		Long: "Runs the whole service with pretend providers, plays a shop's orders through signed webhooks, lets people\n" +
			"react to the messages, and leaves the server open to look at. Nothing leaves this machine.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.json = g.json
			if err := o.check(); err != nil {
				return err
			}
			return runDemo(cmd.Context(), o, newStage(cmd.OutOrStdout(), cmd.ErrOrStderr(), o.json))
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.orders, "orders", "", "play this order `history` (CSV, also gzipped) instead of a generated shop")
	f.Uint64Var(&o.seed, "seed", 1, "makes another shop, and other people")
	f.IntVar(&o.months, "months", 18, "how long the generated shop's life is, up to today")
	f.IntVar(&o.people, "people", 0, "customers of the generated shop; 0: about 360")
	f.StringVar(&o.listen, "listen", "127.0.0.1:0", "address of the service; port 0: a free one")
	f.StringVar(&o.dataDir, "data-dir", "", "keep the demo's data in this empty `folder`; left out: thrown away at the end")
	f.BoolVar(&o.exit, "exit", false, "end after the play instead of leaving the server open")
	return cmd
}

func (o *demoOptions) check() error {
	switch {
	case o.months < 1 || o.months > 120:
		return usagef("ritorno demo: --months %d: choose 1 to 120", o.months)
	case o.people < 0 || o.people > 100_000:
		return usagef("ritorno demo: --people %d: choose 1 to 100000, or 0 for as many as usual", o.people)
	case !onLoopback(o.listen):
		return usagef("ritorno demo: --listen %q: the demo's clock can be moved by anybody, so it listens on 127.0.0.1 only", o.listen)
	}
	return nil
}

// runDemo sets the stage, plays, and strikes the stage again. An interrupt is
// a good end.
func runDemo(ctx context.Context, o demoOptions, out *stage) (err error) {
	p, err := o.plot()
	if err != nil {
		return err
	}
	dir, remove, err := demoDir(o.dataDir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, remove()) }()
	d, err := openDemo(ctx, o, p, dir, out)
	if err != nil {
		return interrupted(ctx, err)
	}
	err = d.run(ctx)
	return errors.Join(interrupted(ctx, err), d.close())
}

// interrupted is nil where an error is only the echo of Ctrl-C.
func interrupted(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// run plays, and then waits for an interrupt unless told to end.
func (d *demo) run(ctx context.Context) error {
	srv := handlers.NewHTTPServer("", d.app.Server.Handler())
	served := make(chan error, 1)
	go func() { served <- srv.Serve(d.listener) }()
	// The play moves the clock and with it the timers; the engine's own loop
	// would only look over its shoulder.
	err := d.play(ctx)
	if err == nil {
		err = d.end(ctx)
	}
	if err == nil && !d.o.exit {
		err = d.stayOpen(ctx, served)
	}
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownLimit)
	defer cancel()
	return errors.Join(err, srv.Shutdown(drain))
}

// stayOpen is serve after the play: timers go on until an interrupt.
func (d *demo) stayOpen(ctx context.Context, served <-chan error) (err error) {
	ctx, cancel := context.WithCancel(ctx)
	var loops sync.WaitGroup
	loops.Go(func() { d.app.Engine.Run(ctx) })
	loops.Go(func() { d.deliver(ctx) })
	select {
	case <-ctx.Done():
	case err = <-served:
	}
	cancel()
	loops.Wait()
	return err
}

// deliver lets the pretend providers report on what still leaves.
func (d *demo) deliver(ctx context.Context) {
	t := time.NewTicker(time.Second)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			d.clock.set(time.Now().Add(d.app.Store.Offset()))
			_ = d.provider.Flush(ctx) // counted as lost by the provider
			d.fresh = nil             // nobody reacts any more
		}
	}
}

// demoDir is where the embedded store lives. remove takes a temporary one away.
func demoDir(wish string) (dir string, remove func() error, err error) {
	if wish != "" {
		dir, err = filepath.Abs(wish)
		return dir, func() error { return nil }, err
	}
	dir, err = os.MkdirTemp("", "ritorno-demo-")
	if err != nil {
		return "", nil, fmt.Errorf("make a folder for the demo's data: %w", err)
	}
	return dir, func() error { return os.RemoveAll(dir) }, nil
}

// openDemo wires the very service that serve runs, with pretend providers.
func openDemo(ctx context.Context, o demoOptions, p *plot, dir string, out *stage) (_ *demo, err error) {
	d := newDemoPlay(o, p, out)
	defer func() {
		if err != nil {
			err = errors.Join(err, d.close())
		}
	}()
	if d.listener, err = net.Listen("tcp", o.listen); err != nil {
		return nil, fmt.Errorf("listen on %s: %w: choose another --listen", o.listen, err)
	}
	d.url = "http://" + d.listener.Addr().String()
	if err := d.startProviders(); err != nil {
		return nil, err
	}
	c, err := d.config(dir)
	if err != nil {
		return nil, err
	}
	// The data are thrown away, so nobody waits for the disk at each order: with
	// "everysec" the store would, for a second, before each message.
	d.app, err = newApp(ctx, c, appOptions{
		DevClock: true, AllowUnsafe: true, Fsync: "no",
		Log: slog.New(slog.NewTextHandler(untilEnd{ctx, out.errs}, &slog.HandlerOptions{Level: slog.LevelError})),
	})
	if err != nil {
		return nil, err
	}
	if n, err := d.app.Store.Contacts(ctx); err != nil || n > 0 {
		return nil, errors.Join(err, fmt.Errorf("--data-dir %s already holds %d contacts: name an empty folder", dir, n))
	}
	return d, d.setClock(ctx, p.from.Add(-time.Minute))
}

// untilEnd writes while nobody has ended the demo: requests that break off with it
// are no errors.
type untilEnd struct {
	ctx context.Context //nolint:containedctx // it is what the writer is about
	io.Writer
}

func (u untilEnd) Write(p []byte) (int, error) {
	if u.ctx.Err() != nil {
		return len(p), nil
	}
	return u.Writer.Write(p)
}

// close ends what openDemo started.
func (d *demo) close() error {
	var errs []error
	if d.app != nil {
		errs = append(errs, d.app.Close())
	}
	if d.listener != nil {
		_ = d.listener.Close() // closed by the server already, as a rule
	}
	if d.provider != nil {
		d.provider.Close()
		errs = append(errs, d.providerServer.Close())
	}
	d.client.CloseIdleConnections()
	return errors.Join(errs...)
}
