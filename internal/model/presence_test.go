package model_test

import (
	"testing"

	"github.com/cachedsql/cachedsql/internal/model"
	"github.com/cachedsql/cachedsql/internal/protocol"
)

// smallWaits are configurations with writers that go on without Redis.
var smallWaits = []model.Config{
	{Name: "cut off, crash", Writes: []uint8{1}, Waits: 1, Budget: model.Faults{Cuts: 1, Crashes: 1}},
	{Name: "cut off, registrations or tag evicted", Writes: []uint8{1}, Waits: 1, Budget: model.Faults{Cuts: 1, TagLoss: 1}},
	{Name: "cut off, registration that arrives late", Writes: []uint8{1}, Waits: 1, Budget: model.Faults{Cuts: 1, LateRegistrations: 1}},
}

// mediumWaits take tens of seconds together.
var mediumWaits = []model.Config{
	{Name: "cut off, FLUSHALL", Writes: []uint8{1}, Waits: 1, Budget: model.Faults{Cuts: 1, Flushes: 1}},
	{Name: "cut off, lost reply, crash", Writes: []uint8{1}, Waits: 1, Budget: model.Faults{Cuts: 1, LostReply: 1, Crashes: 1}},
	{Name: "cut off, beside a writer that is not", Writes: []uint8{1, 1}, Waits: 1, Budget: model.Faults{Cuts: 1}},
}

// largeWaits are for an evening: -big.
var largeWaits = []model.Config{
	{Name: "two cut off", Writes: []uint8{1, 1}, Waits: 3, Budget: model.Faults{Cuts: 2}},
	{Name: "cut off, two tags", Tags: 2, Writes: []uint8{3}, Waits: 1, Budget: model.Faults{Cuts: 1}},
	{Name: "cut off, failover, one reader", Writes: []uint8{1}, Waits: 1, Readers: 1, Reads: 2, Budget: model.Faults{Cuts: 1, Failovers: 1}},
	{Name: "cut off, shared queries, crash", Writes: []uint8{1}, Waits: 1, Flight: true, Budget: model.Faults{Cuts: 1, Crashes: 1}},
	{Name: "cut off, failover", Writes: []uint8{1}, Waits: 1, Budget: model.Faults{Cuts: 1, Failovers: 1}},
	{Name: "cut off twice, crash, lost reply, evicted", Writes: []uint8{1}, Waits: 1, Budget: model.Faults{Cuts: 2, Crashes: 1, LostReply: 1, TagLoss: 1}},
}

// TestEveryPartOfWaitIsNeeded leaves out each part of what lets a writer go on
// without Redis.
func TestEveryPartOfWaitIsNeeded(t *testing.T) {
	notInstrumented(t)
	t.Parallel()
	for _, c := range []model.Config{
		{Name: "the wait", Without: protocol.LapseWait},
		{Name: "nothing served or stored while a registration has lapsed", Without: protocol.HonourAbsence},
		{Name: "another token when a registration ends", Without: protocol.BumpAtAbsenceEnd, Budget: model.Faults{Crashes: 1}},
		{Name: "the limit of an absence", Without: protocol.AbsenceLimit},
		{Name: "COMMIT within the absence", Mistakes: model.AbsenceWindow},
		{Name: "announcing before registering", Mistakes: model.RegisterFirst},
		{Name: "the moment of the lapse named by the writer", Without: protocol.NamedLapse, Budget: model.Faults{LateRegistrations: 1}},
		{Name: "registering anew", Without: protocol.RegisterAnew},
		{Name: "waiting for lost registrations", Without: protocol.PresenceQuarantine, Budget: model.Faults{TagLoss: 1}},
		{Name: "not believing the registrations of another history", Without: protocol.PresenceEpoch, Budget: model.Faults{Failovers: 1}},
	} {
		t.Run(c.Name, func(t *testing.T) {
			if testing.Short() && c.Budget.Failovers != 0 {
				t.Skip("SKIPPED: takes many states to find")
			}
			c.Writes, c.Waits, c.Readers, c.Reads = []uint8{1}, 1, 1, 2
			c.Budget.Cuts = 1
			r := model.Explore(complete(c), 5_000_000, nil)
			t.Log(r)
			if r.Trace == nil {
				t.Fatal("got no stale read: the part is not needed, or the model is blind")
			}
			t.Logf("shortest counterexample:\n%s", r.Counterexample())
		})
	}
}
