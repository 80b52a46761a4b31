package compat

import (
	"crypto/rand"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/cachedmysql"
	"github.com/cachedsql/cachedsql/cachedpg"
	"github.com/cachedsql/cachedsql/cachedsqltest"
	"github.com/cachedsql/cachedsql/redisstore"
	"github.com/cachedsql/cachedsql/suites/repeat"
)

// A story is one program of an ORM: what it does, and what it is told.
type story struct {
	*testing.T
	dialect string // postgres or mysql
	db      *sql.DB
	lines   []string
}

// tell notes what the program was told.
func (s *story) tell(what string, v any, err error) {
	s.Helper()
	text, encoding := json.Marshal(v)
	if encoding != nil {
		s.Fatal(what, encoding)
	}
	s.lines = append(s.lines, fmt.Sprintf("%s: %s %v", what, text, err))
}

// must ends the test for an error that no driver should give.
func (s *story) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

// inBoth runs a story on PostgreSQL and MySQL, each over the bare driver, with
// the store in memory and with Redis. minHits is how many reads have to be hits.
func inBoth(t *testing.T, minHits int64, tell func(*story)) {
	t.Helper()
	t.Parallel()
	for dialect, server := range map[string]func(*testing.T) (driver.Connector, cachedsql.Adapter){"postgres": postgres, "mysql": mariadb} {
		t.Run(dialect, func(t *testing.T) {
			t.Parallel()
			inner, adapter := server(t)
			bare := &story{T: t, dialect: dialect, db: handle(t, inner)}
			tell(bare)
			for store, open := range stores() {
				t.Run(store, func(t *testing.T) {
					inner, _ := server(t)
					var compared atomic.Int64
					cache := newCache(t, adapter, open(t))
					r := &repeat.Connector{
						Connector: cache.WrapConnector(inner), Cache: cache, Patience: 10 * time.Second,
						Compared:  func() { compared.Add(1) },
						Different: func(text, got, want string) { t.Errorf("%s\n%s\nbare %s", text, got, want) },
					}
					cached := &story{T: t, dialect: dialect, db: handle(t, r)}
					tell(cached)
					compareLines(t, cached.lines, bare.lines)
					if hits := compared.Load(); hits < minHits {
						t.Errorf("%d reads were hits, want %d", hits, minHits)
					}
				})
			}
		})
	}
}

func compareLines(t *testing.T, got, want []string) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("got %d lines, want %d", len(got), len(want))
	}
	for i := range got {
		if got[i] != want[i] {
			t.Errorf("got  %s\nwant %s", got[i], want[i])
		}
	}
}

func handle(t *testing.T, k driver.Connector) *sql.DB {
	db := sql.OpenDB(k)
	t.Cleanup(func() { db.Close() })
	return db
}

// short keeps new tables from being uncached for as long as in production.
const short = 20 * time.Millisecond

func stores() map[string]func(*testing.T) cachedsql.Store {
	return map[string]func(*testing.T) cachedsql.Store{
		"memory": func(*testing.T) cachedsql.Store { return cachedsql.NewMemoryStore(cachedsql.MemoryConfig{}) },
		"redis": func(t *testing.T) cachedsql.Store {
			url := needs(t, "CACHEDSQL_TEST_REDIS")
			store, err := redisstore.Open(url, redisstore.Config{KeyPrefix: unique(), Quarantine: short})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { store.Close() })
			return store
		},
	}
}

func newCache(t *testing.T, adapter cachedsql.Adapter, store cachedsql.Store) *cachedsql.Cache {
	cache, _ := cachedsqltest.New(t, cachedsqltest.Everything, func(c *cachedsql.Config) {
		c.Adapter, c.Store, c.OnEvent = adapter, store, repeat.OnEvent
		c.Lease, c.LookupTimeout = short, 5*time.Second
	})
	return cache
}

// needs returns the address of a server, and skips the test where there is none.
func needs(t *testing.T, name string) string {
	t.Helper()
	address := os.Getenv(name)
	if address == "" {
		t.Skipf("%s is not set", name)
	}
	return address
}

func unique() string { return "compat_" + strings.ToLower(rand.Text()[:12]) }

// postgres returns a connector to a new database.
func postgres(t *testing.T) (driver.Connector, cachedsql.Adapter) {
	dsn, name := needs(t, "CACHEDSQL_TEST_POSTGRES"), unique()
	admin(t, "pgx", dsn, "CREATE DATABASE "+name, "DROP DATABASE "+name+" WITH (FORCE)")
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		t.Fatal(err)
	}
	config.Database = name
	return stdlib.GetConnector(*config), cachedpg.Adapter(config)
}

// mariadb returns a connector to a new database.
func mariadb(t *testing.T) (driver.Connector, cachedsql.Adapter) {
	dsn, name := needs(t, "CACHEDSQL_TEST_MYSQL"), unique()
	admin(t, "mysql", dsn, "CREATE DATABASE "+name, "DROP DATABASE "+name)
	config, err := mysql.ParseDSN(dsn)
	if err != nil {
		t.Fatal(err)
	}
	config.DBName, config.ParseTime = name, true
	connector, err := mysql.NewConnector(config)
	if err != nil {
		t.Fatal(err)
	}
	return connector, cachedmysql.Adapter(config)
}

// admin runs one statement now and another when the test has ended.
func admin(t *testing.T, driverName, dsn, now, later string) {
	t.Helper()
	db, err := sql.Open(driverName, dsn)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), now); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		defer db.Close()
		if _, err := db.Exec(later); err != nil {
			t.Log(err)
		}
	})
}

// day is a point in time that every database keeps exactly.
func day(n int) time.Time { return time.Date(2024, 2, n, 13, 14, 15, 0, time.UTC) }
