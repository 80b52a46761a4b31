package cachedsql

import (
	"testing"
	"time"
)

// stats are the figures of a query that is executed 3600 times in an hour and
// takes the database d each time.
func statsOf(id string, d time.Duration, change func(*QueryStats)) QueryStats {
	q := QueryStats{
		QueryID: id, Statement: "select name from items where id = ?", Named: []string{"public.items"}, Tables: []string{"public.items"},
		Calls: 3600, PerHour: 3600, DatabaseTime: Histogram{Count: 3600, Sum: 3600 * d},
		Bypasses: 3600, BypassesByReason: map[string]int64{"no_rule": 3600},
		Ghost: GhostStats{Samples: 100, Hits: [len(GhostTTLs)]int64{10, 50, 80, 85, 85}},
	}
	if change != nil {
		change(&q)
	}
	return q
}

func cached(hits int64, hitTime time.Duration) func(*QueryStats) {
	return func(q *QueryStats) {
		q.Bypasses, q.BypassesByReason, q.Rule = 0, nil, "items"
		q.Hits, q.Misses = hits, 3600-hits
		q.DatabaseTime = Histogram{Count: 3600 - hits, Sum: time.Duration(3600-hits) * q.DatabaseTime.Mean()}
		q.HitTime = Histogram{Count: hits, Sum: time.Duration(hits) * hitTime}
	}
}

func previewOf(t *testing.T, rules string, queries ...QueryStats) *RulesPreview {
	t.Helper()
	return rulesOf(t, rules).Preview(queries, time.Millisecond)
}

func nearly(got, want time.Duration) bool { return (got - want).Abs() < 10*time.Millisecond }

func TestPreviewSaysWhatRulesWouldSave(t *testing.T) {
	t.Parallel()
	slow, other := statsOf("00000000000000aa", 10*time.Millisecond, nil), statsOf("00000000000000bb", 10*time.Millisecond, func(q *QueryStats) {
		q.Named = []string{"public.orders"}
	})
	p := previewOf(t, "- {name: items, tables: [items], ttl: 1m}", slow, other)
	// 80 % of 3600 s at 10 ms are 28.8 s; 3600 lookups cost 3.6 s.
	if p.Selected != 1 || p.DatabaseShare != 0.5 || p.HitRatio != 0.8 || !nearly(p.DatabaseSavedPerHour, 28800*time.Millisecond) || !nearly(p.SavedPerHour, 25200*time.Millisecond) || p.Unknown != 0 {
		t.Errorf("%+v", p)
	}
	if q := p.Queries[0]; q.Rule != "items" || q.TTL != time.Minute || q.HitRatio != 0.8 || q.Samples != 100 || q.PerHour != 3600 || q.DatabaseShare != 0.5 || q.Assumed {
		t.Errorf("%+v", q)
	}
	// The longest TTL that was tried and is not longer counts.
	if p := previewOf(t, "- {name: items, tables: [items], ttl: 59s}", slow); p.Queries[0].HitRatio != 0.5 {
		t.Errorf("59 s: %+v", p.Queries[0])
	}
	if p := previewOf(t, "- {name: items, ttl: 1m, mode: shadow}", slow); p.DatabaseSavedPerHour != 0 || p.SavedPerHour >= 0 || !p.Queries[0].Shadow {
		t.Errorf("a shadow rule saves %v, %v", p.DatabaseSavedPerHour, p.SavedPerHour)
	}
	if p := previewOf(t, "- {name: items, ttl: 1m, users: [app]}", slow); !p.Queries[0].Assumed {
		t.Errorf("nobody knows the user: %+v", p.Queries[0])
	}
	fast := statsOf("00000000000000cc", 100*time.Microsecond, nil)
	if p := previewOf(t, "- {name: items, ttl: 1h}", fast); p.DatabaseSavedPerHour <= 0 || p.SavedPerHour >= 0 {
		t.Errorf("a cache slower than the database saves %v", p.SavedPerHour)
	}
	unknown := statsOf("00000000000000dd", time.Second, func(q *QueryStats) { q.Ghost = GhostStats{Samples: 3} })
	if p := previewOf(t, "- {name: items, ttl: 1h}", unknown); p.Selected != 1 || p.Unknown != 1 || p.SavedPerHour != 0 || p.Queries[0].Known {
		t.Errorf("without samples: %+v", p)
	}
	inTx := statsOf("00000000000000ee", time.Second, func(q *QueryStats) { q.BypassesByReason = map[string]int64{"in_transaction": 3600} })
	if p := previewOf(t, "- {name: items, ttl: 1h}", inTx); len(p.Queries) != 0 {
		t.Errorf("what cannot be cached: %+v", p.Queries)
	}
}

func TestPreviewComparesWithTheRulesInForce(t *testing.T) {
	t.Parallel()
	q := statsOf("00000000000000aa", 10*time.Millisecond, cached(2700, time.Millisecond))
	if p := previewOf(t, "- {name: items, ttl: 1h}", q); p.DatabaseSavedPerHour != 0 || p.SavedPerHour != 0 || p.Queries[0].HitRatio != 0.75 {
		t.Errorf("no change: %+v", p)
	}
	p := previewOf(t, "- {name: others, tables: [others], ttl: 1h}", q)
	if p.Selected != 0 || !nearly(p.DatabaseSavedPerHour, -27*time.Second) || !nearly(p.SavedPerHour, -27*time.Second+3600*time.Millisecond) {
		t.Errorf("no rule for it any more: %+v", p)
	}
}
