package cachedsql

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

// write is one write under way: the tags it has leased, or would have.
type write struct {
	space *space
	id    WriterID
	names []string
	tags  TagSet
	begun bool // the store has acknowledged the lease

	// schema is the token that the lease was acknowledged with: what the write
	// touches has been judged rightly if the catalog was read under it.
	schema Schema

	mu   sync.Mutex
	sent time.Time // when the request for the lease that holds now was sent

	// asking is held while the store is asked about this lease: a renewal must
	// not arrive after the end and bring the lease back.
	asking sync.Mutex
	ended  bool // under asking
}

func newWriterID() (id WriterID) {
	_, _ = rand.Read(id[:]) // never fails: crypto/rand crashes the program instead
	return id
}

// leases renews the leases of this process's writes while they are under way,
// so that a statement may run longer than a lease.
type leases struct {
	cache *Cache
	mu    sync.Mutex
	held  map[*write]struct{}
	quit  chan struct{}
	done  sync.WaitGroup
	once  sync.Once
}

func newLeases(c *Cache) *leases {
	l := &leases{cache: c, held: map[*write]struct{}{}, quit: make(chan struct{})}
	l.done.Go(l.renew)
	return l
}

func (l *leases) hold(w *write) {
	l.mu.Lock()
	l.held[w] = struct{}{}
	l.mu.Unlock()
}

func (l *leases) drop(w *write) {
	l.mu.Lock()
	delete(l.held, w)
	l.mu.Unlock()
}

func (l *leases) renew() {
	ticker := time.NewTicker(l.cache.config.Lease / 4)
	defer ticker.Stop()
	for {
		select {
		case <-l.quit:
			return
		case <-ticker.C:
		}
		for _, w := range l.old() {
			// A failure is not fatal: the lease has three more chances, and
			// when it runs out its tags change once more.
			w.asking.Lock()
			if !w.ended {
				_ = l.cache.lease(context.Background(), w)
			}
			w.asking.Unlock()
		}
	}
}

func (l *leases) old() []*write {
	l.mu.Lock()
	defer l.mu.Unlock()
	var old []*write
	for w := range l.held {
		if w.age() >= l.cache.config.Lease/4 {
			old = append(old, w)
		}
	}
	return old
}

func (l *leases) close() {
	l.once.Do(func() { close(l.quit) })
	l.done.Wait()
}

func (w *write) age() time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	return time.Since(w.sent)
}

// lease asks the store for w's lease, or for its renewal. Its time runs from
// when the request was sent: nobody knows when the store carried it out.
func (c *Cache) lease(ctx context.Context, w *write) error {
	sent := time.Now()
	var schema Schema
	err := c.gate.call(ctx, func(ctx context.Context) (err error) {
		schema, err = w.space.store.Begin(ctx, w.id, w.tags, c.config.Lease)
		return err
	})
	if err != nil {
		return err
	}
	w.mu.Lock()
	w.sent = sent
	if !w.begun {
		w.schema = schema
	}
	w.mu.Unlock()
	return nil
}

// begin leases names before a write can be visible to anybody. The write may
// go on when it returns nil; finish must follow. Where the store cannot be
// reached, OnCacheDown decides.
func (c *Cache) begin(ctx context.Context, sp *space, names []string) (*write, error) {
	w := &write{space: sp, id: newWriterID(), names: names, tags: sp.store.Tags(names)}
	c.emit(Event{Outcome: Invalidated, Tags: names, Context: ctx})
	if c.config.Consistency == Bounded {
		return w, nil
	}
	if err := c.obtain(ctx, w); err != nil {
		return nil, err
	}
	return w, nil
}

// obtain leases w's tags, or settles what happens without a lease.
func (c *Cache) obtain(ctx context.Context, w *write) error {
	if c.gate.down.Load() {
		return c.unreachable(w, errors.New("it did not answer a moment ago"))
	}
	// A lease that has lost half its time to a slow answer is asked for again:
	// the statement that follows needs what is left of it.
	for range 3 {
		err := c.lease(ctx, w)
		if err != nil && ctx.Err() != nil {
			c.release(w) // nothing has happened, but the lease may be there
			return ctx.Err()
		}
		if err != nil {
			return c.unreachable(w, err)
		}
		if w.age() < c.config.Lease/2 {
			w.begun = true
			c.leases.hold(w)
			return nil
		}
	}
	return c.unreachable(w, errors.New("leases arrive too late to be used"))
}

// widen leases more names for a write that has not been sent yet.
func (c *Cache) widen(ctx context.Context, w *write, names []string) error {
	names = distinct(append(slices.Clone(names), w.names...))
	if len(names) == len(w.names) {
		return nil
	}
	c.leases.drop(w)
	w.names, w.tags, w.begun = names, w.space.store.Tags(names), false
	return c.obtain(ctx, w)
}

// unreachable applies OnCacheDown to a write that could not be leased.
func (c *Cache) unreachable(w *write, cause error) error {
	if c.config.OnCacheDown == Refuse {
		return fmt.Errorf("%w, write refused: %w", ErrCacheDown, cause)
	}
	w.space.owe(w.names)
	return nil
}

// finish ends a write. definite is false where nobody can say whether it took
// effect or still may: then the lease is left to run out, which keeps readers
// away until it is certain.
func (c *Cache) finish(w *write, definite bool) {
	if w.begun {
		c.leases.drop(w)
		if !definite {
			return
		}
	}
	c.release(w)
}

// release gives the tags new tokens and the lease up, off the caller's path.
func (c *Cache) release(w *write) {
	if c.inline {
		_, _ = w.space.store.End(context.Background(), w.id, w.tags)
		return
	}
	if c.gate.down.Load() {
		w.space.owe(w.names)
		return
	}
	c.tasks.must(func() {
		w.asking.Lock()
		defer w.asking.Unlock()
		w.ended = true
		var schema Schema
		err := c.gate.call(context.Background(), func(ctx context.Context) (err error) {
			schema, err = w.space.store.End(ctx, w.id, w.tags)
			return err
		})
		switch {
		case err != nil:
			w.space.owe(w.names)
		case w.begun && schema != w.schema && !slices.Contains(w.names, SchemaTag):
			// The schema changed under the statement: a trigger may have come
			// in between, and nobody knows what it touched.
			w.space.owe([]string{WildcardTag})
		}
	})
}
