package dashboard_test

import (
	"database/sql"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/dashboard"
	"github.com/cachedsql/cachedsql/internal/testredis"
)

// figuresOf is a process's report of a query that nobody caches: 3600 times an
// hour, 10 ms each, and four of five would be hits.
func figuresOf(id, table string) cachedsql.QueryStats {
	q := cachedsql.QueryStats{
		QueryID: id, Statement: "select price from " + table + " where id = ?", Tables: []string{table}, Named: []string{table}, Calls: 3600, PerHour: 3600,
		Bypasses: 3600, BypassesByReason: map[string]int64{"no_rule": 3600}, LastSeen: time.Now(),
		DatabaseTime: cachedsql.Histogram{Count: 3600, Sum: 36 * time.Second},
	}
	q.Ghost.Samples = 100
	for i := range q.Ghost.Hits {
		q.Ghost.Hits[i] = 80
	}
	return q
}

const (
	idA = "00000000000000aa"
	idB = "00000000000000bb"
)

// 80 % of 3600 executions of 10 ms are 28.8 s an hour; 3600 lookups of 1 ms
// are 3.6 s.
func TestReviewSaysWhatTheRulesWouldDo(t *testing.T) {
	t.Parallel()
	store := open(t, testredis.Start(t).URL())
	report(t, store, "web", figuresOf(idA, "items"), figuresOf(idB, "orders"))
	s := writable(t, store.Inspector(), io.Discard)
	_, body := s.get("rules-edit")
	form := formOf(body)
	form.Set("text", rule("goods"))
	status, body := s.post("rules-review", form, nil)
	for _, want := range []string{
		`id="selected" data-value="1">1 query<`, `id="share">50.0 %<`, `id="expected">80.0 %<`,
		`id="database-saved"><span class="good">28.8 s less`, `id="saved"><span class="good">25.2 s less`, `data-query="` + idA + `"`,
	} {
		if status != http.StatusOK || !strings.Contains(body, want) {
			t.Errorf("%d, no %s in %s", status, want, body)
		}
	}
	if strings.Contains(body, `data-query="`+idB+`"`) {
		t.Error("a query is listed that the rules do not concern")
	}
	s.commit(rule("goods"), "")
	s.commit("version: 1\nrules: []\n", "")
	if _, body := s.get("rules-version?n=1"); !strings.Contains(body, `id="share">50.0 %<`) {
		t.Errorf("an earlier version is not previewed: %s", body)
	}
	form.Set("text", strings.Replace(rule("goods"), "ttl: 1m", "ttl: 1m, mode: shadow", 1))
	_, body = s.get("rules-edit")
	form.Set("base", formOf(body).Get("base"))
	if _, body := s.post("rules-review", form, nil); !strings.Contains(body, "1 of them in shadow mode") || !strings.Contains(body, `id="saved"><span class="bad">3.6 s more`) {
		t.Errorf("a shadow rule: %s", body)
	}
}

func TestAdviceIsTakenIntoTheDraft(t *testing.T) {
	t.Parallel()
	store := open(t, testredis.Start(t).URL())
	report(t, store, "web", figuresOf(idA, "items"), figuresOf(idB, "orders"))
	s := writable(t, store.Inspector(), io.Discard)
	body := s.until("rules", func(b string) bool { return strings.Contains(b, `id="take-`+idA+`"`) })
	if !strings.Contains(body, "25.2 s less") || !strings.Contains(body, "mode: shadow") || !strings.Contains(body, "80 % of 100 sampled executions") {
		t.Errorf("advice: %s", body)
	}
	// From the list of rules into what is in force, then from the editor into
	// what has not been saved.
	status, body := s.post("rules-take", url.Values{"take": {idA}}, nil)
	if status != http.StatusOK || !strings.Contains(body, "cache-items-"+idA) || !strings.Contains(body, "The draft is saved") || !strings.Contains(body, "It is in the text.") {
		t.Errorf("taken: %d %s", status, body)
	}
	form := formOf(body)
	form.Set("text", "version: 1\r\nrules:\r\n- {name: mine, query_names: [x], ttl: 1m}\r\n")
	form.Set("take", idB)
	if status, body := s.post("rules-take", form, nil); status != http.StatusOK || !strings.Contains(body, "name: mine") || !strings.Contains(body, "cache-orders-"+idB) {
		t.Errorf("taken in the editor: %d %s", status, body)
	}
	drafts, err := store.Inspector().RuleSet("").Drafts(t.Context())
	if err != nil || len(drafts) != 1 || drafts[0].By != "ann" || !strings.Contains(drafts[0].Text, "cache-orders-"+idB) {
		t.Fatalf("%+v, %v", drafts, err)
	}
	if status, body := s.post("rules-take", form, nil); status != http.StatusOK {
		t.Errorf("the editor's text without the rule, once more: %d %s", status, body)
	}
	form.Set("text", drafts[0].Text)
	if status, body := s.post("rules-take", form, nil); status != http.StatusUnprocessableEntity || !strings.Contains(body, "by hand") {
		t.Errorf("taken twice: %d %s", status, body)
	}
	form.Set("take", "0123456789abcdef")
	if status, body := s.post("rules-take", form, nil); status != http.StatusConflict || !strings.Contains(body, "name: mine") {
		t.Errorf("advice that there is not: %d %s", status, body)
	}
	form.Set("take", idA)
	form.Set("text", "version: 1\nrulez: []\n")
	if status, body := s.post("rules-take", form, nil); status != http.StatusUnprocessableEntity || !strings.Contains(body, `data-line="2"`) {
		t.Errorf("into a text with a mistake: %d %s", status, body)
	}
	readOnly := serve(t, dashboard.Config{Inspector: store.Inspector()})
	if _, body := readOnly.get("rules"); strings.Contains(body, "rules-take\" name") || !strings.Contains(body, "sampled executions") {
		t.Errorf("read-only: %s", body)
	}
}

// What comparisons find is on the page, rule by rule.
func TestRulesPageTellsWhatComparisonsFound(t *testing.T) {
	t.Parallel()
	redis, file := testredis.Start(t).URL(), filepath.Join(t.TempDir(), "shop.db")
	db, cache := process(t, redis, file, func(c *cachedsql.Config) { c.Rules, c.LiveRules = nil, cachedsql.DefaultRuleSet })
	exec(t, db, "CREATE TABLE items (id INTEGER PRIMARY KEY, price INTEGER)")
	exec(t, db, "INSERT INTO items VALUES (1, 4711)")
	s := writable(t, open(t, redis).Inspector(), io.Discard)
	s.commit(strings.Replace(rule("careful"), "ttl: 1m", "ttl: 1m, mode: shadow", 1), "")
	for deadline := time.Now().Add(20 * time.Second); cache.Stats().Checked == 0; read(t, db, "SELECT price FROM items WHERE id = ?", 1) {
		if time.Now().After(deadline) {
			t.Fatal("nothing is compared")
		}
	}
	plain, err := sql.Open("sqlite", file+"?_pragma=busy_timeout(10000)")
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Close()
	exec(t, plain, "UPDATE items SET price = 4712")
	for deadline := time.Now().Add(20 * time.Second); cache.Stats().Different == 0; read(t, db, "SELECT price FROM items WHERE id = ?", 1) {
		if time.Now().After(deadline) {
			t.Fatal("nothing is found different")
		}
	}
	if err := cache.Wait(t.Context()); err != nil { // comparisons are made in the background
		t.Fatal(err)
	}
	stats := cache.Stats()
	body := s.until("rules", func(b string) bool { return strings.Contains(b, fmt.Sprintf(`data-compared="%d">`, stats.Checked)) })
	for _, want := range []string{`data-rule="careful"`, ">shadow<", fmt.Sprintf(`data-different="%d"`, stats.Different), fmt.Sprintf(`data-concurrent="%d"`, stats.InconclusiveByReason["pending_write"])} {
		if !strings.Contains(html.UnescapeString(body), want) {
			t.Errorf("no %s in %s", want, body)
		}
	}
}
