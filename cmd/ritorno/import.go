package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"ritorno/config"
	"ritorno/internal/engine"
	"ritorno/internal/history"
	"ritorno/internal/lifecycle"
)

// importOptions are the flags of ritorno import.
type importOptions struct {
	shop, source, locale, dormant string
}

func newImport(g *globals) *cobra.Command {
	var o importOptions
	cmd := &cobra.Command{
		Use: "import FILE.csv", Short: "Take an order history in; safe to run twice", Args: exactArgs("FILE.csv"),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := g.load()
			if err != nil {
				return err
			}
			if o.shop, err = pickShop(c, o.shop); err != nil {
				return err
			}
			im, err := openImport(c, o, args[0])
			if err != nil {
				return err
			}
			defer im.close()
			return withStore(cmd.Context(), c, func(ctx context.Context, a *app) error {
				r, err := im.run(ctx, a, cmd.ErrOrStderr())
				if err != nil {
					return err
				}
				if g.json {
					return printJSON(cmd, r)
				}
				return r.write(cmd.OutOrStdout())
			})
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.shop, "shop", "", "`name` of the shop in the configuration; may be left out where there is one")
	f.StringVar(&o.source, "source", "import", "`name` of the source that the customer ids belong to")
	f.StringVar(&o.locale, "locale", "", "how numbers and days are written, a `language` such as it or en-US (default: the shop's)")
	f.StringVar(&o.dormant, "dormant", "", "who was silent already enters the inactivity journey: `none, all or N` a day, the best first (default: the shop's import.dormant)")
	return cmd
}

var sourceName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// Memory of an import: garbage may gather, since a batch makes much that is soon
// forgotten, but not without end.
const (
	importGC     = 400
	importMemory = 320 << 20
)

// frugal sets that, unless the operator has set a lower limit; call what it
// returns to undo it.
func frugal() (undo func()) {
	limit := debug.SetMemoryLimit(-1)
	percent := debug.SetGCPercent(importGC)
	debug.SetMemoryLimit(min(limit, importMemory))
	return func() {
		debug.SetGCPercent(percent)
		debug.SetMemoryLimit(limit)
	}
}

// fileImport is one import of one file.
type fileImport struct {
	o       importOptions
	name    string
	choice  engine.Release
	in      *os.File
	bar     *progress
	file    *history.File
	options history.Options
	rejects *rejects
	room    string // the folder for what is kept meanwhile
	report  importReport
}

// openImport reads the header of a file. All wrong usage shows here, before
// the store is touched.
func openImport(c *config.Config, o importOptions, name string) (*fileImport, error) {
	shop := c.Shop(o.shop)
	dormant := shop.Import.Dormant
	if o.dormant != "" {
		var err error
		if dormant, err = config.ParseDormant(o.dormant); err != nil {
			return nil, usagef("ritorno import: --dormant %w", err)
		}
	}
	if o.locale == "" {
		o.locale = shop.Locale
	}
	if !sourceName.MatchString(o.source) {
		return nil, usagef("ritorno import: --source must be a name of letters, digits, - and _, such as import or the name of a source in the configuration")
	}
	in, err := os.Open(name)
	if err != nil {
		return nil, usagef("ritorno import: %w", err)
	}
	im := &fileImport{o: o, name: name, in: in, room: c.DataDir, choice: engine.Release{All: dormant == config.DormantAll, PerDay: max(0, int(dormant))}}
	rules := c.Rules(o.shop)
	im.bar = newProgress(in)
	im.options = history.Options{Source: o.source, Zone: rules.Location, Currency: rules.Currency, Locale: o.locale, Country: rules.Country}
	if im.file, err = history.Open(im.bar, im.options); err != nil {
		im.close()
		return nil, usagef("ritorno import: %s: %w", name, err)
	}
	im.rejects = &rejects{path: name + ".rejected", header: im.file.Header(), sep: im.file.Separator()}
	im.report = importReport{
		File: name, Shop: o.shop, Source: o.source, Kind: im.file.Kind(), Separator: string(im.file.Separator()), Locale: o.locale,
		Money: map[string]*importMoney{}, dormant: dormant,
	}
	return im, nil
}

func (im *fileImport) close() {
	_ = im.in.Close() // only read
	if im.rejects != nil {
		im.rejects.drop()
	}
}

func (im *fileImport) run(ctx context.Context, a *app, stderr io.Writer) (*importReport, error) {
	defer frugal()()
	begun := time.Now()
	if err := a.Engine.NoteImportSource(ctx, im.o.shop, im.o.source); err != nil {
		return nil, err
	}
	next, done, err := im.parted(ctx, stderr)
	if err != nil {
		return nil, fmt.Errorf("import %s: %w", im.name, err)
	}
	defer done()
	im.bar.start(stderr)
	taken, err := a.Engine.Import(ctx, im.o.shop, next)
	im.bar.stop()
	if err != nil {
		return nil, fmt.Errorf("import %s: %w: what was read so far is taken in; run it again, that changes nothing of it", im.name, err)
	}
	im.report.Encoding = im.file.Encoding()
	if im.report.Rejected, err = im.rejects.commit(); err != nil {
		return nil, fmt.Errorf("the file is taken in, but not its bad lines kept: %w: run it again", err)
	}
	if im.report.Dormant, err = a.Engine.ReleaseImported(ctx, im.o.shop, im.choice); err != nil {
		return nil, fmt.Errorf("the file is taken in, but who was silent already is not let in as you chose: %w: run it again", err)
	}
	im.report.Done = taken
	im.report.took = time.Since(begun)
	return &im.report, nil
}

// entry is the next good entry of the file; bad lines go aside.
func (im *fileImport) entry() (history.Entry, error) {
	for {
		e, err := im.file.Next()
		var bad *history.BadLine
		switch {
		case errors.As(err, &bad):
			im.report.Bad++
			if err := im.rejects.add(bad, im.file.Raw()); err != nil {
				return e, err
			}
		case err != nil:
			return e, err
		default:
			im.report.count(e)
			return e, nil
		}
		im.bar.rows.Add(1)
	}
}

// eventsOf hands out what entries tell.
func eventsOf(entry func() (history.Entry, error), rows *atomic.Int64) engine.Next {
	var queue []lifecycle.Event
	return func() (lifecycle.Event, error) {
		for len(queue) == 0 {
			e, err := entry()
			if err != nil {
				return lifecycle.Event{}, err
			}
			queue = e.Events
			rows.Add(1)
		}
		ev := queue[0]
		queue = queue[1:]
		return ev, nil
	}
}
