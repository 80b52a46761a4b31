package cachedsql_test

import (
	"context"
	"database/sql/driver"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

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
	starts := r.starts.Load()
	return &restartedConn{inner.(wholeConn), strings.NewReplacer(
		"pg_catalog.pg_postmaster_start_time()", fmt.Sprintf("'2026-01-01'::timestamptz + interval '%d hours'", starts),
		"UNIX_TIMESTAMP() -", fmt.Sprintf("%d + 0 *", 1780000000+starts),
	)}, nil
}

// wholeConn is what the connections of both drivers are.
type wholeConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.NamedValueChecker
	driver.Pinger
	driver.SessionResetter
}

type restartedConn struct {
	wholeConn
	starts *strings.Replacer
}

func (c *restartedConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	return c.wholeConn.QueryContext(ctx, c.starts.Replace(query), args)
}

// onRestartable runs a test with a pair on each server that can be made to start.
func onRestartable(t *testing.T, config cachedsql.Config, test func(*pair, *restartable)) {
	t.Parallel()
	for _, srv := range servers(t) {
		if srv.dialect == cachedsql.SQLite {
			continue // there is no server
		}
		t.Run(srv.name, func(t *testing.T) {
			t.Parallel()
			test(newRestartable(t, srv.dialect, config))
		})
	}
}

func newRestartable(t *testing.T, d cachedsql.Dialect, config cachedsql.Config) (*pair, *restartable) {
	t.Helper()
	config.Store = cachedsql.NewMemoryStore(cachedsql.MemoryConfig{})
	p := newPair(t, d, config)
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
	onRestartable(t, cachedsql.Config{}, func(p *pair, server *restartable) {
		p.a.warm(priceOfLamp)
		p.b.warm(priceOfLamp)
		p.exec(p.bare, "UPDATE items SET price = 1 WHERE id = 1")
		server.starts.Add(1)

		p.handle().wantLamp("1") // a process that has not known the run before
		if _, did := p.b.read(priceOfLamp); did != "hit" {
			p.Fatalf("a process on the old connections: %s, want a hit, or the rest of the test shows nothing", did)
		}
		p.a.reconnects()
		p.a.wantLamp("1")
		p.b.wantLamp("1")
		p.a.warm(priceOfLamp)
		p.a.reconnects()
		if _, did := p.a.read(priceOfLamp); did != "hit" {
			p.Errorf("another connection to the same run: %s, want a hit", did)
		}
	})
}

func TestSchemaIsReadAnewFromAServerThatHasStarted(t *testing.T) {
	triggers := map[cachedsql.Dialect][]string{
		cachedsql.Postgres: {
			"CREATE FUNCTION counts() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN UPDATE other SET n = n + 1; RETURN NULL; END'",
			"CREATE TRIGGER counts AFTER UPDATE ON items FOR EACH ROW EXECUTE FUNCTION counts()",
		},
		cachedsql.MySQL: {"CREATE TRIGGER counts AFTER UPDATE ON items FOR EACH ROW UPDATE other SET n = n + 1"},
	}
	onRestartable(t, cachedsql.Config{}, func(p *pair, server *restartable) {
		p.a.warm(priceOfLamp)
		p.exec(p.bare, append(triggers[p.dialect], "INSERT INTO other VALUES (1, 1)")...)
		server.starts.Add(1)
		p.a.reconnects()
		p.a.warm("SELECT n FROM other")
		p.exec(p.a.db, "UPDATE items SET price = 2 WHERE id = 1")
		if got, _ := p.a.read("SELECT n FROM other"); got != "n | 2" {
			p.Errorf("after a write through a trigger from before the start: %q", got)
		}
	})
}

func TestNamedDatabaseKeepsItsResultsOverAStart(t *testing.T) {
	onRestartable(t, cachedsql.Config{Namespace: "shop"}, func(p *pair, server *restartable) {
		p.a.warm(priceOfLamp)
		server.starts.Add(1)
		p.a.reconnects()
		if _, did := p.a.read(priceOfLamp); did != "hit" {
			p.Errorf("after the start: %s, want a hit", did)
		}
	})
}

// TestRunOfMySQLIsTheSameWheneverItIsAsked: the server tells it in whole seconds.
func TestRunOfMySQLIsTheSameWheneverItIsAsked(t *testing.T) {
	t.Parallel()
	p := newPair(t, cachedsql.MySQL, cachedsql.Config{})
	p.a.warm(priceOfLamp)
	for range 5 {
		time.Sleep(300 * time.Millisecond)
		p.a.reconnects()
		if _, did := p.a.read(priceOfLamp); did != "hit" {
			t.Fatalf("on another connection: %s, want a hit", did)
		}
	}
}
