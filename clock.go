package cachedsql

import "time"

var processStart = time.Now()

func sinceStart() int64 { return int64(time.Since(processStart)) }

// moment is time.Now at half its cost: the clock that measures durations is
// read, and the one on the wall is not. Moments are good for differences. What
// o'clock it was is not to be taken from them, since somebody may have set that
// clock after the process started, or the machine was suspended.
func moment() time.Time { return processStart.Add(time.Since(processStart)) }
