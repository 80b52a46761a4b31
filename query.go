package cachedsql

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/cachedsql/cachedsql/internal/catalog"
	"github.com/cachedsql/cachedsql/internal/reason"
	"github.com/cachedsql/cachedsql/internal/rowcodec"
	"github.com/cachedsql/cachedsql/internal/sqlparse"
)

// call is one execution of a statement: through a prepared statement of the
// driver, or by its text.
type call struct {
	conn *conn
	stmt *stmt // nil: by text
	text string
	args []driver.NamedValue
	plan *plan
}

func (x *call) path() protocolPath {
	if x.stmt != nil && !x.stmt.fallback {
		return prepared
	}
	return direct
}

func (x *call) query(ctx context.Context) (_ driver.Rows, err error) {
	defer x.plan.tally.asked(moment(), false, &err)
	x.conn.pristine = false
	if x.stmt != nil {
		return x.stmt.innerQuery(ctx, x.args)
	}
	return x.conn.innerQuery(ctx, x.text, x.args)
}

func (x *call) exec(ctx context.Context) (_ driver.Result, err error) {
	defer x.plan.tally.asked(moment(), true, &err)
	x.conn.pristine = false
	if x.stmt != nil {
		return x.stmt.innerExec(ctx, x.args)
	}
	return x.conn.innerExec(ctx, x.text, x.args)
}

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
	check   *check  // the hit that the answer is compared with; nil: none
	shared  bool    // only for those who wait, not to be stored
}

// query is the one road of a statement that returns rows.
func (c *conn) query(ctx context.Context, p *plan, x *call) (driver.Rows, error) {
	if c.lazy {
		return c.queryLazily(ctx, p, x)
	}
	return c.queryOnce(ctx, p, x)
}

func (c *conn) queryOnce(ctx context.Context, p *plan, x *call) (driver.Rows, error) {
	p = c.judged(ctx, p, x.text)
	x.plan = p
	if p.inert && !c.hidesCalls(p) {
		c.tx.isolationOnce = false
		return c.pass(ctx, p, x, p.textReason())
	}
	l, carried := c.takeLookup(x)
	if !carried {
		c.settleRaw(ctx)
		if p.st.Kind != sqlparse.Read || changesSession(p.st) || c.tx.isolationOnce || c.readMayWrite(ctx, p) {
			if c.lazy {
				return nil, c.another(ctx)
			}
			return c.writeQuery(ctx, p, x)
		}
		var rows driver.Rows
		var why Reason
		var err error
		if l, rows, why, err = c.look(ctx, p, x); rows != nil || err != nil {
			return rows, err
		}
		switch {
		case why == reason.None:
		case c.background:
			return nil, errNotTheSame
		case l == nil, l.route.shadows(): // a shadow rule serves nobody with another's answer
			c.haunt(p, why, x)
			return c.pass(ctx, p, x, why)
		default:
			return c.byTurns(ctx, l, x, why)
		}
		if rows, err = c.join(ctx, l); rows != nil || err != nil {
			return rows, err
		}
	}
	if l == nil {
		return c.plain(x.query(ctx))
	}
	if l.inTurn() {
		defer l.flight.fail(true)
		return c.plain(x.query(ctx))
	}
	return c.fetch(ctx, l, x)
}

// fetch asks the database for a result that may be stored.
func (c *conn) fetch(ctx context.Context, l *lookup, x *call) (driver.Rows, error) {
	goesOn := false
	defer func() {
		if !goesOn { // an error, or a panic of the driver: others wait in vain
			l.flight.fail(false)
		}
	}()
	if err := c.arrive(ctx, l); err != nil {
		return nil, err
	}
	rows, err := x.query(ctx)
	if errors.Is(err, driver.ErrSkip) {
		goesOn = true
		c.carry = carry{text: x.text, looked: true, lookup: l}
		return nil, err
	}
	if l.check != nil {
		if served := c.checkAnswered(ctx, l, err); served != nil {
			return served, nil
		}
	}
	if err != nil {
		return nil, err
	}
	if c.scansItself(rows) {
		c.connector.noScanner.Do(func() { c.cache.note(errNoScanner) })
		c.emit(ctx, l.plan, Event{Outcome: NotFilled, Reason: reason.UnsupportedValue, Rule: l.route.ruleName()})
		return c.plain(rows, nil)
	}
	goesOn = true
	l.flight.answer()
	return c.record(rows, l), nil
}

var errNoScanner = errors.New("cachedsql: the driver scans values into types of its own; nothing is cached without an Adapter that does the same, such as cachedpg's")

// pass asks the database and says why the cache is not used. Where the driver
// wants the statement prepared, that has been said and is not said again.
func (c *conn) pass(ctx context.Context, p *plan, x *call, why Reason) (driver.Rows, error) {
	if err := c.arrive(ctx, nil); err != nil {
		return nil, err
	}
	rows, err := c.plain(x.query(ctx))
	switch {
	case !errors.Is(err, driver.ErrSkip):
		c.bypassed(ctx, p, why)
	case !p.inert: // an inert statement is not looked up again anyway
		c.bypassed(ctx, p, why)
		c.carry = carry{text: x.text, looked: true}
	}
	return rows, err
}

// plain hands out the driver's own rows. Where an open result keeps a snapshot
// on the connection, what follows must not be cached.
func (c *conn) plain(rows driver.Rows, err error) (driver.Rows, error) {
	if err == nil && c.snapshotPerConn() {
		c.openRows++
	}
	return rows, err
}

// readMayWrite reports whether a read calls a function that may write or
// change the session: the catalog knows.
func (c *conn) readMayWrite(ctx context.Context, p *plan) bool {
	if len(p.st.Funcs) == 0 && !p.st.WritesAll && len(p.st.Writes) == 0 && !c.hidesCalls(p) {
		return false
	}
	r := c.knownRoute(ctx, p)
	if r == nil {
		return !c.surelyReads(ctx, p)
	}
	return changes(&r.effects)
}

// changes reports whether a statement may change anything.
func changes(e *catalog.Effects) bool {
	return e.WritesAll || len(e.Writes) != 0 || e.SessionChanged
}

// hidesCalls reports whether a function may be called that the text does not
// show. A program without rules does not read the catalog for its reads alone.
func (c *conn) hidesCalls(p *plan) bool {
	if !c.connector.hasCatalog() || len(p.st.Reads) == 0 {
		return false
	}
	sp := c.session.space
	if sp == nil {
		sp = c.connector.last.Load()
	}
	var k *knowledge
	if sp != nil {
		k = sp.known()
	}
	if k == nil || k.catalog == nil {
		return c.cache.rules.Load() != nil
	}
	if r := p.route.Load(); r != nil && r.known == k {
		return r.hidesCalls // what is asked here is the same in every state of a session
	}
	return k.catalog.HidesCalls(p.st)
}

// carry is what has been done for a statement that the driver then wanted
// prepared (driver.ErrSkip): the call through the prepared statement, which
// database/sql makes next, goes on from there.
type carry struct {
	text   string
	looked bool // lookup is what look returned, nil for a bypass
	lookup *lookup
	begun  bool // write is what enter returned, nil for none
	write  *write
}

// takeLookup returns the lookup carried to x, if there is one.
func (c *conn) takeLookup(x *call) (*lookup, bool) {
	if c.carry.looked && x.stmt != nil && x.stmt.fallback && c.carry.text == x.text {
		l := c.carry.lookup
		c.carry = carry{}
		return l, true
	}
	return nil, false
}

// takeWrite returns the write carried to x, if there is one.
func (c *conn) takeWrite(x *call) (*write, bool) {
	if c.carry.begun && x.stmt != nil && x.stmt.fallback && c.carry.text == x.text {
		w := c.carry.write
		c.carry = carry{}
		return w, true
	}
	c.dropCarry()
	return nil, false
}

// dropCarry ends a carried write that has not happened, and a read.
func (c *conn) dropCarry() {
	if c.carry.write != nil {
		c.cache.finish(c.carry.write, true)
	}
	if c.carry.lookup != nil {
		c.carry.lookup.flight.fail(false)
	}
	c.carry = carry{}
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
		return nil, nil, c.failed(ctx, err), ctx.Err()
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
		r = c.route(p) // the schema has changed: once more with the new catalog
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
	case c.session.readsTemp(p.st):
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
	if c.readsTimeWords() && slices.ContainsFunc(x.args, timeWord) {
		return nil, reason.TimeFunction, nil
	}
	key, ok := c.connector.adapter.fingerprint(c.room[:], &c.session.key, &l.plan.text, x.path(), x.args)
	if !ok {
		return nil, reason.UnknownArgument, nil
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
	l.reading.Entry = nil
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
	*l = lookup{}
	return l
}

// read asks the store for the tags, and for the entry if it is wanted.
func (c *conn) read(ctx context.Context, l *lookup, entry bool) (Reason, error) {
	sp := l.route.space
	var err error
	if entry {
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
		result, err = rowcodec.Decode(l.reading.Entry)
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
		c.spare = l
	}
	return c.replay(result)
}

// tell passes on what happened to a lookup, already counted.
func (c *conn) tell(ctx context.Context, l *lookup, o Outcome, bytes int64) {
	st := l.plan.st
	c.cache.config.OnEvent(Event{
		Outcome: o, Rule: l.route.ruleName(), Bytes: bytes, Duration: time.Since(l.started),
		QueryID: st.QueryID, Statement: st.Normal, Context: ctx,
	})
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
func (c *conn) failed(ctx context.Context, err error) Reason {
	switch {
	case ctx.Err() != nil, c.cache.gate.down.Load():
		return reason.CacheDown
	case c.session.known:
		return reason.UnknownRelation // the catalog, which has been noted
	}
	c.cache.note(fmt.Errorf("cachedsql: state of the connection not known: %w", err))
	return reason.SessionState
}

func (c *conn) bypassed(ctx context.Context, p *plan, why Reason) {
	c.cache.counts.count(Bypassed, why)
	p.tally.count(Bypassed, why)
	if c.cache.config.OnEvent != nil {
		c.cache.config.OnEvent(Event{
			Outcome: Bypassed, Reason: why, Detail: p.detail(why),
			QueryID: p.st.QueryID, Statement: p.st.Normal, Context: ctx,
		})
	}
}

func (c *conn) emit(ctx context.Context, p *plan, e Event) {
	c.cache.counts.count(e.Outcome, e.Reason)
	p.tally.count(e.Outcome, e.Reason)
	e.QueryID = p.st.QueryID
	c.cache.notice(&e)
	if c.cache.config.OnEvent != nil {
		e.Statement, e.Context = p.st.Normal, ctx
		c.cache.config.OnEvent(e)
	}
}

func (r *route) ruleName() string {
	if r.rule == nil {
		return ""
	}
	return r.rule.Name
}

// readsTimeWords reports whether the database takes "now" and the like for the
// time wherever a text becomes a date: what such an argument means changes.
func (c *conn) readsTimeWords() bool { return c.dialect() == Postgres || c.dialect() == Generic }

// timeWord reports whether an argument is, or holds, a text with such a word.
func timeWord(nv driver.NamedValue) bool {
	switch v := nv.Value.(type) {
	case nil, int64, float64, bool, time.Time, int, int32:
		return false
	case string:
		return sqlparse.HasTimeWord(v)
	case []byte:
		return sqlparse.HasTimeWord(string(v))
	case []string:
		return slices.ContainsFunc(v, sqlparse.HasTimeWord)
	}
	v := reflect.ValueOf(nv.Value)
	for v.Kind() == reflect.Pointer && !v.IsNil() {
		v = v.Elem()
	}
	if v.Kind() == reflect.String {
		return sqlparse.HasTimeWord(v.String())
	}
	if valuer, ok := nv.Value.(driver.Valuer); ok {
		value, ok := valueOf(valuer)
		text, is := value.(string)
		return !ok || is && sqlparse.HasTimeWord(text)
	}
	return false
}
