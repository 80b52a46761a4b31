package cachedsql_test

import (
	"context"
	"database/sql"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/stdlib"
	"github.com/redis/go-redis/v9"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/cachedpg"
	"github.com/cachedsql/cachedsql/redisstore"
)

// What a write costs: round trips are counted where the bytes pass.

// journal has the round trips of a write, in the order in which they began.
type journal struct {
	mu    sync.Mutex
	trips []string // guarded by mu
}

func (j *journal) note(to string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.trips = append(j.trips, to)
}

func (j *journal) len() int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return len(j.trips)
}

// take returns what there is and forgets it.
func (j *journal) take() []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	trips := j.trips
	j.trips = nil
	return trips
}

// await waits, but not for ever, until there are so many and no more come.
func (j *journal) await(atLeast int) {
	for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); {
		before := j.len()
		time.Sleep(20 * time.Millisecond)
		if before >= atLeast && j.len() == before {
			return
		}
	}
}

// tripConn notes a round trip when something is sent after an answer.
type tripConn struct {
	net.Conn
	to    string
	notes *journal
	asked atomic.Bool
}

func (c *tripConn) Write(b []byte) (int, error) {
	if !c.asked.Swap(true) {
		c.notes.note(c.to)
	}
	return c.Conn.Write(b)
}

func (c *tripConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if n > 0 {
		c.asked.Store(false)
	}
	return n, err
}

func (j *journal) dial(to string) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		c, err := new(net.Dialer).DialContext(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		return &tripConn{Conn: c, to: to, notes: j}, nil
	}
}

// costs are the promises that can be paid for, and the round trips of a
// statement and of a transaction of three. What follows the last of the
// database's is not on the caller's way.
var costs = []struct {
	name      string
	change    func(*cachedsql.Config) // nil: no cache
	statement string
	three     string
}{
	{"bare", nil, "db", "db db db db db"},
	{"bounded", func(c *cachedsql.Config) { c.Consistency = cachedsql.Bounded }, "db redis", "db db db db db redis"},
	{"strict", func(*cachedsql.Config) {}, "redis db redis", "db db db db redis db redis"},
	{"refuse", func(c *cachedsql.Config) { c.OnCacheDown = cachedsql.Refuse }, "redis db redis", "db db db db redis db redis"},
	{"wait", func(c *cachedsql.Config) { c.OnCacheDown = cachedsql.Wait }, "redis db redis", "db db db db redis db redis"},
}

// costDB returns a handle on tables of a new database.
func costDB(t testing.TB, change func(*cachedsql.Config), j *journal) *sql.DB {
	t.Helper()
	dsn, url := os.Getenv("CACHEDSQL_TEST_POSTGRES"), os.Getenv("CACHEDSQL_TEST_REDIS")
	if dsn == "" || url == "" {
		t.Skip("SKIPPED: CACHEDSQL_TEST_POSTGRES and CACHEDSQL_TEST_REDIS are not both set")
	}
	config := postgresConfig(t, dsn)
	config.DialFunc = j.dial("db")
	connector := stdlib.GetConnector(*config)
	db := sql.OpenDB(connector)
	if change != nil {
		db = costCache(t, change, j, url).OpenDB(connector)
	}
	t.Cleanup(func() { _ = db.Close() })
	db.SetMaxOpenConns(1)
	for _, text := range []string{
		`CREATE TABLE a (id BIGINT PRIMARY KEY, n BIGINT NOT NULL)`, `CREATE TABLE b (id BIGINT PRIMARY KEY, n BIGINT NOT NULL)`,
		`INSERT INTO a VALUES (1, 0)`, `INSERT INTO b VALUES (1, 0)`,
	} {
		if _, err := db.Exec(text); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
	}
	return db
}

func costCache(t testing.TB, change func(*cachedsql.Config), j *journal, url string) *cachedsql.Cache {
	t.Helper()
	o, err := redis.ParseURL(url)
	if err != nil {
		t.Fatal(err)
	}
	o.ContextTimeoutEnabled, o.MaxRetries, o.Dialer = true, -1, j.dial("redis")
	client := redis.NewClient(o)
	store, err := redisstore.New(client, redisstore.Config{Absence: time.Minute, KeyPrefix: databaseName()})
	if err != nil {
		t.Fatal(err)
	}
	rules, err := cachedsql.ParseRules("rules", []byte("version: 1\nrules:\n  - {name: all, ttl: 1h}\n"))
	if err != nil {
		t.Fatal(err)
	}
	c := cachedsql.Config{Store: store, Rules: rules, Adapter: cachedpg.Adapter(nil), LookupTimeout: 5 * time.Second, ReportInterval: -1}
	change(&c)
	cache, err := cachedsql.New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cache.Close()
		_ = store.Close()
		_ = client.Close()
	})
	return cache
}

func writeOne(t testing.TB, db *sql.DB) {
	if _, err := db.Exec(`UPDATE a SET n = n + 1 WHERE id = $1`, 1); err != nil {
		t.Fatal(err)
	}
}

func writeThree(t testing.TB, db *sql.DB) {
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{`UPDATE a SET n = n + 1 WHERE id = $1`, `UPDATE b SET n = n + 1 WHERE id = $1`, `DELETE FROM a WHERE id = $1 + 1`} {
		if _, err := tx.Exec(text, 1); err != nil {
			t.Fatal(err)
		}
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
}

// TestStrictCostsAWriteOneRoundTripMore: one before the statement, or before
// the COMMIT however much the transaction wrote, and one that nobody waits for,
// which bounded consistency has too.
func TestStrictCostsAWriteOneRoundTripMore(t *testing.T) {
	t.Parallel()
	for _, cost := range costs {
		t.Run(cost.name, func(t *testing.T) {
			t.Parallel()
			j := &journal{}
			db := costDB(t, cost.change, j)
			usually(t, j, "a statement", cost.statement, func() { writeOne(t, db) })
			usually(t, j, "a transaction", cost.three, func() { writeThree(t, db) })
		})
	}
}

// usually does something often: now and then a heartbeat or a renewal of a
// registration is among the round trips.
func usually(t *testing.T, j *journal, what, want string, do func()) {
	t.Helper()
	const times = 20
	trips := 1 + strings.Count(want, " ")
	do() // prepares
	j.await(trips)
	j.take()
	var got []string
	for range times {
		do()
		j.await(trips)
		got = append(got, strings.Join(j.take(), " "))
	}
	n := len(slices.DeleteFunc(slices.Clone(got), func(s string) bool { return s != want }))
	if n <= times/2 {
		t.Errorf("%s: %d of %d times the round trips were %q, want that usually; got %q", what, n, times, want, got)
	}
}

// BenchmarkWrite is what the caller waits for. Redis's answer to the second
// half of the protocol arrives while the next write is under way.
func BenchmarkWrite(b *testing.B) {
	for _, kind := range []struct {
		name  string
		write func(testing.TB, *sql.DB)
	}{{"statement", writeOne}, {"transaction", writeThree}} {
		for _, cost := range costs {
			b.Run(kind.name+"/"+cost.name, func(b *testing.B) {
				j := &journal{}
				db := costDB(b, cost.change, j)
				kind.write(b, db)
				j.take()
				b.ReportAllocs()
				for b.Loop() {
					kind.write(b, db)
				}
				trips := j.take()
				inRedis := len(slices.DeleteFunc(slices.Clone(trips), func(to string) bool { return to != "redis" }))
				b.ReportMetric(float64(len(trips)-inRedis)/float64(b.N), "db-trips/op")
				b.ReportMetric(float64(inRedis)/float64(b.N), "redis-trips/op")
			})
		}
	}
}

// BenchmarkWritesInTurn writes through every handle in turn, so that whatever
// else the machine does concerns all of them alike, and reports medians: of
// what a write takes, and of how much more that is than without a cache, in the
// same turn.
func BenchmarkWritesInTurn(b *testing.B) {
	for _, kind := range []struct {
		name  string
		write func(testing.TB, *sql.DB)
	}{{"statement", writeOne}, {"transaction", writeThree}} {
		b.Run(kind.name, func(b *testing.B) {
			dbs, took := make([]*sql.DB, len(costs)), make([][]time.Duration, len(costs))
			for i, cost := range costs {
				dbs[i] = costDB(b, cost.change, &journal{})
				kind.write(b, dbs[i])
			}
			for turn := 0; b.Loop(); turn++ {
				for k := range costs {
					i := (turn + k) % len(costs)
					began := time.Now()
					kind.write(b, dbs[i])
					took[i] = append(took[i], time.Since(began))
				}
			}
			for i, cost := range costs {
				more := make([]time.Duration, len(took[i]))
				for turn, d := range took[i] {
					more[turn] = d - took[0][turn]
				}
				b.ReportMetric(median(took[i]), cost.name+"-µs")
				b.ReportMetric(median(more), cost.name+"-more-µs")
			}
		})
	}
}

// median is in microseconds.
func median(all []time.Duration) float64 {
	all = slices.Sorted(slices.Values(all))
	return float64(all[len(all)/2].Nanoseconds()) / 1000
}
