package redisstore_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/internal/testredis"
	"github.com/cachedsql/cachedsql/redisstore"
)

// TestFarServerIsNoOutage: where one round trip to Redis takes more than half
// of the time that a statement may wait, many readers have their hits all the
// same, of one key and of many.
func TestFarServerIsNoOutage(t *testing.T) {
	t.Parallel()
	const rtt, budget = 600 * time.Millisecond, time.Second // so much longer than usual for a busy machine
	const keys, readers, rounds = 64, 64, 3
	addr := strings.TrimPrefix(testredis.Start(t).URL(), "redis://")
	_, near := echoThrough(t, addr, 10*time.Second)
	cache, read := echoThrough(t, testredis.Far(t, addr, rtt), budget)
	for range 3 { // the first time the table is in quarantine
		for key := range keys {
			near(key)
		}
		time.Sleep(100 * time.Millisecond)
	}
	for name, keyOf := range map[string]func(reader int) int{
		"one key": func(int) int { return 0 }, "many keys": func(reader int) int { return reader % keys },
	} {
		var problem string
		for range 3 { // a machine that stands still for a moment is too late by itself
			deadline := time.Now().Add(2 * time.Minute)
			for hits := cache.Stats().Hits; cache.Stats().Hits == hits; time.Sleep(10 * time.Millisecond) { // it is connected, and all is cached
				if read(keys - 1); t.Failed() || time.Now().After(deadline) {
					t.Fatalf("no hit: %+v", cache.Stats())
				}
			}
			before := cache.Stats()
			var all sync.WaitGroup
			for r := range readers {
				all.Go(func() {
					for range rounds {
						read(keyOf(r))
					}
				})
			}
			all.Wait()
			after := cache.Stats()
			hits, failures := after.Hits-before.Hits, after.StoreFailures-before.StoreFailures
			if problem = ""; hits == readers*rounds && failures == 0 {
				break
			}
			problem = fmt.Sprintf("%d hits for %d reads, %d failures", hits, readers*rounds, failures)
		}
		if problem != "" {
			t.Errorf("%s: %s", name, problem)
		}
	}
}

// echoThrough returns a Cache in the Redis at an address, and what reads through
// it.
func echoThrough(t *testing.T, addr string, budget time.Duration) (*cachedsql.Cache, func(key int)) {
	t.Helper()
	rules, err := cachedsql.ParseRules("test", []byte("version: 1\nrules:\n  - {name: all, ttl: 1h}\n"))
	if err != nil {
		t.Fatal(err)
	}
	cache, err := cachedsql.New(cachedsql.Config{
		Store: open(t, "redis://"+addr, redisstore.Config{Quarantine: 50 * time.Millisecond}), Rules: rules,
		Adapter: cachedsql.Adapter{Variant: "echo"}, Namespace: "echo", LookupTimeout: budget, Lease: 50 * time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cache.Close() })
	db := sql.OpenDB(cache.WrapConnector(echo{}))
	t.Cleanup(func() { _ = db.Close() })
	return cache, func(key int) {
		var got int
		if err := db.QueryRowContext(t.Context(), "SELECT id FROM things WHERE id = ?", key).Scan(&got); err != nil || got != key {
			t.Errorf("%d, %v; want %d", got, err, key)
		}
	}
}

// echo is a driver whose queries return their argument.
type echo struct{}

func (echo) Connect(context.Context) (driver.Conn, error) { return echo{}, nil }
func (echo) Driver() driver.Driver                        { return echo{} }
func (echo) Open(string) (driver.Conn, error)             { return echo{}, nil }
func (echo) Prepare(string) (driver.Stmt, error)          { return nil, driver.ErrSkip }
func (echo) Begin() (driver.Tx, error)                    { return nil, driver.ErrSkip }
func (echo) Close() error                                 { return nil }

func (echo) QueryContext(_ context.Context, _ string, args []driver.NamedValue) (driver.Rows, error) {
	return &echoed{value: args[0].Value}, nil
}

type echoed struct {
	value driver.Value
	read  bool
}

func (*echoed) Columns() []string { return []string{"id"} }
func (*echoed) Close() error      { return nil }

func (r *echoed) Next(dest []driver.Value) error {
	if r.read {
		return io.EOF
	}
	r.read, dest[0] = true, r.value
	return nil
}
