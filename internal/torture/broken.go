//go:build unix

package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"maps"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/internal/rowcodec"
)

// breakage leaves an ingredient of the protocol out, so that the checker can
// show that it would notice. It is done from outside: in the store that the
// cache is given, or in the text of the scripts on their way to Redis.
type breakage struct {
	nemeses []string      // under which it shows
	wait    bool          // is a part of on_cache_down: wait
	near    string        // is a part of this mode of the near cache
	bound   time.Duration // of near: leased; zero is leasedBound
	slow    bool          // shows within a minute, not within seconds
	lease   time.Duration // zero is shortLease
	script  func(text string) string
	store   func(worker int, s cachedsql.Space) cachedsql.Space
	adapter func(*cachedsql.Adapter)
}

var breakages = map[string]breakage{
	"no begin": {nemeses: []string{"dawdle"}, store: func(_ int, s cachedsql.Space) cachedsql.Space { return noBegin{s} }},
	"vector after the query": {nemeses: []string{"dawdle"}, store: func(_ int, s cachedsql.Space) cachedsql.Space {
		return &restamp{Space: s, tags: map[cachedsql.Key]cachedsql.TagSet{}}
	}},
	"leases not honoured": {nemeses: []string{"dawdle"}, slow: true, script: replace("settled and '1' or '0'", "'1'")},
	"one lease per tag": {
		nemeses: []string{"dawdle"}, slow: true,
		script: replace("if till > clock() and marker ~= writer and marker ~= dropped then", "if false then"),
	},
	"no tag quarantine": {
		nemeses: []string{"evict-in-flight"}, slow: true,
		script: replace("return token(), {{'q', clock() + quarantine}}", "return token(), {}",
			"{token(), ' q:' .. string.format('%d', clock() + quarantine)}, 2", "{token()}, 1"),
	},
	"no wait after a schema change": {
		nemeses: []string{"new-key"}, slow: true, lease: 8 * shortLease,
		script: replace("local holds = i == 2 and lease == 0", "local holds = false"),
	},
	"no epoch check": {
		nemeses: []string{"old-snapshot", "failover"}, slow: true,
		script: replace("if history == '' then", "history = 'same'\nif false then"),
	},
	"lapses not honoured": {
		nemeses: []string{"cut-off"}, wait: true,
		script: replace("  writePresence(writers)\n  if swept", "  here = true\n  writePresence(writers)\n  if swept"),
	},
	"no limit of an absence": {nemeses: []string{"cut-off"}, wait: true, slow: true, store: func(_ int, s cachedsql.Space) cachedsql.Space {
		return endless{s}
	}},
	"unknown outcome is an end": {nemeses: []string{"late-commit"}, slow: true, adapter: func(a *cachedsql.Adapter) {
		a.Definite = func(error) bool { return true }
	}},
}

func breakageNames() string { return strings.Join(slices.Sorted(maps.Keys(breakages)), ", ") }

// replace changes the scripts that have the text; those without it stay.
func replace(oldNew ...string) func(string) string { return strings.NewReplacer(oldNew...).Replace }

// noBegin announces writes only after they are committed.
type noBegin struct{ cachedsql.Space }

func (s noBegin) Begin(ctx context.Context, _ cachedsql.WriterID, _ cachedsql.TagSet, _ time.Duration) (cachedsql.Schema, error) {
	return s.Space.End(ctx, cachedsql.WriterID{}, s.Tags([]string{"nothing"}))
}

// restamp stores entries under the versions of the moment they are stored.
type restamp struct {
	cachedsql.Space
	mu   sync.Mutex
	tags map[cachedsql.Key]cachedsql.TagSet // under mu
}

func (s *restamp) Read(ctx context.Context, key cachedsql.Key, tags cachedsql.TagSet, buf []byte) (cachedsql.Reading, error) {
	s.mu.Lock()
	s.tags[key] = tags
	s.mu.Unlock()
	return s.Space.Read(ctx, key, tags, buf)
}

func (s *restamp) Fill(ctx context.Context, key cachedsql.Key, entry []byte, ttl time.Duration) error {
	s.mu.Lock()
	tags := s.tags[key]
	s.mu.Unlock()
	h, err := rowcodec.DecodeHeader(entry)
	if err != nil {
		return err
	}
	now, err := s.Check(ctx, tags)
	if err != nil || !now.Settled {
		return err
	}
	body := bytes.Replace(entry[:len(entry)-crc32.Size], h.Vector[:], now.Vector[:], 1)
	sum := crc32.Checksum(body, crc32.MakeTable(crc32.Castagnoli))
	return s.Space.Fill(ctx, key, binary.LittleEndian.AppendUint32(body, sum), ttl)
}

// brokenStore applies a breakage to every space.
type brokenStore struct {
	cachedsql.Store
	worker int
	space  func(worker int, s cachedsql.Space) cachedsql.Space
}

func (s brokenStore) Space(namespace string) cachedsql.Space {
	return s.space(s.worker, s.Store.Space(namespace))
}

// scriptHook changes scripts on their way. Redis then never gets to know the
// right one, so every call ends up sending the text.
type scriptHook struct{ change func(string) string }

func (h scriptHook) DialHook(next redis.DialHook) redis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) { return next(ctx, network, addr) }
}

func (h scriptHook) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		h.rewrite(cmd)
		return next(ctx, cmd)
	}
}

func (h scriptHook) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		for _, cmd := range cmds {
			h.rewrite(cmd)
		}
		return next(ctx, cmds)
	}
}

func (h scriptHook) rewrite(cmd redis.Cmder) {
	if args := cmd.Args(); len(args) > 1 && args[0] == "eval" {
		args[1] = h.change(fmt.Sprint(args[1]))
	}
}
