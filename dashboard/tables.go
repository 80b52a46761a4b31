package dashboard

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/redisstore"
)

var tableColumns = []column{
	{"invalidations", "Invalidations", "how often writes to the table were announced", "n"},
	{"bykey", "By key", "announcements that named rows by a key, so that results for other rows stayed", "n"},
	{"last", "Last", "when the last write was announced", "n"},
	{"writers", "Writers", "queries that write it", "n"},
	{"readers", "Readers", "queries that read it", "n"},
	{"reads", "Reads", "executions of the queries that read it", "n"},
	{"cached", "Cached", "share of the reads that were answered from the cache", "n"},
	{"table", "Table", "name in the database; * stands for every table", ""},
}

var tableOrder = map[string]func(a, b *redisstore.Table) int{
	"invalidations": func(a, b *redisstore.Table) int { return cmp.Compare(b.Invalidations, a.Invalidations) },
	"bykey":         func(a, b *redisstore.Table) int { return cmp.Compare(b.ByKey, a.ByKey) },
	"last":          func(a, b *redisstore.Table) int { return b.LastInvalidated.Compare(a.LastInvalidated) },
	"writers":       func(a, b *redisstore.Table) int { return cmp.Compare(len(b.Writers), len(a.Writers)) },
	"readers":       func(a, b *redisstore.Table) int { return cmp.Compare(len(b.Readers), len(a.Readers)) },
	"reads":         func(a, b *redisstore.Table) int { return cmp.Compare(b.Reads().Calls, a.Reads().Calls) },
	"cached":        func(a, b *redisstore.Table) int { return cmp.Compare(cachedShare(b), cachedShare(a)) },
	"table":         func(a, b *redisstore.Table) int { return strings.Compare(b.Table, a.Table) },
}

func cachedShare(t *redisstore.Table) float64 {
	r := t.Reads()
	return float64(r.Cached) / float64(max(r.Calls, 1))
}

type tablesBody struct {
	*listing
	Rows []redisstore.Table
}

// Cached is the share of the reads answered from the cache.
func (b *tablesBody) Cached(t redisstore.Table) float64 { return cachedShare(&t) }

func (d *Dashboard) tables(w http.ResponseWriter, r *http.Request) {
	d.fleet(w, r, "tables", "Tables", "tables", func(f *redisstore.Fleet) any {
		b := &tablesBody{listing: newListing(r, "tables", tableColumns)}
		for _, t := range f.Tables {
			if strings.Contains(strings.ToLower(t.Table), strings.ToLower(b.Filter)) {
				b.Rows = append(b.Rows, t)
			}
		}
		slices.SortStableFunc(b.Rows, func(x, y redisstore.Table) int { return b.order(tableOrder[b.Sort](&x, &y)) })
		from, to := b.bounds(len(b.Rows))
		b.Rows = b.Rows[from:to]
		return b
	})
}

type tableBody struct {
	redisstore.Table
	Cached  float64
	Readers []tableUse
	Writers []tableUse
	// PerHour is how often it was invalidated since the first process started.
	PerHour float64
}

// tableUse is what a query does with a table, and what it is.
type tableUse struct {
	redisstore.TableUse
	Statement, Name, Rule string
}

const shownUses = 100

func (d *Dashboard) table(w http.ResponseWriter, r *http.Request) {
	name := r.URL.Query().Get("name")
	d.fleet(w, r, "tables", "Table "+shortened(name, 60), "table", func(f *redisstore.Fleet) any {
		i := slices.IndexFunc(f.Tables, func(t redisstore.Table) bool { return t.Table == name })
		if i < 0 {
			return nil
		}
		queries := map[string]*cachedsql.QueryStats{}
		for n := range f.Queries {
			queries[f.Queries[n].QueryID] = &f.Queries[n]
		}
		t := f.Tables[i]
		started := time.Now()
		for _, in := range f.Instances {
			if in.Started.Before(started) {
				started = in.Started
			}
		}
		return &tableBody{
			Table: t, Cached: cachedShare(&t), Readers: usesOf(t.Readers, queries), Writers: usesOf(t.Writers, queries),
			PerHour: float64(t.Invalidations) / max(time.Since(started).Hours(), 1.0/60),
		}
	})
}

func usesOf(uses []redisstore.TableUse, queries map[string]*cachedsql.QueryStats) []tableUse {
	var all []tableUse
	for _, u := range uses[:min(len(uses), shownUses)] {
		if q := queries[u.QueryID]; q != nil {
			all = append(all, tableUse{u, q.Statement, q.Name, q.Rule})
		}
	}
	return all
}

type instancesBody struct {
	Rows     []redisstore.Instance
	Total    int
	Versions map[string]int
}

const shownInstances = 500

func (d *Dashboard) instances(w http.ResponseWriter, r *http.Request) {
	d.fleet(w, r, "instances", "Instances", "instances", func(f *redisstore.Fleet) any {
		b := &instancesBody{Rows: f.Instances[:min(len(f.Instances), shownInstances)], Total: len(f.Instances), Versions: map[string]int{}}
		for _, in := range f.Instances {
			b.Versions[in.RulesVersion]++
		}
		return b
	})
}
