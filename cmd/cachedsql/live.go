package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/cachedmysql"
	"github.com/cachedsql/cachedsql/cachedpg"
)

// live explains statements with the catalog of a database.
type live struct {
	ctx     context.Context
	dialect cachedsql.Dialect
	db      *sql.DB
	cache   *cachedsql.Cache
}

// openLive opens the database as a program would, with the settings in its
// DSN. What looks on does not report itself as a process of the fleet.
func openLive(ctx context.Context, d cachedsql.Dialect, dsn, rules string) (*live, error) {
	dsn = withSetting(d, dsn, "cache_report_interval", "off")
	names := map[cachedsql.Dialect]string{cachedsql.Postgres: cachedpg.Name, cachedsql.MySQL: cachedmysql.Name}
	name, ok := names[d]
	if !ok {
		return nil, fmt.Errorf("cachedsql: --dsn is for postgres and mysql, not %s", d)
	}
	var parsed *cachedsql.Rules
	if rules != "" {
		var err error
		if parsed, err = cachedsql.LoadRules(rules); err != nil {
			return nil, err
		}
	}
	db, err := sql.Open(name, dsn)
	if err != nil {
		return nil, err
	}
	cache, ok := cachedsql.FromDB(db)
	if !ok {
		return nil, errors.Join(errors.New("cachedsql: the driver has no cache"), db.Close())
	}
	if parsed != nil {
		cache.SetRules(parsed)
	}
	if err := db.PingContext(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("cachedsql: connect: %w", err), db.Close())
	}
	return &live{ctx, d, db, cache}, nil
}

// withSetting adds a setting to a DSN that does not have it.
func withSetting(d cachedsql.Dialect, dsn, name, value string) string {
	switch {
	case strings.Contains(dsn, name+"="):
		return dsn
	case d == cachedsql.Postgres && !strings.Contains(dsn, "://"):
		quoted := strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(value)
		return dsn + " " + name + "='" + quoted + "'"
	case strings.Contains(dsn, "?"):
		return dsn + "&" + name + "=" + url.QueryEscape(value)
	}
	return dsn + "?" + name + "=" + url.QueryEscape(value)
}

func (l *live) close() { _ = l.db.Close() }

// knows returns an error where the catalog has no table or view of a name, as it
// is written in SQL: to invalidate it would do nothing, and say nothing of that.
func (l *live) knows(table string) error {
	e, err := l.explain(l.dialect, "SELECT 1 FROM "+table)
	if err != nil {
		return err
	}
	if e.Reason.String() == "unknown_relation" {
		return fmt.Errorf("cachedsql: the database has no table %q that a result could depend on; name its schema if it is not in the search path", table)
	}
	return nil
}

func (l *live) explain(d cachedsql.Dialect, text string) (cachedsql.Explanation, error) {
	if d != l.dialect {
		return cachedsql.Explanation{}, fmt.Errorf("the database speaks %s, not %s", l.dialect, d)
	}
	return l.cache.Explain(l.ctx, l.db, text)
}
