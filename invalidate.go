package cachedsql

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"

	"github.com/cachedsql/cachedsql/internal/reason"
	"github.com/cachedsql/cachedsql/internal/sqlparse"
)

// The road of a write. Before its effect can be visible to anybody its tags
// are leased (begin), after that they are given new tokens (end):
//
//	autocommit statement:  begin, statement, end
//	in a transaction:      statement, ..., begin with all tags, COMMIT, end
//
// What a write touches is decided by its text, whichever method sent it.

// txState is what is known of the transaction on a connection.
type txState struct {
	open          bool                // BEGIN has been sent, no COMMIT or ROLLBACK yet
	autocommitOff bool                // every statement opens one
	doubt         bool                // it cannot be told: both rules are followed
	chains        bool                // MySQL's completion_type: COMMIT may open the next
	isolationOnce bool                // the next statement has an isolation level of its own
	writes        map[string]struct{} // tags written and not committed
	schema        Schema              // they were judged under it
	settings      bool                // settings were changed; a ROLLBACK undoes that
	renamed       bool                // one of them says what a bare name means
}

// inside reports whether a statement may run in a transaction that is already
// open, or stays open after it.
func (t *txState) inside() bool { return t.open || t.autocommitOff || t.unsure() }

// unsure reports whether a statement may take effect at once as well as at a
// later COMMIT.
func (t *txState) unsure() bool { return t.doubt || t.chains }

func (t *txState) add(w touched) {
	if t.writes == nil {
		t.writes = map[string]struct{}{}
	}
	if len(t.writes) == 0 {
		t.schema = w.schema
	}
	if t.schema != w.schema {
		t.writes[WildcardTag] = struct{}{} // one of the judgements is outdated
	}
	for _, n := range w.names {
		t.writes[n] = struct{}{}
	}
}

// touched returns what has been written so far, and what the statement that
// ends the transaction writes.
func (t *txState) touched(last touched) touched {
	if len(last.names) != 0 {
		t.add(last)
	}
	all := touched{schema: t.schema, immediate: last.immediate}
	for n := range t.writes {
		all.names = append(all.names, n)
	}
	all.names = distinct(all.names)
	return all
}

// exec is the one road of a statement that returns no rows.
func (c *conn) exec(ctx context.Context, p *plan, x *call) (driver.Result, error) {
	if err := c.ready(ctx); err != nil {
		return nil, err
	}
	p = c.judged(ctx, p, x.text)
	x.plan = p
	if p.inert && !c.hidesCalls(p) {
		c.tx.isolationOnce = false
		return x.exec(ctx)
	}
	if w, carried := c.takeWrite(x); carried {
		return c.execUnder(ctx, p, x, w)
	}
	c.settleRaw(ctx)
	w, err := c.enter(ctx, p, x.args)
	if err != nil {
		return nil, err
	}
	return c.execUnder(ctx, p, x, w)
}

func (c *conn) execUnder(ctx context.Context, p *plan, x *call, w *write) (driver.Result, error) {
	returned := false
	defer c.leaveIfPanicking(p, w, &returned)
	result, err := x.exec(ctx)
	returned = true
	if errors.Is(err, driver.ErrSkip) {
		c.carry = carry{text: x.text, begun: true, write: w}
		return nil, err
	}
	if c.unread(ctx, p, x, err) {
		c.leaveUnread(w)
		return nil, err
	}
	c.leave(p, w, err)
	return result, err
}

var errPanicked = errors.New("cachedsql: the driver panicked")

// leaveIfPanicking ends a statement whose driver panicked: a program that
// recovers must not keep its lease for good. It has to be deferred.
func (c *conn) leaveIfPanicking(p *plan, w *write, returned *bool) {
	if !*returned {
		c.leave(p, w, errPanicked)
	}
}

// writeQuery runs a statement that may write and returns rows. A write's
// outcome is known when its rows have been closed.
func (c *conn) writeQuery(ctx context.Context, p *plan, x *call) (driver.Rows, error) {
	w, carried := c.takeWrite(x)
	if !carried {
		c.bypassed(ctx, p, c.writeReason(p))
		var err error
		if w, err = c.enter(ctx, p, x.args); err != nil {
			return nil, err
		}
	}
	returned := false
	defer c.leaveIfPanicking(p, w, &returned)
	rows, err := x.query(ctx)
	returned = true
	if errors.Is(err, driver.ErrSkip) {
		c.carry = carry{text: x.text, begun: true, write: w}
		return nil, err
	}
	if c.unread(ctx, p, x, err) {
		c.leaveUnread(w)
		return nil, err
	}
	if err != nil || w == nil && !controlsTransaction(p.st) {
		c.leave(p, w, err)
		return c.plain(rows, err)
	}
	return holdUntilClosed(rows, func(err error) { c.leave(p, w, err) }), nil
}

// writeReason says why a statement with rows takes the road of a write.
func (c *conn) writeReason(p *plan) Reason {
	switch why := p.textReason(); {
	case why != reason.None:
		return why
	case c.tx.isolationOnce:
		return reason.IsolationLevel
	}
	return reason.UnknownFunction // a read that may write
}

// enter does what must come before a statement that may write or change the
// state of the connection. The write it returns, if any, must be passed to
// leave.
func (c *conn) enter(ctx context.Context, p *plan, args []driver.NamedValue) (*write, error) {
	st := p.st
	if controlsTransaction(st) || c.session.backend == nil {
		c.readyToWrite(ctx)
	}
	if st.Kind != sqlparse.Read {
		c.doubtReplica()
	}
	c.offBefore = c.session.off
	t := c.touches(ctx, p, args)
	if len(t.names) != 0 {
		p.tally.invalidates()
	}
	c.session.note(c.dialect(), st)
	if c.tx.inside() {
		c.tx.renamed = c.tx.renamed || renames(st)
		c.tx.settings = c.tx.settings || len(st.SessionVars) != 0
	}
	ends := endsTransaction(st) // commits what is open, by its nature or on the way
	mayEnd := ends || hidesTransaction(st)
	if c.tx.inside() && !ends {
		if len(t.names) != 0 {
			c.tx.add(t)
		}
		if !t.immediate && !mayEnd && !c.tx.unsure() {
			return nil, nil
		}
	}
	if mayEnd {
		t = c.tx.touched(t)
	}
	if len(t.names) == 0 {
		return nil, nil
	}
	return c.begin(ctx, t, func() touched {
		again := c.touches(ctx, p, args)
		c.session.note(c.dialect(), st) // what was asked just now, the statement changes
		return again
	})
}

// leave does what must come after such a statement.
func (c *conn) leave(p *plan, w *write, err error) {
	if w != nil {
		c.proven(w, err)
		c.cache.finish(w, err == nil && !delayed(p.st) || c.definite(err))
	}
	c.tx.after(p.st, err)
	c.believeServer(p.st)
	if w != nil && len(p.st.Parts) != 0 && c.tx.inside() {
		c.tx.add(w.touches()) // BEGIN may have come before them in the text
	}
	if !c.tx.inside() {
		c.forgetSettings()
	}
}

// forgetSettings makes the session's state be asked for again after a
// transaction that changed settings: a ROLLBACK undoes SET, any end SET LOCAL.
func (c *conn) forgetSettings() {
	if c.tx.settings {
		c.session.stale()
	}
	if c.tx.renamed {
		c.session.renamed()
	}
	c.tx.settings, c.tx.renamed = false, false
}

// begin leases what a write of this connection touches. Where the store shows
// that the schema has changed since that was judged, it is judged again, and
// leased as well.
func (c *conn) begin(ctx context.Context, t touched, again func() touched) (*write, error) {
	sp, err := c.writeSpace()
	if err != nil {
		return nil, err
	}
	w, err := c.cache.begin(ctx, sp, t)
	if err != nil || !w.begun || w.judgedRightly() {
		return w, err
	}
	if err := c.cache.widen(ctx, w, c.judgeAgain(ctx, w, again)); err != nil {
		c.cache.finish(w, true)
		return nil, err
	}
	return w, nil
}

// judgeAgain reads the catalog and says what w touches by it. Inside a
// transaction the server cannot be asked, and before it not all statements are
// known any more: then it is everything.
func (c *conn) judgeAgain(ctx context.Context, w *write, again func() touched) touched {
	seen := w.shown()
	all := touched{names: []string{WildcardTag}, schema: seen}
	b := c.session.backend
	if again == nil || c.tx.inside() || b == nil || b.space != w.space {
		w.space.outdate()
		return all
	}
	if k := b.load(ctx, c.dialect(), server{c}, seen, false); k.err != nil {
		return all
	}
	return again()
}

// writeSpace is the namespace writes are announced in. Where this connection
// has not learnt it, it is the connector's last. Where nobody has, since the
// server could not say, OnCacheDown decides: the write is refused, or
// announced as soon as the namespace is known.
func (c *conn) writeSpace() (*space, error) {
	if b := c.believedBackend(); b != nil {
		return b.space, nil
	}
	if c.cache.config.OnCacheDown != Available {
		return nil, fmt.Errorf("%w, write refused: the server has not said which database this is", ErrCacheDown)
	}
	c.connector.owes.Store(true)
	return c.cache.space(c.connector.private), nil
}

// touches returns what the statement changes. In doubt it is everything.
func (c *conn) touches(ctx context.Context, p *plan, args []driver.NamedValue) touched {
	if commitsPrepared(p.st) {
		return touched{names: []string{WildcardTag, SchemaTag}, immediate: true} // some other connection's writes
	}
	if !mayWrite(p.st) && !c.hidesCalls(p) {
		return touched{}
	}
	r := c.knownRoute(ctx, p)
	if r == nil && c.surelyReads(ctx, p) {
		return touched{}
	}
	if r == nil && len(p.st.Funcs) != 0 && c.dialect() == Postgres || r != nil && r.effects.SessionChanged {
		c.sessionChanges()
	}
	if r == nil {
		return touched{names: []string{WildcardTag}, immediate: true}
	}
	return touched{r.writeTags(args), r.knownSchema(), r.effects.Immediate}
}

// sessionChanges notes that a statement may change the session by what it
// calls. Only PostgreSQL's state can be asked for in full.
func (c *conn) sessionChanges() {
	c.session.renamed()
	c.tx.settings, c.tx.renamed = c.tx.inside(), c.tx.inside()
	if c.dialect() != Postgres {
		c.session.off = reason.SessionState
	}
}

// knownSchema is the token that what is known was read under.
func (r *route) knownSchema() Schema {
	if r.known == nil {
		return ""
	}
	return r.known.schema
}

// knownRoute returns p's route, nil where session or catalog are not known and
// cannot be asked for now.
func (c *conn) knownRoute(ctx context.Context, p *plan) *route {
	if c.tx.inside() || c.tx.isolationOnce {
		if c.session.backend == nil || c.connector.hasCatalog() && c.session.backend.catalog.Load() == nil {
			return nil
		}
		r := c.route(p)
		if !c.namesHold(r.known) {
			c.session.renamed()
			r = c.route(p)
		}
		return r
	}
	r, err := c.prepareRoute(ctx, p)
	if err != nil {
		return nil
	}
	return r
}

// delayed reports whether rows may be written after the statement has returned:
// its lease is left to run out.
func delayed(st *sqlparse.Statement) bool {
	return st.Delayed || slices.ContainsFunc(st.Parts, delayed)
}

// endsTransaction reports whether the statement makes visible what the
// transaction has written so far.
func endsTransaction(st *sqlparse.Statement) bool {
	switch st.Tx {
	case sqlparse.TxCommit, sqlparse.TxPrepare, sqlparse.TxAutocommitOn:
		return true
	}
	if st.ImplicitCommit {
		return true
	}
	return slices.ContainsFunc(st.Parts, endsTransaction)
}

// commitsPrepared reports whether the statement makes a prepared transaction's
// writes visible.
func commitsPrepared(st *sqlparse.Statement) bool {
	return st.Tx == sqlparse.TxCommitPrepared || slices.ContainsFunc(st.Parts, commitsPrepared)
}

// controlsTransaction reports whether the statement may begin or end a
// transaction.
func controlsTransaction(st *sqlparse.Statement) bool {
	return st.Tx != sqlparse.TxNone || st.ImplicitCommit || slices.ContainsFunc(st.Parts, controlsTransaction)
}

// hidesTransaction reports whether the statement may begin or end a
// transaction that its text does not show. PostgreSQL lets nothing leave one
// open; elsewhere a routine and a text prepared by text can.
func hidesTransaction(st *sqlparse.Statement) bool {
	return st.Dialect != Postgres && (st.SessionUnknown || st.Opaque())
}

// after follows the transaction through a statement.
func (t *txState) after(st *sqlparse.Statement, err error) {
	t.isolationOnce = setsIsolationOnce(st)
	if len(st.Parts) != 0 {
		t.afterParts(st.Parts, err)
		return
	}
	switch {
	case hidesTransaction(st):
		t.doubt = true
	case st.ImplicitCommit && err == nil:
		t.clear()
	case st.ImplicitCommit && t.inside():
		t.doubt = true // one that the server could not read has committed nothing
	}
	t.chains = t.chains || slices.Contains(st.SessionVars, "completion_type")
	switch st.Tx {
	case sqlparse.TxBegin:
		t.open = t.open || err == nil
		t.doubt = t.doubt || err != nil
	case sqlparse.TxCommit, sqlparse.TxRollback, sqlparse.TxPrepare:
		if err != nil {
			t.doubt = true
			return
		}
		t.clear()
		t.open = st.Chain
	case sqlparse.TxAutocommitOff:
		t.autocommitOff = t.autocommitOff || err == nil
	case sqlparse.TxAutocommitOn:
		if err != nil {
			t.doubt = true
			return
		}
		t.clear()
		t.autocommitOff = false
	}
}

// failed notes that a statement failed in a transaction, which may have ended
// with it: a deadlock on MySQL, ON CONFLICT ROLLBACK on SQLite. What follows takes
// effect at once then, and a ROLLBACK undoes none of it. PostgreSQL runs nothing
// more until the ROLLBACK.
func (t *txState) failed(d Dialect, err error) {
	if err != nil && t.open && d != Postgres && !errors.Is(err, driver.ErrSkip) {
		t.doubt = true
	}
}

// afterParts follows a text of several statements. Where it fails nobody knows
// how far it came.
func (t *txState) afterParts(parts []*sqlparse.Statement, err error) {
	if err == nil {
		for _, st := range parts {
			t.after(st, nil)
		}
		return
	}
	if slices.ContainsFunc(parts, controlsTransaction) || slices.ContainsFunc(parts, hidesTransaction) {
		t.doubt = true
	}
}

// setsIsolationOnce reports whether the statement gives the next one an
// isolation level that the session's settings do not show: MySQL's SET
// TRANSACTION and SET @@transaction_isolation without SESSION.
func setsIsolationOnce(st *sqlparse.Statement) bool {
	return st.Dialect == MySQL && slices.Contains(st.SessionVars, "transaction_isolation")
}

func (t *txState) clear() {
	t.open, t.doubt = false, false
	clear(t.writes)
}

// believeServer corrects what the texts say by the server's own word, where
// the driver passes it on.
func (c *conn) believeServer(st *sqlparse.Statement) {
	ask := c.connector.adapter.TxOpen
	if ask == nil || !c.tx.doubt && !controlsTransaction(st) && len(st.Parts) == 0 && st.Kind != sqlparse.Unknown {
		return
	}
	open, known := ask(c.inner)
	if !known {
		return
	}
	c.tx.doubt = false
	if c.tx.open && !open {
		clear(c.tx.writes)
	}
	c.tx.open = open
}

// commit runs a COMMIT that database/sql sends, under a lease on everything
// the transaction has written.
func (c *conn) commit(ctx context.Context, commit, rollback func() error) error {
	var w *write
	if t := c.tx.touched(touched{}); len(t.names) != 0 {
		var err error
		if w, err = c.begin(context.WithoutCancel(ctx), t, nil); err != nil {
			c.ended(rollback())
			return err
		}
	}
	err := errPanicked // until the driver says otherwise
	defer func() {
		if w != nil {
			c.proven(w, err)
			c.cache.finish(w, err == nil || c.definite(err))
		}
		c.ended(err)
	}()
	err = commit()
	return err
}

// ended forgets the transaction that has just been committed or rolled back.
func (c *conn) ended(err error) {
	if err != nil && !c.definite(err) {
		c.tx.doubt = true
		c.believeServer(transactionEnd)
		return
	}
	c.tx.clear()
	c.forgetSettings()
}

// transactionEnd stands for the COMMIT or ROLLBACK that database/sql sends.
var transactionEnd = &sqlparse.Statement{Tx: sqlparse.TxCommit}

// definite reports that the server answered: the write has taken effect or
// never will.
func (c *conn) definite(err error) bool {
	if f := c.connector.adapter.Definite; f != nil {
		return f(err)
	}
	// SQLite runs in this process: what has returned an error has no effect
	// any more, unless it was the driver that gave up waiting.
	return c.dialect() == SQLite && !errors.Is(err, driver.ErrBadConn) &&
		!errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded)
}
