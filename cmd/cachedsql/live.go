package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

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

func openLive(ctx context.Context, d cachedsql.Dialect, dsn, rules string) (*live, error) {
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

func (l *live) close() { _ = l.db.Close() }

func (l *live) explain(d cachedsql.Dialect, text string) (cachedsql.Explanation, error) {
	if d != l.dialect {
		return cachedsql.Explanation{}, fmt.Errorf("the database speaks %s, not %s", l.dialect, d)
	}
	return l.cache.Explain(l.ctx, l.db, text)
}
