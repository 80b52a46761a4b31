package cachedsql_test

import (
	"fmt"
	"runtime"
	"sync"
	"testing"
	"weak"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/cachedsqltest"
	"github.com/cachedsql/cachedsql/internal/catalog"
	"github.com/cachedsql/cachedsql/internal/sqlparse"
)

// TestOldCatalogsAreLetGo changes the schema again and again, with a text of
// its own for each schema, and some that are asked under every one. A program
// that writes its arguments into the text, and makes tables as it goes, would
// otherwise keep every catalog there ever was.
func TestOldCatalogsAreLetGo(t *testing.T) {
	t.Parallel()
	cache, _ := cachedsqltest.New(t, cachedsqltest.Everything, nil)
	var mu sync.Mutex
	catalogs := map[weak.Pointer[catalog.Catalog]]bool{}
	cache.SetAnalysis(func(k *catalog.Catalog, st *sqlparse.Statement, names catalog.Session, d *catalog.Declarations) catalog.Effects {
		mu.Lock()
		defer mu.Unlock()
		catalogs[weak.Make(k)] = true
		return k.Effects(st, names, d)
	})
	db := cache.OpenDB(sqliteConnector(t))
	defer db.Close()
	if _, err := db.Exec("CREATE TABLE items (name TEXT)"); err != nil {
		t.Fatal(err)
	}
	const always = "SELECT name FROM items"
	for i := range 10 {
		for _, text := range []string{fmt.Sprintf("CREATE TABLE t%d (id INTEGER PRIMARY KEY)", i), fmt.Sprintf("DELETE FROM t%d", i)} {
			if _, err := db.Exec(text); err != nil {
				t.Fatal(err)
			}
		}
		for _, text := range []string{fmt.Sprintf("SELECT id FROM t%d", i), always} {
			var none any
			_ = db.QueryRow(text).Scan(&none)
		}
	}
	runtime.GC()
	mu.Lock()
	defer mu.Unlock()
	left := 0
	for k := range catalogs {
		if k.Value() != nil {
			left++
		}
	}
	if len(catalogs) < 10 {
		t.Fatalf("only %d catalogs were read: the test shows nothing", len(catalogs))
	}
	if left > 2 { // the last, and one that a connection may be at
		t.Errorf("%d of %d catalogs are still in memory", left, len(catalogs))
	}
	if n := cache.RoutesOf(cachedsql.SQLite, always); n > 1 {
		t.Errorf("%d states of a text are remembered that cannot come back", n-1)
	}
}

// TestStatesUnderOldRulesAreLetGo: a program whose rules change while it runs
// is in each state once.
func TestStatesUnderOldRulesAreLetGo(t *testing.T) {
	t.Parallel()
	cache, _ := cachedsqltest.New(t, cachedsqltest.Everything, func(c *cachedsql.Config) { c.NoCatalog = true })
	db := cache.OpenDB(sqliteConnector(t))
	defer db.Close()
	if _, err := db.Exec("CREATE TABLE items (name TEXT)"); err != nil {
		t.Fatal(err)
	}
	const text = "SELECT name FROM items"
	for i := range 5 {
		rules, err := cachedsql.ParseRules("rules.yaml", fmt.Appendf(nil, "version: 1\nrules: [{name: r%d, ttl: 1m}]", i))
		if err != nil {
			t.Fatal(err)
		}
		cache.SetRules(rules)
		var none any
		_ = db.QueryRow(text).Scan(&none)
	}
	if n := cache.RoutesOf(cachedsql.SQLite, text); n > 1 {
		t.Errorf("%d states of a text are remembered that cannot come back", n-1)
	}
}
