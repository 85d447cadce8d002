package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"runtime/debug"
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

// importGC lets garbage gather: a batch makes much that is soon forgotten, and
// what lives long is little.
const importGC = 400

// fileImport is one import of one file.
type fileImport struct {
	o       importOptions
	name    string
	choice  engine.Release
	in      *os.File
	bar     *progress
	file    *history.File
	options history.Options
	again   bool // the file is read once more: its rows are counted, its bad lines kept
	rejects *rejects
	queue   []lifecycle.Event
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
	im := &fileImport{o: o, name: name, in: in, choice: engine.Release{All: dormant == config.DormantAll, PerDay: max(0, int(dormant))}}
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
	defer debug.SetGCPercent(debug.SetGCPercent(importGC))
	begun := time.Now()
	if err := a.Engine.NoteImportSource(ctx, im.o.shop, im.o.source); err != nil {
		return nil, err
	}
	parts, err := im.parts()
	if err != nil {
		return nil, err
	}
	im.bar.passes = int64(parts)
	im.bar.start(stderr)
	done, err := a.Engine.Import(ctx, im.o.shop, engine.InParts(parts, im.pass))
	im.bar.stop()
	if err != nil {
		return nil, fmt.Errorf("import %s: %w: what was read so far is taken in; run it again, that changes nothing of it", im.name, err)
	}
	if im.report.Rejected, err = im.rejects.commit(); err != nil {
		return nil, fmt.Errorf("the file is taken in, but not its bad lines kept: %w: run it again", err)
	}
	if im.report.Dormant, err = a.Engine.ReleaseImported(ctx, im.o.shop, im.choice); err != nil {
		return nil, fmt.Errorf("the file is taken in, but who was silent already is not let in as you chose: %w: run it again", err)
	}
	im.report.Done = done
	im.report.took = time.Since(begun)
	return &im.report, nil
}

// parts is how often the file is read; a pipe can be read only once.
func (im *fileImport) parts() (int, error) {
	if im.bar.size == 0 {
		return 1, nil
	}
	sample, err := os.Open(im.name)
	if err != nil {
		return 0, err
	}
	defer func() { _ = sample.Close() }() // only read
	file, err := history.Open(sample, im.options)
	if err != nil {
		return 0, err
	}
	return engine.ImportParts(im.bar.rowsAbout(), func() (lifecycle.Event, error) {
		for {
			e, err := file.Next()
			var bad *history.BadLine
			if !errors.As(err, &bad) && (err != nil || len(e.Events) > 0) {
				return append(e.Events, lifecycle.Event{})[0], err
			}
		}
	})
}

// pass begins to read the file, for the first time or once more.
func (im *fileImport) pass(n int) (engine.Next, error) {
	if n == 0 {
		return im.next, nil
	}
	if _, err := im.in.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	var err error
	im.file, err = history.Open(im.bar, im.options)
	im.again = true
	return im.next, err
}

// next is the next event of the file; bad lines go aside.
func (im *fileImport) next() (lifecycle.Event, error) {
	for len(im.queue) == 0 {
		e, err := im.file.Next()
		var bad *history.BadLine
		switch {
		case errors.As(err, &bad):
			if err := im.reject(bad); err != nil {
				return lifecycle.Event{}, err
			}
		case err != nil:
			if !im.again {
				im.report.Encoding = im.file.Encoding()
			}
			return lifecycle.Event{}, err
		default:
			if !im.again {
				im.report.count(e)
			}
			im.queue = e.Events
		}
		im.bar.rows.Add(1)
	}
	ev := im.queue[0]
	im.queue = im.queue[1:]
	return ev, nil
}

func (im *fileImport) reject(bad *history.BadLine) error {
	if im.again {
		return nil
	}
	im.report.Bad++
	return im.rejects.add(bad, im.file.Raw())
}
