package redisstore

import (
	"context"
	"errors"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/cachedsql/cachedsql"
)

// Declare implements [cachedsql.Space]. The names are kept in every shard,
// each beside its schema tag, so that the begin of a write in any one of them
// tells of a name that is new, and the check of a read in any one that the
// names were lost.
func (sp *space) Declare(ctx context.Context, names []string) (cachedsql.Declared, error) {
	if err := sp.store.usable(ctx); err != nil {
		return cachedsql.Declared{}, err
	}
	argv := []any{randomToken(), sp.quarantine.Load(), sp.store.history, len(names)}
	for _, name := range names {
		if name == "" {
			return cachedsql.Declared{}, errors.New("cachedsql: redis: a declared name is empty")
		}
		argv = append(argv, escape(name))
	}
	execs := make([]*execution, len(sp.keys.shards))
	for shard := range execs {
		keys := newCall(shard, []string{sp.keys.era(shard), sp.keys.schema(shard), sp.keys.names(shard)}, "").keys
		execs[shard] = sp.store.scripts.command(ctx, sp.store.program.declare, keys, argv...)
	}
	sp.store.scripts.run(ctx, execs, nil)
	found := cachedsql.Declared{Names: map[string]time.Duration{}}
	answers := make([]answer, len(execs))
	found.Kept = sp.store.config.Quarantine
	for shard, e := range execs {
		text, err := e.Result()
		if err != nil {
			return cachedsql.Declared{}, wrap("declare", err)
		}
		if answers[shard], err = parseDeclared(shard, text, &found); err != nil {
			return cachedsql.Declared{}, err
		}
	}
	var err error
	found.Schema, err = sp.schema(ctx, answers)
	return found, err
}

// parseDeclared reads "era schema kept name:wait name:wait ...". A name can be
// relied on when it can in every shard, and may have been lost in any.
func parseDeclared(shard int, text string, found *cachedsql.Declared) (answer, error) {
	fields := strings.Split(text, " ")
	if len(fields) < 3 {
		return answer{}, errUnexpected
	}
	kept, err := strconv.ParseInt(fields[2], 10, 64)
	if err != nil {
		return answer{}, errUnexpected
	}
	found.Kept = min(found.Kept, time.Duration(kept)*time.Millisecond)
	for _, f := range fields[3:] {
		escaped, millis, _ := strings.Cut(f, ":")
		name, err := url.PathUnescape(escaped)
		wait, err2 := strconv.ParseInt(millis, 10, 64)
		if err != nil || err2 != nil {
			return answer{}, errUnexpected
		}
		found.Names[name] = max(found.Names[name], time.Duration(wait)*time.Millisecond)
	}
	return answer{shard: shard, schema: fields[0] + " " + fields[1]}, nil
}
