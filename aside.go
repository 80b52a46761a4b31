package cachedsql

import (
	"context"
	"time"

	"github.com/cachedsql/cachedsql/internal/catalog"
	"github.com/cachedsql/cachedsql/internal/sqlparse"
)

// A read that calls functions, or whose tables may hide calls, counts as a write
// until the catalog says otherwise. While the store is away the catalog cannot
// be read as of a schema that the store knows, as everything needs that is
// cached or announced. But what a read does not write the database can say
// alone: it is asked aside, and nothing else goes by its answer.

// asideShare bounds the time spent on it: one part in so many.
const asideShare = 20

// aside is a catalog read without the store, and when.
type aside struct {
	catalog *catalog.Catalog
	at      time.Time
}

// surelyReads reports whether a read writes nothing by what the database says,
// where no route is known. Inside a transaction that is what it said before.
func (c *conn) surelyReads(ctx context.Context, p *plan) bool {
	b := c.session.backend
	if p.st.Kind != sqlparse.Read || b == nil || !c.session.names.Known || !c.connector.hasCatalog() {
		return false
	}
	if b.tooEarly() {
		return false // what it said before it was changed so often says nothing of now
	}
	a := b.aside.Load()
	if !c.tx.inside() && !c.tx.isolationOnce {
		a = b.readAside(ctx, c.dialect(), server{c})
	}
	if a == nil {
		return false
	}
	rules := c.cache.rules.Load()
	e := c.cache.analyse(a.catalog, p.st, c.session.names, (&knowledge{}).declarations(rules))
	return !changes(&e)
}

// readAside returns nil where the database does not say.
func (b *backend) readAside(ctx context.Context, d sqlparse.Dialect, q catalog.Querier) *aside {
	select {
	case <-b.loading:
	case <-ctx.Done():
		return nil
	}
	defer func() { b.loading <- struct{}{} }()
	b.mu.Lock()
	goodFor := max(reloadAtMost, asideShare*b.loadTook)
	b.mu.Unlock()
	if a := b.aside.Load(); a != nil && time.Since(a.at) < goodFor {
		return a
	}
	b.aside.Store(nil) // what it said before says nothing of now
	if b.failedLately() != nil {
		return nil
	}
	at := time.Now()
	k, err := b.readCatalog(ctx, d, q)
	if err != nil {
		return nil
	}
	a := &aside{k, at}
	b.aside.Store(a)
	return a
}
