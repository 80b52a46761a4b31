// Package sqlparse turns the text of an SQL statement into what the cache has
// to know of it: which tables it reads and writes, whether its result is a
// function of those tables and its arguments, and what it does to the
// connection's transaction and session. It never executes anything, never
// panics, and takes bounded time and memory whatever the text.
package sqlparse

import "github.com/cachedsql/cachedsql/internal/reason"

// Dialect is the SQL dialect and lexical rules of a database.
type Dialect uint8

const (
	// Generic is a database nobody knows: its statements are read as those of
	// each dialect, and what any reading finds counts.
	Generic Dialect = iota
	Postgres
	MySQL // and MariaDB
	SQLite
)

func (d Dialect) String() string {
	switch d {
	case Postgres:
		return "postgres"
	case MySQL:
		return "mysql"
	case SQLite:
		return "sqlite"
	}
	return "generic"
}

// Kind is what a statement does, by its most consequential effect.
type Kind uint8

const (
	Unknown Kind = iota // no parser accepts it: treated as a write
	Read
	Write
	DDL     // schema, privileges
	Tx      // transaction control
	Session // SET, RESET, USE, PREPARE, DISCARD, ...
	Other   // EXPLAIN, ANALYZE, LOCK, cursors, ...
)

var kindWords = [...]string{"unknown", "read", "write", "ddl", "tx", "session", "other"}

func (k Kind) String() string { return kindWords[k] }

// Table names a relation as the statement does, after the dialect's case
// folding and unquoting. Schema (database in MySQL) is empty when the name is
// bare; Catalog is set only for three-part names.
type Table struct{ Catalog, Schema, Name string }

// String returns the name as written: name, schema.name or catalog.schema.name.
func (t Table) String() string {
	s := t.Name
	if t.Schema != "" {
		s = t.Schema + "." + s
	}
	if t.Catalog != "" {
		s = t.Catalog + "." + s
	}
	return s
}

// Func names a function the statement calls and whose effect only the catalog
// or the rule file can tell: built-ins are settled by the analysis itself.
type Func struct{ Schema, Name string }

// TypeUse is a conversion to a type, by its bare name.
type TypeUse struct {
	Name string
	// Constant: what is converted is a literal, which the analysis has looked at.
	Constant bool
}

// TxOp is what a statement does to the transaction it runs in.
type TxOp uint8

const (
	TxNone           TxOp = iota
	TxBegin               // BEGIN, START TRANSACTION, XA START
	TxCommit              // COMMIT, END
	TxRollback            // ROLLBACK, ABORT
	TxSavepoint           // SAVEPOINT, RELEASE, ROLLBACK TO
	TxPrepare             // PREPARE TRANSACTION, XA PREPARE: the connection leaves the transaction
	TxCommitPrepared      // COMMIT PREPARED, XA COMMIT: somebody's writes become visible
	TxRollbackPrepared
	TxSet           // SET TRANSACTION ...: no effect on what is open
	TxAutocommitOff // SET autocommit = 0
	TxAutocommitOn  // SET autocommit = 1: commits what is open
)

// Operand is a value a predicate compares with: a parameter or a literal.
type Operand struct {
	Param   int    // 1-based position of the parameter; 0 for a literal
	Name    string // the parameter's, without its prefix; "" where it has none
	Literal string // the literal's value, unquoted
	Kind    OperandKind
}

// OperandKind tells a literal's type, as far as the text shows it.
type OperandKind uint8

const (
	OperandParam OperandKind = iota
	OperandInt
	OperandString
	OperandOther // anything else: never usable for a dimension
)

// Predicate is a conjunct "column = operand" or "column IN (operands)" that
// holds for every row of its table reference that can reach the result (for a
// write: every row it can touch), if the table has such a column. A literal
// is as the text has it: '05' may be compared with an integer column.
type Predicate struct {
	Column string
	Values []Operand
}

// TableRef is one occurrence of a table in a read position.
type TableRef struct {
	Table Table
	Fixed []Predicate
}

// WriteOp is how a statement changes a table.
type WriteOp uint8

const (
	OpOther  WriteOp = iota // anything not below: every row may change
	OpInsert                // plain INSERT ... VALUES: Fixed lists the columns' values of all rows
	OpUpdate
	OpDelete
)

// WriteRef is one table a statement writes.
type WriteRef struct {
	Table Table
	Op    WriteOp
	Fixed []Predicate // as for TableRef; for OpInsert one per listed column, one value a row
	Sets  []string    // columns an UPDATE assigns
}

// Statement is the analysis of one text. It is immutable once returned.
type Statement struct {
	Dialect Dialect
	Kind    Kind

	// Reads and Writes are the tables by name, without duplicates, in order of
	// first appearance. WritesAll: what is written is not known; every table
	// may be. ReadsAll likewise (only with a Reason set).
	Reads, Writes       []Table
	ReadsAll, WritesAll bool

	// Names are those in a query that no grammar accepts: some are tables.
	Names []Table

	// OnlyRows: of a text that no parser has read (Kind Unknown) it is known that
	// it changes rows and leaves session and transaction alone.
	OnlyRows bool

	// LiteralNames means that Writes has contents of literals among the names: a
	// text that no grammar accepts may use one as a name. Only a catalog tells
	// which is. Without one it is to be taken for a write to every table, as a
	// literal's value must not get into the names of tags.
	LiteralNames bool

	// ReadRefs and WriteRefs are the same tables by occurrence, with what is
	// known of the rows touched.
	ReadRefs  []TableRef
	WriteRefs []WriteRef

	// Endless: its rows may never end, as those of a table expression that reads
	// itself. SQLite's analysis alone tells, where rows are computed as they are
	// asked for.
	Endless bool

	// Reason is why a result must not be cached whatever the rules say, None
	// where nothing in the text forbids it; Detail is what in the text caused
	// it ("now", "for update"), lower case, never a literal's value.
	Reason reason.Reason
	Detail string

	// Funcs are the functions called that need the catalog to be judged. With
	// Reason None and Funcs not empty the statement is cacheable only if every
	// one is known to be immutable (or is declared stable with its tables).
	Funcs []Func

	// Builtins are the built-in functions called by a bare name. The analysis
	// judges the built-in; a user's function of that name with other argument
	// types may be what is called.
	Builtins []string

	// Attributes are the names after a dot that need not be columns: to
	// PostgreSQL t.f is f(t) where t has no column f.
	Attributes []string

	// TimeCasts are the columns whose values the statement turns into dates or
	// times, or moves to another zone. That is a function of the column unless
	// its type is text ("now" would be read at each run) or timetz.
	TimeCasts []string

	// Types are PostgreSQL's types that the statement converts to. What a domain
	// is, and of what others are made, the catalog knows.
	Types []TypeUse

	// DayCasts are the columns of which MySQL is asked for a date. A time of day
	// has that of the current day.
	DayCasts []string

	// DayMixes are the places where MySQL may compare or merge a time of day with
	// a date, which asks for its date. Aliases are the names, lower case, that
	// the statement itself gives to columns; one of them may be of any type.
	// TimesOfDay: it makes times of day by itself.
	DayMixes   []DayMix
	Aliases    []string
	TimesOfDay bool

	// Tx is the effect on the transaction; ImplicitCommit means that the
	// statement commits what is open before (and as) it runs: MySQL's DDL.
	// Chain: COMMIT AND CHAIN, ROLLBACK AND CHAIN.
	Tx             TxOp
	ImplicitCommit bool
	Chain          bool

	// Maintains: the server may compute expressions of indexes and statistics of
	// tables that need not be named.
	Maintains bool

	// Delayed: the server may write the rows after it has said that it did,
	// MySQL's INSERT DELAYED.
	Delayed bool

	// SessionVars are the settings the statement changes on the connection, also
	// where it is a read (set_config, whose value may be a parameter),
	// lower case ("search_path", "role", "timezone", "app.tenant");
	// SessionUnknown: it may change some that the text does not show (CALL, DO,
	// set_config with a computed name, user functions do not count here).
	// SessionReset: RESET ALL, DISCARD ALL. ChangesDatabase: USE.
	// SessionLocal: what SessionVars names goes back at the transaction's end
	// (SET LOCAL); outside of one it does not change at all.
	SessionVars     []string
	SessionLocal    bool
	SessionUnknown  bool
	SessionReset    bool
	ChangesDatabase bool

	// TempTables are the temporary relations the statement creates.
	TempTables []Table

	// Parts is set for a text of several statements, in order. Tx and Chain
	// are then found in the parts alone.
	Parts []*Statement

	// QueryName is the name in a leading "-- name: GetUser :one" comment.
	QueryName string
	// Hints are the key=value words of a "cachedsql:" comment; bare words have
	// an empty value. HintError is set when such a comment is malformed.
	Hints     map[string]string
	HintError string

	// Text is the statement without comments and outer space: it keeps every
	// literal, and identifies the statement for the entry key.
	Text string
	// Normal is the normal form: literals and lists replaced by "?", space and
	// keyword case folded. Rules match on it, stats show it.
	Normal string
	// QueryID is 16 hex digits that name the normal form.
	QueryID string
}

// Opaque reports whether it may do anything to its session and transaction: no
// parser has read the text.
func (s *Statement) Opaque() bool { return s.Kind == Unknown && !s.OnlyRows }

// Cacheable reports whether the text alone allows caching (the catalog and
// the rules have their say after that).
func (s *Statement) Cacheable() bool { return s.Kind == Read && s.Reason == reason.None }

// ReasonWithoutCatalog is the Reason where no catalog can judge the functions
// the statement calls: they are unknown then.
func (s *Statement) ReasonWithoutCatalog() reason.Reason {
	if s.Reason == reason.None && s.Kind == Read && len(s.Funcs) > 0 {
		return reason.UnknownFunction
	}
	return s.Reason
}
