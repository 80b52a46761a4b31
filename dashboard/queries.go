package dashboard

import (
	"cmp"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/docs"
	"github.com/cachedsql/cachedsql/redisstore"
)

// listing is a table that can be sorted, filtered and paged by its address.
type listing struct {
	Page    string // the address
	Sort    string
	Up      bool
	Filter  string
	Rule    string
	Number  int // of the page, from 1
	Pages   int
	Total   int
	Columns []column
}

type column struct{ Key, Title, Help, Class string }

const (
	pageRows       = 50
	maxFilterBytes = 200
)

func newListing(r *http.Request, page string, columns []column) *listing {
	q := r.URL.Query()
	l := &listing{Page: page, Sort: columns[0].Key, Columns: columns, Filter: q.Get("q"), Rule: q.Get("rule"), Up: q.Get("dir") == "asc"}
	if len(l.Filter) > maxFilterBytes {
		l.Filter = ""
	}
	for _, c := range columns {
		if c.Key == q.Get("sort") {
			l.Sort = c.Key
		}
	}
	l.Number, _ = strconv.Atoi(q.Get("page")) // what is no number is the first
	return l
}

// bounds cuts the rows to those of the page asked for.
func (l *listing) bounds(total int) (from, to int) {
	l.Total, l.Pages = total, max((total+pageRows-1)/pageRows, 1)
	l.Number = min(max(l.Number, 1), l.Pages)
	from = (l.Number - 1) * pageRows
	return from, min(from+pageRows, total)
}

func (l *listing) address(change map[string]string) string {
	v := url.Values{}
	set := func(key, value, usual string) {
		if new, ok := change[key]; ok {
			value = new
		}
		if value != usual {
			v.Set(key, value)
		}
	}
	set("sort", l.Sort, l.Columns[0].Key)
	set("dir", map[bool]string{true: "asc"}[l.Up], "")
	set("q", l.Filter, "")
	set("rule", l.Rule, "")
	set("page", strconv.Itoa(l.Number), "1")
	if len(v) == 0 {
		return l.Page
	}
	return l.Page + "?" + v.Encode()
}

// SortBy is the address with another order: the other way round for the column
// that it is sorted by.
func (l *listing) SortBy(key string) string {
	dir := ""
	if key == l.Sort && !l.Up {
		dir = "asc"
	}
	return l.address(map[string]string{"sort": key, "dir": dir, "page": "1"})
}

// Turn is the address of another page.
func (l *listing) Turn(by int) string {
	return l.address(map[string]string{"page": strconv.Itoa(l.Number + by)})
}

// Aria is the column's order for those who do not see it.
func (l *listing) Aria(key string) string {
	switch {
	case key != l.Sort:
		return "none"
	case l.Up:
		return "ascending"
	}
	return "descending"
}

// order turns a comparison of "more first" round where that is wanted.
func (l *listing) order(n int) int {
	if l.Up {
		return -n
	}
	return n
}

var queryColumns = []column{
	{"load", "Load", "mean database time for every call: what the database would be busy with without a cache", "n"},
	{"calls", "Calls", "executions in any way", "n"},
	{"ratio", "Hit ratio", "share of lookups answered from the cache", "n"},
	{"saved", "Saved", "database time spared, less what the hits took", "n"},
	{"database", "Database", "mean time of the database", "n"},
	{"hit", "Hit", "mean time of a hit", "n"},
	{"rule", "Rule", "the rule that selects it, or why most executions are not cached", ""},
	{"statement", "Statement", "the normal form, without literals and arguments", ""},
}

var queryOrder = map[string]func(a, b *cachedsql.QueryStats) int{
	"load":      func(a, b *cachedsql.QueryStats) int { return cmp.Compare(b.Load(), a.Load()) },
	"calls":     func(a, b *cachedsql.QueryStats) int { return cmp.Compare(b.Calls, a.Calls) },
	"ratio":     func(a, b *cachedsql.QueryStats) int { return cmp.Compare(b.HitRatio(), a.HitRatio()) },
	"saved":     func(a, b *cachedsql.QueryStats) int { return cmp.Compare(b.Saved(), a.Saved()) },
	"database":  func(a, b *cachedsql.QueryStats) int { return cmp.Compare(b.DatabaseTime.Mean(), a.DatabaseTime.Mean()) },
	"hit":       func(a, b *cachedsql.QueryStats) int { return cmp.Compare(b.HitTime.Mean(), a.HitTime.Mean()) },
	"rule":      func(a, b *cachedsql.QueryStats) int { return strings.Compare(b.Rule, a.Rule) },
	"statement": func(a, b *cachedsql.QueryStats) int { return strings.Compare(b.Statement, a.Statement) },
}

type queriesBody struct {
	*listing
	Rows  []cachedsql.QueryStats
	Rules []string
}

func (d *Dashboard) queries(w http.ResponseWriter, r *http.Request) {
	d.fleet(w, r, "queries", "Queries", "queries", func(f *redisstore.Fleet) any {
		b := &queriesBody{listing: newListing(r, "queries", queryColumns), Rules: rulesOf(f)}
		for _, q := range f.Queries {
			if b.wanted(&q) {
				b.Rows = append(b.Rows, q)
			}
		}
		slices.SortStableFunc(b.Rows, func(x, y cachedsql.QueryStats) int { return b.order(queryOrder[b.Sort](&x, &y)) })
		from, to := b.bounds(len(b.Rows))
		b.Rows = b.Rows[from:to]
		return b
	})
}

// withoutRule is the word in an address for queries that no rule selects.
const withoutRule = "-"

func (b *queriesBody) wanted(q *cachedsql.QueryStats) bool {
	if b.Rule == withoutRule && q.Rule != "" || b.Rule != "" && b.Rule != withoutRule && q.Rule != b.Rule {
		return false
	}
	text := strings.ToLower(strings.Join([]string{q.QueryID, q.Name, q.Statement, q.Rule, strings.Join(q.Tables, " "), mainReason(q)}, " "))
	for word := range strings.FieldsSeq(strings.ToLower(b.Filter)) {
		if !strings.Contains(text, word) {
			return false
		}
	}
	return true
}

func rulesOf(f *redisstore.Fleet) []string {
	names := map[string]bool{}
	for n := range f.Queries {
		if rule := f.Queries[n].Rule; rule != "" {
			names[rule] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// Reason is why most executions of a query are not cached, if most are not.
func (b *queriesBody) Reason(q cachedsql.QueryStats) string {
	if q.Bypasses == 0 || 2*q.Bypasses < q.Calls {
		return ""
	}
	return mainReason(&q)
}

func mainReason(q *cachedsql.QueryStats) string {
	if all := reasonsOf(q.BypassesByReason, q.Bypasses); len(all) != 0 {
		return all[0].Word
	}
	return ""
}

// reasonCount is one reason with what the documentation says of it.
type reasonCount struct {
	Word  string
	Count int64
	Share float64
	docs.Reason
}

func reasonsOf(counts map[string]int64, of int64) []reasonCount {
	var all []reasonCount
	for word, n := range counts {
		all = append(all, reasonCount{word, n, float64(n) / float64(max(of, 1)), docs.ReasonOf(word)})
	}
	slices.SortFunc(all, func(a, b reasonCount) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), strings.Compare(a.Word, b.Word))
	})
	return all
}

type queryBody struct {
	cachedsql.QueryStats
	Times     *bars
	Bypassed  []reasonCount
	NotStored []reasonCount
	Quantiles []quantiles
}

type quantiles struct {
	Name          string
	Count         int64
	Mean          time.Duration
	P50, P90, P99 time.Duration
}

// IsWrite reports whether the query invalidates anything.
func (b *queryBody) IsWrite() bool { return len(b.Writes) != 0 || b.Invalidations != 0 }

// BytesPerFill is the mean size of a result stored.
func (b *queryBody) BytesPerFill() int64 { return b.Bytes / max(b.Fills, 1) }

// RowsPerFill is the mean number of rows of a result stored.
func (b *queryBody) RowsPerFill() float64 { return float64(b.Rows) / float64(max(b.Fills, 1)) }

func (d *Dashboard) query(w http.ResponseWriter, r *http.Request) {
	id := r.URL.Query().Get("id")
	d.fleet(w, r, "queries", "Query "+shortened(id, 20), "query", func(f *redisstore.Fleet) any {
		i := slices.IndexFunc(f.Queries, func(q cachedsql.QueryStats) bool { return q.QueryID == id })
		if i < 0 {
			return nil
		}
		q := f.Queries[i]
		return &queryBody{
			QueryStats: q,
			Times: &bars{Title: "How long answers took", of: []barSeries{
				{"hit", "hit", q.HitTime}, {"database", "miss", q.DatabaseTime},
			}},
			Bypassed: reasonsOf(q.BypassesByReason, q.Bypasses), NotStored: reasonsOf(q.NotFilledByReason, q.NotFilled),
			Quantiles: []quantiles{quantilesOf("hit", q.HitTime), quantilesOf("database", q.DatabaseTime)},
		}
	})
}

func quantilesOf(name string, h cachedsql.Histogram) quantiles {
	return quantiles{name, h.Count, h.Mean(), h.Quantile(0.5), h.Quantile(0.9), h.Quantile(0.99)}
}
