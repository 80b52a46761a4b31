package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/cachedsql/cachedsql"
)

// topRow is one query and what it did in the window.
type topRow struct {
	cachedsql.QueryStats
	perSecond float64       // calls
	busy      float64       // share of the time that the database was busy with it
	saved     time.Duration // of the database's time, per second, by answers from the cache
	database  time.Duration // mean time
	hit       time.Duration // mean time
	reason    string        // why most calls were not cached
}

// topColumn is a column of the list, in which 0 width means the rest of the line.
type topColumn struct {
	title string
	width int
	left  bool // aligned
	cell  func(*topRow) string
	order func(a, b *topRow) int // ascending
}

// defaultColumn is BUSY: what costs the database most is on top.
const defaultColumn = 2

var topColumns = []topColumn{
	{"CALLS/S", 9, false, func(r *topRow) string { return rate(r.perSecond) }, func(a, b *topRow) int { return cmp.Compare(a.perSecond, b.perSecond) }},
	{"HIT%", 6, false, func(r *topRow) string { return ratio(&r.QueryStats) }, func(a, b *topRow) int { return cmp.Compare(a.HitRatio(), b.HitRatio()) }},
	{"BUSY", 7, false, func(r *topRow) string { return fmt.Sprintf("%.1f%%", 100*r.busy) }, func(a, b *topRow) int { return cmp.Compare(a.busy, b.busy) }},
	{"SAVED/S", 9, false, func(r *topRow) string { return short(r.saved) }, func(a, b *topRow) int { return cmp.Compare(a.saved, b.saved) }},
	{"DATABASE", 9, false, func(r *topRow) string { return short(r.database) }, func(a, b *topRow) int { return cmp.Compare(a.database, b.database) }},
	{"HIT", 8, false, func(r *topRow) string { return short(r.hit) }, func(a, b *topRow) int { return cmp.Compare(a.hit, b.hit) }},
	{"RULE", 12, true, func(r *topRow) string { return orDash(r.Rule) }, func(a, b *topRow) int { return cmp.Compare(a.Rule, b.Rule) }},
	{"NOT CACHED", 16, true, func(r *topRow) string { return orDash(r.reason) }, func(a, b *topRow) int { return cmp.Compare(a.reason, b.reason) }},
	{"STATEMENT", 0, true, func(r *topRow) string { return r.label() }, func(a, b *topRow) int { return cmp.Compare(a.label(), b.label()) }},
}

func (r *topRow) label() string {
	if r.QueryID == cachedsql.OtherQueries {
		return "(all others)"
	}
	return cmp.Or(r.Name, oneLine(r.Statement, len(r.Statement)))
}

// rate writes a number per second in few characters.
func rate(n float64) string {
	switch {
	case n >= 10_000:
		return fmt.Sprintf("%.0fk", n/1000)
	case n >= 100:
		return fmt.Sprintf("%.0f", n)
	case n == 0:
		return "-"
	}
	return fmt.Sprintf("%.1f", n)
}

// short writes a duration in few characters.
func short(d time.Duration) string {
	switch {
	case d < 0:
		return "-" + short(-d)
	case d == 0:
		return "-"
	case d >= 10*time.Second:
		return d.Round(time.Second).String()
	case d >= 10*time.Millisecond:
		return d.Round(time.Millisecond).String()
	case d >= time.Millisecond:
		return d.Round(100 * time.Microsecond).String()
	}
	return d.Round(time.Microsecond).String()
}

// arrange makes the rows anew: those the filter lets through, sorted.
func (m *topModel) arrange() {
	chosen := ""
	if m.cursor < len(m.rows) {
		chosen = m.rows[m.cursor].QueryID
	}
	m.rows = m.rows[:0]
	totals := map[string]*cachedsql.QueryStats{}
	for i := range m.fleet().Queries {
		totals[m.fleet().Queries[i].QueryID] = &m.fleet().Queries[i]
	}
	for _, q := range m.window.queries() {
		row := topRow{QueryStats: q, reason: mainReason(totals[q.QueryID])}
		row.figure(m.window.span(), totals[q.QueryID])
		if row.passes(m.filter) {
			m.rows = append(m.rows, row)
		}
	}
	order := topColumns[m.column].order
	slices.SortStableFunc(m.rows, func(a, b topRow) int {
		if m.ascending {
			return order(&a, &b)
		}
		return order(&b, &a)
	})
	if i := slices.IndexFunc(m.rows, func(r topRow) bool { return r.QueryID == chosen }); i >= 0 {
		m.cursor = i // the cursor stays on its query, wherever that has moved
	}
	m.scroll()
}

// figure works out what is per second. Before there are two looks nothing is:
// the totals are of nobody knows how long.
func (r *topRow) figure(span time.Duration, total *cachedsql.QueryStats) {
	r.database, r.hit = r.DatabaseTime.Mean(), r.HitTime.Mean()
	if r.database == 0 {
		r.database = total.DatabaseTime.Mean() // asked too long ago
	}
	if span <= 0 {
		return
	}
	seconds := span.Seconds()
	r.perSecond = float64(r.Calls) / seconds
	r.busy = r.DatabaseTime.Sum.Seconds() / seconds
	r.saved = time.Duration(float64(r.Answered()) * float64(r.database-r.hit) / seconds)
}

// passes reports whether the filter's words all occur in what is shown.
func (r *topRow) passes(filter string) bool {
	text := strings.ToLower(strings.Join([]string{r.QueryID, r.Name, r.Statement, r.Rule, r.reason, strings.Join(r.Tables, " ")}, " "))
	for _, word := range strings.Fields(strings.ToLower(filter)) {
		if !strings.Contains(text, word) {
			return false
		}
	}
	return true
}
