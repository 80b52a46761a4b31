package bind

import (
	"database/sql/driver"
	"reflect"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/cachedmysql"
	"github.com/cachedsql/cachedsql/cachedpg"
)

// knownAdapter returns the adapter that the library has for the driver of a
// connector, and what it was configured with.
func knownAdapter(c driver.Connector, dsn string) (cachedsql.Adapter, bool) {
	switch c.Driver().(type) {
	case *stdlib.Driver:
		return ofPostgres(c, dsn)
	case *mysql.MySQLDriver, mysql.MySQLDriver:
		config, err := mysql.ParseDSN(dsn)
		if err != nil || dsn == "" {
			return cachedsql.Adapter{}, false
		}
		return cachedmysql.Adapter(config), true
	}
	return cachedsql.Adapter{}, false
}

func ofPostgres(c driver.Connector, dsn string) (cachedsql.Adapter, bool) {
	if config, ok := connConfig(c); ok {
		return cachedpg.Adapter(config), true
	}
	if dsn == "" {
		return cachedsql.Adapter{}, false
	}
	config, err := pgx.ParseConfig(dsn)
	if err != nil { // a name of stdlib.RegisterConnConfig
		adapter := cachedpg.Adapter(nil)
		adapter.Variant = "registered " + dsn
		return adapter, true
	}
	return cachedpg.Adapter(config), true
}

// connConfig returns the configuration of a stdlib.GetConnector, which has no
// other way to be asked for it.
func connConfig(c driver.Connector) (*pgx.ConnConfig, bool) {
	v := reflect.ValueOf(c)
	if v.Kind() != reflect.Struct {
		return nil, false
	}
	field := v.FieldByName("ConnConfig")
	if !field.IsValid() || !field.CanInterface() {
		return nil, false
	}
	config, ok := field.Interface().(pgx.ConnConfig)
	return &config, ok && config.ConnString() != ""
}
