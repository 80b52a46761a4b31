package cachedsql

import (
	"crypto/sha256"
	"fmt"
	"hash/maphash"
	"maps"
	"sync"
	"sync/atomic"

	"github.com/cachedsql/cachedsql/internal/reason"
	"github.com/cachedsql/cachedsql/internal/sqlparse"
)

// plan is the analysis of one statement text, shared by all connections, with
// the last routes taken for it.
type plan struct {
	planKey
	st    *sqlparse.Statement
	text  [sha256.Size]byte // of the text without comments
	hints hints
	size  int

	// inert: the statement can neither be cached nor change anything, whatever
	// the catalog and the rules say. It goes straight to the driver.
	inert bool

	told   atomic.Int64          // when a difference was last logged, nanoseconds of sinceStart
	tally  *tally                // nil: not counted
	route  atomic.Pointer[route] // the last one
	mu     sync.Mutex
	routes map[routeKey]*route // under mu; one for each state it has been run in
}

func newPlan(key planKey) *plan {
	st := sqlparse.Parse(key.dialect, key.whole)
	p := &plan{planKey: key, st: st, text: sha256.Sum256([]byte(st.Text)), hints: hintsOf(st), size: planSize(key.whole, st)}
	p.inert = !st.Cacheable() && !mayWrite(st) && st.Tx == sqlparse.TxNone && !st.ImplicitCommit &&
		len(st.SessionVars) == 0 && !st.SessionUnknown && !st.SessionReset && !st.ChangesDatabase &&
		len(st.TempTables) == 0 && len(st.Parts) == 0
	return p
}

// planSize is about what a plan takes of the memory: the text and its normal
// form, and each value of the rows that an INSERT lists.
func planSize(whole string, st *sqlparse.Statement) int {
	values := 0
	for _, r := range st.ReadRefs {
		values += valuesOf(r.Fixed)
	}
	for _, w := range st.WriteRefs {
		values += valuesOf(w.Fixed)
	}
	return planOverhead + 2*len(whole) + values*planValue
}

func valuesOf(fixed []sqlparse.Predicate) (n int) {
	for _, p := range fixed {
		n += len(p.Values)
	}
	return n
}

// mayWrite reports whether the statement can change a table. A function nobody
// knows may.
func mayWrite(st *sqlparse.Statement) bool {
	return st.WritesAll || len(st.Writes) != 0 || len(st.Funcs) != 0 ||
		st.Kind == sqlparse.DDL || st.Kind == sqlparse.Unknown
}

// forget drops the routes of states that do not come back.
func (p *plan) forget(gone func(*route) bool) {
	if r := p.route.Load(); r != nil && gone(r) {
		p.route.CompareAndSwap(r, nil)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	maps.DeleteFunc(p.routes, func(_ routeKey, r *route) bool { return gone(r) })
}

// textReason is why the text alone forbids caching.
func (p *plan) textReason() Reason {
	if p.st.Kind != sqlparse.Read && p.st.Reason == reason.None {
		return reason.Unparsed
	}
	return p.st.Reason
}

// detail is what in the text, or in the catalog, is behind a reason; "" if that
// is not known.
func (p *plan) detail(why Reason) string {
	if r := p.route.Load(); r != nil && p.st.Detail == "" && r.effects.Reason == why {
		return r.effects.Detail
	}
	return p.st.Detail
}

const (
	planShards = 16
	planBytes  = 64 << 20 / planShards / 2 // a shard keeps two generations

	// By measurement: what there is of a plan besides its text, and of each
	// value that is known of a row.
	planOverhead = 2560
	planValue    = 72

	// planRecent is how many plans are at hand without a lock, of texts of at
	// most recentText bytes.
	planRecent = 1024
	recentText = 4 << 10
)

// planMemo remembers plans by text. It is bounded: each shard keeps two
// generations, and when the young one is full the old one goes.
type planMemo struct {
	seed   maphash.Seed
	recent [planRecent]atomic.Pointer[plan] // by hash: what was last asked for
	shards [planShards]planShard
}

type planShard struct {
	mu         sync.RWMutex
	young, old map[planKey]*plan
	bytes      int
}

type planKey struct {
	dialect Dialect
	whole   string // the text with its comments
}

func (m *planMemo) init() {
	m.seed = maphash.MakeSeed()
	for i := range m.shards {
		m.shards[i].young = map[planKey]*plan{}
	}
}

// get returns the plan for text. The work is done at most once for a text that
// keeps coming; the repeated case neither allocates nor excludes others.
func (m *planMemo) get(c *Cache, d Dialect, text string) *plan {
	hash := maphash.String(m.seed, text)
	recent := &m.recent[hash%planRecent]
	key := planKey{d, text}
	if p := recent.Load(); p != nil && p.planKey == key {
		return p
	}
	p := m.shards[hash/planRecent%planShards].get(c, key)
	if len(text) <= recentText {
		recent.Store(p)
	}
	return p
}

func (s *planShard) get(c *Cache, key planKey) *plan {
	s.mu.RLock()
	p := s.young[key]
	s.mu.RUnlock()
	if p != nil {
		return p
	}
	return s.add(c, key)
}

func (s *planShard) add(c *Cache, key planKey) *plan {
	s.mu.RLock()
	p := s.old[key]
	s.mu.RUnlock()
	if p == nil {
		p = newPlan(key)
		p.tally = &tally{queries: &c.queries, st: p.st}
		c.counts.parsed.Add(1)
		if problem := hintProblem(p.st); problem != "" {
			c.emit(Event{Outcome: Note, QueryID: p.st.QueryID, Statement: p.st.Normal, Err: fmt.Errorf("cachedsql: %s; ignored", problem)})
		}
	}
	if len(key.whole) > planBytes/64 {
		return p // one huge text must not push out everything else
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if there := s.young[key]; there != nil {
		return there
	}
	if s.bytes+p.size > planBytes {
		s.old, s.young, s.bytes = s.young, map[planKey]*plan{}, 0
	}
	s.young[key] = p
	s.bytes += p.size
	return p
}

// forget has every plan forget routes. Each holds the catalog that it was made
// with: where the schema changes often, or each text comes once, old catalogs
// would fill the memory.
func (m *planMemo) forget(gone func(*route) bool) {
	for i := range m.recent {
		if p := m.recent[i].Load(); p != nil {
			p.forget(gone)
		}
	}
	for i := range m.shards {
		m.shards[i].forget(gone)
	}
}

func (s *planShard) forget(gone func(*route) bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, plans := range []map[planKey]*plan{s.young, s.old} {
		for _, p := range plans {
			p.forget(gone)
		}
	}
}
