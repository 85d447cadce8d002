package store

import (
	"context"
	"fmt"
	"strconv"
	"time"
)

// An index is also judged from its own side: entries without a record cannot
// be met from the record's.

// timers judges the due index from its own side.
func (a *audit) timers(ctx context.Context) error {
	return a.walk(ctx, escape(a.s.keys.prefix)+":{s*}:due:*", func(names []string) error {
		var hours []dueHour
		for _, name := range names {
			shard, rest, ok := parseKey(name, ":due:")
			hour, err := strconv.ParseInt(rest, 10, 64)
			if !ok || err != nil {
				continue
			}
			hours = append(hours, dueHour{shard, hour})
			if err := a.members(ctx, name, spot{side: sideDue, shard: shard, hour: hour}); err != nil {
				return err
			}
		}
		return a.listed(ctx, hours)
	})
}

// members judges every entry of a sorted set.
func (a *audit) members(ctx context.Context, name string, like spot) error {
	return a.entriesOf(ctx, like, func(cursor uint64) ([]string, uint64, error) {
		return a.s.rdb.ZScan(ctx, name, cursor, "", scanBatch).Result()
	})
}

// entriesOf judges every entry of an index; scan answers with names and values
// in turn.
func (a *audit) entriesOf(ctx context.Context, like spot, scan func(cursor uint64) ([]string, uint64, error)) error {
	for cursor := uint64(0); ; {
		rows, next, err := scan(cursor)
		if err != nil {
			return wrap("scan an index of shard "+strconv.Itoa(like.shard), err)
		}
		var spots []spot
		for i := 0; i+1 < len(rows); i += 2 {
			p := like
			p.id = rows[i]
			spots = append(spots, p)
		}
		if err := a.look(ctx, spots); err != nil {
			return err
		}
		if cursor = next; cursor == 0 {
			return nil
		}
	}
}

// entries judges the other indexes from their own side.
func (a *audit) entries(ctx context.Context) error {
	for shard := range a.s.shards {
		err := a.entriesOf(ctx, spot{side: sideLease, shard: shard}, func(cursor uint64) ([]string, uint64, error) {
			return a.s.rdb.HScan(ctx, a.s.keys.lease(shard), cursor, "", scanBatch).Result()
		})
		if err != nil {
			return err
		}
		if err := a.members(ctx, a.s.keys.looks(shard), spot{side: sideLook, shard: shard}); err != nil {
			return err
		}
		if err := a.members(ctx, a.s.keys.uncertain(shard), spot{side: sideUncertain, shard: shard}); err != nil {
			return err
		}
	}
	return a.confirm(ctx)
}

// hours judges the list of hours that are not empty.
func (a *audit) hours(ctx context.Context) error {
	for shard := range a.s.shards {
		for cursor := uint64(0); ; {
			rows, next, err := a.s.rdb.ZScan(ctx, a.s.keys.hours(shard), cursor, "", scanBatch).Result()
			if err != nil {
				return wrap("scan the hours of shard "+strconv.Itoa(shard), err)
			}
			var hours []dueHour
			for i := 0; i+1 < len(rows); i += 2 {
				hour, err := strconv.ParseInt(rows[i], 10, 64)
				if err != nil {
					a.f.Add(Finding{Kind: HourEmpty, Shard: &shard, Text: fmt.Sprintf("hour %q is no hour", rows[i]), Mend: "take it out of " + a.s.keys.hours(shard) + " (ZREM)"})
					continue
				}
				hours = append(hours, dueHour{shard, hour})
			}
			if err := a.listed(ctx, hours); err != nil {
				return err
			}
			if cursor = next; cursor == 0 {
				break
			}
		}
	}
	return nil
}

// listed judges hours, twice where something seems wrong.
func (a *audit) listed(ctx context.Context, hours []dueHour) error {
	wrong, err := a.wrongHours(ctx, hours)
	if err != nil || len(wrong) == 0 {
		return err
	}
	if err := a.wait(ctx); err != nil {
		return err
	}
	var again []dueHour
	for h := range wrong {
		again = append(again, h)
	}
	second, err := a.wrongHours(ctx, again)
	if err != nil {
		return err
	}
	for h, kind := range second {
		if wrong[h] != kind {
			continue
		}
		text := fmt.Sprintf("timers of the hour from %s are not listed and never fire", at(time.UnixMilli(h.hour*hourLong)))
		if kind == HourEmpty {
			text = fmt.Sprintf("the hour from %s is listed and empty", at(time.UnixMilli(h.hour*hourLong)))
		}
		shard := h.shard
		err := a.tell(ctx, fault{Finding{Kind: kind, Shard: &shard, Text: text}, a.s.mendHour(h, strconv.FormatInt(h.hour, 10))})
		if err != nil {
			return err
		}
	}
	return nil
}

func (a *audit) wrongHours(ctx context.Context, hours []dueHour) (map[dueHour]Kind, error) {
	byShard := map[int][]dueHour{}
	for _, h := range hours {
		byShard[h.shard] = append(byShard[h.shard], h)
	}
	wrong := map[dueHour]Kind{}
	for shard, list := range byShard {
		for start := 0; start < len(list); start += claimMost {
			part := list[start:min(start+claimMost, len(list))]
			names, args := []string{a.s.keys.hours(shard)}, []any{}
			for _, h := range part {
				names, args = append(names, a.s.keys.due(shard, h.hour)), append(args, h.hour)
			}
			reply, err := a.s.ask(ctx, "audit_hours", names, args...)
			if err != nil {
				return nil, wrap("compare the hours of shard "+strconv.Itoa(shard), err)
			}
			for i, h := range part {
				switch number(reply[i]) {
				case 1:
					wrong[h] = HourUnlisted
				case 2:
					wrong[h] = HourEmpty
				}
			}
		}
	}
	return wrong, nil
}

// leases tells of contacts that somebody holds for very long.
func (a *audit) leases(ctx context.Context) error {
	now, alive, err := a.s.alive(ctx)
	if err != nil {
		return err
	}
	for shard := range a.s.shards {
		rows, err := a.s.leased(ctx, shard)
		if err != nil {
			return err
		}
		for _, l := range rows {
			who := "by a process that is gone"
			if alive[l.process] {
				who = "by a process that lives"
			}
			if age := now.Sub(l.since); age > leaseOld {
				a.f.Add(Finding{Kind: LeaseOld, Shard: &shard, Contact: l.id, Text: fmt.Sprintf("held for %s %s", age.Round(time.Minute), who)})
			}
		}
	}
	return nil
}

// leaseOld is longer than any send takes, and than any take-over.
const leaseOld = 10 * time.Minute

// orphans tells what was met and removed before.
func (a *audit) orphans(ctx context.Context) error {
	n, err := a.s.Orphans(ctx)
	if err == nil && n > 0 {
		a.f.Add(Finding{Kind: Orphans, Text: fmt.Sprintf("%d index entries without a record were met and removed since the store was made", n)})
	}
	return err
}
