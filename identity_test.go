package cachedsql_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/cachedsql/cachedsql"
)

// failingConnector makes queries fail that contain a text, as a statement
// timeout would: the server answers, and the next try may succeed.
type failingConnector struct {
	driver.Connector
	text  string
	times atomic.Int64
}

type failingConn struct {
	driver.Conn
	connector *failingConnector
}

func (k *failingConnector) Connect(ctx context.Context) (driver.Conn, error) {
	inner, err := k.Connector.Connect(ctx)
	return &failingConn{inner, k}, err
}

func (c *failingConn) Unwrap() driver.Conn { return c.Conn }

func (c *failingConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	if strings.Contains(query, c.connector.text) && c.connector.times.Add(-1) >= 0 {
		return nil, errors.Join(
			&pgconn.PgError{Severity: "ERROR", SeverityUnlocalized: "ERROR", Code: "57014", Message: "canceling statement due to statement timeout"},
			&mysql.MySQLError{Number: 3024, Message: "maximum statement execution time exceeded"})
	}
	return c.Conn.(driver.QueryerContext).QueryContext(ctx, query, args)
}

func (c *failingConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	return c.Conn.(driver.ExecerContext).ExecContext(ctx, query, args)
}

// identityQuery is part of what asks the server which database it is.
func (p *pair) identityQuery() string {
	if p.dialect == cachedsql.Postgres {
		return "current_user::text"
	}
	return "SHOW VARIABLES"
}

// failing is one more handle, whose connections fail so often at a text.
func (p *pair) failing(text string, times int64) (*handle, *failingConnector) {
	k := &failingConnector{Connector: p.inner, text: text}
	k.times.Store(times)
	part := *p
	part.inner = k
	return part.handle(), k
}

const priceOfLamp = "SELECT price FROM items WHERE id = 1"

// wantPrice reads the lamp's price twice.
func (h *handle) wantLamp(want string) {
	h.Helper()
	for range 2 {
		if got := answer(h.Context(), h.db, priceOfLamp); got != "price | "+want {
			h.Errorf("price: got %q, want %q", got, want)
		}
	}
}

func TestFailureToIdentifyTheDatabaseDoesNotSeparateCaches(t *testing.T) {
	inPairs(t, func(p *pair) {
		c, _ := p.failing(p.identityQuery(), 1)
		p.a.wantLamp("40")
		answer(p.Context(), c.db, priceOfLamp) // fails to find out, and is not cached
		p.exec(c.db, "UPDATE items SET price = 41 WHERE id = 1")
		p.a.wantLamp("41")
		c.wantLamp("41")
		p.exec(p.a.db, "UPDATE items SET price = 42 WHERE id = 1")
		c.wantLamp("42")
	})
}

func TestWriteBeforeTheDatabaseIsIdentifiedIsAnnouncedWhenItIs(t *testing.T) {
	inPairs(t, func(p *pair) {
		c, _ := p.failing(p.identityQuery(), 1)
		p.a.wantLamp("40")
		p.exec(c.db, "UPDATE items SET price = 41 WHERE id = 1")
		answer(p.Context(), c.db, "SELECT id FROM other")
		p.a.wantLamp("41")
	})
}

func TestWriteIsRefusedWhileTheDatabaseIsNotIdentified(t *testing.T) {
	inPairs(t, func(p *pair) {
		p.config.OnCacheDown = cachedsql.Refuse
		c, _ := p.failing(p.identityQuery(), 1<<20)
		p.a.wantLamp("40")
		if _, err := c.db.Exec("UPDATE items SET price = 41 WHERE id = 1"); !errors.Is(err, cachedsql.ErrCacheDown) {
			t.Errorf("got %v, want ErrCacheDown", err)
		}
		if err := writeInTx(p.Context(), c.db); !errors.Is(err, cachedsql.ErrCacheDown) {
			t.Errorf("in a transaction: got %v, want ErrCacheDown", err)
		}
		p.a.wantLamp("40")
	})
}

func writeInTx(ctx context.Context, db *sql.DB) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, "UPDATE items SET price = 41 WHERE id = 1"); err != nil {
		_ = tx.Rollback()
		return err
	}
	return tx.Commit()
}

// A schema change that a writer cannot read counts for everything.
func TestWriteAfterSchemaChangeWithoutCatalogInvalidatesEverything(t *testing.T) {
	inPairs(t, func(p *pair) {
		if p.dialect != cachedsql.Postgres {
			return // the trigger below is PostgreSQL's
		}
		c, fails := p.failing("pg_trigger", 0)
		p.exec(c.db, "UPDATE items SET price = 40 WHERE id = 1") // reads the catalog
		p.exec(p.a.db, `CREATE FUNCTION follow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO other VALUES (NEW.price, 0); RETURN NEW; END $$`,
			`CREATE TRIGGER follow AFTER UPDATE ON items FOR EACH ROW EXECUTE FUNCTION follow()`)
		for range 2 {
			answer(p.Context(), p.a.db, "SELECT count(*) FROM other")
		}
		fails.times.Store(1 << 20)
		p.exec(c.db, "UPDATE items SET price = 41 WHERE id = 1")
		if got := answer(p.Context(), p.a.db, "SELECT count(*) FROM other"); got != "count | 1" {
			t.Errorf("got %q, want 1 row", got)
		}
	})
}
