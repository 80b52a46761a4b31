package cachedsql

import (
	"database/sql/driver"
	"hash/fnv"
	"slices"
	"strconv"
	"sync"

	"github.com/cachedsql/cachedsql/internal/catalog"
	"github.com/cachedsql/cachedsql/internal/sqlparse"
)

// Tags name what a result depends on. A table has one of its own, and for each
// of its dimensions (primary key, unique keys, declared columns) one for all
// values and one for each of a fixed number of buckets that values are hashed
// into:
//
//	public.orders                 any row
//	public.orders/id/*            rows whose id is not known
//	public.orders/id/2c1          rows whose id falls into bucket 0x2c1
//
// catalog.Pattern says which of them a read depends on and a write changes.

// buckets bounds the tags of a dimension. A collision invalidates too much,
// nothing else.
const buckets = 16384

func rowTag(p catalog.Pattern, value string) string {
	h := fnv.New64a()
	_, _ = h.Write([]byte(value))
	return p.Table + "/" + p.Column + "/" + strconv.FormatUint(h.Sum64()%buckets, 16)
}

func anyRowTag(p catalog.Pattern) string { return p.Table + "/" + p.Column + "/*" }

// values returns the pattern's values in canonical form; ok is false where one
// of them has none.
func values(p catalog.Pattern, args arguments) (canonical []string, ok bool) {
	for _, v := range p.Values {
		c, ok := p.Type.Value(v, args.of)
		if !ok {
			return nil, false
		}
		canonical = append(canonical, c)
	}
	return canonical, len(canonical) != 0
}

// arguments are those of a call. A driver binds named ones by name, wherever
// they stand; what it binds to parameters without a name then is its own affair.
type arguments struct {
	all   []driver.NamedValue
	named bool
}

func argumentsOf(all []driver.NamedValue) arguments {
	return arguments{all, slices.ContainsFunc(all, func(a driver.NamedValue) bool { return a.Name != "" })}
}

// of returns what a parameter is bound to, nil where that is not certain.
func (a arguments) of(param sqlparse.Operand) any {
	switch {
	case a.named:
		return argumentNamed(param.Name, a.all)
	case param.Param < 1 || param.Param > len(a.all):
		return nil
	}
	return a.all[param.Param-1].Value
}

func argumentNamed(name string, args []driver.NamedValue) (value any) {
	found := 0
	for i := range args {
		if args[i].Name != "" && args[i].Name == name {
			value = args[i].Value
			found++
		}
	}
	if found != 1 {
		return nil
	}
	return value
}

// readTags returns the tags a read depends on.
func readTags(patterns []catalog.Pattern, args []driver.NamedValue) []string {
	tags, bound := make([]string, 0, 2*len(patterns)), argumentsOf(args)
	for _, p := range patterns {
		vs, ok := values(p, bound)
		if p.Column == "" || !ok {
			tags = append(tags, p.Table)
			continue
		}
		tags = append(tags, anyRowTag(p))
		for _, v := range vs {
			tags = append(tags, rowTag(p, v))
		}
	}
	return distinct(tags)
}

// writeTags returns the tags a write changes.
func writeTags(patterns []catalog.Pattern, args []driver.NamedValue) []string {
	tags, bound := make([]string, 0, 2*len(patterns)), argumentsOf(args)
	for _, p := range patterns {
		if p.Column == "" {
			tags = append(tags, p.Table)
			continue
		}
		vs, ok := values(p, bound)
		if !ok {
			tags = append(tags, anyRowTag(p))
		}
		for _, v := range vs {
			tags = append(tags, rowTag(p, v))
		}
	}
	return distinct(tags)
}

func distinct(tags []string) []string {
	slices.Sort(tags)
	return slices.Compact(tags)
}

// dynamic reports whether any tag depends on an argument.
func dynamic(patterns []catalog.Pattern) bool {
	return slices.ContainsFunc(patterns, func(p catalog.Pattern) bool {
		return slices.ContainsFunc(p.Values, func(v sqlparse.Operand) bool { return v.Param != 0 })
	})
}

// fixedWriteTags returns the tags of a write where they do not depend on its
// arguments.
func fixedWriteTags(e *catalog.Effects) (tags []string, dependOnArgs bool) {
	switch {
	case e.WritesAll:
		return []string{WildcardTag, SchemaTag}, false
	case len(e.Unknown) != 0 && len(e.Writes) != 0:
		return append(writeTags(e.Writes, nil), WildcardTag), false
	case dynamic(e.Writes):
		return nil, true
	}
	return writeTags(e.Writes, nil), false
}

// writeTags returns the tags to lease for the write with these arguments.
func (r *route) writeTags(args []driver.NamedValue) []string {
	if r.dynamicWrites {
		return writeTags(r.effects.Writes, args)
	}
	return r.writes
}

// readTags returns the tags to check for the read with these arguments, and
// whether there are at most limit of them. key names the arguments among
// others: equal keys have equal tags.
func (r *route) readTags(key Key, args []driver.NamedValue, limit int) (tagsRead, bool) {
	if r.reads.set != nil {
		return r.reads, r.readCount <= limit
	}
	if tags, ok := r.tagSets.get(key); ok {
		return tags, true
	}
	names := readTags(r.effects.Reads, args)
	tags := r.newTags(names)
	if len(names) > limit {
		return tags, false
	}
	r.tagSets.put(key, tags)
	return tags, true
}

// tagsRead are the tags of a lookup. The set has a name, since one that is
// embedded would make tagsRead pass for a TagSet that no Space knows.
type tagsRead struct {
	set   TagSet
	lease *nearLease // nil: hits ask the store
}

func (r *route) newTags(names []string) tagsRead {
	t := tagsRead{set: r.backend.space.store.Tags(names)}
	if r.lease != 0 {
		t.lease = &nearLease{}
	}
	return t
}

// tagSets remembers the tags of the keys that a route was asked for last:
// preparing a set costs more than the rest of a lookup. Like planMemo it keeps
// two generations.
type tagSets struct {
	mu         sync.RWMutex
	young, old map[Key]tagsRead
}

const maxTagSets = 2048

func (m *tagSets) get(key Key) (tagsRead, bool) {
	m.mu.RLock()
	tags, ok := m.young[key]
	if ok {
		m.mu.RUnlock()
		return tags, true
	}
	tags, ok = m.old[key]
	m.mu.RUnlock()
	if ok {
		m.put(key, tags)
	}
	return tags, ok
}

func (m *tagSets) put(key Key, tags tagsRead) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.young == nil || len(m.young) >= maxTagSets {
		m.old, m.young = m.young, map[Key]tagsRead{}
	}
	m.young[key] = tags
}
