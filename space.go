package cachedsql

import (
	"context"
	"fmt"
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
	name  string
	cache *Cache
	store Space
	none  TagSet // no table: wildcard and schema are checked all the same

	catalog atomic.Pointer[knowledge]
	loading chan struct{} // holds one token: the right to load

	mu       sync.Mutex
	debt     map[string]struct{}
	reloaded time.Time // when the catalog was last read for an unknown name
	failed   time.Time // when it could last not be read
	failure  error
}

// reloadAtMost is how often the catalog is read because a statement names what
// it does not know: another program may have created it, or it may not exist.
const reloadAtMost = time.Second

func (sp *space) mayReload() bool {
	sp.mu.Lock()
	defer sp.mu.Unlock()
	if time.Since(sp.reloaded) < reloadAtMost {
		return false
	}
	sp.reloaded = time.Now()
	return true
}

// knowledge is the catalog together with the schema token it was read under.
// It is stale as soon as the store shows another token.
type knowledge struct {
	catalog *catalog.Catalog
	schema  Schema
	err     error
}

func newSpace(c *Cache, name string) *space {
	sp := &space{name: name, cache: c, store: c.store.Space(name), loading: make(chan struct{}, 1), debt: map[string]struct{}{}}
	sp.none = sp.store.Tags(nil)
	sp.loading <- struct{}{}
	return sp
}

// owe remembers names to announce when the store can be reached.
func (sp *space) owe(names []string) {
	sp.mu.Lock()
	for _, n := range names {
		sp.debt[n] = struct{}{}
	}
	sp.mu.Unlock()
	sp.cache.gate.wake()
}

func (sp *space) takeDebt() []string {
	sp.mu.Lock()
	defer sp.mu.Unlock()
	names := make([]string, 0, len(sp.debt))
	for n := range sp.debt {
		names = append(names, n)
	}
	clear(sp.debt)
	return names
}

// tagsNamed returns the tags of tables named by a person.
func (sp *space) tagsNamed(tables []string) []string {
	var names []string
	for _, t := range tables {
		names = append(names, sp.tagsOf(strings.ToLower(strings.TrimSpace(t)))...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// tagsOf returns every tag that a table name may stand for, with those of its
// rows. Without a catalog only the wildcard is certain to cover it.
func (sp *space) tagsOf(table string) []string {
	k := sp.catalog.Load()
	if k == nil || k.catalog == nil {
		if sp.cache.hasCatalog() {
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

// hasCatalog reports whether connections of this Cache can have a catalog.
func (c *Cache) hasCatalog() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, k := range c.connectors {
		if k.hasCatalog() {
			return true
		}
	}
	return false
}

// load reads the catalog through q unless what is known was read under schema
// already; again forces it. Concurrent callers wait for the one that reads.
func (sp *space) load(ctx context.Context, d sqlparse.Dialect, q catalog.Querier, schema Schema, again bool) *knowledge {
	before := sp.catalog.Load()
	if before != nil && before.schema == schema && !again {
		return before
	}
	select {
	case <-sp.loading:
	case <-ctx.Done():
		return &knowledge{schema: schema, err: ctx.Err()}
	}
	defer func() { sp.loading <- struct{}{} }()
	if k := sp.catalog.Load(); k != nil && k.schema == schema && (!again || k != before) {
		return k
	}
	if err := sp.failedLately(); err != nil {
		return &knowledge{schema: schema, err: err}
	}
	cat, err := catalog.Load(ctx, d, q)
	k := &knowledge{catalog: cat, schema: schema, err: err}
	if err != nil {
		sp.noteFailure(ctx, err)
		return k
	}
	for _, w := range cat.Warnings() {
		sp.cache.config.Logger.Warn("cachedsql: catalog: " + w)
	}
	sp.catalog.Store(k)
	return k
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
