package cachedsql

import (
	"context"
	"database/sql/driver"
	"math"
	"sync/atomic"
	"time"

	"github.com/maypok86/otter/v2"

	"github.com/cachedsql/cachedsql/internal/rowcodec"
)

// NearMode says what a rule's results do in the near cache, if the Cache has
// one (Config.NearBytes).
type NearMode uint8

const (
	// NearValidate keeps results in this process. A hit asks the store for the
	// tags' versions, which is one round trip as ever, but not for the result.
	NearValidate NearMode = iota
	// NearOff keeps none.
	NearOff
	// NearPush answers a hit without asking the store, which tells this process
	// what changes. A hit may lag behind what other processes have written, by
	// Config.NearBound at most; what this process has written is seen at once.
	// Where the store cannot tell, it is NearValidate.
	NearPush
	// NearLeased answers a hit without asking the store, and keeps the promise of
	// NearValidate: for Rule.NearLease after the store was asked. Whoever writes
	// to one of the tables waits as long before the write can be seen. Where that
	// cannot be had, it is NearValidate.
	NearLeased
)

// nearModes are the words for them in rule files.
var nearModes = [...]string{NearValidate: "validate", NearOff: "off", NearPush: "push", NearLeased: "leased"}

// String returns the word used in rule files.
func (m NearMode) String() string { return nearModes[m] }

// near keeps decoded results in this process. An entry is served only under
// the vector it was computed under, like one from the store, so it need not be
// told of writes; those that no vector will ever match again are dropped when
// they are next looked at, or make room for others.
//
// A result comes in at its first hit, not when it is stored: what is read
// once does not push out what is read often.
type near struct {
	entries *otter.Cache[nearKey, *nearEntry] // nil: there is no near cache
	clock   nearClock
}

// nearClock tells the near cache what time it is by when lookups start: reading
// a clock for each would take as long as finding what it looks for. What is
// looked up later than the next tick is not found when its time has ended.
type nearClock struct{ now atomic.Int64 } // nanoseconds of sinceStart

const nearTick = int64(time.Millisecond)

// tick moves the clock on. In between it stays, so that the memory it is in is
// not taken away from other processors all the time.
func (c *nearClock) tick(started time.Time) {
	if now := int64(started.Sub(processStart)); now-c.now.Load() >= nearTick {
		c.now.Store(now)
	}
}

func (c *nearClock) NowNano() int64                      { return c.now.Load() }
func (c *nearClock) Tick(time.Duration) <-chan time.Time { return nil }

type nearKey struct {
	space *space
	key   Key
}

type nearEntry struct {
	header rowcodec.Header
	result *rowcodec.Result // boxed; never changes
	bytes  int64            // of the stored entry
	weight uint32           // bytes of memory
	lives  time.Duration
}

// What an entry costs beside the result's own size, by measurement: a fixed
// part, and room in the slabs that its values come from, which is at most for
// 64 values of each type.
const (
	nearOverhead  = 400
	nearSlack     = 48
	nearSlackMost = 64
)

func nearWeight(result *rowcodec.Result) uint32 {
	size := result.Size() + nearOverhead
	for set := range result.Sets() {
		size += nearSlack * min(result.Rows(set)*int64(result.Width(set)), nearSlackMost)
	}
	return uint32(min(size, math.MaxUint32))
}

func newNear(maxBytes int64) *near {
	if maxBytes <= 0 {
		return &near{}
	}
	n := &near{}
	n.clock.now.Store(sinceStart())
	n.entries = otter.Must(&otter.Options[nearKey, *nearEntry]{
		MaximumWeight: uint64(maxBytes),
		Weigher:       func(_ nearKey, e *nearEntry) uint32 { return e.weight },
		ExpiryCalculator: otter.ExpiryWritingFunc(func(e otter.Entry[nearKey, *nearEntry]) time.Duration {
			return e.Value.lives
		}),
		Clock: &n.clock,
	})
	return n
}

// NearSize returns how many results are in the near cache, and about how much
// memory they take. Both are 0 where there is none.
func (c *Cache) NearSize() (entries, bytes int64) { return c.near.size() }

// size returns how many entries there are, and the memory they take.
func (n *near) size() (entries, bytes int64) {
	if n.entries == nil {
		return 0, 0
	}
	return int64(n.entries.EstimatedSize()), int64(n.entries.WeightedSize())
}

// find returns what the near cache has for a lookup.
func (n *near) find(l *lookup) *nearEntry {
	if n.entries == nil || l.wish.refresh || l.route.nearMode() == NearOff {
		return nil
	}
	n.clock.tick(l.started)
	e, _ := n.entries.GetIfPresent(nearKey{l.route.backend.space, l.key})
	return e
}

// forget drops an entry that can never be a hit again.
func (n *near) forget(l *lookup, e *nearEntry) {
	key := nearKey{l.route.backend.space, l.key}
	if now, ok := n.entries.GetIfPresent(key); ok && now == e {
		n.entries.Invalidate(key)
	}
}

// drop drops whatever there is under a key.
func (n *near) drop(key nearKey) {
	if n.entries != nil {
		n.entries.Invalidate(key)
	}
}

// keep takes a result in that was found in the store and returns it as it is
// best replayed.
func (n *near) keep(l *lookup, h rowcodec.Header, result *rowcodec.Result) (*rowcodec.Result, error) {
	if n.entries == nil || l.route.nearMode() == NearOff {
		return result, nil
	}
	// The wall clock that stamped the entry may be another machine's. Where it
	// is ahead, the entry lives here for a TTL at most.
	lives := min(h.TTL-time.Since(h.FilledAt), h.TTL)
	if lives <= 0 {
		return result, nil
	}
	boxed, err := result.Boxed()
	if err != nil {
		return nil, err
	}
	n.clock.tick(l.started)
	n.entries.Set(nearKey{l.route.backend.space, l.key}, &nearEntry{
		header: h, result: boxed, bytes: int64(len(l.reading.Entry)), weight: nearWeight(boxed), lives: lives,
	})
	n.expect(l)
	return boxed, nil
}

// expect begins to follow the tags of an entry that has just come in.
func (n *near) expect(l *lookup) {
	if l.route.nearMode() != NearPush || l.route.backend.space.cache.inline {
		return
	}
	if f := l.route.backend.space.follow(); f != nil {
		f.Known(l.tags, l.started)
	}
}

// known looks whether an entry can be served by what is known without asking.
// It is dropped where it is known that it never can be again.
func (n *near) known(l *lookup, e *nearEntry) (hit, dead bool) {
	if l.lease != nil {
		l.reading, hit = n.serves(l, e)
		return hit, false
	}
	if l.route.nearMode() != NearPush || l.route.backend.space.cache.inline {
		return false, false // a store in this process is asked as quickly
	}
	f := l.route.backend.space.follow()
	if f == nil {
		return false, false
	}
	r, ok := f.Known(l.tags, l.started)
	if !ok || !r.Settled || !l.route.isCurrent(r.Schema) {
		return false, false
	}
	l.reading = r
	hit = decide.IsHit(e.header.Vector, r.Vector, r.Settled)
	return hit, !hit
}

// isCurrent reports whether what the route was judged by is what holds under
// schema.
func (r *route) isCurrent(schema Schema) bool {
	return r.known == nil || r.known.schema == schema
}

func (r *route) nearMode() NearMode {
	if r.rule == nil {
		return NearValidate
	}
	return r.rule.Near
}

// nearHit replays an entry whose vector has just been compared.
func (c *conn) nearHit(ctx context.Context, l *lookup, e *nearEntry) driver.Rows {
	if c.refreshes(l, &e.header) {
		return nil
	}
	if c.checks(l, NearHit, &e.header, e.result) {
		return nil
	}
	c.cache.counts.count(NearHit, 0)
	l.plan.tally.hit(NearHit, l.started)
	if c.cache.config.OnEvent != nil {
		c.tell(ctx, l, NearHit, e.bytes)
	}
	c.putAside(l)
	return c.replay(e.result)
}
