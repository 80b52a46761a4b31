package cachedsql

import (
	"context"
	"crypto/sha256"
	"database/sql/driver"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/cachedsql/cachedsql/internal/catalog"
	"github.com/cachedsql/cachedsql/internal/reason"
	"github.com/cachedsql/cachedsql/internal/sqlparse"
)

// session is what is known of a connection's state on the server. It is asked
// from the server when a statement first needs it and again after any
// statement that may have changed it, never inside a transaction: there the
// question could fix a snapshot the application has not asked for.
type session struct {
	known bool   // the fields below are the server's word
	off   Reason // why nothing may be cached whatever the server says; sticky

	key      [sha256.Size]byte // everything that can change a result
	backend  *backend
	asked    time.Time // when that was found
	names    catalog.Session
	path     string // names, as a comparable value
	database string
	user     string
	unfit    Reason // why this state allows no caching: a replica, an isolation level
	temp     map[string]struct{}
	schema   Schema // that was known when the server was asked; see namesHold

	failed  time.Time // when the server could last not say
	failure error     // why

	// misread: a setting makes, or may make, the server read texts in another
	// way than their analysis does. See judged.
	misread bool

	// run is that of the server, where it is asked for only once: a connection
	// does not outlive it. Nil: not asked yet.
	run *string

	// watched are settings the application has changed, beyond those that are
	// always part of the key.
	watched []string

	grants grants // MySQL
}

// stale makes the next statement that needs the state ask for it again.
func (s *session) stale() { s.known, s.failure = false, nil }

// failedLately returns the failure of a question that is so recent that another
// would only delay a statement: one right is missing, or one function, on a server
// that is like PostgreSQL and not quite it. A connection that has not been told
// which database it leads to asks again at once: its writes reach no reader.
func (s *session) failedLately() error {
	if s.failure != nil && s.backend != nil && time.Since(s.failed) < askAgainAfter {
		return s.failure
	}
	return nil
}

// askAgainAfter is how long a connection is not asked about its state after it
// could not tell.
const askAgainAfter = time.Second

// renamed makes every schema possible for a bare name until the state has been
// asked for again.
func (s *session) renamed() {
	s.known = false
	s.names.Known = false
	s.path = "?"
}

// renames reports whether a statement may change what a bare name means.
func renames(st *sqlparse.Statement) bool {
	return st.SessionUnknown || st.SessionReset || st.ChangesDatabase || st.Opaque() ||
		slices.ContainsFunc(st.SessionVars, func(v string) bool {
			return v == "search_path" || v == "role" || v == "session_authorization"
		})
}

// changesSession reports whether a statement may change the state of its
// connection, apart from the transaction. A read may too: set_config().
func changesSession(st *sqlparse.Statement) bool {
	return len(st.SessionVars) != 0 || st.SessionUnknown || st.SessionReset || st.ChangesDatabase ||
		len(st.TempTables) != 0 || st.Opaque()
}

// watch makes a setting part of the key.
func (s *session) watch(name string) {
	if name = strings.ToLower(name); !slices.Contains(s.watched, name) {
		s.watched = append(s.watched, name)
	}
}

// note takes in what a statement does to the session. It is called before the
// statement runs, so that no outcome of it is missed.
func (s *session) note(d Dialect, st *sqlparse.Statement) {
	if !changesSession(st) {
		return
	}
	s.stale()
	if renames(st) {
		s.renamed()
	}
	s.misread = s.misread || changesReading(st)
	s.grants.note(st)
	for _, v := range st.SessionVars {
		if !strings.HasPrefix(v, "@") {
			s.watch(v)
		}
	}
	for _, t := range st.TempTables {
		s.addTemp(t.Name)
	}
	// PostgreSQL's state, temporary tables included, can be asked for in full.
	// Elsewhere a text that hides what it does ends caching on the connection.
	if d != Postgres && (st.SessionUnknown || st.Opaque()) {
		s.off = reason.SessionState
	}
	if d == SQLite && !harmlessPragmas(st.SessionVars) {
		s.off = reason.SessionState
	}
}

func (s *session) addTemp(name string) {
	if s.temp == nil {
		s.temp = map[string]struct{}{}
	}
	s.temp[strings.ToLower(name)] = struct{}{}
}

// readsTemp reports whether the statement may mean a temporary table, or the type
// of its rows. The name of an array's type begins with an underscore; of what, it
// need not say in full.
func (s *session) readsTemp(st *sqlparse.Statement) bool {
	if len(s.temp) == 0 {
		return false
	}
	isTemp := func(name string) bool {
		_, ok := s.temp[strings.ToLower(name)]
		return ok
	}
	return slices.ContainsFunc(st.Reads, func(t sqlparse.Table) bool { return isTemp(t.Name) }) ||
		slices.ContainsFunc(st.Types, func(t sqlparse.TypeUse) bool { return isTemp(t.Name) || strings.HasPrefix(t.Name, "_") })
}

// lendsTemp reports whether a function may run that means a temporary table of
// the session: a bare name in its body is looked up where it is called.
func (s *session) lendsTemp(st *sqlparse.Statement, r *route) bool {
	return len(s.temp) != 0 && (len(st.Funcs) != 0 || r.hidesCalls)
}

// know makes the session's state known, asking the server if need be.
func (c *conn) know(ctx context.Context) error {
	s := &c.session
	if s.known && (c.lazy || c.namesHold(s.backend.known())) {
		return nil
	}
	if err := s.failedLately(); err != nil {
		return err
	}
	schema := c.schemaKnown()
	found, err := c.askState(ctx)
	if err != nil {
		if ctx.Err() == nil && !errors.Is(err, driver.ErrBadConn) {
			s.failed, s.failure = time.Now(), err
			c.noteNoState(err)
		}
		return err
	}
	s.failure = nil
	c.learn(found)
	s.schema = schema
	if c.pristine {
		c.connector.learnt(c)
	}
	return nil
}

func (c *conn) askState(ctx context.Context) (state, error) {
	switch c.dialect() {
	case Postgres:
		return c.postgresState(ctx)
	case MySQL:
		return c.mysqlState(ctx)
	case SQLite:
		return c.sqliteState(ctx)
	}
	return state{names: catalog.Session{Known: true}}, nil
}

// noteNoState tells the operator why nothing is cached on a connection, once a
// minute per cause.
func (c *conn) noteNoState(err error) {
	k := c.connector
	k.noState.Lock()
	known := k.noState.cause == err.Error() && time.Since(k.noState.told) < time.Minute
	if !known {
		k.noState.cause, k.noState.told = err.Error(), time.Now()
	}
	k.noState.Unlock()
	if !known {
		c.cache.note(fmt.Errorf("cachedsql: state of the connection not known: %w", err))
	}
}

// namesHold reports whether bare names mean on the connection what was learnt of
// them, as far as k tells. Nobody has to say anything on it to change that: a
// schema of search_path that has not been there may be created ("$user" is in
// it by default), or the use of one granted. k is what the statement is judged
// by. Of a lazy connection isTakenUnder says the same.
func (c *conn) namesHold(k *knowledge) bool {
	return c.dialect() != Postgres || k == nil || k.schema == c.session.schema
}

// schemaKnown is the schema that this process knows of the database which the
// connection is believed to lead to. What the server says afterwards is at
// least as new.
func (c *conn) schemaKnown() Schema {
	if k := c.believedKnown(); k != nil {
		return k.schema
	}
	return ""
}

// state is the server's answer.
type state struct {
	namespace string // "" = cannot be told
	run       string // see restarted; "" = cannot be told
	replica   bool
	settings  []string
	names     catalog.Session
	database  string
	user      string
	unfit     Reason
	misread   bool
	temp      []string
}

// of names the server among those of the namespace.
func (st *state) of() string {
	if st.replica {
		return replicaRun
	}
	return st.run
}

// connections numbers the connections whose database nobody can name.
var connections atomic.Uint64

func (c *conn) learn(found state) {
	s := &c.session
	if c.cache.config.Namespace != "" {
		found.namespace, found.run = c.cache.config.Namespace, ""
	}
	if found.run != "" {
		found.settings = append(found.settings, found.run)
	}
	s.unfit, s.misread = found.unfit, found.misread
	switch {
	case found.namespace != "":
	case c.dialect() == Generic && c.cache.owned:
		// Nobody can be asked which database this is, but nobody else shares
		// the store either. Every write counts for all of the Cache's
		// databases, and every connection has entries of its own: it may be
		// the only one to its database, as in memory.
		found.namespace = "unnamed"
		found.settings = append(found.settings, strconv.FormatUint(connections.Add(1), 10))
	default:
		s.unfit = reason.UnknownNamespace
		found.namespace = c.connector.private
	}
	sp := c.cache.space(found.namespace)
	s.backend, s.asked = sp.backend(found.of()), time.Now()
	c.leadsTo(s.backend)
	s.names, s.database, s.user = found.names, found.database, found.user
	s.path = found.names.Database + "\x00" + strings.Join(found.names.SearchPath, "\x00")
	for _, t := range found.temp {
		s.addTemp(t)
	}
	h := sha256.New()
	for _, part := range append([]string{c.variant(), found.database, found.user}, found.settings...) {
		var n [8]byte
		binary.BigEndian.PutUint64(n[:], uint64(len(part)))
		h.Write(n[:])
		h.Write([]byte(part))
	}
	h.Sum(s.key[:0])
	s.known = true
	c.connector.identified.Store(true)
	c.connector.last.Store(s.backend)
	if sp.restarted(found.run) {
		c.cache.forgetRun(sp)
	}
	if c.connector.owes.Swap(false) {
		c.cache.bumpNow(sp, touched{names: []string{WildcardTag, SchemaTag}})
	}
}
