package cachedsql

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/cachedsql/cachedsql/internal/protocol"
)

// A Registrar is a Space in which writers can register that want to go on
// writing when they cannot reach it: see OnCacheDown, Wait. Its Store says with
// Absence how long they may.
type Registrar interface {
	// Registration returns that of a writer, which is not made yet. It does no
	// I/O. Nil: nobody can register.
	Registration(writer WriterID) Registration
}

// A Registration tells all readers of a namespace to serve and store nothing
// from when its writer has not renewed it for a while, until the writer renews
// it or has been away for as long as it may.
type Registration interface {
	// Renew makes or renews it. The writer must have told the store of all it
	// has written without Begin.
	Renew(ctx context.Context) error
	// Away says when the writer may write without Begin, if Renew is not called
	// before: not earlier than its registration must have lapsed, and not later
	// than it may have ended. Both are zero while there is none. Calls of Renew
	// that have failed count: nobody knows whether they arrived.
	Away() (from, until time.Time)
	// Withdraw removes it.
	Withdraw(ctx context.Context) error
}

// registrar keeps this process's registration in a namespace, and the writes
// that rely on it: those that were sent without a lease and have not been
// announced since. While there are any the registration is not renewed.
type registrar struct {
	space *space
	reg   Registration

	mu        sync.Mutex
	wanted    bool // guarded by mu, as all below: this process writes
	returning bool // it is about to announce what it wrote, and then to renew
	away      map[*write]struct{}
	failing   bool // it was said that there is no registration
}

func newRegistrar(sp *space) *registrar {
	r, ok := sp.store.(Registrar)
	if !ok || sp.cache.config.OnCacheDown != Wait {
		return nil
	}
	reg := r.Registration(newWriterID())
	if reg == nil {
		return nil
	}
	return &registrar{space: sp, reg: reg, away: map[*write]struct{}{}}
}

// absence returns how long writers may be away, where the store has Registrars.
func absence(s Store) (term, absence time.Duration) {
	if a, ok := s.(interface {
		Absence() (term, absence time.Duration)
	}); ok {
		return a.Absence()
	}
	return 0, 0
}

// checkWait reports whether OnCacheDown can be Wait.
func (c *Cache) checkWait() error {
	if c.config.OnCacheDown != Wait || c.inline {
		return nil
	}
	term, away := absence(c.store)
	switch {
	case c.config.Consistency == Bounded:
		return errors.New("cachedsql: Config.OnCacheDown is Wait, but with Bounded consistency no write waits for the store")
	case away == 0:
		return errors.New("cachedsql: Config.OnCacheDown is Wait, but the store has no absence: set it, in all processes that share the store")
	case away < 2*c.config.Lease:
		return fmt.Errorf("cachedsql: Config.OnCacheDown is Wait, and the store's absence of %v less than two leases of %v", away, c.config.Lease)
	case term > c.config.Lease/2:
		// Leases are renewed four times in their time. One that cannot be any
		// more must outlast the registration.
		return fmt.Errorf("cachedsql: Config.OnCacheDown is Wait, and Config.Lease of %v less than two of the %v that a registration lasts", c.config.Lease, term)
	}
	return nil
}

// want makes the watcher register this process, which is about to write for
// the first time. Until it has, writes are refused in an outage.
func (r *registrar) want() {
	if r == nil {
		return
	}
	r.mu.Lock()
	first := !r.wanted
	r.wanted = true
	r.mu.Unlock()
	if first {
		r.space.cache.gate.wake()
	}
}

// pollAway is how often a write that waits looks whether the store is back.
const pollAway = 20 * time.Millisecond

var errNeverAway = errors.New("this process is not registered, or has been cut off for too long")

// admit lets a write go on without a lease, or says how long to wait before
// asking again.
func (r *registrar) admit(w *write) (wait time.Duration, err error) {
	if r == nil {
		return 0, errNeverAway
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.returning {
		return pollAway, nil
	}
	from, until := r.reg.Away()
	now := time.Now()
	span := protocol.Away{From: from.Sub(processStart), Until: until.Sub(processStart)}
	switch lease := r.space.cache.config.Lease; {
	case until.IsZero() || !now.Add(lease/2).Before(until):
		return 0, errNeverAway
	case !decide.MayWriteAway(span, now.Sub(processStart), lease):
		return min(from.Sub(now)+time.Millisecond, pollAway), nil
	}
	r.away[w] = struct{}{}
	return 0, nil
}

// told notes that w has been announced, has a lease, or is among what the
// process owes.
func (r *registrar) told(w *write) {
	if r == nil {
		return
	}
	r.mu.Lock()
	delete(r.away, w)
	r.mu.Unlock()
}

// has reports whether w relies on the registration.
func (r *registrar) has(w *write) bool {
	if r == nil {
		return false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	_, has := r.away[w]
	return has
}

// stopAdmitting keeps further writes from relying on the registration, until
// resume.
func (r *registrar) stopAdmitting() { r.setReturning(true) }
func (r *registrar) resume()        { r.setReturning(false) }

func (r *registrar) setReturning(returning bool) {
	if r == nil {
		return
	}
	r.mu.Lock()
	r.returning = returning
	r.mu.Unlock()
}

var errStillAway = errors.New("cachedsql: writes without a lease have not been announced yet")

// renew makes or renews the registration, unless this process owes something.
// Only the watcher calls it, which is also who pays what is owed.
func (r *registrar) renew(ctx context.Context) error {
	if r == nil {
		return nil
	}
	r.mu.Lock()
	wanted, busy := r.wanted, len(r.away) != 0
	was := r.returning
	r.returning = true // nobody may start to rely on it now
	r.mu.Unlock()
	defer r.setReturning(was)
	if !wanted {
		return nil
	}
	if busy || r.space.owes() {
		return errStillAway
	}
	err := r.reg.Renew(ctx)
	r.report(err)
	return err
}

// report tells the operator once that there is no registration, although the
// store can be reached.
func (r *registrar) report(err error) {
	r.mu.Lock()
	tell := err != nil && !r.failing
	r.failing = err != nil
	r.mu.Unlock()
	if tell && !r.space.cache.gate.down.Load() {
		r.space.cache.config.Logger.Warn("cachedsql: not registered, writes are refused when the store cannot be reached", "error", err)
	}
}

// withdraw removes the registration of a process that ends.
func (r *registrar) withdraw() {
	if r == nil {
		return
	}
	r.mu.Lock()
	idle := r.wanted && len(r.away) == 0
	r.mu.Unlock()
	if !idle || r.space.owes() {
		return // readers wait until it has ended
	}
	ctx, cancel := context.WithTimeout(context.Background(), probeDeadline)
	defer cancel()
	_ = r.reg.Withdraw(ctx)
}
