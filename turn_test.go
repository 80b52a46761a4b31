package cachedsql_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/cachedsqltest"
)

// askedDatabase is a database whose one value is how often it has been asked, the
// question that reads it included.
type askedDatabase struct {
	asked  atomic.Int64
	took   time.Duration
	fail   func(n int64) error
	rows   int
	handle *sql.DB
	cache  *cachedsql.Cache
	rec    *cachedsqltest.Recorder
	finish func() // ends the write that is under way
}

const countQuery = "SELECT n FROM counts WHERE id = ?"

// newAskedDatabase returns one with a write under way that does not end before finish.
func newAskedDatabase(t *testing.T, d *askedDatabase) *askedDatabase {
	t.Helper()
	held, came := make(chan struct{}), make(chan struct{})
	connect := func() driver.Conn {
		return &textConn{
			query: func(ctx context.Context, _ string, _ []driver.NamedValue) (driver.Rows, error) {
				n := d.asked.Add(1)
				time.Sleep(d.took)
				if d.fail != nil {
					if err := d.fail(n); err != nil {
						return nil, err
					}
				}
				rows := &fakeRows{columns: []string{"n"}}
				for range max(d.rows, 1) {
					rows.rows = append(rows.rows, []driver.Value{n})
				}
				return rows, ctx.Err()
			},
			exec: func(context.Context, string, []driver.NamedValue) (driver.Result, error) {
				close(came)
				<-held
				return driver.RowsAffected(1), nil
			},
		}
	}
	d.cache, d.rec = cachedsqltest.New(t, cachedsqltest.Everything, func(c *cachedsql.Config) { c.Namespace = "counts" })
	d.handle = d.cache.OpenDB(fakeConnector{connect})
	t.Cleanup(func() { d.handle.Close() })
	written := make(chan error, 1)
	go func() { _, err := d.handle.Exec("UPDATE counts SET n = 0"); written <- err }()
	<-came
	d.finish = sync.OnceFunc(func() {
		close(held)
		if err := <-written; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(d.finish)
	return d
}

// read returns the value, which must come from a question put after now.
func (d *askedDatabase) read(ctx context.Context) error {
	before := d.asked.Load()
	var n int64
	if err := d.handle.QueryRowContext(ctx, countQuery, 1).Scan(&n); err != nil {
		return err
	}
	if n <= before {
		return fmt.Errorf("read what question %d found, although %d had been put before", n, before)
	}
	return nil
}

func TestReadsDuringAWriteShareOnlyQueriesThatBeginAfterThem(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		d := newAskedDatabase(t, &askedDatabase{took: 2 * time.Millisecond})
		const readers, each = 50, 20
		errs := make([]error, readers)
		var done sync.WaitGroup
		for i := range readers {
			done.Go(func() {
				for range each {
					errs[i] = errors.Join(errs[i], d.read(t.Context()))
				}
			})
		}
		done.Wait()
		if err := errors.Join(errs...); err != nil {
			t.Error(err)
		}
		if n := d.asked.Load(); n > readers*each/5 {
			t.Errorf("%d reads asked the database %d times", readers*each, n)
		}
		if n := d.rec.Count(cachedsql.Filled) + d.rec.Count(cachedsql.NotFilled); n != 0 {
			t.Errorf("%d results stored or meant to be, during a write", n)
		}
		if got := d.rec.Count(cachedsql.Coalesced) + d.rec.Count(cachedsql.Bypassed); got != readers*each {
			t.Errorf("%d of %d reads are accounted for", got, readers*each)
		}
		d.finish()
		for _, want := range []string{"miss", "hit"} {
			var n int64
			if err := d.handle.QueryRow(countQuery, 1).Scan(&n); err != nil || d.rec.LastRead() != want {
				t.Errorf("after the write: %s, %v, want a %s", d.rec.LastRead(), err, want)
			}
		}
	})
}

func TestOneReaderDuringAWriteWaitsForNobody(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		d := newAskedDatabase(t, &askedDatabase{})
		for range 100 {
			if err := d.read(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if n := d.asked.Load(); n != 100 {
			t.Errorf("asked %d times, want 100", n)
		}
		if n := d.rec.Count(cachedsql.Bypassed); n != 100 {
			t.Errorf("%d bypasses, want 100", n)
		}
	})
}

func TestFailureOfASharedQueryIsItsLeadersOwn(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		broken := errors.New("broken")
		d := newAskedDatabase(t, &askedDatabase{took: 5 * time.Millisecond, fail: func(n int64) error {
			if n == 2 { // the one that the others wait for
				return broken
			}
			return nil
		}})
		errs := make([]error, 30)
		var done sync.WaitGroup
		for i := range errs {
			done.Go(func() { errs[i] = d.read(t.Context()) })
		}
		done.Wait()
		failed := 0
		for _, err := range errs {
			if errors.Is(err, broken) {
				failed++
			} else if err != nil {
				t.Error(err)
			}
		}
		if failed > 1 {
			t.Errorf("%d reads failed, want only the leader", failed)
		}
	})
}

func TestResultTooLargeToShareIsAskedByEach(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		d := newAskedDatabase(t, &askedDatabase{took: 2 * time.Millisecond, rows: 10_001})
		var done sync.WaitGroup
		for range 10 {
			done.Go(func() {
				rows, err := d.handle.Query(countQuery, 1)
				if err != nil {
					t.Error(err)
					return
				}
				defer rows.Close()
				n := 0
				for rows.Next() {
					n++
				}
				if n != 10_001 || rows.Err() != nil {
					t.Errorf("%d rows, %v", n, rows.Err())
				}
			})
		}
		done.Wait()
	})
}

func TestWaiterForATurnKeepsItsOwnDeadline(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		held := make(chan struct{})
		release := sync.OnceFunc(func() { close(held) })
		defer release()
		d := newAskedDatabase(t, &askedDatabase{fail: func(n int64) error {
			if n == 1 {
				<-held
			}
			return nil
		}})
		first := make(chan error, 1)
		go func() { first <- d.read(context.Background()) }()
		eventually(t, "the first query runs", func() bool { return d.asked.Load() == 1 })
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		defer cancel()
		if err := d.read(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want its own deadline", err)
		}
		// Nor does a query that hangs hold up the next for long.
		if err := d.read(t.Context()); err != nil {
			t.Error(err)
		}
		release()
		if err := <-first; err != nil {
			t.Error(err)
		}
	})
}

// On MySQL each of these is prepared first.
func TestReadsDuringAWriteAgreeOnRealDatabases(t *testing.T) {
	inShops(t, cachedsqltest.Everything, func(s *shop) {
		if s.dialect == cachedsql.SQLite {
			s.Skip("a writer locks the database")
		}
		s.db.SetMaxOpenConns(12)
		// A writer that is not done: what it touches stays under way.
		err := s.cache.Write(s.Context(), []string{"items"}, func() error {
			for round := range 5 {
				want := 100 + round
				if _, err := s.bare.Exec(s.sql("UPDATE items SET price = ? WHERE id = 1"), want); err != nil {
					return err
				}
				var done sync.WaitGroup
				for range 40 {
					done.Go(func() {
						var p int
						if err := s.db.QueryRow(s.sql("SELECT price FROM items WHERE id = ?"), 1).Scan(&p); err != nil || p != want {
							s.Errorf("got %d, %v, want %d", p, err, want)
						}
					})
				}
				done.Wait()
			}
			return nil
		})
		if err != nil {
			s.Fatal(err)
		}
		if s.rec.Count(cachedsql.Coalesced) == 0 {
			s.Error("no two reads shared a query")
		}
	})
}
