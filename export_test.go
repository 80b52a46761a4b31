package cachedsql

import (
	"github.com/cachedsql/cachedsql/internal/catalog"
	"github.com/cachedsql/cachedsql/internal/sqlparse"
)

// Analysis is what a Cache asks for the effects of a statement.
type Analysis = func(*catalog.Catalog, *sqlparse.Statement, catalog.Session, *catalog.Declarations) catalog.Effects

// SetAnalysis replaces the analysis of statements not seen yet.
func (c *Cache) SetAnalysis(f Analysis) { c.analyse = f }
