package cachedsql_test

import (
	"bytes"
	"database/sql"
	"database/sql/driver"
	"log/slog"
	"os"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/cachedmysql"
	"github.com/cachedsql/cachedsql/cachedpg"
)

// modest is a pair whose b may read the tables and nothing else, and what is
// logged for it.
type modest struct {
	*pair
	log lockedBuffer
}

// newModest opens both handles when the owner has made what is in the
// database. grants have USER for the user's name.
func newModest(t *testing.T, d cachedsql.Dialect, grants ...string) *modest {
	t.Helper()
	m := &modest{pair: &pair{T: t, dialect: d}}
	var b pair
	switch d {
	case cachedsql.Postgres:
		m.inner, b.inner, grants = modestPostgres(t, grants)
		m.config.Adapter = cachedpg.Adapter(nil)
	default:
		m.inner, b.inner, grants = modestMySQL(t, grants)
		m.config.Adapter = cachedmysql.Adapter(nil)
	}
	m.config.Store = cachedsql.NewMemoryStore(cachedsql.MemoryConfig{})
	m.bare = sql.OpenDB(m.inner)
	t.Cleanup(func() { m.bare.Close() })
	m.exec(m.bare,
		"CREATE TABLE items (id INTEGER PRIMARY KEY, name VARCHAR(100), price INTEGER)",
		"CREATE TABLE hidden (id INTEGER PRIMARY KEY)",
		"CREATE VIEW cheap AS SELECT * FROM items WHERE price < 100",
		"INSERT INTO items VALUES (1, 'lamp', 40)")
	m.exec(m.bare, grants...)
	m.a = m.handle()
	b.T, b.config = t, m.config
	b.config.Logger = slog.New(slog.NewTextHandler(&m.log, &slog.HandlerOptions{Level: slog.LevelWarn}))
	m.b = b.handle()
	return m
}

// wantWarnings compares how many warnings there were.
func (m *modest) wantWarnings(want int, about string) {
	m.Helper()
	text := m.log.String()
	if n := bytes.Count([]byte(text), []byte("\n")); n != want || !strings.Contains(text, about) {
		m.Errorf("%d warnings, want %d about %q:\n%s", n, want, about, text)
	}
}

// heard has the owner write and the modest user read, through the cache.
func (m *modest) heard(query string) {
	m.Helper()
	for range 3 {
		m.b.warm(query)
		m.exec(m.a.db, "UPDATE items SET price = price + 1 WHERE id = 1")
		m.wantFreshFrom(m.b, query)
	}
}

func (m *modest) wantFreshFrom(h *handle, query string) {
	m.Helper()
	want := answer(m.Context(), m.bare, query)
	if got, did := h.read(query); got != want {
		m.Errorf("%s: got %q (%s), want %q", query, got, did, want)
	}
}

func TestPostgresUserWhoMayOnlyReadItsTablesIsEnough(t *testing.T) {
	t.Parallel()
	m := newModest(t, cachedsql.Postgres, "GRANT SELECT ON items, cheap TO USER")
	m.heard(lampPrice)
	m.heard("SELECT price FROM cheap WHERE id = 1")
	m.wantWarnings(0, "")
}

// Without SHOW VIEW a view's tables are unknown, and without TRIGGER so is what
// a write does: the first is not cached, the second counts for everything.
func TestMySQLUserWhoMayOnlyReadItsTablesIsEnough(t *testing.T) {
	t.Parallel()
	m := newModest(t, cachedsql.MySQL, "GRANT SELECT, UPDATE ON items TO USER", "GRANT SELECT ON cheap TO USER")
	m.heard(lampPrice)
	for range 3 {
		m.exec(m.a.db, "UPDATE items SET price = price + 1 WHERE id = 1")
		if _, did := m.b.read("SELECT price FROM cheap WHERE id = 1"); did != "bypass unknown_relation" {
			t.Errorf("a view that cannot be seen through: %s", did)
		}
		m.wantFreshFrom(m.b, "SELECT price FROM cheap WHERE id = 1")
	}
	m.a.warm(lampPrice)
	m.exec(m.b.db, "UPDATE items SET price = price + 1 WHERE id = 1")
	m.wantFreshFrom(m.a, lampPrice)
	m.wantWarnings(1, "no TRIGGER privilege")
}

// modestPostgres returns the owner's and the user's connector.
func modestPostgres(t *testing.T, grants []string) (owner, user driver.Connector, _ []string) {
	t.Helper()
	dsn := os.Getenv("CACHEDSQL_TEST_POSTGRES")
	if dsn == "" {
		t.Skip("SKIPPED: CACHEDSQL_TEST_POSTGRES is not set")
	}
	name := newRole(t, dsn)
	config := postgresConfig(t, dsn) // and dropped before the role
	as := config.Copy()
	as.User, as.Password = name, "secret"
	return stdlib.GetConnector(*config), stdlib.GetConnector(*as), forUser(grants, name)
}

func modestMySQL(t *testing.T, grants []string) (owner, user driver.Connector, _ []string) {
	t.Helper()
	dsn := os.Getenv("CACHEDSQL_TEST_MYSQL")
	if dsn == "" {
		t.Skip("SKIPPED: CACHEDSQL_TEST_MYSQL is not set")
	}
	name := databaseName()
	// An anonymous user of localhost would take the place of one of anywhere.
	both := name + "@'%', " + name + "@localhost"
	admin(t, "mysql", dsn, "CREATE USER "+name+"@'%' IDENTIFIED BY 'secret', "+name+"@localhost IDENTIFIED BY 'secret'", "DROP USER "+both)
	config := mysqlConfig(t, dsn)
	as := config.Clone()
	as.User, as.Passwd = name, "secret"
	connectors := [2]driver.Connector{}
	for i, c := range []*mysql.Config{config, as} {
		k, err := mysql.NewConnector(c)
		if err != nil {
			t.Fatal(err)
		}
		connectors[i] = k
	}
	return connectors[0], connectors[1], forUser(grants, both)
}

func forUser(grants []string, user string) []string {
	all := make([]string, len(grants))
	for i, g := range grants {
		all[i] = strings.ReplaceAll(g, "USER", user)
	}
	return all
}
