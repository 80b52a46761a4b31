package cachedsql

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// OtherTables is the Table of the counts of all tables that have none of their
// own, because there are too many.
const OtherTables = "(other)"

// TableStats are how often writes to a table were announced, since the Cache
// was made. They hold no values.
type TableStats struct {
	// Table is the name in full, as far as the catalog tells; WildcardTag for
	// what concerns every table, or OtherTables.
	Table string `json:"table"`
	// Invalidations is how often writes to the table were announced. A
	// transaction announces a table once, however often it wrote to it.
	Invalidations int64 `json:"invalidations"`
	// ByKey are those that named rows by a dimension: results of reads that are
	// fixed on other rows outlived them.
	ByKey int64 `json:"by_key"`
	// LastInvalidated is the second of the last one.
	LastInvalidated time.Time `json:"last_invalidated"`
}

// Merge adds the counts of another process for the same table.
func (t *TableStats) Merge(other *TableStats) {
	t.Invalidations += other.Invalidations
	t.ByKey += other.ByKey
	if other.LastInvalidated.After(t.LastInvalidated) {
		t.LastInvalidated = other.LastInvalidated
	}
}

// MergeTables adds up the counts of several processes, the tables that are
// announced most first. At most limit tables keep counts of their own, 0 for
// all; the rest is added up at the end, under OtherTables.
func MergeTables(limit int, lists ...[]TableStats) []TableStats {
	byName := map[string]*TableStats{}
	rest := TableStats{Table: OtherTables}
	for _, t := range slices.Concat(lists...) {
		switch sum := byName[t.Table]; {
		case t.Table == OtherTables:
			rest.Merge(&t)
		case sum != nil:
			sum.Merge(&t)
		default:
			byName[t.Table] = &t
		}
	}
	all := make([]TableStats, 0, len(byName)+1)
	for _, t := range byName {
		all = append(all, *t)
	}
	slices.SortFunc(all, func(a, b TableStats) int {
		return cmp.Or(cmp.Compare(b.Invalidations, a.Invalidations), strings.Compare(a.Table, b.Table))
	})
	if limit > 0 && len(all) > limit {
		for i := range all[limit:] {
			rest.Merge(&all[limit+i])
		}
		all = all[:limit]
	}
	if rest.Invalidations != 0 {
		all = append(all, rest)
	}
	return all
}

// maxTables bounds the tables with counts of their own.
const maxTables = 2000

// tables holds the counts of a Cache. They are added to on the path of a write,
// beside its round trip to the store.
type tables struct {
	counts sync.Map // of *tableCounts by table
	size   atomic.Int64
}

type tableCounts struct{ invalidations, byKey, last atomic.Int64 }

// announced counts a write by the tags announced for it. They are sorted.
func (t *tables) announced(tags []string, now time.Time) {
	keyed := ""
	for _, tag := range tags {
		table, value := splitTag(tag)
		switch {
		case tag == SchemaTag:
		case value == "":
			c := t.of(table)
			c.invalidations.Add(1)
			c.last.Store(now.Unix())
		case value != "*" && table != keyed:
			keyed = table
			t.of(table).byKey.Add(1)
		}
	}
}

// splitTag returns the table of a tag and, for one of a dimension, the bucket
// or "*".
func splitTag(tag string) (table, value string) {
	last := strings.LastIndexByte(tag, '/')
	if last < 0 {
		return tag, ""
	}
	column := strings.LastIndexByte(tag[:last], '/')
	if column < 0 {
		return tag, ""
	}
	return tag[:column], tag[last+1:]
}

func (t *tables) of(table string) *tableCounts {
	if c, ok := t.counts.Load(table); ok {
		return c.(*tableCounts)
	}
	if t.size.Load() >= maxTables {
		table = OtherTables
	}
	c, there := t.counts.LoadOrStore(table, &tableCounts{})
	if !there {
		t.size.Add(1)
	}
	return c.(*tableCounts)
}

// each returns the counts one by one.
func (t *tables) each() []TableStats {
	var all []TableStats
	t.counts.Range(func(table, counts any) bool {
		c := counts.(*tableCounts)
		s := TableStats{Table: table.(string), Invalidations: c.invalidations.Load(), ByKey: c.byKey.Load()}
		if last := c.last.Load(); last != 0 {
			s.LastInvalidated = time.Unix(last, 0)
		}
		all = append(all, s)
		return true
	})
	return all
}

// Tables returns how often writes to each table were announced so far. Which
// statements read and write it is in Queries. The number is bounded; what is
// over it is added up at the end as OtherTables.
func (c *Cache) Tables() []TableStats { return MergeTables(0, c.tables.each()) }
