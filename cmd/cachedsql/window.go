package main

import (
	"time"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/redisstore"
)

// window holds what the fleet reported lately, to tell how much was done in
// that time: reports are totals since each process began.
type window struct {
	length    time.Duration
	snapshots []snapshot // the oldest first
}

type snapshot struct {
	at    time.Time
	fleet *redisstore.Fleet
}

// add takes a snapshot in, and lets those go that are older than the window,
// but for one to compare with.
func (w *window) add(s snapshot) {
	w.snapshots = append(w.snapshots, s)
	for len(w.snapshots) > 2 && s.at.Sub(w.snapshots[1].at) >= w.length {
		w.snapshots = w.snapshots[1:]
	}
}

// latest returns the last snapshot's fleet, nil if there is none.
func (w *window) latest() *redisstore.Fleet {
	if len(w.snapshots) == 0 {
		return nil
	}
	return w.snapshots[len(w.snapshots)-1].fleet
}

// span is the time that the figures of queries are for: 0 means since the
// processes began.
func (w *window) span() time.Duration {
	if len(w.snapshots) < 2 {
		return 0
	}
	return w.snapshots[len(w.snapshots)-1].at.Sub(w.snapshots[0].at)
}

// queries returns what each query did in the window. A query whose totals have
// shrunk, since a process ended, is given as it is now.
func (w *window) queries() []cachedsql.QueryStats {
	now := w.latest()
	if now == nil {
		return nil
	}
	all := make([]cachedsql.QueryStats, len(now.Queries))
	copy(all, now.Queries)
	if len(w.snapshots) < 2 {
		return all
	}
	before := map[string]*cachedsql.QueryStats{}
	for i := range w.snapshots[0].fleet.Queries {
		q := &w.snapshots[0].fleet.Queries[i]
		before[q.QueryID] = q
	}
	for i := range all {
		if old := before[all[i].QueryID]; old != nil && old.Calls <= all[i].Calls && old.DatabaseTime.Count <= all[i].DatabaseTime.Count {
			subtract(&all[i], old)
		}
	}
	return all
}

// subtract takes away what was there before. Of histograms only the mean is
// right afterwards; reasons are left out.
func subtract(q, old *cachedsql.QueryStats) {
	q.Calls -= old.Calls
	q.Hits -= old.Hits
	q.NearHits -= old.NearHits
	q.StaleHits -= old.StaleHits
	q.Coalesced -= old.Coalesced
	q.Misses -= old.Misses
	q.Bypasses -= old.Bypasses
	q.Fills -= old.Fills
	q.NotFilled -= old.NotFilled
	q.Outdated -= old.Outdated
	q.Invalidations -= old.Invalidations
	q.DatabaseTime = cachedsql.Histogram{Count: q.DatabaseTime.Count - old.DatabaseTime.Count, Sum: q.DatabaseTime.Sum - old.DatabaseTime.Sum}
	q.HitTime = cachedsql.Histogram{Count: q.HitTime.Count - old.HitTime.Count, Sum: q.HitTime.Sum - old.HitTime.Sum}
}
