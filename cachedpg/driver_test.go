package cachedpg_test

import (
	"context"
	"database/sql"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/cachedpg"
	"github.com/cachedsql/cachedsql/internal/testhit"
)

const everything = "version: 1\nrules: [{name: all, ttl: 1m}]\n"

func rulesFile(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "rules.yaml")
	if err := os.WriteFile(path, []byte(everything), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func rules(t *testing.T) *cachedsql.Rules {
	t.Helper()
	r, err := cachedsql.ParseRules("rules.yaml", []byte(everything))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func server(t *testing.T) string {
	t.Helper()
	dsn := os.Getenv("CACHEDSQL_TEST_POSTGRES")
	if dsn == "" {
		t.Skip("SKIPPED: CACHEDSQL_TEST_POSTGRES is not set, nothing was tested on a real PostgreSQL")
	}
	return dsn
}

// withSettings adds parameters to the test server's URL.
func withSettings(t *testing.T, settings map[string]string) string {
	t.Helper()
	u, err := url.Parse(server(t))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range settings {
		u.RawQuery += "&" + name + "=" + url.QueryEscape(value)
	}
	return u.String()
}

func open(t *testing.T, name string) *sql.DB {
	t.Helper()
	db, err := sql.Open(cachedpg.Name, name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return db
}

func exec(t *testing.T, db *sql.DB, query string, args ...any) {
	t.Helper()
	if _, err := db.ExecContext(context.Background(), query, args...); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

// table makes an empty table (id, n) whose name no other test uses.
func table(t *testing.T, db *sql.DB) string {
	t.Helper()
	name := "cachedpg_" + strings.ToLower(strings.NewReplacer("/", "_", "#", "_").Replace(t.Name()))
	exec(t, db, "drop table if exists "+name)
	exec(t, db, "create table "+name+" (id int primary key, n bigint)")
	t.Cleanup(func() { exec(t, db, "drop table "+name) })
	return name
}

// hitsAndFreshness checks the whole road: repeated reads hit, and a write is
// seen by the next read.
func hitsAndFreshness(t *testing.T, db *sql.DB) {
	t.Helper()
	name := table(t, db)
	exec(t, db, "insert into "+name+" values (1, 10)")
	testhit.Read(t, db, 10, "select n from "+name+" where id = $1", 1)
	exec(t, db, "update "+name+" set n = 11 where id = 1")
	testhit.Read(t, db, 11, "select n from "+name+" where id = $1", 1)
}

func TestSqlOpenCachesByDSN(t *testing.T) {
	t.Parallel()
	hitsAndFreshness(t, open(t, withSettings(t, map[string]string{"cache_rules": rulesFile(t)})))
}

// Two handles stand for two processes: what they share is Redis.
func TestHandlesShareResultsThroughRedis(t *testing.T) {
	t.Parallel()
	redis := os.Getenv("CACHEDSQL_TEST_REDIS")
	if redis == "" {
		t.Skip("SKIPPED: CACHEDSQL_TEST_REDIS is not set, nothing was tested on a real Redis")
	}
	settings := map[string]string{
		"cache_rules": rulesFile(t), "cache_redis": redis, "cache_lease": "50ms", "cache_lookup_timeout": "5s",
		"cache_namespace": "cachedpg-" + t.Name() + strconv.FormatInt(time.Now().UnixNano(), 36),
	}
	settings["cache_redis"] += "?quarantine=50ms"
	writer, reader := open(t, withSettings(t, settings)), open(t, withSettings(t, settings))
	name := table(t, writer)
	exec(t, writer, "insert into "+name+" values (1, 0)")
	for n := range int64(20) {
		exec(t, writer, "update "+name+" set n = $1 where id = 1", n)
		testhit.Read(t, reader, n, "select n from "+name+" where id = 1")
	}
}

func TestRegisteredConfigIsConfiguredByTheEnvironment(t *testing.T) {
	config, err := pgx.ParseConfig(server(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("CACHEDSQL_RULES", rulesFile(t))
	name := stdlib.RegisterConnConfig(config)
	t.Cleanup(func() { stdlib.UnregisterConnConfig(name) })
	hitsAndFreshness(t, open(t, name))
}

func TestPoolConnectorIsCached(t *testing.T) {
	t.Parallel()
	pool, err := pgxpool.New(context.Background(), server(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	cache, err := cachedsql.New(cachedsql.Config{Adapter: cachedpg.Adapter(pool.Config().ConnConfig), Rules: rules(t)})
	if err != nil {
		t.Fatal(err)
	}
	db := cache.OpenDB(stdlib.GetPoolConnector(pool))
	db.SetMaxIdleConns(0)
	t.Cleanup(func() { _ = db.Close(); _ = cache.Close() })
	hitsAndFreshness(t, db)
}

func TestMistakesInSettingsComeOutOfOpen(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ dsn, want string }{
		{"postgres://u:secret@h/db?cache_rule=x", `cachedsql: DSN: unknown setting "cache_rule", did you mean "cache_rules"?`},
		{"host=h password=secret cache_lease=soon", `cachedsql: DSN: cache_lease: "soon" is not a duration above zero such as 10s or 50ms`},
		{"host=h password=secret cache_rules=/nonexistent.yaml", "cachedsql: rule file: stat /nonexistent.yaml: no such file or directory"},
	} {
		_, err := sql.Open(cachedpg.Name, c.dsn)
		if err == nil || err.Error() != c.want {
			t.Errorf("Open(%q) = %v, want %s", c.dsn, err, c.want)
		}
	}
}

func TestMistakesInTheRestComeOutOfThatDriver(t *testing.T) {
	t.Parallel()
	bare, err := sql.Open("pgx", "host=h port=x")
	if err != nil {
		t.Fatal(err)
	}
	defer bare.Close()
	db := open(t, "host=h port=x cache_lease=5s")
	got, want := db.Ping(), bare.Ping()
	if got == nil || strings.ReplaceAll(got.Error(), "port=x ", "port=x") != want.Error() {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}
