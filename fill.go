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
	store := func() {
		defer l.flight.leave()
		c.cache.storeEntry(l, entry, rows, l.route.keptFor(ttl))
	}
	if c.cache.inline {
		store()
	} else if !c.cache.tasks.may(store) {
		l.flight.leave()
		rec.notFilled(reason.FillDropped)
	}
}

// storeEntry puts an entry into the store.
func (c *Cache) storeEntry(l *lookup, entry []byte, rows int64, ttl time.Duration) {
	e := Event{Outcome: NotFilled, QueryID: l.plan.st.QueryID, Statement: l.plan.st.Normal, Rule: l.route.ruleName()}
	switch from := c.fillsFrom.Load(); {
	case c.gate.down.Load():
		e.Reason = reason.CacheDown
	case from != 0 && sinceStart() < from:
		e.Reason = reason.StoreFull
	default:
		entry = c.compressed(l.route, entry)
		e.Rows, e.Bytes = rows, int64(len(entry))
		started := time.Now()
		e.Err = l.route.space.fillEntry(context.Background(), l.key, entry, ttl)
		e.Duration = time.Since(started)
		e.Outcome, e.Reason = c.filled(e.Err)
	}
	l.plan.tally.stored(&e)
	c.emit(e)
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
