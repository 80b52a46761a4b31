package cachedsql

import (
	"math"
	"testing"
	"time"

	"github.com/cachedsql/cachedsql/internal/rowcodec"
)

func TestRefreshComesTheLikelierTheCloserTheEnd(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	h := &rowcodec.Header{FilledAt: start, TTL: time.Minute, DBTime: 100 * time.Millisecond}
	share := func(left time.Duration, beta float64) float64 {
		const n = 10000
		due := 0
		for i := range n {
			if dueEarly(h, start.Add(time.Minute-left), beta, (float64(i)+0.5)/n) {
				due++
			}
		}
		return float64(due) / n
	}
	for _, c := range []struct {
		left time.Duration
		beta float64
	}{{time.Minute, 1}, {time.Second, 1}, {100 * time.Millisecond, 1}, {10 * time.Millisecond, 1}, {100 * time.Millisecond, 3}} {
		want := math.Exp(-float64(c.left) / (c.beta * float64(h.DBTime)))
		if got := share(c.left, c.beta); math.Abs(got-want) > 0.001 {
			t.Errorf("%v before the end with factor %v: share %.4f, want %.4f", c.left, c.beta, got, want)
		}
	}
}

func TestExpiredEntryIsAlwaysDue(t *testing.T) {
	t.Parallel()
	start := time.Now()
	h := &rowcodec.Header{FilledAt: start, TTL: time.Second}
	if !dueEarly(h, start.Add(time.Second), 1, 0) {
		t.Error("not due at its end")
	}
	if dueEarly(h, start, 1, 0.9999) {
		t.Error("due at once although it took no time to compute")
	}
}
