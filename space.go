package cachedsql

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cachedsql/cachedsql/internal/catalog"
	"github.com/cachedsql/cachedsql/internal/sqlparse"
)

// space is what this process knows of one namespace: its keyspace in the
// store, its catalog, and the writes that could not be announced.
type space struct {
	name   string
	cache  *Cache
	store  Space
	sealer *sealer // nil: entries are stored as they are
	none   TagSet  // no table: wildcard and schema are checked all the same

	registrar *registrar // nil: writes do not rely on a registration

	catalog  atomic.Pointer[knowledge]
	aside    atomic.Pointer[aside] // nil: not needed, or not to be had
	outdated atomic.Bool           // a writer has seen another schema and could not load
	altered  atomic.Bool           // this process has changed the schema since it was read
	loading  chan struct{}         // holds one token: the right to load

	followings followings
	promises   promises

	mu       sync.Mutex
	debt     map[string]struct{}
	doubt    map[string]struct{} // names of writes whose outcome nobody knows
	judged   map[Schema]struct{} // what the names in debt and doubt were judged under
	runs     map[string]struct{} // of the server, that connections have met
	reloaded time.Time           // when the catalog was last read for an unknown name
	loadTook time.Duration       // how long the last reading took
	failed   time.Time           // when it could last not be read
	failure  error
}

// reloadAtMost is how often the catalog is read because a statement names what
// it does not know: another program may have created it, or it may not exist.
const reloadAtMost = time.Second

// mayReload reports whether it is time for that. A statement of this process
// that changed the schema has probably created what is not known; still not
// more than half of the time is spent on reading.
func (sp *space) mayReload() bool {
	sp.mu.Lock()
	defer sp.mu.Unlock()
	wait := reloadAtMost
	if sp.altered.Load() {
		wait = min(wait, sp.loadTook)
	}
	if time.Since(sp.reloaded) < wait+sp.loadTook {
		return false
	}
	sp.reloaded = time.Now()
	return true
}

func newSpace(c *Cache, name string) *space {
	sp := &space{
		name: name, cache: c, store: c.store.Space(name), loading: make(chan struct{}, 1),
		debt: map[string]struct{}{}, doubt: map[string]struct{}{}, judged: map[Schema]struct{}{}, runs: map[string]struct{}{},
	}
	sp.none = sp.store.Tags(nil)
	sp.sealer = newSealer(c, name)
	sp.registrar = newRegistrar(sp)
	sp.loading <- struct{}{}
	return sp
}

// owe remembers names to announce as soon as the store can be reached, and the
// schema they were judged under, "" where nothing depends on it.
func (sp *space) owe(names []string, judged ...Schema) {
	sp.remember(names, judged...)
	sp.cache.gate.wake()
}

func (sp *space) remember(names []string, judged ...Schema) {
	sp.mu.Lock()
	defer sp.mu.Unlock()
	for _, n := range names {
		sp.debt[n] = struct{}{}
	}
	for _, s := range judged {
		sp.judged[s] = struct{}{}
	}
}

// doubts remembers names that have to be leased when the store can be reached:
// of a write that was sent without, and may still take effect.
func (sp *space) doubts(names []string, judged ...Schema) {
	sp.mu.Lock()
	defer sp.mu.Unlock()
	for _, n := range names {
		sp.doubt[n] = struct{}{}
	}
	for _, s := range judged {
		sp.judged[s] = struct{}{}
	}
}

// owes reports whether there is anything to announce.
func (sp *space) owes() bool {
	sp.mu.Lock()
	defer sp.mu.Unlock()
	return len(sp.debt) != 0 || len(sp.doubt) != 0
}

// debt is what a space owes the store.
type debt struct {
	names, doubt []string
	judged       []Schema
}

func (sp *space) takeDebt() (d debt) {
	sp.mu.Lock()
	defer sp.mu.Unlock()
	d.names = slices.Collect(maps.Keys(sp.debt))
	d.doubt = slices.Collect(maps.Keys(sp.doubt))
	d.judged = slices.Collect(maps.Keys(sp.judged))
	clear(sp.debt)
	clear(sp.doubt)
	clear(sp.judged)
	return d
}

// pay announces what is owed, or remembers it again.
func (sp *space) pay() error {
	if !sp.owes() {
		return nil
	}
	d := sp.takeDebt()
	ctx, cancel := context.WithTimeout(context.Background(), probeDeadline)
	defer cancel()
	var err error
	if len(d.doubt) != 0 {
		if err = sp.leaseDoubt(ctx, d); err != nil {
			sp.doubts(d.doubt, d.judged...)
		}
	}
	if len(d.names) == 0 {
		return err
	}
	paid := sp.announce(ctx, newWriterID(), sp.store.Tags(d.names), d.judged...)
	if paid != nil {
		sp.remember(d.names, d.judged...)
	}
	return errors.Join(err, paid)
}

// leaseDoubt leases what writes may still change that were sent without a
// lease. It runs out; by then they are decided.
func (sp *space) leaseDoubt(ctx context.Context, d debt) error {
	lease := sp.cache.config.Lease
	schema, err := sp.store.Begin(ctx, newWriterID(), sp.store.Tags(d.doubt), lease)
	if err != nil || judgedUnder(schema, d.judged) || everything(d.doubt) {
		return err
	}
	sp.outdated.Store(true)
	_, err = sp.store.Begin(ctx, newWriterID(), sp.store.Tags([]string{WildcardTag}), lease)
	return err
}

// judgedUnder reports whether every schema that something depends on is this
// one.
func judgedUnder(schema Schema, judged []Schema) bool {
	return !slices.ContainsFunc(judged, func(s Schema) bool { return s != "" && s != schema })
}

// announce ends a write in the store. Where that shows another schema than the
// names were judged under, nobody knows what was written: a trigger may have
// come in between, or a dimension. Then it was everything.
func (sp *space) announce(ctx context.Context, id WriterID, tags TagSet, judged ...Schema) error {
	defer sp.hold(tags)()
	schema, err := sp.store.End(ctx, id, tags)
	if err != nil {
		return err
	}
	if judgedUnder(schema, judged) || everything(tags.Names()) {
		return nil
	}
	sp.outdated.Store(true)
	all := sp.store.Tags([]string{WildcardTag})
	defer sp.hold(all)()
	_, err = sp.store.End(ctx, newWriterID(), all)
	return err
}

// everything reports whether a write to names concerns every result.
func everything(names []string) bool {
	return slices.Contains(names, WildcardTag) || slices.Contains(names, SchemaTag)
}

// named returns what a write to tables named by a person touches.
func (sp *space) named(tables []string) touched {
	var t touched
	k := sp.known()
	if k != nil {
		t.schema = k.schema
	}
	for _, table := range tables {
		t.names = append(t.names, sp.tagsOf(k, strings.ToLower(strings.TrimSpace(table)))...)
	}
	t.names = distinct(t.names)
	return t
}

// tagsOf returns every tag that a table name may stand for, with those of its
// rows. Without a catalog only the wildcard is certain to cover it.
func (sp *space) tagsOf(k *knowledge, table string) []string {
	if k == nil || k.catalog == nil {
		if sp.cache.hasCatalog.Load() {
			return []string{WildcardTag}
		}
		return []string{table[strings.LastIndexByte(table, '.')+1:]}
	}
	relations := []string{table}
	if !strings.Contains(table, ".") {
		relations = k.catalog.RelationNamed(table)
	}
	if len(relations) == 0 {
		return []string{WildcardTag}
	}
	return writeTags(k.catalog.WholeTables(relations), nil)
}

// current reports whether k is what a process with these rules has to know
// while the store shows schema.
func (sp *space) current(k *knowledge, schema Schema, rules *Rules) bool {
	return k != nil && k.schema == schema && k.rules == rules && !sp.promises.wantsMore(k.bounds, rules)
}

// load declares the rules' dimensions and reads the catalog through q, unless
// what is known is current; again forces it. Concurrent callers wait for the
// one that reads. What it returns may be of a later schema than the one asked
// for.
func (sp *space) load(ctx context.Context, d sqlparse.Dialect, q catalog.Querier, schema Schema, again bool) *knowledge {
	before, rules := sp.known(), sp.cache.rules.Load()
	if sp.current(before, schema, rules) && !again {
		return before
	}
	select {
	case <-sp.loading:
	case <-ctx.Done():
		return &knowledge{schema: schema, err: ctx.Err()}
	}
	defer func() { sp.loading <- struct{}{} }()
	if k := sp.known(); sp.current(k, schema, rules) && (!again || k != before) {
		return k
	}
	if err := sp.failedLately(); err != nil {
		return &knowledge{schema: schema, err: err}
	}
	k := sp.learn(ctx, d, q, rules, again)
	if k.err == nil {
		sp.catalog.Store(k)
		sp.cache.plans.forget(func(r *route) bool { return r.space == sp && r.known != k })
	}
	return k
}

// learn asks the store for the dimensions, and then the database for the
// catalog: the token that comes with the dimensions must be the older one.
func (sp *space) learn(ctx context.Context, d sqlparse.Dialect, q catalog.Querier, rules *Rules, again bool) *knowledge {
	k := &knowledge{rules: rules}
	sp.outdated.Store(false)
	sp.altered.Store(false)
	k.err = sp.cache.gate.call(ctx, func(ctx context.Context) error {
		found, err := sp.store.Declare(ctx, append(rules.dimensions(), sp.promises.wantedNames(rules)...))
		k.take(found)
		k.bounds = sp.newBounds(found)
		return err
	})
	if k.err != nil {
		sp.outdated.Store(true)
		return k
	}
	sp.promises.known.Store(k.bounds)
	if before := sp.catalog.Load(); before != nil && before.schema == k.schema && !again {
		k.catalog = before.catalog
		return k
	}
	if k.catalog, k.err = sp.readCatalog(ctx, d, q); k.err != nil {
		sp.outdated.Store(true)
	}
	return k
}

// readCatalog reads the catalog, and tells the operator what is wrong with it.
func (sp *space) readCatalog(ctx context.Context, d sqlparse.Dialect, q catalog.Querier) (*catalog.Catalog, error) {
	began := time.Now()
	k, err := catalog.Load(ctx, d, q)
	sp.mu.Lock()
	sp.loadTook = time.Since(began)
	sp.mu.Unlock()
	if err != nil {
		sp.noteFailure(ctx, err)
		return nil, err
	}
	for _, w := range k.Warnings() {
		sp.cache.config.Logger.Warn("cachedsql: catalog: " + w)
	}
	return k, nil
}

// failedLately returns the failure of a reading that is so recent that another
// would only delay a statement.
func (sp *space) failedLately() error {
	sp.mu.Lock()
	defer sp.mu.Unlock()
	if sp.failure != nil && time.Since(sp.failed) < reloadAtMost {
		return sp.failure
	}
	return nil
}

// noteFailure remembers a failure, and tells the operator once per cause. A
// caller that gave up says nothing of the catalog.
func (sp *space) noteFailure(ctx context.Context, err error) {
	if ctx.Err() != nil {
		return
	}
	sp.mu.Lock()
	known := sp.failure != nil && sp.failure.Error() == err.Error()
	sp.failed, sp.failure = time.Now(), err
	sp.mu.Unlock()
	if !known {
		sp.cache.note(fmt.Errorf("cachedsql: catalog not read, nothing is cached until it is: %w", err))
	}
}
