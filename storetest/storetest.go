// Package storetest is the conformance suite of [cachedsql.Store]. A store
// that passes it can stand behind a cache:
//
//	func TestConformance(t *testing.T) {
//		storetest.Run(t, func(t *testing.T) cachedsql.Store { return mystore.New() })
//	}
//
// Run it with -race too.
package storetest

import (
	"context"
	"crypto/rand"
	"fmt"
	"testing"
	"time"

	"github.com/cachedsql/cachedsql"
)

// Traits are what stores may differ in. The zero value describes a store that
// cannot forget a tag.
type Traits struct {
	// Quarantine is how long a new tag stays unsettled, and the longest lease
	// the store accepts. A second makes the suite take about ten.
	Quarantine time.Duration
}

// Run tests a store without a quarantine. newStore is called for each part of
// the suite, possibly at the same time; it may return stores on one server,
// since every part uses a namespace of its own. It closes what it opened with
// t.Cleanup; closing a store twice must do no harm.
func Run(t *testing.T, newStore func(t *testing.T) cachedsql.Store) {
	t.Helper()
	Traits{}.Run(t, newStore)
}

// Run is [Run] for a store with these traits.
func (tr Traits) Run(t *testing.T, newStore func(t *testing.T) cachedsql.Store) {
	t.Helper()
	parts := map[string]func(*fixture){
		"TagsSettleAndStay":                     testTagsSettleAndStay,
		"SetsAreOrderlessAndWithoutDuplicates":  testSetsAreOrderless,
		"BeginAndEndChangeTheVector":            testBeginAndEnd,
		"VectorsNeverRepeat":                    testVectorsNeverRepeat,
		"EveryWriterHasItsOwnLease":             testLeaseSet,
		"EndOfAStrangerFreesNothing":            testStrangersEnd,
		"LateAndRepeatedEndsAreHarmless":        testLateEnds,
		"LeaseRunsOut":                          testLeaseRunsOut,
		"BeginAgainRenews":                      testRenew,
		"MoreWritersThanLeases":                 testManyWriters,
		"WritesReachOverlappingSetsOnly":        testOverlap,
		"WildcardReachesEverySet":               testWildcard,
		"EmptySetChangesNothing":                testEmptySet,
		"SchemaChangesWithItsTagOnly":           testSchema,
		"SchemaChangesWhenItsWriterDies":        testSchemaOfDeadWriter,
		"SchemaChangeWaitsForWritesUnderWay":    testSchemaWaits,
		"AlsoWhenItsWriterDies":                 testSchemaOfDeadWriterWaits,
		"DeclaredNamesGrow":                     testDeclareGrows,
		"DeclaringChangesTheSchema":             testDeclareChangesSchema,
		"DeclaredNamesWaitForWritesUnderWay":    testDeclareWaits,
		"NoDeclaredNameIsLostToAnother":         testDeclareAtOnce,
		"WriterThatIsNotHeardOfKeepsReadersOff": testRegistration,
		"RegistrationEnds":                      testRegistrationEnds,
		"ThousandTags":                          testThousandTags,
		"HostileTagNames":                       testHostileTags,
		"NamespacesAreIsolated":                 testNamespaces,
		"EntriesAreBinarySafe":                  testEntries,
		"EntriesExpire":                         testTTL,
		"EntriesCanBeDeleted":                   testDelete,
		"EntriesDoNotShareMemory":               testMemory,
		"ContextIsHonoured":                     testContext,
		"SetsOfAnotherSpaceAreRefused":          testForeignTags,
		"ClosedStoreRefuses":                    testClosed,
		"NoStaleReadUnderConcurrentReadsWrites": testNoStaleRead,
	}
	for name, part := range parts {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			part(newFixture(t, tr, newStore(t)))
		})
	}
}

// fixture is a space of a store under test, with what the parts often do.
type fixture struct {
	*testing.T
	Traits
	ctx   context.Context
	store cachedsql.Store
	name  string // namespace
	space cachedsql.Space
}

func newFixture(t *testing.T, tr Traits, s cachedsql.Store) *fixture {
	t.Helper()
	name := t.Name() + " " + rand.Text()
	return &fixture{t, tr, t.Context(), s, name, s.Space(name)}
}

// lease is a lease that no test outlives by accident.
func (f *fixture) lease() time.Duration {
	if f.Quarantine > 0 {
		return f.Quarantine
	}
	return time.Minute
}

// patience is how long anything that must happen may take.
func (f *fixture) patience() time.Duration { return 3*f.Quarantine + 30*time.Second }

func (f *fixture) tags(names ...string) cachedsql.TagSet { return f.space.Tags(names) }

func (f *fixture) check(tags cachedsql.TagSet) cachedsql.Reading {
	f.Helper()
	r, err := f.space.Check(f.ctx, tags)
	if err != nil {
		f.Fatalf("Check: %v", err)
	}
	return r
}

// settled waits until the tags are.
func (f *fixture) settled(tags cachedsql.TagSet) cachedsql.Reading {
	f.Helper()
	for deadline := time.Now().Add(f.patience()); ; {
		if r := f.check(tags); r.Settled {
			return r
		}
		if time.Now().After(deadline) {
			f.Fatalf("tags %q did not settle within %v", tags.Names(), f.patience())
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// settledAll waits for all sets together, rather than for one quarantine each.
func (f *fixture) settledAll(sets []cachedsql.TagSet) []cachedsql.Reading {
	f.Helper()
	for _, s := range sets {
		f.check(s)
	}
	readings := make([]cachedsql.Reading, len(sets))
	for i, s := range sets {
		readings[i] = f.settled(s)
	}
	return readings
}

// settledStore waits for the schema to be settled wherever the store keeps
// it. Some have it in several places, which come into being one by one.
func (f *fixture) settledStore() {
	f.Helper()
	var names []string
	for i := range 300 {
		names = append(names, fmt.Sprint("everywhere", i))
	}
	f.settled(f.tags(names...))
}

// write is one write under way.
type write struct {
	f      *fixture
	id     cachedsql.WriterID
	tags   cachedsql.TagSet
	lease  time.Duration
	sent   time.Time
	schema cachedsql.Schema
}

func (f *fixture) newWrite(tags cachedsql.TagSet) *write {
	w := &write{f: f, tags: tags, lease: f.lease()}
	rand.Read(w.id[:])
	return w
}

func (f *fixture) begin(tags cachedsql.TagSet) *write {
	f.Helper()
	w := f.newWrite(tags)
	w.begin()
	return w
}

func (w *write) begin() {
	w.f.Helper()
	w.sent = time.Now()
	schema, err := w.f.space.Begin(w.f.ctx, w.id, w.tags, w.lease)
	if err != nil {
		w.f.Fatalf("Begin: %v", err)
	}
	w.schema = schema
}

func (w *write) end() {
	w.f.Helper()
	schema, err := w.f.space.End(w.f.ctx, w.id, w.tags)
	if err != nil {
		w.f.Fatalf("End: %v", err)
	}
	w.schema = schema
}

// mustBlock fails the test if the tags are settled though the write's lease
// has not run out, counted from before begin was sent.
func (w *write) mustBlock(tags cachedsql.TagSet) {
	w.f.Helper()
	if r := w.f.check(tags); r.Settled && time.Since(w.sent) < w.lease {
		w.f.Fatalf("tags %q are settled while a write to %q is under way", tags.Names(), w.tags.Names())
	}
}

// mustChange fails the test unless the tags settle with another vector.
func (f *fixture) mustChange(before cachedsql.Reading, tags cachedsql.TagSet) cachedsql.Reading {
	f.Helper()
	r := f.settled(tags)
	if r.Vector == before.Vector {
		f.Fatalf("vector of %q is what it was before the write", tags.Names())
	}
	return r
}

// mustStay fails the test unless the tags are settled with the same vector.
func (f *fixture) mustStay(before cachedsql.Reading, tags cachedsql.TagSet) {
	f.Helper()
	if r := f.check(tags); !r.Settled || r.Vector != before.Vector {
		f.Fatalf("reading of %q changed without a write to it: settled %v", tags.Names(), r.Settled)
	}
}
