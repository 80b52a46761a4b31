package cachedsql_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/cachedsqltest"
)

// probedConn counts how often it is asked whether its server is there.
type probedConn struct {
	textConn
	probes int
	dead   bool
}

func (c *probedConn) ResetSession(context.Context) error {
	c.probes++
	if c.dead {
		return driver.ErrBadConn
	}
	return nil
}

func (c *probedConn) IsValid() bool { return true }

// probedServer makes such connections, and keeps them in sight.
type probedServer struct {
	all    []*probedConn
	refuse error // what an attempt to connect gets; nil: a connection
}

func (s *probedServer) Driver() driver.Driver { return nil }

func (s *probedServer) Connect(context.Context) (driver.Conn, error) {
	if s.refuse != nil {
		return nil, s.refuse
	}
	c := &probedConn{}
	c.query = func(context.Context, string, []driver.NamedValue) (driver.Rows, error) {
		if c.dead {
			return nil, errors.New("used although it is dead")
		}
		return &fakeRows{columns: []string{"n"}, rows: [][]driver.Value{{int64(7)}}}, nil
	}
	s.all = append(s.all, c)
	return c, nil
}

// newProbed returns a handle with one connection at a time.
func newProbed(t *testing.T, adapter cachedsql.Adapter) (*sql.DB, *probedServer) {
	t.Helper()
	cache, _ := cachedsqltest.New(t, cachedsqltest.Everything, func(c *cachedsql.Config) { c.Namespace, c.Adapter = "fake", adapter })
	server := &probedServer{}
	db := cache.OpenDB(server)
	t.Cleanup(func() { db.Close() })
	db.SetMaxOpenConns(1)
	return db, server
}

func readSeven(t *testing.T, db *sql.DB, query string) {
	t.Helper()
	var n int
	if err := db.QueryRow(query).Scan(&n); err != nil || n != 7 {
		t.Fatalf("%s: %d, %v", query, n, err)
	}
}

func TestHitsAskOnceASecondWhetherTheirConnectionIsThere(t *testing.T) {
	for _, c := range []struct {
		name    string
		adapter cachedsql.Adapter
		want    func(probes int) bool
	}{
		{"a driver whose ResetSession only looks", cachedsql.Adapter{ResetProbes: true}, func(n int) bool { return n >= 3 && n <= 5 }},
		{"any other", cachedsql.Adapter{}, func(n int) bool { return n == 40 }},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				db, server := newProbed(t, c.adapter)
				readSeven(t, db, "SELECT n FROM t")
				for range 40 {
					time.Sleep(100 * time.Millisecond)
					readSeven(t, db, "SELECT n FROM t")
				}
				if n := server.all[0].probes; !c.want(n) || len(server.all) != 1 {
					t.Errorf("40 hits in 4 s: %d probes of %d connections", n, len(server.all))
				}
			})
		})
	}
}

func TestAConnectionThatIsGoneIsNotUsedAfterHits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // so that nobody looks for a second
		db, server := newProbed(t, cachedsql.Adapter{ResetProbes: true})
		defer db.Close()
		for range 3 {
			readSeven(t, db, "SELECT n FROM t")
		}
		own, err := db.Conn(t.Context()) // what fails on it is not tried again
		if err != nil {
			t.Fatal(err)
		}
		defer own.Close()
		server.all[0].dead = true
		var n int
		if err := own.QueryRowContext(t.Context(), "SELECT n FROM u").Scan(&n); err != nil || n != 7 || len(server.all) != 2 {
			t.Errorf("%d, %v, %d connections", n, err, len(server.all))
		}
	})
}

func TestAConnectionThatIsGoneAndCannotBeDialledIsLeftToThePool(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db, server := newProbed(t, cachedsql.Adapter{ResetProbes: true})
		defer db.Close()
		for range 3 {
			readSeven(t, db, "SELECT n FROM t")
		}
		server.all[0].dead = true
		server.refuse = errors.New("too many connections")
		var n int
		if err := db.QueryRow("SELECT n FROM u").Scan(&n); !errors.Is(err, server.refuse) {
			t.Errorf("got %v, want the error of dialling", err)
		}
	})
}
