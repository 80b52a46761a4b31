package cachedsql

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cachedsql/cachedsql/internal/reason"
	"github.com/cachedsql/cachedsql/internal/rowcodec"
)

// Serving stale results while they are computed anew (Rule.StaleWhileRevalidate).
//
// Stale is a result whose TTL has ended. One that a write has outdated never
// is: it does not match the versions that the lookup has just read. The store
// keeps a result for that much longer than its TTL; the first read after the
// TTL has it computed anew, all are served the old one meanwhile.
//
// It is computed on a connection of the connector's own, by a read like any
// other that has been told to refresh: it has the same key or is given up.

const (
	// revalidators is how many results of a connector are computed anew at a time,
	// and so how many connections it may take for that.
	revalidators = 2
	// maxRevalidations is how many may wait for it.
	maxRevalidations = 256
	// revalidateTimeout is the most that one may take.
	revalidateTimeout = 30 * time.Second
	// revalidateIdle is how long a connection is kept for the next.
	revalidateIdle = time.Minute
	// revalidatePause is how long nothing is computed anew after a failure.
	revalidatePause = time.Second
)

// age says what time has made of a stored result.
type age uint8

const (
	fresh   age = iota
	stale       // may be served while it is computed anew
	expired     // may not be served
)

// ageOf judges by the clock that stamped the entry, which may be another
// machine's. By Redis's clock it is in any case no older than the entry may be.
func (r *route) ageOf(h *rowcodec.Header) age {
	if r.rule == nil || r.rule.StaleWhileRevalidate <= 0 {
		return fresh
	}
	switch over := time.Since(h.FilledAt) - h.TTL; {
	case over < 0:
		return fresh
	case over <= r.rule.StaleWhileRevalidate:
		return stale
	}
	return expired
}

// keptFor is how long the store keeps a result with a TTL.
func (r *route) keptFor(ttl time.Duration) time.Duration {
	if r.rule == nil {
		return ttl
	}
	return ttl + r.rule.StaleWhileRevalidate
}

// revalidation is a result that is to be computed anew.
type revalidation struct {
	ctx      context.Context //nolint:containedctx // of the read that was served the stale one
	text     string
	args     []any
	prepared bool
	plan     *plan
	rule     string
	key      Key
	flight   *flight
}

// revalidate has a stale result computed anew in background. It reports
// whether that may be served meanwhile; if not, the read computes it itself.
func (c *conn) revalidate(ctx context.Context, l *lookup, x *call) bool {
	own := &c.connector.revalidator
	if own.rests() {
		return true
	}
	flight := c.cache.flights.lead(l.flightKey())
	if flight == nil {
		return true // somebody is at it
	}
	args, ok := copyArgs(x.args)
	if begins := own.begins.Load(); !ok || begins != nil && *begins != c.session.key {
		l.flight = flight
		return false
	}
	r := &revalidation{
		ctx: context.WithoutCancel(ctx), text: x.text, args: args, prepared: x.path() == prepared,
		plan: l.plan, rule: l.route.ruleName(), key: l.key, flight: flight,
	}
	if !own.add(c.connector, r) {
		flight.fail(false)
		r.notDone(c.cache, reason.FillDropped, nil)
	}
	return true
}

// copyArgs copies arguments that the caller may change when it has its rows.
// ok is false where it is not known how.
func copyArgs(args []driver.NamedValue) (copies []any, ok bool) {
	copies = make([]any, len(args))
	for i := range args {
		v, ok := copyArg(args[i].Value)
		if !ok {
			return nil, false
		}
		if args[i].Name != "" {
			v = sql.Named(args[i].Name, v)
		}
		copies[i] = v
	}
	return copies, true
}

func copyArg(v any) (any, bool) {
	switch v := v.(type) {
	case nil, time.Time:
		return v, true
	case []byte:
		return bytes.Clone(v), true
	case []string:
		return slices.Clone(v), true
	case []int64:
		return slices.Clone(v), true
	case []int32:
		return slices.Clone(v), true
	}
	switch t := reflect.TypeOf(v); t.Kind() {
	case reflect.Bool, reflect.String, reflect.Float32, reflect.Float64,
		reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return v, true
	case reflect.Array:
		return v, t.Elem().Kind() == reflect.Uint8 // a UUID
	}
	return nil, false
}

// revalidator computes results of one connector anew.
type revalidator struct {
	begins atomic.Pointer[[sha256.Size]byte] // the session of its connections, nil if not known yet
	failed atomic.Int64                      // when one failed, nanoseconds of sinceStart; 0: the last did not

	mu      sync.Mutex
	db      *sql.DB // its connections
	waiting []*revalidation
	workers int
	closed  bool
	stop    context.CancelFunc
	stopped context.Context //nolint:containedctx // ends with close
	done    sync.WaitGroup
}

// rests reports whether one has just failed, as all do when the database is
// down.
func (v *revalidator) rests() bool {
	failed := v.failed.Load()
	return failed != 0 && sinceStart()-failed < int64(revalidatePause)
}

func (v *revalidator) add(k *connector, r *revalidation) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.closed || len(v.waiting) >= maxRevalidations {
		return false
	}
	if v.db == nil {
		v.db = sql.OpenDB(backgroundConnector{k})
		v.db.SetMaxOpenConns(revalidators)
		v.db.SetConnMaxIdleTime(revalidateIdle)
		v.stopped, v.stop = context.WithCancel(context.Background())
	}
	v.waiting = append(v.waiting, r)
	if v.workers < revalidators {
		v.workers++
		v.done.Go(func() { v.work(k) })
	}
	return true
}

func (v *revalidator) work(k *connector) {
	for {
		v.mu.Lock()
		if len(v.waiting) == 0 {
			v.workers--
			v.mu.Unlock()
			return
		}
		r := v.waiting[0]
		v.waiting = slices.Delete(v.waiting, 0, 1)
		v.mu.Unlock()
		err := v.do(r)
		r.flight.abandon()
		switch {
		case err == nil:
			v.failed.Store(0)
		case !errors.Is(err, errNotTheSame):
			v.failed.Store(sinceStart())
			r.notDone(k.cache, reason.ResultError, err)
		}
	}
}

// do reads the result to its end, which stores it.
func (v *revalidator) do(r *revalidation) error {
	ctx, cancel := context.WithTimeout(r.ctx, revalidateTimeout)
	defer cancel()
	defer context.AfterFunc(v.stopped, cancel)()
	ctx = with(ctx, func(w *wish) { w.refresh, w.revalidates = true, r })
	rows, err := v.query(ctx, r)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }() // Err has it
	for more := true; more; more = rows.NextResultSet() {
		for rows.Next() { //nolint:revive // nobody wants the rows
		}
	}
	return rows.Err()
}

func (v *revalidator) query(ctx context.Context, r *revalidation) (*sql.Rows, error) {
	if !r.prepared {
		return v.db.QueryContext(ctx, r.text, r.args...) //nolint:sqlclosecheck // do closes them
	}
	stmt, err := v.db.PrepareContext(ctx, r.text)
	if err != nil {
		return nil, err
	}
	defer func() { _ = stmt.Close() }()      // its rows hold it until they are closed
	return stmt.QueryContext(ctx, r.args...) //nolint:sqlclosecheck // likewise
}

func (r *revalidation) notDone(c *Cache, why Reason, err error) {
	r.plan.tally.count(NotFilled, why)
	c.emit(Event{Outcome: NotFilled, Reason: why, Rule: r.rule, QueryID: r.plan.st.QueryID, Statement: r.plan.st.Normal, Err: quiet(err)})
}

// quiet keeps the words of an error of the database out of events and logs: it
// may quote an argument or a row. The caller of a statement gets it as it is.
func quiet(err error) error {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, driver.ErrBadConn) {
		return err
	}
	return &quietError{err}
}

type quietError struct{ err error }

func (e *quietError) Error() string {
	text := fmt.Sprintf("cachedsql: the database answered with an error (%T)", e.err)
	var state interface{ SQLState() string }
	if errors.As(e.err, &state) {
		text += ", SQLSTATE " + state.SQLState()
	}
	return text
}

func (e *quietError) Unwrap() error { return e.err }

// close ends what is under way and waits for it.
func (v *revalidator) close() {
	v.mu.Lock()
	v.closed = true
	dropped, db := v.waiting, v.db
	v.waiting, v.db = nil, nil
	if v.stop != nil {
		v.stop()
	}
	v.mu.Unlock()
	for _, r := range dropped {
		r.flight.fail(false)
	}
	v.done.Wait()
	if db != nil {
		_ = db.Close() // of connections nobody else has seen
	}
}

// backgroundConnector makes the connections of a revalidator. It cannot be
// closed: the connector is its owner's.
type backgroundConnector struct{ driver.Connector }

func (k backgroundConnector) Connect(ctx context.Context) (driver.Conn, error) {
	c, err := k.Connector.Connect(ctx)
	if err == nil {
		c.(interface{ base() *conn }).base().background = true
	}
	return c, err
}

// errNotTheSame ends a revalidation that would not have stored the result it is
// for, or could not have stored any.
var errNotTheSame = errors.New("cachedsql: not revalidated")

// takesOver makes the lookup of a revalidation the leader of its flight, if it
// is for the same result.
func (c *conn) takesOver(l *lookup) bool {
	key := c.session.key
	c.connector.revalidator.begins.Store(&key)
	r := l.wish.revalidates
	if r == nil || r.key != l.key {
		return false
	}
	l.flight = r.flight
	return true
}

// abandon ends a flight that has brought nothing.
func (f *flight) abandon() {
	f.owner.mu.Lock()
	down := f.isDown
	f.owner.mu.Unlock()
	if !down {
		f.fail(false)
	}
}
