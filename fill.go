package cachedsql

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/cachedsql/cachedsql/internal/reason"
	"github.com/cachedsql/cachedsql/internal/rowcodec"
)

// fill hands a complete result to the store, off the caller's path. The entry
// carries the versions read before the database was asked, so it does not
// matter how late it arrives.
func (rec *recording) fill() {
	l, c := rec.lookup, rec.conn
	if l.shared {
		l.flight.deliver(rec.enc.Finish(rowcodec.Header{}))
		encoders.Put(rec.enc)
		rec.enc = nil
		return
	}
	rows := rec.enc.Rows()
	ttl, ok := l.route.ttlOf(l.plan, l.wish, rows)
	if !ok {
		rec.drop(reason.RuleOff)
		rec.notFilled(reason.RuleOff)
		return
	}
	if l.route.rule != nil {
		ttl = jittered(ttl, l.route.rule.Jitter)
	}
	entry := rec.enc.Finish(rowcodec.Header{Vector: l.reading.Vector, FilledAt: time.Now(), TTL: ttl, DBTime: rec.dbTime})
	encoders.Put(rec.enc)
	rec.enc = nil
	l.flight.deliver(entry)
	// Until the entry is there to be found, a miss is given it by the flight.
	f := &filling{cache: c.cache, lookup: l, entry: entry, rows: rows, ttl: l.route.keptFor(ttl)}
	if c.cache.inline {
		f.byItself()
	} else if !f.along() {
		f.later()
	}
}

// filling is an entry on its way to the store.
type filling struct {
	cache  *Cache
	lookup *lookup
	entry  []byte
	rows   int64
	ttl    time.Duration
}

// later stores the entry by a task, unless too many wait already.
func (f *filling) later() {
	if !f.cache.tasks.may(f.byItself) {
		f.dropped()
	}
}

func (f *filling) dropped() {
	f.lookup.flight.leave()
	e := f.event(NotFilled)
	e.Reason = reason.FillDropped
	f.tell(e)
}

// byItself puts the entry into the store.
func (f *filling) byItself() {
	c, l := f.cache, f.lookup
	defer l.flight.leave()
	e := f.event(NotFilled)
	if e.Reason = c.refusesEntries(); e.Reason == reason.None {
		entry := f.compressed()
		e.Rows, e.Bytes = f.rows, int64(len(entry))
		started := time.Now()
		e.Err = l.route.backend.space.fillEntry(context.Background(), l.key, entry, f.ttl)
		e.Duration = time.Since(started)
		e.Outcome, e.Reason = c.filled(e.Err)
	}
	f.tell(e)
}

// shortEntry is the size up to which an entry is compressed on the caller's path:
// that takes less than to wake a task.
const shortEntry = 16 << 10

// isShort reports whether it may be short as it is stored, and it takes little
// time to see. One that stays as it is has to be as short as it would be with S2.
func (f *filling) isShort() bool {
	switch f.lookup.route.compression() {
	case CompressZstd:
		return false
	case CompressOff:
		return len(f.entry) <= compressAbove
	default:
		return len(f.entry) <= shortEntry
	}
}

// along lets the entry go to the store with the next lookup, at a fraction of what
// a task and a round trip of its own cost. False: it has to go by itself. So do
// those that another process waits for, and all where too many tasks wait.
func (f *filling) along() bool {
	c, l := f.cache, f.lookup
	if !f.isShort() || l.route.awaited() || c.refusesEntries() != reason.None || !c.tasks.begin() {
		return false
	}
	started := time.Now()
	taken := l.route.backend.space.fillEntryAlong(l.key, f.ttl, f.compressed, func(stored bool) { f.went(stored, time.Since(started)) })
	if !taken {
		c.tasks.end()
	}
	return taken
}

// went is called when it is known what became of an entry that went along. That
// is in somebody else's lookup, others behind it, or in a timer: OnEvent, which may
// take its time and ask the store itself, is called by a task. There is a place
// for it in the queue, however many wait. Only after Close there are no tasks, and
// no lookups to hold up.
func (f *filling) went(stored bool, took time.Duration) {
	c := f.cache
	switch {
	case !stored:
		if !c.tasks.follow(f.byItself) {
			f.dropped()
		}
		return
	case c.config.OnEvent == nil:
		f.stored(took)
		c.tasks.end()
	case !c.tasks.follow(func() { f.stored(took) }):
		f.stored(took)
	}
	f.lookup.flight.leave()
}

func (f *filling) compressed() []byte {
	f.entry = f.cache.compressed(f.lookup.route, f.entry)
	return f.entry
}

func (f *filling) stored(took time.Duration) {
	e := f.event(Filled)
	e.Rows, e.Bytes, e.Duration = f.rows, int64(len(f.entry)), took
	f.tell(e)
}

func (f *filling) event(o Outcome) Event {
	st := f.lookup.plan.st
	return Event{Outcome: o, QueryID: st.QueryID, Statement: st.Normal, Rule: f.lookup.route.ruleName()}
}

func (f *filling) tell(e Event) {
	f.lookup.plan.tally.stored(&e)
	f.cache.emit(e)
}

// refusesEntries says why no entry goes to the store at present.
func (c *Cache) refusesEntries() Reason {
	switch from := c.fillsFrom.Load(); {
	case c.gate.down.Load():
		return reason.CacheDown
	case from != 0 && sinceStart() < from:
		return reason.StoreFull
	}
	return reason.None
}

// fullPause is how long nothing is sent to a store that had no room.
const fullPause = time.Second

// filled judges what came of storing an entry.
func (c *Cache) filled(err error) (Outcome, Reason) {
	switch {
	case err == nil:
		return Filled, reason.None
	case errors.Is(err, ErrStoreFull):
		c.fillsFrom.Store(sinceStart() + int64(fullPause))
		c.warnFull(err)
		return NotFilled, reason.StoreFull
	}
	return NotFilled, reason.CacheDown
}

// warnFull says it in the log, since nothing else is wrong with such a store.
func (c *Cache) warnFull(err error) {
	if c.fullWarned.due() {
		c.config.Logger.Warn("cachedsql: store is full, results are not stored; said once a minute at most", "error", err)
	}
}

// jittered shortens ttl by up to the given share, so that entries stored
// together do not end together.
func jittered(ttl time.Duration, share float64) time.Duration {
	if share <= 0 {
		return ttl
	}
	return max(ttl-time.Duration(rand.Float64()*min(share, 1)*float64(ttl)), time.Millisecond)
}
