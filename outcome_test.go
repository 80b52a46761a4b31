package cachedsql_test

import (
	"context"
	"database/sql/driver"
	"net"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/cachedsql/cachedsql"
)

// What a write did whose answer never came nobody knows but the database: it may
// have happened, or happen later. Until its lease ends nothing of its tables may
// be served that was there before.

// remote is a pair and a writer beside it, which reaches the database through a
// proxy.
type remote struct {
	*pair
	writer *handle
	proxy  *proxy
}

// inRemotes runs a test on PostgreSQL and MySQL. The lease is long enough for
// all that happens until it is known what the write did.
func inRemotes(t *testing.T, test func(*remote)) {
	t.Helper()
	inPairs(t, func(p *pair) {
		p.config.Lease = 4 * time.Second
		r := &remote{pair: p}
		direct := p.inner
		p.inner = r.connector()
		r.writer = p.handle()
		p.inner = direct
		p.a, p.b = p.handle(), p.handle()
		r.writer.wantLamp("40")
		test(r)
	})
}

// connector makes the proxy and returns a connector that goes through it, to
// the pair's database.
func (r *remote) connector() driver.Connector {
	r.Helper()
	if r.dialect == cachedsql.Postgres {
		config, err := pgx.ParseConfig(os.Getenv("CACHEDSQL_TEST_POSTGRES"))
		if err != nil {
			r.Fatal(err)
		}
		r.proxy = newProxy(r.T, net.JoinHostPort(config.Host, strconv.Itoa(int(config.Port))))
		host, port, _ := net.SplitHostPort(r.proxy.addr)
		n, _ := strconv.Atoi(port)
		config.Host, config.Port, config.Database = host, uint16(n), r.database("current_database()")
		return stdlib.GetConnector(*config)
	}
	config, err := mysql.ParseDSN(os.Getenv("CACHEDSQL_TEST_MYSQL"))
	if err != nil {
		r.Fatal(err)
	}
	r.proxy = newProxy(r.T, config.Addr)
	config.Addr, config.DBName, config.Logger = r.proxy.addr, r.database("database()"), &mysql.NopLogger{}
	k, err := mysql.NewConnector(config)
	if err != nil {
		r.Fatal(err)
	}
	return k
}

func (r *remote) database(function string) (name string) {
	r.Helper()
	if err := r.bare.QueryRow("SELECT " + function).Scan(&name); err != nil {
		r.Fatal(err)
	}
	return name
}

// wantAway fails the test unless both readers ask the database, as long as the
// lease of a write sent before certainly holds.
func (r *remote) wantAway(sent time.Time) {
	r.Helper()
	for range 3 {
		for _, h := range []*handle{r.a, r.b} {
			_, did := h.read(priceOfLamp)
			if time.Since(sent) < r.config.Lease && did != pendingRead {
				r.Errorf("before it is known what a write did: %s, want %s", did, pendingRead)
			}
		}
	}
}

func TestCommitWhoseAnswerIsLostKeepsReadersAwayUntilItsLeaseEnds(t *testing.T) {
	inRemotes(t, func(r *remote) {
		r.a.wantLamp("40")
		tx, err := r.writer.db.Begin()
		if err != nil {
			r.Fatal(err)
		}
		defer tx.Rollback()
		r.exec(tx, "UPDATE items SET price = 41 WHERE id = 1")
		r.proxy.Mute(true)
		sent := time.Now()
		returned := make(chan error, 1)
		go func() { returned <- tx.Commit() }()
		eventually(r.T, "it is committed", func() bool { return answer(r.Context(), r.bare, priceOfLamp) == "price | 41" })
		r.proxy.Cut(true)
		if err := <-returned; err == nil {
			r.Fatal("COMMIT returns without an answer")
		}
		r.wantAway(sent)
		r.wantFresh(priceOfLamp)
		r.a.warm(priceOfLamp)
		r.wantFresh(priceOfLamp)
	})
}

// The client has given the write up, and it arrives all the same.
func TestWriteThatArrivesAfterItWasGivenUpIsNotMissed(t *testing.T) {
	inRemotes(t, func(r *remote) {
		const write = "UPDATE items SET price = 42 WHERE id = 1"
		c := r.conn(r.writer.db)                                     // what a pool asks of a connection would be held, too
		r.exec(c, write, "UPDATE items SET price = 40 WHERE id = 1") // and so it is prepared
		r.a.wantLamp("40")
		letGo := r.proxy.Hold()
		defer letGo()
		ctx, giveUp := context.WithCancel(r.Context())
		defer giveUp()
		sent := time.Now()
		returned := make(chan error, 1)
		go func() { _, err := c.ExecContext(ctx, write); returned <- err }()
		eventually(r.T, "it is sent", func() bool {
			_, did := r.a.read(priceOfLamp)
			return did == pendingRead && r.proxy.Holds()
		})
		giveUp()
		if err := <-returned; err == nil {
			r.Fatal("a write that has not arrived returns")
		}
		r.wantAway(sent)
		letGo()
		// pgx asks the server to cancel it, and either may arrive first.
		for deadline := sent.Add(r.config.Lease / 2); time.Now().Before(deadline); {
			before := answer(r.Context(), r.bare, priceOfLamp)
			got, did := r.b.read(priceOfLamp)
			if after := answer(r.Context(), r.bare, priceOfLamp); got != before && got != after {
				r.Fatalf("got %q (%s), the database says %q and then %q", got, did, before, after)
			}
		}
		r.b.warm(priceOfLamp)
		r.wantFresh(priceOfLamp)
	})
}

// What is read to be changed is locked, and so asked of the database, though the
// same rows are cached.
func TestLockingReadLocksThoughTheRowsAreCached(t *testing.T) {
	inPairs(t, func(p *pair) {
		p.a.wantLamp("40")
		p.a.warm(priceOfLamp)
		tx, err := p.a.db.Begin()
		if err != nil {
			p.Fatal(err)
		}
		defer tx.Rollback()
		for _, lock := range []string{" FOR UPDATE", map[cachedsql.Dialect]string{cachedsql.Postgres: " FOR SHARE", cachedsql.MySQL: " LOCK IN SHARE MODE"}[p.dialect]} {
			got := answer(p.Context(), tx, priceOfLamp+lock)
			if did := p.a.rec.LastRead(); got != "price | 40" || did != "bypass locking_read" {
				p.Errorf("%s: got %q (%s), want 40 (bypass locking_read)", lock, got, did)
			}
		}
		other, err := p.b.db.Begin()
		if err != nil {
			p.Fatal(err)
		}
		defer other.Rollback()
		p.exec(other, "!"+priceOfLamp+" FOR UPDATE NOWAIT")
		_ = other.Rollback()
		p.exec(tx, "UPDATE items SET price = 43 WHERE id = 1")
		if err := tx.Commit(); err != nil {
			p.Fatal(err)
		}
		p.wantFresh(priceOfLamp)
	})
}
