package redisstore

import (
	"context"
	"errors"

	"github.com/redis/go-redis/v9"

	"github.com/cachedsql/cachedsql"
)

// get is the GET of an entry, and what it found.
type get struct {
	name    cachedsql.Key
	key     string
	readers int    // who wait for it
	entry   []byte // nil if there is none
	err     error
	shared  *cachedsql.SharedEntry // nil: nobody else is given the entry
}

func (sp *space) newGet(key cachedsql.Key) *get {
	return &get{name: key, key: sp.keys.entry(key), readers: 1}
}

// share makes the entry one for all who wait for it.
func (g *get) share() {
	if g.readers > 1 && g.entry != nil {
		g.shared = cachedsql.NewSharedEntry(g.readers)
	}
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
		entry, err := cmds[i].(*redis.StringCmd).Bytes()
		if errors.Is(err, redis.Nil) {
			entry, err = nil, nil
		}
		g.take(entry, err)
	}
}

// take takes over an answer. Where somebody else has put a list or a hash, it
// is an entry that nobody can decode, and no failure of the server.
func (g *get) take(entry []byte, err error) {
	if err != nil && redis.HasErrorPrefix(err, "WRONGTYPE") {
		entry, err = []byte{}, nil
	}
	g.entry, g.err = entry, err
}
