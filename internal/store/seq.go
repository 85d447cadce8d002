package store

import (
	"log/slog"

	"ritorno/internal/defect"
)

// count notes a shard's mutation number. One that is not above what was seen
// before the call began proves that the server forgot what it acknowledged.
func (s *Store) count(shard int, before, seq int64) {
	if seq == 0 {
		return
	}
	if seq < before && !defect.On("rollback") {
		s.stats.back.Add(1)
		if s.onRollback != nil {
			s.onRollback(shard, before-seq)
		}
		slog.Error("the store went back in time: acknowledged changes are gone; compare with the providers' records before sending",
			"shard", shard, "changes_lost", before-seq)
	}
	for {
		seen := s.seq[shard].Load()
		if seq <= seen && seq >= before || s.seq[shard].CompareAndSwap(seen, seq) {
			return
		}
	}
}
