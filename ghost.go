package cachedsql

import (
	"context"
	"database/sql/driver"
	"hash/maphash"
	"math"
	"math/bits"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cachedsql/cachedsql/internal/reason"
)

// GhostTTLs are the TTLs for which it is estimated what a cache would do for
// queries that no rule selects.
var GhostTTLs = [...]time.Duration{time.Second, 10 * time.Second, time.Minute, 10 * time.Minute, time.Hour}

// GhostStats say what a cache would have done for a query that is not cached.
// They come from a ghost cache: a sample of the query's arguments for which
// the versions of the tables are kept in mind, and no rows.
//
// It errs on the low side. What other processes would have stored is not seen;
// and where few argument lists of very many are executed most, they may not be
// in the sample.
type GhostStats struct {
	// Samples is how many executions were looked at.
	Samples int64 `json:"samples"`
	// Hits is how many of them would have been hits, for each of GhostTTLs.
	Hits [len(GhostTTLs)]int64 `json:"hits"`
}

// enoughSamples make an estimate.
const enoughSamples = 20

// HitRatio estimates the hit ratio under a TTL: that of the longest of
// GhostTTLs which is not longer. ok is false while there are too few samples.
func (g *GhostStats) HitRatio(ttl time.Duration) (ratio float64, ok bool) {
	if g.Samples < enoughSamples {
		return 0, false
	}
	for i, t := range GhostTTLs {
		if t <= ttl {
			ratio = float64(g.Hits[i]) / float64(g.Samples)
		}
	}
	return ratio, true
}

func (g *GhostStats) merge(other *GhostStats) {
	g.Samples += other.Samples
	for i, n := range other.Hits {
		g.Hits[i] += n
	}
}

// ghostFigures are the counts behind a GhostStats.
type ghostFigures struct {
	samples atomic.Int64
	hits    [len(GhostTTLs)]atomic.Int64
}

func (f *ghostFigures) snapshot() (g GhostStats) {
	g.Samples = f.samples.Load()
	for i := range f.hits {
		g.Hits[i] = f.hits[i].Load()
	}
	return g
}

func (f *ghostFigures) pour(into *ghostFigures) {
	move(&f.samples, &into.samples)
	for i := range f.hits {
		move(&f.hits[i], &into.hits[i])
	}
}

const (
	// ghostKeys is how many argument lists of a query are followed: those with
	// the lowest hashes, so that every list has the same chance and a list is
	// followed from its first execution on or not at all. This is SHARDS with a
	// fixed size (Waldspurger, Park, Garthwaite, Ahmad: Efficient MRC
	// Construction with SHARDS, FAST 2015). There are no stack distances here,
	// because what ends an entry is its TTL or a write, not its neighbours.
	ghostKeys = 64

	// ghostRate and ghostRateAll bound the questions to the store, a second:
	// of one query, and of the process.
	ghostRate    = 5
	ghostRateAll = 50
	ghostQueue   = 64
)

// ghosts asks the store for the versions of what queries read that are not
// cached, behind their backs.
type ghosts struct {
	cache *Cache
	seed  maphash.Seed
	rate  pace
	queue chan ghostLook

	once sync.Once
	quit chan struct{}
	done sync.WaitGroup
}

// ghost follows one query.
type ghost struct {
	// limit is the hash from which on argument lists are not followed.
	limit atomic.Uint64

	mu   sync.Mutex
	rate pace                 // under mu
	keys map[uint64]*ghostKey // under mu
}

// ghostKey is one argument list of a query.
type ghostKey struct {
	// seen: the execution before was looked at. Only an execution that follows
	// on such a one is a sample: between the two no other could have stored
	// anything. A list that is executed too often to look at all is looked at
	// two by two.
	seen, second bool

	known  bool // vector is that of the execution looked at last, and was settled
	vector Vector
	filled [len(GhostTTLs)]int64 // when an entry would have been stored, nanoseconds of sinceStart
}

// ghostLook is one question.
type ghostLook struct {
	ghost   *ghost
	key     *ghostKey
	tally   *tally
	space   *space
	tags    TagSet
	at      int64
	sampled bool
}

// newGhosts returns nil where nobody would see what they find.
func newGhosts(c *Cache) *ghosts {
	if c.reporter == nil {
		return nil
	}
	g := &ghosts{cache: c, seed: maphash.MakeSeed(), rate: pace{perSecond: ghostRateAll}, queue: make(chan ghostLook, ghostQueue), quit: make(chan struct{})}
	g.done.Go(g.run)
	return g
}

func (g *ghosts) close() {
	if g == nil {
		return
	}
	g.once.Do(func() { close(g.quit) })
	g.done.Wait()
}

// haunt looks at a read that was not cached for want of a rule. For most it
// costs a hash of the arguments. It asks nothing of the database: what is not
// known of the connection is not found out for this.
func (c *conn) haunt(p *plan, why Reason, x *call) {
	if c.cache.ghosts == nil || why != reason.NoRule && why != reason.RuleOff {
		return
	}
	r := p.route.Load()
	if r == nil || !c.session.known || r.backend != c.session.backend || r.known != r.backend.known() || r.reason != why && r.reason != reason.None {
		return
	}
	hash, ok := c.cache.ghosts.hash(c, x.args)
	if g := p.tally.ghost(); ok && hash < g.limit.Load() {
		c.cache.ghosts.follow(c, g, hash, r, x)
	}
}

// hash of what tells executions of a query apart. ok is false for an argument
// of another type than drivers get by default.
func (g *ghosts) hash(c *conn, args []driver.NamedValue) (h uint64, ok bool) {
	h = maphash.Bytes(g.seed, c.session.key[:8])
	for i := range args {
		var v uint64
		switch arg := args[i].Value.(type) {
		case nil:
		case int64:
			v = uint64(arg)
		case int:
			v = uint64(arg)
		case int32:
			v = uint64(arg)
		case float64:
			v = math.Float64bits(arg)
		case bool:
			if arg {
				v = 1
			}
		case string:
			v = maphash.String(g.seed, arg)
		case []byte:
			v = maphash.Bytes(g.seed, arg)
		case time.Time:
			v = uint64(arg.UnixNano())
		default:
			return 0, false
		}
		h = mix(h, v)
	}
	return h, true
}

// mix is one step of wyhash: every bit of both changes about half of the
// result's.
func mix(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a^0xa0761d6478bd642f, b^0xe7037ed1a0b428db)
	return hi ^ lo
}

// follow looks at an execution of a list, if it is its turn.
func (g *ghosts) follow(c *conn, of *ghost, hash uint64, r *route, x *call) {
	now := sinceStart()
	k, sampled := of.choose(hash, now, &g.rate)
	if k == nil {
		return
	}
	key, ok := c.connector.adapter.fingerprint(c.room[:], &c.session.key, &x.plan.text, x.path(), x.args)
	if !ok {
		return
	}
	tags, ok := r.readTags(key, x.args, c.cache.config.MaxTags)
	if !ok {
		return
	}
	select {
	case g.queue <- ghostLook{of, k, x.plan.tally, r.backend.space, tags.set, now, sampled}:
	default:
		of.forget(k)
	}
}

// choose returns the list if this execution of it is to be looked at, and
// whether it is a sample.
func (g *ghost) choose(hash uint64, now int64, all *pace) (k *ghostKey, sampled bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	k, isNew := g.at(hash)
	if k == nil {
		return nil, false
	}
	look := k.second || g.rate.allows(now) && all.allows(now)
	sampled = look && (k.seen || isNew)
	k.seen, k.second = look, look && !sampled
	if !look {
		return nil, false
	}
	return k, sampled
}

// at returns the key with that hash, nil if it is one of too many. It needs mu.
func (g *ghost) at(hash uint64) (k *ghostKey, isNew bool) {
	if k := g.keys[hash]; k != nil {
		return k, false
	}
	if hash >= g.limit.Load() {
		return nil, false
	}
	if g.keys == nil {
		g.keys = map[uint64]*ghostKey{}
	}
	k = &ghostKey{}
	g.keys[hash] = k
	if len(g.keys) <= ghostKeys {
		return k, true
	}
	var highest uint64
	for h := range g.keys {
		highest = max(highest, h)
	}
	delete(g.keys, highest)
	g.limit.Store(highest)
	if highest == hash {
		return nil, false
	}
	return k, true
}

// forget makes the next execution of a list no sample.
func (g *ghost) forget(k *ghostKey) {
	g.mu.Lock()
	k.seen, k.second, k.known = false, false, false
	g.mu.Unlock()
}

func (g *ghosts) run() {
	for {
		select {
		case <-g.quit:
			return
		case l := <-g.queue:
			g.look(&l)
		}
	}
}

// look asks for the versions. Equal ones are what a hit needs.
func (g *ghosts) look(l *ghostLook) {
	var now Reading
	if !g.cache.gate.open() {
		l.ghost.forget(l.key)
		return
	}
	err := g.cache.gate.call(context.Background(), func(ctx context.Context) (err error) {
		now, err = l.space.store.Check(ctx, l.tags)
		return err
	})
	if err != nil {
		l.ghost.forget(l.key)
		return
	}
	l.ghost.mu.Lock()
	hits := l.key.observe(&now, l.at)
	l.ghost.mu.Unlock()
	if l.sampled {
		l.tally.haunted(&hits)
	}
}

// observe takes in the versions found at an execution and returns for which
// TTLs it would have been a hit. What would not have been one would have been
// stored.
func (k *ghostKey) observe(now *Reading, at int64) (hits [len(GhostTTLs)]bool) {
	current := k.known && now.Settled && k.vector == now.Vector
	for i, ttl := range GhostTTLs {
		hits[i] = current && at-k.filled[i] < int64(ttl)
		if !hits[i] {
			k.filled[i] = at
		}
	}
	k.known, k.vector = now.Settled, now.Vector
	return hits
}

// pace allows so much a second. It is not for use by several at once, unless
// exactness does not matter.
type pace struct {
	perSecond int64
	second    atomic.Int64
	used      atomic.Int64
}

func (p *pace) allows(now int64) bool {
	second := now / int64(time.Second)
	if p.second.Swap(second) != second {
		p.used.Store(0)
	}
	return p.used.Add(1) <= p.perSecond
}
