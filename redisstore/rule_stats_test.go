package redisstore_test

import (
	"database/sql"
	"path/filepath"
	"testing"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/internal/testredis"
	"github.com/cachedsql/cachedsql/redisstore"
)

// Two processes, a rule that is in shadow mode first and then serves: each
// execution counts for the rule that selected it at the time.
func TestFiguresOfRulesAreWhatWasCounted(t *testing.T) {
	t.Parallel()
	url, file := testredis.Start(t).URL(), filepath.Join(t.TempDir(), "shop.db")
	one, first := process(t, url, file, nil)
	two, second := process(t, url, file, nil)
	for _, text := range []string{"CREATE TABLE items (id INTEGER PRIMARY KEY, price INTEGER)", "INSERT INTO items VALUES (1, 40)"} {
		if _, err := one.Exec(text); err != nil {
			t.Fatal(err)
		}
	}
	reads := map[string]int64{} // by the rule in force
	rule := ""
	read := func(db *sql.DB) {
		t.Helper()
		query(t, db, "SELECT price FROM items WHERE id = ?", 1)
		reads[rule]++
	}
	use := func(name, mode string) {
		t.Helper()
		parsed, err := cachedsql.ParseRules("rules", []byte("version: 1\nrules:\n- {name: "+name+", tables: [items], ttl: 1h, mode: "+mode+"}\n"))
		if err != nil {
			t.Fatal(err)
		}
		rule = name
		first.SetRules(parsed)
		second.SetRules(parsed)
	}
	use("careful", "shadow")
	await(t, "it is stored", func() bool { read(one); return figures(first, queryID(t, first, "price")).Checked > 0 })
	for range 10 {
		read(one)
		read(two)
	}
	plain, err := sql.Open("sqlite", file+"?_pragma=busy_timeout(10000)")
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Close()
	if _, err := plain.Exec("UPDATE items SET price = 41"); err != nil {
		t.Fatal(err)
	}
	await(t, "what is stored is wrong, and it was noticed", func() bool { read(two); return second.Stats().Different > 0 })
	use("trusted", "on")
	await(t, "it is stored again", func() bool { read(two); return figures(second, queryID(t, second, "price")).Hits > 0 })
	for range 10 {
		read(one)
		read(two)
	}
	of := func(f *redisstore.Fleet, rule string) (found cachedsql.RuleStats) {
		for _, r := range f.Rules {
			if r.Rule == rule {
				found = r
			}
		}
		return found
	}
	in := open(t, url, testConfig).Inspector()
	fleet := eventually(t, in, func(f *redisstore.Fleet) bool { return of(f, "trusted").Calls == reads["trusted"] })
	careful, trusted := of(fleet, "careful"), of(fleet, "trusted")
	if careful.Calls != reads["careful"] || careful.Answered != 0 || careful.Different != second.Stats().Different || careful.Checked < 21 || careful.Checked != careful.Calls-careful.Misses-careful.Bypasses {
		t.Errorf("in shadow mode: %+v, want %d calls, and not all of them right", careful, reads["careful"])
	}
	if trusted.Answered < 21 || trusted.Checked != 0 || trusted.Different != 0 || trusted.Answered != trusted.Calls-trusted.Misses-trusted.Bypasses {
		t.Errorf("serving: %+v, want %d calls", trusted, reads["trusted"])
	}
	if ratio, want := trusted.HitRatio(), float64(trusted.Answered)/float64(trusted.Answered+trusted.Misses); ratio != want {
		t.Errorf("hit ratio %v, want %v", ratio, want)
	}
}
