package cachedsql

import (
	"context"
	"crypto/sha256"
	"database/sql/driver"
	"errors"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// outsetLasts is how long it is believed that a connection dialled now would
	// begin as the last one did.
	outsetLasts = time.Minute
	// probeDialTimeout bounds one look at how connections begin, probePatience how
	// long a statement waits for it, and probePause is the time between a look that
	// failed and the next.
	probeDialTimeout = 10 * time.Second
	probePatience    = time.Second
	probePause       = time.Second
	// maxOutsets is how often connections may begin in another way than before
	// until it counts as their habit.
	maxOutsets = 8
)

// outset is how a connection of a connector begins: what the server says of
// one that has just been dialled. It never changes.
type outset struct {
	session       session
	chains        bool
	autocommitOff bool
	dialled       dialling
}

// dialling is when a connection was dialled: just before.
type dialling struct {
	at     time.Time
	schema Schema // under which the catalog was known, "" if it was not
}

func (k *connector) dialling() (d dialling) {
	if !k.lazy {
		return d
	}
	last := k.last.Load()
	if last == nil {
		last = k.cache.space(k.cache.config.Namespace).backend("")
	}
	if known := last.known(); known != nil {
		d.schema = known.schema
	}
	d.at = time.Now()
	return d
}

func (c *conn) outsetNow() *outset {
	return &outset{session: c.session, chains: c.tx.chains, autocommitOff: c.tx.autocommitOff, dialled: c.dialled}
}

func (o *outset) same(p *outset) bool {
	return o.session.key == p.session.key && o.session.backend == p.session.backend && o.session.path == p.session.path &&
		o.session.unfit == p.session.unfit && o.session.misread == p.session.misread &&
		o.chains == p.chains && o.autocommitOff == p.autocommitOff
}

// outsets is what a connector knows of how its connections begin, for those
// that are not dialled yet. See lazy.go.
type outsets struct {
	like atomic.Pointer[likeness] // nil: none has been dialled, or all have to be
	last atomic.Pointer[outset]   // nil: not known
	lax  time.Duration            // outsetLasts, shorter in tests

	mu      sync.Mutex
	former  [][sha256.Size]byte // keys of outsets before the last
	differ  bool                // connections begin in different ways
	closed  bool
	probing chan struct{} // closed when the look under way has ended; nil: there is none
	failed  time.Time     // when the last look failed, zero if it did not
	failure error
	stop    context.CancelFunc // ends the look under way
	done    sync.WaitGroup
}

// likeness is what connections of one driver have in common before anything
// is known of their server.
type likeness struct {
	byText            textMethods
	resets, validates bool
	checker           driver.NamedValueChecker // nil: the driver has none
}

func likenessOf(inner driver.Conn) *likeness {
	l := &likeness{byText: textMethodsOf(inner)}
	_, l.resets = inner.(driver.SessionResetter)
	_, l.validates = inner.(driver.Validator)
	if _, ok := inner.(driver.NamedValueChecker); ok {
		// Adapter.Alike promises that no state of a connection is looked at. So an
		// empty one of the same type answers as any other, and is nobody else's.
		if t := reflect.TypeOf(inner); t.Kind() == reflect.Pointer {
			l.checker, _ = reflect.New(t.Elem()).Interface().(driver.NamedValueChecker)
		} else {
			l.checker, _ = reflect.Zero(t).Interface().(driver.NamedValueChecker)
		}
	}
	return l
}

// mayBeLazy reports whether connections of k may be handed out undialled.
func (k *connector) mayBeLazy() bool {
	alike := k.adapter.Alike
	return k.cache.config.LazyConnect && alike != nil && (k.kind() == Postgres || k.kind() == MySQL) && alike(k.inner)
}

// dialled takes in what connections look like.
func (k *connector) dialled(inner driver.Conn) {
	if !k.lazy {
		return
	}
	k.outsets.mu.Lock()
	defer k.outsets.mu.Unlock()
	if !k.outsets.differ && k.outsets.like.Load() == nil {
		k.outsets.like.Store(likenessOf(inner))
	}
}

var errNotAlike = errors.New("cachedsql: LazyConnect has no effect for a connector whose connections are not known to begin alike; see Adapter.Alike")

var errDiffer = errors.New("cachedsql: connections to the database begin in different states; LazyConnect is off for them, they are dialled at once")

// learnt takes in what the server has said of a connection nobody had used.
func (k *connector) learnt(c *conn) {
	s := &k.outsets
	o := c.outsetNow()
	s.mu.Lock()
	before := s.last.Load()
	if s.differ || before != nil && before.dialled.at.After(o.dialled.at) {
		s.mu.Unlock()
		return
	}
	differ := false
	if before != nil && !before.same(o) {
		// A default that was changed stays changed. What changes back is no default.
		differ = slices.Contains(s.former, o.session.key) || len(s.former) == maxOutsets
		s.former = append(s.former, before.session.key)
	}
	if s.differ = differ; differ {
		s.like.Store(nil)
		o = nil
	}
	s.last.Store(o)
	s.mu.Unlock()
	if differ {
		k.cache.note(errDiffer)
	}
}

// outset returns how a connection dialled now would begin; nil where that is
// not known and it has to be dialled. It is unverified where the server could
// not be reached to say so again.
func (k *connector) outset(ctx context.Context) (_ *outset, unverified bool) {
	s := &k.outsets
	o := s.last.Load()
	if o != nil && o.current(s.lax/2) {
		return o, false
	}
	probing := s.probe(k)
	if o != nil && o.current(s.lax) {
		return o, false
	}
	if o != nil && s.unreachable(k) {
		return o, true // as it was a moment ago: somebody looks again, nobody waits
	}
	patience := time.NewTimer(probePatience)
	defer patience.Stop()
	late := false
	select {
	case <-probing:
	case <-patience.C:
		late = true
	case <-ctx.Done():
	}
	if o = s.last.Load(); o == nil || o.current(s.lax) {
		return o, false
	}
	if late || s.unreachable(k) {
		return o, true
	}
	return nil, false
}

// current reports whether o was learnt within d, and no statement that changes
// the schema or a privilege has been seen since: such as ALTER ROLE SET.
func (o *outset) current(d time.Duration) bool {
	if time.Since(o.dialled.at) > d {
		return false
	}
	known := o.session.backend.known()
	return known == nil || known.schema == o.dialled.schema
}

// probe starts a look at how connections begin, unless one is under way or
// has just failed. The channel is closed when it has ended.
func (s *outsets) probe(k *connector) <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.probing != nil:
		return s.probing
	case s.closed, s.differ, !s.failed.IsZero() && time.Since(s.failed) < probePause:
		return closedChan
	}
	ctx, cancel := context.WithTimeout(context.Background(), probeDialTimeout)
	probing := make(chan struct{})
	s.probing, s.stop = probing, cancel
	s.done.Go(func() {
		defer close(probing)
		defer cancel()
		err := k.lookAtOne(ctx)
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.probing, s.failure, s.failed = nil, err, (time.Time{}); err != nil {
			s.failed = time.Now()
		}
	})
	return probing
}

var closedChan = func() chan struct{} { c := make(chan struct{}); close(c); return c }()

// lookAtOne dials a connection, asks how it begins, and closes it.
func (k *connector) lookAtOne(ctx context.Context) error {
	c := &conn{cache: k.cache, connector: k, session: session{misread: true}}
	if err := c.dial(ctx); err != nil {
		return err
	}
	defer func() { _ = c.Close() }() // it has only been asked
	return c.know(ctx)
}

// unreachable reports whether the last look found nobody to ask.
func (s *outsets) unreachable(k *connector) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	down := k.adapter.Unreachable
	return s.failure != nil && down != nil && down(s.failure)
}

// close ends the look under way and waits for it.
func (s *outsets) close() {
	s.mu.Lock()
	s.closed = true
	if s.stop != nil {
		s.stop()
	}
	s.mu.Unlock()
	s.done.Wait()
}
