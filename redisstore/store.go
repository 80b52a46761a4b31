// Package redisstore keeps cached results in Redis or Valkey, alone, behind
// Sentinel, or as a Cluster.
//
// A lookup is one round trip: the entry, and a script that checks its tags. A
// write costs one round trip before it commits and one, in the background,
// after. Nothing is enumerated or deleted to invalidate.
//
// Entries have a TTL and tags have none. Any maxmemory-policy is safe; the
// volatile ones are better, because a table whose tag was evicted is not
// cached for a while.
package redisstore

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/internal/protocol"
)

var _ cachedsql.Store = (*Store)(nil)

// Config configures a Store. Every process that shares a namespace must use
// the same. The zero value is fine.
type Config struct {
	// Absence is how long a writer whose cache has OnCacheDown Wait may go on
	// writing when it cannot reach Redis. Nobody's results are served or stored
	// meanwhile, nor for as long after such a writer has died, or after Redis
	// has lost its data. In a URL: absence. Zero: there are no such writers.
	Absence time.Duration

	// AllowNoReplicationID accepts a server that does not say which history
	// its data belongs to, as INFO's master_replid does. The store then does
	// not notice a failover that lost writes, nor a restart from an old
	// snapshot, and may serve stale results after one until their TTL ends.
	// It still notices data that is gone. In a URL: allow_no_replid=true.
	AllowNoReplicationID bool

	// KeyPrefix is what all keys start with, inside of the hash tag where
	// there is one. Letters, digits, and _ . - : are allowed. In a URL:
	// key_prefix. Defaults to "cachedsql".
	KeyPrefix string

	// Quarantine is how long tables are not cached that the server knows
	// nothing about: new ones, those whose tag was evicted, and all after the
	// server was emptied or a replica took over. It must be at least the
	// longest lease; Begin refuses a longer one. Where processes have different
	// ones, the longest that was needed for a lease counts for all. At most a
	// day. In a URL: quarantine. Defaults to 10 seconds.
	Quarantine time.Duration
}

const (
	defaultKeyPrefix  = "cachedsql"
	defaultQuarantine = 10 * time.Second
	maxQuarantine     = 24 * time.Hour // protocol.Era has no room for more

	minAbsence = 100 * time.Millisecond
	longTerm   = 3 * time.Second
)

func (c Config) withDefaults() (Config, error) {
	if c.KeyPrefix == "" {
		c.KeyPrefix = defaultKeyPrefix
	}
	if c.Quarantine == 0 {
		c.Quarantine = defaultQuarantine
	}
	if c.Quarantine < time.Millisecond {
		return c, fmt.Errorf("cachedsql: redis: quarantine %v: at least a millisecond is needed", c.Quarantine)
	}
	if c.Quarantine > maxQuarantine {
		return c, fmt.Errorf("cachedsql: redis: quarantine %v: more than %v", c.Quarantine, maxQuarantine)
	}
	if c.Absence != 0 && c.Absence < minAbsence {
		return c, fmt.Errorf("cachedsql: redis: absence %v: at least %v is needed", c.Absence, minAbsence)
	}
	if c.Absence != 0 && c.AllowNoReplicationID {
		return c, errors.New("cachedsql: redis: absence: without a replication ID nobody notices that the writers which may be away were lost")
	}
	return c, validPrefix(c.KeyPrefix)
}

// term is how far ahead registrations lapse: about how long a writer that is
// cut off has to wait, and how long one may be held up without everybody
// noticing. Everybody must find the same.
func (c Config) term() time.Duration {
	return min(longTerm, c.Absence/8).Truncate(time.Millisecond)
}

// A Store is a [cachedsql.Store] in Redis.
type Store struct {
	scripts scripts
	wire    *wire // nil: lookups go by the scripts
	program program
	config  Config
	rules   protocol.Rules // of registrations
	suffix  string         // what the scripts add to the history, see newProgram
	shards  int
	opened  bool // the client is ours to close
	closed  atomic.Bool

	history any // an argument of every script, see scripts/head.lua

	mu     sync.Mutex
	spaces map[string]*space // guarded by mu
}

// New returns a store that uses a client, which stays the caller's to close.
// It does no I/O.
//
// The client must have ContextTimeoutEnabled, or a slow server would delay
// queries by more than the caller allows. Retries are of no use to a cache:
// set MaxRetries to -1. A [redis.Ring] is refused: it moves keys when a node
// goes away, and takes old versions of them for current.
func New(client redis.UniversalClient, c Config) (*Store, error) {
	c, err := c.withDefaults()
	if err != nil {
		return nil, err
	}
	s := &Store{scripts: scripts{client: client}, config: c, shards: 1, spaces: make(map[string]*space)}
	if c.Absence != 0 {
		s.suffix = "+" + strconv.FormatInt(c.Absence.Milliseconds(), 10)
		s.rules = protocol.Rules{Term: protocol.Millis(c.term().Milliseconds()), Absence: protocol.Millis(c.Absence.Milliseconds()), MaxWriters: maxWriters}
	}
	s.program = newProgram(s.rules.Term, s.rules.Absence)
	s.history = ""
	if c.AllowNoReplicationID {
		s.history = unknownHistory
	}
	bounded := true
	switch client := client.(type) {
	case *redis.Ring:
		return nil, errors.New("cachedsql: redis: a Ring cannot keep tags coherent")
	case *redis.ClusterClient:
		s.shards = clusterShards
		bounded = client.Options().ContextTimeoutEnabled
	case *redis.Client:
		bounded = client.Options().ContextTimeoutEnabled
	}
	if !bounded {
		return nil, errors.New("cachedsql: redis: the client must have ContextTimeoutEnabled")
	}
	return s, nil
}

// unknownHistory stands for the replication ID of a server that shows none.
const unknownHistory = "unknown"

// Absence is how far ahead registrations lapse and how long a writer may be
// away after that; zero where writers cannot register.
func (s *Store) Absence() (term, absence time.Duration) {
	if s.config.Absence == 0 {
		return 0, 0
	}
	return s.config.term(), s.config.Absence
}

// KeyPrefix is what all keys start with.
func (s *Store) KeyPrefix() string { return s.config.KeyPrefix }

// registers reports whether writers can register.
func (s *Store) registers() bool { return s.program.register != nil }

// MaxLease is the longest lease a writer may ask for: the quarantine.
func (s *Store) MaxLease() time.Duration { return s.config.Quarantine }

// Space implements [cachedsql.Store].
func (s *Store) Space(namespace string) cachedsql.Space {
	s.mu.Lock()
	defer s.mu.Unlock()
	sp := s.spaces[namespace]
	if sp == nil {
		sp = newSpace(s, namespace)
		s.spaces[strings.Clone(namespace)] = sp
	}
	return sp
}

// Ping implements [cachedsql.Store].
func (s *Store) Ping(ctx context.Context) error {
	if err := s.usable(ctx); err != nil {
		return err
	}
	return wrap("ping", s.scripts.client.Ping(ctx).Err())
}

// Close closes the client if [Open] made it.
func (s *Store) Close() error {
	if s.closed.Swap(true) {
		return nil
	}
	var err error
	if s.opened {
		s.scripts.warmer.stop()
		s.wire.close()
		err = s.scripts.client.Close()
		s.scripts.warmer.running.Wait()
	}
	return wrap("close", err)
}

func (s *Store) usable(ctx context.Context) error {
	if s.closed.Load() {
		return cachedsql.ErrStoreClosed
	}
	return ctx.Err()
}

// ErrNoReplicationID is returned by calls to a server whose INFO has no
// master_replid, or that does not let the user call INFO.
var ErrNoReplicationID = errors.New("server does not show its replication ID: allow the user INFO, or accept undetected failovers with allow_no_replid")

func wrap(what string, err error) error {
	if err == nil {
		return nil
	}
	if redis.HasErrorPrefix(err, "NOREPLID") {
		err = fmt.Errorf("%w (%w)", ErrNoReplicationID, err)
	}
	if words, _, cut := strings.Cut(err.Error(), argumentsQuoted); cut {
		err = &withoutArguments{words, err}
	}
	return fmt.Errorf("cachedsql: redis: %s: %w", what, err)
}

// argumentsQuoted is where Redis begins to repeat what it was sent, when it does
// not know a command: rows, where that was a SET.
const argumentsQuoted = ", with args beginning with"

// withoutArguments is an error of Redis's in its words, except for those.
type withoutArguments struct {
	words string
	err   error
}

func (e *withoutArguments) Error() string { return e.words }
func (e *withoutArguments) Unwrap() error { return e.err }
