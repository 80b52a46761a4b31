package cachedsql

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"
)

const (
	heartbeat     = time.Second
	probeAtFirst  = 25 * time.Millisecond
	probeAtLast   = 250 * time.Millisecond // a writer pays its debts at the latest this long after an outage
	probeDeadline = time.Second

	// blip is a short outage: a slow answer, a pause of this process or of the
	// store. Whoever saw it too and wrote meanwhile says so with its next
	// probe, so it ends with the shortest fence there is.
	blip = 250 * time.Millisecond
)

// errDown is the failure of a call that was not made.
var errDown = errors.New("the store did not answer a moment ago")

// gate stands between statements and the store. It bounds what a call may add
// to a statement, and after a failure keeps statements away from the store
// until it answers again (a breaker), so that an outage costs one deadline and
// not one per statement.
//
// After an outage no hit is served for a fence interval: other processes may
// have written while they could not say so, and announce it first thing when
// the store is back.
type gate struct {
	cache  *Cache
	budget time.Duration
	beat   time.Duration // between two looks at the store

	down    atomic.Bool
	since   atomic.Int64 // when it went down, nanoseconds of sinceStart
	fence   atomic.Int64 // serve no hit before this, likewise
	outages atomic.Uint64

	mu     sync.Mutex
	kick   chan struct{}
	quit   chan struct{}
	done   sync.WaitGroup
	closed bool
}

func newGate(c *Cache) *gate {
	g := &gate{cache: c, budget: c.config.LookupTimeout, beat: heartbeat, kick: make(chan struct{}, 1), quit: make(chan struct{})}
	if term, _ := absence(c.store); term != 0 && c.config.OnCacheDown == Wait {
		g.beat = min(heartbeat, term/3) // two renewals of a registration may be late
	}
	return g
}

// start begins to watch the store. One in this process needs no watching.
func (g *gate) start() {
	if !g.cache.inline {
		g.done.Go(g.watch)
	}
}

// open reports whether hits may be served and the store asked at all.
func (g *gate) open() bool {
	if g.down.Load() {
		return false
	}
	f := g.fence.Load()
	return f == 0 || sinceStart() >= f
}

// call runs f with the budget's deadline. A failure that is not the caller's
// own trips the gate. While the gate is down f is not called at all.
func (g *gate) call(ctx context.Context, f func(context.Context) error) error {
	if g.cache.inline {
		return f(ctx)
	}
	if g.down.Load() {
		return errDown
	}
	return g.insist(ctx, f)
}

// insist is call for what is worth the wait even while the gate is down.
func (g *gate) insist(ctx context.Context, f func(context.Context) error) error {
	bounded := newBudget(ctx, g.budget)
	err := f(bounded)
	bounded.end()
	if err != nil && endsNow(ctx) {
		<-ctx.Done()
	}
	g.judge(ctx, err)
	return err
}

// endsNow reports whether the caller's time is up, even if its context does
// not say so yet: a socket's deadline can come a moment before the context's.
func endsNow(ctx context.Context) bool {
	deadline, ok := ctx.Deadline()
	return ok && time.Until(deadline) < 5*time.Millisecond
}

// judge notes whether the store answered.
func (g *gate) judge(ctx context.Context, err error) {
	if err == nil || ctx.Err() != nil || errors.Is(err, ErrStoreFull) {
		return // it answered, or the caller gave up: says nothing of its absence
	}
	g.trip(err)
}

func (g *gate) trip(err error) {
	g.cache.emit(Event{Outcome: StoreFailed, Err: err})
	if g.down.Swap(true) {
		return
	}
	g.outages.Add(1)
	g.since.Store(sinceStart())
	g.cache.config.Logger.Warn("cachedsql: store unreachable, statements go to the database", "error", err)
	g.wake()
}

// wake makes the watcher look now.
func (g *gate) wake() {
	select {
	case g.kick <- struct{}{}:
	default:
	}
}

// watch notices outages in processes that are idle, or whose lookups are
// answered and whose announcements would not be; it ends them, and pays what is
// owed.
func (g *gate) watch() {
	timer := time.NewTimer(g.beat)
	defer timer.Stop()
	wait := probeAtFirst
	for {
		select {
		case <-g.quit:
			return
		case <-g.kick:
		case <-timer.C:
		}
		switch {
		case g.down.Load():
			if g.recover() {
				wait = probeAtFirst
				timer.Reset(g.beat)
				continue
			}
			timer.Reset(wait)
			wait = min(wait*2, probeAtLast)
		default:
			if err := g.payDebts(); err != nil {
				g.trip(err)
			}
			if !g.down.Load() {
				_ = g.register() // tells by itself
			}
			g.judge(context.Background(), g.ping())
			timer.Reset(g.beat)
			if g.down.Load() {
				timer.Reset(probeAtFirst)
			}
		}
	}
}

// ping asks the store for the tags of nothing, which it answers as it would an
// announcement: one that answers a mere ping may still refuse to say what is
// current, as a replica does. The answer tells of a changed schema, which reads
// that are not looked up would not hear of.
func (g *gate) ping() error {
	spaces := g.cache.allSpaces()
	for _, sp := range spaces {
		if err := g.hear(sp); err != nil {
			return err
		}
	}
	if len(spaces) == 0 {
		return g.within(g.cache.store.Ping)
	}
	return nil
}

func (g *gate) hear(sp *space) error {
	return g.within(func(ctx context.Context) error {
		found, err := sp.store.Check(ctx, sp.none)
		if err == nil {
			sp.hears(found.Schema)
		}
		return err
	})
}

// within calls f with a budget of its own: one that many namespaces share is no
// measure of whether the store is there.
func (g *gate) within(f func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), g.budget)
	defer cancel()
	return f(ctx)
}

// recover ends the outage if the store answers, has the leases of the writes
// still under way, and has been told of every write it missed. The order
// matters: first the announcements, then the registration, which lets readers
// go on, then the fence, then the statements.
func (g *gate) recover() bool {
	spaces := g.cache.allSpaces()
	for _, sp := range spaces {
		sp.registrar.stopAdmitting()
		defer sp.registrar.resume()
	}
	if g.ping() != nil || g.cache.leases.renewAll() != nil || g.payDebts() != nil || g.register() != nil {
		return false
	}
	outage := time.Duration(sinceStart() - g.since.Load())
	fence := g.leastFence()
	if outage > blip {
		fence = max(fence, g.cache.config.FenceInterval)
	}
	g.fence.Store(sinceStart() + int64(fence))
	g.down.Store(false)
	g.cache.config.Logger.Info("cachedsql: store reachable again", "outage", outage)
	g.cache.pending.add(StreamEvent{Kind: StreamOutage, Duration: outage})
	g.wake() // for what a write owed before it saw the gate open
	return true
}

// leastFence is how much later than this process another one may pay its debts.
// It may have asked the store just before that came back: then it waits for the
// answer as long as it may, and asks again after a pause.
func (g *gate) leastFence() time.Duration { return g.budget + 2*probeAtLast }

// payDebts announces the writes that could not be announced.
func (g *gate) payDebts() error {
	var errs []error
	for _, sp := range g.cache.allSpaces() {
		errs = append(errs, sp.pay())
	}
	return errors.Join(errs...)
}

// register renews this process's registrations.
func (g *gate) register() error {
	var errs []error
	for _, sp := range g.cache.allSpaces() {
		ctx, cancel := context.WithTimeout(context.Background(), g.budget)
		errs = append(errs, sp.registrar.renew(ctx))
		cancel()
	}
	return errors.Join(errs...)
}

func (g *gate) close() {
	g.mu.Lock()
	if !g.closed {
		g.closed = true
		close(g.quit)
	}
	g.mu.Unlock()
	g.done.Wait()
	_ = g.payDebts()
	for _, sp := range g.cache.allSpaces() {
		sp.registrar.withdraw()
	}
}
