package redisstore

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/internal/protocol"
)

var (
	_ cachedsql.Space   = (*space)(nil)
	_ cachedsql.Claimer = (*space)(nil)
)

// maxLeases bounds the leases on a tag, and with them its length: 3 KB.
const maxLeases = 64

// space is one namespace.
type space struct {
	store   *Store
	keys    keyspace
	schemas schemas
	batches batches
	latest  atomic.Pointer[cachedsql.Schema] // the last one read, see schemaOf

	// quarantine is an argument of every script, an int64 of milliseconds: this
	// store's, or a longer one that was seen here. Who has it may still have
	// leases when Redis has forgotten everything.
	quarantine atomic.Value
}

func newSpace(s *Store, namespace string) *space {
	keys := newKeyspace(s.config.KeyPrefix, namespace, s.shards)
	sp := &space{store: s, keys: keys, schemas: schemas{known: make([]string, s.shards)}}
	sp.quarantine.Store(int64(protocol.WholeMillis(s.config.Quarantine)))
	return sp
}

// learn notes the quarantine in a schema, which begins with the era's token.
func (sp *space) learn(schema string) {
	token, _, _ := strings.Cut(schema, " ")
	longest := int64(protocol.Era{Token: token}.Longest())
	for known := sp.quarantine.Load(); longest > known.(int64); known = sp.quarantine.Load() {
		if sp.quarantine.CompareAndSwap(known, longest) {
			return
		}
	}
}

// Tags implements [cachedsql.Space].
func (sp *space) Tags(names []string) cachedsql.TagSet { return newTagSet(sp, names) }

// Read implements [cachedsql.Space]. The entry is never in buf: what is
// replayed from it lives on in the caller's values.
func (sp *space) Read(ctx context.Context, key cachedsql.Key, tags cachedsql.TagSet, _ []byte) (cachedsql.Reading, error) {
	set, err := sp.own(ctx, tags)
	if err != nil {
		return cachedsql.Reading{}, err
	}
	return sp.check(ctx, set, &key)
}

// Check implements [cachedsql.Space].
func (sp *space) Check(ctx context.Context, tags cachedsql.TagSet) (cachedsql.Reading, error) {
	set, err := sp.own(ctx, tags)
	if err != nil {
		return cachedsql.Reading{}, err
	}
	return sp.check(ctx, set, nil)
}

// own returns the set if the store can be used and the set is of this space.
func (sp *space) own(ctx context.Context, tags cachedsql.TagSet) (*tagSet, error) {
	if err := sp.store.usable(ctx); err != nil {
		return nil, err
	}
	set, ok := tags.(*tagSet)
	if !ok || set.space != sp {
		return nil, errors.New("cachedsql: redis: tag set of another space")
	}
	return set, nil
}

// answer is what a script found in one shard.
type answer struct {
	shard   int
	settled bool
	tokens  string // all of a check, separated by spaces
	schema  string // the era's and the schema's
}

func (sp *space) runChecks(ctx context.Context, calls []call, gets []redis.Cmder) ([]answer, error) {
	return parseChecks(calls, sp.execute(ctx, calls, gets))
}

// execute sends checks, and gets behind them, in one round trip.
func (sp *space) execute(ctx context.Context, calls []call, gets []redis.Cmder) []*execution {
	execs := make([]*execution, len(calls))
	for i, c := range calls {
		execs[i] = sp.store.scripts.command(ctx, sp.store.program.check, c.keys, nextCheckToken(), sp.quarantine.Load(), sp.store.history)
	}
	sp.store.scripts.run(ctx, execs, gets)
	return execs
}

func parseChecks(calls []call, execs []*execution) ([]answer, error) {
	answers := make([]answer, len(calls))
	for i, e := range execs {
		text, err := e.Result()
		if err != nil {
			return nil, wrap("check", err)
		}
		if answers[i], err = parseCheck(calls[i].shard, text); err != nil {
			return nil, err
		}
	}
	return answers, nil
}

// parseCheck reads "1 era schema wildcard tag ...".
func parseCheck(shard int, text string) (answer, error) {
	settled, tokens, _ := strings.Cut(text, " ")
	era := strings.IndexByte(tokens, ' ')
	schema := strings.IndexByte(tokens[era+1:], ' ')
	if era < 0 || schema < 0 || settled != "0" && settled != "1" {
		return answer{}, errUnexpected
	}
	return answer{shard, settled == "1", tokens, tokens[:era+1+schema]}, nil
}

var errUnexpected = errors.New("cachedsql: redis: script gave an unexpected answer")

// Begin implements [cachedsql.Space]. After an error some of the tags may have
// the lease; End removes it, and else it runs out.
func (sp *space) Begin(ctx context.Context, writer cachedsql.WriterID, tags cachedsql.TagSet, lease time.Duration) (cachedsql.Schema, error) {
	if lease < time.Millisecond || lease > sp.store.config.Quarantine {
		return "", fmt.Errorf("cachedsql: redis: lease of %v is not between 1ms and the quarantine of %v", lease, sp.store.config.Quarantine)
	}
	return sp.mark(ctx, "begin", writer, tags, int64(protocol.WholeMillis(lease)))
}

// End implements [cachedsql.Space].
func (sp *space) End(ctx context.Context, writer cachedsql.WriterID, tags cachedsql.TagSet) (cachedsql.Schema, error) {
	return sp.mark(ctx, "end", writer, tags, 0)
}

func (sp *space) mark(ctx context.Context, what string, writer cachedsql.WriterID, tags cachedsql.TagSet, lease int64) (cachedsql.Schema, error) {
	set, err := sp.own(ctx, tags)
	if err != nil {
		return "", err
	}
	if len(set.marks) == 0 {
		r, err := sp.check(ctx, set, nil)
		return r.Schema, err
	}
	marker := base64.RawURLEncoding.EncodeToString(writer[:])
	answers, err := sp.runMarks(ctx, what, set.marks, marker, lease)
	if err != nil {
		return "", err
	}
	schema, err := sp.schema(ctx, answers)
	if calls := sp.shorter(lease); err == nil && len(calls) > 0 {
		if answers, err = sp.runMarks(ctx, what, calls, marker, lease); err == nil {
			schema, err = sp.schema(ctx, answers)
		}
	}
	return schema, err
}

// shorter begins, without tags, in the shards of a cluster where nobody has had
// as long a lease. A change of the schema waits in each of them for the leases
// in all.
func (sp *space) shorter(lease int64) (calls []call) {
	if len(sp.keys.shards) == 1 || lease == 0 {
		return nil
	}
	sp.schemas.mu.Lock()
	defer sp.schemas.mu.Unlock()
	for shard, known := range sp.schemas.known {
		token, _, _ := strings.Cut(known, " ")
		if lease > int64(protocol.Era{Token: token}.Longest()) {
			calls = append(calls, newCall(shard, []string{sp.keys.era(shard), sp.keys.schema(shard)}, markAfterSchema))
		}
	}
	return calls
}

func (sp *space) runMarks(ctx context.Context, what string, calls []call, marker string, lease int64) ([]answer, error) {
	execs := make([]*execution, len(calls))
	for i, c := range calls {
		execs[i] = sp.store.scripts.command(ctx, sp.store.program.mark, c.keys,
			randomToken(), sp.quarantine.Load(), sp.store.history, marker, lease, maxLeases, c.first)
	}
	sp.store.scripts.run(ctx, execs, nil)
	answers := make([]answer, len(execs))
	for i, e := range execs {
		schema, err := e.Result()
		if err != nil {
			return nil, wrap(what, err)
		}
		answers[i] = answer{shard: calls[i].shard, schema: schema}
	}
	return answers, nil
}

// Fill implements [cachedsql.Space].
func (sp *space) Fill(ctx context.Context, key cachedsql.Key, entry []byte, ttl time.Duration) error {
	if err := sp.store.usable(ctx); err != nil {
		return err
	}
	if ttl <= 0 {
		return errors.New("cachedsql: redis: an entry needs a TTL above zero")
	}
	ms := strconv.FormatInt(max(ttl.Milliseconds(), 1), 10)
	set := redis.NewStatusCmd(ctx, "set", sp.keys.entry(key), entry, "px", ms)
	err := sp.store.scripts.client.Process(ctx, set)
	if redis.HasErrorPrefix(err, "OOM") {
		err = fmt.Errorf("%w: %w", cachedsql.ErrStoreFull, err)
	}
	return wrap("fill", err)
}

// Claim implements [cachedsql.Claimer].
func (sp *space) Claim(ctx context.Context, key cachedsql.Key, vector cachedsql.Vector, d time.Duration) (bool, error) {
	if err := sp.store.usable(ctx); err != nil {
		return false, err
	}
	ms := strconv.FormatInt(max(d.Milliseconds(), 1), 10)
	set := redis.NewStatusCmd(ctx, "set", sp.keys.claim(key, vector), "", "nx", "px", ms)
	err := sp.store.scripts.client.Process(ctx, set)
	if errors.Is(err, redis.Nil) {
		return false, nil
	}
	return err == nil, wrap("claim", err)
}

// Delete implements [cachedsql.Space].
func (sp *space) Delete(ctx context.Context, key cachedsql.Key) error {
	if err := sp.store.usable(ctx); err != nil {
		return err
	}
	return wrap("delete", sp.store.scripts.client.Del(ctx, sp.keys.entry(key)).Err())
}
