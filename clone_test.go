package cachedsql_test

import (
	"context"
	"database/sql/driver"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/cachedsql/cachedsql"
)

// clone makes a database call itself as another one does: as a copy of a server
// that was restored beside it, or a replica of it.
type clone struct {
	driver.Connector
	started   string
	isReplica atomic.Bool
}

func (k *clone) Connect(ctx context.Context) (driver.Conn, error) {
	inner, err := k.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &cloneConn{inner.(wholeConn), k}, nil
}

type cloneConn struct {
	wholeConn
	clone *clone
}

func (c *cloneConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	recovers := "false"
	if c.clone.isReplica.Load() {
		recovers = "true"
	}
	query = strings.NewReplacer(
		"(SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())", "7",
		"pg_catalog.pg_postmaster_start_time()", "'"+c.clone.started+"'::timestamptz",
		"pg_catalog.pg_is_in_recovery()", recovers,
	).Replace(query)
	return c.wholeConn.QueryContext(ctx, query, args)
}

const (
	countOfOther = "SELECT n FROM other"
	countsWrites = "CREATE FUNCTION counts() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN UPDATE other SET n = n + 1; RETURN NULL; END'"
	onItems      = "CREATE TRIGGER counts AFTER UPDATE ON items FOR EACH ROW EXECUTE FUNCTION counts()"
	dearerLamp   = "UPDATE items SET price = price + 1 WHERE id = 1"
)

// twoServers returns a shop whose updates of items change other as well, and a
// copy of it that does not do that.
func twoServers(t *testing.T) (shop, copied *pair, original, other *clone) {
	t.Helper()
	t.Parallel()
	config := cachedsql.Config{Store: cachedsql.NewMemoryStore(cachedsql.MemoryConfig{})}
	shop, copied = newPair(t, cachedsql.Postgres, config), newPair(t, cachedsql.Postgres, config)
	for _, p := range []*pair{shop, copied} {
		p.exec(p.bare, "INSERT INTO other VALUES (1, 1)")
	}
	original, other = &clone{Connector: shop.inner, started: "2026-01-01"}, &clone{Connector: copied.inner, started: "2026-01-02"}
	shop.inner, copied.inner = original, other
	return shop, copied, original, other
}

// shares makes p's handle one of the other's Cache.
func (p *pair) shares(with *handle) *handle {
	h := &handle{p.T, with.cache.OpenDB(p.inner), with.cache, with.rec}
	p.Cleanup(func() { h.db.Close() })
	return h
}

func TestCopiesOfADatabaseAreJudgedByTheirOwnCatalogs(t *testing.T) {
	shop, copied, _, _ := twoServers(t)
	shop.exec(shop.bare, countsWrites, onItems)
	mine := shop.handle()
	theirs := copied.shares(mine)
	mine.warm(countOfOther)
	theirs.warm(countOfOther)
	copied.exec(theirs.db, "CREATE TABLE unrelated (id int)") // from now on catalogs have to be read again
	theirs.warm(countOfOther)
	mine.warm(countOfOther)
	theirs.warm(countOfOther)
	shop.exec(mine.db, dearerLamp)
	if got, did := mine.read(countOfOther); got != "n | 2" {
		t.Errorf("after a write through a trigger that a copy does not have: %q (%s), want 2", got, did)
	}
	if got, did := theirs.read(countOfOther); got != "n | 1" {
		t.Errorf("of the copy: %q (%s), want 1", got, did)
	}
}

func TestWritesAreNotJudgedByWhatAReplicaHasNotHeardOf(t *testing.T) {
	shop, copied, _, replica := twoServers(t)
	replica.isReplica.Store(true)
	primary := shop.handle()
	lagging := copied.shares(primary)
	shop.exec(shop.bare, countsWrites, onItems) // it has not arrived at the replica, which is the first to be asked
	if _, did := lagging.read(countOfOther); did != "bypass read_replica" {
		t.Fatalf("a read of the replica: %s", did)
	}
	primary.warm(countOfOther)
	shop.exec(primary.db, dearerLamp)
	if got, did := primary.read(countOfOther); got != "n | 2" {
		t.Errorf("after a write through a trigger that the replica did not have yet: %q (%s), want 2", got, did)
	}
}

// TestReplicaThatBecomesThePrimaryIsNotJudgedByWhatItWas: its connections stay.
func TestReplicaThatBecomesThePrimaryIsNotJudgedByWhatItWas(t *testing.T) {
	for _, way := range []string{"a statement", "a transaction"} {
		t.Run(way, func(t *testing.T) {
			shop, _, server, _ := twoServers(t)
			server.isReplica.Store(true)
			stays := shop.handle()
			stays.db.SetMaxOpenConns(1)
			if _, did := stays.read(countOfOther); did != "bypass read_replica" {
				t.Fatalf("a read of the replica: %s", did)
			}
			shop.exec(shop.bare, countsWrites, onItems) // it arrives only now
			server.isReplica.Store(false)
			reader := shop.handle()
			reader.warm(countOfOther)
			if way == "a statement" {
				shop.exec(stays.db, dearerLamp)
			} else {
				tx, err := stays.db.Begin()
				if err != nil {
					t.Fatal(err)
				}
				shop.exec(tx, dearerLamp)
				if err := tx.Commit(); err != nil {
					t.Fatal(err)
				}
			}
			if got, did := reader.read(countOfOther); got != "n | 2" {
				t.Errorf("in another process: %q (%s), want 2", got, did)
			}
			stays.warm(countOfOther) // it is known to be the primary now
		})
	}
}

func TestTableNamedByAPersonIsInvalidatedOnEachCopy(t *testing.T) {
	shop, copied, _, _ := twoServers(t)
	shop.exec(shop.bare, "CREATE TABLE bills (id int PRIMARY KEY, n int)", "INSERT INTO bills VALUES (1, 1)")
	copied.exec(copied.bare, "CREATE TABLE bills (id int, n int)", "INSERT INTO bills VALUES (1, 1)")
	mine := shop.handle()
	theirs := copied.shares(mine)
	const bill = "SELECT n FROM bills WHERE id = 1"
	mine.warm(bill)
	theirs.warm(bill)
	shop.exec(shop.bare, "UPDATE bills SET n = 2")
	copied.exec(copied.bare, "UPDATE bills SET n = 2")
	if err := mine.cache.Invalidate(t.Context(), "bills"); err != nil {
		t.Fatal(err)
	}
	for _, h := range []*handle{mine, theirs} {
		if got, did := h.read(bill); got != "n | 2" {
			t.Errorf("after Invalidate: %q (%s), want 2", got, did)
		}
	}
}
