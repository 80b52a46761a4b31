package catalog

import (
	"testing"

	"github.com/cachedsql/cachedsql/internal/reason"
	"github.com/cachedsql/cachedsql/internal/sqlparse"
)

// Rows of a foreign table are among those of all above it, and of none beside.
func TestForeignTableIsReadByAllAboveIt(t *testing.T) {
	t.Parallel()
	c := newCatalog(sqlparse.Postgres)
	rels := map[string]*relation{}
	for n, kind := range map[string]relationKind{"top": partitioned, "middle": partitioned, "beside": table, "away": foreign, "heir": table} {
		rels[n] = c.add("public", n, kind)
	}
	for _, pair := range [][2]string{{"top", "middle"}, {"top", "beside"}, {"middle", "away"}, {"away", "heir"}} {
		parent, child := rels[pair[0]], rels[pair[1]]
		parent.children, child.parents = append(parent.children, child), append(child.parents, parent)
	}
	c.index()
	for n, want := range map[string]reason.Reason{"top": reason.ForeignTable, "middle": reason.ForeignTable, "beside": reason.None, "away": reason.ForeignTable, "heir": reason.None} {
		e := c.Effects(sqlparse.Parse(sqlparse.Postgres, "SELECT * FROM public."+n), Session{Known: true}, nil)
		if e.Reason != want || want != reason.None && e.Detail != "public.away" {
			t.Errorf("a read of %s: %v %q, want %v", n, e.Reason, e.Detail, want)
		}
	}
}
