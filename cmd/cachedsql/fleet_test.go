package main

import (
	"encoding/json"
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
	url := testredis.Start(t).URL()
	store, err := redisstore.Open(url, redisstore.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	for _, host := range []string{"web-1", "web-2"} {
		r := &cachedsql.Report{
			Instance: cachedsql.Instance{ID: "id-" + host, Host: host, PID: 7, Breaker: "closed", Interval: time.Minute, Namespaces: []string{"shop"}, Reported: time.Now()},
			Queries: []cachedsql.QueryStats{
				{QueryID: "aaaa", Statement: "select price from items where id = ?", Rule: "items", Calls: 10, Hits: 9, Misses: 1, LastSeen: time.Now()},
				{QueryID: "bbbb", Statement: "select now()", Calls: 5, Bypasses: 5, BypassesByReason: map[string]int64{"time_function": 5}, LastSeen: time.Now()},
			},
		}
		if err := store.Report(t.Context(), r, time.Minute); err != nil {
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
	for i, want := range [][]string{{"aaaa", "20", "18", "90%"}, {"bbbb", "10", "0", "0%"}} {
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
		{[]string{"flush", "--redis", url}, exitUsage, "give --namespace or --all"},
		{[]string{"flush", "--redis", url, "--namespace", "shopp"}, exitFault, `no process reports namespace "shopp"`},
		{[]string{"queries", "--redis", "redis://127.0.0.1:1", "--timeout", "2s"}, exitFault, "cachedsql: redis"},
		{[]string{"instances", "--redis", "http://x"}, exitUsage, "scheme"},
	} {
		if out, errs, code := command(t, "", c.args...); code != c.code || !strings.Contains(errs, c.says) {
			t.Errorf("%v: exit %d, %q %q", c.args, code, out, errs)
		}
	}
}
