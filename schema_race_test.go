package cachedsql_test

import (
	"context"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/redisstore"
)

// A write is announced by what its process knows of the schema when it begins.
// Here it begins, waits, and is sent after another process has changed the
// schema: created a key by which others read, or a trigger, a cascade, a view
// that makes it change another table.

// pausingStore stops once after the begin of a write and before its end, where
// a test says so.
type pausingStore struct {
	cachedsql.Store
	begun, ending atomic.Pointer[func()]
}

type pausingSpace struct {
	cachedsql.Space
	store *pausingStore
}

func (s *pausingStore) Space(namespace string) cachedsql.Space {
	return pausingSpace{s.Store.Space(namespace), s}
}

func (s pausingSpace) Begin(ctx context.Context, id cachedsql.WriterID, tags cachedsql.TagSet, lease time.Duration) (cachedsql.Schema, error) {
	schema, err := s.Space.Begin(ctx, id, tags, lease)
	pause(&s.store.begun)
	return schema, err
}

func (s pausingSpace) End(ctx context.Context, id cachedsql.WriterID, tags cachedsql.TagSet) (cachedsql.Schema, error) {
	pause(&s.store.ending)
	return s.Space.End(ctx, id, tags)
}

func pause(at *atomic.Pointer[func()]) {
	if f := at.Swap(nil); f != nil {
		(*f)()
	}
}

// schemaRaces are changes of the schema under a write, and the read that must
// see what the write did. items has rows 1 (lamp, 40) and 2 (chair, 90).
var schemaRaces = []struct {
	name   string
	only   cachedsql.Dialect // Generic: any
	before []string
	change []string
	mysql  []string // instead, on MySQL
	write  string
	read   string
}{
	{
		name:   "unique index",
		change: []string{"CREATE UNIQUE INDEX items_price ON items (price)"},
		write:  "UPDATE items SET name = 'new' WHERE id = 1", read: "SELECT name FROM items WHERE price = 40",
	},
	{
		name:   "primary key on another column",
		before: []string{"CREATE TABLE pairs (a INTEGER NOT NULL, b INTEGER NOT NULL, n INTEGER, PRIMARY KEY (a, b))", "INSERT INTO pairs VALUES (1, 2, 3)"},
		change: []string{"ALTER TABLE pairs DROP CONSTRAINT pairs_pkey", "ALTER TABLE pairs ADD PRIMARY KEY (b)"},
		mysql:  []string{"ALTER TABLE pairs DROP PRIMARY KEY, ADD PRIMARY KEY (b)"},
		write:  "UPDATE pairs SET n = 4 WHERE a = 1", read: "SELECT n FROM pairs WHERE b = 2",
	},
	{
		name:   "type of a key's column",
		before: []string{"CREATE TABLE codes (code NUMERIC(5) UNIQUE, n INTEGER)", "INSERT INTO codes VALUES (7, 1)"},
		change: []string{"ALTER TABLE codes ALTER COLUMN code TYPE INTEGER USING code::INTEGER"},
		mysql:  []string{"ALTER TABLE codes MODIFY code INTEGER"},
		write:  "UPDATE codes SET n = 2 WHERE n = 1", read: "SELECT n FROM codes WHERE code = 7",
	},
	{
		name: "trigger",
		change: []string{
			"CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE other SET n = n + 1; RETURN NULL; END $$",
			"CREATE TRIGGER note AFTER UPDATE ON items FOR EACH ROW EXECUTE FUNCTION note()",
		},
		mysql: []string{"CREATE TRIGGER note AFTER UPDATE ON items FOR EACH ROW UPDATE other SET n = n + 1"},
		write: "UPDATE items SET price = 41 WHERE id = 1", read: "SELECT n FROM other",
	},
	{
		name:   "foreign key that cascades",
		change: []string{"ALTER TABLE other ADD FOREIGN KEY (id) REFERENCES items (id) ON DELETE CASCADE"},
		write:  "DELETE FROM items WHERE id = 1", read: "SELECT count(*) FROM other",
	},
	{
		name:   "view that means another table",
		before: []string{"CREATE VIEW shown AS SELECT id, price AS n FROM items"},
		change: []string{"CREATE OR REPLACE VIEW shown AS SELECT id, n FROM other"},
		write:  "UPDATE shown SET n = 77 WHERE id = 1", read: "SELECT n FROM other",
	},
	{
		name:   "body of a function",
		only:   cachedsql.Postgres,
		before: []string{"CREATE FUNCTION sell() RETURNS INTEGER LANGUAGE sql AS $$ UPDATE items SET price = 50 WHERE id = 1 RETURNING 1 $$"},
		change: []string{"CREATE OR REPLACE FUNCTION sell() RETURNS INTEGER LANGUAGE sql AS $$ UPDATE other SET n = 50 RETURNING 1 $$"},
		write:  "SELECT sell()", read: "SELECT n FROM other",
	},
	{
		name:   "partition attached",
		only:   cachedsql.Postgres,
		before: []string{"CREATE TABLE parted (id INTEGER, n INTEGER) PARTITION BY LIST (id)", "CREATE TABLE part (id INTEGER PRIMARY KEY, n INTEGER)", "INSERT INTO part VALUES (1, 1)"},
		change: []string{"ALTER TABLE parted ATTACH PARTITION part FOR VALUES IN (1)"},
		write:  "UPDATE parted SET n = 2 WHERE id = 1", read: "SELECT n FROM part WHERE id = 1",
	},
	{
		name:   "tables that change names",
		before: []string{"CREATE TABLE twin (id INTEGER PRIMARY KEY, n INTEGER)", "INSERT INTO twin VALUES (1, 8)"},
		change: []string{"ALTER TABLE other RENAME TO gone", "ALTER TABLE twin RENAME TO other"},
		mysql:  []string{"RENAME TABLE other TO gone, twin TO other"},
		write:  "UPDATE other SET n = 9 WHERE id = 1", read: "SELECT n FROM other",
	},
	{
		name:   "table in an earlier schema",
		only:   cachedsql.Postgres,
		before: []string{"CREATE SCHEMA first"},
		change: []string{"CREATE TABLE first.other (id INTEGER PRIMARY KEY, n INTEGER)", "INSERT INTO first.other VALUES (1, 8)"},
		write:  "UPDATE other SET n = 9 WHERE id = 1", read: "SELECT n FROM first.other",
	},
}

func TestSchemaChangedUnderAWrite(t *testing.T) {
	t.Parallel()
	for _, srv := range servers(t) {
		for _, store := range []string{"memory", "redis"} {
			for _, c := range schemaRaces {
				if c.only != cachedsql.Generic && c.only != srv.dialect || srv.dialect == cachedsql.SQLite {
					continue
				}
				t.Run(srv.name+"/"+store+"/"+c.name, func(t *testing.T) {
					t.Parallel()
					r := newRace(t, srv, store)
					if c.mysql != nil && srv.dialect == cachedsql.MySQL {
						c.change = c.mysql
					}
					r.exec(r.bare, c.before...)
					r.run(c.change, c.write, c.read)
				})
			}
		}
	}
}

// race is a pair whose writer, a, can be stopped.
type race struct {
	*pair
	pausing *pausingStore
}

// raceLease is long enough for all that happens while the writer waits.
const raceLease = 4 * time.Second

func newRace(t *testing.T, srv server, store string) *race {
	t.Helper()
	var inner cachedsql.Store = cachedsql.NewMemoryStore(cachedsql.MemoryConfig{})
	if store == "redis" {
		inner = openRedis(t, raceLease)
	}
	r := &race{pausing: &pausingStore{Store: inner}}
	r.pair = newPair(t, srv.dialect, cachedsql.Config{Store: inner, Lease: raceLease, LookupTimeout: 2 * time.Second})
	r.config.Store = r.pausing
	r.a = r.handle()
	r.exec(r.bare, "INSERT INTO other VALUES (1, 1)")
	if srv.dialect == cachedsql.Postgres {
		r.exec(r.bare, fmt.Sprintf("ALTER DATABASE %s SET search_path = first, public", r.databaseName()))
		r.a.db.SetMaxIdleConns(0)
	}
	return r
}

func (r *race) databaseName() string {
	var name string
	if err := r.bare.QueryRow("SELECT current_database()").Scan(&name); err != nil {
		r.Fatal(err)
	}
	return name
}

// openRedis returns a store of its own in the Redis of the tests.
func openRedis(t *testing.T, quarantine time.Duration) cachedsql.Store {
	t.Helper()
	url := os.Getenv("CACHEDSQL_TEST_REDIS")
	if url == "" {
		t.Skip("SKIPPED: CACHEDSQL_TEST_REDIS is not set")
	}
	store, err := redisstore.Open(url, redisstore.Config{KeyPrefix: databaseName(), Quarantine: quarantine})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	return store
}

// run has a begin to write, b change the schema and read, and a go on.
func (r *race) run(change []string, write, read string) {
	r.Helper()
	r.warmAny(r.b, allItems)
	r.warmAny(r.a, allItems)
	began := time.Now()
	begun := func() {
		r.exec(r.b.db, change...)
		for range 5 { // the third would be a hit of what the second has stored
			r.b.read(read)
			_ = r.b.cache.Wait(context.Background())
		}
	}
	done, release := make(chan struct{}), make(chan struct{})
	ending := func() { // the statement has returned
		close(done)
		<-release
	}
	r.pausing.begun.Store(&begun)
	r.pausing.ending.Store(&ending)
	returned := make(chan error, 1)
	go func() {
		_, err := r.a.db.Exec(write)
		returned <- err
	}()
	<-done
	if time.Since(began) > raceLease {
		r.Log("the machine is so slow that the lease of the write has run out: it proves nothing")
	}
	want := answer(context.Background(), r.bare, read)
	for range 3 {
		if got, did := r.b.read(read); got != want && time.Since(began) < raceLease {
			r.Errorf("after the write, before its end: got %q (%s), want %q", got, did, want)
		}
	}
	close(release)
	if err := <-returned; err != nil {
		r.Fatal(err)
	}
	r.wantFresh(read)
}

// warmAny reads until the answer comes from the cache, however long its tags
// are in quarantine.
func (r *race) warmAny(h *handle, query string) {
	r.Helper()
	for deadline := time.Now().Add(5 * raceLease); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if _, did := h.read(query); did == "hit" {
			return
		}
	}
	r.Fatalf("%s: never a hit", query)
}

// A write that ends while its lease is renewed, after somebody has changed the
// schema: for the race detector.
func TestWriteEndsWhileItIsWidened(t *testing.T) {
	inPairs(t, func(p *pair) {
		p.config.Lease = 40 * time.Millisecond
		a, b := p.handle(), p.handle()
		update := "UPDATE items SET price = price + 1, name = (SELECT 'lamp' FROM (SELECT pg_sleep(0.02)) s) WHERE id = 1"
		if p.dialect == cachedsql.MySQL {
			update = "UPDATE items SET price = price + 1, name = IF(SLEEP(0.02), 'lamp', 'lamp') WHERE id = 1"
		}
		var writer sync.WaitGroup
		writer.Go(func() {
			for range 40 {
				if _, err := a.db.Exec(update); err != nil {
					t.Error(err)
				}
			}
		})
		for range 10 {
			p.exec(b.db, "CREATE TABLE aside (id INTEGER)", "DROP TABLE aside")
		}
		writer.Wait()
	})
}
