package cachedsql_test

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/internal/testredis"
	"github.com/cachedsql/cachedsql/redisstore"
)

// several is a Redis of more than one server.
type several struct {
	url  string
	data []*testredis.Server
}

// startSeveral starts each kind of them: a cluster, in which tags are in several
// slots, and a master with a replica that takes its place when it dies.
func startSeveral(t *testing.T, kind string) several {
	t.Helper()
	if kind == "cluster" {
		nodes := testredis.StartCluster(t)
		return several{"redis+cluster://" + nodes[0].Addr, nodes}
	}
	master, replica := testredis.Start(t), testredis.Start(t)
	host, port, _ := net.SplitHostPort(master.Addr)
	replica.Do(t, "replicaof", host, port)
	eventually(t, "the replica has what its master has", func() bool {
		info, err := replica.Client(t).Info(t.Context(), "replication").Result()
		return err == nil && strings.Contains(info, "master_link_status:up")
	})
	sentinel := testredis.StartSentinel(t, master)
	return several{"redis+sentinel://" + sentinel.Addr + "?master_name=main", []*testredis.Server{master, replica}}
}

var kindsOfSeveral = []string{"cluster", "sentinel"}

func (s several) store(t *testing.T) cachedsql.Store {
	t.Helper()
	store, err := redisstore.Open(s.url, redisstore.Config{Quarantine: 2 * shortLease})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	return store
}

// lampAndOther depends on tags of two tables, and with a cluster on several slots.
const lampAndOther = "SELECT MAX(items.price) FROM items LEFT JOIN other ON other.id = items.id WHERE items.name = 'lamp'"

// TestLeasedHitsOverSeveralServersAreNeverOlderThanACommit is the race of
// near_leased_test.go. What is declared is in every shard of tags; the Cluster's
// nodes lose things one by one, and under the Sentinel the master dies in the
// middle and is replaced.
func TestLeasedHitsOverSeveralServersAreNeverOlderThanACommit(t *testing.T) {
	t.Parallel()
	for _, kind := range kindsOfSeveral {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			s := startSeveral(t, kind)
			r := newLeasedRaceOn(t, cachedsql.SQLite, s.store(t))
			r.query = lampAndOther
			if kind == "cluster" {
				r.harm = func(ctx context.Context) { r.loseThings(ctx, s.data) }
				r.run(5 * time.Second)
				return
			}
			var before atomic.Int64 // near hits under the first master
			const some = 20
			r.enough = func() bool { return before.Load() != 0 && r.hits.Load() > before.Load()+some && r.writes.Load() != 0 }
			r.harm = func(ctx context.Context) {
				for r.hits.Load() <= some && ctx.Err() == nil {
					_ = sleepFor(ctx, time.Millisecond)
				}
				before.Store(r.hits.Load())
				s.data[0].Kill()
			}
			r.run(12 * time.Second)
		})
	}
}

// TestSealedEntriesOverSeveralServers: what one process has sealed another
// opens, wherever it is kept; nobody reads it there or puts it elsewhere, and
// no write is missed.
func TestSealedEntriesOverSeveralServers(t *testing.T) {
	t.Parallel()
	for _, kind := range kindsOfSeveral {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			s := startSeveral(t, kind)
			p := newPair(t, cachedsql.SQLite, cachedsql.Config{
				Store: s.store(t), Lease: 2 * shortLease, LookupTimeout: 3 * time.Second, ReportInterval: -1, OnCacheDown: cachedsql.Refuse,
				EntryKeys: []cachedsql.EntryKey{entryKey(t, 1)}, Logger: slog.New(slog.DiscardHandler),
			})
			const lampName, chairName = "SELECT name FROM items WHERE id = 1", "SELECT name FROM items WHERE id = 2"
			p.a.warm(lampName)
			p.a.warm(chairName)
			if got, did := p.b.read(lampName); did != "hit" || got != "name | lamp" {
				t.Errorf("what one process has stored the other reads as %q, %s", got, did)
			}
			s.exchangeEntries(t)
			for _, query := range []string{lampName, chairName} {
				if _, did := p.b.read(query); did == "hit" {
					t.Errorf("%s: a hit with the entry of another query in its place", query)
				}
			}
			if n := p.b.cache.Stats().Unauthentic; n == 0 {
				t.Error("no entry was refused")
			}
			p.wantFresh(lampName)
			p.exec(p.b.db, "UPDATE items SET name = 'lantern' WHERE id = 1")
			p.wantFresh(lampName)
			if kind == "sentinel" {
				p.a.warm(lampName)
				s.data[0].Kill()
				p.wantFresh(lampName)
				p.a.warm(lampName) // on the new master
			}
		})
	}
}

// exchangeEntries puts the values of the two entries that there are in each
// other's place, and reports an error if rows can be read in them.
func (s several) exchangeEntries(t *testing.T) {
	t.Helper()
	client := map[string]redis.Cmdable{}
	var keys, values []string
	for _, srv := range s.data {
		c := srv.Client(t)
		if !strings.Contains(c.Info(t.Context(), "replication").Val(), "role:master") {
			continue
		}
		for _, key := range c.Keys(t.Context(), "cachedsql:*:e2:*").Val() {
			client[key], keys, values = c, append(keys, key), append(values, c.Get(t.Context(), key).Val())
		}
	}
	if len(keys) != 2 {
		t.Fatalf("entries %q, want two", keys)
	}
	for i, value := range values {
		if strings.Contains(value, "lamp") || strings.Contains(value, "chair") {
			t.Errorf("the rows of %q can be read in Redis", keys[i])
		}
		if err := client[keys[1-i]].Set(t.Context(), keys[1-i], value, time.Minute).Err(); err != nil {
			t.Fatal(err)
		}
	}
}

// loseThings makes servers lose names, tags, or all they have.
func (r *leasedRace) loseThings(ctx context.Context, servers []*testredis.Server) {
	lose := "for _, k in ipairs(redis.call('KEYS', ARGV[1])) do redis.call('DEL', k) end return 1"
	for ctx.Err() == nil {
		server := servers[rand.IntN(len(servers))]
		switch rand.IntN(5) {
		case 0:
			server.Do(r.T, "eval", lose, "0", "*}d")
		case 1:
			server.Do(r.T, "eval", lose, "0", "*}t:*")
		case 2:
			if rand.IntN(3) == 0 {
				server.Do(r.T, "flushall")
			}
		}
		_ = sleepFor(ctx, time.Duration(300+rand.IntN(900))*time.Millisecond)
	}
}

// isRefused reports whether a write was refused before anything happened.
func isRefused(err error) bool { return errors.Is(err, cachedsql.ErrCacheDown) }
