package model

import "github.com/cachedsql/cachedsql/internal/protocol"

// Config says who takes part, what may go wrong, and what is left out.
type Config struct {
	Name string

	// Writes lists the writers, each by the tags it writes to, as bits. Every
	// writer commits once.
	Writes []uint8
	// Tags is how many there are, each in a shard of its own. Every read
	// depends on all of them.
	Tags int
	// Readers read this many times each, one after the other.
	Readers, Reads int
	// Budget is how often each fault may happen.
	Budget Faults

	// Waits are the writers that, cut off from Redis, wait and then write, as
	// bits. All of them are registered at the start.
	Waits uint8
	// MaxLeases is protocol.Rules.MaxLeases. Zero: as many as there are.
	MaxLeases int
	// Without leaves ingredients of the protocol out.
	Without protocol.Ingredient
	// Mistakes are those a program makes around the protocol.
	Mistakes Mistake
	// Flight: readers may share one query, by key and vector.
	Flight bool
	// TellApart explores what is the same but for who of like writers is who.
	TellApart bool
}

// Faults counts things that go wrong.
type Faults struct {
	Crashes    uint8 // of a writer
	Failovers  uint8 // to a replica that lags, or a restart from a snapshot
	Flushes    uint8 // FLUSHALL, or a restart without data
	TagLoss    uint8 // one tag evicted or deleted
	EntryLoss  uint8
	LostReply  uint8 // of Redis or of the database
	Renewals   uint8 // while COMMIT is in flight
	LateBegins uint8 // renewals that arrive when their writer is through
	Cuts       uint8 // of a writer from Redis
	// LateRegistrations arrive when the moment they name has passed.
	LateRegistrations uint8
}

// Mistake is a set of deviations that no function of internal/protocol can
// prevent, since they are about the order of calls.
type Mistake uint8

const (
	// VectorAfterQuery stamps the entry with what the tags are after the
	// query, as django-cachalot does.
	VectorAfterQuery Mistake = 1 << iota
	// FlightByKey lets a read join a query that began before it, by the
	// fingerprint alone, as most single-flight caches do.
	FlightByKey
	// OldSnapshot fills from a transaction whose snapshot is older than the
	// vector.
	OldSnapshot
	// RegisterFirst lets a writer that was away register before it has
	// announced what it wrote.
	RegisterFirst
	// AbsenceWindow lets an absence end while a COMMIT is in flight that relies
	// on it.
	AbsenceWindow
	// CommitWindow lets a lease run out while its COMMIT is in flight: what
	// the lease check and the renewals are there to prevent.
	CommitWindow
)

func (c *Config) has(m Mistake) bool { return c.Mistakes&m != 0 }

// The clock stands at 1. A lease or a quarantine ends at 2, one that has
// passed at 1.
const (
	now    protocol.Millis = 1
	span   protocol.Millis = 1
	ahead                  = now + span
	behind                 = now
)

func (c *Config) rules() protocol.Rules {
	return protocol.Rules{Quarantine: span, LongestLease: span, MaxLeases: c.MaxLeases, Term: span, Absence: span, Without: c.Without}
}

func (c *Config) counts() bool { return c.Without&protocol.UniqueTokens != 0 }
