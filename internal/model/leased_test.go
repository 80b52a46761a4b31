package model_test

import (
	"math"
	"testing"

	"github.com/cachedsql/cachedsql/internal/model"
	"github.com/cachedsql/cachedsql/internal/protocol"
)

func TestNoLeasedHitMissesAWrite(t *testing.T) {
	notInstrumented(t)
	configs := []model.LeasedConfig{
		{Name: "a writer from before the declaration", Writers: 1},
		{Name: "what was declared is lost", Writers: 1, Evictions: 1},
		{Name: "everything is lost", Writers: 1, Failovers: 1},
	}
	if !testing.Short() {
		configs = append(configs,
			model.LeasedConfig{Name: "two writers", Writers: 2},
			model.LeasedConfig{Name: "two writers, what was declared is lost", Writers: 2, Evictions: 1},
		)
	}
	for _, c := range configs {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			r := model.ExploreLeased(c, math.MaxInt)
			wantSound(t, r, "a hit that misses a write")
		})
	}
}

// TestEveryPartOfTheLeaseIsNeeded leaves each out, and shows that then a hit
// misses a write.
func TestEveryPartOfTheLeaseIsNeeded(t *testing.T) {
	notInstrumented(t)
	t.Parallel()
	for _, c := range []model.LeasedConfig{
		{Name: "L1 the writer's wait", Writers: 1, Without: protocol.WriterWait},
		{Name: "L2 for the whole bound", Writers: 1, Mistakes: model.ShortWait},
		{Name: "L3 from when begin was acknowledged", Writers: 1, Mistakes: model.WaitFromSending},
		{Name: "L4 the bound from sending", Writers: 1, Without: protocol.LeaseFromSending},
		{Name: "L5 the bounds declared when the write began", Writers: 1, Without: protocol.BoundsOfBegin},
		{Name: "L6 declaring before asking", Writers: 1, Without: protocol.DeclaredFirst},
		{Name: "L7 waiting where bounds were evicted", Writers: 2, Evictions: 1, Without: protocol.LostNamesWait},
		{Name: "L8 waiting where everything was lost", Writers: 1, Failovers: 1, Without: protocol.LostNamesWait},
		{Name: "L9 for how long they were kept", Writers: 2, Evictions: 1, Mistakes: model.KeptForgotten},
		{Name: "L10 honouring leases", Writers: 1, Without: protocol.HonourLeases | protocol.NoFillWhilePending},
		{Name: "L11 a fresh token at begin", Writers: 1, Without: protocol.BumpAtBegin | protocol.HonourLeases},
	} {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			r := model.ExploreLeased(c, 8_000_000)
			wantUnsound(t, r, "a hit that misses a write")
		})
	}
}
