package cachedsql_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/cachedsql/cachedsql"
)

// A table that was created through the cache is known when it is read first,
// not only when the next reading of the catalog for unknown names is due.
func TestTableIsCachedAsSoonAsItIsCreated(t *testing.T) {
	inPairs(t, func(p *pair) {
		p.a.warm(allItems)
		quick := time.Hour
		for i := range 5 {
			quick = min(quick, took(func() {
				p.exec(p.a.db, fmt.Sprintf("CREATE TABLE created%d (id integer PRIMARY KEY)", i))
				p.a.warm(fmt.Sprintf("SELECT id FROM created%d", i))
			}))
		}
		if quick > 900*time.Millisecond {
			p.Errorf("the first of 5 tables that was cached took %v: none of them was known before the catalog was due", quick)
		}
	})
}

func TestBypassNamesTheRelationThatIsNotKnown(t *testing.T) {
	inPairs(t, func(p *pair) {
		_, _ = p.a.db.Query("SELECT id FROM nowhere")
		for _, e := range p.a.rec.Events() {
			if e.Outcome == cachedsql.Bypassed && e.Detail == "nowhere" {
				return
			}
		}
		p.Errorf("no event names the table: %+v", p.a.rec.Events())
	})
}
