package main

import (
	"database/sql"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/internal/testredis"
	"github.com/cachedsql/cachedsql/redisstore"
)

// reporting returns the URL of a Redis that two processes report to.
func reporting(t *testing.T) (string, *redisstore.Store) {
	t.Helper()
	server := testredis.Start(t)
	url, store := server.URL(), openStore(t, server)
	for _, host := range []string{"web-1", "web-2"} {
		r := &cachedsql.Report{
			Instance: cachedsql.Instance{ID: "id-" + host, Host: host, PID: 7, Breaker: "closed", Interval: time.Minute, Namespaces: []string{"shop"}, Reported: time.Now()},
			Queries: []cachedsql.QueryStats{
				{QueryID: "aaaaaaaaaaaaaaaa", Statement: "select price from items where id = ?", Rule: "items", Calls: 10, Hits: 9, Misses: 1, LastSeen: time.Now()},
				{QueryID: "bbbbbbbbbbbbbbbb", Statement: "select now()", Calls: 5, Bypasses: 5, BypassesByReason: map[string]int64{"time_function": 5}, LastSeen: time.Now()},
			},
		}
		if err := store.Report(t.Context(), r, r.Instance.ReportTTL()); err != nil {
			t.Fatal(err)
		}
	}
	return url, store
}

func TestQueriesAddsUpAllProcesses(t *testing.T) {
	t.Parallel()
	url, _ := reporting(t)
	out, errs, code := command(t, "", "queries", "--redis", url)
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if code != 0 || len(lines) != 3 {
		t.Fatalf("exit %d: %s%s", code, out, errs)
	}
	for i, want := range [][]string{{"aaaaaaaaaaaaaaaa", "20", "18", "90%"}, {"bbbbbbbbbbbbbbbb", "10", "0", "-"}} {
		if got := strings.Fields(lines[i+1])[:4]; strings.Join(got, " ") != strings.Join(want, " ") {
			t.Errorf("line %d: got %v, want %v", i, got, want)
		}
	}
	if !strings.Contains(lines[2], "time_function") {
		t.Errorf("no reason in %q", lines[2])
	}
	out, _, code = command(t, "", "queries", "--redis", url, "--json", "-n", "1")
	var all []cachedsql.QueryStats
	if err := json.Unmarshal([]byte(out), &all); code != 0 || err != nil || len(all) != 2 || all[1].QueryID != cachedsql.OtherQueries || all[1].Calls != 10 {
		t.Errorf("exit %d, %v: %s", code, err, out)
	}
}

func TestInstancesListsProcesses(t *testing.T) {
	t.Parallel()
	url, _ := reporting(t)
	out, errs, code := command(t, "", "instances", "--redis", url)
	if code != 0 || strings.Count(out, "closed") != 2 || !strings.Contains(out, "web-1") || !strings.Contains(out, "web-2") {
		t.Errorf("exit %d: %s%s", code, out, errs)
	}
}

func TestFlushMakesEverythingUnusableUnlessItIsDry(t *testing.T) {
	t.Parallel()
	url, store := reporting(t)
	sp := store.Space("shop")
	version := func() cachedsql.Schema {
		t.Helper()
		r, err := sp.Check(t.Context(), sp.Tags(nil))
		if err != nil {
			t.Fatal(err)
		}
		return r.Schema
	}
	before := version()
	if out, errs, code := command(t, "", "flush", "--redis", url, "--all", "--dry-run"); code != 0 || !strings.Contains(out, "shop") || version() != before {
		t.Errorf("dry run: exit %d: %s%s", code, out, errs)
	}
	if out, errs, code := command(t, "", "flush", "--redis", url, "--namespace", "shop"); code != 0 || !strings.Contains(out, "shop") || version() == before {
		t.Errorf("exit %d: %s%s", code, out, errs)
	}
}

func TestFleetCommandsSayWhatIsWrong(t *testing.T) {
	t.Parallel()
	url, _ := reporting(t)
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"flush", "--redis", url}, exitUsage, "give --all, --namespace"},
		{[]string{"flush", "--redis", url, "--namespace", "shopp"}, exitFault, `no process reports namespace "shopp"`},
		{[]string{"queries", "--redis", "redis://127.0.0.1:1", "--timeout", "2s"}, exitFault, "cachedsql: redis"},
		{[]string{"instances", "--redis", "http://x"}, exitUsage, "scheme"},
	} {
		if out, errs, code := command(t, "", c.args...); code != c.code || !strings.Contains(errs, c.says) || strings.Count(errs, "cachedsql: ") != 1 {
			t.Errorf("%v: exit %d, %q %q", c.args, code, out, errs)
		}
	}
}

// What a read depends on is in the catalog, so the command asks the database.
func TestFlushOfATableEndsItsResultsAlone(t *testing.T) {
	dsn := os.Getenv("CACHEDSQL_TEST_POSTGRES")
	if dsn == "" {
		t.Skip("SKIPPED: CACHEDSQL_TEST_POSTGRES is not set")
	}
	server := testredis.Start(t)
	flushedTable, other := makeTable(t, "postgres", dsn), makeTable(t, "postgres", dsn)
	rules := filepath.Join(t.TempDir(), "rules.yaml")
	if err := os.WriteFile(rules, []byte("version: 1\nrules: [{name: all, ttl: 1h}]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	dsn = withSetting(cachedsql.Postgres, dsn, "cache_redis", server.URL()+"?quarantine=50ms")
	dsn = withSetting(cachedsql.Postgres, dsn, "cache_lease", "50ms")
	dsn = withSetting(cachedsql.Postgres, dsn, "cache_lookup_timeout", "5s")
	db, err := sql.Open("cachedpg", withSetting(cachedsql.Postgres, withSetting(cachedsql.Postgres, dsn, "cache_rules", rules), "cache_report_interval", "100ms"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	cache, _ := cachedsql.FromDB(db)
	// hits reports whether a read by key is answered from the cache, after it
	// had every chance to be stored.
	hits := func(table string, settle bool) bool {
		t.Helper()
		for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
			before := cache.Stats().Hits
			var n int
			if err := db.QueryRow("SELECT count(*) FROM " + table + " WHERE id = 5").Scan(&n); err != nil {
				t.Fatal(err)
			}
			if hit := cache.Stats().Hits > before; hit || !settle || time.Now().After(deadline) {
				return hit
			}
		}
	}
	if !hits(flushedTable, true) || !hits(other, true) {
		t.Fatal("nothing is cached")
	}
	args := []string{"flush", "--redis", server.URL(), "--dsn", dsn, "--table", flushedTable}
	if out, errs, code := command(t, "", append(args, "--dry-run")...); code != 0 || !strings.Contains(out, flushedTable) || !hits(flushedTable, false) {
		t.Errorf("dry run: exit %d: %s%s", code, out, errs)
	}
	if out, errs, code := command(t, "", append(args, "--table", "nobodys")...); code != exitFault || !strings.Contains(errs, `no table "nobodys"`) || !hits(flushedTable, false) {
		t.Errorf("beside one that is not there: exit %d: %s%s", code, out, errs)
	}
	if out, errs, code := command(t, "", args...); code != 0 || !strings.Contains(out, flushedTable) {
		t.Errorf("exit %d: %s%s", code, out, errs)
	}
	if hits(flushedTable, false) {
		t.Error("a result of the flushed table is served")
	}
	if !hits(other, false) {
		t.Error("another table's results are gone too")
	}
}
