package cachedsql

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cachedsql/cachedsql/internal/catalog"
	"github.com/cachedsql/cachedsql/internal/seal"
	"github.com/cachedsql/cachedsql/internal/sqlparse"
)

// ErrCacheDown is in the chain of the error that a write returns where
// OnCacheDown is Refuse, or Wait, and the store is unreachable. The write has had no
// effect.
var ErrCacheDown = errors.New("cachedsql: store is unreachable")

// ErrClosed is returned by the methods of a closed Cache.
var ErrClosed = errors.New("cachedsql: cache is closed")

// A Cache is the shared part of all connections that use one store: rules,
// analysed statements, counts, and the goroutines that store results and watch
// the store. It is safe for concurrent use.
type Cache struct {
	config Config
	store  Store
	owned  bool // the store was made by New
	inline bool // the store is in this process: nothing is worth doing later

	hasCatalog atomic.Bool // connections of this Cache can have a catalog

	rules    atomic.Pointer[Rules]
	layers   ruleLayers
	plans    planMemo
	flights  flights
	counts   counters
	queries  queries
	tables   tables
	pending  pending
	gate     *gate
	near     *near
	ring     *seal.Ring // nil: entries are stored as they are
	leases   *leases
	tasks    *tasks
	instance Instance      // what never changes of it
	reporter *reporter     // nil: none
	follower *ruleFollower // nil: none
	ghosts   *ghosts       // nil: none

	// analyse is Catalog.Effects. A test breaks it, to see that the soundness
	// test notices.
	analyse func(*catalog.Catalog, *sqlparse.Statement, catalog.Session, *catalog.Declarations) catalog.Effects

	// readings are as many as readingsAtOnce.
	readings int

	// fillsFrom is when results may be stored again, in nanoseconds of
	// sinceStart: a store that is full is left alone for a while.
	fillsFrom atomic.Int64

	fullWarned    seldom // a full store was logged
	refusedWarned seldom // a refused entry was

	mu         sync.Mutex
	spaces     map[string]*space
	connectors map[*connector]struct{} // of handles that are open
	closed     bool
	shut       atomic.Bool // closed, for those who do not hold mu
	stopWatch  func()
}

// New returns a Cache for config. It does no I/O. Close it when the last
// database handle that uses it has been closed.
func New(config Config) (*Cache, error) {
	config, err := config.withDefaults()
	if err != nil {
		return nil, err
	}
	c := &Cache{
		config: config, store: config.Store, spaces: map[string]*space{}, connectors: map[*connector]struct{}{},
		analyse: (*catalog.Catalog).Effects, readings: readingsAtOnce,
	}
	if c.store == nil {
		c.store, c.owned = NewMemoryStore(MemoryConfig{}), true
	}
	_, c.inline = c.store.(*MemoryStore)
	if limited, ok := c.store.(interface{ MaxLease() time.Duration }); ok && limited.MaxLease() < config.Lease {
		return nil, fmt.Errorf("cachedsql: Config.Lease is %v, but the store's quarantine only %v: a write in flight could outlive the memory of it",
			config.Lease, limited.MaxLease())
	}
	if err := c.checkWait(); err != nil {
		return nil, err
	}
	if c.ring, err = config.newRing(); err != nil {
		return nil, err
	}
	_, streams := c.store.(EventStream)
	c.pending.off = !streams || config.ReportInterval < 0
	if c.follower, err = newRuleFollower(c); err != nil {
		return nil, err
	}
	c.plans.init()
	c.flights.init()
	c.near = newNear(config.NearBytes)
	c.rules.Store(config.Rules)
	c.tasks = newTasks(config.FillQueue)
	c.gate = newGate(c)
	c.leases = newLeases(c)
	c.gate.start()
	c.instance = newInstance(config.ReportInterval)
	c.instance.EntryKeys = config.describeKeys()
	c.reporter = newReporter(c)
	c.ghosts = newGhosts(c)
	c.follower.start()
	return c, nil
}

// Close stops the Cache's goroutines after the results and announcements that
// wait have been handed to the store, for at most a few seconds. Connections
// that still use it pass everything through from then on; their writes are not
// announced any more, so close the database handles first.
func (c *Cache) Close() error {
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		return nil
	}
	c.closed = true
	clear(c.connectors)
	c.shut.Store(true)
	stopWatch := c.stopWatch
	c.mu.Unlock()
	if stopWatch != nil {
		stopWatch()
	}
	c.follower.close()
	c.ghosts.close()
	c.reporter.close()
	for _, sp := range c.allSpaces() {
		sp.stopFollowing()
	}
	c.leases.close()
	c.tasks.close()
	c.gate.close()
	if c.owned {
		return c.store.Close()
	}
	return nil
}

func (c *Cache) isClosed() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.closed
}

// Rules returns the rules in force, nil if there are none.
func (c *Cache) Rules() *Rules { return c.rules.Load() }

// WatchRules loads the rule file at path, puts it in force as SetRules does and
// follows its changes until Close. A file that does not load is an error now;
// later it leaves the rules as they are and is logged and counted as a Note.
func (c *Cache) WatchRules(path string) error {
	r, err := LoadRules(path)
	if err != nil {
		return err
	}
	c.SetRules(r)
	apply := func(r *Rules) {
		c.SetRules(r)
		c.config.Logger.Info("cachedsql: rules loaded", "file", path, "version", r.Version())
	}
	stop := watchRules(path, r, rulesInterval, apply, func(err error) {
		c.note(fmt.Errorf("cachedsql: rule file not loaded, the rules before it stay in force: %w", err))
	})
	c.mu.Lock()
	previous, closed := c.stopWatch, c.closed
	c.stopWatch = stop
	c.mu.Unlock()
	if previous != nil {
		previous()
	}
	if closed {
		stop()
		return ErrClosed
	}
	return nil
}

// Stats returns the counts so far.
func (c *Cache) Stats() Stats {
	s := c.counts.snapshot()
	state := c.gate.state()
	s.StoreDown, s.Fenced = state == "open", state == "fenced"
	s.DroppedEvents = c.pending.untold.Load()
	return s
}

// Queries returns the figures so far of each query that this Cache has seen,
// those first that would keep the database busiest (see QueryStats.Load). The
// number is bounded; what is over it is added up at the end as OtherQueries.
func (c *Cache) Queries() []QueryStats { return MergeQueries(0, c.queries.each()) }

// QueriesByRule returns the figures of all queries added up by the rule that
// selected them at the time, "" for those that no rule did. No count in it ever
// gets smaller.
func (c *Cache) QueriesByRule() map[string]QueryStats {
	sums := map[string]QueryStats{}
	for _, q := range c.queries.each() {
		sum, rule := sums[q.Rule], q.Rule
		sum.add(&q)
		sum.QueryID, sum.Name, sum.Statement, sum.Tables, sum.Writes, sum.Named, sum.Rule = "", "", "", nil, nil, nil, rule
		sums[rule] = sum
	}
	return sums
}

// Namespaces returns the databases that connections have been made to so far,
// by their names in the store.
func (c *Cache) Namespaces() []string {
	var names []string
	for _, sp := range c.allSpaces() {
		names = append(names, sp.name)
	}
	slices.Sort(names)
	return names
}

// Wait returns when every result and announcement that was waiting for the
// store when it was called has been handed over, or ctx is done.
func (c *Cache) Wait(ctx context.Context) error { return c.tasks.wait(ctx) }

// Invalidate makes every cached result that depends on one of the tables
// unusable, in all processes. Names are as in SQL, "orders" or
// "public.orders"; a bare name stands for the tables of that name in every
// schema. It returns when the store has acknowledged it.
func (c *Cache) Invalidate(ctx context.Context, tables ...string) error {
	if len(tables) == 0 {
		return nil
	}
	return c.eachSpace(ctx, func(sp *space) error { return c.invalidate(ctx, sp, sp.named(tables)) })
}

// Flush makes everything cached unusable, in all processes.
func (c *Cache) Flush(ctx context.Context) error {
	return c.eachSpace(ctx, func(sp *space) error {
		return c.invalidate(ctx, sp, touched{names: []string{WildcardTag, SchemaTag}})
	})
}

// Write runs fn as a write to the tables: for writes the driver cannot see,
// such as a COPY on the connection that sql.Conn.Raw unwraps. The tables are
// leased before fn starts and announced after it returned; where fn returns an
// error they are announced too.
func (c *Cache) Write(ctx context.Context, tables []string, fn func() error) error {
	var begun []*write
	defer func() {
		for _, w := range begun {
			c.finish(w, true)
		}
	}()
	err := c.eachSpace(ctx, func(sp *space) error {
		w, err := c.begin(ctx, sp, sp.named(tables))
		if err != nil {
			return err
		}
		begun = append(begun, w)
		if !w.begun || w.judgedRightly() {
			return nil
		}
		sp.outdate()
		return c.widen(ctx, w, touched{names: []string{WildcardTag}, schema: w.shown()})
	})
	if err != nil {
		return err
	}
	return fn()
}

// invalidate announces a write that has already happened, and returns when
// nobody serves what was there before it.
func (c *Cache) invalidate(ctx context.Context, sp *space, t touched) error {
	if err := c.bump(ctx, sp, t); err != nil {
		return err
	}
	return sp.outwaitAnnounced(ctx, t.names)
}

// bump announces a write that has already happened.
func (c *Cache) bump(ctx context.Context, sp *space, t touched) error {
	err := sp.announce(ctx, newWriterID(), sp.store.Tags(t.names), t.schema)
	c.emit(Event{Outcome: Invalidated, Tags: t.names, Err: err, Context: ctx})
	if err != nil {
		sp.owe(t.names, t.schema)
		return fmt.Errorf("cachedsql: invalidate: %w", err)
	}
	return nil
}

// bumpNow is bump for what a statement waits for: no longer than for any other
// call. What cannot be announced now is owed.
func (c *Cache) bumpNow(sp *space, t touched) {
	err := c.gate.call(context.Background(), func(ctx context.Context) error { return c.bump(ctx, sp, t) })
	if errors.Is(err, errDown) { // it has not been tried
		sp.owe(t.names, t.schema)
	}
}

// space returns the state of a namespace, the same for every connection.
func (c *Cache) space(namespace string) *space {
	c.mu.Lock()
	defer c.mu.Unlock()
	sp := c.spaces[namespace]
	if sp == nil {
		sp = newSpace(c, namespace)
		c.spaces[namespace] = sp
	}
	return sp
}

func (c *Cache) allSpaces() []*space {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := make([]*space, 0, len(c.spaces))
	for _, sp := range c.spaces {
		all = append(all, sp)
	}
	return all
}

// eachSpace calls f for every namespace in use. Where none is known yet, it
// connects to find out.
func (c *Cache) eachSpace(ctx context.Context, f func(*space) error) error {
	if c.isClosed() {
		return ErrClosed
	}
	if err := c.identifyConnectors(ctx); err != nil {
		return err
	}
	var errs []error
	for _, sp := range c.allSpaces() {
		errs = append(errs, f(sp))
	}
	return errors.Join(errs...)
}

func (c *Cache) identifyConnectors(ctx context.Context) error {
	if c.config.Namespace != "" {
		c.space(c.config.Namespace)
		return nil
	}
	c.mu.Lock()
	connectors := slices.Collect(maps.Keys(c.connectors))
	c.mu.Unlock()
	for _, k := range connectors {
		if k.identified.Load() {
			continue
		}
		if err := k.identify(ctx); err != nil {
			return fmt.Errorf("cachedsql: find the namespace: %w", err)
		}
	}
	return nil
}

// emit counts an event and passes it on.
func (c *Cache) emit(e Event) {
	c.counts.count(e.Outcome, e.Reason)
	c.notice(&e)
	if c.config.OnEvent != nil {
		c.config.OnEvent(e)
	}
}

// note tells the operator something that no statement can.
func (c *Cache) note(err error) {
	c.config.Logger.Warn(err.Error())
	c.emit(Event{Outcome: Note, Err: err})
}
