package dashboard

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/redisstore"
)

// history reads all reports at intervals. Reports are totals since each process
// began, so what a plot shows is how much they have grown from one report of a
// process to its next.
type history struct {
	inspector *redisstore.Inspector
	interval  time.Duration
	limit     int

	reading sync.Mutex // held while Redis is asked

	mu      sync.Mutex
	last    snapshot          // under mu
	points  []point           // under mu; the oldest first
	tracked map[string]*track // under mu; by instance
}

// snapshot is the last reading that succeeded.
type snapshot struct {
	At      time.Time // zero: none has
	Reports *redisstore.Reports
	Fleet   *redisstore.Fleet // they added up
	Err     error             // of the last attempt, nil if it succeeded
}

// point is what the fleet did around a moment, per second.
type point struct {
	At                                                           time.Time
	Hits, NearHits, StaleHits, Coalesced, Misses, Bypasses, Exec float64
	Invalidations, Errors                                        float64
	Saved                                                        float64 // seconds of the database's time
	HitTime, DatabaseTime                                        cachedsql.Histogram
}

// Answered is how many reads were answered from the cache, in any way.
func (p *point) Answered() float64 { return p.Hits + p.NearHits + p.StaleHits + p.Coalesced }

// HitRatio is the share of lookups answered from the cache. ok is false
// where there were none.
func (p *point) HitRatio() (ratio float64, ok bool) {
	hits := p.Answered()
	if hits+p.Misses == 0 {
		return 0, false
	}
	return hits / (hits + p.Misses), true
}

// Reads is how many statements with rows there were.
func (p *point) Reads() float64 { return p.Answered() + p.Misses + p.Bypasses }

// track is what is remembered of one process: its totals at its last report,
// and what it did between that and the one before.
type track struct {
	totals totals
	rates  point // At: when the last report was made
}

type totals struct {
	calls, hits, near, stale, coalesced, misses, bypasses, invalidations, errors int64
	hitTime, databaseTime                                                        cachedsql.Histogram
	hitsByQuery                                                                  map[string]int64
}

func newHistory(c Config) *history {
	return &history{
		inspector: c.Inspector, interval: c.SampleInterval,
		limit: int(c.History / c.SampleInterval), tracked: map[string]*track{},
	}
}

// run samples until ctx is done.
func (h *history) run(ctx context.Context) {
	ticker := time.NewTicker(h.interval)
	defer ticker.Stop()
	for {
		h.read(ctx)
		h.mark(time.Now())
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// fresh is how old figures may be on a page that is asked for.
const fresh = time.Second

// latest returns a reading that is not older than fresh, if Redis can be
// reached; else the last there was, with the error.
func (h *history) latest(ctx context.Context) snapshot {
	if s := h.snapshot(); time.Since(s.At) < fresh {
		return s
	}
	return h.read(ctx)
}

func (h *history) snapshot() snapshot {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.last
}

// read asks Redis, one at a time.
func (h *history) read(ctx context.Context) snapshot {
	h.reading.Lock()
	defer h.reading.Unlock()
	if s := h.snapshot(); s.Err == nil && time.Since(s.At) < fresh/2 {
		return s // somebody else has just asked
	}
	ctx, cancel := context.WithTimeout(ctx, requestDeadline)
	defer cancel()
	reports, err := h.inspector.Reports(ctx)
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.last.Err = err; err == nil {
		h.last.At, h.last.Reports, h.last.Fleet = time.Now(), reports, reports.Fleet()
		h.follow(reports)
	}
	return h.last
}

// follow notes what each process has done since its last report. It needs mu.
func (h *history) follow(reports *redisstore.Reports) {
	there := make(map[string]*track, len(reports.All))
	for n := range reports.All {
		r := &reports.All[n]
		id, now := r.Instance.ID, totalsOf(r)
		before := h.tracked[id]
		switch {
		case before == nil:
			there[id] = &track{totals: now, rates: point{At: r.Instance.LastSeen}}
		case r.Instance.LastSeen.Sub(before.rates.At) < r.Instance.Interval/4:
			there[id] = before // the same report
		default:
			took := r.Instance.LastSeen.Sub(before.rates.At)
			there[id] = &track{totals: now, rates: ratesOf(r, &now, &before.totals, took)}
		}
	}
	h.tracked = there
}

func totalsOf(r *redisstore.Report) totals {
	t := totals{
		hits: r.Stats.Hits, near: r.Stats.NearHits, stale: r.Stats.StaleHits, coalesced: r.Stats.Coalesced, misses: r.Stats.Misses,
		bypasses: r.Stats.Bypasses, invalidations: r.Stats.Invalidations,
		errors:      r.Stats.StoreFailures + r.Stats.Corrupt + r.Stats.Unauthentic,
		hitsByQuery: make(map[string]int64, len(r.Queries)),
	}
	for n := range r.Queries {
		q := &r.Queries[n]
		t.calls += q.Calls
		t.hitTime.Merge(q.HitTime)
		t.databaseTime.Merge(q.DatabaseTime)
		t.hitsByQuery[q.QueryID] = q.Answered()
	}
	return t
}

// ratesOf is what a process did between two reports. Counts never shrink but
// where a query's figures have moved to the others.
func ratesOf(r *redisstore.Report, now, before *totals, took time.Duration) point {
	per := func(now, before int64) float64 { return float64(max(now-before, 0)) / took.Seconds() }
	p := point{
		At:   r.Instance.LastSeen,
		Hits: per(now.hits, before.hits), NearHits: per(now.near, before.near), StaleHits: per(now.stale, before.stale), Coalesced: per(now.coalesced, before.coalesced),
		Misses: per(now.misses, before.misses), Bypasses: per(now.bypasses, before.bypasses),
		Invalidations: per(now.invalidations, before.invalidations), Errors: per(now.errors, before.errors),
		HitTime: grown(now.hitTime, before.hitTime), DatabaseTime: grown(now.databaseTime, before.databaseTime),
	}
	p.Exec = max(per(now.calls, before.calls)-p.Reads(), 0)
	var saved time.Duration
	for n := range r.Queries {
		q := &r.Queries[n]
		saved += time.Duration(max(now.hitsByQuery[q.QueryID]-before.hitsByQuery[q.QueryID], 0)) * q.DatabaseTime.Mean()
	}
	p.Saved = (saved - p.HitTime.Sum).Seconds() / took.Seconds()
	return p
}

// grown returns the durations that are in now and not in before.
func grown(now, before cachedsql.Histogram) cachedsql.Histogram {
	old := make(map[int]int64, len(before.Buckets))
	for _, b := range before.Buckets {
		old[b.Index] = b.Count
	}
	h := cachedsql.Histogram{Sum: max(now.Sum-before.Sum, 0)}
	for _, b := range now.Buckets {
		if n := b.Count - old[b.Index]; n > 0 {
			h.Count += n
			h.Buckets = append(h.Buckets, cachedsql.Bucket{Index: b.Index, Count: n})
		}
	}
	return h
}

// mark adds a point: what all processes do that report.
func (h *history) mark(at time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.last.Err != nil || h.last.Fleet == nil {
		return // a gap in the plots
	}
	p := point{At: at}
	for _, t := range h.tracked {
		p.add(&t.rates)
	}
	h.points = append(h.points, p)
	if extra := len(h.points) - h.limit; extra > 0 {
		h.points = append(h.points[:0:0], h.points[extra:]...)
	}
}

// all returns the points so far, the oldest first, at most limit: neighbours
// are put together where there are more.
func (h *history) all(limit int) []point {
	h.mu.Lock()
	points := h.points[:len(h.points):len(h.points)] // those in it never change
	h.mu.Unlock()
	each := (len(points) + limit - 1) / limit
	if each <= 1 {
		return points
	}
	var thinned []point
	for group := range slices.Chunk(points, each) {
		sum := point{At: group[len(group)-1].At}
		for i := range group {
			sum.add(&group[i])
		}
		sum.scale(1 / float64(len(group)))
		thinned = append(thinned, sum)
	}
	return thinned
}

func (p *point) rates() []*float64 {
	return []*float64{&p.Hits, &p.NearHits, &p.StaleHits, &p.Coalesced, &p.Misses, &p.Bypasses, &p.Exec, &p.Invalidations, &p.Errors, &p.Saved}
}

func (p *point) add(other *point) {
	theirs := other.rates()
	for i, v := range p.rates() {
		*v += *theirs[i]
	}
	p.HitTime.Merge(other.HitTime)
	p.DatabaseTime.Merge(other.DatabaseTime)
}

func (p *point) scale(by float64) {
	for _, v := range p.rates() {
		*v *= by
	}
}
