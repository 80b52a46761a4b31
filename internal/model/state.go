// Package model explores every interleaving of a few readers and writers with
// a Redis that forgets, to find out whether a read can be stale.
//
// What happens to a tag or an era, what is a hit, what may be stored, when a
// COMMIT may be sent and when a lease may be given up is decided by the
// functions of internal/protocol, the ones that run in production: the model
// only calls them in every possible order. Time is abstract. The clock stands
// still at one moment, and each deadline is either ahead of it or has passed;
// a deadline passes whenever it likes, except while the COMMIT it protects is
// on its way (the assumption that half a lease is enough for one).
package model

// Bounds of a configuration; the state is an array, so that it can be hashed.
const (
	maxTags    = 2
	maxWriters = 3
	maxReaders = 3
)

// Markers of leases on a tag, as bits: a bit per writer and these two.
const (
	quarantined uint8 = 1 << (maxWriters + iota)
	overflow
)

// register is a tag as Redis has it.
type register struct {
	Token  uint8 // 0: missing
	Leases uint8 // markers
	Passed uint8 // those of them whose deadline has passed

	// Whom the shared markers stand for. Redis does not know; it is what
	// decides when their deadlines can pass.
	QuarantineFor, OverflowFor uint8
}

// era is the era register of a tag's shard.
type era struct {
	Current       bool // of the server's present history
	Token         uint8
	Quarantine    uint8 // noQuarantine, running or passed
	QuarantineFor uint8
}

const (
	noQuarantine uint8 = iota
	running
	passed
)

type vector [2 * maxTags]uint8 // era's and tag's token, per tag

// entry is a stored result: all it says is which commits it has seen.
type entry struct {
	Present  bool
	Snapshot uint8
	Vector   vector
}

// server is one Redis.
type server struct {
	Tags  [maxTags]register
	Eras  [maxTags]era
	Entry entry

	Presence [maxTags]presence
}

type writerStep uint8

const (
	beginning writerStep = iota
	begun
	inFlight  // COMMIT is sent
	committed // and has taken effect
	aborted   // or never will
	over
	crashed
	crashedInFlight
	unknown // the writer has given up waiting; COMMIT is still in flight
)

var stepNames = [...]string{"beginning", "begun", "in flight", "committed", "aborted", "over", "crashed", "crashed in flight", "unknown"}

func (s writerStep) String() string { return stepNames[s] }

// dead reports that there is no process any more.
func (s writerStep) dead() bool { return s == crashed || s == crashedInFlight }

// flying reports that COMMIT may take effect without the writer doing anything.
func (s writerStep) flying() bool { return s == inFlight || s == crashedInFlight || s == unknown }

type writer struct {
	Step       writerStep
	Begun, End uint8 // tags it has begun and ended
	Old        bool  // by its own clock half of the lease is over
	Link       link
}

type readerStep uint8

const (
	idle    readerStep = iota
	looking            // at the entry and the tags, in any order
	missed
	asked // the database has answered, under Snapshot
	restamping
)

type reader struct {
	Step     readerStep
	Reads    uint8 // done
	Floor    uint8 // commits visible when the read began
	Got      uint8 // a bit per tag, and one for the entry
	Settled  bool
	Pinned   bool  // the snapshot is an old one
	Snapshot uint8 // what the query has seen
	Entry    entry // as found
	Vector   vector
	Fill     entry // on its way to Redis
}

// state is everything there is at one moment.
type state struct {
	Primary, Replica server
	Commits          uint8 // visible in the database
	Writers          [maxWriters]writer
	Readers          [maxReaders]reader
	Used             Faults
	Tokens           uint8 // handed out
}
