package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"ritorno/config"
	"ritorno/internal/spool"
)

// spoolPath is where deliveries wait while the store is away.
func spoolPath(c *config.Config) string { return filepath.Join(c.DataDir, "webhooks.spool") }

// openSpool makes the spool of this process. Where another one on this data
// directory has it, there is none: its deliveries are refused while the store is
// away, as they would be without a spool.
func (a *app) openSpool(o appOptions) error {
	s, err := spool.Open(spool.Options{Path: spoolPath(a.Config), Log: o.Log})
	if errors.Is(err, spool.ErrBusy) {
		o.Log.Warn("another process has the spool of this data_dir: while the store is away, deliveries are refused; give each process a data_dir of its own", "file", spoolPath(a.Config))
		return nil
	}
	if err != nil {
		return fmt.Errorf("data_dir: %w", err)
	}
	a.spool = s
	return nil
}

// settleWithin is how long a command waits for the running service to work off
// its spool.
const settleWithin = 30 * time.Second

// settleSpool sees to it that nothing from before this moment waits on disk:
// what a person ordered before an erasure must not come after it. It applies what
// is there, or waits for the running service to do so.
func (a *app) settleSpool(ctx context.Context) error {
	path := spoolPath(a.Config)
	n, err := spool.Count(path)
	if err != nil || n == 0 {
		return err
	}
	s, err := spool.Open(spool.Options{Path: path})
	if errors.Is(err, spool.ErrBusy) {
		return waitForSpool(ctx, path)
	}
	if err != nil {
		return err
	}
	_, err = a.Server.ApplySpool(ctx, s)
	return errors.Join(err, s.Close())
}

func waitForSpool(ctx context.Context, path string) error {
	ctx, cancel := context.WithTimeout(ctx, settleWithin)
	defer cancel()
	poll := time.NewTicker(50 * time.Millisecond)
	defer poll.Stop()
	for {
		n, err := spool.Count(path)
		if err != nil || n == 0 {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%d deliveries still wait on disk in %s: let the running service store them, then try again", n, path)
		case <-poll.C:
		}
	}
}
