package cachedsql_test

import (
	"context"
	"database/sql/driver"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cachedsql/cachedsql"
)

// A read has three steps that a write may come in between: it looks at the
// tags, asks the database, and stores the result. A write has three, too: its
// begin, its statement or COMMIT, its end. Here each of the twenty orders is
// carried out, for several reads and kinds of writes.

// schedule lets the steps of a reader (R) and a writer (W) happen in an order.
type schedule struct {
	mu       sync.Mutex
	moved    *sync.Cond
	order    string
	finished map[byte]bool // has no steps left
	taken    map[string]bool
}

func newSchedule(order string) *schedule {
	s := &schedule{order: order, finished: map[byte]bool{}, taken: map[string]bool{}}
	s.moved = sync.NewCond(&s.mu)
	return s
}

// step waits until it is who's turn, and does what is to be done then. A step
// that comes again is not of the order.
func (s *schedule) step(who byte, what string, do func()) {
	if s == nil {
		do()
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.taken[what] {
		s.mu.Unlock()
		defer s.mu.Lock()
		do()
		return
	}
	s.taken[what] = true
	for s.skip(); len(s.order) != 0 && s.order[0] != who; s.skip() {
		s.moved.Wait()
	}
	s.mu.Unlock()
	do()
	s.mu.Lock()
	if len(s.order) != 0 {
		s.order = s.order[1:]
	}
	s.moved.Broadcast()
}

// skip leaves out the turns of those that have finished.
func (s *schedule) skip() {
	for len(s.order) != 0 && s.finished[s.order[0]] {
		s.order = s.order[1:]
	}
}

func (s *schedule) finish(who byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.finished[who] = true
	s.moved.Broadcast()
}

// steppedStore and steppedConn are where the steps are.
type steppedStore struct {
	cachedsql.Store
	order *schedule
}

type steppedSpace struct {
	cachedsql.Space
	store *steppedStore
}

func (s *steppedStore) Space(namespace string) cachedsql.Space {
	return steppedSpace{s.Store.Space(namespace), s}
}

func (s steppedSpace) Read(ctx context.Context, key cachedsql.Key, tags cachedsql.TagSet, buf []byte) (r cachedsql.Reading, err error) {
	s.store.order.step('R', "look", func() { r, err = s.Space.Read(ctx, key, tags, buf) })
	return r, err
}

func (s steppedSpace) Fill(ctx context.Context, key cachedsql.Key, entry []byte, ttl time.Duration) (err error) {
	s.store.order.step('R', "fill", func() { err = s.Space.Fill(ctx, key, entry, ttl) })
	return err
}

func (s steppedSpace) Begin(ctx context.Context, id cachedsql.WriterID, tags cachedsql.TagSet, lease time.Duration) (schema cachedsql.Schema, err error) {
	s.store.order.step('W', "begin", func() { schema, err = s.Space.Begin(ctx, id, tags, lease) })
	return schema, err
}

func (s steppedSpace) End(ctx context.Context, id cachedsql.WriterID, tags cachedsql.TagSet) (schema cachedsql.Schema, err error) {
	s.store.order.step('W', "end", func() { schema, err = s.Space.End(ctx, id, tags) })
	return schema, err
}

type steppedConnector struct {
	driver.Connector
	store *steppedStore
	read  string
	takes string // the statement that takes effect begins so
}

type steppedConn struct {
	driver.Conn
	k *steppedConnector
}

func (k *steppedConnector) Connect(ctx context.Context) (driver.Conn, error) {
	inner, err := k.Connector.Connect(ctx)
	return &steppedConn{inner, k}, err
}

func (c *steppedConn) Unwrap() driver.Conn { return c.Conn }

func (c *steppedConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (rows driver.Rows, err error) {
	ask := func() { rows, err = c.Conn.(driver.QueryerContext).QueryContext(ctx, query, args) }
	if query == c.k.read {
		c.k.store.order.step('R', "query", ask)
	} else {
		ask()
	}
	return rows, err
}

func (c *steppedConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (result driver.Result, err error) {
	run := func() { result, err = c.Conn.(driver.ExecerContext).ExecContext(ctx, query, args) }
	if strings.HasPrefix(query, c.k.takes) {
		c.k.store.order.step('W', "exec", run)
	} else {
		run()
	}
	return result, err
}

// orders returns every order of n steps of each.
func orders(r, w int) []string {
	if r == 0 && w == 0 {
		return []string{""}
	}
	var all []string
	if r > 0 {
		for _, rest := range orders(r-1, w) {
			all = append(all, "R"+rest)
		}
	}
	if w > 0 {
		for _, rest := range orders(r, w-1) {
			all = append(all, "W"+rest)
		}
	}
	return all
}

var interleavedWrites = []struct {
	name, takes string
	texts       []string
}{
	{"autocommit", "UPDATE", []string{"UPDATE items SET price = price + 1 WHERE id = 1"}},
	{"transaction", "COMMIT", []string{"BEGIN", "UPDATE items SET price = price + 1 WHERE id = 1", "COMMIT"}},
	{"savepoint", "COMMIT", []string{"BEGIN", "SAVEPOINT a", "UPDATE items SET price = price + 1", "RELEASE SAVEPOINT a", "COMMIT"}},
}

var interleavedReads = []string{priceOfLamp, allItems, "SELECT sum(i.price) AS total FROM items i LEFT JOIN other o ON o.id = i.id"}

func TestEveryOrderOfAFillAndAWriteLeavesTheCacheCurrent(t *testing.T) {
	inPairs(t, func(p *pair) {
		tried, filled := 0, 0
		for _, w := range interleavedWrites {
			for _, read := range interleavedReads {
				store := &steppedStore{Store: cachedsql.NewMemoryStore(cachedsql.MemoryConfig{})}
				part := *p
				part.config.Store, part.config.LookupTimeout = store, 30*time.Second
				part.inner = &steppedConnector{p.inner, store, read, w.takes}
				reader, writer := part.handle(), part.handle()
				reader.cache.ReadCatalogEachTime() // Flush counts as a schema change
				writer.cache.ReadCatalogEachTime()
				reader.read("SELECT n FROM other") // both know the catalog
				part.exec(writer.db, "UPDATE other SET n = 0")
				for _, order := range orders(3, 3) {
					part.wait(reader, writer)
					part.exec(p.bare, "UPDATE items SET name = 'lamp' WHERE id = 1")
					_ = reader.cache.Flush(t.Context())
					store.order = newSchedule(order)
					part.interleave(store.order, reader, writer, read, w.texts)
					store.order = nil
					want := answer(t.Context(), p.bare, read)
					for range 3 {
						if got, did := reader.read(read); got != want {
							t.Errorf("%s of %s in the order %s: got %q (%s), want %q", w.name, read, order, got, did, want)
						}
					}
					part.wait(reader, writer)
					if reader.rec.LastRead() == "hit" {
						filled++
					}
					tried++
				}
			}
		}
		t.Logf("%d orders", tried)
		if tried < 100 || filled == 0 {
			t.Errorf("%d orders, the result was cached after %d: too few to show anything", tried, filled)
		}
	})
}

func (p *pair) wait(handles ...*handle) {
	p.Helper()
	for _, h := range handles {
		if err := h.cache.Wait(p.Context()); err != nil {
			p.Fatal(err)
		}
	}
}

// interleave has one handle read and the other write.
func (p *pair) interleave(order *schedule, reader, writer *handle, read string, write []string) {
	var both sync.WaitGroup
	both.Go(func() {
		reader.read(read)
		_ = reader.cache.Wait(p.Context())
		order.finish('R')
	})
	both.Go(func() {
		conn := p.conn(writer.db)
		for _, text := range write {
			if _, err := conn.ExecContext(p.Context(), text); err != nil {
				p.Errorf("%s: %v", text, err)
			}
		}
		_ = conn.Close()
		_ = writer.cache.Wait(p.Context())
		order.finish('W')
	})
	both.Wait()
}
