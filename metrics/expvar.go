package metrics

import (
	"expvar"

	"github.com/cachedsql/cachedsql"
)

// Expvar returns the cache's counts as a variable to publish:
//
//	expvar.Publish("cachedsql", metrics.Expvar(cache))
//
// It has "stats" and, for each rule, "rules".
func Expvar(c *cachedsql.Cache) expvar.Var {
	return expvar.Func(func() any {
		return struct {
			Stats cachedsql.Stats                 `json:"stats"`
			Rules map[string]cachedsql.QueryStats `json:"rules"`
		}{c.Stats(), c.QueriesByRule()}
	})
}
