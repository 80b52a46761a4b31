package cachedsql_test

import (
	"context"
	"database/sql/driver"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/internal/testredis"
	"github.com/cachedsql/cachedsql/redisstore"
)

// failover leads new connections to another server.
type failover struct {
	driver.Connector
	second driver.Connector
	over   atomic.Bool
}

func (f *failover) Connect(ctx context.Context) (driver.Conn, error) {
	if f.over.Load() {
		return f.second.Connect(ctx)
	}
	return f.Connector.Connect(ctx)
}

const (
	plainView   = "CREATE VIEW totals AS SELECT n FROM other"
	bump        = "CREATE FUNCTION bump() RETURNS integer LANGUAGE sql AS 'UPDATE other SET n = n + 1 RETURNING n'"
	writingView = "CREATE OR REPLACE VIEW totals AS SELECT bump() AS n"
)

// What a read on a new connection does only its own server can say, and the one
// that the last connection led to may have had other views.
func TestFirstReadAfterAFailoverIsJudgedByTheNewServer(t *testing.T) {
	for name, read := range map[string]string{
		"looked up":       "SELECT n FROM totals",
		"never looked up": "SELECT n, random() FROM totals",
		"bypassed":        "SELECT /* cachedsql: bypass */ n FROM totals",
	} {
		t.Run(name, func(t *testing.T) {
			shop, copied, original, other := twoServers(t)
			shop.exec(shop.bare, "CREATE TABLE totals AS SELECT n FROM other")
			copied.exec(copied.bare, bump, writingView)
			server := &failover{Connector: original, second: other}
			shop.inner = server
			mine := shop.handle()
			mine.db.SetMaxIdleConns(0)
			theirs := copied.shares(copied.handle())
			mine.warm(countOfOther)
			mine.read(read)
			theirs.warm(countOfOther)
			server.over.Store(true)
			mine.read(read) // writes now
			if got, did := theirs.read(countOfOther); got != "n | 2" {
				t.Errorf("after a read that writes on the new server: %q (%s), want 2", got, did)
			}
		})
	}
}

// TestReadThatHasComeToWriteIsAWrite: another process has changed the view, and
// this one hears of it when it looks up what it reads.
func TestReadThatHasComeToWriteIsAWrite(t *testing.T) {
	t.Parallel()
	p := newPair(t, cachedsql.Postgres, cachedsql.Config{Store: cachedsql.NewMemoryStore(cachedsql.MemoryConfig{})})
	p.exec(p.bare, "INSERT INTO other VALUES (1, 1)", plainView, bump)
	p.a.warm("SELECT n FROM totals")
	p.exec(p.b.db, writingView)
	p.b.warm(countOfOther)
	p.a.read("SELECT n FROM totals")
	if got, did := p.b.read(countOfOther); got != "n | 2" {
		t.Errorf("after a read that has come to write: %q (%s), want 2", got, did)
	}
}

// What is never looked up hears of it by the watcher, within a heartbeat.
func TestReadThatIsNotLookedUpHearsOfChangedViews(t *testing.T) {
	t.Parallel()
	store, err := redisstore.Open(testredis.Start(t).URL(), redisstore.Config{Quarantine: shortLease})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	p := newPair(t, cachedsql.Postgres, cachedsql.Config{Store: store, Lease: shortLease, LookupTimeout: 3 * time.Second})
	p.exec(p.bare, "INSERT INTO other VALUES (1, 1)", plainView, bump)
	const read = "SELECT n, random() FROM totals"
	p.a.warm("SELECT n FROM totals")
	p.a.read(read)
	p.exec(p.b.db, writingView)
	eventually(t, "a read that has come to write is a write", func() bool {
		p.b.warm(countOfOther)
		p.a.read(read)
		got, _ := p.b.read(countOfOther)
		return got == answer(t.Context(), p.bare, countOfOther)
	})
}
