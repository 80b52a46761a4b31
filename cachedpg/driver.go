// Package cachedpg registers the database/sql driver "cachedpg": pgx with a
// cache in front. A program that uses pgx changes the import and the name:
//
//	import _ "github.com/cachedsql/cachedsql/cachedpg"
//
//	db, err := sql.Open("cachedpg", "postgres://localhost/shop?cache_redis=redis://localhost:6379&cache_rules=rules.yaml")
//
// The data source name is pgx's, a URL or key=value pairs, with settings of
// the cache among its parameters; what it does not say is taken from the
// environment (CACHEDSQL_REDIS, CACHEDSQL_RULES, ...). docs/dsn.md lists them.
// Names made by stdlib.RegisterConnConfig work, configured by the environment.
// Mistakes in the settings come out of sql.Open; those in the rest come out
// where pgx reports them, at first use. Closing the sql.DB closes its cache.
//
// For pools and connectors made by hand there is Adapter.
package cachedpg

import (
	"database/sql"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/internal/dsn"
	"github.com/cachedsql/cachedsql/internal/setup"
)

// Name is the name this package registers with database/sql.
const Name = "cachedpg"

func init() { sql.Register(Name, newDriver()) }

func newDriver() *setup.Driver {
	return &setup.Driver{
		Inner:   stdlib.GetDefaultDriver().(setup.InnerDriver),
		Split:   dsn.Postgres,
		Adapter: adapterFor,
		Refuse:  refuse,
	}
}

// refuse keeps pgx from showing parts of a password that it takes for something
// else. What pgx can use is not refused: no host has an "@" in it.
func refuse(name string) error {
	err := dsn.Blurred(name)
	if err == nil {
		return nil
	}
	if _, unparsed := pgx.ParseConfig(name); unparsed == nil && !strings.Contains(name, "://") {
		return nil
	}
	return err
}

// adapterFor describes a DSN. One that does not parse is left for pgx to
// refuse when it connects. One that only names a registered configuration
// tells nothing about it, and is its own variant.
func adapterFor(name string) cachedsql.Adapter {
	config, err := pgx.ParseConfig(name)
	if err == nil {
		return Adapter(config)
	}
	adapter := Adapter(nil)
	adapter.Variant = "registered " + name
	return adapter
}
