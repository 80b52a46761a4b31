package redisstore

import (
	"context"
	"errors"
	"os"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// warmer makes connections that nobody waits for. go-redis makes one when a
// call needs it, and drops it when the call's time is over before the server
// has been greeted. If that takes longer than calls may, because the server is
// far away, there would never be one: so after a call that came to nothing,
// some are made in their own time, and kept by the client. Somebody else's client
// is left alone: its pool may be small, and have other users.
type warmer struct {
	client redis.UniversalClient

	mu      sync.Mutex
	end     context.CancelFunc // nil: none are being made; guarded by mu
	ended   time.Time          // when some were made last; guarded by mu
	closed  bool               // guarded by mu
	running sync.WaitGroup
}

// warmConns is how many are made at a time.
const warmConns = 2 * maxFlying

// warmTimeout bounds that, warmPause is until it is tried again.
const (
	warmTimeout = 10 * time.Second
	warmPause   = time.Second
)

// after takes note of how a call has ended.
func (w *warmer) after(err error) {
	if w == nil || err == nil || !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, os.ErrDeadlineExceeded) {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed || w.end != nil || time.Since(w.ended) < warmPause {
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

// connect uses so many connections at the same time.
func (w *warmer) connect(ctx context.Context) {
	var all sync.WaitGroup
	for range warmConns {
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
