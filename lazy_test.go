package cachedsql_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"maps"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5/stdlib"
	"go.uber.org/goleak"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/cachedmysql"
	"github.com/cachedsql/cachedsql/cachedpg"
	"github.com/cachedsql/cachedsql/cachedsqltest"
)

// lazily is a database behind a proxy that can be taken away, with a handle
// that dials on first need in front, and every connection a new one.
type lazily struct {
	*testing.T
	dialect cachedsql.Dialect
	dialler *dialler
	db      *sql.DB
	bare    *sql.DB // past the proxy
	cache   *cachedsql.Cache
	rec     *cachedsqltest.Recorder
	down    func()
	up      func()
}

// dialler counts the connections it makes.
type dialler struct {
	driver.Connector
	dials atomic.Int64
	// before, if set, runs before each dial.
	before func(n int64) error
}

func (d *dialler) Connect(ctx context.Context) (driver.Conn, error) {
	n := d.dials.Add(1)
	if d.before != nil {
		if err := d.before(n); err != nil {
			return nil, err
		}
	}
	return d.Connector.Connect(ctx)
}

func inLazyDatabases(t *testing.T, rules string, test func(*lazily)) {
	t.Helper()
	t.Parallel()
	for _, srv := range servers(t) {
		if srv.dialect == cachedsql.SQLite {
			continue
		}
		t.Run(srv.name, func(t *testing.T) {
			t.Parallel()
			test(newLazily(t, srv.dialect, rules))
		})
	}
}

func newLazily(t *testing.T, d cachedsql.Dialect, rules string) *lazily {
	t.Helper()
	l := &lazily{T: t, dialect: d}
	var direct, through driver.Connector
	var adapter cachedsql.Adapter
	if d == cachedsql.Postgres {
		config := postgresConfig(t, os.Getenv("CACHEDSQL_TEST_POSTGRES"))
		direct = stdlib.GetConnector(*config)
		addr := l.takeAway(net.JoinHostPort(config.Host, strconv.Itoa(int(config.Port))))
		host, port, _ := net.SplitHostPort(addr)
		n, _ := strconv.Atoi(port)
		config.Host, config.Port = host, uint16(n)
		through, adapter = stdlib.GetConnector(*config), cachedpg.Adapter(config)
	} else {
		config := mysqlConfig(t, os.Getenv("CACHEDSQL_TEST_MYSQL"))
		var err error
		if direct, err = mysql.NewConnector(config); err != nil {
			t.Fatal(err)
		}
		config.Addr = l.takeAway(config.Addr)
		config.Logger = &mysql.NopLogger{}
		if through, err = mysql.NewConnector(config); err != nil {
			t.Fatal(err)
		}
		adapter = cachedmysql.Adapter(config)
	}
	if !adapter.Alike(through) {
		t.Fatalf("%T is not known to make connections that begin alike", through)
	}
	adapter.Alike = func(driver.Connector) bool { return true } // also through the dialler
	l.dialler = &dialler{Connector: through}
	l.cache, l.rec = cachedsqltest.New(t, rules, func(c *cachedsql.Config) {
		c.Adapter, c.LazyConnect, c.Namespace = adapter, true, databaseName()
	})
	l.db, l.bare = l.cache.OpenDB(l.dialler), sql.OpenDB(direct)
	l.db.SetMaxIdleConns(-1)
	t.Cleanup(func() {
		l.db.Close()
		l.bare.Close()
	})
	for _, q := range []string{
		"CREATE TABLE items (id INTEGER PRIMARY KEY, name VARCHAR(100), price INTEGER)",
		"INSERT INTO items VALUES (1, 'lamp', 40), (2, 'chair', 90)",
	} {
		if _, err := l.bare.Exec(q); err != nil {
			t.Fatal(err)
		}
	}
	return l
}

// takeAway puts a proxy in front of a server; down makes it refuse connections
// and cut those there are, as a server that has been stopped.
func (l *lazily) takeAway(server string) string {
	var p *proxy
	listen := func(addr string) {
		p = newProxyAt(l.T, addr, server)
	}
	listen("127.0.0.1:0")
	addr := p.addr
	l.down = func() { p.close() }
	l.up = func() { listen(addr) }
	return addr
}

func (l *lazily) sql(query string) string {
	return (&shop{dialect: l.dialect}).sql(query)
}

func (l *lazily) price(ctx context.Context, id int) (p int, err error) {
	err = l.db.QueryRowContext(ctx, l.sql("SELECT price FROM items WHERE id = ?"), id).Scan(&p)
	return p, err
}

func (l *lazily) wantPrice(id, want int, outcome string) {
	l.Helper()
	got, err := l.price(l.Context(), id)
	if did := l.rec.LastRead(); err != nil || got != want || did != outcome {
		l.Errorf("price of %d: got %d, %v (%s), want %d (%s)", id, got, err, did, want, outcome)
	}
}

// settle reads until it is known how connections begin, and returns how many
// have been dialled.
func (l *lazily) settle() int64 {
	l.Helper()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		before := l.dialler.dials.Load()
		if _, err := l.price(l.Context(), 1); err != nil {
			l.Fatal(err)
		}
		if l.rec.LastRead() == "hit" && l.dialler.dials.Load() == before {
			return before
		}
	}
	l.Fatalf("hits go on dialling\n%s", l.rec)
	return 0
}

func (l *lazily) wantDials(want int64, what string) {
	l.Helper()
	if got := l.dialler.dials.Load(); got != want {
		l.Errorf("%s: %d connections dialled, want %d", what, got, want)
	}
}

func TestHitsNeedNoDatabaseConnection(t *testing.T) {
	inLazyDatabases(t, cachedsqltest.Everything, func(l *lazily) {
		dials := l.settle()
		var done sync.WaitGroup
		for range 8 {
			done.Go(func() {
				for range 20 {
					if p, err := l.price(l.Context(), 1); err != nil || p != 40 {
						l.Errorf("got %d, %v", p, err)
					}
				}
			})
		}
		done.Wait()
		l.wantDials(dials, "160 hits")
		l.wantPrice(2, 90, "miss")
		l.wantDials(dials+1, "a miss")
		l.wantPrice(2, 90, "hit")
		l.wantDials(dials+1, "its hit")
	})
}

func TestWhatNeedsTheDatabaseDials(t *testing.T) {
	inLazyDatabases(t, cachedsqltest.Everything, func(l *lazily) {
		ctx := l.Context()
		dials := l.settle()
		needs := l.needs()
		for _, name := range slices.Sorted(maps.Keys(needs)) { // raw is the last: what it may have changed is looked for
			if err := needs[name](ctx, l.db); err != nil {
				l.Errorf("%s: %v", name, err)
			}
			if dials++; l.dialler.dials.Load() != dials {
				l.Errorf("%s: dialled %d times, want %d", name, l.dialler.dials.Load(), dials)
				dials = l.dialler.dials.Load()
			}
		}
		// A write on a connection that was lazy is announced like any other.
		if _, err := l.db.Exec("UPDATE items SET price = 41 WHERE id = 1"); err != nil {
			l.Fatal(err)
		}
		l.wantPrice(1, 41, "miss")
	})
}

// needs are the ways of needing the database, beside a miss.
func (l *lazily) needs() map[string]func(context.Context, *sql.DB) error {
	return map[string]func(context.Context, *sql.DB) error{
		"ping":  func(ctx context.Context, db *sql.DB) error { return db.PingContext(ctx) },
		"exec":  func(ctx context.Context, db *sql.DB) error { _, err := db.ExecContext(ctx, l.setting()); return err },
		"inert": func(ctx context.Context, db *sql.DB) error { return db.QueryRowContext(ctx, "SELECT 1").Scan(new(int)) },
		"prepare": func(ctx context.Context, db *sql.DB) error {
			s, err := db.PrepareContext(ctx, "SELECT 1")
			return errors.Join(err, closed(s))
		},
		"begin": func(ctx context.Context, db *sql.DB) error {
			tx, err := db.BeginTx(ctx, nil)
			if err != nil {
				return err
			}
			return tx.Rollback()
		},
		"bypass": func(ctx context.Context, db *sql.DB) error {
			return db.QueryRowContext(cachedsql.Bypass(ctx), "SELECT price FROM items WHERE id = 1").Scan(new(int))
		},
		"connection": func(ctx context.Context, db *sql.DB) error {
			c, err := db.Conn(ctx)
			if err != nil {
				return err
			}
			defer c.Close()
			return c.PingContext(ctx)
		},
		"raw": func(ctx context.Context, db *sql.DB) error {
			c, err := db.Conn(ctx)
			if err != nil {
				return err
			}
			defer c.Close()
			return c.Raw(func(dc any) error {
				if dc.(interface{ Unwrap() driver.Conn }).Unwrap() == nil {
					return c.PingContext(ctx)
				}
				return nil
			})
		},
	}
}

func (l *lazily) setting() string {
	if l.dialect == cachedsql.Postgres {
		return "SET work_mem = '4MB'"
	}
	return "SET @x = 1"
}

func closed(s *sql.Stmt) error {
	if s == nil {
		return nil
	}
	return s.Close()
}

func TestErrorOfDiallingComesOutOfTheStatement(t *testing.T) {
	inLazyDatabases(t, cachedsqltest.Everything, func(l *lazily) {
		l.settle()
		l.down()
		refused := sql.OpenDB(l.dialler.Connector)
		defer refused.Close()
		needs := l.needs()
		needs["miss"] = func(ctx context.Context, db *sql.DB) error {
			return db.QueryRowContext(ctx, "SELECT price FROM items WHERE id = 2").Scan(new(int))
		}
		delete(needs, "raw") // nil, and no error to compare
		l.rec.Reset()
		for name, need := range needs {
			got, want := need(l.Context(), l.db), need(l.Context(), refused)
			if got == nil || want == nil || got.Error() != want.Error() {
				l.Errorf("%s: got %v, want %v", name, got, want)
			}
			var network *net.OpError
			if !errors.As(got, &network) {
				l.Errorf("%s: %v hides its cause", name, got)
			}
		}
		if n := l.rec.Count(cachedsql.Note) + l.rec.Count(cachedsql.Invalidated); n != 0 {
			l.Errorf("statements that could not begin were noted or announced:\n%s", l.rec)
		}
		l.wantPrice(1, 40, "hit")
		l.up()
		l.wantPrice(2, 90, "miss")
	})
}

func TestArgumentsAreCheckedAsByAConnection(t *testing.T) {
	inLazyDatabases(t, cachedsqltest.Everything, func(l *lazily) {
		l.settle()
		query, arg := l.sql("SELECT price FROM items WHERE id = ?"), any(uint64(1))
		if l.dialect == cachedsql.Postgres {
			query, arg = "SELECT price FROM items WHERE id = ANY($1)", []int64{1}
		}
		for _, want := range []string{"miss", "hit"} {
			var p int
			if err := l.db.QueryRow(query, arg).Scan(&p); err != nil || p != 40 || l.rec.LastRead() != want {
				l.Errorf("got %d, %v (%s), want 40 (%s)", p, err, l.rec.LastRead(), want)
			}
		}
		var got, want int
		type odd struct{ n int }
		err, bare := l.db.QueryRow(query, odd{1}).Scan(&got), l.bare.QueryRow(query, odd{1}).Scan(&want)
		if err == nil || bare == nil || err.Error() != bare.Error() {
			l.Errorf("an argument that cannot be sent: got %v, want %v", err, bare)
		}
	})
}

// The table of the same name in the other schema has other prices. Nobody may
// get one where a new connection would give the other.
func (l *lazily) otherSchema() (database string) {
	l.Helper()
	if err := l.bare.QueryRow("SELECT current_database()").Scan(&database); err != nil {
		l.Fatal(err)
	}
	for _, q := range []string{
		"CREATE SCHEMA other", "CREATE TABLE other.items (id INTEGER PRIMARY KEY, price INTEGER)", "INSERT INTO other.items VALUES (1, 7), (2, 8)",
	} {
		if _, err := l.bare.Exec(q); err != nil {
			l.Fatal(err)
		}
	}
	return database
}

func onlyPostgres(l *lazily) {
	if l.dialect != cachedsql.Postgres {
		l.Skip("MySQL has no search path, and no defaults of a database")
	}
}

func TestChangedDefaultIsSeenAtOnceWhereTheDriverSawTheChange(t *testing.T) {
	inLazyDatabases(t, cachedsqltest.Everything, func(l *lazily) {
		onlyPostgres(l)
		database := l.otherSchema()
		l.settle()
		if _, err := l.db.Exec("ALTER DATABASE " + database + " SET search_path = other"); err != nil {
			l.Fatal(err)
		}
		for range 3 {
			if p, err := l.price(l.Context(), 1); err != nil || p != 7 {
				l.Errorf("got %d, %v, want 7, as a new connection reads", p, err)
			}
		}
		l.settle()
		l.wantPrice(1, 7, "hit")
	})
}

func TestChangedDefaultIsSeenWhenTheLastIsTooOld(t *testing.T) {
	inLazyDatabases(t, cachedsqltest.Everything, func(l *lazily) {
		onlyPostgres(l)
		database := l.otherSchema()
		l.settle()
		if _, err := l.bare.Exec("ALTER DATABASE " + database + " SET search_path = other"); err != nil {
			l.Fatal(err)
		}
		l.cache.TrustOutsetsFor(500 * time.Millisecond)
		time.Sleep(600 * time.Millisecond)
		l.wantPrice(1, 7, "miss")
		l.wantPrice(1, 7, "hit")
	})
}

func TestResultOfAConnectionThatIsNotWhatItWasTakenForIsNotMistaken(t *testing.T) {
	inLazyDatabases(t, cachedsqltest.Everything, func(l *lazily) {
		onlyPostgres(l)
		database := l.otherSchema()
		l.settle()
		if _, err := l.bare.Exec("ALTER DATABASE " + database + " SET search_path = other"); err != nil {
			l.Fatal(err)
		}
		// Looked up as public.items, asked as other.items.
		if p, err := l.price(l.Context(), 2); err != nil || p != 8 {
			l.Errorf("got %d, %v, want 8, as the new connection reads", p, err)
		}
		if _, err := l.bare.Exec("ALTER DATABASE " + database + " RESET search_path"); err != nil {
			l.Fatal(err)
		}
		if _, err := l.db.Exec("ALTER DATABASE " + database + " SET search_path = public"); err != nil {
			l.Fatal(err)
		}
		if p, err := l.price(l.Context(), 2); err != nil || p != 90 {
			l.Errorf("got %d, %v, want 90: a result was stored under another state of the session", p, err)
		}
	})
}

func TestConnectionsThatBeginInDifferentWaysAreDialledAtOnce(t *testing.T) {
	inLazyDatabases(t, cachedsqltest.Everything, func(l *lazily) {
		onlyPostgres(l)
		database := l.otherSchema()
		paths := []string{"public", "other"}
		l.dialler.before = func(n int64) error {
			_, err := l.bare.Exec("ALTER DATABASE " + database + " SET search_path = " + paths[n%2])
			return err
		}
		for range 20 {
			if _, err := l.price(l.Context(), 2); err != nil {
				l.Fatal(err)
			}
		}
		if !slices.ContainsFunc(l.rec.Events(), func(e cachedsql.Event) bool {
			return e.Outcome == cachedsql.Note && strings.Contains(e.Err.Error(), "different states")
		}) {
			l.Errorf("nobody was told:\n%s", l.rec)
		}
		for range 4 {
			dials := l.dialler.dials.Load()
			p, err := l.price(l.Context(), 1)
			if want := []int{40, 7}[(dials+1)%2]; err != nil || p != want {
				l.Errorf("got %d, %v, want %d, as the connection says", p, err, want)
			}
			l.wantDials(dials+1, "a read")
		}
	})
}

const serveDown = "version: 1\nrules:\n" +
	"  - {name: lamp, regex: 'name', ttl: 1h}\n" +
	"  - {name: rest, ttl: 1h, on_database_down: serve}\n"

func TestHitsAreServedWhileTheDatabaseIsDownWhereTheRuleSaysSo(t *testing.T) {
	inLazyDatabases(t, serveDown, func(l *lazily) {
		name := func() (s string, err error) {
			err = l.db.QueryRow("SELECT name FROM items WHERE id = 1").Scan(&s)
			return s, err
		}
		if _, err := name(); err != nil {
			l.Fatal(err)
		}
		l.settle()
		if s, err := name(); err != nil || s != "lamp" || l.rec.LastRead() != "hit" {
			l.Fatalf("got %q, %v (%s)", s, err, l.rec.LastRead())
		}
		l.down()
		l.cache.TrustOutsetsFor(300 * time.Millisecond)
		time.Sleep(400 * time.Millisecond)
		started := time.Now()
		for range 50 {
			l.wantPrice(1, 40, "hit")
		}
		if took := time.Since(started); took > 20*time.Second {
			l.Errorf("50 hits took %v", took)
		}
		var network *net.OpError
		if s, err := name(); !errors.As(err, &network) {
			l.Errorf("by a rule that does not say so: got %q, %v", s, err)
		}
		if p, err := l.price(l.Context(), 2); !errors.As(err, &network) {
			l.Errorf("a miss: got %d, %v", p, err)
		}
		l.up()
		for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
			if s, err := name(); err == nil && s == "lamp" && l.rec.LastRead() == "hit" {
				break
			}
			if time.Now().After(deadline) {
				l.Fatal("the database is back and hits by the other rule are not")
			}
		}
		l.wantPrice(2, 90, "miss")
	})
}

// A server that refuses is not down.
func TestUserWhoIsLockedOutGetsNoHitsForLong(t *testing.T) {
	inLazyDatabases(t, serveDown, func(l *lazily) {
		onlyPostgres(l)
		var database string
		if err := l.bare.QueryRow("SELECT current_database()").Scan(&database); err != nil {
			l.Fatal(err)
		}
		l.settle()
		admin(l.T, "pgx", os.Getenv("CACHEDSQL_TEST_POSTGRES"), "ALTER DATABASE "+database+" ALLOW_CONNECTIONS false", "SELECT 1")
		l.cache.TrustOutsetsFor(300 * time.Millisecond)
		time.Sleep(400 * time.Millisecond)
		if p, err := l.price(l.Context(), 1); err == nil {
			l.Errorf("got %d by a connection the server refuses", p)
		}
	})
}

func TestLazyConnectIsRefusedWithoutANamespace(t *testing.T) {
	t.Parallel()
	if _, err := cachedsql.New(cachedsql.Config{LazyConnect: true}); err == nil || !strings.Contains(err.Error(), "Namespace") {
		t.Errorf("got %v", err)
	}
}

func TestConnectionsNobodyVouchesForAreDialledAtOnce(t *testing.T) {
	t.Parallel()
	inner := newReadyDriver(1)
	k := &dialler{Connector: inner}
	cache, rec := cachedsqltest.New(t, cachedsqltest.Everything, func(c *cachedsql.Config) {
		c.LazyConnect, c.Namespace = true, "ready"
	})
	db := cache.OpenDB(k)
	defer db.Close()
	db.SetMaxIdleConns(-1)
	for range 5 {
		newThing(benchQuery, 1).read(t, db)
	}
	if got := k.dials.Load(); got != 5 {
		t.Errorf("%d connections dialled, want 5", got)
	}
	if n := rec.Count(cachedsql.Note); n != 1 {
		t.Errorf("%d notes, want one that says so", n)
	}
}

func TestNothingOfLazyConnectionsRunsAfterClose(t *testing.T) {
	// Not parallel: other tests' goroutines would be found.
	for _, srv := range servers(t) {
		if srv.dialect == cachedsql.SQLite {
			continue
		}
		before := goleak.IgnoreCurrent()
		t.Run(srv.name, func(t *testing.T) {
			l := newLazily(t, srv.dialect, cachedsqltest.Everything)
			l.cache.TrustOutsetsFor(time.Millisecond)
			for range 20 {
				if _, err := l.price(l.Context(), 1); err != nil {
					t.Fatal(err)
				}
			}
		})
		goleak.VerifyNone(t, before)
	}
}
