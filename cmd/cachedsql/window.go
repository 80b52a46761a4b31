package main

import (
	"slices"
	"time"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/redisstore"
)

// window holds what the fleet did lately: reports are totals since each process
// began, so that is how much they have grown between two looks at them.
type window struct {
	length time.Duration
	last   snapshot
	fleet  *redisstore.Fleet // of the last look; nil before the first
	steps  []step            // the oldest first
}

// snapshot is a look at what all processes report.
type snapshot struct {
	at      time.Time
	reports *redisstore.Reports
}

// step is what each query did between two looks.
type step struct {
	from    time.Time
	queries []cachedsql.QueryStats
}

// add takes a snapshot in, and lets those steps go that are older than the
// window.
func (w *window) add(s snapshot) {
	if w.fleet != nil {
		w.steps = append(w.steps, step{w.last.at, growth(w.last, s)})
	}
	w.last, w.fleet = s, s.reports.Fleet()
	for len(w.steps) > 1 && s.at.Sub(w.steps[1].from) >= w.length {
		w.steps = w.steps[1:]
	}
}

// span is the time that the figures of queries are for: 0 means since the
// processes began.
func (w *window) span() time.Duration {
	if len(w.steps) == 0 {
		return 0
	}
	return w.last.at.Sub(w.steps[0].from)
}

// queries returns what each query did in the window, also those that did
// nothing.
func (w *window) queries() []cachedsql.QueryStats {
	if w.fleet == nil {
		return nil
	}
	all := slices.Clone(w.fleet.Queries)
	if len(w.steps) == 0 {
		return all
	}
	byID := make(map[string]*cachedsql.QueryStats, len(all))
	for i := range all {
		addCounts(&all[i], &w.fleet.Queries[i], -1)
		byID[all[i].QueryID] = &all[i]
	}
	for _, s := range w.steps {
		for i := range s.queries {
			if q := byID[s.queries[i].QueryID]; q != nil {
				addCounts(q, &s.queries[i], 1)
			}
		}
	}
	return all
}

// growth is what queries did between two looks, process by process: the totals
// of all together shrink when one ends.
func growth(before, now snapshot) []cachedsql.QueryStats {
	old := map[string]*redisstore.Report{}
	for i := range before.reports.All {
		r := &before.reports.All[i]
		old[r.Instance.ID] = r
	}
	var each [][]cachedsql.QueryStats
	for i := range now.reports.All {
		r := &now.reports.All[i]
		switch was := old[r.Instance.ID]; {
		case was != nil:
			each = append(each, grown(was.Queries, r.Queries))
		case r.Instance.Reported.Sub(r.Instance.Started) < now.at.Sub(before.at): // each by its own clock
			each = append(each, r.Queries)
		}
	}
	return cachedsql.MergeQueries(0, each...)
}

// grown is what the queries of one process did between two reports. Nothing is
// known of those whose figures went to the others, or came back from there.
func grown(before, now []cachedsql.QueryStats) []cachedsql.QueryStats {
	old, others := map[string]*cachedsql.QueryStats{}, false
	for i := range before {
		old[before[i].QueryID] = &before[i]
		others = others || before[i].QueryID == cachedsql.OtherQueries
	}
	var all []cachedsql.QueryStats
	for _, q := range now {
		was := old[q.QueryID]
		if was == nil && others || was != nil && (was.Calls > q.Calls || was.DatabaseTime.Count > q.DatabaseTime.Count) {
			continue
		}
		if was != nil {
			addCounts(&q, was, -1)
		}
		if q.Calls+q.Fills+q.NotFilled != 0 {
			all = append(all, q)
		}
	}
	return all
}

// addCounts adds so many times the counts of others, or takes them away. Of
// histograms only the mean is right afterwards; reasons are left out.
func addCounts(q, of *cachedsql.QueryStats, times int64) {
	q.Calls += times * of.Calls
	q.Hits += times * of.Hits
	q.NearHits += times * of.NearHits
	q.StaleHits += times * of.StaleHits
	q.Coalesced += times * of.Coalesced
	q.Misses += times * of.Misses
	q.Bypasses += times * of.Bypasses
	q.Fills += times * of.Fills
	q.NotFilled += times * of.NotFilled
	q.Outdated += times * of.Outdated
	q.Invalidations += times * of.Invalidations
	q.DatabaseTime = addTimes(q.DatabaseTime, of.DatabaseTime, times)
	q.HitTime = addTimes(q.HitTime, of.HitTime, times)
}

func addTimes(h, of cachedsql.Histogram, times int64) cachedsql.Histogram {
	return cachedsql.Histogram{Count: h.Count + times*of.Count, Sum: h.Sum + time.Duration(times)*of.Sum}
}
