package redisstore_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/internal/testredis"
	"github.com/cachedsql/cachedsql/redisstore"
)

// TestReadersOfAFarServerAreInTime: where one round trip takes more than half of
// the time that a lookup may take, many readers have their answers all the same,
// of one key and of many.
func TestReadersOfAFarServerAreInTime(t *testing.T) {
	t.Parallel()
	const rtt, budget = 1200 * time.Millisecond, 2 * time.Second // so much longer than usual for a busy machine
	const readers, rounds = 64, 3
	addr := strings.TrimPrefix(testredis.Start(t).URL(), "redis://")
	near := open(t, "redis://"+addr, redisstore.Config{Quarantine: 50 * time.Millisecond}).Space("far")
	sp := open(t, "redis://"+testredis.Far(t, addr, rtt), redisstore.Config{}).Space("far")
	for k := range readers {
		if err := near.Fill(t.Context(), distantKey(k), []byte{byte(k)}, time.Hour); err != nil {
			t.Fatal(err)
		}
	}
	settle(t, near, near.Tags([]string{"users"}))
	tags := sp.Tags([]string{"users"})
	settle(t, sp, tags) // and connects
	for name, keyOf := range map[string]func(reader int) int{
		"one key": func(int) int { return 0 }, "many keys": func(reader int) int { return reader },
	} {
		var all sync.WaitGroup
		for r := range readers {
			all.Go(func() {
				time.Sleep(time.Duration(r) * rtt / readers) // not all at the same moment
				for range rounds {
					ctx, cancel := context.WithTimeout(t.Context(), budget)
					got, err := sp.Read(ctx, distantKey(keyOf(r)), tags, nil)
					cancel()
					if err != nil || !got.Settled || len(got.Entry) != 1 || got.Entry[0] != byte(keyOf(r)) {
						t.Errorf("%s: reader %d: %v, settled %v, %v", name, r, got.Entry, got.Settled, err)
					}
				}
			})
		}
		all.Wait()
	}
}

func settle(tb testing.TB, sp cachedsql.Space, tags cachedsql.TagSet) {
	tb.Helper()
	for settled := false; !settled; time.Sleep(time.Millisecond) {
		r, err := sp.Check(tb.Context(), tags)
		if err != nil {
			tb.Fatal(err)
		}
		settled = r.Settled
	}
}

// BenchmarkDistance reads entries from a server at several distances, each read
// under the default deadline, and reports the slowest percent and how many were
// too late.
func BenchmarkDistance(b *testing.B) {
	addr := strings.TrimPrefix(testredis.Start(b).URL(), "redis://")
	for _, rtt := range []time.Duration{0, time.Millisecond, 10 * time.Millisecond, 30 * time.Millisecond} {
		to := addr
		if rtt > 0 {
			to = testredis.Far(b, addr, rtt)
		}
		for _, keys := range []int{1, 1000} {
			for _, readers := range []int{1, 8, 64} {
				b.Run(fmt.Sprintf("rtt=%v/keys=%d/readers=%d", rtt, keys, readers), func(b *testing.B) {
					benchmarkDistance(b, "redis://"+addr, "redis://"+to, keys, readers)
				})
			}
		}
	}
}

func benchmarkDistance(b *testing.B, nearby, url string, keys, readers int) {
	store := open(b, url, redisstore.Config{Quarantine: 10 * time.Millisecond})
	sp := store.Space("bench")
	tags := sp.Tags([]string{"users"})
	near := open(b, nearby, redisstore.Config{}).Space("bench")
	for k := range keys {
		if err := near.Fill(b.Context(), distantKey(k), make([]byte, 256), time.Hour); err != nil {
			b.Fatal(err)
		}
	}
	settle(b, sp, tags)
	var late atomic.Int64
	var mu sync.Mutex
	var took []time.Duration
	var all sync.WaitGroup
	var n atomic.Int64
	b.ResetTimer()
	for range readers {
		all.Go(func() {
			var mine []time.Duration
			for i := n.Add(1); i <= int64(b.N); i = n.Add(1) {
				began := time.Now()
				ctx, cancel := context.WithTimeout(b.Context(), 50*time.Millisecond)
				_, err := sp.Read(ctx, distantKey(int(i*7919)%keys), tags, nil)
				cancel()
				if err != nil {
					late.Add(1)
				}
				mine = append(mine, time.Since(began))
			}
			mu.Lock()
			defer mu.Unlock()
			took = append(took, mine...)
		})
	}
	all.Wait()
	b.StopTimer()
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)*99/100])/1e3, "p99-us")
	b.ReportMetric(float64(late.Load()), "late")
}

func distantKey(k int) (key cachedsql.Key) {
	binary.LittleEndian.PutUint32(key[:], uint32(k))
	return key
}

// farWriter begins writes on a far server, in less time than it takes to connect
// and then ask.
type farWriter struct {
	*testing.T
	store  *redisstore.Store
	budget time.Duration
}

func (f *farWriter) begin(writer int) error {
	ctx, cancel := context.WithTimeout(f.Context(), f.budget)
	defer cancel()
	sp := f.store.Space("far")
	_, err := sp.Begin(ctx, cachedsql.WriterID{byte(writer)}, sp.Tags([]string{fmt.Sprint("t", writer)}), time.Second)
	return err
}

// awaitIdle begins writes until so many connections are idle, which have been
// made in the background.
func (f *farWriter) awaitIdle(n int) {
	f.Helper()
	for deadline := time.Now().Add(2 * time.Minute); f.store.IdleConns() < n; {
		if time.Now().After(deadline) {
			f.Fatalf("%d connections are idle, want %d", f.store.IdleConns(), n)
		}
		_ = f.begin(0) // at first there is no connection that it could have in time
	}
}

// TestMoreWritersOfAFarServerAreInTime: there are connections for those who join,
// who could not make one in the time that they have.
func TestMoreWritersOfAFarServerAreInTime(t *testing.T) {
	t.Parallel()
	const rtt = 1200 * time.Millisecond
	addr := strings.TrimPrefix(testredis.Start(t).URL(), "redis://")
	f := &farWriter{t, open(t, "redis://"+testredis.Far(t, addr, rtt), redisstore.Config{}), 3*rtt - 100*time.Millisecond}
	for writers := 4; writers <= redisstore.WarmConns; writers += 4 {
		f.awaitIdle(redisstore.WarmConns)
		var all sync.WaitGroup
		for w := range writers {
			all.Go(func() {
				if err := f.begin(w); err != nil {
					t.Errorf("one of %d writers: %v", writers, err)
				}
			})
		}
		all.Wait()
	}
}

// Where the client keeps few connections no more are made ahead, which it would
// drop at once, to be made again a second later.
func TestNoMoreConnectionsAreMadeAheadThanAreKept(t *testing.T) {
	t.Parallel()
	const rtt, kept = 200 * time.Millisecond, 2
	srv := testredis.Start(t)
	f := &farWriter{t, open(t, fmt.Sprintf("redis://%s?max_idle_conns=%d", testredis.Far(t, srv.Addr, rtt), kept), redisstore.Config{}), 3 * rtt}
	f.awaitIdle(kept)
	made := func() (n int) {
		info, err := srv.Client(t).Info(t.Context(), "stats").Result()
		if err != nil {
			t.Fatal(err)
		}
		_, rest, _ := strings.Cut(info, "total_connections_received:")
		_, _ = fmt.Sscan(rest, &n)
		return n
	}
	before := made()
	for end := time.Now().Add(3500 * time.Millisecond); time.Now().Before(end); {
		if err := f.begin(0); err != nil {
			t.Error(err)
		}
	}
	if n := made() - before; n > kept {
		t.Errorf("%d connections were made while one at a time was used", n)
	}
}
