package protocol

import "time"

// A near cache may also answer without asking where nothing tells it of
// changes: for a bounded time after it asked, if every writer waits for as long.
//
//	a reader  declares its bound for each table, asks for the tags, and serves
//	          what it found settled until the bound has passed since it asked
//	a writer  begins, waits for the longest bound declared for what it writes,
//	          and only then may its write become visible
//
// A check that was carried out after the writer's begin finds the lease there,
// and one that was carried out before was asked before. So whoever serves what
// it found has stopped when the writer goes on. Both go by their own clocks,
// and neither by the other's: what they measure begins with one's question and
// with the other's answer.
//
// The writer knows the bounds that were declared under the schema token that
// begin has returned. If names were lost, it cannot know them; then it goes on
// when all that was found before they were lost is too old, whatever the bound.

// drift is the part of a bound by which a reader's clock may be slower than a
// writer's.
const drift = 32

// ServedUntil is until when what a check has found may be served without asking
// again, where the check was sent and answered at these moments.
func (r Rules) ServedUntil(sent, answered, bound time.Duration) time.Duration {
	if !r.has(LeaseFromSending) {
		sent = answered
	}
	return sent + bound - bound/drift
}

// IsLeasedHit reports whether an entry of the near cache may be served by what
// a check has found, at a moment.
func (r Rules) IsLeasedHit(stored, found [16]byte, settled bool, now, until time.Duration) bool {
	return now < until && r.IsHit(stored, found, settled)
}

// VisibleFrom is from when a write may become visible, if its begin was
// acknowledged at a moment and readers have declared at most this bound for
// what it writes. All names there ever were are known for certain from another
// moment on, before which it waits as well.
func (r Rules) VisibleFrom(begun, bound, certain time.Duration) time.Duration {
	from := begun
	if r.has(WriterWait) {
		from = begun + bound
	}
	if r.has(LostNamesWait) {
		from = max(from, certain)
	}
	return from
}

// CertainFrom is that other moment: when whoever relied on names that may have
// been lost before has stopped. kept is for how long none can have been lost, as
// an answer said at a moment; longest is the longest bound there may be.
func (r Rules) CertainFrom(answered, kept, longest time.Duration) time.Duration {
	return answered + longest - kept
}

// KnowsBounds reports whether the bounds that a process knows are all there
// were when a write began: by the schema token that its begin has returned.
func (r Rules) KnowsBounds(knownUnder, returned string) bool {
	return knownUnder == returned || !r.has(BoundsOfBegin)
}

// MayRelyOnDeclared reports whether a reader may count on writers to wait: its
// bound was among those declared under the schema token that its check found.
func (r Rules) MayRelyOnDeclared(declaredUnder, found string) bool {
	return declaredUnder == found || !r.has(DeclaredFirst)
}
