// Command ritorno wins lost customers of a shop back. See README.md.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"ritorno/config"
	_ "time/tzdata" // zones, also where the machine has none
)

// Exit codes of the contract.
const (
	exitFailed = 1
	exitUsage  = 2
)

// usageError is a wrong call or an invalid configuration: exit code 2. Its
// text may have several lines, one for each mistake.
type usageError struct{ error }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

func main() { os.Exit(run(os.Args[1:])) }

// run is main without the exit, for tests.
func run(args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	root := newRoot()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	var usage usageError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &usage):
		fmt.Fprintln(os.Stderr, err)
		return exitUsage
	}
	fmt.Fprintln(os.Stderr, "ritorno:", err)
	return exitFailed
}

// globals are the flags that every command has.
type globals struct {
	config string
	json   bool
}

func newRoot() *cobra.Command {
	g := &globals{}
	root := &cobra.Command{
		Use: "ritorno", Short: "Wins back the customers that a shop is losing",
		SilenceUsage: true, SilenceErrors: true,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usagef("ritorno: unknown command %q: see ritorno --help", args[0])
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	standard := os.Getenv("RITORNO_CONFIG")
	if standard == "" {
		standard = "ritorno.yaml"
	}
	root.PersistentFlags().StringVar(&g.config, "config", standard, "configuration `file`; also RITORNO_CONFIG")
	root.PersistentFlags().BoolVar(&g.json, "json", false, "print reports as JSON")
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usagef("%s: %w: see %s --help", cmd.CommandPath(), err, cmd.CommandPath())
	})
	root.AddCommand(newServe(g), newDemo(g), newCheck(g), newImport(g), newStatus(g), newErase(g), newExport(g), newToken(g), newDeadLetter(g), newOutgoing(g), newUncertain(g), newPause(g), newResume(g), newDoctor(g),
		newSourceCommand(g), newHook(g), newCoupon(g), newJourney(g), newPreview(g), newSimulate(g), newFake(), newVersion(g))
	return root
}

// args wraps a check of the number of arguments so that a wrong one exits
// with 2.
func exactArgs(names ...string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) != len(names) {
			return usagef("%s: wants %d argument(s) %v, got %d: see %s --help", cmd.CommandPath(), len(names), names, len(args), cmd.CommandPath())
		}
		return nil
	}
}

// loadConfig reads the configuration; every mistake is in the error, one a
// line.
func (g *globals) load() (*config.Config, error) {
	c, problems := config.Load(g.config, os.LookupEnv)
	return c, mistakes(problems)
}

func mistakes(problems []config.Problem) error {
	var errs []error
	for _, p := range problems {
		if !p.Warning {
			errs = append(errs, errors.New(p.String()))
		}
	}
	if len(errs) == 0 {
		return nil
	}
	return usageError{errors.Join(errs...)}
}

// inShop runs f on the store for the shop that a command is about.
func inShop(cmd *cobra.Command, g *globals, name string, f func(ctx context.Context, a *app, shop string) error) error {
	c, err := g.load()
	if err != nil {
		return err
	}
	shop, err := pickShop(c, name)
	if err != nil {
		return err
	}
	return withStore(cmd.Context(), c, func(ctx context.Context, a *app) error { return f(ctx, a, shop) })
}

// pickShop is the shop that a command is about.
func pickShop(c *config.Config, name string) (string, error) {
	if name == "" && len(c.Shops) == 1 {
		return c.Shops[0].ID, nil
	}
	var known []string
	for _, s := range c.Shops {
		if s.ID == name {
			return name, nil
		}
		known = append(known, s.ID)
	}
	if name == "" {
		return "", usagef("ritorno: --shop is needed: the configuration has %v", known)
	}
	return "", usagef("ritorno: no shop %q: the configuration has %v", name, known)
}
