package cachedsql

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"
)

// Config configures a Cache. The zero value is usable: an in-process store and
// no rules, so that everything passes through. New copies it once.
type Config struct {
	// Adapter tells what is particular about the wrapped driver. Packages
	// cachedpg and cachedmysql have theirs. Where its Dialect is Generic, the
	// dialect is detected from the driver's type.
	Adapter Adapter

	// Consistency is the promise made to readers. The default is Strict.
	Consistency Consistency

	// EntryKeys protect what is kept in the Store against those who can read or
	// write there: the first seals entries, each of them opens, so that keys can
	// be changed one after the other without losing results. Entries that none
	// of them opens are refused, unprotected ones as well. Nil: entries are
	// stored as they are, and whoever writes to the Store decides what programs
	// read. All processes that share a namespace must have the same.
	//
	// See docs/security.md for what that does and does not protect against. In
	// a Store in this process nothing is done.
	EntryKeys []EntryKey

	// EntryProtection says how. The default is Encrypt.
	EntryProtection EntryProtection

	// FenceInterval is how long the process serves no hits after the store was
	// unreachable, so that every other process has time to announce what it
	// wrote meanwhile. Defaults to 1 second, and is never less than the sum of
	// half a second and LookupTimeout, within which the others notice.
	FenceInterval time.Duration

	// FillQueue is how many results may wait to be stored. When it is full,
	// results are dropped and counted, never waited for. Defaults to 1024.
	FillQueue int

	// Lease is how long a write under way keeps readers away from the tables
	// it touches when its process dies without a word. It is renewed while the
	// process lives. It is also how long a table seen for the first time is
	// not cached. Defaults to 10 seconds; at least 10 milliseconds.
	Lease time.Duration

	// LazyConnect makes connections dial the database on first need: a hit then
	// takes a place in the pool of database/sql, but no connection to the database,
	// and works while that is down (Rule.OnDatabaseDown). It takes effect where the
	// Adapter says that all connections begin alike, and needs a Namespace, because
	// a connection that is not dialled does not notice that another server has
	// taken over.
	//
	// It can be noticed: DB.Conn succeeds without the database, and an error of
	// connecting comes out of the first statement that needs it; and for up to a
	// minute hits are served by settings of the user and the database, and to a
	// user, that the server has changed or locked out meanwhile, as connections
	// of the pool that were dialled before would.
	LazyConnect bool

	// LiveRules is the name of the rule set in the Store that the Cache
	// follows, see RulesStore: its current version is in force within seconds
	// of its commit. Until the Store has been asked, and where the set has no
	// version, Rules apply. "": it follows none.
	LiveRules string

	// Logger receives what an operator should see. Defaults to slog.Default().
	Logger *slog.Logger

	// LookupTimeout is the most that one call to the store may add to a
	// statement. After a call that takes longer the store counts as
	// unreachable until it answers again. Defaults to 50 milliseconds.
	LookupTimeout time.Duration

	// MaxTags is how many tags one lookup may check. A read that depends on
	// more is not cached. Defaults to 64.
	MaxTags int

	// Namespace names the database in the store. Handles with equal namespaces
	// share entries and invalidation, so it must name one database and it is a
	// security boundary. By default it is asked from the server, and nothing from
	// before the server's last start is used then, which under a Namespace is
	// kept.
	Namespace string

	// NearBound is the most that a near hit under near: push may lag behind
	// what other processes have written. The process asks the store four times
	// within it whether it still hears of changes. Defaults to 1 second; at
	// least 100 milliseconds.
	NearBound time.Duration

	// NearBytes bounds the memory of the near cache: results that were found in
	// the store are also kept decoded in this process, where a rule does not
	// say otherwise. 0: there is none.
	NearBytes int64

	// NoCatalog turns off reading the database's catalog: names in statements
	// are taken for base tables without triggers, cascades or views. Set it
	// only where that is true. Generic dialects have no catalog: without this
	// setting every write counts for all of their tables.
	NoCatalog bool

	// OnCacheDown says what a write does while the store is unreachable. The
	// default is Available.
	OnCacheDown OnCacheDown

	// OnEvent, if set, is called for what happens to each statement, on the
	// caller's goroutine; it must be quick and safe for concurrent use.
	OnEvent func(Event)

	// ReportInterval is the time between two reports of this process's figures
	// and state to the store, where operators find them. It has no influence on
	// what is cached. Defaults to 10 seconds; at least 100 milliseconds;
	// negative: there are no reports.
	ReportInterval time.Duration

	// Rules select what is cached. Nil: nothing is. See Cache.SetRules.
	Rules *Rules

	// Store keeps entries and tags. Nil: an in-process store of this Cache
	// alone, which does not see the writes of other processes. The Cache does
	// not close a Store given here.
	Store Store
}

// Consistency is the promise a Cache makes.
type Consistency uint8

const (
	// Strict: a read that starts after a write's COMMIT returned, anywhere,
	// never sees a result older than that commit.
	Strict Consistency = iota
	// Bounded saves one round trip a write: tags change only after COMMIT, so
	// a read may be stale for that moment, or until its TTL where the writer
	// died in it.
	Bounded
)

// String returns the word used in configuration.
func (c Consistency) String() string {
	if c == Bounded {
		return "bounded"
	}
	return "strict"
}

// OnCacheDown is what a write does while the store is unreachable.
type OnCacheDown uint8

const (
	// Available lets the write go on; its tags are announced when the store is
	// back. Until then a process that never lost the store may serve what the
	// write has changed.
	Available OnCacheDown = iota
	// Refuse fails the write with ErrCacheDown before anything happened.
	Refuse
	// Wait lets the write wait, once in an outage and for some seconds, until
	// readers everywhere must have noticed that this process is away: they
	// serve and store nothing until it is back, or the store's absence is
	// over, from when on writes are refused. The store must have an absence.
	Wait
)

// String returns the word used in configuration.
func (o OnCacheDown) String() string {
	switch o {
	case Refuse:
		return "refuse"
	case Wait:
		return "wait"
	}
	return "available"
}

const (
	defaultLease         = 10 * time.Second
	minLease             = 10 * time.Millisecond
	defaultLookupTimeout = 50 * time.Millisecond
	defaultFence         = time.Second
	defaultFillQueue     = 1024
	defaultMaxTags       = 64
	defaultNearBound     = time.Second
	minNearBound         = 100 * time.Millisecond
)

// withDefaults returns a copy of c with every default filled in, or says what
// is wrong with it.
func (c Config) withDefaults() (Config, error) {
	for name, d := range map[string]time.Duration{
		"Lease": c.Lease, "LookupTimeout": c.LookupTimeout, "FenceInterval": c.FenceInterval,
		"NearBound": c.NearBound,
	} {
		if d < 0 {
			return c, fmt.Errorf("cachedsql: Config.%s is negative: %v", name, d)
		}
	}
	if c.Lease == 0 {
		c.Lease = defaultLease
	}
	if c.Lease < minLease {
		return c, fmt.Errorf("cachedsql: Config.Lease is %v, less than %v", c.Lease, minLease)
	}
	if c.Consistency > Bounded {
		return c, fmt.Errorf("cachedsql: Config.Consistency has no value %d", c.Consistency)
	}
	if c.OnCacheDown > Wait {
		return c, fmt.Errorf("cachedsql: Config.OnCacheDown has no value %d", c.OnCacheDown)
	}
	if c.LazyConnect && c.Namespace == "" {
		return c, errors.New("cachedsql: Config.LazyConnect needs a Config.Namespace")
	}
	c.EntryKeys = slices.Clone(c.EntryKeys)
	if c.LookupTimeout == 0 {
		c.LookupTimeout = defaultLookupTimeout
	}
	if c.FenceInterval == 0 {
		c.FenceInterval = defaultFence
	}
	if c.FillQueue <= 0 {
		c.FillQueue = defaultFillQueue
	}
	if c.MaxTags <= 0 {
		c.MaxTags = defaultMaxTags
	}
	if c.ReportInterval == 0 {
		c.ReportInterval = defaultReportInterval
	}
	if c.ReportInterval > 0 && c.ReportInterval < minReportInterval {
		return c, fmt.Errorf("cachedsql: Config.ReportInterval is %v, less than %v", c.ReportInterval, minReportInterval)
	}
	if c.NearBound == 0 {
		c.NearBound = defaultNearBound
	}
	if c.NearBound < minNearBound {
		return c, fmt.Errorf("cachedsql: Config.NearBound is %v, less than %v", c.NearBound, minNearBound)
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	return c, nil
}
