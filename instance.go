package cachedsql

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cachedsql/cachedsql/internal/catalog"
	"github.com/cachedsql/cachedsql/internal/sqlparse"
)

// instance is what this process knows of one server of a namespace: its
// catalog. There may be several that call themselves by one name: a server and
// the copy that was restored beside it or promoted elsewhere, which the run
// tells apart (see restart.go), and replicas. They differ in what tables,
// triggers and functions they have, the replicas by what has not reached them
// yet. So a statement is judged only by what its own server said.
type instance struct {
	space *space
	run   string       // "" where it is not known, or Config.Namespace says that all are one
	conns atomic.Int64 // that lead to it

	catalog  atomic.Pointer[knowledge]
	aside    atomic.Pointer[aside] // nil: not needed, or not to be had
	outdated atomic.Bool           // a writer has seen another schema and could not load
	altered  atomic.Bool           // this process has changed the schema since it was read
	loading  chan struct{}         // holds one token: the right to load

	mu       sync.Mutex
	reloaded time.Time     // when the catalog was last read for an unknown name
	loadTook time.Duration // how long the last reading took
	failed   time.Time     // when it could last not be read
	failure  error
}

// replicaRun stands for the run of any replica. What they answer is not cached,
// and what they start says nothing of the primary.
const replicaRun = "replica"

// keptInstances is how many are remembered that no connection leads to.
const keptInstances = 4

// instance returns the server of a run, and notes that it was met.
func (sp *space) instance(run string) *instance {
	in, forgotten := sp.meet(run)
	if len(forgotten) != 0 {
		sp.cache.plans.forget(func(r *route) bool { return slices.Contains(forgotten, r.instance) })
	}
	return in
}

func (sp *space) meet(run string) (_ *instance, forgotten []*instance) {
	sp.mu.Lock()
	defer sp.mu.Unlock()
	i := slices.IndexFunc(sp.instances, func(in *instance) bool { return in.run == run })
	if i < 0 {
		in := &instance{space: sp, run: run, loading: make(chan struct{}, 1)}
		in.loading <- struct{}{}
		i, sp.instances = len(sp.instances), append(sp.instances, in)
	}
	in := sp.instances[i]
	sp.instances = append(slices.Delete(sp.instances, i, i+1), in)
	for len(sp.instances) > keptInstances {
		unused := slices.IndexFunc(sp.instances[:len(sp.instances)-1], func(in *instance) bool { return in.conns.Load() == 0 })
		if unused < 0 {
			break
		}
		forgotten = append(forgotten, sp.instances[unused])
		sp.instances = slices.Delete(sp.instances, unused, unused+1)
	}
	return in, forgotten
}

// isReplica reports whether the connection's server was a replica when it was
// last asked.
func (s *session) isReplica() bool { return s.instance != nil && s.instance.run == replicaRun }

// askReplicaAtMost is how often a replica is asked before a write whether it
// still is one: connections outlive that it becomes the primary.
const askReplicaAtMost = time.Second

// doubtReplica makes it be asked.
func (c *conn) doubtReplica() {
	if s := &c.session; s.isReplica() && !c.tx.inside() && !c.tx.isolationOnce && time.Since(s.asked) > askReplicaAtMost {
		s.stale()
	}
}

// proven takes in that the connection's server has carried out a write. If it
// was a replica it is none any more, and what is known of it may be older than
// what it has: then the write was one to everything.
func (c *conn) proven(w *write, err error) {
	if err != nil || w == nil || !c.session.isReplica() {
		return
	}
	c.session.stale()
	c.cache.bumpNow(w.space, touched{names: []string{WildcardTag}})
}

// met are the servers that are remembered, the one met last first.
func (sp *space) met() []*instance {
	sp.mu.Lock()
	defer sp.mu.Unlock()
	all := slices.Clone(sp.instances)
	slices.Reverse(all)
	return all
}

// leadsTo counts the connection as one that leads to a server; nil: to none any
// more.
func (c *conn) leadsTo(in *instance) {
	if in != nil {
		in.conns.Add(1)
	}
	if c.counted != nil {
		c.counted.conns.Add(-1)
	}
	c.counted = in
}

// inUse reports whether connections lead to the server, or did when a handle was
// last used.
func (in *instance) inUse() bool {
	if in.conns.Load() > 0 {
		return true
	}
	c := in.space.cache
	c.mu.Lock()
	defer c.mu.Unlock()
	for k := range c.connectors {
		if k.last.Load() == in {
			return true
		}
	}
	return false
}

// outdate makes the catalog of each server be read again.
func (sp *space) outdate() {
	for _, in := range sp.met() {
		in.outdated.Store(true)
	}
}

// reloadAtMost is how often the catalog is read because a statement names what
// it does not know: another program may have created it, or it may not exist.
const reloadAtMost = time.Second

// mayReload reports whether it is time for that. A statement of this process
// that changed the schema has probably created what is not known; still not
// more than half of the time is spent on reading.
func (in *instance) mayReload() bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	wait := reloadAtMost
	if in.altered.Load() {
		wait = min(wait, in.loadTook)
	}
	if time.Since(in.reloaded) < wait+in.loadTook {
		return false
	}
	in.reloaded = time.Now()
	return true
}

// current reports whether k is what a process with these rules has to know
// while the store shows schema.
func (in *instance) current(k *knowledge, schema Schema, rules *Rules) bool {
	return k != nil && k.schema == schema && k.rules == rules && !in.space.promises.wantsMore(k.bounds, rules)
}

// load declares the rules' dimensions and reads the catalog through q, unless
// what is known is current; again forces it. Concurrent callers wait for the
// one that reads. What it returns may be of a later schema than the one asked
// for.
func (in *instance) load(ctx context.Context, d sqlparse.Dialect, q catalog.Querier, schema Schema, again bool) *knowledge {
	before, rules := in.known(), in.space.cache.rules.Load()
	if in.current(before, schema, rules) && !again {
		return before
	}
	select {
	case <-in.loading:
	case <-ctx.Done():
		return &knowledge{schema: schema, err: ctx.Err()}
	}
	defer func() { in.loading <- struct{}{} }()
	if k := in.known(); in.current(k, schema, rules) && (!again || k != before) {
		return k
	}
	if err := in.failedLately(); err != nil {
		return &knowledge{schema: schema, err: err}
	}
	k := in.learn(ctx, d, q, rules, again)
	if k.err == nil {
		in.catalog.Store(k)
		in.space.cache.plans.forget(func(r *route) bool { return r.instance == in && r.known != k })
	}
	return k
}

// learn asks the store for the dimensions, and then the database for the
// catalog: the token that comes with the dimensions must be the older one.
func (in *instance) learn(ctx context.Context, d sqlparse.Dialect, q catalog.Querier, rules *Rules, again bool) *knowledge {
	k := &knowledge{rules: rules}
	in.outdated.Store(false)
	in.altered.Store(false)
	k.err = in.space.cache.gate.call(ctx, func(ctx context.Context) error {
		found, err := in.space.store.Declare(ctx, append(rules.dimensions(), in.space.promises.wantedNames(rules)...))
		k.take(found)
		k.bounds = in.space.newBounds(found)
		return err
	})
	if k.err != nil {
		in.outdated.Store(true)
		return k
	}
	in.space.promises.known.Store(k.bounds)
	if before := in.catalog.Load(); before != nil && before.schema == k.schema && !again {
		k.catalog = before.catalog
		return k
	}
	if k.catalog, k.err = in.readCatalog(ctx, d, q); k.err != nil {
		in.outdated.Store(true)
	}
	return k
}

// readCatalog reads the catalog, and tells the operator what is wrong with it.
func (in *instance) readCatalog(ctx context.Context, d sqlparse.Dialect, q catalog.Querier) (*catalog.Catalog, error) {
	began := time.Now()
	k, err := catalog.Load(ctx, d, q)
	in.mu.Lock()
	in.loadTook = time.Since(began)
	in.mu.Unlock()
	if err != nil {
		in.noteFailure(ctx, err)
		return nil, err
	}
	for _, w := range k.Warnings() {
		in.space.cache.config.Logger.Warn("cachedsql: catalog: " + w)
	}
	return k, nil
}

// failedLately returns the failure of a reading that is so recent that another
// would only delay a statement.
func (in *instance) failedLately() error {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.failure != nil && time.Since(in.failed) < reloadAtMost {
		return in.failure
	}
	return nil
}

// noteFailure remembers a failure, and tells the operator once per cause. A
// caller that gave up says nothing of the catalog.
func (in *instance) noteFailure(ctx context.Context, err error) {
	if ctx.Err() != nil {
		return
	}
	in.mu.Lock()
	known := in.failure != nil && in.failure.Error() == err.Error()
	in.failed, in.failure = time.Now(), err
	in.mu.Unlock()
	if !known {
		in.space.cache.note(fmt.Errorf("cachedsql: catalog not read, nothing is cached until it is: %w", err))
	}
}
