package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/cachedsql/cachedsql"
)

func TestWhyExplainsAStatementWithoutARedis(t *testing.T) {
	t.Setenv("CACHEDSQL_REDIS", "")
	out, errs, code := command(t, "", "why", "SELECT a FROM t WHERE d < now()")
	for _, want := range []string{"no: time_function (now)", "It depends on the clock.", "To do: Pass the time as an argument"} {
		if code != 0 || !strings.Contains(out, want) {
			t.Errorf("exit %d: no %q in:\n%s%s", code, want, out, errs)
		}
	}
	if out, _, code := command(t, "", "why", "SELECT a FROM t"); code != 0 || !strings.Contains(out, "Nothing stands in the way.") {
		t.Errorf("exit %d: %s", code, out)
	}
}

func TestWhyTellsTheReasonsThatProcessesReport(t *testing.T) {
	t.Parallel()
	url, _ := reporting(t)
	out, errs, code := command(t, "", "why", "--redis", url, "bbbbbbbbbbbbbbbb")
	if code != 0 || !strings.Contains(out, "time_function, 10 of 10 calls") || !strings.Contains(out, "select now()") {
		t.Errorf("exit %d: %s%s", code, out, errs)
	}
	out, _, code = command(t, "", "why", "--redis", url, "--json", "bbbbbbbbbbbbbbbb")
	var got whyAnswer
	if err := json.Unmarshal([]byte(out), &got); code != 0 || err != nil || got.Figures.Calls != 10 || len(got.Reasons) != 1 || got.Reasons[0].Count != 10 {
		t.Errorf("exit %d, %v: %s", code, err, out)
	}
	if _, errs, code := command(t, "", "why", "--redis", url, "0123456789abcdef"); code != exitFault || !strings.Contains(errs, "no process reports it") {
		t.Errorf("unknown query: exit %d: %s", code, errs)
	}
}

// A statement that nobody has run yet is no fault.
func TestWhyExplainsAStatementThatNobodyReports(t *testing.T) {
	t.Parallel()
	url, _ := reporting(t)
	out, errs, code := command(t, "", "why", "--redis", url, "SELECT b FROM nobody")
	if code != 0 || strings.Contains(out, "calls") || !strings.Contains(out, "cacheable  yes") {
		t.Errorf("exit %d: %s%s", code, out, errs)
	}
	statement := "SELECT price FROM items WHERE id = 5"
	id := cachedsql.Explain(cachedsql.Postgres, statement).QueryID
	if out, _, _ := command(t, "", "why", "--redis", url, statement); !strings.Contains(out, id) {
		t.Errorf("no %s in %s", id, out)
	}
}

// A rule may go by the name in a comment, which is not part of the query ID.
func TestWhyTellsTheRuleThatProgramsReportForAText(t *testing.T) {
	t.Parallel()
	url, store := reporting(t)
	statement := "SELECT price FROM items WHERE id = 5"
	q := cachedsql.QueryStats{QueryID: cachedsql.Explain(cachedsql.Postgres, statement).QueryID, Statement: statement, Rule: "by-name", Calls: 3}
	r := &cachedsql.Report{Instance: cachedsql.Instance{ID: "id-web-3", Host: "web-3", Breaker: "closed", Interval: time.Minute}, Queries: []cachedsql.QueryStats{q}}
	if err := store.Report(t.Context(), r, r.Instance.ReportTTL()); err != nil {
		t.Fatal(err)
	}
	out, errs, code := command(t, "", "why", "--redis", url, statement)
	for _, want := range []string{"by-name, in programs", "0 of 0 lookups (-)", "- on average; a hit takes -"} {
		if code != 0 || !strings.Contains(out, want) {
			t.Errorf("exit %d: no %q in:\n%s%s", code, want, out, errs)
		}
	}
}
