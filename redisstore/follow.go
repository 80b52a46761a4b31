package redisstore

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/internal/protocol"
)

// Following what changes, so that a reader need not ask: see internal/protocol
// for the rules, and docs/consistency.md for why they hold.
//
// There is one connection to each master that has tags of the space. On it the
// server is asked for tags, with the script that every lookup runs, and tells
// of each key that it has been asked for when that changes: client tracking in
// its default mode. Nothing else would do. In broadcasting mode the answer to a
// heartbeat can overtake what changed before it, and with a second connection
// for what changes nothing is in order at all.

var _ cachedsql.Follower = (*space)(nil)

const (
	// maxFollowed bounds the sets that are followed, with about a kilobyte of
	// memory each.
	maxFollowed = 16384
	// maxPassed is how many sets the search for one to give up looks at. Where
	// all of them are in use, one more would only push out another that is.
	maxPassed = 64
)

// following is what one Cache follows in a space.
type following struct {
	space  *space
	bound  time.Duration
	start  time.Time
	report func(error)
	decide protocol.Rules // tests leave parts out

	wake chan struct{} // something is wanted
	kick chan struct{} // a connection is
	ctx  context.Context
	stop context.CancelFunc
	done sync.WaitGroup

	mu     sync.Mutex
	closed bool
	sets   map[protocolVector]*followed // by their keys
	ring   []*followed                  // the same, in the order they are tried to be given up
	hand   int
	byTag  map[string][]*followed
	held   map[string]int // keys that writes of this process change: how many
	wanted []*followed
	shards []*trust // by shard; nil: no connection
	used   []int    // sets by shard
	links  map[string]*link
	told   string    // the last failure that was reported
	pause  time.Time // leave the server alone until then
}

type protocolVector = [16]byte

// trust is how far the answers for one shard on one connection can be relied
// on.
type trust struct {
	until atomic.Int64 // by the following's clock
	link  *link
	shard int

	era       string // under mu: what all that is known belongs to
	common    string // under mu: the tokens that all sets have in common
	disagrees int    // under mu: heartbeats in a row that found another era than everybody else
}

// followed is a set of tags.
type followed struct {
	owner *following
	calls []call
	known atomic.Pointer[knownTags] // nil: nothing
	used  atomic.Bool               // since it was last passed over
	asked atomic.Bool               // for now nobody needs to ask for it
	gone  atomic.Bool

	state   protocol.Followed // under mu, as all below
	answers []answer
	trusts  []*trust // of the answers; nil: none yet
}

// knownTags is what is known of a set.
type knownTags struct {
	reading cachedsql.Reading
	answers []answer
	trusts  []*trust
}

var errNotFollowable = errors.New("cachedsql: redis: this kind of client cannot follow tags")

// errLapses: a registration lapses by the clock, which is no change that Redis
// tells of.
var errLapses = errors.New("cachedsql: redis: with an absence every hit has to ask whether a writer is away")

// Follow implements [cachedsql.Follower].
func (sp *space) Follow(bound time.Duration, report func(error)) (cachedsql.Following, error) {
	f, err := sp.newFollowing(bound, report)
	if err != nil {
		return nil, err
	}
	f.run()
	return f, nil
}

func (sp *space) newFollowing(bound time.Duration, report func(error)) (*following, error) {
	if sp.store.registers() {
		return nil, errLapses
	}
	switch client := sp.store.scripts.client.(type) {
	case *redis.Client:
		if client.Options().StreamingCredentialsProvider != nil {
			return nil, errNotFollowable
		}
	case *redis.ClusterClient:
	default:
		return nil, errNotFollowable
	}
	ctx, stop := context.WithCancel(context.Background())
	return &following{
		space: sp, bound: bound, start: time.Now(), report: report,
		wake: make(chan struct{}, 1), kick: make(chan struct{}, 1), ctx: ctx, stop: stop,
		sets: map[protocolVector]*followed{}, byTag: map[string][]*followed{}, held: map[string]int{},
		shards: make([]*trust, len(sp.keys.shards)), used: make([]int, len(sp.keys.shards)), links: map[string]*link{},
	}, nil
}

func (f *following) run() {
	f.done.Go(f.beats)
	f.done.Go(f.asks)
}

// Close implements [cachedsql.Following].
func (f *following) Close() {
	f.stop()
	f.mu.Lock()
	f.closed = true
	for _, l := range f.links {
		_ = l.conn.Close()
	}
	f.mu.Unlock()
	f.done.Wait()
}

func (f *following) clock(t time.Time) time.Duration { return t.Sub(f.start) }

// Known implements [cachedsql.Following].
//
// The order of the three looks matters. Whoever relied on what is known before
// looking whether that may be relied on could take what was known before a
// change together with the trust that was renewed after it.
func (f *following) Known(tags cachedsql.TagSet, at time.Time) (cachedsql.Reading, bool) {
	set, ok := tags.(*tagSet)
	if !ok || set.space != f.space {
		return cachedsql.Reading{}, false
	}
	s := set.followed.Load()
	if s == nil || s.owner != f || s.gone.Load() {
		if s = f.add(set); s == nil {
			return cachedsql.Reading{}, false
		}
	}
	if !s.used.Load() {
		s.used.Store(true)
	}
	k := s.known.Load()
	if k == nil {
		s.want()
		return cachedsql.Reading{}, false
	}
	now := f.clock(at)
	for _, t := range k.trusts {
		if !f.decide.MayRely(now, time.Duration(t.until.Load())) {
			return cachedsql.Reading{}, false
		}
	}
	if s.known.Load() != k {
		return cachedsql.Reading{}, false
	}
	return f.space.knownReading(k)
}

// knownReading adds the schema, which in a cluster is one of all shards.
func (sp *space) knownReading(k *knownTags) (cachedsql.Reading, bool) {
	r := k.reading
	if len(sp.keys.shards) == 1 {
		return r, true
	}
	schema, ok := sp.schemas.agreed(k.answers)
	r.Schema = schema
	return r, ok
}

// add begins to follow a set; nil where there is no room for one more.
func (f *following) add(set *tagSet) *followed {
	var keys []byte
	for _, c := range set.checks {
		for _, k := range c.keys[1:] {
			keys = append(append(keys, k.(string)...), ' ')
		}
	}
	id := protocol.Vector(keys)
	f.mu.Lock()
	defer f.mu.Unlock()
	s := f.sets[id]
	if s == nil && !f.closed && f.makeRoom() {
		s = &followed{owner: f, calls: set.checks}
		f.sets[id] = s
		f.ring = append(f.ring, s)
		s.eachTag(func(key string) { f.byTag[key] = append(f.byTag[key], s) })
		for _, c := range s.calls {
			f.used[c.shard]++
		}
	}
	if s != nil {
		set.followed.Store(s)
	}
	return s
}

// eachTag calls do for the keys of a set's tags. What every set of a shard has
// in common, era, schema and wildcard, comes before them.
func (s *followed) eachTag(do func(key string)) {
	for _, c := range s.calls {
		for _, k := range c.keys[1:] {
			if key := k.(string); !isCommonKey(key) {
				do(key)
			}
		}
	}
}

// makeRoom gives up a set that was not used for a while, if need be; mu is
// held.
func (f *following) makeRoom() bool {
	if len(f.ring) < maxFollowed {
		return true
	}
	for range maxPassed {
		f.hand = (f.hand + 1) % len(f.ring)
		if s := f.ring[f.hand]; !s.used.Swap(false) {
			f.remove(s)
			return true
		}
	}
	return false
}

// remove gives up the set that the hand points to; mu is held. The server goes
// on to tell of its keys once each, which then means nothing.
func (f *following) remove(s *followed) {
	s.gone.Store(true)
	f.doubt(s)
	last := len(f.ring) - 1
	f.ring[f.hand], f.ring[last] = f.ring[last], nil
	f.ring = f.ring[:last]
	for id, other := range f.sets {
		if other == s {
			delete(f.sets, id)
		}
	}
	s.eachTag(func(key string) {
		rest := slices.DeleteFunc(f.byTag[key], func(other *followed) bool { return other == s })
		if f.byTag[key] = rest; len(rest) == 0 {
			delete(f.byTag, key)
		}
	})
	for _, c := range s.calls {
		f.used[c.shard]--
	}
}

// doubt makes a set unknown; mu is held.
func (f *following) doubt(s *followed) {
	s.state = f.decide.Doubt(s.state)
	f.unknow(s)
}

func (f *following) unknow(s *followed) {
	if !s.state.Known {
		s.known.Store(nil)
	}
	s.answers, s.trusts = nil, nil
}

// doubtShard makes every set unknown that has tags in a shard; mu is held.
func (f *following) doubtShard(shard int) {
	for _, s := range f.ring {
		if s.isIn(shard) {
			f.doubt(s)
		}
	}
}

func (s *followed) isIn(shard int) bool {
	return slices.ContainsFunc(s.calls, func(c call) bool { return c.shard == shard })
}

// changed takes in that a key has changed on a connection.
func (f *following) changed(l *link, key string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, t := range l.trusts {
		prefix := f.space.keys.shards[t.shard]
		if rest, ok := strings.CutPrefix(key, prefix); ok && !strings.HasPrefix(rest, "t:") {
			f.doubtShard(t.shard) // one that all have in common
		}
	}
	for _, s := range f.byTag[key] {
		f.doubt(s)
	}
}

// Hold implements [cachedsql.Following].
func (f *following) Hold(tags cachedsql.TagSet) func() {
	set, ok := tags.(*tagSet)
	if !ok || set.space != f.space {
		return func() {}
	}
	keys := set.writtenKeys()
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, key := range keys {
		f.held[key]++
	}
	f.doubtHolders(keys)
	return sync.OnceFunc(func() { f.release(keys) })
}

func (f *following) release(keys []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, key := range keys {
		if f.held[key]--; f.held[key] == 0 {
			delete(f.held, key)
		}
	}
	f.doubtHolders(keys)
}

// doubtHolders makes unknown what depends on one of the keys; mu is held. What
// is held is not asked for: the answer would not count.
func (f *following) doubtHolders(keys []string) {
	sets := f.ring
	if !slices.ContainsFunc(keys, isCommonKey) {
		sets = nil
		for _, key := range keys {
			sets = append(sets, f.byTag[key]...)
		}
	}
	for _, s := range sets {
		f.doubt(s)
		s.asked.Store(f.isHeld(s))
	}
}

// isHeld reports whether this process is writing to one of the set's tags; mu
// is held.
func (f *following) isHeld(s *followed) bool {
	if len(f.held) == 0 {
		return false
	}
	for _, c := range s.calls {
		for _, k := range c.keys[1:] {
			if f.held[k.(string)] != 0 {
				return true
			}
		}
	}
	return false
}

// isCommonKey reports whether a key is one that all sets have in common.
func isCommonKey(key string) bool { return !strings.Contains(key, "}t:") }

// writtenKeys returns the keys that a write to the set changes.
func (t *tagSet) writtenKeys() (keys []string) {
	k := t.space.keys
	for _, name := range t.names {
		switch name {
		case cachedsql.WildcardTag, cachedsql.SchemaTag: // in every shard
			for shard := range k.shards {
				keys = append(keys, k.wildcard(shard))
			}
		default:
			keys = append(keys, k.tag(k.shardOf(name), name))
		}
	}
	return keys
}

// want asks for a set unless that has been done.
func (s *followed) want() {
	if s.asked.Swap(true) {
		return
	}
	f := s.owner
	f.mu.Lock()
	if f.isHeld(s) || s.gone.Load() {
		f.mu.Unlock()
		return
	}
	f.wanted = append(f.wanted, s)
	f.mu.Unlock()
	poke(f.wake)
}

func poke(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// asks sends what is wanted. What is in a shard without a connection waits for
// one.
func (f *following) asks() {
	for {
		select {
		case <-f.ctx.Done():
			return
		case <-f.wake:
			f.askWanted()
		}
	}
}

func (f *following) askWanted() {
	f.mu.Lock()
	wanted := f.wanted
	f.wanted = nil
	var requests []request
	for _, s := range wanted {
		requests = f.prepare(requests, s)
	}
	waiting := len(f.wanted) != 0
	f.mu.Unlock()
	sendAll(requests)
	if waiting {
		poke(f.kick)
	}
}

// prepare makes the requests for a set; mu is held.
func (f *following) prepare(requests []request, s *followed) []request {
	for _, c := range s.calls {
		if f.shards[c.shard] == nil {
			f.wanted = append(f.wanted, s)
			return requests
		}
	}
	s.answers, s.trusts = make([]answer, len(s.calls)), make([]*trust, len(s.calls))
	for i, c := range s.calls {
		requests = append(requests, request{trust: f.shards[c.shard], call: c, set: s, part: i, doubts: s.state.Doubts})
	}
	return requests
}

// answered takes in what a check has found for a set.
func (f *following) answered(r *request, a answer) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.follows(r.trust, a)
	s := r.set
	if s.state.Doubts != r.doubts || s.gone.Load() || s.answers == nil {
		s.asked.Store(f.isHeld(s))
		return
	}
	s.answers[r.part], s.trusts[r.part] = a, r.trust
	if slices.Contains(s.trusts, nil) {
		return
	}
	k := &knownTags{answers: s.answers, trusts: distinctTrusts(s.trusts)}
	k.reading = settledReading(k.answers)
	if len(f.space.keys.shards) == 1 {
		k.reading.Schema = cachedsql.Schema(a.schema)
	}
	s.state = f.decide.Told(s.state, r.doubts, k.reading.Vector, k.reading.Settled, f.isHeld(s))
	if s.state.Known {
		s.known.Store(k)
	}
	s.answers, s.trusts = nil, nil
	s.asked.Store(f.isHeld(s))
}

func distinctTrusts(trusts []*trust) []*trust {
	var each []*trust
	for _, t := range trusts {
		if !slices.Contains(each, t) {
			each = append(each, t)
		}
	}
	return each
}

// follows notes the era of an answer; mu is held. What is known of another one
// is forgotten: the server may tell of the change later than it shows it.
func (f *following) follows(t *trust, a answer) {
	era := a.era()
	if t.era != "" && t.era != era {
		f.doubtShard(t.shard)
	}
	t.era = era
}

// lost forgets all that is known by a connection.
func (f *following) lost(l *link) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, t := range l.trusts {
		t.until.Store(math.MinInt64)
		if f.shards[t.shard] == t {
			f.shards[t.shard] = nil
		}
		for _, s := range f.ring {
			if s.isIn(t.shard) {
				s.state = f.decide.Lost(s.state)
				f.unknow(s)
				s.asked.Store(f.isHeld(s))
			}
		}
	}
	if f.links[l.addr] == l {
		delete(f.links, l.addr)
	}
}
