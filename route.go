package cachedsql

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/cachedsql/cachedsql/internal/catalog"
	"github.com/cachedsql/cachedsql/internal/reason"
	"github.com/cachedsql/cachedsql/internal/sqlparse"
)

// route is what has been decided for a plan in one state of rules, catalog and
// session: which tags it reads and writes, and which rule selects it.
type route struct {
	routeKey
	effects catalog.Effects
	rule    *Rule    // nil: none
	reason  Reason   // why it is not cached; None if it is
	named   []string // the tables that conditions of rules look at, where it is cacheable
	dialect Dialect

	reads     tagsRead // set where no tag depends on an argument
	readCount int
	lease     time.Duration // how long a near hit need not ask; 0: it asks
	tagSets   tagSets       // where it does
	writes    []string
	// dynamicWrites: writes depends on arguments and has to be made each time.
	dynamicWrites bool
	// hidesCalls: it may run functions that the text does not show.
	hidesCalls bool
}

// routeKey is everything a route depends on besides the plan.
type routeKey struct {
	rules *Rules
	known *knowledge
	// backend is whose catalog that is.
	backend *backend
	path    string
	// database and user may appear in a rule's conditions.
	database, user string
}

// maxRoutes bounds the states remembered for one statement: tenants by schema,
// for example. Beyond it, states take turns.
const maxRoutes = 256

// route returns p's route in the connection's present state, which is known.
func (c *conn) route(p *plan) *route {
	s := &c.session
	key := routeKey{c.cache.rules.Load(), s.backend.known(), s.backend, s.path, s.database, s.user}
	if r := p.route.Load(); r != nil && r.routeKey == key {
		return r
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	r := p.routes[key]
	if r == nil {
		r = c.newRoute(p, key)
		if p.routes == nil || len(p.routes) >= maxRoutes {
			p.routes = map[routeKey]*route{}
		}
		p.routes[key] = r
		p.tally.takes(r)
	}
	p.route.Store(r)
	return r
}

func (c *conn) newRoute(p *plan, key routeKey) *route {
	r := &route{routeKey: key, effects: c.effects(p, key), dialect: c.dialect()}
	r.writes, r.dynamicWrites = fixedWriteTags(&r.effects)
	r.hidesCalls = key.known != nil && key.known.catalog != nil && key.known.catalog.HidesCalls(p.st)
	switch {
	case p.textReason() != reason.None:
		r.reason = p.textReason()
	case r.effects.Reason != reason.None:
		r.reason = r.effects.Reason
	case len(r.effects.Writes) != 0 || r.effects.WritesAll:
		r.reason = reason.UnknownFunction // the only way a read can write
	default:
		q := c.ruleQueryOf(p.st, key)
		r.named, r.rule = q.tables, key.rules.match(q)
	}
	if r.rule == nil && r.reason == reason.None {
		r.reason = reason.NoRule
	}
	r.lease = c.leaseOf(r)
	if !dynamic(r.effects.Reads) {
		names := readTags(r.effects.Reads, nil)
		r.reads, r.readCount = r.newTags(names), len(names)
	}
	return r
}

// effects asks the catalog what the statement reads and writes, or takes the
// names for what they say where there is none.
func (c *conn) effects(p *plan, key routeKey) catalog.Effects {
	if !c.connector.hasCatalog() {
		e := effectsByName(p.st)
		if !c.cache.config.NoCatalog && mayWrite(p.st) {
			e.WritesAll = true // nobody has said that a view, a trigger or a cascade leads nowhere else
		}
		return e
	}
	if key.known == nil || key.known.catalog == nil {
		e := catalog.Effects{Reason: reason.UnknownRelation, Detail: "catalog not read"}
		e.WritesAll = mayWrite(p.st)
		return e
	}
	return c.cache.analyse(key.known.catalog, p.st, c.session.names, key.known.declarations(key.rules))
}

// effectsByName takes every name for a base table. Schemas are left out: which
// one a bare name means is not known here.
func effectsByName(st *sqlparse.Statement) catalog.Effects {
	e := catalog.Effects{Reason: st.Reason, Detail: st.Detail, WritesAll: st.WritesAll || st.Kind == sqlparse.DDL}
	for _, t := range st.Reads {
		e.Reads = append(e.Reads, catalog.Pattern{Table: strings.ToLower(t.Name)})
	}
	if st.LiteralNames {
		e.WritesAll = true
	} else {
		for _, t := range st.Writes {
			e.Writes = append(e.Writes, catalog.Pattern{Table: strings.ToLower(t.Name)})
		}
	}
	if len(st.Funcs) != 0 {
		e.WritesAll = true
		if e.Reason == reason.None {
			e.Reason, e.Detail = reason.UnknownFunction, st.Funcs[0].Name
		}
	}
	if st.Kind == sqlparse.Unknown && len(st.Writes) == 0 {
		e.WritesAll = true
	}
	return e
}

// ruleQueryOf is what rules are matched against. Tables are named in full
// where the catalog can tell their schema.
func (c *conn) ruleQueryOf(st *sqlparse.Statement, key routeKey) *ruleQuery {
	q := &ruleQuery{queryID: st.QueryID, queryName: st.QueryName, normal: st.Normal, database: key.database, user: key.user}
	if key.known != nil && key.known.catalog != nil {
		q.tables = key.known.catalog.Resolve(st.Reads, c.session.names)
		return q
	}
	q.tables = namesOf(st.Reads)
	return q
}

// namesOf are tables as a statement names them.
func namesOf(tables []sqlparse.Table) []string {
	var names []string
	for _, t := range tables {
		name := strings.ToLower(t.Name)
		if t.Schema != "" {
			name = strings.ToLower(t.Schema) + "." + name
		}
		names = append(names, name)
	}
	return names
}

// now is what lookups on the route are timed by. A lease ends by whichever
// clock says so first: see sinceRead.
func (r *route) now() time.Time {
	if r.lease != 0 {
		return time.Now()
	}
	return moment()
}

// prepareRoute makes session and catalog known and returns p's route. It may
// ask the server, so it must not be called inside a transaction.
func (c *conn) prepareRoute(ctx context.Context, p *plan) (*route, error) {
	for range 3 { // the catalog may be read while the session is asked about, but hardly twice
		if err := c.know(ctx); err != nil {
			return nil, err
		}
		if err := c.knowCatalog(ctx); err != nil {
			return nil, err
		}
		r := c.route(p)
		if len(r.effects.Unknown) != 0 && c.session.backend.mayReload() {
			c.session.backend.load(ctx, c.dialect(), server{c}, r.known.schema, true)
			r = c.route(p)
		}
		if c.lazy || c.namesHold(r.known) {
			return r, nil
		}
	}
	return nil, errSchemaChanges
}

var errSchemaChanges = errors.New("cachedsql: the schema changes all the time")

// knowCatalog reads the catalog if this process has not yet, or not with these
// rules. What it learns later of schema changes comes with the store's answers:
// see refreshCatalog.
func (c *conn) knowCatalog(ctx context.Context) error {
	b := c.session.backend
	if !c.connector.hasCatalog() || b.upToDate() {
		return nil
	}
	if b.tooEarly() {
		return errSchemaChanges
	}
	var found Reading
	b.outdated.Store(false) // who finds it so from now on may have seen more than the store says now
	err := c.cache.gate.call(ctx, func(ctx context.Context) (err error) {
		found, err = b.space.store.Check(ctx, b.space.none)
		return err
	})
	if err == nil {
		err = b.load(ctx, c.dialect(), server{c}, found.Schema, false).err
	}
	if err != nil {
		b.outdated.Store(true)
		return err
	}
	if c.connector.lazy {
		// What is known of how connections begin was learnt under no schema, or
		// another. Somebody may need it when the database is down.
		c.connector.outsets.probe(c.connector)
	}
	return nil
}

// isTakenUnder reports whether what a lazy connection is taken for was learnt
// under schema: it may have changed with it.
func (c *conn) isTakenUnder(schema Schema) bool {
	return !c.lazy || c.begins == nil || c.begins.dialled.schema == schema
}

// refreshCatalog reads the catalog again where the store shows that the schema
// has changed since. It reports whether what is known was current.
func (c *conn) refreshCatalog(ctx context.Context, schema Schema) (current bool) {
	b := c.session.backend
	if !c.connector.hasCatalog() {
		return true
	}
	if !c.isTakenUnder(schema) {
		return false
	}
	if k := b.known(); k != nil && k.schema == schema {
		return true
	}
	b.load(ctx, c.dialect(), server{c}, schema, false)
	return false
}

// ttlOf returns how long a result lives: the context's wish, the hint in the
// text, the rule, in this order. ok is false where nothing is to be stored.
func (r *route) ttlOf(p *plan, w wish, rows int64) (ttl time.Duration, ok bool) {
	switch {
	case w.hasTTL:
		return w.ttl, w.ttl > 0
	case p.hints.hasTTL:
		return p.hints.ttl, p.hints.ttl > 0
	case r.rule == nil:
		return 0, false
	case rows == 0:
		return r.rule.EmptyTTL, r.rule.EmptyTTL > 0
	default:
		return r.rule.TTL, r.rule.TTL > 0
	}
}

// hints are what the comments of a text ask for, such as "cachedsql: ttl=30s".
type hints struct {
	bypass bool
	hasTTL bool
	ttl    time.Duration
}

func hintsOf(st *sqlparse.Statement) (h hints) {
	_, h.bypass = st.Hints["bypass"]
	text, given := st.Hints["ttl"]
	if !given {
		return h
	}
	ttl, err := parseTTL(text)
	h.ttl, h.hasTTL = ttl, err == nil
	return h
}

// hintProblem says what is wrong with the hints of a statement, "" if nothing.
func hintProblem(st *sqlparse.Statement) string {
	if st.HintError != "" {
		return st.HintError
	}
	for key, value := range st.Hints {
		switch key {
		case "ttl":
			if _, err := parseTTL(value); err != nil {
				return fmt.Sprintf("hint ttl: %v", err)
			}
		case "bypass":
		default:
			return fmt.Sprintf("hint %q is not one of ttl, bypass", key)
		}
	}
	return ""
}
