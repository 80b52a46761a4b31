package cachedsql_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"testing"
	"time"

	"github.com/cachedsql/cachedsql"
)

// A server may hang up on a connection that hits use. database/sql looks at a
// connection when it takes it from the pool, and takes another one; a call that
// is the first to find it out fails where it is not tried again, as Ping's.
func TestConnectionKilledBetweenHitsFailsNothing(t *testing.T) {
	t.Parallel()
	const write = "UPDATE items SET price = price + 1 WHERE id = 1"
	for name, use := range map[string]func(context.Context, *sql.DB) error{
		"exec": func(ctx context.Context, db *sql.DB) error { _, err := db.ExecContext(ctx, write); return err },
		"ping": func(ctx context.Context, db *sql.DB) error { return db.PingContext(ctx) },
		"miss": func(ctx context.Context, db *sql.DB) error {
			var n int
			return db.QueryRowContext(ctx, "SELECT COUNT(*) FROM other").Scan(&n)
		},
		"transaction": func(ctx context.Context, db *sql.DB) error {
			tx, err := db.BeginTx(ctx, nil)
			if err != nil {
				return err
			}
			defer tx.Rollback()
			if _, err := tx.ExecContext(ctx, write); err != nil {
				return err
			}
			return tx.Commit()
		},
		"query that is not cached": func(ctx context.Context, db *sql.DB) error {
			var id int64
			return db.QueryRowContext(ctx, "SELECT CONNECTION_ID()").Scan(&id)
		},
		"write with rows": func(ctx context.Context, db *sql.DB) error {
			var id int64
			return db.QueryRowContext(ctx, "INSERT INTO other (id) SELECT 1000 + COUNT(*) FROM other RETURNING id").Scan(&id)
		},
		"statement": func(ctx context.Context, db *sql.DB) error {
			s, err := db.PrepareContext(ctx, write)
			if err != nil {
				return err
			}
			defer s.Close()
			_, err = s.ExecContext(ctx)
			return err
		},
		"raw": func(ctx context.Context, db *sql.DB) error {
			c, err := db.Conn(ctx)
			if err != nil {
				return err
			}
			defer c.Close()
			var found error
			_ = c.Raw(func(dc any) error {
				found = dc.(interface{ Unwrap() driver.Conn }).Unwrap().(driver.Pinger).Ping(ctx)
				return driver.ErrBadConn // nothing is cached on it from now on: the next round has another
			})
			return found
		},
		"miss on a connection of its own": func(ctx context.Context, db *sql.DB) error {
			c, err := db.Conn(ctx)
			if err != nil {
				return err
			}
			defer c.Close()
			var n int
			return c.QueryRowContext(ctx, "SELECT COUNT(*) FROM other WHERE id > ?", time.Now().UnixNano()).Scan(&n)
		},
		"connection of its own": func(ctx context.Context, db *sql.DB) error {
			c, err := db.Conn(ctx)
			if err != nil {
				return err
			}
			defer c.Close()
			_, err = c.ExecContext(ctx, write)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPair(t, cachedsql.MySQL, cachedsql.Config{})
			if name == "write with rows" && !p.isOn(maria) {
				t.Skip("MySQL has no RETURNING")
			}
			p.a.db.SetMaxOpenConns(1)
			for range 5 {
				var id int64
				if err := p.a.db.QueryRow("SELECT CONNECTION_ID()").Scan(&id); err != nil {
					t.Fatal(err)
				}
				p.a.warm(priceOfLamp)
				p.exec(p.bare, fmt.Sprintf("KILL %d", id))
				eventually(t, "it is gone", func() bool {
					return answer(t.Context(), p.bare, fmt.Sprintf("SELECT COUNT(*) AS n FROM information_schema.PROCESSLIST WHERE ID = %d", id)) == "n | 0"
				})
				if err := use(t.Context(), p.a.db); err != nil {
					t.Errorf("after the connection was killed: %v", err)
				}
			}
		})
	}
}
