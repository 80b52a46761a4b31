package cachedsql

import (
	"context"
	"database/sql/driver"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/cachedsql/cachedsql/internal/reason"
	"github.com/cachedsql/cachedsql/internal/rowcodec"
)

// RuleMode is what a rule does with what it has stored.
type RuleMode uint8

const (
	// ModeOn serves it.
	ModeOn RuleMode = iota
	// ModeShadow serves nothing: reads ask the database as if there were no
	// rule, and its answer is compared with what would have been served.
	ModeShadow
)

// String returns the word used in rule files.
func (m RuleMode) String() string {
	if m == ModeShadow {
		return "shadow"
	}
	return "on"
}

// A check is a hit that is not served. The database is asked in its place, and
// the caller gets the database's answer: it is right whatever the cache says,
// and the connection that the question needs is at hand. A question in the
// background would need one of the program's own.
//
// Equal versions before and after mean that no write began in between, so both
// answers are of the same rows: if they differ, something has written past the
// driver, or the cache is wrong. If the versions differ nothing is known.
type check struct {
	would  Outcome // Hit, NearHit or StaleHit
	header rowcodec.Header
	result *rowcodec.Result
}

// checks reports whether a hit is to be compared instead of served.
func (c *conn) checks(l *lookup, would Outcome, h *rowcodec.Header, result *rowcodec.Result) bool {
	rule := l.route.rule
	switch {
	case rule == nil, c.background, rule.Mode != ModeShadow && rule.Verify == 0:
		return false
	case rule.Mode != ModeShadow && (c.unverified || rand.Float64() >= rule.Verify):
		return false
	}
	l.check = &check{would, *h, result}
	return true
}

// shadows reports whether the database is to be asked in any case.
func (r *route) shadows() bool { return r.rule != nil && r.rule.Mode == ModeShadow }

// checkAnswered counts a check whose question the database has answered. Where it
// has failed, a hit that was only looked at for a sample is served after all:
// without the sample nobody would have seen the failure.
func (c *conn) checkAnswered(ctx context.Context, l *lookup, err error) driver.Rows {
	if err != nil && !l.route.shadows() && ctx.Err() == nil {
		l.flight.fail(false)
		c.cache.counts.count(l.check.would, reason.None)
		l.plan.tally.hit(l.check.would, l.started)
		if c.cache.config.OnEvent != nil {
			c.tell(ctx, l, l.check.would, 0)
		}
		return c.replay(l.check.result)
	}
	c.emit(ctx, l.plan, Event{Outcome: Checked, Rule: l.route.ruleName(), Duration: time.Since(l.started)})
	return nil
}

// boundedPatience is how long a writer may take from its commit to its
// announcement where tags change only after it (Bounded).
const boundedPatience = time.Second

// compareWithHit takes what the caller has read to the end, or the reason why
// there is nothing to compare.
func (rec *recording) compareWithHit() {
	c, l := rec.conn.cache, rec.lookup
	l.flight.fail(false)
	if rec.enc == nil {
		c.inconclusive(l, rec.why)
		return
	}
	answer := rec.enc.Finish(rowcodec.Header{Vector: l.reading.Vector, FilledAt: time.Now()})
	encoders.Put(rec.enc)
	rec.enc = nil
	if c.inline {
		c.compare(l, answer)
	} else if !c.tasks.may(func() { c.compare(l, answer) }) {
		c.inconclusive(l, reason.FillDropped)
	}
}

// compare compares the answers, off the caller's path, and where they differ
// finds out what that means.
func (c *Cache) compare(l *lookup, answer []byte) {
	got, err := rowcodec.Decode(answer)
	var d difference
	if err == nil {
		d, err = compareResults(l.check.result, got)
	}
	switch {
	case err != nil:
		c.inconclusive(l, reason.UnsupportedValue)
	case !d.rows && !(d.order && ordering.MatchString(strings.ToLower(l.plan.st.Normal))):
	case c.config.Consistency == Bounded:
		time.AfterFunc(boundedPatience, func() {
			if !c.tasks.may(func() { c.judgeDifference(l, &d) }) {
				c.inconclusive(l, reason.FillDropped)
			}
		})
	default:
		c.judgeDifference(l, &d)
	}
}

// judgeDifference reads the versions again, which tells a wrong entry from a
// write in between.
func (c *Cache) judgeDifference(l *lookup, d *difference) {
	var now Reading
	err := c.gate.call(context.Background(), func(ctx context.Context) (err error) {
		now, err = l.route.backend.space.store.Check(ctx, l.tags)
		return err
	})
	switch {
	case err != nil:
		c.inconclusive(l, reason.CacheDown)
	case !decide.IsHit(l.check.header.Vector, now.Vector, now.Settled):
		c.inconclusive(l, reason.PendingWrite)
	case d.rows && l.route.repeats(l.plan.st):
		c.violation(l, d)
	default:
		// Another answer would do as well. The entry goes all the same: what
		// nobody can vouch for need not be served.
		c.inconclusive(l, reason.NotRepeatable)
		c.dropEntry(l)
	}
}

// inconclusive counts a check that says nothing.
func (c *Cache) inconclusive(l *lookup, why Reason) {
	c.judged(l, Event{Outcome: Inconclusive, Reason: why})
}

// violation reports an answer that was wrong for certain and makes everything
// unusable that depends on the same tables: what has written past the driver
// has hardly changed this result alone.
func (c *Cache) violation(l *lookup, d *difference) {
	err := fmt.Errorf("cachedsql: the cache would have given another answer than the database: %s", d)
	c.judged(l, Event{Outcome: Different, Err: err})
	if l.plan.tellsDifference() {
		c.config.Logger.Error("cachedsql: the cache would have given another answer than the database; the tables are invalidated",
			"query_id", l.plan.st.QueryID, "rule", l.route.ruleName(), "tables", l.route.tables(), "difference", d.String(), "stored", l.check.header.FilledAt)
	}
	_ = c.bump(context.Background(), l.route.backend.space, l.route.backend.space.named(l.route.tables())) // what fails is owed
}

func (c *Cache) judged(l *lookup, e Event) {
	e.QueryID, e.Statement, e.Rule = l.plan.st.QueryID, l.plan.st.Normal, l.route.ruleName()
	l.plan.tally.count(e.Outcome, e.Reason)
	c.emit(e)
}

// dropEntry removes what is stored for a lookup, here and in the store.
func (c *Cache) dropEntry(l *lookup) {
	c.near.drop(nearKey{l.route.backend.space, l.key})
	_ = c.gate.call(context.Background(), func(ctx context.Context) error { return l.route.backend.space.store.Delete(ctx, l.key) })
}

// toldEvery is how often one statement's differences are logged. All are
// counted.
const toldEvery = time.Minute

// tellsDifference reports whether it is time to log one again.
func (p *plan) tellsDifference() bool {
	now := sinceStart()
	last := p.told.Load()
	return (last == 0 || now-last >= int64(toldEvery)) && p.told.CompareAndSwap(last, now)
}

// tables are the tables that the result depends on.
func (r *route) tables() []string {
	var names []string
	for _, p := range r.effects.Reads {
		names = append(names, p.Table)
	}
	return distinct(names)
}
