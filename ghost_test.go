package cachedsql

import (
	"cmp"
	"database/sql/driver"
	"hash/maphash"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// traffic is one query's: executions a second of all argument lists together,
// of how many of them, some far more often than others, and writes a second.
type traffic struct {
	perSecond, writes float64
	lists             uint64
	skewed            bool
}

// The estimate is compared with a cache that is big enough, fed with the same
// executions and writes.
func TestGhostEstimatesWhatACacheWouldDo(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]traffic{
		"one list, seldom written":      {50, 0.02, 1, false},
		"one list, often written":       {20, 5, 1, false},
		"some lists, few of them often": {30, 0.01, 100, true},
		"few lists":                     {30, 0.1, 10, true},
		"many lists":                    {100, 0.01, 3000, false},
		"hardly anything comes back":    {50, 0.01, 1_000_000, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(1, 2))
			zipf := rand.NewZipf(random, 1.1, 1, max(c.lists-1, 1))
			g, all := &ghost{rate: pace{perSecond: ghostRate}}, &pace{perSecond: ghostRateAll}
			g.limit.Store(math.MaxUint64)
			var got GhostStats
			var want [len(GhostTTLs)]float64
			type entry struct {
				at      int64
				version byte
			}
			var caches [len(GhostTTLs)]map[uint64]entry
			for i := range caches {
				caches[i] = map[uint64]entry{}
			}
			var version byte
			now, nextWrite, executions := float64(0), random.ExpFloat64()/c.writes, 0
			for ; now < 3600; executions++ {
				now += random.ExpFloat64() / c.perSecond
				for ; nextWrite < now; nextWrite += random.ExpFloat64() / c.writes {
					version++
				}
				at := int64(now * float64(time.Second))
				list := random.Uint64N(c.lists)
				if c.skewed {
					list = zipf.Uint64()
				}
				for i, ttl := range GhostTTLs {
					if e, ok := caches[i][list]; ok && e.version == version && at-e.at < int64(ttl) {
						want[i]++
					} else {
						caches[i][list] = entry{at, version}
					}
				}
				hash := mix(list, 42)
				if hash >= g.limit.Load() {
					continue
				}
				k, sampled := g.choose(hash, at, all)
				if k == nil {
					continue
				}
				hits := k.observe(&Reading{Settled: true, Vector: Vector{version}}, at)
				if sampled {
					got.Samples++
					for i, hit := range hits {
						if hit {
							got.Hits[i]++
						}
					}
				}
			}
			for i, ttl := range GhostTTLs {
				ratio, ok := got.HitRatio(ttl)
				if exact := want[i] / float64(executions); !ok || math.Abs(ratio-exact) > 0.15 {
					t.Errorf("TTL %v: estimated %.2f of %d samples, exactly %.2f", ttl, ratio, got.Samples, exact)
				}
			}
			if len(g.keys) > ghostKeys {
				t.Errorf("%d lists are kept", len(g.keys))
			}
		})
	}
}

func TestGhostKeepsTheListsWithTheLowestHashes(t *testing.T) {
	t.Parallel()
	g := &ghost{rate: pace{perSecond: 1 << 40}}
	g.limit.Store(math.MaxUint64)
	var hashes []uint64
	for i := range uint64(1000) {
		h := mix(i, 7)
		hashes = append(hashes, h)
		g.choose(h, 0, &pace{perSecond: 1 << 40})
	}
	slices.SortFunc(hashes, cmp.Compare[uint64])
	for _, h := range hashes[:ghostKeys] {
		if g.keys[h] == nil {
			t.Errorf("%x is not followed", h)
		}
	}
	if len(g.keys) != ghostKeys || g.limit.Load() != hashes[ghostKeys] {
		t.Errorf("%d lists, limit %x", len(g.keys), g.limit.Load())
	}
}

func TestGhostIsSparing(t *testing.T) {
	t.Parallel()
	g := &ghost{rate: pace{perSecond: ghostRate}}
	g.limit.Store(math.MaxUint64)
	looks := 0
	for i := range int64(100_000) { // in ten seconds
		if k, _ := g.choose(1, i*int64(100*time.Microsecond), &pace{perSecond: 1 << 40}); k != nil {
			looks++
		}
	}
	if looks < 10 || looks > 2*ghostRate*11 {
		t.Errorf("%d executions of 100,000 in 10 s were looked at", looks)
	}
}

// BenchmarkHaunt is what a read without a rule pays for the ghost cache: hash
// alone for nearly all.
func BenchmarkHaunt(b *testing.B) {
	g := &ghosts{seed: maphash.MakeSeed()}
	c := &conn{}
	args := []driver.NamedValue{{Ordinal: 1, Value: int64(4711)}, {Ordinal: 2, Value: "a name of usual length"}}
	b.ReportAllocs()
	for b.Loop() {
		if h, ok := g.hash(c, args); !ok || h == 0 {
			b.Fatal("no hash")
		}
	}
}
