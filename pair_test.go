package cachedsql_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/cachedmysql"
	"github.com/cachedsql/cachedsql/cachedpg"
	"github.com/cachedsql/cachedsql/cachedsqltest"
)

// pair is one database with two Caches on one store in front, as two processes
// would be, and a handle without.
type pair struct {
	*testing.T
	dialect cachedsql.Dialect
	inner   driver.Connector
	a, b    *handle
	bare    *sql.DB
	config  cachedsql.Config
}

// run runs a part of a test with the shop's first data, and with connections
// and Caches of its own.
func (p *pair) run(name string, test func(*pair)) {
	p.T.Run(name, func(t *testing.T) {
		part := *p
		part.T = t
		part.exec(p.bare, "DELETE FROM items", "DELETE FROM other", "INSERT INTO items VALUES (1, 'lamp', 40), (2, 'chair', 90)")
		part.config.Store = cachedsql.NewMemoryStore(cachedsql.MemoryConfig{})
		part.a, part.b = part.handle(), part.handle()
		test(&part)
	})
}

// handle is one of them.
type handle struct {
	*testing.T
	db    *sql.DB
	cache *cachedsql.Cache
	rec   *cachedsqltest.Recorder
}

// inPairs runs a test on PostgreSQL and MySQL, with a store in memory that
// both Caches share: every fill and announcement has arrived when the
// statement returns.
func inPairs(t *testing.T, test func(*pair)) {
	t.Helper()
	t.Parallel()
	for _, srv := range servers(t) {
		if srv.dialect == cachedsql.SQLite {
			continue
		}
		t.Run(srv.name, func(t *testing.T) {
			t.Parallel()
			test(newPair(t, srv.dialect, cachedsql.Config{Store: cachedsql.NewMemoryStore(cachedsql.MemoryConfig{})}))
		})
	}
}

// newPair makes an empty database with the shop's tables.
func newPair(t *testing.T, d cachedsql.Dialect, config cachedsql.Config) *pair {
	t.Helper()
	p := &pair{T: t, dialect: d}
	switch d {
	case cachedsql.Postgres:
		p.inner = postgresConnector(t, os.Getenv("CACHEDSQL_TEST_POSTGRES"))
		config.Adapter = cachedpg.Adapter(nil)
	case cachedsql.MySQL:
		p.inner = mysqlConnector(t, os.Getenv("CACHEDSQL_TEST_MYSQL"), func(c *mysql.Config) { c.MultiStatements = true })
		config.Adapter = cachedmysql.Adapter(nil)
	default:
		p.inner = sqliteConnector(t)
		config.Adapter = cachedsql.Adapter{Dialect: cachedsql.SQLite, Variant: "the same"}
	}
	p.bare = sql.OpenDB(p.inner)
	t.Cleanup(func() { p.bare.Close() })
	p.config = config
	p.a, p.b = p.handle(), p.handle()
	p.exec(p.bare,
		"CREATE TABLE items (id INTEGER PRIMARY KEY, name VARCHAR(100), price INTEGER)",
		"CREATE TABLE other (id INTEGER PRIMARY KEY, n INTEGER)",
		"INSERT INTO items VALUES (1, 'lamp', 40), (2, 'chair', 90)")
	return p
}

// isOn reports whether the database is one of those.
func (p *pair) isOn(on int) bool {
	return on&(1<<p.dialect) != 0 || p.dialect == cachedsql.MySQL && on&vendorOf(p.T, p.bare) != 0
}

// vendorOf says whether a MySQL is MariaDB or MySQL.
func vendorOf(t *testing.T, db *sql.DB) int {
	t.Helper()
	var version string
	if err := db.QueryRow("SELECT VERSION()").Scan(&version); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(version, "MariaDB") {
		return maria
	}
	return oracle
}

// handle opens one more handle, as one more process would.
func (p *pair) handle() *handle {
	cache, rec := cachedsqltest.New(p.T, cachedsqltest.Everything, func(c *cachedsql.Config) {
		rules := c.Rules
		onEvent := c.OnEvent
		*c = p.config
		c.Rules, c.OnEvent = rules, onEvent
	})
	h := &handle{p.T, cache.OpenDB(p.inner), cache, rec}
	p.Cleanup(func() { h.db.Close() })
	return h
}

// execer is a *sql.DB, *sql.Conn or *sql.Tx.
type execer interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// exec runs statements. One that begins with ! has to fail, one with ? may.
func (p *pair) exec(on execer, statements ...string) {
	p.Helper()
	for _, s := range statements {
		if s, may := strings.CutPrefix(s, "?"); may {
			_, _ = on.ExecContext(p.Context(), s)
			continue
		}
		s, fails := strings.CutPrefix(s, "!")
		if _, err := on.ExecContext(p.Context(), s); (err != nil) != fails {
			p.Fatalf("%s: got error %v, want one: %v", s, err, fails)
		}
	}
}

// conn takes a connection out of a pool until the test ends.
func (p *pair) conn(db *sql.DB) *sql.Conn {
	p.Helper()
	c, err := db.Conn(p.Context())
	if err != nil {
		p.Fatal(err)
	}
	p.Cleanup(func() { c.Close() })
	return c
}

// answer is the result of a query as text, or its error.
func answer(ctx context.Context, on execer, query string, args ...any) string {
	rows, err := on.QueryContext(ctx, query, args...)
	if err != nil {
		return "error: " + err.Error()
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		return "error: " + err.Error()
	}
	var b strings.Builder
	b.WriteString(strings.Join(names, ","))
	cells := make([]any, len(names))
	for i := range cells {
		cells[i] = new(any)
	}
	for rows.Next() {
		if err := rows.Scan(cells...); err != nil {
			return "error: " + err.Error()
		}
		b.WriteString(" |")
		for _, c := range cells {
			v := *c.(*any)
			if text, ok := v.([]byte); ok {
				v = string(text)
			}
			fmt.Fprintf(&b, " %v", v)
		}
	}
	if err := rows.Err(); err != nil {
		return "error: " + err.Error()
	}
	return b.String()
}

// read returns a query's answer through the cache and what the cache did.
func (h *handle) read(query string, args ...any) (string, string) {
	h.Helper()
	got := answer(h.Context(), h.db, query, args...)
	return got, h.rec.LastRead()
}

// warm reads until the answer comes from the cache.
func (h *handle) warm(query string) {
	h.Helper()
	did := ""
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if _, did = h.read(query); did == "hit" {
			return
		}
	}
	h.Fatalf("%s: never a hit, but %s", query, did)
}

// wantFresh compares what every handle answers with the bare driver's answer,
// twice: what a first wrong read stored, a second would serve.
func (p *pair) wantFresh(query string) {
	p.Helper()
	// pgx may have prepared it before the table was altered.
	isOutdated := func(answer string) bool { return strings.Contains(answer, "cached plan must not change") }
	want := answer(p.Context(), p.bare, query)
	if isOutdated(want) {
		want = answer(p.Context(), p.bare, query)
	}
	for range 2 {
		for name, h := range map[string]*handle{"a": p.a, "b": p.b} {
			got, did := h.read(query)
			if isOutdated(got) {
				got, did = h.read(query)
			}
			if got != want {
				p.Errorf("%s through %s: got %q (%s), want %q", query, name, got, did, want)
			}
		}
	}
}

const allItems = "SELECT id, name, price FROM items ORDER BY id"
