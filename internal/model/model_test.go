package model_test

import (
	"flag"
	"math"
	"slices"
	"testing"

	"github.com/cachedsql/cachedsql/internal/model"
	"github.com/cachedsql/cachedsql/internal/protocol"
)

var big = flag.Bool("big", false, "explore the large configurations too: minutes, and gigabytes of memory")

// small are explored in a second or two together.
var small = []model.Config{
	{Name: "no faults", Writes: []uint8{1, 1}},
	{Name: "renewal while COMMIT is in flight", Writes: []uint8{1, 1}, Budget: model.Faults{Renewals: 1}},
	{Name: "two tags written together", Tags: 2, Writes: []uint8{3}},
	{Name: "writers that share a lease", Writes: []uint8{1, 1}, MaxLeases: 1},
}

// medium take tens of seconds together.
var medium = []model.Config{
	{Name: "crash, lost reply", Writes: []uint8{1, 1}, Budget: model.Faults{Crashes: 1, LostReply: 1}},
	{Name: "renewal that arrives late, lost reply", Writes: []uint8{1, 1}, Budget: model.Faults{LateBegins: 1, LostReply: 1}},
	{Name: "tag evicted", Writes: []uint8{1, 1}, Budget: model.Faults{TagLoss: 1}},
	{Name: "FLUSHALL", Writes: []uint8{1, 1}, Budget: model.Faults{Flushes: 1}},
	{Name: "failover, crash", Writes: []uint8{1}, Budget: model.Faults{Failovers: 1, Crashes: 1}},
	{Name: "shared queries, crash", Writes: []uint8{1, 1}, Flight: true, Budget: model.Faults{Crashes: 1}},
}

// large are for an evening: -big.
var large = []model.Config{
	{Name: "two reads each", Writes: []uint8{1, 1}, Reads: 2},
	{Name: "failover, crash, lost reply, tag evicted", Writes: []uint8{1}, Budget: model.Faults{Failovers: 1, Crashes: 1, LostReply: 1, TagLoss: 1}},
	{Name: "FLUSHALL, tag evicted", Writes: []uint8{1, 1}, Budget: model.Faults{Flushes: 1, TagLoss: 1}},
	{Name: "two tags, crash, tag evicted", Tags: 2, Writes: []uint8{3}, Budget: model.Faults{Crashes: 1, TagLoss: 1}},
	{Name: "two tags, overlapping writers", Tags: 2, Writes: []uint8{1, 3}},
	{Name: "three writers share a lease", Writes: []uint8{1, 1, 1}, Readers: 1, Reads: 2, MaxLeases: 1},
	{Name: "three writers", Writes: []uint8{1, 1, 1}},
	{Name: "failover", Writes: []uint8{1, 1}, Budget: model.Faults{Failovers: 1}},
	{Name: "two failovers", Writes: []uint8{1}, Budget: model.Faults{Failovers: 2}},
}

// notInstrumented skips what has to be explored to its end, or for long: it is
// done by one goroutine, so that there is nothing for the race detector to find.
// CI runs it without.
func notInstrumented(t *testing.T) {
	t.Helper()
	if raceDetector {
		t.Skip("SKIPPED: takes ten times as long with the race detector; run it without")
	}
}

// complete fills in what the configurations have in common.
func complete(c model.Config) model.Config {
	c.Tags = max(c.Tags, 1)
	c.Reads = max(c.Reads, 1)
	if c.Readers == 0 {
		c.Readers = 2
	}
	if len(c.Writes) == 0 {
		c.Writes = []uint8{1, 1}
	}
	return c
}

func TestNoInterleavingGivesAStaleRead(t *testing.T) {
	notInstrumented(t)
	configs := append(slices.Clone(small), smallWaits...)
	if !testing.Short() {
		configs = append(append(configs, medium...), mediumWaits...)
	}
	if *big {
		configs = append(append(configs, large...), largeWaits...)
	}
	for _, c := range configs {
		t.Run(c.Name, func(t *testing.T) {
			var progress func(model.Result)
			if *big {
				progress = func(r model.Result) { t.Log(r) }
			}
			r := model.Explore(complete(c), math.MaxInt64, progress)
			t.Log(r)
			if r.Trace != nil {
				t.Errorf("a stale read:\n%s", r.Counterexample())
			}
			if r.Trace == nil && !r.Complete {
				t.Error("not every state was explored")
			}
			if r.Hits == 0 || r.Fills == 0 {
				t.Errorf("got %d hits and %d fills: nothing was explored", r.Hits, r.Fills)
			}
		})
	}
}

// TestEveryIngredientIsNeeded leaves each ingredient out, and shows that then
// there is a stale read.
//
// Changing the token when a lease is swept, and at begin, back each other up;
// so do changing it at the sweep and not filling while a write is pending, and
// the readers' two refusals. Of such a pair both are left out, and
// TestOneOfAPairIsEnough shows that one is enough.
func TestEveryIngredientIsNeeded(t *testing.T) {
	notInstrumented(t)
	t.Parallel()
	for _, c := range []model.Config{
		{Name: "readers honour leases", Without: protocol.HonourLeases | protocol.NoFillWhilePending},
		{Name: "no fill while pending", Without: protocol.NoFillWhilePending | protocol.BumpAtSweep, Budget: model.Faults{Crashes: 1}},
		{Name: "fresh token at begin", Without: protocol.BumpAtBegin | protocol.BumpAtSweep, Budget: model.Faults{Crashes: 1}},
		{Name: "a set of leases", Without: protocol.LeaseSet},
		{Name: "epoch check", Without: protocol.EpochCheck, Budget: model.Faults{Failovers: 1}},
		{Name: "quarantine of a new epoch", Without: protocol.EpochQuarantine, Budget: model.Faults{Failovers: 1}},
		{Name: "quarantine of a tag", Without: protocol.TagQuarantine, Budget: model.Faults{TagLoss: 1}},
		{Name: "unique tokens", Without: protocol.UniqueTokens, Budget: model.Faults{TagLoss: 1}},
		{Name: "lease check before COMMIT", Without: protocol.LeaseCheck},
		{Name: "lease kept when the outcome is unknown", Without: protocol.KeepUnknown, Budget: model.Faults{LostReply: 1}},
		{Name: "vector before the query", Mistakes: model.VectorAfterQuery},
		{Name: "flight by vector", Mistakes: model.FlightByKey},
		{Name: "no fill from an old snapshot", Mistakes: model.OldSnapshot},
		{Name: "COMMIT within its lease", Mistakes: model.CommitWindow},
	} {
		t.Run(c.Name, func(t *testing.T) {
			if testing.Short() && c.Without&protocol.UniqueTokens != 0 {
				t.Skip("SKIPPED: takes many states to find")
			}
			r := model.Explore(complete(c), 2_000_000, nil)
			t.Log(r)
			if r.Trace == nil {
				t.Fatal("got no stale read: the ingredient is not needed, or the model is blind")
			}
			t.Logf("shortest counterexample:\n%s", r.Counterexample())
		})
	}
}

func TestOneOfAPairIsEnough(t *testing.T) {
	notInstrumented(t)
	t.Parallel()
	if testing.Short() {
		t.Skip("SKIPPED: explores to the end")
	}
	for name, without := range map[string]protocol.Ingredient{
		"no refusal to serve": protocol.HonourLeases,
		"no refusal to fill":  protocol.NoFillWhilePending,
		"no bump at begin":    protocol.BumpAtBegin,
		"no bump at sweep":    protocol.BumpAtSweep,
	} {
		t.Run(name, func(t *testing.T) {
			r := model.Explore(complete(model.Config{Without: without, Budget: model.Faults{Crashes: 1}}), math.MaxInt64, nil)
			if t.Log(r); r.Trace != nil || !r.Complete {
				t.Errorf("complete %v, stale read:\n%s", r.Complete, r.Counterexample())
			}
		})
	}
}
