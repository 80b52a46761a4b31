package cachedsql

import (
	"cmp"
	"database/sql/driver"
	"errors"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cachedsql/cachedsql/internal/reason"
	"github.com/cachedsql/cachedsql/internal/sqlparse"
)

// figures are the counts behind a QueryStats. They are added to on the path of
// a query, so there are only atomic counters here, and no lock.
type figures struct {
	st     *sqlparse.Statement // nil for those of all others
	rule   string              // that selected it, "" if none did
	tables atomic.Pointer[usedTables]

	outcomes  [outcomes]atomic.Int64
	bypasses  [reasons]atomic.Int64
	notFilled [reasons]atomic.Int64

	execs, outdated, invalidations, concurrent, rows, bytes atomic.Int64

	database, hits durations
	ghosted        ghostFigures
	ghost          atomic.Pointer[ghost] // nil: not needed yet
	lastSeen       atomic.Int64          // seconds since 1970
	lastTick       atomic.Int64          // when that was stored, seconds of sinceStart

	// retired: somebody else's place. What is still added moves to the others.
	retired atomic.Bool
}

// usedTables are the tables that a statement reads or writes.
type usedTables struct{ all, written, named []string }

const (
	// maxFigures bounds the queries with figures of their own: at 4 KB each, to
	// a few megabytes. When there are more, those with the least load make room.
	maxFigures  = 1000
	keepFigures = maxFigures * 3 / 4

	// maxOthers bounds the rules whose other queries are told apart.
	maxOthers = 100
)

// queries holds the figures of a Cache. They are kept by query and rule, and
// those of the others by rule: so the counts of a rule only ever grow, as
// metrics have to, whatever makes room and however rules change.
type queries struct {
	mu     sync.Mutex
	byKey  map[figuresKey]*figures // under mu
	others map[string]*figures     // under mu; by rule
}

type figuresKey struct{ queryID, rule string }

// of returns the figures for a statement under a rule, new ones if there are
// none.
func (q *queries) of(st *sqlparse.Statement, rule string) *figures {
	q.mu.Lock()
	defer q.mu.Unlock()
	key := figuresKey{st.QueryID, rule}
	f := q.byKey[key]
	if f != nil {
		return f
	}
	if len(q.byKey) >= maxFigures {
		q.makeRoom()
	}
	if q.byKey == nil {
		q.byKey = map[figuresKey]*figures{}
	}
	f = &figures{st: st, rule: rule}
	q.byKey[key] = f
	return f
}

// otherOf returns the figures of the other queries of a rule. It needs mu.
func (q *queries) otherOf(rule string) *figures {
	f := q.others[rule]
	if f == nil && len(q.others) >= maxOthers {
		rule = ""
		f = q.others[rule]
	}
	if f != nil {
		return f
	}
	if q.others == nil {
		q.others = map[string]*figures{}
	}
	f = &figures{rule: rule}
	q.others[rule] = f
	return f
}

// settle pours what was added to figures that are retired.
func (q *queries) settle(f *figures) {
	q.mu.Lock()
	defer q.mu.Unlock()
	f.pour(q.otherOf(f.rule))
}

// makeRoom retires the figures with the least load. It needs mu. A counter
// that is added to at the same time is not lost: either it is poured here, or
// who added to it sees that the figures are retired and pours it.
func (q *queries) makeRoom() {
	all := make([]*figures, 0, len(q.byKey))
	load := make(map[*figures]time.Duration, len(q.byKey))
	for _, f := range q.byKey {
		s := f.snapshot()
		all, load[f] = append(all, f), s.Load()
	}
	slices.SortFunc(all, func(a, b *figures) int { return cmp.Compare(load[b], load[a]) })
	for _, f := range all[keepFigures:] {
		delete(q.byKey, figuresKey{f.st.QueryID, f.rule})
		f.retired.Store(true)
		f.pour(q.otherOf(f.rule))
	}
}

// each returns all figures one by one.
func (q *queries) each() []QueryStats {
	q.mu.Lock()
	defer q.mu.Unlock()
	all := make([]QueryStats, 0, len(q.byKey)+len(q.others))
	for _, f := range q.byKey {
		all = append(all, f.snapshot())
	}
	for _, f := range q.others {
		all = append(all, f.snapshot())
	}
	return all
}

// tally is where the executions of one plan are counted. Plans of one query ID
// share their figures.
type tally struct {
	queries  *queries
	st       *sqlparse.Statement
	current  atomic.Pointer[figures]
	farLooks atomic.Uint32 // see recording.seeksEnd
}

func (t *tally) figures() *figures {
	f := t.current.Load()
	switch {
	case f == nil:
		f = t.under("")
	case f.retired.Load():
		f = t.under(f.rule)
	}
	return f
}

// under makes a rule the one that the plan's executions are counted under.
func (t *tally) under(rule string) *figures {
	f := t.queries.of(t.st, rule)
	t.current.Store(f)
	return f
}

// added must follow every addition to f.
func (t *tally) added(f *figures) {
	if f.retired.Load() {
		t.queries.settle(f)
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
	case Inconclusive:
		if why == reason.PendingWrite {
			f.concurrent.Add(1)
		}
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
	now := sinceStart()
	f.hits.add(time.Duration(now) - started.Sub(processStart))
	f.seen(now)
	t.added(f)
}

// asked notes a call to the database that has just returned. One that the
// driver wants made in another way has not happened.
func (t *tally) asked(started time.Time, exec bool, err *error) {
	if t == nil || errors.Is(*err, driver.ErrSkip) {
		return
	}
	f := t.figures()
	now := sinceStart()
	f.database.add(time.Duration(now) - started.Sub(processStart))
	if exec {
		f.execs.Add(1)
	}
	f.seen(now)
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

// ghost returns what follows the query while it is not cached.
func (t *tally) ghost() *ghost {
	f := t.figures()
	if g := f.ghost.Load(); g != nil {
		return g
	}
	g := &ghost{rate: pace{perSecond: ghostRate}}
	g.limit.Store(math.MaxUint64)
	f.ghost.CompareAndSwap(nil, g)
	return f.ghost.Load()
}

// haunted notes for which TTLs an execution would have been a hit.
func (t *tally) haunted(hits *[len(GhostTTLs)]bool) {
	f := t.figures()
	for i, hit := range hits {
		if hit {
			f.ghosted.hits[i].Add(1)
		}
	}
	f.ghosted.samples.Add(1)
	t.added(f)
}

// takes notes the route taken from now on.
func (t *tally) takes(r *route) {
	if t == nil {
		return
	}
	used := usedTables{named: r.named}
	for _, p := range r.effects.Writes {
		used.written = append(used.written, p.Table)
	}
	used.all = append(used.all, used.written...)
	for _, p := range r.effects.Reads {
		used.all = append(used.all, p.Table)
	}
	used.all, used.written = distinct(used.all), distinct(used.written)
	t.under(r.ruleName()).tables.Store(&used)
}

// seen stores the time once a second: a store that changes nothing would still
// take the memory away from the other processors. now is sinceStart, which does
// not say what o'clock it is.
func (f *figures) seen(now int64) {
	tick := now / int64(time.Second)
	if f.lastTick.Load() != tick || f.lastSeen.Load() == 0 {
		f.lastTick.Store(tick)
		f.lastSeen.Store(time.Now().Unix())
	}
}

func (f *figures) snapshot() QueryStats {
	of := func(o Outcome) int64 { return f.outcomes[o].Load() }
	s := QueryStats{
		QueryID: OtherQueries,
		Hits:    of(Hit), NearHits: of(NearHit), StaleHits: of(StaleHit), Coalesced: of(Coalesced), Misses: of(Miss), Bypasses: of(Bypassed),
		Fills: of(Filled), NotFilled: of(NotFilled),
		Checked: of(Checked), Different: of(Different), Inconclusive: of(Inconclusive), Concurrent: f.concurrent.Load(),
		BypassesByReason: byReason(&f.bypasses), NotFilledByReason: byReason(&f.notFilled),
		Outdated: f.outdated.Load(), Invalidations: f.invalidations.Load(), Rows: f.rows.Load(), Bytes: f.bytes.Load(),
		DatabaseTime: f.database.snapshot(), HitTime: f.hits.snapshot(),
	}
	s.Calls = s.Hits + s.NearHits + s.StaleHits + s.Coalesced + s.Misses + s.Checked + s.Bypasses + f.execs.Load()
	if seen := f.lastSeen.Load(); seen != 0 {
		s.LastSeen = time.Unix(seen, 0)
	}
	if f.st != nil {
		s.Named = namesOf(f.st.Reads)
		s.QueryID, s.Name, s.Statement = f.st.QueryID, f.st.QueryName, f.st.Normal
	}
	s.Rule, s.Ghost = f.rule, f.ghosted.snapshot()
	if tables := f.tables.Load(); tables != nil {
		s.Tables, s.Writes = tables.all, tables.written
		if len(tables.named) != 0 {
			s.Named = tables.named
		}
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
	move(&f.concurrent, &into.concurrent)
	move(&f.rows, &into.rows)
	move(&f.bytes, &into.bytes)
	f.ghosted.pour(&into.ghosted)
	f.database.pour(&into.database)
	f.hits.pour(&into.hits)
	if seen := f.lastSeen.Load(); seen > into.lastSeen.Load() {
		into.lastSeen.Store(seen)
	}
}
