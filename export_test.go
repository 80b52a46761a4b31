package cachedsql

import (
	"slices"
	"time"

	"github.com/cachedsql/cachedsql/internal/catalog"
	"github.com/cachedsql/cachedsql/internal/sqlparse"
)

// Analysis is what a Cache asks for the effects of a statement.
type Analysis = func(*catalog.Catalog, *sqlparse.Statement, catalog.Session, *catalog.Declarations) catalog.Effects

// SetAnalysis replaces the analysis of statements not seen yet.
func (c *Cache) SetAnalysis(f Analysis) { c.analyse = f }

// ReadCatalogEachTime lifts the bound on how often the catalog is read. Nothing
// may be open yet.
func (c *Cache) ReadCatalogEachTime() { c.readings = 1 << 20 }

// PostgresUnfit is why a PostgreSQL session allows no caching.
func PostgresUnfit(inRecovery, isolation string) Reason {
	row := make([]catalog.Text, postgresFacts+len(postgresSettings))
	row[5].S, row[6].S = inRecovery, "[]"
	row[postgresFacts+slices.Index(postgresSettings, "default_transaction_isolation")].S = isolation
	st, _ := postgresAnswer(row) // a list of schemas is all it can fail on
	return st.unfit
}

// TrustOutsetsFor sets how long it is believed that connections of the open
// handles begin as they did. Nothing may be dialled meanwhile.
func (c *Cache) TrustOutsetsFor(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for k := range c.connectors {
		k.outsets.lax = d
	}
}

// AwayFrom says when writes of this Cache may go on without a lease, which is
// zero until it has registered.
func (c *Cache) AwayFrom() (from, until time.Time) {
	for _, sp := range c.allSpaces() {
		if sp.registrar != nil {
			return sp.registrar.reg.Away()
		}
	}
	return from, until
}

// RoutesOf returns how many states are remembered for a statement.
func (c *Cache) RoutesOf(d Dialect, text string) int {
	p := c.plans.get(c, d, text)
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.routes)
}
