package redisstore

import (
	"context"
	"errors"
	"math"
	"os"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// warmer makes connections that nobody waits for. go-redis makes one when a
// call needs it, and drops it when the call's time is over before the server
// has been greeted. If that takes longer than calls may, because the server is
// far away, there would never be one: so after a call that came to nothing,
// some are made in their own time, and kept by the client. So they are after one
// that took long, where few are left for those who come next: each of those would
// have to make its own, in several times as long. Somebody else's client is left
// alone: its pool may be small, and have other users.
type warmer struct {
	client   redis.UniversalClient
	mostIdle int

	mu      sync.Mutex
	end     context.CancelFunc // nil: none are being made; guarded by mu
	ended   time.Time          // when some were made last; guarded by mu
	closed  bool               // guarded by mu
	running sync.WaitGroup
}

// warmConns is how many are made at a time, at most.
const warmConns = 2 * maxFlying

// warmTimeout bounds that, warmPause is until it is tried again.
const (
	warmTimeout = 10 * time.Second
	warmPause   = time.Second
)

// mostIdle is how many connections that nobody uses a client keeps of a server.
// What is made beyond that is dropped at once.
func mostIdle(client redis.UniversalClient) int {
	most := 0
	switch c := client.(type) {
	case *redis.Client:
		most = c.Options().MaxIdleConns
	case *redis.ClusterClient:
		most = c.Options().MaxIdleConns
	}
	if most <= 0 {
		return math.MaxInt
	}
	return most
}

// after takes note of how a call has ended that was made at a moment.
func (w *warmer) after(ctx context.Context, began time.Time, err error) {
	if w == nil || !tookTooLong(err) && !tookLong(ctx, began, err) {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed || w.end != nil || time.Since(w.ended) < warmPause || !tookTooLong(err) && w.hasEnough() {
		return
	}
	ctx, end := context.WithTimeout(context.Background(), warmTimeout)
	w.end = end
	w.running.Go(func() {
		defer end()
		w.connect(ctx)
		w.mu.Lock()
		w.end, w.ended = nil, time.Now()
		w.mu.Unlock()
	})
}

func tookTooLong(err error) bool {
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded)
}

// tookLong reports whether a call was in time and one that first has to connect
// would not be: it takes a round trip for the connection, one to be greeted, more
// where TLS is spoken, and then one for itself.
func tookLong(ctx context.Context, began time.Time, err error) bool {
	deadline, bounded := ctx.Deadline()
	return err == nil && bounded && 4*time.Since(began) > deadline.Sub(began)
}

// hasEnough reports whether as many connections are idle as are made at a time,
// or callers wait for those that there may be at most.
func (w *warmer) hasEnough() bool {
	return w.idle() >= min(warmConns, w.mostIdle) || w.client.PoolStats().PendingRequests > 0
}

// idle is how many connections wait for scripts. Where go-redis has some for
// pipelines it takes no other for one, as long as it may make more of them.
func (w *warmer) idle() int {
	stats := w.client.PoolStats()
	if p := stats.PipelineStats; p != nil {
		return int(p.IdleConns)
	}
	return int(stats.IdleConns)
}

// connect uses more connections at the same time than are idle.
func (w *warmer) connect(ctx context.Context) {
	var all sync.WaitGroup
	for range min(w.idle()+warmConns, w.mostIdle) {
		all.Go(func() {
			if cluster, ok := w.client.(*redis.ClusterClient); ok {
				_ = cluster.ForEachMaster(ctx, func(ctx context.Context, c *redis.Client) error { return greet(ctx, c) })
				return
			}
			_ = greet(ctx, w.client) // whoever needs the server sees that it fails
		})
	}
	all.Wait()
}

// greet uses a connection as scripts do, and one as single commands do: go-redis
// has others for pipelines.
func greet(ctx context.Context, c redis.UniversalClient) error {
	_, err := c.Pipelined(ctx, func(p redis.Pipeliner) error { return p.Ping(ctx).Err() })
	return errors.Join(err, c.Ping(ctx).Err())
}

// stop ends what is under way, as far as the client lets it.
func (w *warmer) stop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed = true
	if w.end != nil {
		w.end()
	}
}
