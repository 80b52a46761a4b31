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
		began := time.Now()
		for i := range 5 {
			p.exec(p.a.db, fmt.Sprintf("CREATE TABLE created%d (id integer PRIMARY KEY)", i))
			p.a.warm(fmt.Sprintf("SELECT id FROM created%d", i))
		}
		if took := time.Since(began); took > 3*time.Second {
			p.Errorf("5 tables were cached after %v: none of them was known before the catalog was due", took)
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
