package redisstore

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/cachedsql/cachedsql"
)

// Table is what a fleet does with a table.
type Table struct {
	cachedsql.TableStats
	// Readers are the queries that read it and Writers those that invalidate
	// it, those first that do it most. Announcements that no query made, such
	// as those of Cache.Invalidate, are only in Invalidations.
	Readers []TableUse `json:"readers"`
	Writers []TableUse `json:"writers"`
}

// TableUse is what one query does with a table.
type TableUse struct {
	// QueryID names the query, see QueryStats.
	QueryID string `json:"query_id"`
	// Calls is how often it was executed, Cached how often it was answered from
	// the cache.
	Calls  int64 `json:"calls"`
	Cached int64 `json:"cached"`
	// Outdated is how often it found a result that a write had made unusable.
	Outdated int64 `json:"outdated"`
	// Invalidations is how often it touched tables that were announced for it.
	Invalidations int64 `json:"invalidations"`
}

// Reads adds up what all readers do.
func (t *Table) Reads() (all TableUse) {
	for _, u := range t.Readers {
		all.Calls += u.Calls
		all.Cached += u.Cached
		all.Outdated += u.Outdated
	}
	return all
}

// Tables returns the tables that are read or written.
func (i *Inspector) Tables(ctx context.Context) ([]Table, error) {
	f, err := i.Fleet(ctx)
	if err != nil {
		return nil, err
	}
	return f.Tables, nil
}

// tablesOf puts together what is known of each table.
func tablesOf(stats []cachedsql.TableStats, queries []cachedsql.QueryStats) []Table {
	tables := make([]Table, 0, len(stats))
	byName := map[string]*Table{}
	of := func(name string) *Table {
		t := byName[name]
		if t == nil {
			t = &Table{TableStats: cachedsql.TableStats{Table: name}}
			byName[name] = t
		}
		return t
	}
	for _, s := range stats {
		of(s.Table).TableStats = s
	}
	for n := range queries {
		q := &queries[n]
		use := TableUse{
			QueryID: q.QueryID, Calls: q.Calls, Cached: q.Answered(),
			Outdated: q.Outdated, Invalidations: q.Invalidations,
		}
		for _, name := range q.Tables {
			t := of(name)
			if slices.Contains(q.Writes, name) {
				t.Writers = append(t.Writers, use)
			} else {
				t.Readers = append(t.Readers, use)
			}
		}
	}
	for _, t := range byName {
		slices.SortStableFunc(t.Readers, func(a, b TableUse) int { return cmp.Compare(b.Calls, a.Calls) })
		slices.SortStableFunc(t.Writers, func(a, b TableUse) int { return cmp.Compare(b.Invalidations, a.Invalidations) })
		tables = append(tables, *t)
	}
	slices.SortFunc(tables, func(a, b Table) int {
		return cmp.Or(cmp.Compare(b.Invalidations, a.Invalidations), strings.Compare(a.Table, b.Table))
	})
	return tables
}
