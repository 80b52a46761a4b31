package protocol

import "time"

// A near cache may answer without asking the server, where the server tells it
// what changes. Messages of the server arrive in order on one connection: that
// a tag has changed, answers to checks, answers to heartbeats.
//
//	told of a change      what is known of the tag is forgotten
//	an answer to a check  is known, unless there was a doubt since it was asked
//	a heartbeat's answer  all is known that the server had done when it was sent
//	a lost connection     all is forgotten before there is another
//
// What is known may be relied on for a bounded time after the last heartbeat
// that was answered was sent. So an answer from the near cache misses no write
// that began longer ago than this bound.

// Followed is what a process knows of a set of tags that it follows. The zero
// Followed is nothing.
type Followed struct {
	// Doubts counts how often it was to be forgotten.
	Doubts uint32
	// Known: the fields below are as the server last had them.
	Known   bool
	Vector  [16]byte
	Settled bool
}

// Doubt is what a change of a tag, a write of this process, and a lost
// connection do: nothing is known any more, nor by what has been asked before.
func (r Rules) Doubt(f Followed) Followed { return Followed{Doubts: f.Doubts + 1} }

// Told takes in the answer to a check that was sent after so many doubts. held
// is set while this process writes to one of the tags: its readers must not
// need the server to tell them.
func (r Rules) Told(f Followed, doubts uint32, vector [16]byte, settled, held bool) Followed {
	if doubts != f.Doubts || held && r.has(HoldOwnWrites) {
		return f
	}
	return Followed{f.Doubts, true, vector, settled}
}

// Lost is what becomes of what is known when its connection is gone.
func (r Rules) Lost(f Followed) Followed {
	if !r.has(ForgetOnReconnect) {
		return f
	}
	return r.Doubt(f)
}

// ReliedOn is until when what is known may be relied on after a heartbeat was
// answered. Its time runs from when it was sent: the server may have carried
// it out at once and the answer been on its way for long.
func (r Rules) ReliedOn(sent, answered, bound time.Duration) time.Duration {
	if !r.has(BoundFromSending) {
		return answered + bound
	}
	return sent + bound
}

// MayRely reports whether what is known may be relied on at a moment.
func (r Rules) MayRely(now, until time.Duration) bool { return now < until || !r.has(Heartbeat) }

// IsNearHit reports whether an entry of the near cache may be served by what is
// known.
func (r Rules) IsNearHit(stored [16]byte, f Followed) bool {
	return f.Known && r.IsHit(stored, f.Vector, f.Settled)
}
