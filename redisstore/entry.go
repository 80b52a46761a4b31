package redisstore

import (
	"context"
	"errors"

	"github.com/redis/go-redis/v9"
)

// get is the GET of an entry, and what it found.
type get struct {
	key   string
	entry []byte // nil if there is none
	err   error
}

// commands are the GETs as go-redis sends them.
func commands(ctx context.Context, gets []*get) []redis.Cmder {
	cmds := make([]redis.Cmder, len(gets))
	for i, g := range gets {
		cmds[i] = redis.NewStringCmd(ctx, "get", g.key)
	}
	return cmds
}

// answered takes over what go-redis received.
func answered(gets []*get, cmds []redis.Cmder) {
	for i, g := range gets {
		g.entry, g.err = cmds[i].(*redis.StringCmd).Bytes()
		if errors.Is(g.err, redis.Nil) {
			g.entry, g.err = nil, nil
		}
	}
}
