package redisstore_test

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/internal/testredis"
	"github.com/cachedsql/cachedsql/redisstore"
)

func benchURL(b *testing.B) string {
	if url := os.Getenv("CACHEDSQL_TEST_REDIS"); url != "" {
		return url
	}
	return testredis.Start(b).URL()
}

// BenchmarkHit compares a lookup that is a hit, an entry of 1 KB that depends
// on three tables, with a bare GET of the same bytes, and with two other ways
// to learn the server's history, which read the registers by MGET and compare
// them with INFO in the client. The pipeline is not atomic, and behind a proxy
// its commands may reach different servers; the transaction is sound. Both
// save the server's time for Lua, about a tenth to a sixth of the whole, and
// would need a second round trip, by the script, whenever a tag is not settled.
func BenchmarkHit(b *testing.B) {
	ctx := context.Background()
	url := benchURL(b)
	store := open(b, url, redisstore.Config{Quarantine: 10 * time.Millisecond})
	o, err := redis.ParseURL(url)
	if err != nil {
		b.Fatal(err)
	}
	raw := redis.NewClient(o)
	b.Cleanup(func() { _ = raw.Close() })
	sp := store.Space("bench")
	tags := sp.Tags([]string{"public.users", "public.orders", "public.items"})
	entry := make([]byte, 1024)
	if err := sp.Fill(ctx, cachedsql.Key{}, entry, time.Hour); err != nil {
		b.Fatal(err)
	}
	for {
		if r, err := sp.Check(ctx, tags); err != nil {
			b.Fatal(err)
		} else if r.Settled {
			break
		}
		time.Sleep(time.Millisecond)
	}
	raw.Set(ctx, "bench", entry, time.Hour)
	registers := []string{"era", "s", "w", "t:1", "t:2", "t:3"}
	for _, k := range registers {
		raw.Set(ctx, k, "AAAAAAAAAAAAAAAAAAAAAA.1700000000123456", 0)
	}

	hit := func() error {
		buf := make([]byte, 2048)
		_, err := sp.Read(ctx, cachedsql.Key{}, tags, buf)
		return err
	}
	get := func() error { return raw.Get(ctx, "bench").Err() }
	getPipe := func() error {
		_, err := raw.Pipelined(ctx, func(p redis.Pipeliner) error { p.Get(ctx, "bench"); return nil })
		return err
	}
	mget := func() error {
		_, err := raw.Pipelined(ctx, func(p redis.Pipeliner) error {
			p.MGet(ctx, registers...)
			p.Get(ctx, "bench")
			return nil
		})
		return err
	}
	mgetInfo := func() error {
		_, err := raw.Pipelined(ctx, func(p redis.Pipeliner) error {
			p.Del(ctx, "none") // a write, which a replica or an isolated master refuses
			p.MGet(ctx, registers...)
			p.Info(ctx, "replication")
			p.Get(ctx, "bench")
			return nil
		})
		return err
	}
	multi := func() error {
		_, err := raw.TxPipelined(ctx, func(p redis.Pipeliner) error {
			p.MGet(ctx, registers...)
			p.Del(ctx, "none")
			p.Info(ctx, "replication")
			p.Get(ctx, "bench")
			return nil
		})
		return err
	}
	check := func() error { _, err := sp.Check(ctx, tags); return err }
	for _, c := range []struct {
		name string
		call func() error
	}{{"RawGet", get}, {"RawGetPipelined", getPipe}, {"Read", hit}, {"Check", check}, {"RawMGet+Get", mget}, {"RawDel+MGet+Info+Get", mgetInfo}, {"RawMulti", multi}} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := c.call(); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(c.name+"/parallel", func(b *testing.B) {
			b.SetParallelism(8)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if err := c.call(); err != nil {
						b.Fatal(err)
					}
				}
			})
		})
	}
}

// BenchmarkWrite is what a write to one table adds before its COMMIT (begin),
// and in the background after it (end).
func BenchmarkWrite(b *testing.B) {
	ctx := context.Background()
	sp := open(b, benchURL(b), redisstore.Config{}).Space("bench")
	tags := sp.Tags([]string{"public.users"})
	for name, call := range map[string]func() (cachedsql.Schema, error){
		"Begin": func() (cachedsql.Schema, error) { return sp.Begin(ctx, cachedsql.WriterID{1}, tags, time.Second) },
		"End":   func() (cachedsql.Schema, error) { return sp.End(ctx, cachedsql.WriterID{1}, tags) },
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := call(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
