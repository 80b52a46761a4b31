package cachedsql_test

import (
	"context"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/cachedpg"
	"github.com/cachedsql/cachedsql/cachedsqltest"
)

// sentQueries counts what is sent to PostgreSQL, whoever asks.
type sentQueries struct {
	with string // in the text of those that count
	n    atomic.Int64
}

func (s *sentQueries) TraceQueryStart(ctx context.Context, _ *pgx.Conn, d pgx.TraceQueryStartData) context.Context {
	if strings.Contains(d.SQL, s.with) {
		s.n.Add(1)
	}
	return ctx
}

func (*sentQueries) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

// Some servers are like PostgreSQL and not quite it, and some let their users
// call less: what is asked about the session is an error there.
func TestServerThatCannotTellItsStateIsNotAskedForEachStatement(t *testing.T) {
	t.Parallel()
	dsn := os.Getenv("CACHEDSQL_TEST_POSTGRES")
	if dsn == "" {
		t.Skip("CACHEDSQL_TEST_POSTGRES is not set")
	}
	user := newRole(t, dsn)
	config, sent := postgresConfig(t, dsn), &sentQueries{} // and dropped before the role
	config.Tracer = sent
	cache, rec := cachedsqltest.New(t, cachedsqltest.Everything, func(c *cachedsql.Config) { c.Adapter = cachedpg.Adapter(config) })
	db := cache.OpenDB(stdlib.GetConnector(*config))
	defer db.Close()
	db.SetMaxOpenConns(1)
	for _, s := range []string{
		"CREATE TABLE items (id INTEGER PRIMARY KEY, price INTEGER)", "GRANT ALL ON items TO " + user,
		"REVOKE EXECUTE ON FUNCTION pg_catalog.pg_my_temp_schema() FROM PUBLIC", "SET ROLE " + user,
	} {
		mustExec(t, db, s)
	}

	const statements = 100
	before := sent.n.Load()
	for range statements / 2 {
		mustExec(t, db, "UPDATE items SET price = 1 WHERE id = 1")
		if got := answer(t.Context(), db, "SELECT price FROM items WHERE id = 1"); got != "price" {
			t.Fatalf("got %q", got)
		}
	}
	if got := sent.n.Load() - before; got > statements+20 {
		t.Errorf("%d queries for %d statements", got, statements)
	}
	if got := rec.Count(cachedsql.Note); got > 1 {
		t.Errorf("the operator was told %d times", got)
	}

	mustExec(t, db, "RESET ROLE")
	for range 2 {
		answer(t.Context(), db, "SELECT price FROM items WHERE id = 1")
	}
	if did := rec.LastRead(); did != "hit" {
		t.Errorf("once the server can tell, a read is a %s", did)
	}
}
