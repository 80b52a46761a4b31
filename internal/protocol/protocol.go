// Package protocol decides what happens to the version registers behind the
// cache: may this be served, may it be stored, what becomes of a tag when a
// write begins and ends, and what when its value was lost.
//
// The functions are pure: no I/O, no clock, no randomness. The store in the
// process runs them, the scripts in Redis are compared with them operation by
// operation, and the model checker explores them; so there is one statement
// of the protocol, and it is this one. docs/consistency.md says why it holds.
//
// A tag is a register: a token, and the leases of the writes under way.
//
//	begin   fresh token, lease of the writer    before the write can be visible
//	end     fresh token, lease removed          after its outcome is certain
//	observe settled if there is no lease        before the database is asked
//
// An entry carries the tokens that were observed before its query was sent. A
// write that becomes visible after that moment began either after it, and then
// a token changed, or before it, and then its lease was there and the tag was
// not settled. Everything else in this package is about keeping that sentence
// true when processes die and servers forget.
package protocol

import "time"

// Millis is a moment in Unix milliseconds, or a span of them, by the clock of
// the one server that both writes and compares it. Clocks of two machines are
// never compared.
type Millis int64

// WholeMillis is a span that is not over before d is, on a clock that counts
// milliseconds and may be almost one further than it says.
func WholeMillis(d time.Duration) Millis { return Millis(d.Milliseconds() + 1) }

// Rules are the parameters of the protocol. Every process that shares a
// namespace uses the same.
type Rules struct {
	// Quarantine is how long a tag of unknown past is not settled: its lost
	// value may have held the lease of a write that is still to commit. It is
	// at least the longest lease. Zero is for a store that cannot forget.
	Quarantine Millis

	// LongestLease bounds how far in the future a deadline may lie; a later
	// one was written under another clock and is brought down to it. Zero
	// means that there has never been another clock.
	LongestLease Millis

	// MaxLeases bounds the number of leases on one tag. Further writers share
	// one lease that is extended for each of them, so a value cannot grow
	// without end. Zero means no bound.
	MaxLeases int

	// Term is how far ahead a registration lapses when it is made, and Absence
	// how long after that its writer may be writing; see [Presence]. Zero:
	// nobody registers.
	Term, Absence Millis

	// MaxWriters bounds the number of registrations. Zero means no bound.
	MaxWriters int

	// Without leaves ingredients out, to prove that each is needed. It is set
	// by tests only.
	Without Ingredient
}

// Ingredient is a set of parts of the protocol. Leaving out any one of them
// gives an interleaving with a stale read; package model finds it. Some
// back each other up, and then two must go: see its tests.
type Ingredient uint

const (
	// HonourLeases: nothing is served while a write is under way.
	HonourLeases Ingredient = 1 << iota
	// NoFillWhilePending: nothing is stored that was read while a write was
	// under way.
	NoFillWhilePending
	// BumpAtBegin: begin changes the token, so what was read before the write
	// is dead even if its writer dies before end.
	BumpAtBegin
	// BumpAtSweep: a lease that has run out takes the token with it, so what
	// was stored while it held is dead.
	BumpAtSweep
	// LeaseSet: a tag holds one lease per writer. With a single slot the end
	// of one writer frees the tag for the others' old results.
	LeaseSet
	// EpochCheck: tags of another history of the server are not believed. A
	// failover may have lost the last writes to them.
	EpochCheck
	// EpochQuarantine: a new history is not settled until every lease the old
	// one may have lost has run out.
	EpochQuarantine
	// TagQuarantine: the same for a single tag that was evicted or deleted.
	TagQuarantine
	// UniqueTokens: a token is never used twice. A counter starts again after
	// a flush and arrives at the number some late fill still carries.
	UniqueTokens
	// LeaseCheck: COMMIT is not sent on a lease that may have run out.
	LeaseCheck
	// KeepUnknown: a write whose outcome is unknown keeps its lease.
	KeepUnknown

	// HonourAbsence: nothing is served or stored while a registration has
	// lapsed.
	HonourAbsence
	// BumpAtAbsenceEnd: a registration that ends takes a token with it that
	// everything depends on.
	BumpAtAbsenceEnd
	// PresenceEpoch: registrations of another history are not believed to be
	// all there are.
	PresenceEpoch
	// PresenceQuarantine: registrations that were lost are waited for.
	PresenceQuarantine
	// NamedLapse: a registration lapses when its writer said, however late the
	// request arrives.
	NamedLapse
	// RegisterAnew: a registration that was lost is made again.
	RegisterAnew
	// LapseWait: a writer that is cut off waits until its registration has
	// lapsed.
	LapseWait
	// AbsenceLimit: and writes no longer when it may have ended.
	AbsenceLimit
	// SchemaQuarantine: after a change of the schema nothing is settled until
	// every write that was judged without it has ended or knows.
	SchemaQuarantine

	// HoldOwnWrites: a process forgets what its own write changes before it
	// can be visible, and does not learn it again before the write is over.
	HoldOwnWrites
	// ForgetOnReconnect: changes that were to be told on a lost connection
	// are not told on the next.
	ForgetOnReconnect
	// BoundFromSending: the answer to a heartbeat may have been under way for
	// any time.
	BoundFromSending
	// Heartbeat: a connection that is dead may look as one on which nothing
	// changes.
	Heartbeat

	// WriterWait: a write waits until nobody serves without asking what was
	// found before it began.
	WriterWait
	// LeaseFromSending: the answer to a check may have been under way for any
	// time.
	LeaseFromSending
	// BoundsOfBegin: a writer knows the bounds declared by the time it began,
	// not only those it knew of before.
	BoundsOfBegin
	// DeclaredFirst: a reader has declared its bound, and it has not been lost,
	// before it asks for what it then serves.
	DeclaredFirst
	// LostNamesWait: where declared bounds may have been lost, a write waits for
	// the longest there may have been.
	LostNamesWait
)

func (r Rules) has(i Ingredient) bool { return r.Without&i == 0 }

// IsHit reports whether an entry stored under one vector may be served after
// another was observed.
func (r Rules) IsHit(stored, observed [16]byte, settled bool) bool {
	return (settled || !r.has(HonourLeases)) && stored == observed
}

// MayFill reports whether a result may be stored under the vector that was
// observed before its query was sent.
func (r Rules) MayFill(settled bool) bool {
	return settled || !r.has(NoFillWhilePending)
}

// MayCommit reports whether a COMMIT may still be sent when begin was sent so
// long ago, by the monotonic clock of the writer. Half of the lease is left
// for the COMMIT to take effect in; without that much, renew.
func (r Rules) MayCommit(sinceBegin, lease time.Duration) bool {
	return sinceBegin < lease/2 || !r.has(LeaseCheck)
}

// Outcome is what a writer knows about its write.
type Outcome int

const (
	// Unknown: the connection was lost or the call given up after the
	// statement was sent. It may take effect later.
	Unknown Outcome = iota
	// Decided: it took effect or never will.
	Decided
)

// MayEnd reports whether the lease of a write may be removed before it runs
// out. After an unknown outcome it may not: a late COMMIT would find readers
// filling the cache with what was there before it.
func (r Rules) MayEnd(o Outcome) bool {
	return o == Decided || !r.has(KeepUnknown)
}
