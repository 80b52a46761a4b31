package cachedsql

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/cachedsql/cachedsql/internal/protocol"
)

// touched is what a write changes, as judged from what was known under schema;
// "" where nothing is known that could change.
type touched struct {
	names     []string
	schema    Schema
	immediate bool // before COMMIT
}

// decide makes the protocol's decisions; package model explores the same.
var decide protocol.Rules

// write is one write under way: the tags it has leased, or would have.
type write struct {
	space *space
	id    WriterID
	begun bool // the store has acknowledged the lease, or the registration stands for it

	mu    sync.Mutex
	sent  time.Time // when the request for the lease that holds now was sent
	since time.Time // when the first of those that held without a gap was acknowledged; likewise
	held  []func()  // what lets the near cache rely on the tags again; guarded by mu
	ddl   bool      // it changes the schema; guarded by mu

	// asking is held while the store is asked about this lease: a renewal must
	// not arrive after the end and bring the lease back.
	asking sync.Mutex
	ended  bool     // under asking
	names  []string // under asking, once there is a lease
	tags   TagSet   // likewise
	schema Schema   // likewise; the names were judged under it
	seen   Schema   // likewise; what the store showed last
}

// set makes names what w writes.
func (w *write) set(names []string, schema Schema) {
	w.names, w.tags, w.schema = names, w.space.store.Tags(names), schema
	w.mu.Lock()
	w.since = time.Time{} // not all of them are leased yet
	w.ddl = slices.Contains(names, SchemaTag)
	w.mu.Unlock()
	w.hold()
}

// hold keeps the near cache away from what w writes.
func (w *write) hold() {
	release := w.space.hold(w.tags)
	w.mu.Lock()
	w.held = append(w.held, release)
	w.mu.Unlock()
}

// unhold follows when w has been announced, or never will be.
func (w *write) unhold() {
	w.mu.Lock()
	held := w.held
	w.held = nil
	w.mu.Unlock()
	for _, release := range held {
		release()
	}
}

// judgedRightly reports whether nothing has changed in what the names were
// judged by when the store was last asked. A write that goes on without it is
// judged again when it is announced.
func (w *write) judgedRightly() bool {
	w.asking.Lock()
	defer w.asking.Unlock()
	return w.seen == "" || w.seen == w.schema || everything(w.names)
}

// shown returns the schema that the store showed last.
func (w *write) shown() Schema {
	w.asking.Lock()
	defer w.asking.Unlock()
	return w.seen
}

// touches returns what w writes, as judged last.
func (w *write) touches() touched {
	w.asking.Lock()
	defer w.asking.Unlock()
	return touched{names: w.names, schema: w.schema}
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
		for _, w := range l.old(l.cache.config.Lease / 4) {
			// A failure is not fatal: the lease has three more chances, and
			// when it runs out its tags change once more.
			_ = l.cache.renew(w, l.cache.lease)
		}
	}
}

// renewAll asks for every lease again after an outage in which they may have
// run out or been lost.
func (l *leases) renewAll() error {
	for _, w := range l.old(0) {
		err := l.cache.renew(w, func(ctx context.Context, w *write) error {
			ctx, cancel := context.WithTimeout(ctx, probeDeadline)
			defer cancel()
			return l.cache.askLease(ctx, w)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// old returns the writes whose leases were asked for at least age ago.
func (l *leases) old(age time.Duration) []*write {
	l.mu.Lock()
	defer l.mu.Unlock()
	var old []*write
	for w := range l.held {
		if w.age() >= age {
			old = append(old, w)
		}
	}
	return old
}

func (l *leases) close() {
	l.once.Do(func() { close(l.quit) })
	l.done.Wait()
}

// isDDL reports whether w changes the schema. It does not wait for a renewal.
func (w *write) isDDL() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.ddl
}

func (w *write) age() time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	return time.Since(w.sent)
}

// renew asks for w's lease again.
//
// Where the schema has changed under a statement it may be writing what nobody
// expected: to a dimension that others rely on one lease from now, or to a
// table through a new trigger. So it counts as a write to everything from here
// on, not only at its end. The schema is looked at before: a process that stops
// right after it has renewed less would keep that for longer than others wait.
func (c *Cache) renew(w *write, lease func(context.Context, *write) error) error {
	w.asking.Lock()
	defer w.asking.Unlock()
	if w.ended {
		return nil
	}
	c.lookAtSchema(w)
	if err := lease(context.Background(), w); err != nil || w.seen == w.schema || everything(w.names) {
		return err
	}
	w.set(append(slices.Clone(w.names), WildcardTag), w.schema)
	return lease(context.Background(), w)
}

// lookAtSchema widens w if the store shows that the schema has changed. Without
// an answer the renewal that follows tells.
func (c *Cache) lookAtSchema(w *write) {
	_ = c.gate.call(context.Background(), func(ctx context.Context) error {
		found, err := w.space.store.Check(ctx, w.space.none)
		if err == nil && found.Schema != w.schema && w.schema != "" && !everything(w.names) {
			w.set(append(slices.Clone(w.names), WildcardTag), w.schema)
		}
		return err
	})
}

// lease asks the store for w's lease, or for its renewal, as statements ask.
func (c *Cache) lease(ctx context.Context, w *write) error {
	return c.gate.call(ctx, func(ctx context.Context) error { return c.askLease(ctx, w) })
}

// askLease asks for a lease, whose time runs from when the request was sent:
// nobody knows when the store carried it out.
func (c *Cache) askLease(ctx context.Context, w *write) error {
	sent := time.Now()
	schema, err := w.space.store.Begin(ctx, w.id, w.tags, c.config.Lease)
	if err != nil {
		return err
	}
	acked := time.Now()
	w.mu.Lock()
	if w.since.IsZero() || acked.Sub(w.sent) >= c.config.Lease {
		w.since = acked
	}
	w.sent = sent
	w.mu.Unlock()
	w.space.registrar.told(w)
	w.seen = schema
	if w.schema == "" {
		w.schema = schema
	}
	return nil
}

// begin leases what a write touches before it can be visible to anybody. The
// write may go on when it returns nil; finish must follow. Where the store
// cannot be reached, OnCacheDown decides.
func (c *Cache) begin(ctx context.Context, sp *space, t touched) (*write, error) {
	w := &write{space: sp, id: newWriterID()}
	w.set(t.names, t.schema)
	c.emit(Event{Outcome: Invalidated, Tags: t.names, Context: ctx})
	if c.config.Consistency == Bounded {
		return w, nil
	}
	sp.registrar.want()
	if err := c.obtain(ctx, w); err != nil {
		w.unhold()
		return nil, err
	}
	return w, nil
}

// obtain leases w's tags, or settles what happens without a lease. A write that
// waits for that asks for the lease again when the store is back.
func (c *Cache) obtain(ctx context.Context, w *write) (err error) {
	again := true
	for n := 0; again; n++ {
		if n == mostReturns {
			return fmt.Errorf("%w, write refused: it comes and goes", ErrCacheDown)
		}
		again, err = c.obtainOnce(ctx, w)
	}
	return err
}

// mostReturns bounds how often one write waits for a store that is back and
// gone again.
const mostReturns = 5

func (c *Cache) obtainOnce(ctx context.Context, w *write) (again bool, err error) {
	if c.gate.down.Load() {
		return c.unreachable(ctx, w, errDown)
	}
	// A lease that has lost half its time to a slow answer is asked for again:
	// the statement that follows needs what is left of it.
	for range 3 {
		w.asking.Lock()
		err := c.lease(ctx, w)
		w.asking.Unlock()
		if err != nil {
			return c.unleased(ctx, w, err)
		}
		if !decide.MayCommit(w.age(), c.config.Lease) {
			continue
		}
		w.begun = true
		c.leases.hold(w) // it is renewed while it waits
		ready, err := c.outwait(ctx, w)
		if ready {
			return false, nil
		}
		c.leases.drop(w)
		w.begun = false
		if err != nil {
			return c.unleased(ctx, w, err)
		}
	}
	return c.unreachable(ctx, w, errors.New("leases arrive too late to be used"))
}

// unleased is what happens to a write that could not be leased, or not wait.
func (c *Cache) unleased(ctx context.Context, w *write, cause error) (again bool, err error) {
	if ctx.Err() != nil {
		c.tasks.must(func() { _ = c.end(w, false) }) // nothing has happened, but the lease may be there
		return false, ctx.Err()
	}
	return c.unreachable(ctx, w, cause)
}

// widen leases more for a write that has not been sent yet. Where the schema
// has changed once more meanwhile, that is everything.
func (c *Cache) widen(ctx context.Context, w *write, t touched) error {
	c.leases.drop(w)
	w.asking.Lock() // a renewal may be on its way
	names := distinct(append(slices.Clone(t.names), w.names...))
	grown := len(names) > len(w.names)
	w.set(names, t.schema)
	w.asking.Unlock()
	if !grown && decide.MayCommit(w.age(), c.config.Lease) {
		c.leases.hold(w)
		return nil
	}
	w.begun = false
	if err := c.obtain(ctx, w); err != nil || !w.begun || w.judgedRightly() {
		return err
	}
	return c.widen(ctx, w, touched{names: []string{WildcardTag}, schema: w.shown()})
}

// unreachable applies OnCacheDown to a write that could not be leased. Where it
// waits, again says that the store is back.
func (c *Cache) unreachable(ctx context.Context, w *write, cause error) (again bool, err error) {
	switch c.config.OnCacheDown {
	case Refuse:
		return false, fmt.Errorf("%w, write refused: %w", ErrCacheDown, cause)
	case Wait:
		return c.goAway(ctx, w, cause)
	}
	t := w.touches()
	w.space.owe(t.names, t.schema)
	return false, nil
}

// goAway waits until w may go on without a lease, or the store is back.
func (c *Cache) goAway(ctx context.Context, w *write, cause error) (again bool, err error) {
	for {
		wait, err := w.space.registrar.admit(w)
		switch {
		case err != nil:
			return false, fmt.Errorf("%w, write refused: %w: %w", ErrCacheDown, err, cause)
		case wait == 0:
			w.begun = true
			c.leases.hold(w) // whoever finds the store back leases it, if it is not over by then
			return false, nil
		}
		select {
		case <-ctx.Done():
			return false, ctx.Err()
		case <-time.After(wait):
		}
		if !c.gate.down.Load() {
			return true, nil
		}
	}
}

// finish ends a write. definite is false where nobody can say whether it took
// effect or still may: then the lease is left to run out, which keeps readers
// away until it is certain.
func (c *Cache) finish(w *write, definite bool) {
	if w.isDDL() {
		for _, b := range w.space.met() {
			b.altered.Store(true)
		}
	}
	if w.begun {
		c.leases.drop(w)
		if !decide.MayEnd(outcome(definite)) {
			w.doubt()
			w.unhold()
			return
		}
	}
	c.release(w)
}

// doubt leaves a write's lease to run out. Where it has none, one will be asked
// for when the store can be reached again.
func (w *write) doubt() {
	if !w.space.registrar.has(w) {
		return
	}
	w.asking.Lock()
	defer w.asking.Unlock()
	w.ended = true
	w.space.doubts(w.names, w.schema)
	w.space.registrar.told(w)
}

func outcome(definite bool) protocol.Outcome {
	if definite {
		return protocol.Decided
	}
	return protocol.Unknown
}

// release gives the tags new tokens and the lease up. Where there is a lease,
// which keeps readers away until then, that is off the caller's path. Where
// there is none, or it may have run out since it could not be renewed, others
// may have stored what was there before the write, and that has to be dead, and
// served by nobody, before the caller is told that it is done.
//
// A write that relies on the registration keeps readers away until it has been
// announced, since the registration is not renewed before.
func (c *Cache) release(w *write) {
	if w.space.registrar.has(w) && !c.inline {
		c.tasks.must(func() {
			_ = c.end(w, false)
			w.space.registrar.told(w)
		})
		return
	}
	lapsed := w.begun && w.age() >= c.config.Lease
	if c.inline || lapsed || !w.begun && c.config.Consistency == Strict {
		if c.end(w, lapsed) == nil {
			_ = w.space.outwaitAnnounced(context.Background(), w.touches().names)
		}
		return
	}
	c.tasks.must(func() { _ = c.end(w, false) }) // what fails is owed
}

// end announces a write, or owes it. Urgent ones are tried even while the gate
// is shut.
func (c *Cache) end(w *write, urgent bool) error {
	defer w.unhold()
	w.asking.Lock()
	defer w.asking.Unlock()
	w.ended = true
	ask := c.gate.call
	if urgent {
		ask = c.gate.insist
	}
	err := ask(context.Background(), func(ctx context.Context) error {
		return w.space.announce(ctx, w.id, w.tags, w.schema)
	})
	if err != nil {
		w.space.owe(w.names, w.schema)
	}
	return err
}
