package model_test

import (
	"math"
	"testing"

	"github.com/cachedsql/cachedsql/internal/model"
)

// TestLikeWritersMayChangePlaces: leaving out what is the same but for who of
// two like writers is who leaves out nothing else. What is explored stands for
// as many states as there are when they are told apart.
func TestLikeWritersMayChangePlaces(t *testing.T) {
	t.Parallel()
	configs := []model.Config{
		{Name: "no faults"},
		{Name: "a shared lease", MaxLeases: 1},
		{Name: "tag evicted, crash", Budget: model.Faults{TagLoss: 1, Crashes: 1}},
	}
	if !testing.Short() && !raceDetector {
		configs = append(configs,
			model.Config{Name: "failover, renewal that arrives late", Budget: model.Faults{Failovers: 1, LateBegins: 1}},
			model.Config{Name: "cut off", Waits: 3, Budget: model.Faults{Cuts: 1}},
		)
	}
	for _, c := range configs {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			c.Writes, c.Readers = []uint8{1, 1}, 1
			c = complete(c)
			got := model.StandsFor(c)
			c.TellApart = true
			r := model.Explore(c, math.MaxInt64, nil)
			if t.Log(r); got != r.States || !r.Complete {
				t.Errorf("what is explored stands for %d states, there are %d (complete %v)", got, r.States, r.Complete)
			}
		})
	}
}
