package engine

import (
	"context"

	"ritorno/internal/defect"
	"ritorno/internal/lifecycle"
	"ritorno/internal/store"
)

// recoverAll takes over the leases of processes that ended. What they had only
// claimed falls due again; what they had begun becomes uncertain, for nobody
// can know whether the provider has it.
func (e *Engine) recoverAll(ctx context.Context, all bool) error {
	for shard := range e.st.Shards() {
		for {
			claimed, err := e.st.Recover(ctx, shard, all)
			if err != nil {
				return err
			}
			for _, c := range claimed {
				e.takeOver(ctx, c)
			}
			if len(claimed) == 0 {
				break
			}
		}
	}
	return nil
}

func (e *Engine) takeOver(ctx context.Context, c store.Claimed) {
	s, ok := e.shops[c.Contact.Shop]
	switch {
	case c.Missing:
	case ok && c.Contact.Sending != nil:
		e.lose(ctx, s, c)
	default:
		e.release(ctx, c, keep)
	}
}

// lose records that an attempt's outcome is not known.
func (e *Engine) lose(ctx context.Context, s *Shop, c store.Claimed) {
	real, now, err := e.st.Now(ctx)
	if err != nil {
		return // its lease is taken over again later
	}
	e.m.lost.Inc()
	e.log.Warn("a message was under way when its process ended; its outcome is unknown until the provider tells", "shop", s.Name, "message", c.Contact.Sending.Message.ID)
	e.release(ctx, c, func(con lifecycle.Contact, _ store.Known) (store.Change, error) {
		if con.Sending == nil {
			return store.Change{Contact: con}, nil
		}
		kind := lifecycle.Lost
		if defect.On("lost") {
			kind = lifecycle.Unbegin
		}
		ev := lifecycle.Event{Type: kind, At: now, Real: real, Attempt: con.Sending}
		return e.change(s.Name, s.Rules.Decide(ev, con, now)), nil
	})
}
