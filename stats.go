package cachedsql

import (
	"sync/atomic"

	"github.com/cachedsql/cachedsql/internal/reason"
)

// Stats are counts since the Cache was made.
type Stats struct {
	Hits, NearHits, Misses        int64
	Coalesced                     int64
	Bypasses                      int64
	Fills, NotFilled              int64
	Invalidations                 int64
	Corrupt, StoreFailures, Notes int64
	// BypassesByReason and NotFilledByReason hold the reasons that occurred,
	// by their words.
	BypassesByReason, NotFilledByReason map[string]int64
	// ParsedTexts is how many distinct statement texts were analysed.
	ParsedTexts int64
	// StoreDown reports that the store is not used at the moment because it
	// was unreachable.
	StoreDown bool
}

// HitRatio is the share of cacheable reads answered from the cache, 0 to 1.
func (s Stats) HitRatio() float64 {
	hits := s.Hits + s.NearHits + s.Coalesced
	if hits+s.Misses == 0 {
		return 0
	}
	return float64(hits) / float64(hits+s.Misses)
}

const reasons = 64 // more than there are; checked by a test

type counters struct {
	outcomes  [outcomes]atomic.Int64
	bypasses  [reasons]atomic.Int64
	notFilled [reasons]atomic.Int64
	parsed    atomic.Int64
}

func (n *counters) count(o Outcome, r Reason) {
	n.outcomes[o].Add(1)
	switch o {
	case Bypassed:
		n.bypasses[r].Add(1)
	case NotFilled:
		n.notFilled[r].Add(1)
	}
}

func (n *counters) snapshot() Stats {
	of := func(o Outcome) int64 { return n.outcomes[o].Load() }
	return Stats{
		Hits: of(Hit), NearHits: of(NearHit), Misses: of(Miss), Coalesced: of(Coalesced), Bypasses: of(Bypassed),
		Fills: of(Filled), NotFilled: of(NotFilled), Invalidations: of(Invalidated),
		Corrupt: of(Corrupt), StoreFailures: of(StoreFailed), Notes: of(Note),
		BypassesByReason: byReason(&n.bypasses), NotFilledByReason: byReason(&n.notFilled),
		ParsedTexts: n.parsed.Load(),
	}
}

func byReason(counts *[reasons]atomic.Int64) map[string]int64 {
	m := map[string]int64{}
	for _, r := range reason.All() {
		if n := counts[r].Load(); n != 0 {
			m[r.String()] = n
		}
	}
	return m
}
