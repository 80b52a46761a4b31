package cachedsql

import (
	"cmp"
	"slices"
	"time"
)

// OtherQueries is the QueryID of the figures of all queries that have none of
// their own, because there are too many.
const OtherQueries = "other"

// QueryStats are the figures of all statements with one query ID, since the
// Cache was made. They hold no literals and no arguments.
type QueryStats struct {
	// QueryID names the normal form, 16 hex digits, or is OtherQueries.
	QueryID string `json:"query_id"`
	// Name is the name that the text carries in a comment, if any.
	Name string `json:"name,omitempty"`
	// Statement is the normal form: literals and arguments replaced.
	Statement string `json:"statement,omitempty"`
	// Tables are the tables read or written, as far as they are known.
	Tables []string `json:"tables,omitempty"`
	// Writes are those of Tables that it writes, also by a cascade or a trigger.
	Writes []string `json:"writes,omitempty"`
	// Named are the tables it reads by the names that conditions of rules look
	// at: those of views, for example.
	Named []string `json:"named,omitempty"`
	// Rule is the rule that selects it, "" if none does.
	Rule string `json:"rule,omitempty"`

	// Calls is how often it was executed in any way.
	Calls int64 `json:"calls"`
	// PerHour is how often that was in an hour on average, where a process has
	// reported it.
	PerHour float64 `json:"per_hour,omitempty"`
	// Hits were answered from the store, NearHits from this process's memory.
	Hits     int64 `json:"hits"`
	NearHits int64 `json:"near_hits"`
	// StaleHits were answered from the store after the result's TTL had ended.
	StaleHits int64 `json:"stale_hits"`
	// Coalesced were answered with what another execution in this process had
	// just asked from the database.
	Coalesced int64 `json:"coalesced"`
	// Misses were asked from the database in order to be stored.
	Misses int64 `json:"misses"`
	// Checked were asked from the database although there was a hit, to compare
	// the answers. Different are those where the cache would have been wrong,
	// Inconclusive those of which nothing can be said.
	Checked      int64 `json:"checked,omitempty"`
	Different    int64 `json:"different,omitempty"`
	Inconclusive int64 `json:"inconclusive,omitempty"`
	// Concurrent are those of Inconclusive where the answers differed because of a
	// write in between.
	Concurrent int64 `json:"concurrent,omitempty"`
	// Bypasses were asked from the database and not to be stored, for the
	// reasons in BypassesByReason.
	Bypasses         int64            `json:"bypasses"`
	BypassesByReason map[string]int64 `json:"bypasses_by_reason,omitempty"`
	// Fills are results stored, NotFilled those of misses that were not.
	Fills             int64            `json:"fills"`
	NotFilled         int64            `json:"not_filled"`
	NotFilledByReason map[string]int64 `json:"not_filled_by_reason,omitempty"`
	// Outdated is how often a stored result was found that a write had made
	// unusable; such a lookup is a miss.
	Outdated int64 `json:"outdated"`
	// Invalidations is how often the statement, a write, touched tables that
	// were announced for it.
	Invalidations int64 `json:"invalidations"`
	// Rows and Bytes are the size of the results stored, all together.
	Rows  int64 `json:"rows"`
	Bytes int64 `json:"bytes"`

	// DatabaseTime is how long the database took to answer with the first row
	// or with the result of a write.
	DatabaseTime Histogram `json:"database_time"`
	// HitTime is how long hits took, from the lookup to the decoded result.
	HitTime Histogram `json:"hit_time"`
	// Ghost is what a cache would have done while no rule selected it.
	Ghost GhostStats `json:"ghost,omitzero"`
	// LastSeen is the second of the last execution.
	LastSeen time.Time `json:"last_seen"`
}

// Answered is how many executions were answered from the cache, in any way.
func (q *QueryStats) Answered() int64 { return q.Hits + q.NearHits + q.StaleHits + q.Coalesced }

// HitRatio is the share of lookups answered from the cache, 0 to 1. Executions
// that were not looked up do not count.
func (q *QueryStats) HitRatio() float64 {
	hits := q.Answered()
	if hits+q.Misses == 0 {
		return 0
	}
	return float64(hits) / float64(hits+q.Misses)
}

// Load is what the database would be busy with if there were no cache: the
// mean of its answers for every call. Queries are ranked by it, since the time
// spent in fact would put those last that the cache serves best.
func (q *QueryStats) Load() time.Duration {
	return time.Duration(float64(q.DatabaseTime.Mean()) * float64(q.Calls))
}

// Saved is what the database was spared: the mean of its answers for every
// hit, less what the hits took. It is negative where the database is faster
// than the cache.
func (q *QueryStats) Saved() time.Duration {
	return time.Duration(float64(q.DatabaseTime.Mean())*float64(q.Answered())) - q.HitTime.Sum
}

// Merge adds the figures of another process for the same query. What describes
// the query is taken from the one that has executed it last, but for the tables:
// processes that use several schemas, or that know different things of the
// database, each have theirs. There may be some hundred of them at most.
func (q *QueryStats) Merge(other *QueryStats) {
	tables, writes, named := union(q.Tables, other.Tables), union(q.Writes, other.Writes), union(q.Named, other.Named)
	q.add(other)
	q.Tables, q.Writes, q.Named = tables, writes, named
}

// mergedTables bounds the tables of a query that many processes execute.
const mergedTables = 200

// union returns what is in a or b, and changes neither.
func union(a, b []string) []string {
	if len(a) >= mergedTables || !slices.ContainsFunc(b, func(s string) bool { return !slices.Contains(a, s) }) {
		return a
	}
	all := distinct(slices.Concat(a, b))
	return all[:min(len(all), mergedTables)]
}

// add adds figures of the same query in the same process, under another rule:
// all that describes the query is taken from those added to last.
func (q *QueryStats) add(other *QueryStats) {
	if other.LastSeen.After(q.LastSeen) {
		q.Name, q.Statement, q.Rule, q.LastSeen = other.Name, other.Statement, other.Rule, other.LastSeen
		if len(other.Tables) != 0 {
			q.Tables, q.Writes = other.Tables, other.Writes
		}
		if len(other.Named) != 0 {
			q.Named = other.Named
		}
	}
	if len(q.Named) == 0 {
		q.Named = other.Named
	}
	q.Calls += other.Calls
	q.PerHour += other.PerHour
	q.Ghost.merge(&other.Ghost)
	q.Hits += other.Hits
	q.NearHits += other.NearHits
	q.StaleHits += other.StaleHits
	q.Coalesced += other.Coalesced
	q.Misses += other.Misses
	q.Checked += other.Checked
	q.Different += other.Different
	q.Inconclusive += other.Inconclusive
	q.Concurrent += other.Concurrent
	q.Bypasses += other.Bypasses
	q.BypassesByReason = mergeCounts(q.BypassesByReason, other.BypassesByReason)
	q.Fills += other.Fills
	q.NotFilled += other.NotFilled
	q.NotFilledByReason = mergeCounts(q.NotFilledByReason, other.NotFilledByReason)
	q.Outdated += other.Outdated
	q.Invalidations += other.Invalidations
	q.Rows += other.Rows
	q.Bytes += other.Bytes
	q.DatabaseTime.Merge(other.DatabaseTime)
	q.HitTime.Merge(other.HitTime)
}

// mergeCounts returns a new map: the old one may be shared.
func mergeCounts(a, b map[string]int64) map[string]int64 {
	if len(b) == 0 {
		return a
	}
	sum := make(map[string]int64, len(a)+len(b))
	for k, n := range a {
		sum[k] = n
	}
	for k, n := range b {
		sum[k] += n
	}
	return sum
}

// MergeQueries adds up the figures of several processes and sorts them by
// Load. At most limit queries keep figures of their own, 0 for all; the rest
// is added up at the end, under OtherQueries.
func MergeQueries(limit int, lists ...[]QueryStats) []QueryStats {
	all := map[string]*QueryStats{}
	for _, list := range lists {
		for id, q := range byQuery(list) {
			if sum := all[id]; sum != nil {
				sum.Merge(q)
			} else {
				all[id] = q
			}
		}
	}
	rest := &QueryStats{QueryID: OtherQueries}
	if others := all[OtherQueries]; others != nil {
		rest = others
		delete(all, OtherQueries)
	}
	return ranked(all, rest, limit)
}

// byQuery adds up the figures of one process.
func byQuery(list []QueryStats) map[string]*QueryStats {
	byID := make(map[string]*QueryStats, len(list))
	for i := range list {
		q := &list[i]
		if sum := byID[q.QueryID]; sum != nil {
			sum.add(q)
		} else {
			first := *q
			byID[q.QueryID] = &first
		}
	}
	return byID
}

func ranked(byID map[string]*QueryStats, rest *QueryStats, limit int) []QueryStats {
	all := make([]QueryStats, 0, len(byID)+1)
	for _, q := range byID {
		all = append(all, *q)
	}
	slices.SortFunc(all, func(a, b QueryStats) int {
		return cmp.Or(cmp.Compare(b.Load(), a.Load()), cmp.Compare(b.Calls, a.Calls), cmp.Compare(a.QueryID, b.QueryID))
	})
	if limit > 0 && len(all) > limit {
		for i := range all[limit:] {
			rest.add(&all[limit+i])
		}
		all = all[:limit]
	}
	if rest.Calls == 0 && rest.Fills == 0 {
		return all
	}
	rest.Name, rest.Statement, rest.Rule, rest.Tables, rest.Writes, rest.Named = "", "", "", nil, nil, nil
	return append(all, *rest)
}
