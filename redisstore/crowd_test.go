package redisstore_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/redisstore"
)

// BenchmarkWriteOfACrowdedTag is a begin and an end of a write while others
// write the same tables. It reports the processor time of the server, which has
// one thread for all of them.
func BenchmarkWriteOfACrowdedTag(b *testing.B) {
	for _, writers := range []int{0, 32, 63} {
		b.Run(fmt.Sprint(writers), func(b *testing.B) {
			ctx, url := b.Context(), benchURL(b)
			store := open(b, url, redisstore.Config{Quarantine: time.Minute})
			o, err := redis.ParseURL(url)
			if err != nil {
				b.Fatal(err)
			}
			raw := redis.NewClient(o)
			b.Cleanup(func() { _ = raw.Close() })
			sp := store.Space("crowd")
			tags := sp.Tags([]string{"public.users", "public.users/id/*", "public.users/id/2c1"})
			for i := range writers {
				if _, err := sp.Begin(ctx, cachedsql.WriterID{1, byte(i)}, tags, time.Minute); err != nil {
					b.Fatal(err)
				}
			}
			before := serverTime(ctx, b, raw)
			for b.Loop() {
				if _, err := sp.Begin(ctx, cachedsql.WriterID{2}, tags, time.Minute); err != nil {
					b.Fatal(err)
				}
				if _, err := sp.End(ctx, cachedsql.WriterID{2}, tags); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric((serverTime(ctx, b, raw)-before)*1e6/float64(b.N), "server-us/op")
		})
	}
}

// serverTime is the processor time that a server has used, in seconds.
func serverTime(ctx context.Context, b *testing.B, client *redis.Client) (sum float64) {
	b.Helper()
	info, err := client.Info(ctx, "cpu").Result()
	if err != nil {
		b.Fatal(err)
	}
	for line := range strings.Lines(info) {
		if name, value, _ := strings.Cut(strings.TrimSpace(line), ":"); name == "used_cpu_user" || name == "used_cpu_sys" {
			var seconds float64
			if _, err := fmt.Sscan(value, &seconds); err != nil {
				b.Fatal(err)
			}
			sum += seconds
		}
	}
	return sum
}
