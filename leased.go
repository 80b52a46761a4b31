package cachedsql

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Near hits under near: leased. A reader declares, by the store's names, for how
// long it serves results of a table without asking; writers of the table wait
// that long between begin and the moment their write may become visible. The
// decisions are in internal/protocol/leased.go.

const (
	defaultNearLease = 100 * time.Millisecond
	minNearLease     = time.Millisecond
	// maxNearLease is what a write waits at most. It is part of the protocol:
	// where bounds were lost, all processes wait as long.
	maxNearLease = 250 * time.Millisecond
)

// longestNearLease is the longest bound in a space: maxNearLease, and where
// leases are short a part of what the store allows them to be. It is in whole
// milliseconds, as all bounds are: they are declared so.
func (sp *space) longestNearLease() time.Duration {
	if limited, ok := sp.cache.store.(interface{ MaxLease() time.Duration }); ok {
		return min(maxNearLease, (limited.MaxLease() / 4).Truncate(time.Millisecond))
	}
	return maxNearLease
}

// bounds are those that all processes have declared by the time that the store
// showed a schema: for how long at most results of a table are served without
// asking.
type bounds struct {
	schema  Schema
	byTable map[string]time.Duration
	longest time.Duration
	certain time.Time // from then on nobody relies on any that were lost before
}

// boundPrefix begins a name that declares a bound. What follows is the bound in
// milliseconds, the separator, and the table.
const (
	boundPrefix    = "\x01leased\x01"
	boundSeparator = "\x01"
)

func boundName(table string, bound time.Duration) string {
	return boundPrefix + strconv.FormatInt(bound.Milliseconds(), 10) + boundSeparator + table
}

func parseBound(name string) (table string, bound time.Duration, ok bool) {
	rest, ok := strings.CutPrefix(name, boundPrefix)
	if !ok {
		return "", 0, false
	}
	millis, table, ok := strings.Cut(rest, boundSeparator)
	n, err := strconv.ParseInt(millis, 10, 64)
	if !ok || err != nil || n <= 0 {
		return "", 0, false
	}
	return table, min(time.Duration(n)*time.Millisecond, maxNearLease), true
}

// newBounds takes the bounds out of what the store has found.
func (sp *space) newBounds(d Declared) *bounds {
	longest := sp.longestNearLease()
	b := &bounds{schema: d.Schema, byTable: map[string]time.Duration{}}
	b.certain = processStart.Add(decide.CertainFrom(time.Since(processStart), d.Kept, longest))
	for name := range d.Names {
		if table, bound, ok := parseBound(name); ok {
			b.byTable[table] = max(b.byTable[table], bound)
			b.longest = max(b.longest, bound)
		}
	}
	return b
}

// of returns the longest bound that somebody has declared for what a write
// changes. Every write names the tables it changes, besides their dimensions.
func (b *bounds) of(names []string) (longest time.Duration) {
	if everything(names) {
		return b.longest
	}
	for _, n := range names {
		longest = max(longest, b.byTable[n])
	}
	return longest
}

// promises is what a space knows and wants of bounds.
type promises struct {
	known atomic.Pointer[bounds]

	mu     sync.Mutex
	wanted map[string]time.Duration // by table; guarded by mu
	rules  *Rules                   // whose wishes those are; guarded by mu
	said   bool                     // why there are none; guarded by mu
}

var (
	errNearBounded = errors.New("a process with bounded consistency does not wait before it writes")
	errNearAbsence = errors.New("with an absence every hit has to ask whether a writer is away")
	errNearNames   = errors.New("without a catalog, writers do not learn which tables they have to wait for")
)

// cannotLease says why no result of a connection's namespace is served without
// asking, nil if it may be.
func (c *conn) cannotLease() error {
	_, away := absence(c.cache.store)
	switch {
	case c.cache.config.Consistency == Bounded:
		return errNearBounded
	case away != 0:
		return errNearAbsence
	case !c.connector.hasCatalog():
		return errNearNames
	}
	return nil
}

// leaseOf returns the bound under which results of a route are served without
// asking; 0 where they are not, or not yet: then the bound is declared first.
func (c *conn) leaseOf(r *route) time.Duration {
	if r.rule == nil || r.rule.Near != NearLeased || c.cache.inline || c.cache.near.entries == nil {
		return 0
	}
	if err := c.cannotLease(); err != nil {
		r.backend.space.promises.sayOnce(c.cache, err)
		return 0
	}
	if r.known == nil || r.known.bounds == nil {
		return 0
	}
	bound := min(r.rule.NearLease.Truncate(time.Millisecond), r.backend.space.longestNearLease())
	if bound < minNearLease || !r.backend.space.promise(r, bound) {
		return 0
	}
	return bound
}

func (ps *promises) sayOnce(c *Cache, err error) {
	ps.mu.Lock()
	said := ps.said
	ps.said = true
	ps.mu.Unlock()
	if !said {
		c.note(fmt.Errorf("cachedsql: near: leased: hits ask the store, as with near: validate: %w", err))
	}
}

// promise reports whether writers of all tables that a route reads wait for as
// long as bound. Where they do not, they will from the next reading of the
// catalog on.
func (sp *space) promise(r *route, bound time.Duration) bool {
	ps, all := &sp.promises, true
	ps.mu.Lock()
	if ps.wanted == nil || ps.rules != r.rules {
		ps.wanted, ps.rules = map[string]time.Duration{}, r.rules
	}
	for _, p := range r.effects.Reads {
		ps.wanted[p.Table] = max(ps.wanted[p.Table], bound)
		all = all && r.known.bounds.byTable[p.Table] >= bound
	}
	ps.mu.Unlock()
	if !all {
		r.backend.outdated.Store(true)
	}
	return all
}

// wantedNames are those that the rules have made somebody want, also if they
// were declared before: they may have been lost.
func (ps *promises) wantedNames(rules *Rules) (names []string) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	if ps.rules != rules {
		return nil
	}
	for table, bound := range ps.wanted {
		names = append(names, boundName(table, bound))
	}
	return names
}

// wantsMore reports whether something is to be declared that b does not have.
func (ps *promises) wantsMore(b *bounds, rules *Rules) bool {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	if ps.rules != rules {
		return false
	}
	for table, bound := range ps.wanted {
		if b == nil || b.byTable[table] < bound {
			return true
		}
	}
	return false
}

// boundsUnder returns the bounds that were declared by the time the store showed
// a schema. It asks the store where it has not, under this one.
func (sp *space) boundsUnder(ctx context.Context, schema Schema) (*bounds, error) {
	if b := sp.promises.known.Load(); b != nil && decide.KnowsBounds(string(b.schema), string(schema)) {
		return b, nil
	}
	return sp.askBounds(ctx)
}

func (sp *space) askBounds(ctx context.Context) (b *bounds, err error) {
	err = sp.cache.gate.call(ctx, func(ctx context.Context) error {
		found, err := sp.store.Declare(ctx, nil)
		if err == nil {
			b = sp.newBounds(found)
		}
		return err
	})
	if err == nil {
		sp.promises.known.Store(b)
	}
	return b, err
}

// from is when a write of names may become visible that began at a moment, or
// where it had no lease was announced.
func (b *bounds) from(names []string, begun time.Time) time.Time {
	return processStart.Add(decide.VisibleFrom(begun.Sub(processStart), b.of(names), b.certain.Sub(processStart)))
}

// outwait waits until no process serves any more what w is about to change. It
// reports false where w has to be leased again. The lease is renewed meanwhile.
func (c *Cache) outwait(ctx context.Context, w *write) (leased bool, err error) {
	if c.inline {
		return true, nil
	}
	for {
		w.asking.Lock()
		names, schema, begun := w.names, w.seen, w.coveredSince()
		w.asking.Unlock()
		if begun.IsZero() {
			return false, nil
		}
		b, err := w.space.boundsUnder(ctx, schema)
		if err != nil {
			return false, err
		}
		wait := time.Until(b.from(names, begun))
		if wait <= 0 {
			return decide.MayCommit(w.age(), c.config.Lease), nil
		}
		if err := sleep(ctx, wait); err != nil {
			return false, err
		}
	}
}

// coveredSince is since when the lease has covered all that w writes; zero
// while it does not.
func (w *write) coveredSince() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.since
}

// outwaitAnnounced waits until no process serves what a write has changed that
// was announced just now, and became visible without a lease. Names may have
// been declared since the store was last asked.
func (sp *space) outwaitAnnounced(ctx context.Context, names []string) error {
	if sp.cache.inline {
		return nil
	}
	announced := time.Now()
	b, err := sp.askBounds(ctx)
	if err != nil {
		return err
	}
	return sleep(ctx, time.Until(b.from(names, announced)))
}

func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// nearLease is what was last found of a set of tags, for as long as it may be served
// without asking. All lookups of the set share it.
type nearLease struct {
	found    atomic.Pointer[leasedReading]
	renewing atomic.Bool
}

// leasedReading is what one check has found.
type leasedReading struct {
	Reading
	sent    time.Time // what was read of the clock before the check was sent, or earlier
	until   time.Duration
	outages uint64 // how many this process had seen by then
}

// serves reports whether an entry of the near cache may be served by what was
// found before, and whether it is time to ask again.
func (n *near) serves(l *lookup, e *nearEntry) (r Reading, hit bool) {
	f := l.lease.found.Load()
	if f == nil || !decide.MayRelyOnDeclared(string(l.route.known.schema), string(f.Schema)) ||
		f.outages != l.route.backend.space.cache.gate.outages.Load() {
		return Reading{}, false
	}
	age := sinceRead(f.sent, l.started)
	if !decide.IsLeasedHit(e.header.Vector, f.Vector, f.Settled, age, f.until) {
		return Reading{}, false
	}
	if age > f.until/2 {
		l.route.backend.space.cache.renewLease(l)
	}
	return f.Reading, true
}

// sinceRead is how much time has passed between two readings of the clock, by
// whichever clock of the host says more: one stands still while it is suspended,
// the other may be set.
func sinceRead(sent, now time.Time) time.Duration {
	return max(now.Sub(sent), time.Duration(now.UnixNano()-sent.UnixNano()))
}

// take keeps what a lookup has found, for those that come after it.
func (n *near) take(l *lookup) {
	if l.lease == nil {
		return
	}
	l.lease.keep(l.route, l.reading, l.started, l.outages)
}

func (nl *nearLease) keep(r *route, found Reading, sent time.Time, outages uint64) {
	found.Entry, found.Shared = nil, nil
	f := &leasedReading{Reading: found, sent: sent, outages: outages}
	f.until = decide.ServedUntil(0, sinceRead(sent, time.Now()), r.lease)
	for {
		before := nl.found.Load()
		if before != nil && before.sent.After(sent) || nl.found.CompareAndSwap(before, f) {
			return
		}
	}
}

// renewLease asks for the tags of a lookup in the background, so that those who
// come when the time is over need not.
func (c *Cache) renewLease(l *lookup) {
	lease, r, tags := l.lease, l.route, l.tags
	if lease.renewing.Swap(true) {
		return
	}
	queued := c.tasks.may(func() {
		defer lease.renewing.Store(false)
		sent, outages := time.Now(), c.gate.outages.Load()
		var found Reading
		err := c.gate.call(context.Background(), func(ctx context.Context) (err error) {
			found, err = r.backend.space.store.Check(ctx, tags)
			return err
		})
		if err == nil {
			lease.keep(r, found, sent, outages)
		}
	})
	if !queued {
		lease.renewing.Store(false)
	}
}
