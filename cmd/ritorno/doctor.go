package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"ritorno/config"
	"ritorno/internal/engine"
	"ritorno/internal/message"
	"ritorno/internal/store"
)

// What doctor finds beside the kinds of store and engine.
const (
	kindUnreachable store.Kind = "store_unreachable"
	kindUnusable    store.Kind = "store_unusable"
	kindConfig      store.Kind = "configuration"
	kindDisk        store.Kind = "disk_space"
)

func newDoctor(g *globals) *cobra.Command {
	var repair bool
	cmd := &cobra.Command{
		Use: "doctor", Short: "What is wrong with this installation", Args: exactArgs(),
		Long: "Reads the whole store while the service works on it, and tells what is broken (fault), what needs\n" +
			"somebody (warning) and what was looked at (ok). Exit code 1 when there is a fault.",
		RunE: func(cmd *cobra.Command, _ []string) error { return doctor(cmd, g, repair) },
	}
	cmd.Flags().BoolVar(&repair, "repair", false, "mend index entries; records and counters are left as they are")
	return cmd
}

func doctor(cmd *cobra.Command, g *globals, repair bool) error {
	c, problems := config.Load(g.config, os.LookupEnv)
	if err := mistakes(problems); err != nil {
		return err
	}
	set, _ := message.Load(templatesFS(c)) // its mistakes end withStore
	problems = append(problems, c.Check(set)...)
	f := &store.Findings{}
	err := withStore(cmd.Context(), c, func(ctx context.Context, a *app) (err error) {
		f, err = a.Engine.Audit(ctx, engine.AuditOptions{Repair: repair, Own: c.Redis.Embedded()})
		return err
	})
	var usage usageError
	if errors.As(err, &usage) {
		return err
	}
	if err != nil {
		f = &store.Findings{}
		f.Add(away(err))
	}
	addProblems(f, problems)
	if c.Redis.Embedded() {
		addDisk(f, c.DataDir)
	}
	f.Sort()
	if err := printFindings(cmd, g, f); err != nil {
		return err
	}
	switch {
	case err != nil:
		return fmt.Errorf("doctor: %w", err)
	case f.Faults > 0:
		return fmt.Errorf("doctor: %d fault(s): each is told with its mend above", f.Faults)
	}
	return nil
}

// away is why the store could not be looked at, to its end at least.
func away(err error) store.Finding {
	x := store.Finding{Level: store.LevelFault, Kind: kindUnusable, Text: "the store cannot be looked at: " + oneLine(err), Mend: "as it says"}
	if errors.Is(err, store.ErrUnavailable) {
		x.Kind, x.Text = kindUnreachable, "the store does not answer: "+oneLine(err)
		x.Mend = "start it, or correct redis in the configuration; then run this command again"
	}
	return x
}

func oneLine(err error) string { return strings.ReplaceAll(err.Error(), "\n", "; ") }

// addProblems tells what check warns of; mistakes end the command before.
func addProblems(f *store.Findings, problems []config.Problem) {
	for _, p := range problems {
		f.Add(store.Finding{Level: store.LevelWarning, Kind: kindConfig, Text: p.String(), Mend: "see ritorno check"})
	}
	if len(problems) == 0 {
		f.OK(kindConfig, "nothing to say about the configuration")
	}
}

// addDisk looks at the room that the embedded store has: a rewrite of its file
// writes a second one before the first goes.
func addDisk(f *store.Findings, dir string) {
	used, err := sizeOf(dir)
	free, known := freeBytes(dir)
	if err != nil || !known {
		return
	}
	addRoom(f, used, free)
}

func addRoom(f *store.Findings, used, free uint64) {
	const mib = 1 << 20
	text := fmt.Sprintf("%d MiB free for data_dir, which holds %d MiB", free/mib, used/mib)
	if free < used+diskSpare {
		f.Add(store.Finding{Level: store.LevelWarning, Kind: kindDisk, Text: text, Mend: "make room: the store stops when the disk is full, and needs as much again while it rewrites its file"})
		return
	}
	f.OK(kindDisk, text)
}

// diskSpare is what must be free beside a second copy of the store's file.
const diskSpare = 128 << 20

// printFindings prints them, faults first.
func printFindings(cmd *cobra.Command, g *globals, f *store.Findings) error {
	if g.json {
		return printJSON(cmd, map[string]any{
			"ok": f.Faults == 0, "faults": f.Faults, "warnings": f.Warnings, "repaired": f.Repaired,
			"counts": append([]kindCount{}, kindCounts(f)...), "findings": append([]store.Finding{}, f.List...),
		})
	}
	out := cmd.OutOrStdout()
	for i, x := range f.List {
		fmt.Fprintln(out, line(x))
		last := i+1 == len(f.List) || f.List[i+1].Kind != x.Kind
		if shown := shownOf(f, x.Kind); last && x.Level != store.LevelOK && f.Counts[x.Kind] > shown {
			fmt.Fprintf(out, "%-8s %s: and %d more like these\n", x.Level, x.Kind, f.Counts[x.Kind]-shown)
		}
	}
	return sum(out, f)
}

func sum(out io.Writer, f *store.Findings) error {
	_, err := fmt.Fprintf(out, "\n%d fault(s), %d warning(s), %d repaired\n", f.Faults, f.Warnings, f.Repaired)
	return err
}

// line is one finding: what, where, and the mend or that it was repaired.
func line(x store.Finding) string {
	level := string(x.Level)
	if x.Repaired {
		level = "repaired"
	}
	var where []string
	if x.Server != "" {
		where = append(where, "server "+x.Server)
	}
	if x.Shop != "" {
		where = append(where, "shop "+x.Shop)
	}
	if x.Shard != nil {
		where = append(where, fmt.Sprintf("shard %d", *x.Shard))
	}
	if x.Contact != "" {
		where = append(where, "contact "+x.Contact)
	}
	text := fmt.Sprintf("%-8s %s: ", level, x.Kind)
	if len(where) > 0 {
		text += strings.Join(where, ", ") + ": "
	}
	text += x.Text
	if x.Mend != "" && !x.Repaired {
		text += " -> " + x.Mend
	}
	return text
}

// kindCount is how often a kind was found, listed or not.
type kindCount struct {
	Kind store.Kind `json:"kind"`
	N    int64      `json:"n"`
}

func kindCounts(f *store.Findings) (list []kindCount) {
	seen := map[store.Kind]bool{}
	for _, x := range f.List {
		if n := f.Counts[x.Kind]; n > 0 && !seen[x.Kind] {
			seen[x.Kind] = true
			list = append(list, kindCount{x.Kind, n})
		}
	}
	return list
}

func shownOf(f *store.Findings, kind store.Kind) (n int64) {
	for _, x := range f.List {
		if x.Kind == kind && x.Level != store.LevelOK {
			n++
		}
	}
	return n
}
