package cachedsql_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"io"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/redis/go-redis/v9"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/redisstore"
)

// The floor is a driver that has its rows ready: what database/sql itself
// costs, and Scan. Everything the cache does comes on top of it.

const (
	benchColumns = 10
	benchQuery   = "SELECT * FROM things WHERE id = ?"
)

// readyDriver answers every query with the same rows.
type readyDriver struct {
	names []string
	rows  [][]driver.Value
	took  time.Duration // what a query takes

	asked  atomic.Int64
	before func(ctx context.Context, n int64) error // if set, runs before the nth answer
}

func newReadyDriver(rows int) *readyDriver {
	d := &readyDriver{}
	for i := range benchColumns {
		d.names = append(d.names, fmt.Sprintf("column_%d", i))
	}
	day := time.Date(2026, 3, 4, 5, 6, 7, 89000, time.UTC)
	for i := range rows {
		n := int64(i)
		d.rows = append(d.rows, []driver.Value{
			1000 + n, "customer name " + fmt.Sprint(i), 17.25 * float64(i+1), n%2 == 0, day.Add(time.Duration(i) * time.Minute),
			"a text that is somewhat longer than the others, as descriptions are", 5_000_000_000 + n, nil,
			[]byte{1, 2, 3, 4, 5, 6, 7, byte(i)},
			"EUR",
		})
	}
	return d
}

func (d *readyDriver) Open(string) (driver.Conn, error)             { return readyConn{d}, nil }
func (d *readyDriver) Connect(context.Context) (driver.Conn, error) { return readyConn{d}, nil }
func (d *readyDriver) Driver() driver.Driver                        { return d }

type readyConn struct{ *readyDriver }

func (readyConn) Prepare(string) (driver.Stmt, error) { return nil, driver.ErrSkip }
func (readyConn) Begin() (driver.Tx, error)           { return nil, driver.ErrSkip }
func (readyConn) Close() error                        { return nil }
func (readyConn) ResetSession(context.Context) error  { return nil }
func (readyConn) IsValid() bool                       { return true }
func (c readyConn) QueryContext(ctx context.Context, _ string, _ []driver.NamedValue) (driver.Rows, error) {
	n := c.asked.Add(1)
	if c.before != nil {
		if err := c.before(ctx, n); err != nil {
			return nil, err
		}
	}
	if c.took > 0 {
		time.Sleep(c.took)
	}
	return &readyRows{driver: c.readyDriver}, nil
}

func (readyConn) ExecContext(context.Context, string, []driver.NamedValue) (driver.Result, error) {
	return driver.RowsAffected(1), nil
}

type readyRows struct {
	driver *readyDriver
	next   int
}

func (r *readyRows) Columns() []string { return r.driver.names }
func (r *readyRows) Close() error      { return nil }
func (r *readyRows) Next(dest []driver.Value) error {
	if r.next == len(r.driver.rows) {
		return io.EOF
	}
	copy(dest, r.driver.rows[r.next])
	r.next++
	return nil
}

// thing is where a row of ten mixed columns is scanned to.
type thing struct {
	id, amount           int64
	name, text, currency string
	price                float64
	even                 bool
	at                   time.Time
	nothing              sql.NullString
	hash                 sql.RawBytes
	destinations         [benchColumns]any
	query                string
	arg                  any
	ctx                  context.Context
	wantRows             int
}

func newThing(query string, rows int) *thing {
	t := &thing{query: query, arg: int64(7), ctx: context.Background(), wantRows: rows}
	t.destinations = [benchColumns]any{&t.id, &t.name, &t.price, &t.even, &t.at, &t.text, &t.amount, &t.nothing, &t.hash, &t.currency}
	return t
}

// read is one query of the benchmarks: all rows, all columns.
func (t *thing) read(b testing.TB, db *sql.DB) {
	rows, err := db.QueryContext(t.ctx, t.query, t.arg)
	if err != nil {
		b.Fatal(err)
	}
	n := 0
	for rows.Next() {
		if err := rows.Scan(t.destinations[:]...); err != nil {
			b.Fatal(err)
		}
		n++
	}
	if err := rows.Close(); err != nil || n != t.wantRows {
		b.Fatalf("%d rows, %v", n, err)
	}
}

// cpuTime is what the process has used so far: a measure that does not mind
// what else the machine is doing.
func cpuTime() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func measured(b *testing.B, loop func()) {
	b.ReportAllocs()
	before := cpuTime()
	b.ResetTimer()
	loop()
	b.ReportMetric(float64(cpuTime()-before)/float64(max(b.N, 1)), "cpu-ns/op")
}

// alone reads one after the other, together with 64 goroutines at a time.
func alone(b *testing.B, db *sql.DB, t *thing) {
	t.read(b, db)
	measured(b, func() {
		for b.Loop() {
			t.read(b, db)
		}
	})
}

func together(b *testing.B, db *sql.DB, query string, rows int) {
	db.SetMaxIdleConns(64)
	newThing(query, rows).read(b, db)
	b.SetParallelism(32) // times two processors, as a rule
	measured(b, func() {
		b.RunParallel(func(pb *testing.PB) {
			t := newThing(query, rows)
			for pb.Next() {
				t.read(b, db)
			}
		})
	})
}

func bothWays(b *testing.B, db *sql.DB, query string, rows int) {
	b.Run("alone", func(b *testing.B) { alone(b, db, newThing(query, rows)) })
	b.Run("together", func(b *testing.B) { together(b, db, query, rows) })
}

func benchCache(b *testing.B, rules string, change func(*cachedsql.Config)) *cachedsql.Cache {
	b.Helper()
	r, err := cachedsql.ParseRules("bench.yaml", []byte(rules))
	if err != nil {
		b.Fatal(err)
	}
	config := cachedsql.Config{Namespace: "bench-" + databaseName(), Rules: r, LookupTimeout: time.Second}
	if change != nil {
		change(&config)
	}
	c, err := cachedsql.New(config)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { c.Close() })
	return c
}

func benchDB(b *testing.B, k driver.Connector) *sql.DB {
	db := sql.OpenDB(k)
	b.Cleanup(func() { db.Close() })
	return db
}

const (
	everythingRule = "version: 1\nrules:\n  - {name: all, ttl: 1h}\n"
	nothingRule    = "version: 1\nrules:\n  - {name: others, tables: [others], ttl: 1h}\n"
)

func eachSize(b *testing.B, run func(b *testing.B, rows int)) {
	for _, rows := range []int{1, 100, 1000} {
		b.Run(fmt.Sprintf("rows=%d", rows), func(b *testing.B) { run(b, rows) })
	}
}

func BenchmarkFloor(b *testing.B) {
	eachSize(b, func(b *testing.B, rows int) {
		bothWays(b, benchDB(b, newReadyDriver(rows)), benchQuery, rows)
	})
}

func BenchmarkHitInProcess(b *testing.B) {
	eachSize(b, func(b *testing.B, rows int) {
		c := benchCache(b, everythingRule, nil)
		bothWays(b, benchDB(b, c.WrapConnector(newReadyDriver(rows))), benchQuery, rows)
	})
}

// benchRedis returns a store and its client, or skips.
func benchRedis(b *testing.B) (cachedsql.Store, *redis.Client) {
	b.Helper()
	url := os.Getenv("CACHEDSQL_TEST_REDIS")
	if url == "" {
		b.Skip("CACHEDSQL_TEST_REDIS is not set")
	}
	store, err := redisstore.Open(url+"?pool_size=64", redisstore.Config{Quarantine: 20 * time.Millisecond})
	if err != nil {
		b.Fatal(err)
	}
	o, err := redis.ParseURL(url)
	if err != nil {
		b.Fatal(err)
	}
	o.ContextTimeoutEnabled, o.PoolSize = true, 64
	client := redis.NewClient(o)
	b.Cleanup(func() {
		store.Close()
		client.Close()
	})
	return store, client
}

// untilHit reads until the result is stored and its tags are settled.
func untilHit(b *testing.B, c *cachedsql.Cache, db *sql.DB, t *thing) {
	b.Helper()
	for range 500 {
		before := c.Stats()
		t.read(b, db)
		after := c.Stats()
		if after.Hits+after.NearHits > before.Hits+before.NearHits {
			return
		}
		time.Sleep(2 * time.Millisecond)
	}
	b.Fatalf("no hit: %+v", c.Stats())
}

func BenchmarkHitRedis(b *testing.B) {
	eachSize(b, func(b *testing.B, rows int) {
		store, client := benchRedis(b)
		c := benchCache(b, everythingRule, func(c *cachedsql.Config) { c.Store, c.Lease = store, 20*time.Millisecond })
		db := benchDB(b, c.WrapConnector(newReadyDriver(rows)))
		untilHit(b, c, db, newThing(benchQuery, rows))
		bothWays(b, db, benchQuery, rows)
		bytes := make([]byte, entrySize(b, rows))
		ctx := context.Background()
		key := "cachedsql-bench-" + databaseName()
		if err := client.Set(ctx, key, bytes, time.Minute).Err(); err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { client.Del(ctx, key) })
		get := func(b *testing.B) {
			if _, err := client.Get(ctx, key).Bytes(); err != nil {
				b.Fatal(err)
			}
		}
		b.Run("raw-get/alone", func(b *testing.B) {
			measured(b, func() {
				for b.Loop() {
					get(b)
				}
			})
		})
		b.Run("raw-get/together", func(b *testing.B) {
			b.SetParallelism(32)
			measured(b, func() {
				b.RunParallel(func(pb *testing.PB) {
					for pb.Next() {
						get(b)
					}
				})
			})
		})
	})
}

// BenchmarkHitProtected is what it costs a hit that its entry is sealed.
func BenchmarkHitProtected(b *testing.B) {
	eachSize(b, func(b *testing.B, rows int) {
		for _, c := range []struct {
			name string
			keys []cachedsql.EntryKey
			how  cachedsql.EntryProtection
		}{
			{"off", nil, cachedsql.Encrypt},
			{"authenticate", []cachedsql.EntryKey{entryKey(b, 1)}, cachedsql.Authenticate},
			{"encrypt", []cachedsql.EntryKey{entryKey(b, 1)}, cachedsql.Encrypt},
		} {
			b.Run(c.name, func(b *testing.B) {
				store, _ := benchRedis(b)
				cache := benchCache(b, everythingRule, func(config *cachedsql.Config) {
					config.Store, config.Lease = store, 20*time.Millisecond
					config.EntryKeys, config.EntryProtection = c.keys, c.how
				})
				db := benchDB(b, cache.WrapConnector(newReadyDriver(rows)))
				untilHit(b, cache, db, newThing(benchQuery, rows))
				alone(b, db, newThing(benchQuery, rows))
			})
		}
	})
}

// entrySize is how long the stored entry of the benchmarks' result is.
func entrySize(b *testing.B, rows int) (size int64) {
	c := benchCache(b, everythingRule, func(c *cachedsql.Config) {
		c.OnEvent = func(e cachedsql.Event) {
			if e.Outcome == cachedsql.Filled {
				size = e.Bytes
			}
		}
	})
	newThing(benchQuery, rows).read(b, benchDB(b, c.WrapConnector(newReadyDriver(rows))))
	return size
}

// BenchmarkUncached is what the cache adds to a query it has nothing to do
// with, beside the same query without it.
func BenchmarkUncached(b *testing.B) {
	for _, c := range []struct{ name, query, rules string }{
		{"no-rule", benchQuery, nothingRule},
		{"volatile", "SELECT *, random() FROM things WHERE id = ?", everythingRule},
		{"inert", "SELECT 1 WHERE 1 = ?", everythingRule},
	} {
		b.Run(c.name, func(b *testing.B) {
			cache := benchCache(b, c.rules, nil)
			alone(b, benchDB(b, cache.WrapConnector(newReadyDriver(1))), newThing(c.query, 1))
		})
	}
	b.Run("bare", func(b *testing.B) { alone(b, benchDB(b, newReadyDriver(1)), newThing(benchQuery, 1)) })
}

// BenchmarkMiss is a query that is recorded and stored each time.
func BenchmarkMiss(b *testing.B) {
	eachSize(b, func(b *testing.B, rows int) {
		for _, took := range []time.Duration{0, time.Millisecond} {
			inner := newReadyDriver(rows)
			inner.took = took
			b.Run(fmt.Sprintf("query=%v/cached", took), func(b *testing.B) {
				t := newThing(benchQuery, rows)
				t.ctx = cachedsql.Refresh(t.ctx)
				alone(b, benchDB(b, benchCache(b, everythingRule, nil).WrapConnector(inner)), t)
			})
			b.Run(fmt.Sprintf("query=%v/redis", took), func(b *testing.B) {
				t := newThing(benchQuery, rows)
				t.ctx = cachedsql.Refresh(t.ctx)
				c := benchCache(b, everythingRule, func(c *cachedsql.Config) {
					c.Store, _ = benchRedis(b)
					c.Lease = 20 * time.Millisecond
				})
				alone(b, benchDB(b, c.WrapConnector(inner)), t)
			})
			b.Run(fmt.Sprintf("query=%v/bare", took), func(b *testing.B) { alone(b, benchDB(b, inner), newThing(benchQuery, rows)) })
		}
	})
}

// BenchmarkPostgres is the bare driver with a server that has little to do.
func BenchmarkPostgres(b *testing.B) {
	dsn := os.Getenv("CACHEDSQL_TEST_POSTGRES")
	if dsn == "" {
		b.Skip("CACHEDSQL_TEST_POSTGRES is not set")
	}
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		b.Fatal(err)
	}
	query := strings.Join(strings.Fields(`SELECT 1000 + n, 'customer name ' || n, 17.25::float8 * n, n %% 2 = 0,
		'2026-03-04 05:06:07+00'::timestamptz, 'a text that is somewhat longer than the others, as descriptions are',
		5000000000 + n, NULL::text, '\x0102030405060708'::bytea, 'EUR' FROM generate_series(1, %d) n WHERE $1::bigint = 7`), " ")
	eachSize(b, func(b *testing.B, rows int) {
		alone(b, benchDB(b, stdlib.GetConnector(*config)), newThing(fmt.Sprintf(query, rows), rows))
	})
}

func BenchmarkHitNear(b *testing.B) {
	eachSize(b, func(b *testing.B, rows int) {
		for _, where := range []string{"in-process", "redis", "push"} {
			b.Run(where, func(b *testing.B) {
				rules := everythingRule
				if where == "push" {
					rules = pushRules
				}
				c := benchCache(b, rules, func(c *cachedsql.Config) {
					c.NearBytes = 64 << 20
					if where != "in-process" {
						c.Store, _ = benchRedis(b)
						c.Lease = 20 * time.Millisecond
					}
				})
				db := benchDB(b, c.WrapConnector(newReadyDriver(rows)))
				untilHit(b, c, db, newThing(benchQuery, rows))
				bothWays(b, db, benchQuery, rows)
				if s := c.Stats(); s.NearHits < s.Hits {
					b.Fatalf("%+v", s)
				}
			})
		}
	})
}

// BenchmarkHitCompressed is a hit in Redis by how results are stored. What it
// costs beside Redis is CPU time, what it saves is bytes.
func BenchmarkHitCompressed(b *testing.B) {
	eachSize(b, func(b *testing.B, rows int) {
		for _, how := range []string{"off", "s2", "zstd"} {
			b.Run(how, func(b *testing.B) {
				rules := "version: 1\nrules:\n  - {name: all, ttl: 1h, compress: \"" + how + "\"}\n"
				var stored atomic.Int64
				c := benchCache(b, rules, func(c *cachedsql.Config) {
					c.Store, _ = benchRedis(b)
					c.Lease = 20 * time.Millisecond
					c.OnEvent = func(e cachedsql.Event) {
						if e.Outcome == cachedsql.Filled {
							stored.Store(e.Bytes)
						}
					}
				})
				db := benchDB(b, c.WrapConnector(newReadyDriver(rows)))
				untilHit(b, c, db, newThing(benchQuery, rows))
				alone(b, db, newThing(benchQuery, rows))
				b.ReportMetric(float64(stored.Load()), "bytes/entry")
			})
		}
	})
}
