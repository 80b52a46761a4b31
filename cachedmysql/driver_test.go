package cachedmysql_test

import (
	"context"
	"database/sql"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cachedsql/cachedsql/cachedmysql"
	"github.com/cachedsql/cachedsql/internal/testhit"
)

func rulesFile(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "rules.yaml")
	if err := os.WriteFile(path, []byte("version: 1\nrules: [{name: all, ttl: 1m}]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func server(t *testing.T) string {
	t.Helper()
	dsn := os.Getenv("CACHEDSQL_TEST_MYSQL")
	if dsn == "" {
		t.Skip("SKIPPED: CACHEDSQL_TEST_MYSQL is not set, nothing was tested on a real MySQL or MariaDB")
	}
	return dsn
}

func exec(t *testing.T, db *sql.DB, query string, args ...any) {
	t.Helper()
	if _, err := db.ExecContext(context.Background(), query, args...); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

func TestSqlOpenCachesByDSN(t *testing.T) {
	t.Parallel()
	name := server(t)
	separator := "?"
	if strings.Contains(name, "?") {
		separator = "&"
	}
	db, err := sql.Open(cachedmysql.Name, name+separator+"cache_rules="+url.QueryEscape(rulesFile(t)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	exec(t, db, "drop table if exists cachedmysql_open")
	exec(t, db, "create table cachedmysql_open (id int primary key, n bigint)")
	t.Cleanup(func() { exec(t, db, "drop table cachedmysql_open") })
	exec(t, db, "insert into cachedmysql_open values (?, ?)", 1, 10)
	for n := range int64(3) {
		exec(t, db, "update cachedmysql_open set n = ? where id = ?", n, 1)
		testhit.Read(t, db, n, "select n from cachedmysql_open where id = ?", 1)
	}
}

func TestMistakesComeOutOfOpen(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ dsn, want string }{
		{"u:secret@tcp(h)/db?cache_lookup_timout=1s", `cachedsql: DSN: unknown setting "cache_lookup_timout", did you mean "cache_lookup_timeout"?`},
		{"u:secret@tcp(h)/db?cache_rules=/etc/rules.yaml", `invalid DSN: did you forget to escape a param value? (in the value of a cache_* setting "/" is written %2F)`},
		{"u:secret@tcp(h)/db?cache_redis=http%3A%2F%2Fh", "cachedsql: redis: "},
	} {
		_, err := sql.Open(cachedmysql.Name, c.dsn)
		if err == nil || !strings.HasPrefix(err.Error(), c.want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("Open(%q) = %v, want %s", c.dsn, err, c.want)
		}
	}
}
