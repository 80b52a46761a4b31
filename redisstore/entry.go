package redisstore

import (
	"context"
	"errors"

	"github.com/redis/go-redis/v9"
)

// get is the GET of an entry, into the caller's buffer if it is sure to fit.
//
// go-redis gives up the whole pipeline, and the connection with it, when a
// buffer is too small, so only a buffer is used that holds the longest entry
// this store has seen. The first entry longer than that costs one connection.
type get struct {
	redis.Cmder
	store *Store
	key   string
}

func (s *Store) newGet(ctx context.Context, key string, buf []byte) get {
	if n := cap(buf); n > 0 && int64(n) >= s.largest.Load() {
		return get{redis.NewZeroCopyStringCmd(ctx, buf[:n], "get", key), s, key}
	}
	return get{redis.NewStringCmd(ctx, "get", key), s, key}
}

// saw remembers the length of an entry.
func (s *Store) saw(length int) {
	n := int64(length) + crlf
	for {
		largest := s.largest.Load()
		if n <= largest || s.largest.CompareAndSwap(largest, n) {
			return
		}
	}
}

// crlf is what follows a value on the wire. A buffer that has room for it is
// filled by a single read.
const crlf = 2

// entry returns what was found, nil if there is none.
func (g get) entry(ctx context.Context) ([]byte, error) {
	entry, err := g.found()
	var answered redis.Error
	if err != nil && ctx.Err() == nil && !errors.As(err, &answered) && g.isBuffered() {
		// The checks before it were answered: the buffer is too small.
		g.Cmder = redis.NewStringCmd(ctx, "get", g.key)
		_ = g.store.scripts.client.Process(ctx, g.Cmder)
		entry, err = g.found()
	}
	if errors.Is(err, redis.Nil) {
		return nil, nil
	}
	if err == nil {
		g.store.saw(len(entry))
	}
	return entry, err
}

func (g get) isBuffered() bool {
	_, ok := g.Cmder.(*redis.ZeroCopyStringCmd)
	return ok
}

func (g get) found() ([]byte, error) {
	if err := g.Err(); err != nil {
		return nil, err
	}
	if c, ok := g.Cmder.(*redis.ZeroCopyStringCmd); ok {
		return c.Bytes(), nil
	}
	return g.Cmder.(*redis.StringCmd).Bytes()
}
