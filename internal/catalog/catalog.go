// Package catalog knows what a database knows about its tables: which base
// tables a view reads, which tables a write reaches through foreign keys,
// triggers, rules and partitions, which functions are pure.
package catalog

import (
	"context"

	"github.com/cachedsql/cachedsql/internal/reason"
	"github.com/cachedsql/cachedsql/internal/sqlparse"
)

// Querier runs one of the catalog's queries and returns all rows as text,
// NULL as the empty string with ok false.
type Querier interface {
	Query(ctx context.Context, query string) ([][]Text, error)
}

// Text is a nullable text value.
type Text struct {
	S     string
	Valid bool
}

// Session is the part of a connection's state that names resolve under.
type Session struct {
	Database   string   // MySQL: the current database
	SearchPath []string // PostgreSQL: the schemas in effect, in order, without temp schemas
	Known      bool     // false: the state is not understood; every schema is possible
}

// Pattern is a tag whose row part may depend on arguments. Column "" is the
// whole table.
type Pattern struct {
	Table  string // tag name: lower case "schema.table" ("db.table" in MySQL, the bare name in SQLite)
	Column string
	Values []sqlparse.Operand // Column = any of these; nil with a Column: every value ("*")
}

// Effects is what a statement reads and writes after the catalog's say.
type Effects struct {
	Reads     []Pattern
	Writes    []Pattern
	WritesAll bool
	// Immediate: a write whose effect is visible before COMMIT, because a
	// table's engine has no transactions.
	Immediate bool
	// Reason is why the result must not be cached; None if nothing forbids it.
	Reason reason.Reason
	Detail string
}
