package cachedsql

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
)

// space is what this process knows of one namespace: its keyspace in the
// store, the servers that go by its name, and the writes that could not be
// announced.
type space struct {
	name   string
	cache  *Cache
	store  Space
	sealer *sealer // nil: entries are stored as they are
	none   TagSet  // no table: wildcard and schema are checked all the same

	registrar *registrar // nil: writes do not rely on a registration

	followings followings
	promises   promises

	mu       sync.Mutex
	debt     map[string]struct{}
	doubt    map[string]struct{} // names of writes whose outcome nobody knows
	judged   map[Schema]struct{} // what the names in debt and doubt were judged under
	runs     map[string]struct{} // of the server, that connections have met
	backends []*backend          // the one met last comes last
}

func newSpace(c *Cache, name string) *space {
	sp := &space{
		name: name, cache: c, store: c.store.Space(name),
		debt: map[string]struct{}{}, doubt: map[string]struct{}{}, judged: map[Schema]struct{}{}, runs: map[string]struct{}{},
	}
	sp.none = sp.store.Tags(nil)
	sp.sealer = newSealer(c, name)
	sp.registrar = newRegistrar(sp)
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
	sp.outdate()
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
	sp.outdate()
	all := sp.store.Tags([]string{WildcardTag})
	defer sp.hold(all)()
	_, err = sp.store.End(ctx, newWriterID(), all)
	return err
}

// everything reports whether a write to names concerns every result.
func everything(names []string) bool {
	return slices.Contains(names, WildcardTag) || slices.Contains(names, SchemaTag)
}

// named returns what a write to tables named by a person touches, on whichever
// server of the namespace.
func (sp *space) named(tables []string) touched {
	var t touched
	for i, k := range sp.judges() {
		if i == 0 && k != nil {
			t.schema = k.schema
		}
		for _, table := range tables {
			t.names = append(t.names, sp.tagsOf(k, strings.ToLower(strings.TrimSpace(table)))...)
		}
	}
	t.names = distinct(t.names)
	return t
}

// judges returns by what a table is to be judged that a person names, first of
// all what is known of the server met last. Nil stands for one of which nothing
// is known, or not what it is under the present schema.
func (sp *space) judges() (all []*knowledge) {
	var last *knowledge
	for i, b := range sp.met() {
		k := b.known()
		switch {
		case i == 0:
			last = k
		case k != nil && last != nil && k.schema == last.schema:
		case b.inUse():
			k = nil
		case k == nil:
			continue
		}
		all = append(all, k)
	}
	if len(all) == 0 {
		all = append(all, nil)
	}
	return all
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
