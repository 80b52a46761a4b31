package redisstore_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"modernc.org/sqlite"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/internal/testredis"
	"github.com/cachedsql/cachedsql/redisstore"
)

// process opens a handle as a process of its own would.
func process(t *testing.T, url, file string, change func(*cachedsql.Config)) (*sql.DB, *cachedsql.Cache) {
	t.Helper()
	rules, err := cachedsql.ParseRules("rules.yaml", []byte("version: 1\nrules:\n- {name: items, tables: [items], ttl: 1m}\n"))
	if err != nil {
		t.Fatal(err)
	}
	config := cachedsql.Config{
		Store: open(t, url, testConfig), Rules: rules, Lease: quarantine, Namespace: "shop",
		LookupTimeout: 5 * time.Second, ReportInterval: 100 * time.Millisecond,
		Adapter: cachedsql.Adapter{Dialect: cachedsql.SQLite, Variant: "shop"},
	}
	if change != nil {
		change(&config)
	}
	cache, err := cachedsql.New(config)
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(cache.WrapConnector(sqliteFile{file}))
	t.Cleanup(func() {
		_ = db.Close()
		_ = cache.Close()
	})
	return db, cache
}

type sqliteFile struct{ name string }

func (f sqliteFile) Connect(context.Context) (driver.Conn, error) {
	return (&sqlite.Driver{}).Open(f.name + "?_pragma=busy_timeout(10000)")
}
func (sqliteFile) Driver() driver.Driver { return &sqlite.Driver{} }

// eventually waits until a reading of the fleet is as wanted.
func eventually(t *testing.T, in *redisstore.Inspector, wanted func(*redisstore.Fleet) bool) *redisstore.Fleet {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for {
		f, err := in.Fleet(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if wanted(f) {
			return f
		}
		select {
		case <-ctx.Done():
			t.Fatalf("the fleet stays %+v", f)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func query(t *testing.T, db *sql.DB, text string, args ...any) {
	t.Helper()
	rows, err := db.Query(text, args...)
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() { //nolint:revive // read to the end
	}
	if err := rows.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestInspectorAddsUpWhatProcessesReport(t *testing.T) {
	t.Parallel()
	for _, servers := range []string{"one", "cluster"} {
		t.Run(servers, func(t *testing.T) {
			t.Parallel()
			url := ""
			if servers == "one" {
				url = testredis.Start(t).URL()
			} else {
				url = "redis+cluster://" + testredis.StartCluster(t)[0].Addr
			}
			file := filepath.Join(t.TempDir(), "shop.db")
			first, one := process(t, url, file, nil)
			second, two := process(t, url, file, nil)
			for _, text := range []string{"CREATE TABLE items (id INTEGER PRIMARY KEY, price INTEGER)", "INSERT INTO items VALUES (1, 40)"} {
				if _, err := first.Exec(text); err != nil {
					t.Fatal(err)
				}
			}
			const calls = 7
			for range calls {
				query(t, first, "SELECT price FROM items WHERE id = ?", 4711)
				query(t, second, "SELECT price FROM items WHERE id = 4711")
			}
			_ = one.Wait(t.Context())
			_ = two.Wait(t.Context())

			in := open(t, url, testConfig).Inspector()
			id := queryID(t, one, "SELECT price")
			f := eventually(t, in, func(f *redisstore.Fleet) bool { return fleetFigures(f, id).Calls == 2*calls })
			want := figures(one, id)
			other := figures(two, id)
			want.Merge(&other)
			got := fleetFigures(f, id)
			if got.Hits != want.Hits || got.Misses != want.Misses || got.Bypasses != want.Bypasses ||
				got.DatabaseTime.Count != want.DatabaseTime.Count || got.DatabaseTime.Sum != want.DatabaseTime.Sum ||
				got.HitTime.Count != want.HitTime.Count {
				t.Errorf("fleet:     %+v\nprocesses: %+v", got, want)
			}
			if got.Rule != "items" || strings.Contains(got.Statement, "4711") {
				t.Errorf("rule %q, statement %q", got.Rule, got.Statement)
			}
			if len(f.Instances) != 2 || f.Instances[0].ID == f.Instances[1].ID {
				t.Fatalf("instances: %+v", f.Instances)
			}
			for _, i := range f.Instances {
				age := time.Since(i.LastSeen)
				if i.Breaker != "closed" || i.StoreLatency <= 0 || i.RulesVersion == "" || len(i.Namespaces) != 1 || age < -time.Second || age > 10*time.Second {
					t.Errorf("instance: %+v, seen %v ago", i, age)
				}
			}
			if stats := one.Stats(); f.Stats.Invalidations < stats.Invalidations {
				t.Errorf("fleet's stats: %+v", f.Stats)
			}
		})
	}
}

func queryID(t *testing.T, c *cachedsql.Cache, part string) string {
	t.Helper()
	for _, q := range c.Queries() {
		if strings.Contains(strings.ToLower(q.Statement), strings.ToLower(part)) {
			return q.QueryID
		}
	}
	t.Fatalf("no query contains %q", part)
	return ""
}

func fleetFigures(f *redisstore.Fleet, id string) cachedsql.QueryStats { return among(f.Queries, id) }

func figures(c *cachedsql.Cache, id string) cachedsql.QueryStats { return among(c.Queries(), id) }

func among(all []cachedsql.QueryStats, id string) cachedsql.QueryStats {
	for _, q := range all {
		if q.QueryID == id {
			return q
		}
	}
	return cachedsql.QueryStats{}
}

func TestProcessThatEndsLeavesTheList(t *testing.T) {
	t.Parallel()
	url := testredis.Start(t).URL()
	file := filepath.Join(t.TempDir(), "shop.db")
	_, stays := process(t, url, file, nil)
	_, ends := process(t, url, file, nil)
	in := open(t, url, testConfig).Inspector()
	eventually(t, in, func(f *redisstore.Fleet) bool { return len(f.Instances) == 2 })
	if err := ends.Close(); err != nil {
		t.Fatal(err)
	}
	eventually(t, in, func(f *redisstore.Fleet) bool { return len(f.Instances) == 1 })
	if err := stays.Close(); err != nil {
		t.Fatal(err)
	}
	eventually(t, in, func(f *redisstore.Fleet) bool { return len(f.Instances) == 0 })
	client := redis.NewClient(&redis.Options{Addr: strings.TrimPrefix(strings.TrimSuffix(url, "/0"), "redis://")})
	defer client.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for {
		keys, err := client.Keys(ctx, "{cachedsql:!}[^e]*").Result() // but for the events
		if err != nil {
			t.Fatal(err)
		}
		if len(keys) == 0 {
			return
		}
		time.Sleep(20 * time.Millisecond) // until the server has let them expire
	}
}

// What a process says of the time is by its own clock. Here one is an hour
// ahead.
func TestForeignClocksDoNotMatter(t *testing.T) {
	t.Parallel()
	store := open(t, testredis.Start(t).URL(), testConfig)
	ahead := time.Now().Add(time.Hour)
	r := &cachedsql.Report{
		Instance: cachedsql.Instance{ID: "a", Interval: 10 * time.Second, Reported: ahead, Started: ahead.Add(-time.Minute)},
		Queries:  []cachedsql.QueryStats{{QueryID: "q", Calls: 1, LastSeen: ahead.Add(-20 * time.Second)}},
	}
	if err := store.Report(t.Context(), r, r.Instance.ReportTTL()); err != nil {
		t.Fatal(err)
	}
	f, err := store.Inspector().Fleet(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	in, near := f.Instances[0], func(what string, got, want time.Duration) {
		if (got - want).Abs() > 5*time.Second {
			t.Errorf("%s: %v, want about %v", what, got, want)
		}
	}
	near("seen", time.Since(in.LastSeen), 0)
	near("started", time.Since(in.Started), time.Minute)
	near("clock ahead", in.ClockOffset, time.Hour)
	near("query seen", time.Since(f.Queries[0].LastSeen), 20*time.Second)
}

// Another version may report in another format, and anybody may write rubbish.
func TestUnreadableReportsAreCountedAndLeftOut(t *testing.T) {
	t.Parallel()
	srv := testredis.Start(t)
	store := open(t, srv.URL(), testConfig)
	good := &cachedsql.Report{Instance: cachedsql.Instance{ID: "good", Interval: time.Minute}}
	if err := store.Report(t.Context(), good, time.Minute); err != nil {
		t.Fatal(err)
	}
	client := redis.NewClient(&redis.Options{Addr: srv.Addr})
	defer client.Close()
	for n, rubbish := range []string{"2{}", "1\xff\xff\xff\xff\xff\x0f", "1", "1\x02\x04{}", ""} {
		id := fmt.Sprint("bad", n)
		if err := store.Report(t.Context(), &cachedsql.Report{Instance: cachedsql.Instance{ID: id}}, time.Minute); err != nil {
			t.Fatal(err)
		}
		if err := client.Set(t.Context(), "{cachedsql:!}r:"+id, rubbish, time.Minute).Err(); err != nil {
			t.Fatal(err)
		}
	}
	f, err := store.Inspector().Fleet(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(f.Instances) != 1 || f.Instances[0].ID != "good" || f.Unreadable != 4 {
		t.Errorf("fleet: %+v", f)
	}
}

func TestReportsCanBeTurnedOff(t *testing.T) {
	t.Parallel()
	url := testredis.Start(t).URL()
	file := filepath.Join(t.TempDir(), "shop.db")
	process(t, url, file, func(c *cachedsql.Config) { c.ReportInterval = -1 })
	process(t, url, file, nil)
	in := open(t, url, testConfig).Inspector()
	f := eventually(t, in, func(f *redisstore.Fleet) bool { return len(f.Instances) > 0 })
	if len(f.Instances) != 1 {
		t.Errorf("%d instances", len(f.Instances))
	}
}
