package redisstore

import (
	"context"
	"encoding/base64"
	"slices"
	"sync"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/internal/protocol"
)

// schemas is what this process knows of the schema tag in each shard.
//
// The era's token belongs to it: a failover may lose a schema change, and put
// back the very token that was known before it. Whoever saw neither would go
// on with the old catalog.
type schemas struct {
	mu    sync.Mutex
	known []string         // by shard; guarded by mu
	all   cachedsql.Schema // of those that are known, "" if not made yet; likewise
}

// schema returns what the schema tag says. With one shard that is its token. A
// cluster has one token per shard, changed by the same writes but not at the
// same moment; they are hashed together, so that whoever compares need not
// know. When one turns out to be new the others are asked for in a second
// round trip, or every shard would look like a schema change of its own.
func (sp *space) schema(ctx context.Context, answers []answer) (cachedsql.Schema, error) {
	for _, a := range answers {
		sp.learn(a.schema)
	}
	if len(sp.keys.shards) == 1 {
		return cachedsql.Schema(answers[len(answers)-1].schema), nil
	}
	now, changed := sp.schemas.with(answers)
	if changed {
		others, err := sp.runChecks(ctx, sp.schemaCalls(answers), nil)
		if err != nil {
			return "", err
		}
		for _, a := range others {
			sp.learn(a.schema)
		}
		now, _ = sp.schemas.with(append(others, answers...))
	}
	return together(now), nil
}

// together is the schema of all shards.
func together(now []string) cachedsql.Schema {
	parts := make([][]byte, len(now))
	for i, s := range now {
		parts[i] = []byte(s)
	}
	v := protocol.Vector(parts...)
	return cachedsql.Schema(base64.RawURLEncoding.EncodeToString(v[:]))
}

// agreed returns the schema of all shards as it is known, if the answers do
// not contradict it.
func (s *schemas) agreed(answers []answer) (cachedsql.Schema, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range answers {
		if s.known[a.shard] != a.schema {
			return "", false
		}
	}
	if s.all == "" {
		s.all = together(s.known)
	}
	return s.all, true
}

// schemaOf is what a transaction found, without copying it every time.
func (sp *space) schemaOf(text []byte) cachedsql.Schema {
	if known := sp.latest.Load(); known != nil && string(*known) == string(text) {
		return *known
	}
	schema := cachedsql.Schema(text)
	sp.learn(string(schema))
	sp.latest.Store(&schema)
	return schema
}

// with takes in what was found, and returns all that is known with it, even if
// another goroutine has found something else at the same time: a reading must
// not claim a schema that its own tokens contradict.
func (s *schemas) with(answers []answer) (now []string, changed bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range answers {
		changed = changed || s.known[a.shard] != a.schema
		s.known[a.shard] = a.schema
	}
	if changed {
		s.all = ""
	}
	return slices.Clone(s.known), changed
}

// schemaCalls checks the schema in the shards that have not answered.
func (sp *space) schemaCalls(answers []answer) []call {
	var calls []call
	for shard := range sp.keys.shards {
		if !slices.ContainsFunc(answers, func(a answer) bool { return a.shard == shard }) {
			calls = append(calls, sp.newCheck(shard, sp.keys.wildcard(shard)))
		}
	}
	return calls
}
