package cachedsql_test

import (
	"database/sql"
	"fmt"
	"os"
	"testing"

	"github.com/jackc/pgx/v5/stdlib"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/cachedpg"
)

// countedReadings is a handle on a new database of PostgreSQL by a cache with
// these rules.
func countedReadings(t *testing.T, c *cachedsql.Cache) (*sql.DB, *sentQueries) {
	t.Helper()
	dsn := os.Getenv("CACHEDSQL_TEST_POSTGRES")
	if dsn == "" {
		t.Skip("SKIPPED: CACHEDSQL_TEST_POSTGRES is not set")
	}
	r := &sentQueries{with: "server_version_num"} // the first question of each reading
	config := postgresConfig(t, dsn)
	config.Tracer = r
	config.RuntimeParams["synchronous_commit"] = "off" // a step takes less time than a reading
	db := c.OpenDB(stdlib.GetConnector(*config))
	t.Cleanup(func() { _ = db.Close() })
	return db, r
}

func adapted(t *testing.T, rules string) *cachedsql.Cache {
	t.Helper()
	config := cachedsql.Config{Adapter: cachedpg.Adapter(nil)}
	if rules != "" {
		var err error
		if config.Rules, err = cachedsql.ParseRules("rules.yaml", []byte(rules)); err != nil {
			t.Fatal(err)
		}
	}
	c, err := cachedsql.New(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// Tools that migrate a database note each step in a table of their own, and some
// look there before each.
func TestMigrationsReadTheCatalogAFewTimes(t *testing.T) {
	db, r := countedReadings(t, adapted(t, "version: 1\nrules: [{name: all, ttl: 1h}]\n"))
	run := func(text string, args ...any) {
		t.Helper()
		if _, err := db.Exec(text, args...); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
	}
	run(`CREATE TABLE steps (id BIGINT PRIMARY KEY)`)
	const steps = 100
	for i := range steps {
		var last sql.NullInt64
		if err := db.QueryRow(`SELECT max(id) FROM steps`).Scan(&last); err != nil {
			t.Fatal(err)
		}
		run(fmt.Sprintf(`CREATE TABLE t%d (id BIGINT PRIMARY KEY)`, i))
		run(`INSERT INTO steps VALUES ($1)`, i)
	}
	if n := r.n.Load(); n > steps/3 {
		t.Errorf("the catalog was read %d times in %d steps, want a few", n, steps)
	}
}

// What is called may be what was made just now, also where no lookup would have
// shown that the schema has changed, and where that is too often to be looked at.
func TestReadOfWhatThisProcessHasChangedMayWrite(t *testing.T) {
	const harmless, writes = `IMMUTABLE AS 'SELECT 1'`, `VOLATILE AS 'INSERT INTO log VALUES (1) RETURNING 1'`
	const function, view = `CREATE OR REPLACE FUNCTION f() RETURNS int LANGUAGE sql `, `CREATE OR REPLACE VIEW v AS SELECT `
	for _, tt := range []struct{ name, before, after, read string }{
		{"function", function + harmless, function + writes, `SELECT f()`},
		{"view", view + `1 AS n`, view + `g() AS n`, `SELECT n FROM v`},
	} {
		for _, changes := range []int{0, 100} {
			t.Run(fmt.Sprintf("%s/%d", tt.name, changes), func(t *testing.T) {
				c := adapted(t, "version: 1\nrules: [{name: some, tables_any: [others], ttl: 1h}]\n")
				db, _ := countedReadings(t, c)
				run := func(text string) {
					t.Helper()
					if _, err := db.Exec(text); err != nil {
						t.Fatalf("%s: %v", text, err)
					}
				}
				read := func() (invalidations int64) {
					t.Helper()
					before := c.Stats().Invalidations
					var n int
					if err := db.QueryRow(tt.read).Scan(&n); err != nil {
						t.Fatal(err)
					}
					return c.Stats().Invalidations - before
				}
				run(`CREATE TABLE log (n INT)`)
				run(`CREATE FUNCTION g() RETURNS int LANGUAGE sql ` + writes)
				run(tt.before)
				for i := range changes {
					run(fmt.Sprintf(`CREATE TABLE t%d ()`, i))
					run(`INSERT INTO log VALUES (0)`)
				}
				if n := read(); n != 0 && changes == 0 {
					t.Errorf("%d invalidations by a read, want none", n)
				}
				run(tt.after)
				if n := read(); n != 1 {
					t.Errorf("%d invalidations by a read that writes, want 1", n)
				}
			})
		}
	}
}
