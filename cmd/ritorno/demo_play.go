package main

import (
	"cmp"
	"container/heap"
	"context"
	"net"
	"net/http"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"ritorno/connectors/fake"
	"ritorno/internal/generate"
	"ritorno/internal/lifecycle"
)

// demo is one play: a service, its pretend providers and the people.
type demo struct {
	o     demoOptions
	plot  *plot
	out   *stage
	clock *demoClock

	url, providerURL string
	secrets          demoSecrets
	listener         net.Listener
	provider         *fake.Provider
	providerServer   *http.Server
	client           *http.Client
	app              *app

	mu      sync.Mutex // guards acts, tally and signedUp while people act at once
	acts    acts
	actors  []actor // each touched only by what that person does
	byEmail map[string]int
	byPhone map[string]int
	fresh   []fake.Sent // accepted since the last look
	tally   tally

	signedUp int // people whom the shop has told of
}

// actor is what the play knows about a person besides what they are.
type actor struct {
	generate.Person
	out      [2]time.Time // by channel: since when they have not agreed; zero: they have
	busyTo   time.Time    // their last order that is already planned
	comeback int          // how often a message brought them back
	erp      bool         // orders by telephone: the ERP tells, not Shopify
}

func newDemoPlay(o demoOptions, p *plot, out *stage) *demo {
	d := &demo{o: o, plot: p, out: out, clock: &demoClock{}, client: httpClient(), byEmail: map[string]int{}, byPhone: map[string]int{}}
	d.tally.begin()
	for i, who := range p.people {
		a := actor{Person: who, erp: p.life == nil || i%9 == 4}
		for ch, agreed := range map[lifecycle.Channel]bool{lifecycle.Email: who.EmailConsent, lifecycle.SMS: who.SMSConsent} {
			if !agreed {
				a.out[ch] = p.from.AddDate(-1, 0, 0)
			}
		}
		d.actors = append(d.actors, a)
		if who.Email != "" {
			d.byEmail[who.Email] = i
		}
		if who.Phone != "" {
			d.byPhone[who.Phone] = i
		}
	}
	for _, ev := range p.events {
		d.plan(ev)
	}
	return d
}

// plan puts something that happens in the shop on the programme.
func (d *demo) plan(ev generate.Event) {
	if ev.Kind == generate.Bought {
		a := &d.actors[ev.Person]
		if ev.At.After(a.busyTo) {
			a.busyTo = ev.At
		}
	}
	d.at(ev.At, ev.Person, func(ctx context.Context) error { return d.tell(ctx, ev) })
}

// at puts an act on the programme.
func (d *demo) at(t time.Time, person int, do func(context.Context) error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.acts.n++
	heap.Push(&d.acts, act{t, d.acts.n, person, do})
}

// act is something that somebody does at a time.
type act struct {
	at     time.Time
	n      int // keeps the order of what happens at once
	person int
	do     func(context.Context) error
}

// acts is a heap: the next act first.
type acts struct {
	list []act
	n    int
}

func (a *acts) Len() int      { return len(a.list) }
func (a *acts) Swap(i, j int) { a.list[i], a.list[j] = a.list[j], a.list[i] }
func (a *acts) Push(x any)    { a.list = append(a.list, x.(act)) }
func (a *acts) Pop() any {
	last := a.list[len(a.list)-1]
	a.list = a.list[:len(a.list)-1]
	return last
}

func (a *acts) Less(i, j int) bool {
	x, y := a.list[i], a.list[j]
	return cmp.Or(x.at.Compare(y.at), cmp.Compare(x.n, y.n)) < 0
}

// window is how far the play looks ahead at once. Within it shops may tell of
// orders a little early, and people react a little late, which saves looking at
// the clock for each of them.
const window = time.Hour

// crowd is how many people act at once.
const crowd = 6

// play goes from instant to instant: the next act or the next timer, whichever
// comes first.
func (d *demo) play(ctx context.Context) error {
	d.out.begin(d)
	for ctx.Err() == nil {
		next, timer, err := d.next(ctx)
		if err != nil {
			return err
		}
		if err := d.out.tick(ctx, d, next); err != nil {
			return err
		}
		if err := d.advance(ctx, next); err != nil {
			return err
		}
		if err := d.read(ctx); err != nil {
			return err
		}
		if !next.Before(d.plot.to) {
			break
		}
		if !timer {
			if err := d.let(ctx, next.Add(window)); err != nil {
				return err
			}
		}
	}
	return ctx.Err()
}

// next is the instant to go to. Where it is a timer's, others that fire soon
// after it, before anybody acts, are visited on the way.
func (d *demo) next(ctx context.Context) (at time.Time, timer bool, err error) {
	at = d.plot.to
	if d.acts.Len() > 0 && d.acts.list[0].at.Before(at) {
		at = d.acts.list[0].at
	}
	due, ok, err := d.app.Store.NextDue(ctx)
	if err != nil || !ok || !due.Before(at) {
		return at, false, err
	}
	if soon := due.Add(window); soon.Before(at) {
		at = soon
	}
	return at, true, nil
}

// let everybody act who is to act before a time or the next timer: some at
// once, but each person one thing after the other.
func (d *demo) let(ctx context.Context, until time.Time) error {
	due, ok, err := d.app.Store.NextDue(ctx)
	if err != nil {
		return err
	}
	if ok && due.Before(until) {
		until = due
	}
	for first := true; ctx.Err() == nil; first = false {
		queues := d.take(until, first)
		if len(queues) == 0 {
			return nil
		}
		var group errgroup.Group
		group.SetLimit(crowd)
		for _, acts := range queues {
			group.Go(func() error {
				for _, a := range acts {
					if err := a.do(ctx); err != nil {
						return err
					}
				}
				return nil
			})
		}
		if err := group.Wait(); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// take takes acts up to a time off the programme, by person; at least those of
// the first instant if least.
func (d *demo) take(until time.Time, least bool) map[int][]act {
	queues := map[int][]act{}
	if least && d.acts.Len() > 0 && until.Before(d.acts.list[0].at) {
		until = d.acts.list[0].at
	}
	for d.acts.Len() > 0 && !d.acts.list[0].at.After(until) && d.acts.list[0].at.Before(d.plot.to) {
		a := heap.Pop(&d.acts).(act)
		queues[a.person] = append(queues[a.person], a)
	}
	return queues
}
