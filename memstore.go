package cachedsql

import (
	"context"
	"encoding/base64"
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/maypok86/otter/v2"

	"github.com/cachedsql/cachedsql/internal/protocol"
)

var (
	_ Store  = (*MemoryStore)(nil)
	_ Space  = (*memorySpace)(nil)
	_ TagSet = (*memoryTags)(nil)
)

// defaultMemoryBytes is what a MemoryStore holds unless told otherwise.
const defaultMemoryBytes = 64 << 20

// MemoryConfig configures a MemoryStore. The zero value is fine.
type MemoryConfig struct {
	// MaxBytes bounds the memory of the entries, keys and bookkeeping
	// included. Entries that are used least make room for new ones. Tags are
	// not counted: there is one small record per tag ever used, and it is
	// never evicted. Defaults to 64 MiB.
	MaxBytes int64
}

// A MemoryStore keeps entries and tags in the memory of this process. It
// follows the same protocol as a store in Redis, except that it cannot forget
// a tag and so needs no quarantine. Writes of other processes are unknown to
// it: it is for programs of which one instance runs, for tests and for trying
// things out.
type MemoryStore struct {
	rules   protocol.Rules
	start   time.Time
	entries *otter.Cache[memoryKey, memoryEntry]
	tokens  atomic.Int64
	closed  atomic.Bool
	shared  bool // Close is ignored

	mu     sync.Mutex
	spaces map[string]*memorySpace // guarded by mu
}

type memoryKey struct {
	space int
	key   Key
}

type memoryEntry struct {
	bytes []byte
	ttl   time.Duration
}

// memoryOverhead is what an entry costs beside its bytes, by measurement.
const memoryOverhead = 200

// NewMemoryStore returns an empty store.
func NewMemoryStore(c MemoryConfig) *MemoryStore {
	if c.MaxBytes <= 0 {
		c.MaxBytes = defaultMemoryBytes
	}
	s := &MemoryStore{
		rules:  protocol.Rules{MaxLeases: 64},
		start:  time.Now(),
		spaces: make(map[string]*memorySpace),
	}
	s.entries = otter.Must(&otter.Options[memoryKey, memoryEntry]{
		MaximumWeight: uint64(c.MaxBytes),
		Weigher: func(_ memoryKey, e memoryEntry) uint32 {
			return uint32(min(len(e.bytes)+memoryOverhead, math.MaxUint32))
		},
		ExpiryCalculator: otter.ExpiryWritingFunc(func(e otter.Entry[memoryKey, memoryEntry]) time.Duration {
			return e.Value.ttl
		}),
		Clock: memoryClock{s.start},
	})
	return s
}

// SharedMemoryStore returns the one store that everything in this process
// shares which was not given another, so that two handles on one database see
// each other's writes. Closing it does nothing.
var SharedMemoryStore = sync.OnceValue(func() *MemoryStore {
	s := NewMemoryStore(MemoryConfig{})
	s.shared = true
	return s
})

// memoryClock counts from the store's start by the monotonic clock, so that
// setting the wall clock neither revives nor kills anything. It never ticks:
// expired entries leave when others come, and no goroutine is needed.
type memoryClock struct{ start time.Time }

func (c memoryClock) NowNano() int64                      { return int64(time.Since(c.start)) }
func (c memoryClock) Tick(time.Duration) <-chan time.Time { return nil }

// Space implements [Store].
func (s *MemoryStore) Space(namespace string) Space {
	s.mu.Lock()
	defer s.mu.Unlock()
	sp := s.spaces[namespace]
	if sp == nil {
		sp = &memorySpace{store: s, id: len(s.spaces), tags: make(map[string]*memoryTag), declared: make(map[string]protocol.Millis)}
		sp.schema, sp.wildcard = sp.tag(SchemaTag), sp.tag(WildcardTag)
		s.spaces[strings.Clone(namespace)] = sp
	}
	return sp
}

// Ping implements [Store].
func (s *MemoryStore) Ping(ctx context.Context) error { return s.usable(ctx) }

// Close drops all entries. The store cannot be used any more, unless it is the
// shared one.
func (s *MemoryStore) Close() error {
	if !s.shared && s.closed.CompareAndSwap(false, true) {
		s.entries.InvalidateAll()
	}
	return nil
}

func (s *MemoryStore) usable(ctx context.Context) error {
	if s.closed.Load() {
		return ErrStoreClosed
	}
	return ctx.Err()
}

func (s *MemoryStore) now() protocol.Millis {
	return protocol.Millis(time.Since(s.start).Milliseconds())
}

// token returns one that was never used: the registers live as long as the
// counter does, so nothing can outlast it as it could in Redis.
func (s *MemoryStore) token() string { return strconv.FormatInt(s.tokens.Add(1), 36) }

// memorySpace is a namespace of a MemoryStore.
type memorySpace struct {
	store *MemoryStore
	id    int

	schema, wildcard *memoryTag // two of tags

	mu   sync.RWMutex
	tags map[string]*memoryTag // guarded by mu, as what they point to

	declared map[string]protocol.Millis // guarded by mu; when it can be relied on
}

type memoryTag = protocol.Tag

// memoryTags is a set of tags, each with its register, so that a read looks
// up nothing by name.
type memoryTags struct {
	space *memorySpace
	names []string
	reads []*memoryTag // the schema, the wildcard, and the rest in order
	marks []*memoryTag // those that are named
}

// Names implements [TagSet].
func (t *memoryTags) Names() []string { return slices.Clone(t.names) }

// Tags implements [Space].
func (sp *memorySpace) Tags(names []string) TagSet {
	sp.mu.Lock()
	defer sp.mu.Unlock()
	set := &memoryTags{space: sp, names: cloneAll(names), reads: []*memoryTag{sp.schema, sp.wildcard}}
	sorted := slices.Clone(set.names)
	slices.Sort(sorted)
	for _, name := range slices.Compact(sorted) {
		t := sp.tag(name)
		set.marks = append(set.marks, t)
		if t != sp.schema && t != sp.wildcard {
			set.reads = append(set.reads, t)
		}
	}
	return set
}

// cloneAll copies names so that they do not keep a query's text in memory.
func cloneAll(names []string) []string {
	copies := make([]string, len(names))
	for i, name := range names {
		copies[i] = strings.Clone(name)
	}
	return copies
}

// tag returns the register of a tag; mu is held.
func (sp *memorySpace) tag(name string) *memoryTag {
	t := sp.tags[name]
	if t == nil {
		t = &memoryTag{Token: sp.store.token()}
		sp.tags[name] = t
	}
	return t
}

// Read implements [Space]. The entry is copied, since the caller may go on to
// use its memory for something else.
func (sp *memorySpace) Read(ctx context.Context, key Key, tags TagSet, buf []byte) (Reading, error) {
	r, err := sp.Check(ctx, tags)
	if err != nil {
		return Reading{}, err
	}
	if e, ok := sp.store.entries.GetIfPresent(memoryKey{sp.id, key}); ok {
		r.Entry = append(buf[:0:cap(buf)], e.bytes...)
	}
	return r, nil
}

// lender is a Space in this process's memory. It lends and keeps entries
// without copying them, which is sound for those who never change one.
type lender interface {
	lend(ctx context.Context, key Key, tags TagSet) (Reading, error)
	keep(ctx context.Context, key Key, entry []byte, ttl time.Duration) error
}

func (sp *memorySpace) lend(ctx context.Context, key Key, tags TagSet) (Reading, error) {
	r, err := sp.Check(ctx, tags)
	if err != nil {
		return Reading{}, err
	}
	if e, ok := sp.store.entries.GetIfPresent(memoryKey{sp.id, key}); ok {
		r.Entry = e.bytes
	}
	return r, nil
}

// Check implements [Space].
func (sp *memorySpace) Check(ctx context.Context, tags TagSet) (Reading, error) {
	set, err := sp.own(ctx, tags)
	if err != nil {
		return Reading{}, err
	}
	if r, ok := sp.checkSettled(set); ok {
		return r, nil
	}
	return sp.checkAndSweep(set), nil
}

// own returns the set if the store can be used and the set is of this space.
func (sp *memorySpace) own(ctx context.Context, tags TagSet) (*memoryTags, error) {
	if err := sp.store.usable(ctx); err != nil {
		return nil, err
	}
	set, ok := tags.(*memoryTags)
	if !ok || set.space != sp {
		return nil, errForeignTags
	}
	return set, nil
}

// checkSettled is the usual case, in which nothing has to be changed.
func (sp *memorySpace) checkSettled(set *memoryTags) (Reading, bool) {
	sp.mu.RLock()
	defer sp.mu.RUnlock()
	for _, t := range set.reads {
		if len(t.Leases) > 0 {
			return Reading{}, false
		}
	}
	return sp.reading(set, true), true
}

func (sp *memorySpace) checkAndSweep(set *memoryTags) Reading {
	sp.mu.Lock()
	defer sp.mu.Unlock()
	now := sp.store.now()
	settled := true
	for _, t := range set.reads {
		settled = sp.observe(t, now) && settled
	}
	return sp.reading(set, settled)
}

func (sp *memorySpace) observe(t *memoryTag, now protocol.Millis) (settled bool) {
	if t == sp.schema {
		*t, settled = sp.schemaRules(now).ObserveSchema(*t, now, sp.store.token())
		return settled
	}
	*t, settled = sp.store.rules.Observe(*t, now, sp.store.token())
	return settled
}

// schemaRules are the rules for a change of the schema that ends now. Every
// lease is known here, so nobody has to wait for writes that are not; mu is
// held.
func (sp *memorySpace) schemaRules(now protocol.Millis) protocol.Rules {
	rules := sp.store.rules
	rules.Quarantine = max(sp.lastDeadline()-now, 0)
	return rules
}

// reading says what the registers hold; mu is held.
func (sp *memorySpace) reading(set *memoryTags, settled bool) Reading {
	r := Reading{Settled: settled, Schema: Schema(sp.schema.Token)}
	if settled {
		tokens := make([]byte, 0, 256)
		for _, t := range set.reads {
			tokens = append(append(tokens, t.Token...), ' ')
		}
		r.Vector = protocol.Vector(tokens)
	}
	return r
}

// Fill implements [Space]. The entry is copied.
func (sp *memorySpace) Fill(ctx context.Context, key Key, entry []byte, ttl time.Duration) error {
	return sp.keep(ctx, key, slices.Clone(entry), ttl)
}

func (sp *memorySpace) keep(ctx context.Context, key Key, entry []byte, ttl time.Duration) error {
	if err := sp.store.usable(ctx); err != nil {
		return err
	}
	if ttl <= 0 {
		return errNoTTL
	}
	sp.store.entries.Set(memoryKey{sp.id, key}, memoryEntry{entry, ttl})
	return nil
}

// Delete implements [Space].
func (sp *memorySpace) Delete(ctx context.Context, key Key) error {
	if err := sp.store.usable(ctx); err != nil {
		return err
	}
	sp.store.entries.Invalidate(memoryKey{sp.id, key})
	return nil
}

// Begin implements [Space].
func (sp *memorySpace) Begin(ctx context.Context, writer WriterID, tags TagSet, lease time.Duration) (Schema, error) {
	if lease < time.Millisecond {
		return "", errNoLease
	}
	rules, id, span := sp.store.rules, markerOf(writer), protocol.WholeMillis(lease)
	return sp.mark(ctx, tags, func(t memoryTag, now protocol.Millis) memoryTag {
		return rules.Begin(t, id, span, now, sp.store.token())
	}, func(protocol.Millis) {})
}

// End implements [Space].
func (sp *memorySpace) End(ctx context.Context, writer WriterID, tags TagSet) (Schema, error) {
	rules, id := sp.store.rules, markerOf(writer)
	return sp.mark(ctx, tags, func(t memoryTag, now protocol.Millis) memoryTag {
		return rules.End(t, id, now, sp.store.token())
	}, func(now protocol.Millis) {
		// The writer's leases are gone from the other tags by now.
		*sp.schema = sp.schemaRules(now).EndSchema(*sp.schema, id, now, sp.store.token())
	})
}

// mark changes the tags of a set, and then does what follows where the schema
// is among them.
func (sp *memorySpace) mark(ctx context.Context, tags TagSet, change func(memoryTag, protocol.Millis) memoryTag, schema func(protocol.Millis)) (Schema, error) {
	set, err := sp.own(ctx, tags)
	if err != nil {
		return "", err
	}
	sp.mu.Lock()
	defer sp.mu.Unlock()
	now := sp.store.now()
	for _, t := range set.marks {
		*t = change(*t, now)
	}
	if slices.Contains(set.marks, sp.schema) {
		schema(now)
	}
	return Schema(sp.schema.Token), nil
}

// Declare implements [Space]. Every lease is known here, so a name can be
// relied on as soon as those of now have run out, which is mostly at once.
func (sp *memorySpace) Declare(ctx context.Context, names []string) (Declared, error) {
	if err := sp.store.usable(ctx); err != nil {
		return Declared{}, err
	}
	sp.mu.Lock()
	defer sp.mu.Unlock()
	now := sp.store.now()
	sp.observe(sp.schema, now)
	for _, name := range names {
		if _, known := sp.declared[name]; !known {
			*sp.schema = sp.store.rules.End(*sp.schema, "", now, sp.store.token())
			sp.declared[strings.Clone(name)] = sp.lastDeadline()
		}
	}
	found := Declared{
		Names: make(map[string]time.Duration, len(sp.declared)), Schema: Schema(sp.schema.Token),
		Kept: math.MaxInt64, // nothing is ever lost
	}
	for name, moment := range sp.declared {
		found.Names[name] = time.Duration(max(moment-now, 0)) * time.Millisecond
	}
	return found, nil
}

// lastDeadline is when all leases of now have run out; mu is held.
func (sp *memorySpace) lastDeadline() (last protocol.Millis) {
	for _, t := range sp.tags {
		for _, l := range t.Leases {
			last = max(last, l.Deadline)
		}
	}
	return last
}

// markerOf names a writer in a tag.
func markerOf(w WriterID) string { return base64.RawURLEncoding.EncodeToString(w[:]) }

var (
	errForeignTags = errors.New("cachedsql: tag set of another space")
	errNoLease     = errors.New("cachedsql: a lease is at least a millisecond")
	errNoTTL       = errors.New("cachedsql: an entry needs a TTL above zero")
)
