package trial

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"path/filepath"
	"runtime/debug"
	"slices"
	"time"

	"ritorno/internal/engine"
	"ritorno/internal/history"
	"ritorno/internal/lifecycle"
	"ritorno/internal/parts"
)

// The ways to take an order history in.
const (
	nameBatches  = "import, a customer's orders together"
	nameShuffled = "import, orders in time's order"
	nameAgain    = "import, all of it known"
	nameParse    = "reading the file alone"
	nameOne      = "the same orders one by one"
	nameMany     = "one by one, 32 at once"
)

// ImportGC lets garbage gather as ritorno import does.
const ImportGC = 400

// perCustomer is how many orders each customer of the history has.
const perCustomer = 5

// History is what taking an order history in costs, by way.
type History struct {
	Names  []string
	Rounds map[string][]ClaimRound // for each row
}

// HistoryFile makes a history of rows orders by rows/perCustomer customers over
// three years, each with an e-mail address, a phone number and a name.
func HistoryFile(rows int, seed uint64, timely bool) []byte {
	r := rand.New(rand.NewPCG(seed, 2))
	type order struct {
		at   time.Time
		line string
	}
	from := time.Now().AddDate(-3, 0, 0).UTC().Truncate(time.Second)
	all := make([]order, rows)
	for i := range all {
		who, at := i/perCustomer, from.Add(time.Duration(r.Int64N(int64(3*365*24*time.Hour)))).Truncate(time.Second)
		all[i] = order{at, fmt.Sprintf("%d,%d-%d,%s,%d.%02d,EUR,customer%d-%d@example.com,+39333%02d%05d,Anna,Rossi,Olio extra vergine\n",
			who, seed, i, at.Format("2006-01-02T15:04:05"), 5+r.IntN(200), r.IntN(100), seed, who, seed%100, who)}
	}
	if timely {
		slices.SortFunc(all, func(a, b order) int { return a.at.Compare(b.at) })
	}
	b := bytes.NewBufferString("customer_id,order_id,ordered_at,total,currency,email,phone,first_name,last_name,product\n")
	for _, o := range all {
		b.WriteString(o.line)
	}
	return b.Bytes()
}

// options of the history's files.
func options(source string) history.Options {
	return history.Options{Source: source, Currency: "EUR", Locale: "it", Country: "IT"}
}

// reader hands a file's events out.
func reader(file []byte, source string) (engine.Next, error) {
	in, err := history.Open(bytes.NewReader(file), options(source))
	if err != nil {
		return nil, err
	}
	return events(in), nil
}

func events(in *history.File) engine.Next {
	return func() (lifecycle.Event, error) {
		e, err := in.Next()
		if err != nil {
			return lifecycle.Event{}, err
		}
		return e.Events[0], nil
	}
}

// histories measures the ways, round after round, each with customers of its
// own.
func histories(ctx context.Context, o Options) (h History, err error) {
	h = History{Names: []string{nameBatches, nameShuffled, nameAgain, nameParse, nameMany, nameOne}, Rounds: map[string][]ClaimRound{}}
	house, err := Open(ctx, filepath.Join(o.Dir, "history"), "always")
	if err != nil {
		return h, err
	}
	defer func() { err = errors.Join(err, house.Close()) }()
	defer debug.SetGCPercent(debug.SetGCPercent(ImportGC))
	for round := range uint64(o.Rounds) {
		few := max(perCustomer, o.Rows/20)
		for _, way := range []struct {
			name string
			rows int
			file []byte
			do   func(context.Context, string, []byte) error
		}{
			{nameBatches, o.Rows, HistoryFile(o.Rows, 10*round, false), house.TakeIn},
			{nameAgain, o.Rows, HistoryFile(o.Rows, 10*round, false), house.TakeIn},
			{nameShuffled, o.Rows, HistoryFile(o.Rows, 10*round+1, true), house.TakeIn},
			{nameParse, o.Rows, HistoryFile(o.Rows, 10*round, true), readAlone},
			{nameMany, few, HistoryFile(few, 10*round+2, true), house.oneByOne(32)},
			{nameOne, few, HistoryFile(few, 10*round+3, true), house.oneByOne(1)},
		} {
			r, err := timed(way.rows, house.server, func() error { return way.do(ctx, fmt.Sprint("import", round), way.file) })
			if err != nil {
				return h, fmt.Errorf("%s: %w", way.name, err)
			}
			o.say("history round %d: %-38s %8.0f rows/s", round+1, way.name, r.PerSecond)
			h.Rounds[way.name] = append(h.Rounds[way.name], r)
		}
	}
	counts, err := house.Store.Counts(ctx, shop)
	few := max(perCustomer, o.Rows/20)
	if want := int64(o.Rounds * (2*o.Rows + 2*few)); err == nil && counts["orders"] != want {
		err = fmt.Errorf("%d orders were taken in and %d are counted", want, counts["orders"])
	}
	return h, err
}

// TakeIn takes a file in as ritorno import does.
func (h *House) TakeIn(ctx context.Context, source string, file []byte) error {
	whole := bytes.NewReader(file)
	in, err := history.Open(whole, options(source))
	if err != nil {
		return err
	}
	n, err := engine.ImportParts(events(in), func() float64 { return 1 - float64(whole.Len())/float64(len(file)) })
	if err != nil {
		return err
	}
	next, err := reader(file, source)
	if n > 1 {
		whole, err := history.Open(bytes.NewReader(file), options(source))
		if err != nil {
			return err
		}
		kept, err := parts.New(h.dir, n, whole, options(source))
		if err != nil {
			return err
		}
		defer func() { _ = kept.Close() }() // read to their end
		if _, err := kept.Fill(ctx, whole, whole.Next, func(who lifecycle.Person) int { return engine.PartOf(who, n) }); err != nil {
			return err
		}
		next = engine.InParts(n, func(part int) (engine.Next, error) {
			in, err := kept.Open(part)
			if err != nil {
				return nil, err
			}
			return events(in), nil
		})
	}
	if err == nil {
		_, err = h.Engine.Import(ctx, shop, next)
	}
	return err
}

func readAlone(_ context.Context, source string, file []byte) error {
	next, err := reader(file, source)
	for err == nil {
		_, err = next()
	}
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// oneByOne is the way of a webhook, n at once.
func (h *House) oneByOne(n int) func(context.Context, string, []byte) error {
	return func(ctx context.Context, source string, file []byte) error {
		next, err := reader(file, source)
		if err != nil {
			return err
		}
		var evs []lifecycle.Event
		for {
			ev, err := next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return err
			}
			evs = append(evs, ev)
		}
		return spread(ctx, n, len(evs), func(ctx context.Context, i int) error {
			_, err := h.Engine.Apply(ctx, shop, evs[i])
			return err
		})
	}
}
