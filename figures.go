package cachedsql

import (
	"database/sql/driver"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cachedsql/cachedsql/internal/reason"
	"github.com/cachedsql/cachedsql/internal/sqlparse"
)

// figures are the counts behind a QueryStats. They are added to on the path of
// a query, so there are only atomic counters here, and no lock.
type figures struct {
	st    *sqlparse.Statement // nil for those of all others
	route atomic.Pointer[routeFacts]

	outcomes  [outcomes]atomic.Int64
	bypasses  [reasons]atomic.Int64
	notFilled [reasons]atomic.Int64

	execs, outdated, invalidations, rows, bytes atomic.Int64

	database, hits durations
	lastSeen       atomic.Int64 // seconds since 1970

	// retired: somebody else's place. What is still added moves to the others.
	retired atomic.Bool
}

// routeFacts is what a route tells of its statement.
type routeFacts struct {
	rule   string
	tables []string
}

const (
	// maxFigures bounds the queries with figures of their own: at 4 KB each, to
	// a few megabytes. When there are more, those with the least load make room.
	maxFigures  = 1000
	keepFigures = maxFigures * 3 / 4
)

// queries holds the figures of a Cache.
type queries struct {
	other figures

	mu   sync.Mutex
	byID map[string]*figures // under mu
}

// of returns the figures for a statement, new ones if there are none.
func (q *queries) of(st *sqlparse.Statement) *figures {
	q.mu.Lock()
	defer q.mu.Unlock()
	f := q.byID[st.QueryID]
	if f != nil {
		return f
	}
	if len(q.byID) >= maxFigures {
		q.makeRoom()
	}
	if q.byID == nil {
		q.byID = map[string]*figures{}
	}
	f = &figures{st: st}
	q.byID[st.QueryID] = f
	return f
}

// makeRoom retires the figures with the least load. It needs mu. A counter
// that is added to at the same time is not lost: either it is poured here, or
// who added to it sees that the figures are retired and pours it.
func (q *queries) makeRoom() {
	all := make(map[string]*QueryStats, len(q.byID))
	for id, f := range q.byID {
		s := f.snapshot()
		all[id] = &s
	}
	for _, s := range ranked(all, &QueryStats{}, 0)[keepFigures:] {
		f := q.byID[s.QueryID]
		delete(q.byID, s.QueryID)
		f.retired.Store(true)
		f.pour(&q.other)
	}
}

// snapshot returns all figures, the ones with the highest load first.
func (q *queries) snapshot() []QueryStats {
	q.mu.Lock()
	all := make(map[string]*QueryStats, len(q.byID))
	for id, f := range q.byID {
		s := f.snapshot()
		all[id] = &s
	}
	q.mu.Unlock()
	rest := q.other.snapshot()
	return ranked(all, &rest, 0)
}

// tally is where the executions of one plan are counted. Plans of one query ID
// share their figures.
type tally struct {
	queries *queries
	st      *sqlparse.Statement
	current atomic.Pointer[figures]
}

func (t *tally) figures() *figures {
	f := t.current.Load()
	if f == nil || f.retired.Load() {
		f = t.queries.of(t.st)
		t.current.Store(f)
	}
	return f
}

// added must follow every addition to f.
func (t *tally) added(f *figures) {
	if f.retired.Load() {
		f.pour(&t.queries.other)
	}
}

// count notes what happened to one execution.
func (t *tally) count(o Outcome, why Reason) {
	if t == nil {
		return
	}
	f := t.figures()
	f.outcomes[o].Add(1)
	switch o {
	case Bypassed:
		f.bypasses[why].Add(1)
	case NotFilled:
		f.notFilled[why].Add(1)
	}
	t.added(f)
}

// hit notes an execution answered from the cache.
func (t *tally) hit(o Outcome, started time.Time) {
	if t == nil {
		return
	}
	f := t.figures()
	f.outcomes[o].Add(1)
	took := time.Since(started)
	f.hits.add(took)
	f.seen(started.Add(took))
	t.added(f)
}

// asked notes a call to the database that has just returned. One that the
// driver wants made in another way has not happened.
func (t *tally) asked(started time.Time, exec bool, err *error) {
	if t == nil || errors.Is(*err, driver.ErrSkip) {
		return
	}
	f := t.figures()
	took := time.Since(started)
	f.database.add(took)
	if exec {
		f.execs.Add(1)
	}
	f.seen(started.Add(took))
	t.added(f)
}

// stored notes what became of a result on its way to the store.
func (t *tally) stored(e *Event) {
	t.count(e.Outcome, e.Reason)
	if t == nil || e.Outcome != Filled {
		return
	}
	f := t.figures()
	f.rows.Add(e.Rows)
	f.bytes.Add(e.Bytes)
	t.added(f)
}

// outdated notes a stored result that a write has made unusable.
func (t *tally) outdated() {
	if t == nil {
		return
	}
	f := t.figures()
	f.outdated.Add(1)
	t.added(f)
}

// invalidates notes a write to tables that are announced for it.
func (t *tally) invalidates() {
	if t == nil {
		return
	}
	f := t.figures()
	f.invalidations.Add(1)
	t.added(f)
}

// takes notes the route taken from now on.
func (t *tally) takes(r *route) {
	if t == nil {
		return
	}
	facts := &routeFacts{rule: r.ruleName()}
	for _, p := range r.effects.Reads {
		facts.tables = append(facts.tables, p.Table)
	}
	for _, p := range r.effects.Writes {
		facts.tables = append(facts.tables, p.Table)
	}
	facts.tables = distinct(facts.tables)
	t.figures().route.Store(facts)
}

// seen stores the time once a second: a store that changes nothing would still
// take the memory away from the other processors.
func (f *figures) seen(now time.Time) {
	if second := now.Unix(); f.lastSeen.Load() < second {
		f.lastSeen.Store(second)
	}
}

func (f *figures) snapshot() QueryStats {
	of := func(o Outcome) int64 { return f.outcomes[o].Load() }
	s := QueryStats{
		QueryID: OtherQueries,
		Hits:    of(Hit), NearHits: of(NearHit), Coalesced: of(Coalesced), Misses: of(Miss), Bypasses: of(Bypassed),
		Fills: of(Filled), NotFilled: of(NotFilled),
		BypassesByReason: byReason(&f.bypasses), NotFilledByReason: byReason(&f.notFilled),
		Outdated: f.outdated.Load(), Invalidations: f.invalidations.Load(), Rows: f.rows.Load(), Bytes: f.bytes.Load(),
		DatabaseTime: f.database.snapshot(), HitTime: f.hits.snapshot(),
	}
	s.Calls = s.Hits + s.NearHits + s.Coalesced + s.Misses + s.Bypasses + f.execs.Load()
	if seen := f.lastSeen.Load(); seen != 0 {
		s.LastSeen = time.Unix(seen, 0)
	}
	if f.st != nil {
		s.QueryID, s.Name, s.Statement = f.st.QueryID, f.st.QueryName, f.st.Normal
	}
	if facts := f.route.Load(); facts != nil {
		s.Rule, s.Tables = facts.rule, facts.tables
	}
	return s
}

// pour moves all counts into another.
func (f *figures) pour(into *figures) {
	for i := range f.outcomes {
		move(&f.outcomes[i], &into.outcomes[i])
	}
	for _, why := range reason.All() {
		move(&f.bypasses[why], &into.bypasses[why])
		move(&f.notFilled[why], &into.notFilled[why])
	}
	move(&f.execs, &into.execs)
	move(&f.outdated, &into.outdated)
	move(&f.invalidations, &into.invalidations)
	move(&f.rows, &into.rows)
	move(&f.bytes, &into.bytes)
	f.database.pour(&into.database)
	f.hits.pour(&into.hits)
	if seen := f.lastSeen.Load(); seen > into.lastSeen.Load() {
		into.lastSeen.Store(seen)
	}
}
