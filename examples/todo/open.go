package main

import (
	"database/sql"
	"flag"
	"fmt"
	"net/url"
	"os"
	"strings"
	"time"

	_ "github.com/go-sql-driver/mysql"
	_ "github.com/jackc/pgx/v5/stdlib"

	_ "github.com/cachedsql/cachedsql/cachedmysql"
	_ "github.com/cachedsql/cachedsql/cachedpg"
)

const maxConns = 32

// A target is the database to talk to, and through which driver.
type target struct {
	driver, dsn, redis, rules string
	lease                     time.Duration
}

func targetFlags(flags *flag.FlagSet) *target {
	t := &target{}
	flags.StringVar(&t.driver, "driver", "cachedpg", "cachedpg, cachedmysql, pgx or mysql")
	flags.StringVar(&t.dsn, "dsn", "", "data source name of the plain driver (default $CACHEDSQL_TEST_POSTGRES or _MYSQL)")
	flags.StringVar(&t.redis, "redis", os.Getenv("CACHEDSQL_TEST_REDIS"), "Redis URL for the cache; empty: in this process")
	flags.StringVar(&t.rules, "rules", "examples/todo/todo.yaml", "rule file; edit it while the program runs")
	flags.DurationVar(&t.lease, "lease", time.Second, "how long a write may take to commit; nothing is cached for so long at first")
	return t
}

// plainDriver returns the driver under the cache.
func (t *target) plainDriver() (string, error) {
	switch t.driver {
	case "cachedpg", "pgx":
		return "pgx", nil
	case "cachedmysql", "mysql":
		return "mysql", nil
	}
	return "", fmt.Errorf("unknown driver %q; one of: cachedpg cachedmysql pgx mysql", t.driver)
}

func (t *target) plainDSN(driver string) (string, error) {
	variable := map[string]string{"pgx": "CACHEDSQL_TEST_POSTGRES", "mysql": "CACHEDSQL_TEST_MYSQL"}[driver]
	for _, dsn := range []string{t.dsn, os.Getenv(variable)} {
		if dsn != "" {
			return dsn, nil
		}
	}
	return "", fmt.Errorf("no database: give -dsn or set %s", variable)
}

// open opens the database through the driver that -driver names.
func (t *target) open() (*todos, error) {
	if strings.HasPrefix(t.driver, "cached") {
		return t.openCached()
	}
	return t.openPlain()
}

// plain names the driver without a cache, and the database for it.
func (t *target) plain() (driver, dsn string, err error) {
	if driver, err = t.plainDriver(); err != nil {
		return "", "", err
	}
	dsn, err = t.plainDSN(driver)
	return driver, dsn, err
}

func (t *target) openPlain() (*todos, error) {
	driver, dsn, err := t.plain()
	if err != nil {
		return nil, err
	}
	return openTodos(driver, dsn, dialects[driver])
}

// openCached differs from openPlain in the driver's name and the cache_ keys
// of the DSN.
func (t *target) openCached() (*todos, error) {
	driver, dsn, err := t.plain()
	if err != nil {
		return nil, err
	}
	name := map[string]string{"pgx": "cachedpg", "mysql": "cachedmysql"}[driver]
	return openTodos(name, t.withCache(dsn), dialects[driver])
}

// withCache adds the cache's keys to a DSN: a URL, or go-sql-driver's form.
func (t *target) withCache(dsn string) string {
	keys := url.Values{
		"cache_lease": {t.lease.String()},
		// The load keeps every core busy, so that an answer of Redis can wait for its turn longer than the usual 50ms.
		"cache_lookup_timeout": {"500ms"},
		"cache_rules":          {t.rules},
	}
	if t.redis != "" {
		// A table that Redis does not know is not cached for as long as a lease can be. A demonstration does not wait
		// for the default of ten seconds.
		keys.Set("cache_redis", addKeys(t.redis, "quarantine="+t.lease.String()))
	}
	return addKeys(dsn, keys.Encode())
}

func addKeys(dsn, keys string) string {
	if strings.Contains(dsn, "?") {
		return dsn + "&" + keys
	}
	return dsn + "?" + keys
}

func openTodos(driver, dsn string, d dialect) (*todos, error) {
	db, err := sql.Open(driver, dsn)
	if err != nil {
		return nil, err
	}
	// As many idle connections as open ones: a load test measures queries, not dialling.
	db.SetMaxOpenConns(maxConns)
	db.SetMaxIdleConns(maxConns)
	return &todos{db: db, dialect: d}, nil
}
