package cachedsql

import (
	"cmp"
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cachedsql/cachedsql/internal/catalog"
	"github.com/cachedsql/cachedsql/internal/sqlparse"
)

// backend is what this process knows of one server of a namespace: its
// catalog. There may be several that call themselves by one name: a server and
// the copy that was restored beside it or promoted elsewhere, which the run
// tells apart (see restart.go), and replicas. They differ in what tables,
// triggers and functions they have, the replicas by what has not reached them
// yet. So a statement is judged only by what its own server said.
type backend struct {
	space *space
	run   string       // "" where it is not known, or Config.Namespace says that all are one
	conns atomic.Int64 // that lead to it

	catalog  atomic.Pointer[knowledge]
	aside    atomic.Pointer[aside] // nil: not needed, or not to be had
	outdated atomic.Bool           // a writer has seen another schema and could not load
	altered  atomic.Bool           // this process has changed the schema since it was read
	behind   atomic.Bool           // the schema has changed, and it was too early to read it again
	loading  chan struct{}         // holds one token: the right to load

	mu       sync.Mutex
	reloaded time.Time     // when the catalog was last read for an unknown name
	allotted time.Time     // until when its readings for changed schemas have used up their share
	loadTook time.Duration // how long the last reading took
	failed   time.Time     // when it could last not be read
	failure  error
}

// replicaRun stands for the run of any replica. What they answer is not cached,
// and what they start says nothing of the primary.
const replicaRun = "replica"

// keptBackends is how many are remembered that no connection leads to.
const keptBackends = 4

// backend returns the server of a run, and notes that it was met.
func (sp *space) backend(run string) *backend {
	b, forgotten := sp.meet(run)
	if len(forgotten) != 0 {
		sp.cache.plans.forget(func(r *route) bool { return slices.Contains(forgotten, r.backend) })
	}
	return b
}

func (sp *space) meet(run string) (_ *backend, forgotten []*backend) {
	sp.mu.Lock()
	defer sp.mu.Unlock()
	i := slices.IndexFunc(sp.backends, func(b *backend) bool { return b.run == run })
	if i < 0 {
		b := &backend{space: sp, run: run, loading: make(chan struct{}, 1)}
		b.loading <- struct{}{}
		i, sp.backends = len(sp.backends), append(sp.backends, b)
	}
	b := sp.backends[i]
	sp.backends = append(slices.Delete(sp.backends, i, i+1), b)
	for len(sp.backends) > keptBackends {
		unused := slices.IndexFunc(sp.backends[:len(sp.backends)-1], func(b *backend) bool { return b.conns.Load() == 0 })
		if unused < 0 {
			break
		}
		forgotten = append(forgotten, sp.backends[unused])
		sp.backends = slices.Delete(sp.backends, unused, unused+1)
	}
	return b, forgotten
}

// isReplica reports whether the connection's server was a replica when it was
// last asked.
func (s *session) isReplica() bool { return s.backend != nil && s.backend.run == replicaRun }

// knows returns what is known of the connection's server, nil where nobody has
// asked which one that is.
func (s *session) knows() *knowledge {
	if s.backend == nil {
		return nil
	}
	return s.backend.known()
}

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
func (sp *space) met() []*backend {
	sp.mu.Lock()
	defer sp.mu.Unlock()
	all := slices.Clone(sp.backends)
	slices.Reverse(all)
	return all
}

// leadsTo counts the connection as one that leads to a server; nil: to none any
// more.
func (c *conn) leadsTo(b *backend) {
	if b != nil {
		b.conns.Add(1)
	}
	if c.counted != nil {
		c.counted.conns.Add(-1)
	}
	c.counted = b
}

// believedBackend is the server that the connection leads to, as far as can be
// told without asking: where it has not said, the one that the connector's last
// connection found. Nil: none has.
func (c *conn) believedBackend() *backend {
	return cmp.Or(c.session.backend, c.connector.last.Load())
}

// believedKnown is what is known of that, nil if nothing is. What a statement
// does is not judged by it: see knows.
func (c *conn) believedKnown() *knowledge {
	if b := c.believedBackend(); b != nil {
		return b.known()
	}
	return nil
}

// inUse reports whether connections lead to the server, or did when a handle was
// last used.
func (b *backend) inUse() bool {
	if b.conns.Load() > 0 {
		return true
	}
	c := b.space.cache
	c.mu.Lock()
	defer c.mu.Unlock()
	for k := range c.connectors {
		if k.last.Load() == b {
			return true
		}
	}
	return false
}

// outdate makes the catalog of each server be read again.
func (sp *space) outdate() {
	for _, b := range sp.met() {
		b.outdated.Store(true)
	}
}

// hears makes catalogs of another schema be read again.
func (sp *space) hears(schema Schema) {
	for _, b := range sp.met() {
		if k := b.catalog.Load(); k != nil && k.schema != schema {
			b.outdated.Store(true)
		}
	}
}

// reloadAtMost is how often the catalog is read because a statement names what
// it does not know: another program may have created it, or it may not exist.
const reloadAtMost = time.Second

// mayReload reports whether it is time for that. A statement of this process
// that changed the schema has probably created what is not known; still not
// more than half of the time is spent on reading.
func (b *backend) mayReload() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	wait := reloadAtMost
	if b.altered.Load() {
		wait = min(wait, b.loadTook)
	}
	if time.Since(b.reloaded) < wait+b.loadTook {
		return false
	}
	b.reloaded = time.Now()
	return true
}

// A program that migrates its database changes the schema with every other
// statement. Reading it each time would take many times as long as that, so no
// more than a part of the time is spent on it, after a few readings at once.
// Until the next one it is as if it could not be read: reads go past the cache,
// and what is written is everything, as with the change itself.
const (
	readingsAtOnce = 8
	readingShare   = 5 // one part in so many
)

// tooEarly reports whether the schema has changed and is not to be read yet.
func (b *backend) tooEarly() bool {
	if !b.behind.Load() || !b.altered.Load() {
		return false
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.exhausted()
}

// exhausted must be called under mu.
func (b *backend) exhausted() bool {
	most := time.Duration(b.space.cache.readings-1) * readingShare * b.loadTook
	if longest := time.Now().Add(most + readingShare*b.loadTook); b.allotted.After(longest) {
		b.allotted = longest // a reading that took much longer than the last one
	}
	return time.Until(b.allotted) > most
}

// mayRead reports whether the catalog may be read again for a changed schema,
// and takes the time for it.
func (b *backend) mayRead() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	early := b.exhausted()
	b.behind.Store(early)
	if early {
		b.aside.Store(nil) // what it said before says nothing of now
		return false
	}
	if now := time.Now(); b.allotted.Before(now) {
		b.allotted = now
	}
	b.allotted = b.allotted.Add(readingShare * b.loadTook)
	return true
}

// current reports whether k is what a process with these rules has to know
// while the store shows schema.
func (b *backend) current(k *knowledge, schema Schema, rules *Rules) bool {
	return k != nil && k.schema == schema && k.rules == rules && !b.space.promises.wantsMore(k.bounds, rules)
}

// load declares the rules' dimensions and reads the catalog through q, unless
// what is known is current; again forces it. Concurrent callers wait for the
// one that reads. What it returns may be of a later schema than the one asked
// for.
func (b *backend) load(ctx context.Context, d sqlparse.Dialect, q catalog.Querier, schema Schema, again bool) *knowledge {
	before, rules := b.known(), b.space.cache.rules.Load()
	if b.current(before, schema, rules) && !again {
		return before
	}
	select {
	case <-b.loading:
	case <-ctx.Done():
		return &knowledge{schema: schema, err: ctx.Err()}
	}
	defer func() { b.loading <- struct{}{} }()
	if k := b.known(); b.current(k, schema, rules) && (!again || k != before) {
		return k
	}
	if err := b.failedLately(); err != nil {
		return &knowledge{schema: schema, err: err}
	}
	if b.tooEarly() && !again {
		return &knowledge{schema: schema, err: errSchemaChanges}
	}
	k := b.learn(ctx, d, q, rules, again)
	if k.err == nil {
		b.catalog.Store(k)
		b.space.cache.plans.forget(func(r *route) bool { return r.backend == b && r.known != k })
	}
	return k
}

// learn asks the store for the dimensions, and then the database for the
// catalog: the token that comes with the dimensions must be the older one.
func (b *backend) learn(ctx context.Context, d sqlparse.Dialect, q catalog.Querier, rules *Rules, again bool) *knowledge {
	k := &knowledge{rules: rules}
	b.outdated.Store(false)
	altered := b.altered.Swap(false)
	if altered {
		defer func() {
			if k.err != nil {
				b.altered.Store(true)
			}
		}()
	}
	k.err = b.space.cache.gate.call(ctx, func(ctx context.Context) error {
		found, err := b.space.store.Declare(ctx, append(rules.dimensions(), b.space.promises.wantedNames(rules)...))
		k.take(found)
		k.bounds = b.space.newBounds(found)
		return err
	})
	if k.err != nil {
		b.outdated.Store(true)
		return k
	}
	b.space.promises.known.Store(k.bounds)
	before := b.catalog.Load()
	switch {
	case before != nil && before.schema == k.schema && !again:
		k.catalog = before.catalog
	case before != nil && !again && altered && !b.mayRead():
		k.err = errSchemaChanges
	default:
		k.catalog, k.err = b.readCatalog(ctx, d, q)
	}
	if k.err != nil {
		b.outdated.Store(true)
	}
	return k
}

// readCatalog reads the catalog, and tells the operator what is wrong with it.
func (b *backend) readCatalog(ctx context.Context, d sqlparse.Dialect, q catalog.Querier) (*catalog.Catalog, error) {
	began := time.Now()
	k, err := catalog.Load(ctx, d, q)
	b.mu.Lock()
	b.loadTook = time.Since(began)
	b.mu.Unlock()
	if err != nil {
		b.noteFailure(ctx, err)
		return nil, err
	}
	for _, w := range k.Warnings() {
		b.space.cache.config.Logger.Warn("cachedsql: catalog: " + w)
	}
	return k, nil
}

// failedLately returns the failure of a reading that is so recent that another
// would only delay a statement.
func (b *backend) failedLately() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.failure != nil && time.Since(b.failed) < reloadAtMost {
		return b.failure
	}
	return nil
}

// noteFailure remembers a failure, and tells the operator once per cause. A
// caller that gave up says nothing of the catalog, nor does a connection that
// was gone.
func (b *backend) noteFailure(ctx context.Context, err error) {
	if ctx.Err() != nil || errors.Is(err, driver.ErrBadConn) {
		return
	}
	b.mu.Lock()
	known := b.failure != nil && b.failure.Error() == err.Error()
	b.failed, b.failure = time.Now(), err
	b.mu.Unlock()
	if !known {
		b.space.cache.note(fmt.Errorf("cachedsql: catalog not read, nothing is cached until it is: %w", err))
	}
}
