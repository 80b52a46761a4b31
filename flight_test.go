package cachedsql_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/cachedsqltest"
)

// crowd is a handle on a driver of one row, with the cache in front.
type crowd struct {
	*testing.T
	inner *readyDriver
	cache *cachedsql.Cache
	rec   *cachedsqltest.Recorder
	db    *sql.DB
}

func newCrowd(t *testing.T, before func(context.Context, int64) error) *crowd {
	t.Helper()
	c := &crowd{T: t, inner: newReadyDriver(1)}
	c.inner.before = before
	c.cache, c.rec = cachedsqltest.New(t, cachedsqltest.Everything, func(c *cachedsql.Config) { c.Namespace = "crowd" })
	c.db = c.cache.OpenDB(c.inner)
	t.Cleanup(func() { c.db.Close() })
	return c
}

// read returns the one row's first column.
func (c *crowd) read(ctx context.Context) (id int64, err error) {
	return c.readText(ctx, benchQuery)
}

func (c *crowd) readText(ctx context.Context, query string) (id int64, err error) {
	t := newThing(query, 1)
	rows, err := c.db.QueryContext(ctx, query, t.arg)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	for rows.Next() {
		if err := rows.Scan(t.destinations[:]...); err != nil {
			return 0, err
		}
	}
	return t.id, errors.Join(rows.Err(), rows.Close())
}

// readAll reads n times at once, for at most 20 seconds, and returns the
// errors.
func (c *crowd) readAll(n int) []error {
	c.Helper()
	ctx, cancel := context.WithTimeout(c.Context(), 20*time.Second)
	defer cancel()
	errs := make([]error, n)
	var done sync.WaitGroup
	for i := range n {
		done.Go(func() {
			id, err := c.read(ctx)
			if err == nil && id != 1000 {
				err = errors.New("wrong row")
			}
			errs[i] = err
		})
	}
	done.Wait()
	return errs
}

func (c *crowd) wantAsked(want int64) {
	c.Helper()
	if got := c.inner.asked.Load(); got != want {
		c.Errorf("the database was asked %d times, want %d", got, want)
	}
}

func TestMissesAtTheSameTimeAskTheDatabaseOnce(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		c := newCrowd(t, nil)
		c.inner.took = 30 * time.Millisecond
		if err := errors.Join(c.readAll(300)...); err != nil {
			t.Fatal(err)
		}
		c.wantAsked(1)
		if n := c.rec.Count(cachedsql.Miss); n != 1 {
			t.Errorf("%d misses, want 1", n)
		}
	})
}

// A miss that is slow to say so finds the flight landed and gone.
func TestMissThatComesAfterTheFlightAsksTheStoreAgain(t *testing.T) {
	t.Parallel()
	store := &lateStore{Store: cachedsql.NewMemoryStore(cachedsql.MemoryConfig{}), missed: make(chan struct{}), held: make(chan struct{})}
	inner := newReadyDriver(1)
	cache, rec := cachedsqltest.New(t, cachedsqltest.Everything, func(c *cachedsql.Config) {
		c.Namespace, c.Store, c.LookupTimeout = "late", store, 20*time.Second
	})
	c := &crowd{T: t, inner: inner, cache: cache, rec: rec, db: cache.OpenDB(inner)}
	t.Cleanup(func() { c.db.Close() })
	late := make(chan error, 1)
	go func() { _, err := c.read(context.Background()); late <- err }()
	<-store.missed
	if _, err := c.read(t.Context()); err != nil {
		t.Fatal(err)
	}
	cachedsqltest.Wait(t, cache)
	close(store.held)
	if err := <-late; err != nil {
		t.Fatal(err)
	}
	c.wantAsked(1)
	if hits, misses := rec.Count(cachedsql.Hit), rec.Count(cachedsql.Miss); hits != 1 || misses != 1 {
		t.Errorf("%d hits and %d misses, want 1 and 1", hits, misses)
	}
}

// lateStore keeps the answer of the first read back until it is let go.
type lateStore struct {
	cachedsql.Store
	reads        atomic.Int64
	missed, held chan struct{}
}

func (s *lateStore) Space(namespace string) cachedsql.Space {
	return lateSpace{s.Store.Space(namespace), s}
}

type lateSpace struct {
	cachedsql.Space
	store *lateStore
}

func (s lateSpace) Read(ctx context.Context, key cachedsql.Key, tags cachedsql.TagSet, buf []byte) (cachedsql.Reading, error) {
	r, err := s.Space.Read(ctx, key, tags, buf)
	if s.store.reads.Add(1) == 1 {
		close(s.store.missed)
		<-s.store.held
	}
	return r, err
}

// begun returns a hook that holds back the first query until release is
// called, and a channel that is closed when it has come.
func begun() (before func(context.Context, int64) error, came chan struct{}, release func()) {
	came, held := make(chan struct{}), make(chan struct{})
	return func(ctx context.Context, n int64) error {
		if n != 1 {
			return nil
		}
		close(came)
		select {
		case <-held:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}, came, sync.OnceFunc(func() { close(held) })
}

// newLedCrowd returns a crowd whose first read is under way, under ctx, and held
// back until release is called. leader has what becomes of it.
func newLedCrowd(ctx context.Context, t *testing.T) (c *crowd, leader <-chan error, release func()) {
	t.Helper()
	before, came, release := begun()
	c = newCrowd(t, before)
	ended := make(chan error, 1)
	go func() { _, err := c.read(ctx); ended <- err }()
	<-came
	return c, ended, release
}

func TestWaiterKeepsItsOwnDeadline(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		c, leader, release := newLedCrowd(context.Background(), t)
		defer release()
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		defer cancel()
		if _, err := c.read(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("waiter: got %v, want its deadline", err)
		}
		release()
		if err := <-leader; err != nil {
			t.Errorf("leader: %v", err)
		}
		c.wantAsked(1)
	})
}

func TestLeadersCancellationIsNotTheWaiters(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		c, leader, release := newLedCrowd(ctx, t)
		defer release()
		waiters := make(chan []error, 1)
		go func() { waiters <- c.readAll(20) }()
		synctest.Wait() // all of them wait for the leader
		cancel()
		if err := <-leader; !errors.Is(err, context.Canceled) {
			t.Errorf("leader: got %v", err)
		}
		if err := errors.Join(<-waiters...); err != nil {
			t.Errorf("waiters: %v", err)
		}
		c.wantAsked(2)
	})
}

func TestLeadersErrorStaysItsOwn(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	for name, cause := range map[string]error{"Error": broken, "BadConn": driver.ErrBadConn} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				c := newCrowd(t, func(_ context.Context, n int64) error {
					time.Sleep(10 * time.Millisecond)
					if n == 1 {
						return cause
					}
					return nil
				})
				failed := 0
				for _, err := range c.readAll(50) {
					if errors.Is(err, broken) {
						failed++
					} else if err != nil {
						t.Error(err)
					}
				}
				if want := map[string]int{"Error": 1}[name]; failed != want {
					t.Errorf("%d reads failed, want %d", failed, want)
				}
				c.wantAsked(2)
			})
		})
	}
}

func TestLeadersPanicDoesNotLeaveOthersWaiting(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		came := make(chan struct{})
		c := newCrowd(t, func(_ context.Context, n int64) error {
			if n == 1 {
				close(came)
				time.Sleep(20 * time.Millisecond)
				panic("driver")
			}
			return nil
		})
		go func() {
			defer func() { _ = recover() }()
			_, _ = c.read(context.Background())
		}()
		<-came
		if err := errors.Join(c.readAll(20)...); err != nil {
			t.Error(err)
		}
	})
}

func TestLeaderThatReadsSlowlyHoldsNobodyUpForLong(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		c := newCrowd(t, nil)
		open, err := c.db.Query(benchQuery, int64(7))
		if err != nil {
			t.Fatal(err)
		}
		defer open.Close()
		started := time.Now()
		if err := errors.Join(c.readAll(20)...); err != nil {
			t.Error(err)
		}
		if took := time.Since(started); took > 100*time.Millisecond {
			t.Errorf("the others waited for %v", took)
		}
		c.wantAsked(2)
	})
}

func TestReadAfterAWriteDoesNotJoinAnOlderFlight(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		c, leader, release := newLedCrowd(context.Background(), t)
		defer release()
		if _, err := c.db.Exec("UPDATE things SET price = 1"); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		if _, err := c.read(ctx); err != nil {
			t.Errorf("after the write: %v", err)
		}
		c.wantAsked(2)
		release()
		if err := <-leader; err != nil {
			t.Error(err)
		}
		// The leader's late result may have taken the place of the newer one, but
		// it is of no use to anybody.
		for range 2 {
			if _, err := c.read(ctx); err != nil {
				t.Error(err)
			}
		}
		if got := c.rec.LastRead(); got != "hit" {
			t.Errorf("at last: %s, want a hit", got)
		}
	})
}

func TestPartialReaderLeavesTheOthersToTheDatabase(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		c := newCrowd(t, nil)
		c.inner.rows = newReadyDriver(3).rows
		var done sync.WaitGroup
		for range 20 {
			done.Go(func() {
				rows, err := c.db.Query(benchQuery, int64(7))
				if err != nil {
					t.Error(err)
					return
				}
				rows.Next()
				if err := rows.Close(); err != nil {
					t.Error(err)
				}
			})
		}
		done.Wait()
		if n := c.rec.Count(cachedsql.Filled); n != 0 {
			t.Errorf("%d partial results stored", n)
		}
	})
}

// On MySQL each of these is prepared first, because the driver answers ErrSkip.
// Where a leader is slower to store than the others are patient, some of them
// ask, too: how many do is TestMissesAtTheSameTimeAskTheDatabaseOnce's business.
func TestMissesAtTheSameTimeAgreeOnRealDatabases(t *testing.T) {
	inShops(t, cachedsqltest.Everything, func(s *shop) {
		s.db.SetMaxOpenConns(8)
		var done sync.WaitGroup
		for range 40 {
			done.Go(func() {
				var p int
				if err := s.db.QueryRow(s.sql("SELECT price FROM items WHERE id = ?"), 1).Scan(&p); err != nil || p != 40 {
					s.Errorf("got %d, %v", p, err)
				}
			})
		}
		done.Wait()
		cachedsqltest.Wait(s.T, s.cache)
		if n := s.rec.Count(cachedsql.Filled); n != 1 && s.rec.Count(cachedsql.Coalesced) == 0 {
			s.Errorf("%d results stored, and no two reads shared one", n)
		}
		s.wantPrice(1, 40, "hit")
	})
}
