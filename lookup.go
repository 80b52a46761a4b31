package cachedsql

import (
	"context"
	"database/sql/driver"
	"errors"
	"slices"
	"time"

	"github.com/cachedsql/cachedsql/internal/reason"
	"github.com/cachedsql/cachedsql/internal/rowcodec"
)

// lookup is a read on its way from the store to the database and back into the
// store.
type lookup struct {
	plan    *plan
	route   *route
	wish    wish
	key     Key
	tags    TagSet
	lease   *nearLease // under which hits need not ask; nil: they do
	outages uint64     // how many this process had seen when it began
	reading Reading
	refused error // why an entry that is there is not in reading
	started time.Time
	flight  *flight // what others wait for; nil if nobody can
	// departures is that of the flights for key when the store was asked.
	departures uint32
	check      *check // the hit that the answer is compared with; nil: none
	shared     bool   // only for those who wait, not to be stored
}

// look tries to answer a read from the store. It returns the rows of a hit; or
// the lookup of a miss, whose result may be stored; or why neither, with the
// lookup where others may look for the same.
func (c *conn) look(ctx context.Context, p *plan, x *call) (*lookup, driver.Rows, Reason, error) {
	w := wishOf(ctx)
	if why := c.refuse(p, w); why != reason.None {
		return nil, nil, why, nil
	}
	r, err := c.prepareRoute(ctx, p)
	if err != nil {
		return nil, nil, c.failed(ctx), ctx.Err()
	}
	if c.unverified && !r.servesUnverified() {
		return nil, nil, reason.None, c.another(ctx)
	}
	for range 2 {
		if why := c.refuseRoute(p, r, w); why != reason.None {
			return nil, nil, why, nil
		}
		l := c.newLookup()
		l.plan, l.route, l.wish, l.started = p, r, w, r.now()
		rows, why, err := c.ask(ctx, l, x)
		if why != reason.UnknownRelation {
			if rows == nil && why != reason.None && (why != reason.PendingWrite || w.refresh || r.shadows()) {
				l = nil
			}
			return l, rows, why, err
		}
		if c.lazy {
			return nil, nil, reason.None, c.another(ctx)
		}
		// The schema has changed: once more with the new catalog.
		if r, err = c.prepareRoute(ctx, p); err != nil {
			return nil, nil, c.failed(ctx), ctx.Err()
		}
	}
	return nil, nil, reason.UnknownRelation, nil
}

// refuse says why a read that its text allows is not looked up.
func (c *conn) refuse(p *plan, w wish) Reason {
	switch {
	case p.textReason() != reason.None:
		return p.textReason()
	case w.bypass:
		return reason.BypassContext
	case p.hints.bypass:
		return reason.BypassHint
	case c.cache.rules.Load() == nil && !w.hasTTL && !p.hints.hasTTL:
		return reason.NoRule
	case c.tx.inside():
		return reason.InTransaction
	case c.openRows > 0:
		return reason.OpenRows
	case c.session.off != reason.None:
		return c.session.off
	case c.cache.shut.Load():
		return reason.Closed
	case !c.cache.gate.open():
		return reason.CacheDown
	}
	return reason.None
}

// refuseRoute says why a read is not looked up in the session's present state.
func (c *conn) refuseRoute(p *plan, r *route, w wish) Reason {
	hinted := p.hints.hasTTL
	switch {
	case c.tx.inside():
		return reason.InTransaction // autocommit is off, as the session says
	case c.session.readsTemp(p.st), c.session.lendsTemp(p.st, r):
		return reason.TempTable
	case c.session.unfit != reason.None:
		return c.session.unfit
	case r.reason == reason.NoRule && (w.hasTTL || hinted):
		return reason.None
	case r.reason != reason.None:
		return r.reason
	case r.rule.TTL == 0 && !w.hasTTL && !hinted:
		return reason.RuleOff
	}
	return reason.None
}

// ask is the round trip. UnknownRelation means that the catalog had to be read
// again and the route is to be made anew.
func (c *conn) ask(ctx context.Context, l *lookup, x *call) (driver.Rows, Reason, error) {
	key, ok := c.connector.adapter.fingerprint(c.room[:], &c.session.key, &l.plan.text, x.path(), x.args)
	if !ok {
		return nil, reason.UnknownArgument, nil
	}
	if c.readsTimeWords() && slices.ContainsFunc(x.args, timeWord) {
		return nil, reason.TimeFunction, nil
	}
	tags, ok := l.route.readTags(key, x.args, c.cache.config.MaxTags)
	if !ok {
		return nil, reason.TooManyTables, nil
	}
	l.key, l.tags, l.lease, l.outages = key, tags.set, tags.lease, c.cache.gate.outages.Load()
	if c.background && !c.takesOver(l) {
		return nil, reason.None, errNotTheSame
	}
	e := c.cache.near.find(l)
	if e != nil {
		hit, dead := c.cache.near.known(l, e)
		if hit && c.isTakenUnder(l.reading.Schema) {
			return c.nearHit(ctx, l, e), reason.None, nil
		}
		if dead {
			c.cache.near.forget(l, e)
			e = nil
		}
	}
	if e != nil {
		if why, err := c.read(ctx, l, false); why != reason.None || err != nil {
			return nil, why, err
		}
		c.cache.near.take(l)
		if decide.IsHit(e.header.Vector, l.reading.Vector, l.reading.Settled) {
			return c.nearHit(ctx, l, e), reason.None, nil
		}
		c.cache.near.forget(l, e)
	}
	if why, err := c.read(ctx, l, !l.wish.refresh); why != reason.None || err != nil {
		return nil, why, err
	}
	if l.refused != nil {
		c.refuseEntry(ctx, l, l.refused)
	}
	c.cache.near.take(l)
	if l.reading.Entry != nil && !l.wish.refresh {
		if rows := c.hit(ctx, l, x); rows != nil {
			return rows, reason.None, nil
		}
	}
	l.reading.Entry, l.reading.Shared = nil, nil
	return nil, reason.None, nil
}

// newLookup returns an empty lookup, the last one's if that was a hit: nobody
// keeps those.
func (c *conn) newLookup() *lookup {
	l := c.spare
	if l == nil {
		return &lookup{}
	}
	c.spare = nil
	return l
}

// putAside keeps a lookup for the next one, without what it has found.
func (c *conn) putAside(l *lookup) {
	*l = lookup{}
	c.spare = l
}

// read asks the store for the tags, and for the entry if it is wanted.
func (c *conn) read(ctx context.Context, l *lookup, entry bool) (Reason, error) {
	sp := l.route.backend.space
	var err error
	if entry {
		l.departures = c.cache.flights.departures(l.key)
		l.reading, l.refused, err = sp.readEntry(ctx, l.key, l.tags)
	} else {
		err = c.cache.gate.call(ctx, func(ctx context.Context) (err error) {
			l.reading, err = sp.store.Check(ctx, l.tags)
			return err
		})
	}
	switch {
	case err != nil:
		return reason.CacheDown, ctx.Err()
	case !c.refreshCatalog(ctx, l.reading.Schema):
		return reason.UnknownRelation, ctx.Err()
	case !decide.MayFill(l.reading.Settled):
		return reason.PendingWrite, nil
	}
	return reason.None, nil
}

// hit replays the entry if it was computed under the versions just read.
func (c *conn) hit(ctx context.Context, l *lookup, x *call) driver.Rows {
	h, err := rowcodec.DecodeHeader(l.reading.Entry)
	if err == nil && !decide.IsHit(h.Vector, l.reading.Vector, l.reading.Settled) {
		l.plan.tally.outdated()
		return nil // a write came in between
	}
	outcome := Hit
	if err == nil {
		switch l.route.ageOf(&h) {
		case fresh:
			if c.refreshes(l, &h) {
				return nil // the entry's time ends soon
			}
		case stale:
			if !c.revalidate(ctx, l, x) {
				return nil
			}
			outcome = StaleHit
		case expired:
			return nil
		}
	}
	var result *rowcodec.Result
	if err == nil {
		result, err = l.reading.decode()
	}
	if err == nil {
		result, err = c.cache.near.keep(l, h, result)
	}
	if err != nil {
		c.discard(ctx, l, err)
		return nil
	}
	if c.checks(l, outcome, &h, result) {
		return nil
	}
	return c.served(ctx, l, result, outcome)
}

// served counts a hit in the store and replays it.
func (c *conn) served(ctx context.Context, l *lookup, result *rowcodec.Result, o Outcome) driver.Rows {
	c.cache.counts.count(o, reason.None)
	l.plan.tally.hit(o, l.started)
	if c.cache.config.OnEvent != nil {
		c.tell(ctx, l, o, int64(len(l.reading.Entry)))
	}
	if l.flight == nil {
		c.putAside(l)
	}
	return c.replay(result)
}

// discard removes an entry that nobody can use. One that another version of
// this library wrote, or that names a time zone unknown here, others can.
func (c *conn) discard(ctx context.Context, l *lookup, err error) {
	c.emit(ctx, l.plan, Event{Outcome: Corrupt, Rule: l.route.ruleName(), Err: err})
	if errors.Is(err, rowcodec.ErrVersion) || errors.Is(err, rowcodec.ErrZone) {
		return
	}
	c.deleteEntry(l)
}

// failed is the reason for a lookup that stopped before the store was asked.
func (c *conn) failed(ctx context.Context) Reason {
	switch {
	case ctx.Err() != nil, c.cache.gate.down.Load():
		return reason.CacheDown
	case c.session.known:
		return reason.UnknownRelation // the catalog, which has been noted
	}
	return reason.SessionState // likewise
}

func (r *route) ruleName() string {
	if r.rule == nil {
		return ""
	}
	return r.rule.Name
}
