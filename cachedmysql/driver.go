// Package cachedmysql registers the database/sql driver "cachedmysql":
// go-sql-driver/mysql with a cache in front. A program that uses that driver
// changes the import and the name:
//
//	import _ "github.com/cachedsql/cachedsql/cachedmysql"
//
//	db, err := sql.Open("cachedmysql", "user:password@tcp(localhost)/shop?cache_rules=rules.yaml")
//
// The data source name is that driver's, with settings of the cache among its
// parameters; as with all of them, a value's special characters (the slashes
// of a path or URL above all) have to be percent-encoded. What the DSN does
// not say is taken from the environment (CACHEDSQL_REDIS, CACHEDSQL_RULES,
// ...). docs/dsn.md lists the settings. Closing the sql.DB closes its cache.
//
// For connectors made by hand there is Adapter.
package cachedmysql

import (
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"

	"github.com/go-sql-driver/mysql"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/internal/dsn"
	"github.com/cachedsql/cachedsql/internal/setup"
)

// Name is the name this package registers with database/sql.
const Name = "cachedmysql"

func init() { sql.Register(Name, newDriver()) }

func newDriver() *setup.Driver {
	return &setup.Driver{Inner: inner{}, Split: dsn.MySQL, Adapter: adapterFor}
}

// inner is the wrapped driver with one error more helpful: an unescaped slash
// in a setting makes the driver see an address where there is none.
type inner struct{ mysql.MySQLDriver }

func (d inner) OpenConnector(name string) (driver.Connector, error) {
	connector, err := d.MySQLDriver.OpenConnector(name)
	if err != nil && strings.HasPrefix(err.Error(), "default addr for network") {
		err = errNetwork
	}
	if err != nil && strings.Contains(name, dsn.Prefix) {
		return nil, fmt.Errorf(`%w (in the value of a %s setting "/" is written %%2F)`, err, dsn.Prefix+"*")
	}
	return connector, err
}

// errNetwork stands for the driver's words, which quote what it takes for the
// network: the user and half of the password, where that has a slash in it and
// the one in front of the database is missing.
var errNetwork = errors.New("invalid DSN: unknown network, without an address (is the slash in front of the database missing?)")

// adapterFor describes a DSN; one that does not parse has been refused.
func adapterFor(name string) cachedsql.Adapter {
	config, _ := mysql.ParseDSN(name)
	return Adapter(config)
}
