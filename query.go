package cachedsql

import (
	"context"
	"database/sql/driver"
	"errors"

	"github.com/cachedsql/cachedsql/internal/catalog"
	"github.com/cachedsql/cachedsql/internal/reason"
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
	if err := x.conn.arrive(ctx, nil); err != nil {
		return nil, err
	}
	defer x.plan.tally.asked(moment(), false, &err)
	defer func() { x.conn.tx.failed(x.conn.dialect(), err) }()
	x.conn.pristine = false
	if x.stmt != nil {
		return x.stmt.innerQuery(ctx, x.args)
	}
	return x.conn.innerQuery(ctx, x.text, x.args)
}

func (x *call) exec(ctx context.Context) (_ driver.Result, err error) {
	defer x.plan.tally.asked(moment(), true, &err)
	defer func() { x.conn.tx.failed(x.conn.dialect(), err) }()
	x.conn.pristine = false
	if x.stmt != nil {
		return x.stmt.innerExec(ctx, x.args)
	}
	return x.conn.innerExec(ctx, x.text, x.args)
}

// query is the one road of a statement that returns rows.
func (c *conn) query(ctx context.Context, p *plan, x *call) (driver.Rows, error) {
	if c.lazy {
		if err := c.assumeFor(ctx, p); err != nil {
			return nil, err
		}
	}
	rows, err := c.queryOnce(ctx, p, x)
	if err == errAnother { //nolint:errorlint // it is never wrapped
		return c.queryOnce(ctx, p, x)
	}
	return rows, err
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
			if c.lazy || c.rests {
				return nil, c.another(ctx)
			}
			return c.writeQuery(ctx, p, x)
		}
		var rows driver.Rows
		var why Reason
		var err error
		known := c.session.knows()
		if l, rows, why, err = c.look(ctx, p, x); rows != nil || err != nil {
			return rows, err
		}
		if why != reason.None && !c.background && (c.session.knows() != known || why == reason.UnknownRelation) && c.readMayWrite(ctx, p) {
			if c.lazy || c.rests { // it is one by what was only learnt in looking
				return nil, c.another(ctx)
			}
			return c.writeQuery(ctx, p, x)
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
	if !c.sameArguments(l, x) {
		c.emit(ctx, l.plan, Event{Outcome: NotFilled, Reason: reason.UnknownArgument, Rule: l.route.ruleName()})
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

// plain hands out the driver's own rows outside of transactions, and on
// PostgreSQL in them. In one that may go on after an error, or not, they are
// wrapped and watched for one. Where an open result keeps a snapshot on the
// connection, what follows must not be cached.
func (c *conn) plain(rows driver.Rows, err error) (driver.Rows, error) {
	if err == nil && c.snapshotPerConn() {
		c.openRows++
	}
	if err == nil && c.tx.open && c.dialect() != Postgres {
		return holdUntilClosed(rows, func(err error) { c.tx.failed(c.dialect(), err) }), nil
	}
	return rows, err
}

// readMayWrite reports whether a read calls a function that may write or
// change the session: the catalog knows.
func (c *conn) readMayWrite(ctx context.Context, p *plan) bool {
	if len(p.st.Funcs) == 0 && !p.st.WritesAll && len(p.st.Writes) == 0 && !c.hidesCalls(p) {
		return false
	}
	if b := c.session.backend; b != nil && b.altered.Load() {
		b.outdated.Store(true)
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
	if !c.connector.hasCatalog() || len(p.st.Reads)+len(p.st.Names)+len(p.st.Types)+len(p.st.Builtins) == 0 && !p.st.Maintains {
		return false
	}
	k, rules := c.session.knows(), c.cache.rules.Load() != nil // another connection may have led elsewhere
	switch {
	case k == nil || k.catalog == nil:
		return rules
	case c.session.backend.altered.Load() || rules && c.session.backend.outdated.Load():
		return true // what is called may be what was made since
	}
	if r := p.route.Load(); r != nil && r.known == k {
		return r.hidesCalls // what is asked here is the same in every state of a session
	}
	return k.catalog.HidesCalls(p.st)
}
