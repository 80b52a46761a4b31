package cachedsql_test

import (
	"context"
	"database/sql/driver"
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5/stdlib"

	"github.com/cachedsql/cachedsql"
)

// restartable makes a server say that it has started anew. It does not touch
// the data: tests change them past the driver, as a restore does.
type restartable struct {
	driver.Connector
	starts atomic.Int64
}

func (r *restartable) Connect(ctx context.Context) (driver.Conn, error) {
	inner, err := r.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &restartedConn{inner.(*stdlib.Conn), fmt.Sprintf("'2026-01-01'::timestamptz + interval '%d hours'", r.starts.Load())}, nil
}

type restartedConn struct {
	*stdlib.Conn
	started string
}

func (c *restartedConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	return c.Conn.QueryContext(ctx, strings.ReplaceAll(query, "pg_catalog.pg_postmaster_start_time()", c.started), args)
}

// newRestartable returns a pair on a server that can be made to start.
func newRestartable(t *testing.T, config cachedsql.Config) (*pair, *restartable) {
	t.Helper()
	if os.Getenv("CACHEDSQL_TEST_POSTGRES") == "" {
		t.Skip("CACHEDSQL_TEST_POSTGRES is not set")
	}
	config.Store = cachedsql.NewMemoryStore(cachedsql.MemoryConfig{})
	p := newPair(t, cachedsql.Postgres, config)
	server := &restartable{Connector: p.inner}
	p.inner = server
	p.a, p.b = p.handle(), p.handle()
	return p, server
}

// reconnects makes a handle open new connections.
func (h *handle) reconnects() {
	h.db.SetMaxIdleConns(0)
	h.db.SetMaxIdleConns(2)
}

func TestNothingIsUsedThatAnEarlierRunOfTheServerAnswered(t *testing.T) {
	t.Parallel()
	p, server := newRestartable(t, cachedsql.Config{})
	p.a.warm(priceOfLamp)
	p.b.warm(priceOfLamp)
	p.exec(p.bare, "UPDATE items SET price = 1 WHERE id = 1")
	server.starts.Add(1)

	p.handle().wantLamp("1") // a process that has not known the run before
	if _, did := p.b.read(priceOfLamp); did != "hit" {
		t.Fatalf("a process on the old connections: %s, want a hit, or the rest of the test shows nothing", did)
	}
	p.a.reconnects()
	p.a.wantLamp("1")
	p.b.wantLamp("1")
	p.a.warm(priceOfLamp)
	p.a.reconnects()
	if _, did := p.a.read(priceOfLamp); did != "hit" {
		t.Errorf("another connection to the same run: %s, want a hit", did)
	}
}

func TestSchemaIsReadAnewFromAServerThatHasStarted(t *testing.T) {
	t.Parallel()
	p, server := newRestartable(t, cachedsql.Config{})
	p.a.warm(priceOfLamp)
	p.exec(p.bare, "INSERT INTO other VALUES (1, 1)",
		"CREATE FUNCTION counts() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN UPDATE other SET n = n + 1; RETURN NULL; END'",
		"CREATE TRIGGER counts AFTER UPDATE ON items FOR EACH ROW EXECUTE FUNCTION counts()")
	server.starts.Add(1)
	p.a.reconnects()
	p.a.warm("SELECT n FROM other")
	p.exec(p.a.db, "UPDATE items SET price = 2 WHERE id = 1")
	if got, _ := p.a.read("SELECT n FROM other"); got != "n | 2" {
		t.Errorf("after a write through a trigger from before the start: %q", got)
	}
}

func TestNamedDatabaseKeepsItsResultsOverAStart(t *testing.T) {
	t.Parallel()
	p, server := newRestartable(t, cachedsql.Config{Namespace: "shop"})
	p.a.warm(priceOfLamp)
	server.starts.Add(1)
	p.a.reconnects()
	if _, did := p.a.read(priceOfLamp); did != "hit" {
		t.Errorf("after the start: %s, want a hit", did)
	}
}
