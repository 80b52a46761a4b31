package metrics

import (
	"maps"
	"slices"

	"github.com/cachedsql/cachedsql"
)

// family is one metric with all its series, before it takes the shape of one
// of the systems it is exported to.
type family struct {
	name   string // without "cachedsql_" or "cachedsql."; words are separated by "_"
	help   string
	unit   string // as OpenTelemetry writes it
	kind   kind
	labels []string // names
	series []series
}

type kind int

const (
	counter kind = iota
	gauge
	histogram
)

type series struct {
	values    []string // of the labels
	number    float64
	durations cachedsql.Histogram
}

// families returns all metrics. The names and labels are always the same, also
// where there is nothing to count yet.
func families(stats cachedsql.Stats, byRule map[string]cachedsql.QueryStats, rulesVersion string, rulesRefused bool) []family {
	all := rates(byRule)
	all = append(all,
		times("database_duration", "How long the database took to answer with the first row or the result of a write.", byRule,
			func(q *cachedsql.QueryStats) cachedsql.Histogram { return q.DatabaseTime }),
		times("hit_duration", "How long answers from the cache took.", byRule,
			func(q *cachedsql.QueryStats) cachedsql.Histogram { return q.HitTime }),
		reasons("bypasses", "Statements sent to the database and not to be stored.", stats.BypassesByReason),
		reasons("inconclusive", "Comparisons with the database's answer that say nothing.", stats.InconclusiveByReason),
		reasons("not_filled", "Misses whose result was not stored.", stats.NotFilledByReason),
		total("invalidations", "Writes whose tables were announced.", stats.Invalidations),
		total("corrupt_entries", "Stored entries that could not be used.", stats.Corrupt),
		total("unauthentic_entries", "Stored entries that were refused because no key has sealed them for their place.", stats.Unauthentic),
		total("store_failures", "Failed calls to the store.", stats.StoreFailures),
		total("notes", "Messages to the operator.", stats.Notes),
		total("dropped_events", "Events for operators' tools that were not told.", stats.DroppedEvents),
		total("parsed_texts", "Statement texts analysed.", stats.ParsedTexts),
		yesNo("store_up", "1 while the store is in use, 0 after it was unreachable.", !stats.StoreDown),
		breaker(stats),
		yesNo("rules_refused", "1 while the current version of the rule set cannot be used.", rulesRefused),
		family{
			name: "rules_info", help: "The rules in force, by the version of its content.", unit: "1", kind: gauge,
			labels: []string{"version"}, series: []series{{values: []string{rulesVersion}, number: 1}},
		})
	return all
}

// rates returns what is counted for each rule.
func rates(byRule map[string]cachedsql.QueryStats) []family {
	calls := family{name: "calls", help: "Executions of statements.", unit: "{call}", labels: []string{"rule", "outcome"}}
	fills := byRuleCounter("fills", "Results stored.", "{result}")
	outdated := byRuleCounter("outdated", "Stored results found that a write had made unusable.", "{result}")
	rows := byRuleCounter("stored_rows", "Rows of the results stored.", "{row}")
	different := byRuleCounter("different", "Comparisons with the database's answer that found the cache wrong.", "{result}")
	bytes := byRuleCounter("stored_bytes", "Size of the results stored.", "By")
	for _, rule := range slices.Sorted(maps.Keys(byRule)) {
		q := byRule[rule]
		for _, o := range []struct {
			word string
			n    int64
		}{
			{"hit", q.Hits},
			{"near_hit", q.NearHits},
			{"stale_hit", q.StaleHits},
			{"coalesced", q.Coalesced},
			{"miss", q.Misses},
			{"checked", q.Checked},
			{"bypass", q.Bypasses},
			{"exec", q.Calls - q.Hits - q.NearHits - q.StaleHits - q.Coalesced - q.Misses - q.Checked - q.Bypasses},
		} {
			calls.series = append(calls.series, series{values: []string{rule, o.word}, number: float64(o.n)})
		}
		fills.add(rule, q.Fills)
		outdated.add(rule, q.Outdated)
		different.add(rule, q.Different)
		rows.add(rule, q.Rows)
		bytes.add(rule, q.Bytes)
	}
	return []family{calls, fills, outdated, different, rows, bytes}
}

func byRuleCounter(name, help, unit string) family {
	return family{name: name, help: help, unit: unit, labels: []string{"rule"}}
}

func (f *family) add(rule string, n int64) {
	f.series = append(f.series, series{values: []string{rule}, number: float64(n)})
}

func times(name, help string, byRule map[string]cachedsql.QueryStats, of func(*cachedsql.QueryStats) cachedsql.Histogram) family {
	f := family{name: name, help: help, unit: "s", kind: histogram, labels: []string{"rule"}}
	for _, rule := range slices.Sorted(maps.Keys(byRule)) {
		q := byRule[rule]
		f.series = append(f.series, series{values: []string{rule}, durations: of(&q)})
	}
	return f
}

func reasons(name, help string, counts map[string]int64) family {
	f := family{name: name, help: help, unit: "{call}", labels: []string{"reason"}}
	for _, reason := range slices.Sorted(maps.Keys(counts)) {
		f.series = append(f.series, series{values: []string{reason}, number: float64(counts[reason])})
	}
	return f
}

func total(name, help string, n int64) family {
	return family{name: name, help: help, unit: "{event}", series: []series{{number: float64(n)}}}
}

func yesNo(name, help string, yes bool) family {
	f := family{name: name, help: help, unit: "1", kind: gauge, series: []series{{}}}
	if yes {
		f.series[0].number = 1
	}
	return f
}

// breaker has a series for each state, so that each is there before it occurs.
func breaker(stats cachedsql.Stats) family {
	f := family{name: "breaker_state", help: "1 for the state that the use of the store is in: closed is in use, open is not, fenced is again but serves no hit yet.", unit: "1", kind: gauge, labels: []string{"state"}}
	for _, state := range []struct {
		word string
		is   bool
	}{{"closed", !stats.StoreDown && !stats.Fenced}, {"fenced", stats.Fenced}, {"open", stats.StoreDown}} {
		s := series{values: []string{state.word}}
		if state.is {
			s.number = 1
		}
		f.series = append(f.series, s)
	}
	return f
}

func familiesOf(c *cachedsql.Cache) []family {
	live, _ := c.LiveRules()
	return slices.Concat(families(c.Stats(), c.QueriesByRule(), c.Rules().Version(), live.Refused != ""), tableFamilies(c.Tables()), nearFamilies(c.NearSize()))
}
