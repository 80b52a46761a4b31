package model_test

import (
	"math"
	"strings"
	"testing"

	"github.com/cachedsql/cachedsql/internal/model"
	"github.com/cachedsql/cachedsql/internal/protocol"
)

func TestNoNearHitIsOlderThanTheBound(t *testing.T) {
	notInstrumented(t)
	configs := []model.NearConfig{
		{Name: "two writers", Writers: 2},
		{Name: "an own write alone", Writers: 1, OwnWrites: true},
		{Name: "connection lost", Writers: 1, Losses: 1},
		{Name: "a server that tells of a check's own change first", Writers: 1, Deaths: 1, TellsFirst: true},
	}
	if !testing.Short() {
		configs = append(configs,
			model.NearConfig{Name: "an own write", Writers: 2, OwnWrites: true},
			model.NearConfig{Name: "two writers, connection lost", Writers: 2, Losses: 1},
			model.NearConfig{Name: "an own write, connection lost", Writers: 2, OwnWrites: true, Losses: 1},
			model.NearConfig{Name: "a writer that dies", Writers: 2, Deaths: 1},
			model.NearConfig{Name: "a writer that dies, told first", Writers: 2, Deaths: 1, TellsFirst: true},
		)
	}
	for _, c := range configs {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			r := model.ExploreNear(c, math.MaxInt)
			wantSound(t, r, "a hit that is too old")
		})
	}
}

// TestEveryPartOfTheNearCacheIsNeeded leaves each out, and shows that then a
// hit is older than the bound, or than the process's own write.
func TestEveryPartOfTheNearCacheIsNeeded(t *testing.T) {
	notInstrumented(t)
	t.Parallel()
	for _, c := range []model.NearConfig{
		{Name: "X1 one connection for answers and changes", Writers: 1, Mistakes: model.SecondConnection},
		{Name: "X2 forgetting on reconnect", Writers: 1, Losses: 1, Without: protocol.ForgetOnReconnect},
		{Name: "X3 the bound from sending", Writers: 1, Without: protocol.BoundFromSending},
		{Name: "X4 heartbeats", Writers: 1, Losses: 1, Without: protocol.Heartbeat},
		{Name: "X5 order", Writers: 1, Mistakes: model.Overtaking},
		{Name: "X6 the vector before the query", Writers: 1, Mistakes: model.StampWhenStored},
		{Name: "X7 holding own writes", Writers: 1, OwnWrites: true, Without: protocol.HoldOwnWrites},
		{Name: "X8 doubts that reach what was asked", Writers: 2, Deaths: 1, TellsFirst: true, Mistakes: model.AnswersOutliveDoubts},
	} {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			r := model.ExploreNear(c, 3_000_000)
			wantUnsound(t, r, "a hit that is too old")
		})
	}
}

// wantSound reports an error where a model of the near cache has found what must
// not be, or has not looked everywhere.
func wantSound(t *testing.T, r model.Result, fault string) {
	t.Helper()
	t.Log(r)
	if r.Trace != nil {
		t.Errorf("%s:\n%s", fault, r.Counterexample())
	}
	if r.Trace == nil && !r.Complete || r.Hits == 0 {
		t.Errorf("complete %v, %d hits", r.Complete, r.Hits)
	}
}

// wantUnsound reports an error where it has not, with a part left out.
func wantUnsound(t *testing.T, r model.Result, fault string) {
	t.Helper()
	t.Log(r)
	if r.Trace == nil {
		t.Fatalf("got no %s: the part is not needed, or the model is blind", strings.TrimPrefix(fault, "a "))
	}
	t.Logf("shortest counterexample:\n%s", r.Counterexample())
}
