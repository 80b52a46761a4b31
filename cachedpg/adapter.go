package cachedpg

import (
	"crypto/sha256"
	"database/sql/driver"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/cachedsql/cachedsql"
)

// Adapter returns what a Cache has to know of pgx, for use with connectors
// made by hand:
//
//	config, _ := pgx.ParseConfig(url)
//	cache, _ := cachedsql.New(cachedsql.Config{Adapter: cachedpg.Adapter(config), Rules: rules})
//	db := cache.OpenDB(stdlib.GetConnector(*config))
//
// Of a pool's connector it is pool.Config().ConnConfig that counts. Nil stands
// for a configuration that sets nothing. What hooks such as AfterConnect make of
// the types of PostgreSQL's own is found out from the first connection. Where two
// handles on one database and store differ in more than that (in how arguments
// of an application's types are sent, say), give each an Adapter.Variant of its
// own.
func Adapter(config *pgx.ConnConfig) cachedsql.Adapter {
	return cachedsql.Adapter{
		Dialect:        cachedsql.Postgres,
		Variant:        variant(config),
		TxOpen:         txOpen,
		Definite:       definite,
		Alike:          alike,
		Unreachable:    unreachable,
		ScanColumn:     scanColumn,
		OwnDestination: ownDestination,
		EncodeArg:      encodeArg,
	}
}

// variant names what the configuration sets on every connection. It is
// hashed since settings may hold what nobody should read in a cache.
func variant(config *pgx.ConnConfig) string {
	if config == nil {
		return ""
	}
	hash := sha256.New()
	fmt.Fprintf(hash, "mode %d\n", config.DefaultQueryExecMode)
	for _, name := range slices.Sorted(maps.Keys(config.RuntimeParams)) {
		if name != "application_name" && name != "fallback_application_name" {
			fmt.Fprintf(hash, "%q=%q\n", name, config.RuntimeParams[name])
		}
	}
	return "pgx " + hex.EncodeToString(hash.Sum(nil)[:8])
}

// txOpen reads the status the server sent with its last answer.
func txOpen(c driver.Conn) (open, known bool) {
	conn := pgxConn(c)
	if conn == nil || conn.IsClosed() {
		return false, false
	}
	return conn.PgConn().TxStatus() != 'I', true
}

// maxWrappers bounds the way down to pgx, should a wrapper wrap itself.
const maxWrappers = 8

// pgxConn finds pgx's connection inside what other libraries wrap around it:
// Raw is otelsql's way in, Unwrap the common one. Nil: there is none.
func pgxConn(c driver.Conn) *pgx.Conn {
	for range maxWrappers {
		switch conn := c.(type) {
		case *stdlib.Conn:
			return conn.Conn()
		case interface{ Unwrap() driver.Conn }:
			c = conn.Unwrap()
		case interface{ Raw() driver.Conn }:
			c = conn.Raw()
		default:
			return nil
		}
	}
	return nil
}

// definite reports that the server answered, so nothing of the statement is
// still to come. Not so where the answer ends the connection (it may have
// crossed with a commit), or says that the outcome is not known.
func definite(err error) bool {
	if errors.Is(err, pgx.ErrTxCommitRollback) {
		return true
	}
	pgErr := new(pgconn.PgError)
	if !errors.As(err, &pgErr) {
		return false
	}
	severity := pgErr.SeverityUnlocalized
	if severity == "" { // before PostgreSQL 9.6
		severity = pgErr.Severity
	}
	switch {
	case severity != "ERROR":
		return false // FATAL, PANIC, or a translated word nobody can read
	case pgErr.Code == "40003": // statement_completion_unknown
		return false
	case strings.HasPrefix(pgErr.Code, "08"), // connection_exception, also from poolers
		strings.HasPrefix(pgErr.Code, "57P"): // the server is shutting down or crashed
		return false
	}
	return pgErr.Code != ""
}
