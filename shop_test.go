package cachedsql_test

import (
	"context"
	"crypto/rand"
	"database/sql"
	"database/sql/driver"
	"encoding/hex"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"modernc.org/sqlite"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/cachedmysql"
	"github.com/cachedsql/cachedsql/cachedpg"
	"github.com/cachedsql/cachedsql/cachedsqltest"
)

// server makes databases of its own kind for tests.
type server struct {
	name    string
	dialect cachedsql.Dialect
	adapter cachedsql.Adapter
	// connector returns a connector to a new, empty database.
	connector func(*testing.T) driver.Connector
}

// servers are the databases at hand: SQLite always, the others where the
// environment names one.
func servers(t *testing.T) []server {
	t.Helper()
	all := []server{{name: "sqlite", dialect: cachedsql.SQLite, connector: sqliteConnector}}
	if dsn := os.Getenv("CACHEDSQL_TEST_POSTGRES"); dsn != "" {
		all = append(all, server{"postgres", cachedsql.Postgres, cachedpg.Adapter(nil), func(t *testing.T) driver.Connector { return postgresConnector(t, dsn) }})
	} else {
		t.Log("SKIPPED for PostgreSQL: CACHEDSQL_TEST_POSTGRES is not set")
	}
	if dsn := os.Getenv("CACHEDSQL_TEST_MYSQL"); dsn != "" {
		all = append(all, server{"mysql", cachedsql.MySQL, cachedmysql.Adapter(nil), func(t *testing.T) driver.Connector { return mysqlConnector(t, dsn, nil) }})
	} else {
		t.Log("SKIPPED for MySQL: CACHEDSQL_TEST_MYSQL is not set")
	}
	return all
}

func databaseName() string {
	var id [6]byte
	_, _ = rand.Read(id[:])
	return "t_" + hex.EncodeToString(id[:])
}

func sqliteConnector(t *testing.T) driver.Connector {
	name := filepath.Join(t.TempDir(), "shop.db") + "?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)"
	return named{&sqlite.Driver{}, name}
}

// named is a connector for a driver without one.
type named struct {
	inner driver.Driver
	name  string
}

func (n named) Connect(context.Context) (driver.Conn, error) { return n.inner.Open(n.name) }
func (n named) Driver() driver.Driver                        { return n.inner }

func postgresConnector(t *testing.T, dsn string) driver.Connector {
	t.Helper()
	return stdlib.GetConnector(*postgresConfig(t, dsn))
}

// postgresConfig returns a configuration for a new, empty database.
func postgresConfig(t testing.TB, dsn string) *pgx.ConnConfig {
	t.Helper()
	name := databaseName()
	admin(t, "pgx", dsn, "CREATE DATABASE "+name, "DROP DATABASE "+name+" WITH (FORCE)")
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		t.Fatal(err)
	}
	config.Database = name
	return config
}

func mysqlConnector(t *testing.T, dsn string, change func(*mysql.Config)) driver.Connector {
	t.Helper()
	config := mysqlConfig(t, dsn)
	if change != nil {
		change(config)
	}
	k, err := mysql.NewConnector(config)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// mysqlConfig returns a configuration for a new, empty database.
func mysqlConfig(t *testing.T, dsn string) *mysql.Config {
	t.Helper()
	name := databaseName()
	admin(t, "mysql", dsn, "CREATE DATABASE "+name, "DROP DATABASE "+name)
	config, err := mysql.ParseDSN(dsn)
	if err != nil {
		t.Fatal(err)
	}
	config.DBName = name
	return config
}

// admin runs a statement now and another when the test has ended. All databases
// of tests are made here, so this is where one is skipped that has no server.
func admin(t testing.TB, driverName, dsn, now, later string) {
	t.Helper()
	if dsn == "" {
		t.Skipf("SKIPPED: no server for the driver %s, see scripts/services", driverName)
	}
	db, err := sql.Open(driverName, dsn)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(now); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := db.Exec(later); err != nil {
			t.Error(err)
		}
		db.Close()
	})
}

// shop is a database with the cache in front, and a second handle on it
// without.
type shop struct {
	*testing.T
	dialect cachedsql.Dialect
	inner   driver.Connector
	db      *sql.DB
	bare    *sql.DB
	cache   *cachedsql.Cache
	rec     *cachedsqltest.Recorder
}

// inShops runs a test on every database at hand.
func inShops(t *testing.T, rules string, test func(*shop)) {
	t.Helper()
	t.Parallel()
	for _, srv := range servers(t) {
		t.Run(srv.name, func(t *testing.T) {
			t.Parallel()
			test(newShop(t, srv, rules))
		})
	}
}

func newShop(t *testing.T, srv server, rules string) *shop {
	t.Helper()
	s := &shop{T: t, dialect: srv.dialect, inner: srv.connector(t)}
	s.cache, s.rec = cachedsqltest.New(t, rules, func(c *cachedsql.Config) { c.Adapter = srv.adapter })
	s.db = s.cache.OpenDB(s.inner)
	s.bare = sql.OpenDB(s.inner)
	t.Cleanup(func() {
		s.db.Close()
		s.bare.Close()
	})
	s.exec("CREATE TABLE items (id INTEGER PRIMARY KEY, name VARCHAR(100), price INTEGER)")
	s.exec("CREATE TABLE other (id INTEGER PRIMARY KEY, n INTEGER)")
	s.exec("INSERT INTO items VALUES (1, 'lamp', 40), (2, 'chair', 90)")
	return s
}

// sql writes ? as the database's own placeholders.
func (s *shop) sql(query string) string {
	if s.dialect != cachedsql.Postgres {
		return query
	}
	for n := 1; strings.Contains(query, "?"); n++ {
		query = strings.Replace(query, "?", "$"+strconv.Itoa(n), 1)
	}
	return query
}

func (s *shop) exec(query string, args ...any) {
	s.Helper()
	if _, err := s.db.Exec(s.sql(query), args...); err != nil {
		s.Fatalf("%s: %v", query, err)
	}
}

// price reads one value and says what the cache did.
func (s *shop) price(id int) (int, string) {
	s.Helper()
	var p int
	if err := s.db.QueryRow(s.sql("SELECT price FROM items WHERE id = ?"), id).Scan(&p); err != nil {
		s.Fatal(err)
	}
	return p, s.rec.LastRead()
}

func (s *shop) wantPrice(id, want int, outcome string) {
	s.Helper()
	if got, did := s.price(id); got != want || did != outcome {
		s.Errorf("price of %d: got %d (%s), want %d (%s)", id, got, did, want, outcome)
	}
}

func (s *shop) wantItems(want int, outcome string) {
	s.Helper()
	var n int
	if err := s.db.QueryRow("SELECT count(*) FROM items").Scan(&n); err != nil {
		s.Fatal(err)
	}
	if did := s.rec.LastRead(); n != want || did != outcome {
		s.Errorf("items: got %d (%s), want %d (%s)", n, did, want, outcome)
	}
}
