package cachedsql_test

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/cachedsqltest"
)

const (
	shadowed = "version: 1\nrules: [{name: all, ttl: 1h, mode: shadow}]"
	verified = "version: 1\nrules: [{name: all, ttl: 1h, verify: 100%}]"
)

// checkedShop is a shop whose hits are checked. The writer goes past the cache.
type checkedShop struct {
	*testing.T
	db, writer *sql.DB
	cache      *cachedsql.Cache
	rec        *cachedsqltest.Recorder
	store      *plantingStore
}

func newCheckedShop(t *testing.T, srv server, rules string, change func(*cachedsql.Config)) *checkedShop {
	t.Helper()
	s := &checkedShop{T: t, store: &plantingStore{Store: cachedsql.NewMemoryStore(cachedsql.MemoryConfig{})}}
	s.cache, s.rec = cachedsqltest.New(t, rules, func(c *cachedsql.Config) {
		c.Store, c.Adapter, c.LookupTimeout = s.store, srv.adapter, time.Minute
		if change != nil {
			change(c)
		}
	})
	inner := srv.connector(t)
	s.db, s.writer = s.cache.OpenDB(inner), sql.OpenDB(inner)
	t.Cleanup(func() {
		_ = s.db.Close()
		_ = s.writer.Close()
	})
	s.exec(s.db, "CREATE TABLE items (id INTEGER PRIMARY KEY, name VARCHAR(100), price INTEGER)")
	s.exec(s.db, "INSERT INTO items VALUES (1, 'lamp', 40), (2, 'chair', 900), (3, 'desk', 900)")
	return s
}

func (s *checkedShop) exec(db *sql.DB, text string) {
	s.Helper()
	if _, err := db.Exec(text); err != nil {
		s.Fatalf("%s: %v", text, err)
	}
	cachedsqltest.Wait(s, s.cache)
}

// names reads a statement with one text column and says what happened.
func (s *checkedShop) names(text string) string {
	s.Helper()
	rows, err := s.db.Query(text)
	if err != nil {
		s.Fatalf("%s: %v", text, err)
	}
	var all []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			s.Fatal(err)
		}
		all = append(all, name)
	}
	if err := rows.Close(); err != nil {
		s.Fatal(err)
	}
	cachedsqltest.Wait(s, s.cache)
	return strings.Join(all, " ") + ": " + s.rec.LastRead()
}

func (s *checkedShop) want(text, want string) {
	s.Helper()
	if got := s.names(text); got != want {
		s.Errorf("%s\ngot  %q\nwant %q", text, got, want)
	}
}

// counts are different, inconclusive.
func (s *checkedShop) counts(different, inconclusive int64) {
	s.Helper()
	stats := s.cache.Stats()
	if stats.Different != different || stats.Inconclusive != inconclusive {
		s.Errorf("%d different, %d inconclusive %v, want %d and %d", stats.Different, stats.Inconclusive, stats.InconclusiveByReason, different, inconclusive)
	}
}

// plantingStore stores, in the place of what comes, what came before: a wrong
// answer under the right version.
type plantingStore struct {
	cachedsql.Store
	plant atomic.Bool
	mu    sync.Mutex
	last  []byte // under mu
	down  atomic.Bool

	meanwhile atomic.Pointer[func()] // happens once, before the next time that versions are asked for alone
}

func (p *plantingStore) Space(name string) cachedsql.Space {
	return &plantingSpace{p.Store.Space(name), p}
}

type plantingSpace struct {
	cachedsql.Space
	store *plantingStore
}

func (p *plantingSpace) Fill(ctx context.Context, key cachedsql.Key, entry []byte, ttl time.Duration) error {
	p.store.mu.Lock()
	if p.store.plant.Load() {
		entry = p.store.last
	} else {
		p.store.last = entry
	}
	p.store.mu.Unlock()
	return p.Space.Fill(ctx, key, entry, ttl)
}

func (p *plantingSpace) Check(ctx context.Context, tags cachedsql.TagSet) (cachedsql.Reading, error) {
	if p.store.down.Load() {
		return cachedsql.Reading{}, context.DeadlineExceeded
	}
	if do := p.store.meanwhile.Swap(nil); do != nil {
		(*do)()
	}
	return p.Space.Check(ctx, tags)
}

func TestShadowServesTheDatabaseAndFindsWhatWentPastTheDriver(t *testing.T) {
	t.Parallel()
	for _, srv := range servers(t) {
		t.Run(srv.name, func(t *testing.T) {
			t.Parallel()
			s := newCheckedShop(t, srv, shadowed, nil)
			const text = "SELECT name FROM items WHERE id = 1"
			s.want(text, "lamp: miss")
			s.want(text, "lamp: checked")
			s.want(text, "lamp: checked")
			s.counts(0, 0)
			s.exec(s.writer, "UPDATE items SET name = 'light' WHERE id = 1")
			s.want(text, "light: checked")
			s.counts(1, 0)
			s.want(text, "light: miss") // the tables were invalidated
			s.want(text, "light: checked")
			s.exec(s.db, "UPDATE items SET name = 'torch' WHERE id = 1")
			s.want(text, "torch: miss")
			s.counts(1, 0)
			if stats := s.cache.Stats(); stats.Hits != 0 || stats.Coalesced != 0 {
				t.Errorf("a shadow rule has served: %+v", stats)
			}
			for _, q := range s.cache.Queries() {
				if strings.Contains(strings.ToLower(q.Statement), "select name") && (q.Checked != 4 || q.Different != 1 || q.Calls != 7) {
					t.Errorf("figures: %+v", q)
				}
			}
		})
	}
}

// The versions tell what was outdated from what has changed just now.
func TestDifferenceWithAWriteInBetweenIsNoAlarm(t *testing.T) {
	t.Parallel()
	for _, srv := range servers(t) {
		t.Run(srv.name, func(t *testing.T) {
			t.Parallel()
			s := newCheckedShop(t, srv, shadowed, nil)
			const text = "SELECT name FROM items WHERE id = 1"
			s.want(text, "lamp: miss")
			write := func() {
				if _, err := s.db.Exec("UPDATE items SET price = price + 1 WHERE id = 1"); err != nil {
					t.Error(err)
				}
			}
			s.exec(s.writer, "UPDATE items SET name = 'light' WHERE id = 1")
			s.store.meanwhile.Store(&write)
			s.want(text, "light: checked")
			s.counts(0, 1)
			for _, q := range s.cache.Queries() {
				if strings.Contains(strings.ToLower(q.Statement), "select name") && (q.Checked != 1 || q.Inconclusive != 1 || q.Concurrent != 1 || q.Different != 0) {
					t.Errorf("figures: %+v", q)
				}
			}
		})
	}
}

func TestVerifyFindsAPlantedEntry(t *testing.T) {
	t.Parallel()
	for _, srv := range servers(t) {
		t.Run(srv.name, func(t *testing.T) {
			t.Parallel()
			s := newCheckedShop(t, srv, verified, nil)
			s.want("SELECT name FROM items WHERE price < 100", "lamp: miss")
			s.store.plant.Store(true) // both depend on the table, and so have one version
			s.want("SELECT name FROM items WHERE price < 50 AND id < 0", ": miss")
			s.store.plant.Store(false)
			s.want("SELECT name FROM items WHERE price < 50 AND id < 0", ": checked")
			s.counts(1, 0)
			s.want("SELECT name FROM items WHERE price < 100", "lamp: miss")
			var event cachedsql.Event
			for _, e := range s.rec.Events() {
				if e.Outcome == cachedsql.Different {
					event = e
				}
			}
			if event.Rule != "all" || event.QueryID == "" || event.Err == nil || !strings.Contains(event.Err.Error(), "stored 1 rows") || strings.Contains(event.Err.Error(), "lamp") {
				t.Errorf("event %+v", event)
			}
		})
	}
}

func TestVerifyTakesAShareOfTheHits(t *testing.T) {
	t.Parallel()
	s := newCheckedShop(t, servers(t)[0], "version: 1\nrules: [{name: all, ttl: 1h, verify: 30%}]", nil)
	const reads = 1000
	for range reads + 1 {
		s.names("SELECT name FROM items WHERE id = 1")
	}
	stats := s.cache.Stats()
	if stats.Hits+stats.Checked != reads || stats.Checked < reads*2/10 || stats.Checked > reads*4/10 {
		t.Errorf("%d hits, %d checked", stats.Hits, stats.Checked)
	}
	s.counts(0, 0)
}

// A hit that is only looked at for a sample must not fail with the database.
func TestVerifiedHitIsServedWhereTheDatabaseFails(t *testing.T) {
	t.Parallel()
	for rules, want := range map[string]string{verified: "lamp", shadowed: "error"} {
		s := newCheckedShop(t, servers(t)[0], rules, nil)
		s.names("SELECT name FROM items WHERE id = 1")
		s.exec(s.writer, "DROP TABLE items")
		var got string
		if err := s.db.QueryRow("SELECT name FROM items WHERE id = 1").Scan(&got); err != nil {
			got = "error"
		}
		if got != want {
			t.Errorf("%s: got %q", rules, got)
		}
		s.counts(0, 0)
	}
}

func TestCheckSaysNothingWhereNothingIsKnown(t *testing.T) {
	t.Parallel()
	sqlite := servers(t)[0]
	past := "UPDATE items SET name = 'light' WHERE id = 1"
	for name, c := range map[string]struct {
		text   string
		before func(*checkedShop)
		reason string
	}{
		"which row LIMIT takes is not said": {"SELECT name FROM items WHERE price < 100 LIMIT 1", func(s *checkedShop) { s.exec(s.writer, past) }, "not_repeatable"},
		"the store is away": {"SELECT name FROM items WHERE price < 100", func(s *checkedShop) {
			s.exec(s.writer, past)
			s.store.down.Store(true)
		}, "cache_down"},
	} {
		s := newCheckedShop(t, sqlite, shadowed, nil)
		s.names(c.text)
		c.before(s)
		s.names(c.text)
		s.counts(0, 1)
		if n := s.cache.Stats().InconclusiveByReason[c.reason]; n != 1 {
			t.Errorf("%s: %v", name, s.cache.Stats().InconclusiveByReason)
		}
	}
	s := newCheckedShop(t, sqlite, shadowed, nil)
	for range 2 {
		rows, err := s.db.Query("SELECT name FROM items")
		if err != nil || !rows.Next() {
			t.Fatal(err)
		}
		_ = rows.Close()
		s.names("SELECT name FROM items")
	}
	if n := s.cache.Stats().InconclusiveByReason["partial_read"]; n != 1 {
		t.Errorf("not read to the end: %v", s.cache.Stats().InconclusiveByReason)
	}
	// By its key a row is one, so LIMIT 1 takes nothing away.
	s = newCheckedShop(t, sqlite, shadowed, nil)
	s.names("SELECT name FROM items WHERE id = 1 LIMIT 1")
	s.exec(s.writer, past)
	s.names("SELECT name FROM items WHERE id = 1 LIMIT 1")
	s.counts(1, 0)
}

// Entries of which nothing can be said go, so that they do not stay wrong.
func TestEntryInDoubtIsDropped(t *testing.T) {
	t.Parallel()
	s := newCheckedShop(t, servers(t)[0], verified, func(c *cachedsql.Config) { c.NearBytes = 1 << 20 })
	const text = "SELECT name FROM items WHERE price < 100 LIMIT 1"
	s.want(text, "lamp: miss")
	s.want(text, "lamp: checked")
	s.exec(s.writer, "UPDATE items SET name = 'light' WHERE id = 1")
	s.want(text, "light: checked")
	s.want(text, "light: miss")
	s.counts(0, 1)
}

// Writers change what readers check, all through the driver: nothing may be
// called wrong. Two caches share a store and a near cache is in each.
func TestConcurrentWritesAreNeverCalledWrong(t *testing.T) {
	t.Parallel()
	for _, srv := range servers(t) {
		for _, consistency := range []cachedsql.Consistency{cachedsql.Strict, cachedsql.Bounded} {
			t.Run(srv.name+"/"+consistency.String(), func(t *testing.T) {
				t.Parallel()
				store := cachedsql.NewMemoryStore(cachedsql.MemoryConfig{})
				inner := srv.connector(t)
				var caches []*cachedsql.Cache
				var dbs []*sql.DB
				for range 2 {
					cache, _ := cachedsqltest.New(t, verified, func(c *cachedsql.Config) {
						c.Store, c.Adapter, c.NearBytes, c.Consistency = &plantingStore{Store: store}, srv.adapter, 1<<20, consistency
						c.LookupTimeout = time.Minute
					})
					db := cache.OpenDB(inner)
					db.SetMaxOpenConns(4)
					t.Cleanup(func() { _ = db.Close() })
					caches, dbs = append(caches, cache), append(dbs, db)
				}
				for _, text := range []string{"CREATE TABLE items (id INTEGER PRIMARY KEY, price INTEGER)", "INSERT INTO items VALUES (1, 0), (2, 0)"} {
					if _, err := dbs[0].Exec(text); err != nil {
						t.Fatal(err)
					}
				}
				stop := make(chan struct{})
				var done sync.WaitGroup
				var reads atomic.Int64
				for n, db := range dbs {
					done.Go(func() {
						for i := 0; ; i++ {
							select {
							case <-stop:
								return
							case <-time.After(time.Duration(i%20) * time.Millisecond):
							}
							_, _ = db.Exec(fmt.Sprintf("UPDATE items SET price = price + 1 WHERE id = %d", 1+(i+n)%2))
						}
					})
					done.Go(func() {
						for i := 0; ; i++ {
							select {
							case <-stop:
								return
							default:
							}
							var sum int64
							text := [...]string{"SELECT price FROM items WHERE id = 1", "SELECT SUM(price) FROM items", "SELECT COUNT(*) FROM items WHERE price > 5"}[i%3]
							if db.QueryRow(text).Scan(&sum) == nil {
								reads.Add(1)
							}
						}
					})
				}
				checked := func() (n int64) {
					for _, c := range caches {
						n += c.Stats().Checked
					}
					return n
				}
				started := time.Now()
				for time.Since(started) < 2*time.Second || checked() < 50 && time.Since(started) < 30*time.Second {
					time.Sleep(10 * time.Millisecond)
				}
				close(stop)
				done.Wait()
				if consistency == cachedsql.Bounded {
					time.Sleep(1100 * time.Millisecond) // those that wait before they judge
				}
				for _, c := range caches {
					cachedsqltest.Wait(t, c)
					if stats := c.Stats(); stats.Different != 0 {
						t.Errorf("%d of %d checks were called wrong", stats.Different, stats.Checked)
					}
				}
				if checked() == 0 {
					t.Errorf("nothing was checked in %d reads", reads.Load())
				}
			})
		}
	}
}
