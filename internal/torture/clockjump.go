//go:build unix && clockjump

package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"time"
)

// This file is built by scripts/clockjump, with a package time whose wall clock
// can be set. The monotonic clock stays as it is, and so do the clocks of the
// servers.

func init() {
	nemeses["jump-clock"] = nemesis{(*run).jumpClock, anyRedis}
	followClock = (*worker).followClock
}

// jumpClock sets the wall clock of a process, by a moment or by hours, back or
// forward, and sometimes right again.
func (r *run) jumpClock(ctx context.Context) error {
	reach := []time.Duration{2 * time.Second, time.Minute, 48 * time.Hour}[rand.IntN(3)]
	by := rand.Int64N(2*int64(reach.Seconds())+1) - int64(reach.Seconds())
	n := r.anyWorker()
	r.shared.clock[n].Store(by)
	pause(ctx, 4*leaseTime)
	if rand.IntN(2) == 0 {
		r.shared.clock[n].Store(0)
	}
	return nil
}

// followClock sets the clock of a process as it is told. A clock that does not
// jump then would make the run worthless, so that ends it.
func (w *worker) followClock() {
	for !w.shared.stop.Load() {
		want := w.shared.clock[w.Number].Load()
		if had := time.WallClockJump.Load(); had != want {
			before := time.Now()
			time.WallClockJump.Store(want)
			after := time.Now()
			passed, jumped := after.Sub(before), after.Round(0).Sub(before.Round(0))
			if off := jumped - passed - time.Duration(want-had)*time.Second; off.Abs() > time.Second {
				fmt.Fprintf(os.Stderr, "torture: the clock of worker %d was to jump by %d s: the wall clock says %v, the monotonic one %v\n", w.Number, want-had, jumped, passed)
				os.Exit(1)
			}
		}
		time.Sleep(aWhile / 20)
	}
}
