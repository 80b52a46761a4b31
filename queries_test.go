package cachedsql_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/cachedsql/cachedsql"
)

const itemRules = "version: 1\nrules:\n- {name: items, ttl: 1m, tables: [items]}\n"

// figuresOf returns the figures of the one query whose normal form contains
// part.
func (s *shop) figuresOf(part string) cachedsql.QueryStats {
	s.Helper()
	var found []cachedsql.QueryStats
	for _, q := range s.cache.Queries() {
		if strings.Contains(strings.ToLower(q.Statement), strings.ToLower(part)) {
			found = append(found, q)
		}
	}
	if len(found) != 1 {
		s.Fatalf("%d queries contain %q, want 1: %+v", len(found), part, found)
	}
	return found[0]
}

func TestFiguresTellWhatHappenedToEachQuery(t *testing.T) {
	inShops(t, itemRules, func(s *shop) {
		for range 3 {
			s.price(1)
			_ = s.cache.Wait(s.Context())
		}
		s.price(2)
		_ = s.cache.Wait(s.Context())
		s.exec("UPDATE items SET price = 50 WHERE id = ?", 1)
		_ = s.cache.Wait(s.Context())
		s.price(1)
		_ = s.cache.Wait(s.Context())
		tx, err := s.db.Begin()
		if err != nil {
			s.Fatal(err)
		}
		var price int
		if err := tx.QueryRow(s.sql("SELECT price FROM items WHERE id = ?"), 1).Scan(&price); err != nil {
			s.Fatal(err)
		}
		if err := tx.Rollback(); err != nil {
			s.Fatal(err)
		}

		got := s.figuresOf("select price from items")
		if got.Calls != 6 || got.Hits != 2 || got.Misses != 3 || got.Bypasses != 1 || got.Fills != 3 || got.Outdated != 1 || got.Rows != 3 {
			s.Errorf("reads: %+v", got)
		}
		if n := got.BypassesByReason["in_transaction"]; n != 1 {
			s.Errorf("bypasses by reason: %v", got.BypassesByReason)
		}
		if got.HitTime.Count != 2 || got.DatabaseTime.Count != 4 || got.DatabaseTime.Sum <= 0 || got.Bytes <= 0 {
			s.Errorf("times: hits %+v, database %+v, %d bytes", got.HitTime, got.DatabaseTime, got.Bytes)
		}
		if got.Rule != "items" || len(got.Tables) != 1 || !strings.HasSuffix(got.Tables[0], "items") {
			s.Errorf("rule %q, tables %q", got.Rule, got.Tables)
		}
		if age := time.Since(got.LastSeen); age < 0 || age > time.Minute {
			s.Errorf("last seen %v ago", age)
		}
		write := s.figuresOf("update items")
		if write.Calls != 1 || write.Invalidations != 1 || write.DatabaseTime.Count != 1 {
			s.Errorf("write: %+v", write)
		}
	})
}

func TestFiguresOfQueriesAddUpToTheStats(t *testing.T) {
	inShops(t, itemRules, func(s *shop) {
		for i := range 20 {
			s.price(1 + i%2)
			_ = s.cache.Wait(s.Context())
			if i%7 == 0 {
				s.exec("UPDATE items SET price = ? WHERE id = 1", i)
			}
		}
		_ = s.cache.Wait(s.Context())
		var sum cachedsql.Stats
		for _, q := range s.cache.Queries() {
			sum.Hits += q.Hits
			sum.Misses += q.Misses
			sum.Bypasses += q.Bypasses
			sum.Fills += q.Fills
			sum.NotFilled += q.NotFilled
		}
		want := s.cache.Stats()
		if sum.Hits != want.Hits || sum.Misses != want.Misses || sum.Bypasses != want.Bypasses || sum.Fills != want.Fills || sum.NotFilled != want.NotFilled {
			s.Errorf("queries add up to %+v, stats are %+v", sum, want)
		}
	})
}

func TestFiguresHoldNoLiterals(t *testing.T) {
	inShops(t, itemRules, func(s *shop) {
		for _, name := range []string{"secret1", "secret2"} {
			rows, err := s.db.Query("SELECT id FROM items WHERE name = '" + name + "'")
			if err != nil {
				s.Fatal(err)
			}
			rows.Close()
		}
		if got := s.figuresOf("select id from items where name"); got.Calls != 2 || strings.Contains(got.Statement, "secret") {
			s.Errorf("two texts of one normal form: %+v", got)
		}
	})
}

// Whatever the number of queries, the figures are bounded and add up.
func TestFiguresBeyondTheBoundAreAddedUpAsOthers(t *testing.T) {
	t.Parallel()
	s := newShop(t, servers(t)[0], itemRules)
	const queries = 1200
	columns := "id"
	for i := range queries {
		rows, err := s.db.Query(fmt.Sprintf("SELECT %s AS c%d FROM items", columns, i))
		if err != nil {
			t.Fatal(err)
		}
		rows.Close()
	}
	all := s.cache.Queries()
	var calls int64
	for _, q := range all {
		if strings.HasPrefix(q.Statement, "select id as c") || strings.HasPrefix(q.Statement, "SELECT id AS c") || q.QueryID == cachedsql.OtherQueries {
			calls += q.Calls
		}
	}
	others := all[len(all)-1]
	if len(all) > 1001 || others.QueryID != cachedsql.OtherQueries || others.Calls < 200 {
		t.Errorf("%d queries, the last is %+v", len(all), others)
	}
	if calls < queries || calls > queries+10 { // the tables were made, too
		t.Errorf("%d calls, want %d and those that made the tables", calls, queries)
	}
}

// Metrics are made of these: a count that gets smaller looks like a restart.
func TestCountsByRuleStayWhenRulesChange(t *testing.T) {
	t.Parallel()
	s := newShop(t, servers(t)[0], itemRules)
	s.price(1)
	before := s.cache.QueriesByRule()["items"]
	renamed, err := cachedsql.ParseRules("rules", []byte(strings.ReplaceAll(itemRules, "name: items", "name: goods")))
	if err != nil {
		t.Fatal(err)
	}
	s.cache.SetRules(renamed)
	s.price(1)
	s.price(1)
	all := s.cache.QueriesByRule()
	if got := all["items"]; before.Calls != 1 || got.Calls != 1 || got.Statement != "" {
		t.Errorf("before: %+v, after: %+v", before, got)
	}
	if got := all["goods"].Calls; got != 2 {
		t.Errorf("%d calls under the new name, want 2", got)
	}
	if got := s.figuresOf("select price from items"); got.Calls != 3 || got.Rule == "" {
		t.Errorf("of the query: %+v", got)
	}
}

// Processes that use several schemas read several tables by one text, and all of
// them are voided where somebody asks for that.
func TestTablesOfAQueryAreThoseOfAllProcesses(t *testing.T) {
	t.Parallel()
	now := time.Now()
	process := func(seen time.Time, tables ...string) cachedsql.QueryStats {
		return cachedsql.QueryStats{QueryID: "1", Calls: 1, LastSeen: seen, Tables: tables, Writes: tables[1:], Named: tables[:1]}
	}
	lists := [][]cachedsql.QueryStats{
		{process(now, "a.items", "a.log")},
		{process(now.Add(time.Second), "b.items", "b.log"), process(now.Add(-time.Hour), "old.items", "old.log")}, // under a rule it had
		{process(now.Add(-time.Minute), "a.items", "a.log")},
	}
	merged := cachedsql.MergeQueries(0, lists...)
	if len(merged) != 1 {
		t.Fatalf("%d queries", len(merged))
	}
	got := merged[0]
	if all := fmt.Sprint(got.Tables, got.Writes, got.Named, got.Calls); all != "[a.items a.log b.items b.log] [a.log b.log] [a.items b.items] 4" {
		t.Errorf("merged: %s", all)
	}
	if one := lists[0][0].Tables; fmt.Sprint(one) != "[a.items a.log]" {
		t.Errorf("what was merged has changed: %v", one)
	}
	var tenants [][]cachedsql.QueryStats
	for i := range 1000 {
		tenants = append(tenants, []cachedsql.QueryStats{process(now, fmt.Sprint("items", i), "log")})
	}
	if n := len(cachedsql.MergeQueries(0, tenants...)[0].Tables); n < 100 || n > 500 {
		t.Errorf("%d tables of a thousand processes", n)
	}
}
