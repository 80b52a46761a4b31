package catalog

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/cachedsql/cachedsql/internal/sqlparse"
)

// A database with a schema for each tenant has a thousand functions of each name,
// and a bare call may mean any of them. Statements wait while it is read. To look
// at each for each call takes minutes.
func TestFunctionsOfAThousandTenantsSettleQuickly(t *testing.T) {
	t.Parallel()
	const tenants, functions = 1000, 25
	l := &postgresLoader{c: newCatalog(sqlparse.Postgres), fns: map[string]*routine{}, vols: map[string]volatility{}, asking: map[*routine]bool{}}
	add := func(schema, fn string, calls ...sqlparse.Func) {
		oid := schema + "." + fn
		l.fns[oid], l.vols[oid] = l.c.addRoutine(schema, fn), immutable
		l.claims = append(l.claims, claim{oid: oid, calls: calls})
	}
	for tenant := range tenants {
		schema := fmt.Sprintf("tenant%d", tenant)
		for i := range functions { // each calls the next; the last of one tenant's tells the time
			add(schema, fmt.Sprintf("tells%d", i), sqlparse.Func{Name: fmt.Sprintf("tells%d", i+1)})
			add(schema, fmt.Sprintf("own%d", i), sqlparse.Func{Schema: schema, Name: fmt.Sprintf("own%d", i+1)})
			add(schema, fmt.Sprintf("adds%d", i), sqlparse.Func{Name: fmt.Sprintf("adds%d", i+1)}, sqlparse.Func{Name: "sum"})
		}
	}
	for _, fn := range []string{"tells", "own"} {
		l.asking[l.c.addRoutine("tenant7", fmt.Sprintf("%s%d", fn, functions))] = true
	}
	start := time.Now()
	l.settle()
	took := time.Since(start)
	t.Logf("%d functions settle in %v", len(l.claims), took)
	if took > 10*time.Second {
		t.Error("a statement would have waited")
	}
	for oid, f := range l.fns {
		want := immutable
		if strings.HasPrefix(f.name.name, "tells") || f.name.schema == "tenant7" && strings.HasPrefix(f.name.name, "own") {
			want = stable
		}
		if f.volatility != want || l.vols[oid] != want {
			t.Fatalf("%s is %d and %d, want %d", oid, f.volatility, l.vols[oid], want)
		}
	}
}

// What is found of one function counts for what calls it, also by a default.
func TestDefaultThatAsksEndsTheBeliefInItsCallers(t *testing.T) {
	t.Parallel()
	l := &postgresLoader{c: newCatalog(sqlparse.Postgres), fns: map[string]*routine{}, vols: map[string]volatility{}, asking: map[*routine]bool{}}
	for _, oid := range []string{"caller", "defaulted", "clock", "steady"} {
		l.fns[oid], l.vols[oid] = l.c.addRoutine("public", oid), immutable
	}
	l.asking[l.fns["clock"]] = true
	l.claims = []claim{
		{oid: "caller", calls: []sqlparse.Func{{Schema: "other", Name: "clock"}, {Name: "defaulted"}}},
		{oid: "defaulted", by: []*routine{l.fns["clock"]}},
		{oid: "steady", calls: []sqlparse.Func{{Schema: "other", Name: "clock"}}},
	}
	l.settle()
	for oid, want := range map[string]volatility{"caller": stable, "defaulted": stable, "steady": immutable} {
		if got := l.vols[oid]; got != want {
			t.Errorf("%s is %d, want %d", oid, got, want)
		}
	}
}
