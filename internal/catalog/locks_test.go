package catalog

import (
	"context"
	"database/sql"
	"net/url"
	"os"
	"testing"
	"time"

	"github.com/cachedsql/cachedsql/internal/sqlparse"
)

// ownDatabase opens one that no other test loads.
func ownDatabase(t *testing.T) *sql.DB {
	t.Helper()
	admin, name := server(t, "pgx", pgVariable), scratch()
	u, err := url.Parse(os.Getenv(pgVariable))
	if err != nil || u.Scheme == "" {
		t.Skip("the DSN is not a URL: NOT TESTED in a database of its own")
	}
	mustExec(t, admin, "CREATE DATABASE "+name)
	t.Cleanup(func() { mustExec(t, admin, "DROP DATABASE "+name+" WITH (FORCE)") })
	u.Path = "/" + name
	db, err := sql.Open("pgx", u.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// lockedWhile keeps statements away from a table, as ALTER TABLE does.
func lockedWhile(t *testing.T, db *sql.DB, table string, f func(context.Context)) {
	t.Helper()
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }()
	if _, err := tx.Exec("LOCK TABLE " + table + " IN ACCESS EXCLUSIVE MODE"); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	f(ctx)
}

func TestPostgresCatalogIsReadWhileAPartitionIsLocked(t *testing.T) {
	t.Parallel()
	db := ownDatabase(t)
	s := scratch()
	mustExec(t, db, "CREATE SCHEMA "+s)
	mustExec(t, db, `SET search_path = `+s+`;
CREATE TABLE seen (n int);
CREATE FUNCTION note() RETURNS void LANGUAGE plpgsql AS $$ BEGIN DELETE FROM `+s+`.seen; END $$;
CREATE FUNCTION half(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN PERFORM `+s+`.note(); RETURN $1 / 2; END $$;
CREATE TABLE m (n int CHECK (n > 0)) PARTITION BY LIST (half(n));
CREATE TABLE m1 PARTITION OF m FOR VALUES IN (1) PARTITION BY RANGE (n);
CREATE TABLE m1a PARTITION OF m1 FOR VALUES FROM (1) TO (9);
CREATE INDEX ON m1a ((n + 1));
RESET search_path`)
	lockedWhile(t, db, s+".m1a", func(ctx context.Context) {
		c, err := Load(ctx, sqlparse.Postgres, dbQuerier{db})
		if err != nil {
			t.Fatal(err)
		}
		path := Session{SearchPath: []string{s}, Known: true}
		checkEffects(t, c, path, nil, s+".", []effectCase{ // the key is computed in each partition, also of partitions
			{"INSERT INTO m VALUES (2)", "w: m m1 m1a seen"},
			{"INSERT INTO m1a VALUES (2)", "w: m m1 m1a seen"},
		})
	})
}

// TestPostgresCatalogDoesNotWaitForTheTablesOfAView: the server locks them when
// it spells the text.
func TestPostgresCatalogDoesNotWaitForTheTablesOfAView(t *testing.T) {
	t.Parallel()
	db := ownDatabase(t)
	for what, ddl := range map[string]string{
		"a view":     "CREATE VIEW v AS SELECT n FROM t",
		"a function": "CREATE FUNCTION f() RETURNS bigint VOLATILE BEGIN ATOMIC SELECT count(*) FROM t; END",
	} {
		t.Run(what, func(t *testing.T) {
			s := scratch()
			mustExec(t, db, "CREATE SCHEMA "+s+"; SET search_path = "+s+"; CREATE TABLE t (n int); "+ddl+"; RESET search_path")
			conn, err := db.Conn(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			lockedWhile(t, db, s+".t", func(ctx context.Context) {
				_, err := Load(ctx, sqlparse.Postgres, dbQuerier{conn})
				if !isLocked(err) {
					t.Errorf("while an underlying table is locked: %v, want lock_not_available", err)
				}
			})
			if _, err := Load(t.Context(), sqlparse.Postgres, dbQuerier{conn}); err != nil {
				t.Errorf("after that, on the same connection: %v", err)
			}
			var timeout string
			if err := conn.QueryRowContext(t.Context(), "SHOW lock_timeout").Scan(&timeout); err != nil || timeout != "0" {
				t.Errorf("lock_timeout afterwards: %q %v, want 0", timeout, err)
			}
		})
	}
}
