package cachedsql

import (
	"sync/atomic"
	"time"
)

var processStart = time.Now()

func sinceStart() int64 { return int64(time.Since(processStart)) }

// moment is time.Now at half its cost: the clock that measures durations is
// read, and the one on the wall is not. Moments are good for differences. What
// o'clock it was is not to be taken from them, since somebody may have set that
// clock after the process started, or the machine was suspended.
func moment() time.Time { return processStart.Add(time.Since(processStart)) }

// seldom is for what is said in the log once a minute at most.
type seldom struct{ last atomic.Int64 }

// due reports whether it may be said, and takes it that it is.
func (s *seldom) due() bool {
	now, last := sinceStart(), s.last.Load()
	return (last == 0 || now-last >= int64(time.Minute)) && s.last.CompareAndSwap(last, now)
}
