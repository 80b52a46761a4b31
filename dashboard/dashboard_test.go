package dashboard_test

import (
	"bufio"
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"modernc.org/sqlite"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/dashboard"
	"github.com/cachedsql/cachedsql/internal/testredis"
	"github.com/cachedsql/cachedsql/redisstore"
)

const rulesText = "version: 1\nrules:\n- {name: goods, tables: [items], ttl: 1m}\n"

// process opens a handle as a process of its own would.
func process(t *testing.T, url, file string, change func(*cachedsql.Config)) (*sql.DB, *cachedsql.Cache) {
	t.Helper()
	rules, err := cachedsql.ParseRules("rules.yaml", []byte(rulesText))
	if err != nil {
		t.Fatal(err)
	}
	config := cachedsql.Config{
		Store: open(t, url), Rules: rules, Lease: 100 * time.Millisecond, Namespace: "shop", LookupTimeout: 5 * time.Second,
		ReportInterval: 200 * time.Millisecond, Adapter: cachedsql.Adapter{Dialect: cachedsql.SQLite, Variant: "shop"}, NearBytes: 1 << 20,
	}
	if change != nil {
		change(&config)
	}
	cache, err := cachedsql.New(config)
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(cache.WrapConnector(sqliteFile{file}))
	t.Cleanup(func() {
		_ = db.Close()
		_ = cache.Close()
	})
	return db, cache
}

func open(t *testing.T, url string) *redisstore.Store {
	t.Helper()
	store, err := redisstore.Open(url, redisstore.Config{Quarantine: 100 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	return store
}

type sqliteFile struct{ name string }

func (f sqliteFile) Connect(context.Context) (driver.Conn, error) {
	return (&sqlite.Driver{}).Open(f.name + "?_pragma=busy_timeout(10000)")
}
func (sqliteFile) Driver() driver.Driver { return &sqlite.Driver{} }

func exec(t *testing.T, db *sql.DB, text string, args ...any) {
	t.Helper()
	if _, err := db.Exec(text, args...); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
}

func read(t *testing.T, db *sql.DB, text string, args ...any) {
	t.Helper()
	var v any
	if err := db.QueryRow(text, args...).Scan(&v); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
}

// site serves a dashboard under a prefix.
type site struct {
	*testing.T
	url  string
	page *dashboard.Dashboard
}

func serve(t *testing.T, c dashboard.Config) *site {
	t.Helper()
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.SampleInterval == 0 {
		c.SampleInterval, c.History = 200*time.Millisecond, 10*time.Minute
	}
	page, err := dashboard.New(c)
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/admin/cache/", http.StripPrefix("/admin/cache", page))
	server := httptest.NewServer(mux)
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
		_ = page.Close()
	})
	return &site{t, server.URL + "/admin/cache/", page}
}

func (s *site) get(path string) (int, string) {
	s.Helper()
	answer, err := http.Get(s.url + path)
	if err != nil {
		s.Fatal(err)
	}
	return s.answered(answer)
}

func (s *site) answered(answer *http.Response) (int, string) {
	s.Helper()
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		s.Fatal(err)
	}
	return answer.StatusCode, string(body)
}

// until gets a page until it is as wanted.
func (s *site) until(path string, wanted func(body string) bool) string {
	s.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for {
		status, body := s.get(path)
		if status == http.StatusOK && wanted(body) {
			return body
		}
		if time.Now().After(deadline) {
			s.Fatalf("%s stays %d %s", path, status, body)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// valueOf returns the exact number behind the element with an ID.
func valueOf(body, id string) int64 {
	m := regexp.MustCompile(`(?:data-value="(\d+)" id="` + id + `"|id="` + id + `" data-value="(\d+)")`).FindStringSubmatch(body)
	if m == nil {
		return -1
	}
	n, _ := strconv.ParseInt(m[1]+m[2], 10, 64)
	return n
}

func queryID(t *testing.T, c *cachedsql.Cache, part string) string {
	t.Helper()
	for _, q := range c.Queries() {
		if strings.Contains(strings.ToLower(q.Statement), part) {
			return q.QueryID
		}
	}
	t.Fatalf("no query contains %q", part)
	return ""
}

// Of a query that cannot be cached the list and its own page say alike that there
// is no ratio, rather than one of 0 %.
func TestQueryThatCannotBeCachedHasNoHitRatio(t *testing.T) {
	t.Parallel()
	url := testredis.Start(t).URL()
	db, cache := process(t, url, filepath.Join(t.TempDir(), "shop.db"), nil)
	exec(t, db, "CREATE TABLE items (id INTEGER PRIMARY KEY, price INTEGER)")
	exec(t, db, "INSERT INTO items VALUES (1, 40)")
	for range 3 {
		read(t, db, "SELECT random() FROM items")
	}
	s := serve(t, dashboard.Config{Inspector: open(t, url).Inspector()})
	body := s.until("query?id="+queryID(t, cache, "random"), func(b string) bool { return valueOf(b, "calls") == 3 })
	if !strings.Contains(body, `id="ratio">–<`) {
		t.Errorf("page of the query: %s", body)
	}
}

// Two processes under load: what the pages say is what was done.
func TestPagesShowTrueFigures(t *testing.T) {
	t.Parallel()
	url, file := testredis.Start(t).URL(), filepath.Join(t.TempDir(), "shop.db")
	one, cache := process(t, url, file, nil)
	two, other := process(t, url, file, nil)
	exec(t, one, "CREATE TABLE items (id INTEGER PRIMARY KEY, price INTEGER)")
	exec(t, one, "INSERT INTO items VALUES (1, 4711)")
	const reads, writes = 40, 7
	for i := range reads {
		read(t, one, "SELECT price FROM items WHERE id = ?", 1)
		read(t, two, "SELECT price FROM items WHERE id = ?", 1)
		if i < writes {
			exec(t, two, "UPDATE items SET price = price + 1 WHERE id = ?", 1)
		}
	}
	s := serve(t, dashboard.Config{Inspector: open(t, url).Inspector()})
	id := queryID(t, cache, "select price")

	body := s.until("query?id="+id, func(b string) bool { return valueOf(b, "calls") == 2*reads })
	if !strings.Contains(body, "items") || !strings.Contains(body, "goods") || !strings.Contains(body, "<svg") {
		t.Errorf("page of the query: %s", body)
	}
	if strings.Contains(body, "4711") {
		t.Error("the page shows a value")
	}
	body = s.until("table?name=items", func(b string) bool { return valueOf(b, "invalidations") == writes+1 })
	writer := queryID(t, other, "update items")
	if !strings.Contains(body, `data-query="`+writer+`"><td class="n" data-value="`+strconv.Itoa(writes)+`"`) {
		t.Errorf("page of the table does not say who invalidates it: %s", body)
	}
	body = s.until("./", func(b string) bool {
		return valueOf(b, "hits")+valueOf(b, "near-hits")+valueOf(b, "coalesced")+valueOf(b, "misses")+valueOf(b, "bypasses") == 2*reads && strings.Contains(b, "data-chart")
	})
	if valueOf(body, "invalidations") != writes+2 { // and the CREATE TABLE
		t.Errorf("overview: %d writes announced, want %d", valueOf(body, "invalidations"), writes+2)
	}
	// A process that is late with its report is missing for a moment.
	s.until("queries", regexp.MustCompile(`data-query="`+id+`">\s*<td class="n">[^<]*</td>\s*<td class="n" data-value="80"`).MatchString)
	s.until("tables", func(b string) bool { return strings.Contains(b, `data-table="items"`) })
	s.until("instances", func(b string) bool {
		return strings.Count(b, "data-instance=") == 2 && strings.Count(b, "in use") == 2
	})
	s.until("events", func(b string) bool { return strings.Contains(b, "items ×") })
}

// report puts a report into Redis as a process would that follows no rule set.
func report(t *testing.T, store *redisstore.Store, id string, queries ...cachedsql.QueryStats) {
	t.Helper()
	r := &cachedsql.Report{
		Instance: cachedsql.Instance{
			ID: id, Host: "web", PID: 7, Breaker: "closed", Interval: time.Minute, RoundTrip: time.Millisecond,
			Reported: time.Now(), Started: time.Now().Add(-time.Hour),
		},
		Queries: queries,
	}
	if err := store.Report(t.Context(), r, time.Minute); err != nil {
		t.Fatal(err)
	}
}

const hostile = `<script>alert(1)</script><img src=x onerror=alert(2)>"'` + "`" + `{{.}}</textarea></title>`

// Whatever a statement, a host or a message says is text and stays text.
func TestHostileTextsAreEscaped(t *testing.T) {
	t.Parallel()
	store := open(t, testredis.Start(t).URL())
	r := &cachedsql.Report{
		Instance: cachedsql.Instance{ID: hostile, Host: hostile, Version: hostile, Rules: hostile, RulesVersion: hostile, Breaker: hostile, Namespaces: []string{hostile}, Interval: time.Minute, Reported: time.Now()},
		Queries: []cachedsql.QueryStats{{
			QueryID: hostile, Name: hostile, Statement: hostile, Tables: []string{hostile}, Writes: []string{hostile}, Rule: hostile, Calls: 3, Bypasses: 3,
			BypassesByReason: map[string]int64{hostile: 3}, NotFilledByReason: map[string]int64{hostile: 1},
		}},
		Tables: []cachedsql.TableStats{{Table: hostile, Invalidations: 1}},
	}
	if err := store.Report(t.Context(), r, time.Minute); err != nil {
		t.Fatal(err)
	}
	event := cachedsql.StreamEvent{Kind: hostile, Host: hostile, Message: hostile, QueryID: hostile, Rule: hostile, Count: 1}
	if err := store.AppendEvents(t.Context(), []cachedsql.StreamEvent{event}); err != nil {
		t.Fatal(err)
	}
	s := serve(t, dashboard.Config{Inspector: store.Inspector(), Authenticate: func(*http.Request) (string, error) { return hostile, nil }})
	q := strings.NewReplacer("<", "%3C", ">", "%3E", `"`, "%22", " ", "%20", "`", "%60", "{", "%7B", "}", "%7D").Replace(hostile)
	for _, path := range []string{"./", "queries", "queries?q=" + q + "&rule=" + q + "&sort=" + q, "query?id=" + q, "tables?q=" + q, "table?name=" + q, "instances", "events", "rules?set=" + q, "nowhere" + q} {
		_, body := s.get(path)
		for _, bad := range []string{"<script>alert", "<img src=x", "</textarea><", "onerror=alert(2)>"} {
			if strings.Contains(body, bad) {
				t.Errorf("%s: %q is in the page", path, bad)
			}
		}
		if strings.Contains(body, "ZgotmplZ") {
			t.Errorf("%s: the template refused something: %s", path, body)
		}
	}
}

func TestEveryAnswerForbidsWhatThePageDoesNotNeed(t *testing.T) {
	t.Parallel()
	store := open(t, testredis.Start(t).URL())
	report(t, store, "a")
	s := serve(t, dashboard.Config{Inspector: store.Inspector()})
	for _, path := range []string{"./", "events", "assets/page.js", "nowhere"} {
		answer, err := http.Get(s.url + path)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(answer.Body)
		_ = answer.Body.Close()
		csp := answer.Header.Get("Content-Security-Policy")
		if !strings.Contains(csp, "default-src 'none'") || strings.Contains(csp, "unsafe") || answer.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: %v", path, answer.Header)
		}
		if m := regexp.MustCompile(`(?i)<script>|<style|\sstyle=|\son[a-z]+=|javascript:|https?://(?:[^w]|w[^w])`).FindString(string(body)); m != "" && !strings.HasPrefix(path, "assets/") {
			t.Errorf("%s has %q, which the policy forbids, or asks another host", path, m)
		}
	}
}

func TestListsAreSortedFilteredAndPaged(t *testing.T) {
	t.Parallel()
	store := open(t, testredis.Start(t).URL())
	var all []cachedsql.QueryStats
	for i := range 120 {
		all = append(all, cachedsql.QueryStats{QueryID: fmt.Sprintf("%04x", i), Statement: fmt.Sprintf("select %d from t%d", i, i%3), Calls: int64(i + 1), Tables: []string{fmt.Sprint("t", i%3)}})
	}
	report(t, store, "a", all...)
	s := serve(t, dashboard.Config{Inspector: store.Inspector()})
	ids := func(path string) []string {
		_, body := s.get(path)
		var found []string
		for _, m := range regexp.MustCompile(`data-query="(\w+)"`).FindAllStringSubmatch(body, -1) {
			found = append(found, m[1])
		}
		return found
	}
	if got := ids("queries?sort=calls"); len(got) != 50 || got[0] != "0077" {
		t.Errorf("most calls first: %v", got)
	}
	if got := ids("queries?sort=calls&dir=asc&page=3"); len(got) != 20 || got[0] != "0064" {
		t.Errorf("third page: %v", got)
	}
	if got := ids("queries?q=T1+select+77"); len(got) != 0 {
		t.Errorf("77 is not in t1: %v", got)
	}
	if got := ids("queries?q=T2+004D"); len(got) != 1 || got[0] != "004d" {
		t.Errorf("filter: %v", got)
	}
	for _, path := range []string{"queries?page=-3", "queries?page=99999999999999999999", "queries?sort=nothing", "queries?q=" + strings.Repeat("x", 5000)} {
		if got := ids(path); len(got) != 50 && !strings.Contains(path, "99") {
			t.Errorf("%s: %d rows", path, len(got))
		}
	}
}

func TestWithoutRedisThePageSaysSo(t *testing.T) {
	t.Parallel()
	srv := testredis.Start(t)
	store := open(t, srv.URL())
	report(t, store, "a", cachedsql.QueryStats{QueryID: "0001", Statement: "select 1", Calls: 5})
	s := serve(t, dashboard.Config{Inspector: store.Inspector()})
	s.until("queries", func(b string) bool { return strings.Contains(b, "0001") })
	srv.Kill()
	s.until("queries", func(b string) bool {
		return strings.Contains(b, "Redis does not answer") && strings.Contains(b, "0001")
	})
	if status, body := s.get("events"); status != http.StatusServiceUnavailable || !strings.Contains(body, "Redis does not answer") {
		t.Errorf("events: %d %s", status, body)
	}
	fresh := serve(t, dashboard.Config{Inspector: store.Inspector()})
	if status, body := fresh.get("./"); status != http.StatusServiceUnavailable || !strings.Contains(body, "Redis does not answer") {
		t.Errorf("overview: %d %s", status, body)
	}
	srv.Run(t)
	report(t, store, "a", cachedsql.QueryStats{QueryID: "0002", Statement: "select 2", Calls: 5})
	fresh.until("queries", func(b string) bool { return strings.Contains(b, "0002") && !strings.Contains(b, "does not answer") })
}

func TestUnknownUsersSeeNothing(t *testing.T) {
	t.Parallel()
	store := open(t, testredis.Start(t).URL())
	report(t, store, "a", cachedsql.QueryStats{QueryID: "0001", Statement: "select secret", Calls: 5})
	var known atomic.Bool
	s := serve(t, dashboard.Config{Inspector: store.Inspector(), Authenticate: func(*http.Request) (string, error) {
		if !known.Load() {
			return "", errors.New("token 12345 is not valid")
		}
		return "ann", nil
	}})
	for _, path := range []string{"./", "queries", "query?id=0001", "events", "events-stream?after=0-0", "rules"} {
		if status, body := s.get(path); status != http.StatusUnauthorized || strings.Contains(body, "secret") || strings.Contains(body, "12345") {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}
	known.Store(true)
	if status, body := s.get("queries"); status != http.StatusOK || !strings.Contains(body, "secret") || !strings.Contains(body, "ann") {
		t.Errorf("%d %s", status, body)
	}
}

func TestPrefixWithoutSlashLeadsToTheOneWith(t *testing.T) {
	t.Parallel()
	store := open(t, testredis.Start(t).URL())
	report(t, store, "a")
	page, err := dashboard.New(dashboard.Config{Inspector: store.Inspector()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = page.Close() })
	server := httptest.NewServer(http.StripPrefix("/a/b", page))
	t.Cleanup(server.Close)
	answer, err := http.Get(server.URL + "/a/b")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK || answer.Request.URL.Path != "/a/b/" {
		t.Errorf("%d at %s", answer.StatusCode, answer.Request.URL)
	}
}

// stream reads events sent by the server until f has seen enough.
func (s *site) stream(after, last string, f func(id, data string) (enough bool)) {
	s.Helper()
	ctx, cancel := context.WithTimeout(s.Context(), 20*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+"events-stream?after="+after, nil)
	if err != nil {
		s.Fatal(err)
	}
	if last != "" {
		r.Header.Set("Last-Event-ID", last)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		s.Fatal(err)
	}
	defer answer.Body.Close()
	lines, id := bufio.NewScanner(answer.Body), ""
	for lines.Scan() {
		text := lines.Text()
		if v, ok := strings.CutPrefix(text, "id: "); ok {
			id = v
		}
		if v, ok := strings.CutPrefix(text, "data: "); ok && f(id, v) {
			return
		}
	}
	s.Fatalf("the stream ended: %v", lines.Err())
}

func TestEventStreamGoesOnWhereItEnded(t *testing.T) {
	t.Parallel()
	store := open(t, testredis.Start(t).URL())
	s := serve(t, dashboard.Config{Inspector: store.Inspector()})
	tell := func(n int) {
		t.Helper()
		e := []cachedsql.StreamEvent{{Kind: cachedsql.StreamNote, Message: fmt.Sprint("event ", n), Count: 1}}
		if err := store.AppendEvents(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	for n := range 3 {
		tell(n)
	}
	var seen []string
	last := ""
	s.stream("0-0", "", func(id, data string) bool {
		seen, last = append(seen, data), id
		return len(seen) == 2
	})
	tell(3)
	s.stream("0-0", last, func(_, data string) bool { // what the address says is older
		seen = append(seen, data)
		return len(seen) == 4
	})
	for n, data := range seen {
		var e struct{ Text string }
		if err := json.Unmarshal([]byte(data), &e); err != nil || e.Text != fmt.Sprint("event ", n) {
			t.Errorf("%d: %s, %v", n, data, err)
		}
	}
	for _, bad := range []string{"", "x", "$"} {
		if status, _ := s.get("events-stream?after=" + bad); status != http.StatusBadRequest {
			t.Errorf("after %q: %d", bad, status)
		}
	}
}

func TestConfigIsChecked(t *testing.T) {
	t.Parallel()
	store := open(t, "redis://127.0.0.1:1")
	for _, c := range []dashboard.Config{
		{},
		{Inspector: store.Inspector(), AllowChanges: true},
		{Inspector: store.Inspector(), SampleInterval: time.Millisecond},
		{Inspector: store.Inspector(), SampleInterval: time.Second, History: 365 * 24 * time.Hour},
	} {
		if page, err := dashboard.New(c); err == nil {
			_ = page.Close()
			t.Errorf("%+v is accepted", c)
		}
	}
}
