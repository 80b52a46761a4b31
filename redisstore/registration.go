package redisstore

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/internal/protocol"
)

var (
	_ cachedsql.Registrar    = (*space)(nil)
	_ cachedsql.Registration = (*registration)(nil)
)

// maxWriters bounds the registrations in a shard, and with them the register's
// length: 25 KB. Who comes later refuses writes in an outage.
const maxWriters = 500

// registration is one writer's, in every shard. A request names the moment of
// the lapse by the clock of the server it goes to, so each shard's clock has to
// be known; and who does not reach one shard counts as cut off from all, so
// they are all asked together.
type registration struct {
	space  *space
	marker string

	// one request at a time: what is named next depends on the answer before
	asking chan struct{}

	mu     sync.Mutex
	shards []registered // guarded by mu
}

// registered is what is known of a registration in one shard.
type registered struct {
	history   string // whose clock it is; "" while unknown
	sight     protocol.Sight
	requested protocol.Millis // the latest moment that any request has named
	ends      protocol.Millis // as acknowledged; 0 while it is not
}

// Registration implements [cachedsql.Registrar].
func (sp *space) Registration(writer cachedsql.WriterID) cachedsql.Registration {
	if sp.store.config.Absence == 0 {
		return nil
	}
	r := &registration{
		space: sp, marker: base64.RawURLEncoding.EncodeToString(writer[:]),
		asking: make(chan struct{}, 1), shards: make([]registered, len(sp.keys.shards)),
	}
	r.asking <- struct{}{}
	return r
}

var started = time.Now()

// local is the process's monotonic clock.
func local() time.Duration { return time.Since(started) }

// Renew implements [cachedsql.Registration]. A clock that is not known is
// looked at first, and again where the server has another history than it had:
// three rounds are enough unless that changes all the time.
func (r *registration) Renew(ctx context.Context) error {
	return r.alone(ctx, func() error {
		todo := r.all()
		for range 3 {
			var err error
			if todo, err = r.ask(ctx, todo, r.next); err != nil || len(todo) == 0 {
				return err
			}
		}
		return errNotRegistered
	})
}

// Withdraw implements [cachedsql.Registration].
func (r *registration) Withdraw(ctx context.Context) error {
	return r.alone(ctx, func() error {
		_, err := r.ask(ctx, r.all(), func(int) string { return "0" })
		r.mu.Lock()
		defer r.mu.Unlock()
		for i := range r.shards {
			r.shards[i].ends = 0
		}
		return err
	})
}

var errNotRegistered = errors.New("cachedsql: redis: registration: the server's clock or history does not stand still")

func (r *registration) alone(ctx context.Context, f func() error) error {
	if err := r.space.store.usable(ctx); err != nil {
		return err
	}
	select {
	case <-r.asking:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { r.asking <- struct{}{} }()
	return f()
}

func (r *registration) all() []int {
	all := make([]int, len(r.shards))
	for i := range all {
		all[i] = i
	}
	return all
}

// next names the next moment for a shard, "" where its clock is not known. It
// is noted before the request is sent: whether the request arrives, and when,
// may never be known.
func (r *registration) next(shard int) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := &r.shards[shard]
	if s.history == "" {
		return ""
	}
	lapses := r.space.store.rules.NextLapse(s.sight, local())
	s.requested = max(s.requested, lapses)
	return strconv.FormatInt(int64(lapses), 10)
}

// ask sends one request to each of the shards, and returns those that must be
// asked again.
func (r *registration) ask(ctx context.Context, shards []int, what func(shard int) string) (again []int, err error) {
	sp := r.space
	execs, wants := make([]*execution, len(shards)), make([]string, len(shards))
	sent := local()
	for i, shard := range shards {
		wants[i] = what(shard)
		keys := newCall(shard, []string{sp.keys.era(shard), sp.keys.schema(shard), sp.keys.presence(shard)}, "").keys
		execs[i] = sp.store.scripts.command(ctx, sp.store.program.register, keys,
			randomToken(), sp.quarantine.Load(), sp.store.history, r.marker, wants[i], r.historyOf(shard), maxWriters)
	}
	sp.store.scripts.run(ctx, execs, nil)
	received := local()
	for i, e := range execs {
		text, err := e.Result()
		if err != nil {
			return nil, wrap("register", err)
		}
		done, err := r.take(shards[i], text, wants[i], sent, received)
		if err != nil {
			return nil, err
		}
		if !done {
			again = append(again, shards[i])
		}
	}
	return again, nil
}

func (r *registration) historyOf(shard int) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.shards[shard].history
}

// take reads "result time history". Another history has another clock, and
// nothing that was named by the old one can be stored any more.
func (r *registration) take(shard int, text, wanted string, sent, received time.Duration) (done bool, err error) {
	f := strings.Split(text, " ")
	if len(f) != 3 {
		return false, errUnexpected
	}
	now, err := strconv.ParseInt(f[1], 10, 64)
	if err != nil {
		return false, errUnexpected
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	s := &r.shards[shard]
	if s.history != f[2] {
		*s = registered{history: f[2]}
	}
	s.sight = protocol.Sight{Server: protocol.Millis(now), Sent: sent, Received: received}
	switch f[0] {
	case "ok":
		lapses, _ := strconv.ParseInt(wanted, 10, 64)
		s.ends = max(s.ends, min(protocol.Millis(lapses), s.sight.Server+r.space.store.rules.Term)+r.space.store.rules.Absence)
		return true, nil
	case "full":
		return false, fmt.Errorf("cachedsql: redis: registration: %d writers have one already", maxWriters)
	case "late", "not":
		return false, nil
	}
	return false, errUnexpected
}

// Away implements [cachedsql.Registration].
func (r *registration) Away() (from, until time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var all protocol.Away
	for i, s := range r.shards {
		if s.ends == 0 {
			return time.Time{}, time.Time{}
		}
		a := r.space.store.rules.Away(s.sight, s.requested, s.ends)
		if i == 0 {
			all = a
		}
		all = protocol.Away{From: max(all.From, a.From), Until: min(all.Until, a.Until)}
	}
	return started.Add(all.From), started.Add(all.Until)
}
