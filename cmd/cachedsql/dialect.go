package main

import (
	"fmt"
	"strings"

	"github.com/cachedsql/cachedsql"
)

var dialectNames = []string{"postgres", "mysql", "sqlite"}

func parseDialect(name string) (cachedsql.Dialect, error) {
	switch strings.ToLower(name) {
	case "postgres", "postgresql":
		return cachedsql.Postgres, nil
	case "mysql", "mariadb":
		return cachedsql.MySQL, nil
	case "sqlite", "sqlite3":
		return cachedsql.SQLite, nil
	}
	return 0, fmt.Errorf("unknown dialect %q, want one of %s", name, strings.Join(dialectNames, ", "))
}

// chosenDialect is the one --dialect names, or that of the DSN.
func (f *explainFlags) chosenDialect() (cachedsql.Dialect, error) {
	switch {
	case f.dialect != "":
		return parseDialect(f.dialect)
	case f.dsn != "":
		return dialectOf(f.dsn), nil
	}
	return cachedsql.Postgres, nil
}

// dialectOf tells a DSN's form: go-sql-driver's has an address and a slash
// where PostgreSQL's are URLs or key=value pairs.
func dialectOf(dsn string) cachedsql.Dialect {
	switch before, _, _ := strings.Cut(dsn, "?"); {
	case strings.HasPrefix(dsn, "postgres://"), strings.HasPrefix(dsn, "postgresql://"):
		return cachedsql.Postgres
	case strings.Contains(before, ")/"), strings.Contains(before, "@/"), strings.HasPrefix(before, "/"):
		return cachedsql.MySQL
	}
	return cachedsql.Postgres
}
