package redisstore

import (
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/internal/testredis"
)

const (
	shortQuarantine = 50 * time.Millisecond
	longQuarantine  = time.Minute
)

// pairOfQuarantines is one namespace as a process with a short quarantine sees
// it, which has come first, and one with a long quarantine.
func pairOfQuarantines(t *testing.T, url string) (short, long cachedsql.Space) {
	t.Helper()
	short = openURL(t, url, Config{Quarantine: shortQuarantine}).Space("db")
	long = openURL(t, url, Config{Quarantine: longQuarantine}).Space("db")
	settle(t, short, "orders")
	settle(t, short, "users")
	return short, long
}

func settle(t *testing.T, sp cachedsql.Space, tag string) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !isSettled(t, sp, tag); time.Sleep(shortQuarantine / 5) {
		if time.Now().After(end) {
			t.Fatalf("%q is not settled within a minute", tag)
		}
	}
}

func isSettled(t *testing.T, sp cachedsql.Space, tag string) bool {
	t.Helper()
	r, err := sp.Check(t.Context(), sp.Tags([]string{tag}))
	if err != nil {
		t.Fatal(err)
	}
	return r.Settled
}

// outlives fails where the short process takes for over what the long one's
// lease may still do.
func outlives(t *testing.T, short cachedsql.Space, tag, when string) {
	t.Helper()
	for end := time.Now().Add(4 * shortQuarantine); time.Now().Before(end); time.Sleep(shortQuarantine / 5) {
		if isSettled(t, short, tag) {
			t.Fatalf("%s: %q is settled for a process with a quarantine of %v, while a lease of %v runs", when, tag, shortQuarantine, longQuarantine)
		}
	}
}

func begin(t *testing.T, sp cachedsql.Space, tags ...string) cachedsql.WriterID {
	t.Helper()
	id := cachedsql.WriterID{byte(len(tags)), 7}
	if _, err := sp.Begin(t.Context(), id, sp.Tags(tags), longQuarantine); err != nil {
		t.Fatal(err)
	}
	return id
}

func TestLongestQuarantineCountsForAll(t *testing.T) {
	t.Parallel()
	for when, lose := range map[string]func(*testing.T, *redis.Client){
		"nothing is lost":     func(*testing.T, *redis.Client) {},
		"the tag is evicted":  func(t *testing.T, c *redis.Client) { c.Del(t.Context(), "{cachedsql:db:0}t:users") },
		"the server is empty": func(t *testing.T, c *redis.Client) { c.FlushAll(t.Context()) },
		"the history is another": func(t *testing.T, c *redis.Client) {
			era := c.Get(t.Context(), "{cachedsql:db:0}e").Val()
			c.Set(t.Context(), "{cachedsql:db:0}e", "another"+era[40:], 0)
		},
	} {
		t.Run(when, func(t *testing.T) {
			t.Parallel()
			server := testredis.Start(t)
			client := redis.NewClient(&redis.Options{Addr: server.Addr})
			t.Cleanup(func() { _ = client.Close() })
			short, long := pairOfQuarantines(t, server.URL())
			begin(t, long, "users")
			if isSettled(t, short, "users") {
				t.Fatal("a write is under way and the tag settled")
			}
			lose(t, client)
			outlives(t, short, "users", when)
		})
	}
}

// A write that was judged before a schema change may change what it has no
// lease on, in any shard.
func TestSchemaChangeWaitsForTheLongestLeaseInEachShard(t *testing.T) {
	t.Parallel()
	short, long := pairOfQuarantines(t, "redis+cluster://"+testredis.StartCluster(t)[0].Addr)
	begin(t, long, "users")
	tags := short.Tags([]string{cachedsql.SchemaTag})
	id := cachedsql.WriterID{1, 2, 3}
	if _, err := short.Begin(t.Context(), id, tags, shortQuarantine); err != nil {
		t.Fatal(err)
	}
	if _, err := short.End(t.Context(), id, tags); err != nil {
		t.Fatal(err)
	}
	outlives(t, short, "orders", "the schema has changed")
}

func TestLongQuarantineAloneDisturbsNobody(t *testing.T) {
	t.Parallel()
	short, long := pairOfQuarantines(t, testredis.Start(t).URL())
	id := cachedsql.WriterID{9}
	tags := long.Tags([]string{"users"})
	if !isSettled(t, long, "users") {
		t.Error("a process with a long quarantine does not find settled what is settled")
	}
	if _, err := long.Begin(t.Context(), id, tags, shortQuarantine); err != nil {
		t.Fatal(err)
	}
	if _, err := long.End(t.Context(), id, tags); err != nil {
		t.Fatal(err)
	}
	for _, tag := range []string{"users", "orders"} {
		if !isSettled(t, short, tag) {
			t.Errorf("%q is not settled after a write with a lease no longer than others have", tag)
		}
	}
}
