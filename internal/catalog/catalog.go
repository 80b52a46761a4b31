// Package catalog knows what a database knows about its tables: which base
// tables a view reads, which tables a write reaches through foreign keys,
// triggers, rules and partitions, which functions are pure.
//
// Its answers err on one side only. Doubt about a read is a Reason not to
// cache it; doubt about a write invalidates more. What it cannot see and does
// not answer for: a remote server behind a foreign table that writes back to
// this database, and a relation created since it was loaded (Effects.Unknown
// names it, so that the caller can load again).
package catalog

import (
	"context"
	"fmt"
	"slices"

	"github.com/cachedsql/cachedsql/internal/reason"
	"github.com/cachedsql/cachedsql/internal/sqlparse"
)

// Querier runs one of the catalog's queries and returns all rows as text,
// NULL as the empty string with Valid false. An answer of another number of
// columns is an error: a mock or a proxy answers whatever it is asked. The queries of one Load should
// see one snapshot where that costs nothing; they do not rely on it, because
// the DDL that would tell them apart makes its own process load again.
type Querier interface {
	Query(ctx context.Context, query string, columns int) ([][]Text, error)
}

// Text is a nullable text value.
type Text struct {
	S     string
	Valid bool
}

// first is the first byte, 0 if there is none: a kind, or a truth value.
func (t Text) first() byte {
	if t.S == "" {
		return 0
	}
	return t.S[0]
}

// Session is the part of a connection's state that names resolve under.
type Session struct {
	Database   string   // MySQL: the current database
	SearchPath []string // PostgreSQL: the schemas in effect, in order, without temp schemas; pg_catalog is implied first where it is not listed
	Known      bool     // false: the state is not understood; every schema is possible

	// TempTables are the bare, lower-case names of the connection's temporary
	// relations. A read that names one is not cached, however it is qualified.
	TempTables map[string]struct{}
}

// Pattern is a set of tags whose row part may depend on arguments. Its three
// forms, and the tags each side has to use for them:
//
//	Table                    the table as a whole: the tag (table)
//	Table, Column, Values    rows whose column is one of the values
//	Table, Column, no Values rows with any value in the column ("*"): the tag (table, column, *)
//
// For the second form a READ depends on (table, column, v) of every value v
// and on (table, column, *), and not on (table); a WRITE changes (table,
// column, v) of every value. A write always names (table) and, for every
// dimension of the table, the second or the third form, so a write and a read
// that can meet in a row share a tag. v is Type.Value of the operand. Where
// that is not ok for any of the values the pattern falls back: a read's to
// (table), a write's to (table, column, *). Reads never have the third form.
type Pattern struct {
	Table  string // tag name: lower case "schema.table" ("db.table" in MySQL, the bare name in SQLite)
	Column string
	Type   Type               // of Column
	Values []sqlparse.Operand // Column = any of these; nil with a Column: every value ("*")
}

// Effects is what a statement reads and writes after the catalog's say.
type Effects struct {
	Reads     []Pattern
	Writes    []Pattern
	WritesAll bool
	// Immediate: a write whose effect may be visible before COMMIT, because a
	// table's engine has no transactions or a routine commits by itself. It may
	// also stay after the statement failed.
	Immediate bool
	// SessionChanged: a routine the statement runs changes settings or creates
	// temporary relations, so the session is not understood afterwards.
	SessionChanged bool
	// Endless: a view that is read has rows that may never end. SQLite's tell.
	Endless bool
	// Unknown are relations and functions the catalog has not heard of. The
	// answer is the best that can be given without them; the caller should load
	// the catalog anew, once, and ask again.
	Unknown []string
	// Reason is why the result must not be cached; None if nothing forbids it.
	Reason reason.Reason
	// Detail is the relation or function behind Reason or WritesAll.
	Detail string
}

// Catalog is a snapshot of what the database knows. It does not change after
// Load and may be used by many goroutines at once.
type Catalog struct {
	dialect   sqlparse.Dialect
	relations map[name][]*relation   // by folded name: several only where the server tells case apart and we do not
	bare      map[string][]*relation // by folded bare name
	routines  map[name]*routine
	routine   map[string][]*routine // by folded bare name
	builtins  map[string]volatility // PostgreSQL: worst volatility by name, user overloads not counted
	shadows   map[string][]*routine // user routines, not immutable, that share their name with a built-in
	ofRows    map[string]bool       // PostgreSQL: the names of user routines, not immutable, that t.f may call
	operators []operator            // PostgreSQL: user operators that are not immutable
	symbols   map[string]bool       // PostgreSQL: every user operator
	casts     []cast                // PostgreSQL: user casts that are not immutable
	hazards   map[string]*hazard    // PostgreSQL: types that are more than they seem, by bare name
	blind     map[string]bool       // MySQL: databases whose triggers and keys the user may not see

	maintained    []*routine // PostgreSQL: what ANALYZE, VACUUM, CLUSTER and REINDEX may call, of any table
	eventTriggers bool       // PostgreSQL: even a temporary relation's DDL may run anything
	warnings      []string
}

// Load reads the catalog of the database behind q in a few queries. An error
// means that there is no catalog: nothing may be cached and every write
// invalidates everything. What only a privilege hides is a warning instead.
func Load(ctx context.Context, d sqlparse.Dialect, q Querier) (*Catalog, error) {
	c, err := load(ctx, d, q, false)
	if err != nil && ctx.Err() == nil {
		// A relation dropped while its definition was being printed fails the
		// query; the next one does not see it. One query for everything may also
		// be too much for somebody's limits.
		c, err = load(ctx, d, q, true)
	}
	if err != nil {
		return nil, fmt.Errorf("catalog: %w", err)
	}
	return c, nil
}

// load reads it; apart: what can be asked together is asked one by one.
func load(ctx context.Context, d sqlparse.Dialect, q Querier, apart bool) (*Catalog, error) {
	c := newCatalog(d)
	var err error
	switch d {
	case sqlparse.Postgres:
		err = (&postgresLoader{c: c, q: q, apart: apart}).load(ctx)
	case sqlparse.MySQL:
		err = (&mysqlLoader{c: c, q: q}).load(ctx)
	case sqlparse.SQLite:
		err = (&sqliteLoader{c: c, q: q}).load(ctx)
	default:
		err = fmt.Errorf("nothing to load for dialect %s", d)
	}
	if err != nil {
		return nil, err
	}
	c.index()
	return c, nil
}

// HidesCalls reports whether a statement may run routines that its text does
// not show: in a view's text, a policy, an operator, a cast, under the name of a
// built-in function, or as an attribute of a row.
func (c *Catalog) HidesCalls(st *sqlparse.Statement) bool {
	if st.Maintains {
		return len(c.maintained) != 0
	}
	if len(c.shadows)+len(c.operators)+len(c.casts) != 0 || slices.ContainsFunc(st.Attributes, func(a string) bool { return c.ofRows[a] }) {
		return true
	}
	if slices.ContainsFunc(st.Types, func(t sqlparse.TypeUse) bool { return len(c.hazard(t.Name).calls()) > 0 }) {
		return true
	}
	hides := func(r *relation) bool { return r.kind == view || r.policies != nil }
	may := func(t sqlparse.Table) bool { return slices.ContainsFunc(c.bare[c.fold(t.Name)], hides) }
	return slices.ContainsFunc(st.Reads, may) || slices.ContainsFunc(st.Names, may)
}

// Warnings are what could not be read and how that widens the answers, one
// sentence each.
func (c *Catalog) Warnings() []string { return append([]string(nil), c.warnings...) }
