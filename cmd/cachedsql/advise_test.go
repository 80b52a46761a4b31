package main

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/internal/testredis"
	"github.com/cachedsql/cachedsql/redisstore"
)

// shop is two processes over a real database and a real Redis, and what was
// done counted and timed apart from them.
type shop struct {
	*testing.T
	url   string
	dbs   [2]*sql.DB
	items string // a table that is read, slowly
	busy  string // a table that is written between every two reads of it

	slow, quick   int           // executions
	slowTook      time.Duration // as the caller sees it
	opened, ready time.Time     // before and after the processes were opened
	loaded        time.Time     // when the last execution began
}

func openShop(t *testing.T, rules string) *shop {
	t.Helper()
	dsn := os.Getenv("CACHEDSQL_TEST_POSTGRES")
	if dsn == "" {
		t.Skip("SKIPPED: CACHEDSQL_TEST_POSTGRES is not set")
	}
	s := &shop{T: t, url: testredis.Start(t).URL(), items: makeTable(t, "postgres", dsn), busy: makeTable(t, "postgres", dsn)}
	mustRun(t, "rules", "apply", "--redis", s.url, ruleFile(t, rules))
	s.opened = time.Now()
	for i := range s.dbs {
		s.dbs[i] = s.open(dsn)
	}
	s.ready = time.Now()
	s.exec(0, "INSERT INTO "+s.items+" SELECT n, n % 7 FROM generate_series(1, 250) n")
	s.exec(0, "INSERT INTO "+s.busy+" VALUES (1, 1)")
	return s
}

func (s *shop) open(dsn string) *sql.DB {
	s.Helper()
	for name, value := range map[string]string{
		"cache_redis": s.url + "?quarantine=50ms", "cache_lease": "50ms", "cache_live_rules": "default", "cache_report_interval": "100ms",
		"cache_lookup_timeout": "5s",
	} {
		dsn = withSetting(cachedsql.Postgres, dsn, name, value)
	}
	db, err := sql.Open("cachedpg", dsn)
	if err != nil {
		s.Fatal(err)
	}
	s.Cleanup(func() { _ = db.Close() })
	cache, _ := cachedsql.FromDB(db)
	for deadline := time.Now().Add(30 * time.Second); cache.Rules() == nil; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			s.Fatal("the process has no rules")
		}
	}
	return db
}

func (s *shop) exec(i int, text string) {
	s.Helper()
	if _, err := s.dbs[i].Exec(text); err != nil {
		s.Fatalf("%s: %v", text, err)
	}
}

func (s *shop) ask(i int, text string, args ...any) time.Duration {
	s.Helper()
	var n int
	began := time.Now()
	if err := s.dbs[i].QueryRow(text, args...).Scan(&n); err != nil {
		s.Fatalf("%s: %v", text, err)
	}
	return time.Since(began)
}

func (s *shop) slowQuery() string {
	return "SELECT count(*) FROM " + s.items + " a JOIN " + s.items + " b ON a.id <= b.id WHERE a.a <> $1"
}

func (s *shop) quickQuery() string { return "SELECT a FROM " + s.busy + " WHERE id = $1" }

// work asks both queries, in both processes, until each has been asked so often.
func (s *shop) work(rounds int) {
	s.Helper()
	for n := range rounds {
		i := n % 2
		s.loaded = time.Now()
		s.slowTook += s.ask(i, s.slowQuery(), 8+n/2%2)
		s.slow++
		s.exec(1-i, "UPDATE "+s.busy+" SET a = a + 1 WHERE id = 1")
		s.ask(i, s.quickQuery(), 1)
		s.quick++
	}
}

// json runs a command for programs.
func (s *shop) json(into any, args ...string) {
	s.Helper()
	out := mustRun(s.T, append(args, "--redis", s.url, "--json")...)
	if err := json.Unmarshal([]byte(out), into); err != nil {
		s.Fatalf("%v: %v: %s", args, err, out)
	}
}

// reported waits until all executions are in the reports.
func (s *shop) reported(ids map[string]int) {
	s.Helper()
	for deadline := time.Now().Add(60 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		var all []cachedsql.QueryStats
		s.json(&all, "queries", "-n", "0")
		missing := len(ids)
		for _, q := range all {
			if n, ok := ids[q.QueryID]; ok && q.Calls == int64(n) {
				missing--
			}
		}
		if missing == 0 {
			return
		}
		if time.Now().After(deadline) {
			s.Fatalf("%v is not in the reports: %+v", ids, all)
		}
	}
}

// perHour reports whether a rate fits so many executions, whenever the reports
// were made.
func (s *shop) perHour(rate float64, executions int) bool {
	most, least := float64(executions)/s.loaded.Sub(s.ready).Hours(), float64(executions)/time.Since(s.opened).Hours()
	return rate >= least && rate <= most
}

const shopRules = "version: 1\nrules:\n- name: busy\n  tables: [%s]\n  ttl: 1h\n"

// What is advised and previewed is what was counted and timed from outside.
func TestAdviceAndPreviewAreTrue(t *testing.T) {
	dsn := os.Getenv("CACHEDSQL_TEST_POSTGRES")
	if dsn == "" {
		t.Skip("SKIPPED: CACHEDSQL_TEST_POSTGRES is not set")
	}
	s := openShop(t, "version: 1\nrules: []\n")
	mustRun(t, "rules", "apply", "--redis", s.url, ruleFile(t, fmt.Sprintf(shopRules, s.busy)))
	slow, quick := cachedsql.Explain(cachedsql.Postgres, s.slowQuery()).QueryID, cachedsql.Explain(cachedsql.Postgres, s.quickQuery()).QueryID

	var advice []cachedsql.Advice
	of := func(id string) (found cachedsql.Advice) {
		for _, a := range advice {
			if a.Preview.QueryID == id {
				found = a
			}
		}
		return found
	}
	for deadline := time.Now().Add(90 * time.Second); of(slow).Kind == "" || of(quick).Kind == ""; {
		if time.Now().After(deadline) {
			t.Fatalf("after %d executions of each there is only %+v", s.slow, advice)
		}
		s.work(40)
		s.reported(map[string]int{slow: s.slow, quick: s.quick})
		s.json(&advice, "advise", "-n", "0")
	}
	cache := of(slow)
	s.check("advise", &cache.Preview)
	if cache.Kind != cachedsql.AdviseCache || cache.Preview.DatabaseShare < 0.3 || cache.Preview.DatabaseShare >= 1 || !strings.Contains(cache.Rule, slow) || !strings.Contains(cache.Rule, "mode: shadow") {
		t.Errorf("advice: %+v", cache)
	}
	if stop := of(quick); stop.Kind != cachedsql.AdviseStop || stop.Preview.RuleNow != "busy" || stop.Preview.SavedPerHour <= 0 || !strings.Contains(stop.Rule, "ttl: 0") {
		t.Errorf("a cached query that never hits: %+v", stop)
	}
	s.previewed(slow, quick)
	s.printed(slow)
}

// check compares an estimate for the slow query with what was seen from outside.
func (s *shop) check(what string, q *cachedsql.QueryPreview) {
	s.Helper()
	database := q.HitRatio * q.PerHour * s.slowTook.Seconds() / float64(s.slow) // what callers waited is a little more
	got := q.DatabaseSavedPerHour.Seconds()
	if !q.Known || q.HitRatio < 0.7 || q.HitRatio > 1 || !s.perHour(q.PerHour, s.slow) {
		s.Errorf("%s: %d executions, hardly anybody writes: %+v", what, s.slow, q)
	}
	if got > database || got < database/3 {
		s.Errorf("%s: the database would save %.1f s an hour; counted: %.1f s", what, got, database)
	}
	if q.SavedPerHour >= q.DatabaseSavedPerHour || q.SavedPerHour <= 0 {
		s.Errorf("%s: asking Redis costs nothing: %+v", what, q)
	}
}

func (s *shop) previewed(slow, quick string) {
	s.Helper()
	file := ruleFile(s.T, fmt.Sprintf("version: 1\nrules:\n- {name: slow, tables: [%s], ttl: 1h}\n", s.items))
	var p cachedsql.RulesPreview
	s.json(&p, "rules", "preview", file)
	if len(p.Queries) != 2 || p.Selected != 1 || p.Unknown != 0 || p.HitRatio < 0.7 || p.DatabaseShare < 0.3 || p.DatabaseShare >= 1 {
		s.Errorf("preview: %+v", p)
	}
	for _, q := range p.Queries {
		switch q.QueryID {
		case slow:
			s.check("preview", &q)
		case quick:
			if q.RuleNow != "busy" || q.Rule != "" || q.TTL != 0 {
				s.Errorf("what would not be cached any more: %+v", q)
			}
		default:
			s.Errorf("the rules do not concern %+v", q)
		}
	}
}

func (s *shop) printed(slow string) {
	s.Helper()
	out := mustRun(s.T, "advise", "--redis", s.url)
	if !strings.Contains(out, "cache  "+slow+"  saves ") || !strings.Contains(out, "mode: shadow") || strings.Contains(out, "\x1b") {
		s.Errorf("advise:\n%s", out)
	}
	rules := mustRun(s.T, "advise", "--redis", s.url, "--rules")
	parsed, err := cachedsql.ParseRules("advised", []byte(rules))
	if err != nil || parsed.Len() != 3 || parsed.List()[2].Name != "busy" {
		s.Fatalf("advise --rules: %v\n%s", err, rules)
	}
	out, errs, code := command(s.T, rules, "rules", "preview", "--redis", s.url, "-")
	if code != 0 || !strings.Contains(out, "These rules would cache 1 query, ") || !strings.Contains(out, "cache-") || !strings.Contains(out, "hit ratio  ") {
		s.Errorf("preview: exit %d:\n%s%s", code, out, errs)
	}
	one := mustRun(s.T, "rules", "preview", "--redis", s.url, "-n", "1", ruleFile(s.T, "version: 1\nrules: [{name: all, ttl: 1h}]\n"))
	if !strings.Contains(one, "These rules would cache 2 queries, ") || !strings.Contains(one, "1 more, see --limit.") {
		s.Errorf("preview:\n%s", one)
	}
}

func TestPreviewOfADraft(t *testing.T) {
	t.Parallel()
	url, store := reporting(t)
	set := store.Inspector().RuleSet("")
	preview := func(args ...string) (string, string, int) {
		t.Helper()
		return command(t, "", append([]string{"rules", "preview", "--redis", url, "draft"}, args...)...)
	}
	if _, errs, code := preview(); code != exitFault || !strings.Contains(errs, "there is no draft") {
		t.Errorf("no draft: exit %d: %s", code, errs)
	}
	save := func(by, text string) {
		t.Helper()
		if err := set.SaveDraft(t.Context(), redisstore.RulesDraft{By: by, Text: text}); err != nil {
			t.Fatal(err)
		}
	}
	save("ann", rulesA)
	if out, errs, code := preview(); code != 0 || !strings.Contains(out, "These rules would cache 1 query, ") || !strings.Contains(errs, `the draft of "ann"`) {
		t.Errorf("the only draft: exit %d: %s%s", code, out, errs)
	}
	save("bob", "version: 1\nrules: []\n")
	if out, errs, code := preview("--by", "bob"); code != 0 || !strings.Contains(out, "would cache 0 queries") || errs != "" {
		t.Errorf("bob's draft: exit %d: %s%s", code, out, errs)
	}
	if _, errs, code := preview("--by", "carl"); code != exitFault || !strings.Contains(errs, `"carl" has no draft; these have: "bob", "ann"`) {
		t.Errorf("carl's draft: exit %d: %s", code, errs)
	}
	save("bob", "version: 1\nrules: {}\n")
	if _, errs, code := preview("--by", "bob"); code != exitFault || !strings.Contains(errs, ":2:8") {
		t.Errorf("a draft with a mistake: exit %d: %s", code, errs)
	}
}

func TestRuleFiguresSayWhatComparisonsFound(t *testing.T) {
	t.Parallel()
	url, store := reporting(t)
	for n, host := range []string{"a", "b"} {
		r := &cachedsql.Report{
			Instance: cachedsql.Instance{ID: host, Host: host, Breaker: "closed", Interval: time.Minute, Reported: time.Now()},
			Rules: []cachedsql.RuleStats{
				{Rule: "items", Calls: 100, Answered: 60, Misses: 20, Checked: 20, Different: int64(n), Concurrent: 2, Inconclusive: 3},
				{Calls: 7, Bypasses: 7},
			},
		}
		if err := store.Report(t.Context(), r, time.Minute); err != nil {
			t.Fatal(err)
		}
	}
	out := mustRun(t, "rules", "figures", "--redis", url)
	var got []string
	for line := range strings.Lines(out) {
		got = append(got, strings.Join(strings.Fields(line), " "))
	}
	want := "RULE CALLS ANSWERED RATIO SAVED COMPARED DIFFERENT CONCURRENT INCONCLUSIVE|items 200 120 80% 0s 40 1 4 6|- 14 0 0% 0s 0 0 0 0"
	if strings.Join(got, "|") != want {
		t.Errorf("got  %s\nwant %s", strings.Join(got, "|"), want)
	}
}

func TestNothingToAdvise(t *testing.T) {
	t.Parallel()
	url, _ := reporting(t)
	if out := mustRun(t, "advise", "--redis", url); !strings.HasPrefix(out, "Nothing to change") {
		t.Errorf("got %q", out)
	}
	if out := mustRun(t, "advise", "--redis", url, "--json"); out != "[]\n" {
		t.Errorf("got %q", out)
	}
	for _, args := range [][]string{{"advise", "-n", "-1"}, {"rules", "preview", "-n", "-1", "x"}, {"rules", "preview"}, {"advise", "--json", "--rules"}} {
		if _, errs, code := command(t, "", append(args, "--redis", url)...); code != exitUsage || errs == "" {
			t.Errorf("%v: exit %d: %s", args, code, errs)
		}
	}
}
