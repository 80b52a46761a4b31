package cachedsql_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"testing"
	"time"

	"github.com/DATA-DOG/go-sqlmock"
	"go.uber.org/goleak"
	"modernc.org/sqlite"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/cachedsqltest"
)

// dsnConnector is a connector of a driver that has none, as sqlmock's.
type dsnConnector struct {
	inner driver.Driver
	name  string
}

func (k dsnConnector) Connect(context.Context) (driver.Conn, error) { return k.inner.Open(k.name) }
func (k dsnConnector) Driver() driver.Driver                        { return k.inner }

func TestSqlmockIsAskedOncePerResult(t *testing.T) {
	t.Parallel()
	bare, mock, err := sqlmock.NewWithDSN(t.Name())
	if err != nil {
		t.Fatal(err)
	}
	defer bare.Close()
	db, rec := cachedsqltest.OpenDB(t, dsnConnector{bare.Driver(), t.Name()}, cachedsqltest.Everything)
	const query = "SELECT price FROM items WHERE id = $1"
	rows := func(price int) *sqlmock.Rows { return sqlmock.NewRows([]string{"price"}).AddRow(price) }
	mock.ExpectQuery("SELECT price").WithArgs(1).WillReturnRows(rows(40))
	mock.ExpectQuery("SELECT price").WithArgs(2).WillReturnRows(rows(90))
	mock.ExpectExec("UPDATE items").WillReturnResult(sqlmock.NewResult(0, 1))
	mock.ExpectQuery("SELECT price").WithArgs(1).WillReturnRows(rows(41))
	price := func(id, want int, outcome string) {
		t.Helper()
		var got int
		if err := db.QueryRow(query, id).Scan(&got); err != nil || got != want || rec.LastRead() != outcome {
			t.Errorf("price of %d: got %d, %v (%s), want %d (%s)", id, got, err, rec.LastRead(), want, outcome)
		}
	}
	price(1, 40, "miss")
	price(1, 40, "hit")
	price(2, 90, "miss")
	price(2, 90, "hit")
	if _, err := db.Exec("UPDATE items SET price = 41 WHERE id = 1"); err != nil {
		t.Fatal(err)
	}
	price(1, 41, "miss")
	price(1, 41, "hit")
	if err := mock.ExpectationsWereMet(); err != nil {
		t.Error(err)
	}
}

// hidingConn does not show what it wraps; keepingConn has it in a field.
type (
	hidingConn  struct{ inner func() driver.Conn }
	keepingConn struct{ kept driver.Conn }
	boxedConn   struct {
		name string
		*keepingConn
	}
)

func (c hidingConn) Prepare(text string) (driver.Stmt, error) { return c.inner().Prepare(text) }
func (c hidingConn) Close() error                             { return c.inner().Close() }
func (c hidingConn) Begin() (driver.Tx, error)                { return c.inner().Begin() } //nolint:staticcheck // what every driver has

func (c *keepingConn) Prepare(text string) (driver.Stmt, error) { return c.kept.Prepare(text) }
func (c *keepingConn) Close() error                             { return c.kept.Close() }
func (c *keepingConn) Begin() (driver.Tx, error)                { return c.kept.Begin() } //nolint:staticcheck // what every driver has

// unknownConnector is of a driver that nobody has heard of.
type unknownConnector struct {
	inner driver.Connector
	wrap  func(driver.Conn) driver.Conn
}

func (unknownConnector) Driver() driver.Driver { return nil }

func (k unknownConnector) Connect(ctx context.Context) (driver.Conn, error) {
	c, err := k.inner.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return k.wrap(c), nil
}

// TestViewsOverAnUnknownDriverAreFresh: its catalog cannot be read, so that a write counts for every table. Where the driver is found in
// the wrapper's fields, and where it is said that there are no views, it counts for its own.
func TestViewsOverAnUnknownDriverAreFresh(t *testing.T) {
	t.Parallel()
	hide := func(c driver.Conn) driver.Conn { return hidingConn{func() driver.Conn { return c }} }
	for name, test := range map[string]struct {
		wrap      func(driver.Conn) driver.Conn
		noCatalog bool
		another   string // what becomes of a read of another table
	}{
		"hidden":               {wrap: hide, another: "miss"},
		"hidden, but no views": {wrap: hide, noCatalog: true, another: "hit"},
		"kept":                 {wrap: func(c driver.Conn) driver.Conn { return boxedConn{"x", &keepingConn{c}} }, another: "hit"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cache, rec := cachedsqltest.New(t, cachedsqltest.Everything, func(c *cachedsql.Config) { c.NoCatalog = test.noCatalog })
			db := cache.OpenDB(unknownConnector{sqliteConnector(t), test.wrap})
			defer db.Close()
			db.SetMaxOpenConns(1)
			exec := func(text string) {
				t.Helper()
				if _, err := db.Exec(text); err != nil {
					t.Fatal(err)
				}
			}
			read := func(text string, want int) {
				t.Helper()
				var got int
				if err := db.QueryRow(text).Scan(&got); err != nil || got != want {
					t.Errorf("%s: got %d, %v (%s), want %d", text, got, err, rec.LastRead(), want)
				}
			}
			exec("CREATE TABLE items (price INTEGER)")
			exec("CREATE TABLE others (price INTEGER)")
			exec("INSERT INTO items VALUES (40)")
			exec("INSERT INTO others VALUES (7)")
			view := "SELECT price FROM items"
			if !test.noCatalog {
				exec("CREATE VIEW offers AS SELECT price FROM items")
				view = "SELECT price FROM offers"
			}
			for range 2 {
				read(view, 40)
				read("SELECT price FROM others", 7)
			}
			exec("UPDATE items SET price = 41")
			read("SELECT price FROM others", 7)
			if did := rec.LastRead(); did != test.another {
				t.Errorf("another table: got %s, want %s", did, test.another)
			}
			read(view, 41)
		})
	}
}

func TestDatabaseInMemoryIsCachedOnlyUnderANamespace(t *testing.T) {
	t.Parallel()
	for namespace, want := range map[string]string{"": "bypass unknown_namespace", "mine": "hit"} {
		cache, rec := cachedsqltest.New(t, cachedsqltest.Everything, func(c *cachedsql.Config) { c.Namespace = namespace })
		db := cache.OpenDB(dsnConnector{&sqlite.Driver{}, ":memory:"})
		defer db.Close()
		db.SetMaxOpenConns(1) // every connection has a database of its own
		if _, err := db.Exec("CREATE TABLE items (id INTEGER PRIMARY KEY)"); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			var n int
			if err := db.QueryRow("SELECT count(*) FROM items").Scan(&n); err != nil {
				t.Fatal(err)
			}
		}
		if did := rec.LastRead(); did != want {
			t.Errorf("namespace %q: got %s, want %s", namespace, did, want)
		}
	}
}

func TestFailedWriteOnSQLiteDoesNotKeepItsTableFromTheCache(t *testing.T) {
	inShops(t, cachedsqltest.Everything, func(s *shop) {
		if s.dialect != cachedsql.SQLite {
			s.Skip("the adapters of the other drivers say which errors are definite")
		}
		s.wantPrice(1, 40, "miss")
		if _, err := s.db.Exec("INSERT INTO items VALUES (1, 'twice', 0)"); err == nil {
			s.Fatal("the key is there already")
		}
		s.wantPrice(1, 40, "miss")
		s.wantPrice(1, 40, "hit")
	})
}

func TestNothingRunsAfterClose(t *testing.T) {
	// Not parallel: other tests' goroutines would be found.
	before := goleak.IgnoreCurrent()
	cache, err := cachedsql.New(cachedsql.Config{NearBytes: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	db := cache.OpenDB(sqliteConnector(t))
	if _, err := db.Exec("CREATE TABLE items (id INTEGER PRIMARY KEY)"); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if err := cache.Close(); err != nil {
		t.Fatal(err)
	}
	goleak.VerifyNone(t, before)
}

func TestStatementInATransactionSeesItsOwnWrites(t *testing.T) {
	inShops(t, cachedsqltest.Everything, func(s *shop) {
		stmt, err := s.db.Prepare(s.sql("SELECT price FROM items WHERE id = ?"))
		if err != nil {
			s.Fatal(err)
		}
		defer stmt.Close()
		price := func(st *sql.Stmt) (p int) {
			if err := st.QueryRow(1).Scan(&p); err != nil {
				s.Error(err)
			}
			return p
		}
		price(stmt)
		price(stmt)
		tx, err := s.db.Begin()
		if err != nil {
			s.Fatal(err)
		}
		if _, err := tx.Exec("UPDATE items SET price = 7 WHERE id = 1"); err != nil {
			s.Fatal(err)
		}
		if got := price(tx.Stmt(stmt)); got != 7 {
			s.Errorf("in the transaction: got %d, want 7", got)
		}
		if err := tx.Commit(); err != nil {
			s.Fatal(err)
		}
		if got := price(stmt); got != 7 {
			s.Errorf("after it: got %d, want 7", got)
		}
	})
}

func TestRawConnectionIsReachableAndItsWritesAreSeen(t *testing.T) {
	inShops(t, cachedsqltest.Everything, func(s *shop) {
		s.wantPrice(1, 40, "miss")
		s.wantPrice(1, 40, "hit")
		c, err := s.db.Conn(s.Context())
		if err != nil {
			s.Fatal(err)
		}
		err = c.Raw(func(dc any) error {
			inner := dc.(interface{ Unwrap() driver.Conn }).Unwrap()
			_, err := inner.(driver.ExecerContext).ExecContext(s.Context(), "UPDATE items SET price = 8 WHERE id = 1", nil)
			return err
		})
		if err != nil {
			s.Fatal(err)
		}
		if err := c.PingContext(s.Context()); err != nil {
			s.Fatal(err)
		}
		if err := c.Close(); err != nil {
			s.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(s.Context(), 10*time.Second)
		defer cancel()
		if err := s.cache.Wait(ctx); err != nil {
			s.Fatal(err)
		}
		if p, did := s.price(1); p != 8 {
			s.Errorf("got %d (%s), want 8", p, did)
		}
	})
}

// wrappedConn is a connection as tracing drivers wrap it.
type wrappedConn struct{ driver.Conn }

func (c wrappedConn) Raw() driver.Conn { return c.Conn }

type wrappingConnector struct{ driver.Connector }

func (k wrappingConnector) Connect(ctx context.Context) (driver.Conn, error) {
	c, err := k.Connector.Connect(ctx)
	return wrappedConn{c}, err
}

func (k wrappingConnector) Driver() driver.Driver { return unknownDriver{k.Connector.Driver()} }

type unknownDriver struct{ driver.Driver }

func TestDatabaseIsKnownThroughATracingDriver(t *testing.T) {
	inShops(t, cachedsqltest.Everything, func(s *shop) {
		s.exec("CREATE VIEW dear AS SELECT * FROM items WHERE price > 50")
		db := s.cache.OpenDB(wrappingConnector{s.inner})
		defer db.Close()
		count := func() (n int) {
			if err := db.QueryRow("SELECT count(*) FROM dear").Scan(&n); err != nil {
				s.Error(err)
			}
			return n
		}
		count()
		s.exec("UPDATE items SET price = 60 WHERE id = 1")
		if n := count(); n != 2 {
			s.Errorf("got %d rows of the view, want 2", n)
		}
	})
}
