package cachedsql

import (
	"sync/atomic"

	"github.com/cachedsql/cachedsql/internal/reason"
)

// Stats are counts since the Cache was made.
type Stats struct {
	Hits          int64 `json:"hits"`
	NearHits      int64 `json:"near_hits"`
	StaleHits     int64 `json:"stale_hits"`
	Misses        int64 `json:"misses"`
	Coalesced     int64 `json:"coalesced"`
	Bypasses      int64 `json:"bypasses"`
	Fills         int64 `json:"fills"`
	NotFilled     int64 `json:"not_filled"`
	Invalidations int64 `json:"invalidations"`
	Corrupt       int64 `json:"corrupt"`
	Unauthentic   int64 `json:"unauthentic"`
	StoreFailures int64 `json:"store_failures"`
	Notes         int64 `json:"notes"`
	// Checked are hits that were compared with the database's answer instead
	// of being served. Different are those where the cache would have been
	// wrong, Inconclusive those of which nothing can be said.
	Checked      int64 `json:"checked"`
	Different    int64 `json:"different"`
	Inconclusive int64 `json:"inconclusive"`
	// BypassesByReason and the next two hold the reasons that occurred, by their
	// words.
	BypassesByReason     map[string]int64 `json:"bypasses_by_reason,omitempty"`
	NotFilledByReason    map[string]int64 `json:"not_filled_by_reason,omitempty"`
	InconclusiveByReason map[string]int64 `json:"inconclusive_by_reason,omitempty"`
	// ParsedTexts is how many distinct statement texts were analysed.
	ParsedTexts int64 `json:"parsed_texts"`
	// StoreDown reports that the store is not used at the moment because it
	// was unreachable.
	StoreDown bool `json:"store_down"`
	// Fenced reports that it is in use again, but that no hit is served for a
	// moment yet.
	Fenced bool `json:"fenced"`
	// DroppedEvents is how many events for operators' tools were not told, see
	// StreamEvent: there were too many, or the store did not take them.
	DroppedEvents int64 `json:"dropped_events"`
}

// Merge adds the counts of another process. StoreDown and Fenced then say whether
// any of them is.
func (s *Stats) Merge(other *Stats) {
	s.Hits += other.Hits
	s.NearHits += other.NearHits
	s.StaleHits += other.StaleHits
	s.Misses += other.Misses
	s.Coalesced += other.Coalesced
	s.Bypasses += other.Bypasses
	s.Fills += other.Fills
	s.NotFilled += other.NotFilled
	s.Invalidations += other.Invalidations
	s.Corrupt += other.Corrupt
	s.Unauthentic += other.Unauthentic
	s.StoreFailures += other.StoreFailures
	s.Notes += other.Notes
	s.Checked += other.Checked
	s.Different += other.Different
	s.Inconclusive += other.Inconclusive
	s.BypassesByReason = mergeCounts(s.BypassesByReason, other.BypassesByReason)
	s.NotFilledByReason = mergeCounts(s.NotFilledByReason, other.NotFilledByReason)
	s.InconclusiveByReason = mergeCounts(s.InconclusiveByReason, other.InconclusiveByReason)
	s.ParsedTexts += other.ParsedTexts
	s.StoreDown = s.StoreDown || other.StoreDown
	s.Fenced = s.Fenced || other.Fenced
	s.DroppedEvents += other.DroppedEvents
}

// HitRatio is the share of lookups answered from the cache, 0 to 1.
func (s Stats) HitRatio() float64 {
	hits := s.Hits + s.NearHits + s.StaleHits + s.Coalesced
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
	unclear   [reasons]atomic.Int64
	parsed    atomic.Int64
}

func (n *counters) count(o Outcome, r Reason) {
	n.outcomes[o].Add(1)
	switch o {
	case Bypassed:
		n.bypasses[r].Add(1)
	case NotFilled:
		n.notFilled[r].Add(1)
	case Inconclusive:
		n.unclear[r].Add(1)
	}
}

func (n *counters) snapshot() Stats {
	of := func(o Outcome) int64 { return n.outcomes[o].Load() }
	return Stats{
		Hits: of(Hit), NearHits: of(NearHit), StaleHits: of(StaleHit), Misses: of(Miss), Coalesced: of(Coalesced), Bypasses: of(Bypassed),
		Fills: of(Filled), NotFilled: of(NotFilled), Invalidations: of(Invalidated),
		Corrupt: of(Corrupt), Unauthentic: of(Unauthentic), StoreFailures: of(StoreFailed), Notes: of(Note),
		Checked: of(Checked), Different: of(Different), Inconclusive: of(Inconclusive),
		BypassesByReason: byReason(&n.bypasses), NotFilledByReason: byReason(&n.notFilled), InconclusiveByReason: byReason(&n.unclear),
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
