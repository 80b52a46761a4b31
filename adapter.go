package cachedsql

import (
	"database/sql/driver"
	"reflect"
	"strings"

	"github.com/cachedsql/cachedsql/internal/sqlparse"
)

// Dialect is the SQL dialect of a database.
type Dialect = sqlparse.Dialect

// The dialects whose statements, sessions and catalogs are understood. A
// Generic database's statements are read by every grammar at hand; it has no
// catalog and no known session state. What its views and triggers do is not
// known either, so a write counts for every table, see Config.NoCatalog.
const (
	Generic  = sqlparse.Generic
	Postgres = sqlparse.Postgres
	MySQL    = sqlparse.MySQL
	SQLite   = sqlparse.SQLite
)

// Adapter is what a Cache knows of one particular driver. Every field may be
// left out; what is missing costs caching or speed, never a right answer.
type Adapter struct {
	// Dialect is the SQL dialect. Generic means: detect it from the driver.
	Dialect Dialect

	// Variant stands for everything in the configuration of the connection
	// that can change a value, its Go type or what a statement sees. It is
	// part of every entry's key. Empty: on PostgreSQL and MySQL a connection
	// is asked for values of the types that options are about, and what it hands
	// out stands for them; of any other database a connector shares its results
	// with no other, but those of one data source name under WrapDriver do. What
	// a wrapper of the application's own makes of values is not seen in full: give it
	// a Variant.
	Variant string

	// TxOpen asks the connection whether a transaction is open on the server.
	// Nil, or known false: what the statements' texts say is believed.
	TxOpen func(driver.Conn) (open, known bool)

	// Definite reports that err came from the server and that the failed
	// statement certainly has no effect after it. Nil: every error leaves a
	// write's outcome unknown.
	Definite func(err error) bool

	// SyntaxError reports that err is the server's answer to a text that it
	// cannot read. Nil: MySQL's refusal of a text that is not understood here
	// either ends caching on the connection, as what it may have done is not
	// known.
	SyntaxError func(err error) bool

	// Alike reports that all connections of a connector begin in the same state
	// (the same user, database and settings), and that they check arguments
	// without looking at any state of theirs: Config.LazyConnect relies on it.
	// Nil, or false: the connector's connections are dialled at once. Where it
	// says false, Variant does not say everything, and one is asked as well.
	Alike func(driver.Connector) bool

	// Unreachable reports that err, from an attempt to connect, means that the
	// server could not be reached or is not up, rather than that it refused. Nil:
	// every failure counts as a refusal.
	Unreachable func(err error) bool

	// ResetProbes says that ResetSession of the driver's connections does nothing
	// but look whether the connection is still there. It is called when a
	// connection is about to be used then, rather than for hits, which do not use
	// it; and at least once a second.
	ResetProbes bool

	// ReusesBytes says that a []byte of the driver's is good until the next row
	// only, which is all that database/sql promises. Those of a hit then are as
	// well, and cost less.
	ReusesBytes bool

	// ScanColumn scans v, a value of the given database type, into dest where
	// dest is not one of database/sql's own destinations. Go 1.27 and later:
	// there the results of a driver that scans columns itself, as pgx does, are
	// cached only where this is set.
	ScanColumn func(c driver.Conn, databaseType string, v driver.Value, dest any) error

	// OwnDestination reports whether ScanColumn has to be used for dest.
	OwnDestination func(dest any) bool

	// EncodeArg returns bytes that are equal for two arguments only if the
	// driver sends the same for both; ok false means that a statement with
	// such an argument is not cached. It is asked for types other than
	// driver.Value's own.
	EncodeArg func(v any) (canonical []byte, ok bool)
}

// connDialect knows a connection by its type, also where it is wrapped by one
// that shows what it wraps, as otelsql's does, or only keeps it in a field.
func connDialect(c driver.Conn) Dialect {
	for range 8 {
		if d := detectDialect(c); d != Generic {
			return d
		}
		switch w := c.(type) {
		case interface{ Unwrap() driver.Conn }:
			c = w.Unwrap()
		case interface{ Raw() driver.Conn }:
			c = w.Raw()
		default:
			return keptDialect(reflect.ValueOf(c), 8)
		}
	}
	return Generic
}

var connType = reflect.TypeFor[driver.Conn]()

// keptDialect looks for a connection that is known in the fields of a wrapper,
// which most tracers and loggers do not export. Only types are looked at.
func keptDialect(v reflect.Value, depth int) Dialect {
	for v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface {
		v = v.Elem()
	}
	if depth == 0 || v.Kind() != reflect.Struct {
		return Generic
	}
	for i := range v.NumField() {
		kept := v.Field(i)
		if kept.Kind() == reflect.Interface {
			kept = kept.Elem()
		}
		if !kept.IsValid() || !kept.Type().Implements(connType) {
			continue
		}
		if d := dialectOf(kept.Type()); d != Generic {
			return d
		}
		if d := keptDialect(kept, depth-1); d != Generic {
			return d
		}
	}
	return Generic
}

// detectDialect knows a driver, or a connection, by the package of its type.
func detectDialect(v any) Dialect { return dialectOf(reflect.TypeOf(v)) }

func dialectOf(t reflect.Type) Dialect {
	for t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t == nil {
		return Generic
	}
	switch path := t.PkgPath(); {
	case strings.HasPrefix(path, "github.com/jackc/pgx/"), path == "github.com/lib/pq", path == "github.com/uptrace/bun/driver/pgdriver":
		return Postgres
	case path == "github.com/go-sql-driver/mysql":
		return MySQL
	case path == "modernc.org/sqlite", path == "github.com/glebarez/go-sqlite", path == "github.com/mattn/go-sqlite3",
		strings.HasPrefix(path, "github.com/ncruces/go-sqlite3"):
		return SQLite
	}
	return Generic
}
