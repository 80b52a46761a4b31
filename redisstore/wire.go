package redisstore

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/redis/go-redis/v9"
)

// wire has connections of its own to a single server, for lookups alone. Going
// through go-redis a lookup takes half as much processor time again: two
// values for each command and its words, and a state machine for each answer.
//
// It is there for a URL of one server only. A client that somebody hands us
// has hooks that want to see every command, and with Sentinels or a cluster
// go-redis knows first that another server has taken over.
type wire struct {
	options *redis.Options
	dialing context.Context // ends with the wire
	end     context.CancelFunc
	tasks   sync.WaitGroup // dials, and reading what nobody waits for
	dials   chan struct{}  // holds one for each dial that somebody has waited for

	// greeting is how long the last new connection took to be answered once: as
	// long as a lookup will.
	greeting atomic.Int64

	along along // what goes with lookups

	// off: the server did not do what a lookup by transaction needs. One lookup
	// tries it again after wireOff, and then nobody for as long: it may be another
	// server, the password was about to be changed, or the user is given more.
	off atomic.Pointer[time.Time]

	mu      sync.Mutex
	idle    []*wireConn // the one used last is last; guarded by mu
	busy    []*wireConn // those in use; guarded by mu
	growing bool        // one more is dialled that nobody waits for; guarded by mu
	closed  bool        // guarded by mu
}

// maxIdle bounds the connections that wait for work.
const maxIdle = 2 * maxFlying

func newWire(o *redis.Options) *wire {
	w := &wire{options: o, dials: make(chan struct{}, maxIdle)}
	w.dialing, w.end = context.WithCancel(context.Background())
	return w
}

// usable reports whether lookups go this way.
func (w *wire) usable() bool { return w != nil && w.off.Load() == nil }

// try reports whether a lookup is to go this way: each if they do, and one a
// while after the server has refused.
func (w *wire) try() bool {
	if w == nil {
		return false
	}
	since := w.off.Load()
	if since == nil {
		return true
	}
	now := time.Now()
	return now.Sub(*since) > wireOff && w.off.CompareAndSwap(since, &now)
}

// wireOff is how long lookups go by the scripts alone where the server did not
// carry out a transaction.
const wireOff = time.Minute

// turnOn has all lookups go this way again.
func (w *wire) turnOn() {
	if w.off.Load() != nil {
		w.off.Store(nil)
	}
}

func (w *wire) turnOff() {
	now := time.Now()
	w.off.Store(&now)
}

// close ends the connections that are idle or whose answers nobody waits for,
// and each of the others when it is given back.
func (w *wire) close() {
	if w == nil {
		return
	}
	w.end()
	w.along.close()
	w.mu.Lock()
	w.closed = true
	late := slices.DeleteFunc(slices.Clone(w.busy), func(cn *wireConn) bool { return cn.late == 0 })
	w.mu.Unlock()
	closeAll(late)
	w.drop()
	w.tasks.Wait()
}

// drop closes all idle connections.
func (w *wire) drop() {
	w.mu.Lock()
	idle := w.idle
	w.idle = nil
	w.mu.Unlock()
	closeAll(idle)
}

// take returns a connection, if possible one that nobody else uses, and whether
// it has been used before. A new one is waited for only where there is no other
// at all: to make it takes more round trips than a lookup.
func (w *wire) take(ctx context.Context) (cn *wireConn, reused bool, err error) {
	now := time.Now()
	w.mu.Lock()
	cn, old := w.idleConn(now)
	if cn != nil {
		w.use(cn)
		reused = cn.touched
	} else if cn = w.shared(now); cn != nil {
		reused = true
		w.grow(now)
	}
	w.mu.Unlock()
	closeAll(old)
	if cn == nil {
		cn, err = w.dial(ctx)
	}
	return cn, reused, err
}

// idleConn takes the connection that was used last, nil if there is none, and
// those that were found too old. It needs mu.
func (w *wire) idleConn(now time.Time) (cn *wireConn, old []*wireConn) {
	if len(w.idle) > 1 && w.isOld(w.idle[0], now) { // nobody comes to take it while fewer are needed
		old = append(old, w.idle[0])
		w.idle = slices.Delete(w.idle, 0, 1)
	}
	for n := len(w.idle); n > 0; n = len(w.idle) {
		cn := w.idle[n-1]
		w.idle[n-1] = nil
		w.idle = w.idle[:n-1]
		if !w.isOld(cn, now) {
			return cn, old
		}
		old = append(old, cn)
	}
	return nil, old
}

// closeAll closes connections. It must not be called with mu: where TLS is
// spoken, it tells the server, who may not listen.
func closeAll(all []*wireConn) {
	for _, cn := range all {
		_ = cn.Close()
	}
}

func (w *wire) isOld(cn *wireConn, now time.Time) bool {
	idle := w.options.ConnMaxIdleTime
	return idle > 0 && now.Sub(cn.used) > idle || w.isWorn(cn, now)
}

// isWorn reports whether a connection has lived for as long as it may.
func (w *wire) isWorn(cn *wireConn, now time.Time) bool {
	life := w.options.ConnMaxLifetime
	return life > 0 && now.Sub(cn.made) > life
}

// use makes a connection one that is in use. It needs mu.
func (w *wire) use(cn *wireConn) {
	cn.users = 1
	w.busy = append(w.busy, cn)
}

// shared returns the connection that has the fewest users, nil if there is none
// on which an answer can be expected soon. One that is worn has no new users as
// soon as there is another, so that it is idle at last and can be closed. It
// needs mu.
func (w *wire) shared(now time.Time) (best *wireConn) {
	bestWorn := false
	for _, cn := range w.busy {
		if cn.late > 0 || cn.broken {
			continue
		}
		worn := w.isWorn(cn, now)
		if best == nil || bestWorn && !worn || bestWorn == worn && cn.users < best.users {
			best, bestWorn = cn, worn
		}
	}
	if best != nil {
		best.users++
	}
	return best
}

// give takes a connection back from one of its users.
func (w *wire) give(cn *wireConn) {
	if w.unused(cn) {
		_ = cn.Close()
	}
}

// unused notes that one user less has a connection. It reports whether nobody
// has it, and it is not kept.
func (w *wire) unused(cn *wireConn) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if cn.users--; cn.users > 0 {
		return false
	}
	i := slices.Index(w.busy, cn)
	w.busy = slices.Delete(w.busy, i, i+1)
	if w.closed || cn.broken || len(w.idle) >= maxIdle {
		return true
	}
	w.idle = append(w.idle, cn)
	return false
}

// grow dials one more connection for those who come later, where none is idle.
// Those that are worn do not count: they will be closed. It needs mu.
func (w *wire) grow(now time.Time) {
	if w.closed || w.growing {
		return
	}
	lasting := 0
	for _, cn := range w.busy {
		if !w.isWorn(cn, now) {
			lasting++
		}
	}
	if lasting >= maxIdle {
		return
	}
	w.growing = true
	w.tasks.Go(func() {
		cn, err := w.connect()
		w.mu.Lock()
		w.growing = false
		if err == nil {
			w.use(cn)
		}
		w.mu.Unlock()
		if err == nil {
			w.give(cn)
		}
	})
}

// dial makes a connection. Who waits for it may give up: it is kept for the
// next one then, or a server that takes longer to reach than a statement may
// wait would never be reached. A server that does not answer is not dialled
// again and again meanwhile.
func (w *wire) dial(ctx context.Context) (*wireConn, error) {
	select {
	case w.dials <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	w.mu.Lock()
	if w.closed {
		w.mu.Unlock()
		<-w.dials
		return nil, net.ErrClosed
	}
	w.tasks.Add(1)
	w.mu.Unlock()
	type dialled struct {
		cn  *wireConn
		err error
	}
	found := make(chan dialled)
	go func() {
		defer w.tasks.Done()
		cn, err := w.connect()
		<-w.dials
		if err == nil {
			w.mu.Lock()
			w.use(cn)
			w.mu.Unlock()
		}
		select {
		case found <- dialled{cn, err}:
		case <-ctx.Done():
			if err == nil {
				w.give(cn)
			}
		}
	}()
	select {
	case d := <-found:
		return d.cn, d.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (w *wire) connect() (*wireConn, error) {
	o := w.options
	ctx, cancel := context.WithTimeout(w.dialing, o.DialTimeout)
	defer cancel()
	dialer := net.Dialer{KeepAlive: time.Minute}
	conn, err := dialer.DialContext(ctx, o.Network, o.Addr)
	if err != nil {
		return nil, err
	}
	if o.TLSConfig != nil {
		secure := tls.Client(conn, o.TLSConfig)
		if err := secure.HandshakeContext(ctx); err != nil {
			_ = conn.Close()
			return nil, err
		}
		conn = secure
	}
	now := time.Now()
	cn := &wireConn{Conn: conn, wire: w, in: replies{bufio.NewReaderSize(conn, 16<<10)}, made: now, used: now}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	err = w.introduce(cn)
	if !stop() && err == nil {
		err = ctx.Err()
	}
	if err != nil {
		_ = conn.Close()
		return nil, err
	}
	w.greeting.Store(int64(time.Since(now)))
	return cn, nil
}

// distance is about how long a lookup takes, 0 if that is not known.
func (w *wire) distance() time.Duration {
	if w == nil {
		return 0
	}
	return time.Duration(w.greeting.Load())
}

// introduce logs in and selects the database. A server before version 7 is
// left to the scripts: it would tell its replicas of every transaction.
func (w *wire) introduce(cn *wireConn) error {
	o := w.options
	hello := []string{"HELLO", "2"}
	if o.Password != "" {
		user := o.Username
		if user == "" {
			user = "default"
		}
		hello = append(hello, "AUTH", user, o.Password)
	}
	if o.ClientName != "" {
		hello = append(hello, "SETNAME", o.ClientName)
	}
	out := appendCommand(nil, hello...)
	if o.DB != 0 {
		out = appendCommand(out, "SELECT", strconv.Itoa(o.DB))
	}
	if _, err := cn.Write(out); err != nil {
		return err
	}
	version, err := cn.in.hello()
	if err == nil && o.DB != 0 {
		err = cn.in.skip()
	}
	if isAnswer(err) && !redis.HasErrorPrefix(err, "max number of clients") {
		return fmt.Errorf("%w: %w", errUnfit, err)
	}
	if major, _, _ := strings.Cut(version, "."); err == nil && atoi(major) < 7 {
		return fmt.Errorf("%w: version %q", errUnfit, version)
	}
	return err
}

func atoi(s string) int {
	n, _ := strconv.Atoi(s)
	return n
}

// errUnfit means that a server cannot be talked to in this way at all. The
// scripts, through go-redis, may fare better, and report the error if not.
var errUnfit = errors.New("cachedsql: redis: not for lookups by transaction")

// hello reads the answer to HELLO, a list of names and values, and returns the
// version in it.
func (r replies) hello() (version string, err error) {
	n, err := r.size('*')
	if err != nil {
		return "", err
	}
	for range n / 2 {
		name, err := r.text()
		if err != nil {
			return "", err
		}
		if string(name) != "version" {
			err = r.skip()
		} else {
			var value []byte
			value, err = r.text()
			version = string(value)
		}
		if err != nil {
			return "", err
		}
	}
	return version, nil
}

// lookup asks for sets and entries in one round trip, and puts what it finds
// into found and gets; a set that is not settled is left as it is. It reports
// false if the transaction was refused, and then nothing was found: the scripts
// may fare better, or say why not.
//
// A connection that the server has closed while it was idle is noticed only
// now. All is sent again then, on a new one: nothing in it would do harm twice,
// and an answer later than expected is as good.
func (w *wire) lookup(ctx context.Context, sp *space, sets []*tagSet, gets []*get, found []finding) (bool, error) {
	q := trip{space: sp, sets: sets, gets: gets}
	defer func() { ended(q.along) }()
	for {
		cn, reused, err := w.take(ctx)
		unfit := errors.Is(err, errUnfit)
		if unfit {
			w.turnOff()
		}
		if unfit || isAnswer(err) { // which may be that it has too many connections
			return false, nil
		}
		if err != nil {
			return false, err
		}
		if q.along == nil {
			q.along = w.along.take()
		}
		switch err = cn.exchange(ctx, q, found); {
		case err == nil:
			w.turnOn()
			return true, nil
		case isAnswer(err), errors.Is(err, errReply):
			if refusesTransactions(err) {
				w.turnOff()
			}
			return false, nil
		case ctx.Err() != nil:
			w.along.unanswered(q.along)
			return false, ctx.Err()
		case errors.Is(err, errBroken): // by another user of it
		case !reused || !hungUp(err):
			w.along.unanswered(q.along)
			return false, err
		default:
			w.drop() // the others will be no better
		}
	}
}

// hungUp reports whether the other side has closed the connection.
func hungUp(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}

func (w *wire) deadline(ctx context.Context, now time.Time) time.Time {
	deadline, ok := ctx.Deadline()
	if limit := now.Add(w.options.ReadTimeout); w.options.ReadTimeout > 0 && (!ok || limit.Before(deadline)) {
		return limit
	}
	return deadline
}

// refusesTransactions reports whether a transaction was refused for what it is:
// the user may not, the server cannot, or does not answer as Redis does.
func refusesTransactions(err error) bool {
	return errors.Is(err, errReply) || redis.HasErrorPrefix(err, "NOPERM") || redis.HasErrorPrefix(err, "unknown command") ||
		redis.HasErrorPrefix(err, "NOREPLID")
}
