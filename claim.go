package cachedsql

import (
	"context"
	"database/sql/driver"
	"time"

	"github.com/cachedsql/cachedsql/internal/rowcodec"
)

// A Claimer is a Space that lets one process at a time compute a result: see
// Rule.FillWait. It only saves work. Whether a result may be served never
// depends on it.
type Claimer interface {
	// Claim reports whether the caller is the first to ask for key under
	// vector within d.
	Claim(ctx context.Context, key Key, vector Vector, d time.Duration) (bool, error)
}

const (
	firstPoll = 2 * time.Millisecond
	lastPoll  = 16 * time.Millisecond
)

// awaitOthers waits for another process that is computing the result already,
// where the rule says for how long. It returns nothing when the result did not
// come, or nobody else is at it: then the database is asked.
func (c *conn) awaitOthers(ctx context.Context, l *lookup) (rows driver.Rows, err error) {
	if l.flight == nil || !l.route.awaited() {
		return nil, nil
	}
	claimer, ok := l.route.backend.space.store.(Claimer)
	if !ok {
		return nil, nil
	}
	wait := l.route.rule.FillWait
	ours := true
	_ = c.cache.gate.call(ctx, func(ctx context.Context) (err error) {
		ours, err = claimer.Claim(ctx, l.key, l.reading.Vector, wait)
		ours = ours || err != nil
		return err
	})
	if ours {
		return nil, nil
	}
	defer func() {
		if err != nil {
			l.flight.fail(false)
		}
	}()
	return c.poll(ctx, l, time.Now().Add(wait))
}

// awaited reports whether another process may wait for a result.
func (r *route) awaited() bool { return r.rule != nil && r.rule.FillWait > 0 }

// poll looks for the result until it is there, cannot come any more because a
// write has begun, or the time is up.
func (c *conn) poll(ctx context.Context, l *lookup, until time.Time) (driver.Rows, error) {
	pause := time.NewTimer(firstPoll)
	defer pause.Stop()
	for d := firstPoll; ; d = min(2*d, lastPoll) {
		select {
		case <-pause.C:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		rows, mayCome := c.stored(ctx, l)
		if rows != nil {
			return rows, nil
		}
		if !mayCome || !time.Now().Before(until) {
			return nil, ctx.Err()
		}
		pause.Reset(d)
	}
}

// stored looks once more for the result of a lookup. Without rows, mayCome
// tells whether a result stored later could still be used.
func (c *conn) stored(ctx context.Context, l *lookup) (rows driver.Rows, mayCome bool) {
	reading, refused, err := l.route.backend.space.readEntry(ctx, l.key, l.tags)
	if refused != nil {
		c.refuseEntry(ctx, l, refused)
		return nil, false
	}
	if err != nil || !reading.Settled || reading.Vector != l.reading.Vector {
		return nil, false
	}
	if h, err := rowcodec.DecodeHeader(reading.Entry); err != nil || h.Vector != reading.Vector || l.route.ageOf(&h) != fresh {
		return nil, true
	}
	return c.takeOver(ctx, l, &reading), true
}

// takeOver serves another process's result, here and to who waits for us.
func (c *conn) takeOver(ctx context.Context, l *lookup, found *Reading) driver.Rows {
	result, err := found.decode()
	if err != nil {
		return nil
	}
	l.flight.deliver(found.Entry)
	l.flight.leave()
	l.reading.Entry = found.Entry
	return c.served(ctx, l, result, Hit)
}
