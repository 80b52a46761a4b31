package main

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"syscall"
	"time"
)

// candidate is one way to get the rows. read must use every value, as a
// program would.
type candidate struct {
	name  string
	bytes int // of the stored entry, 0 if there is none
	read  func(ctx context.Context) error
}

// result is the median of a candidate's rounds.
type result struct {
	candidate     string
	bytes         int
	cpu           time.Duration // of this process, per operation
	p50, p95, p99 time.Duration
	perSecond     float64
	allocs        float64
}

// measure runs the candidates in turns, so that a machine that has other
// things to do for a while does not punish one of them alone.
func measure(ctx context.Context, candidates []candidate, goroutines, rounds int, slice time.Duration) ([]result, error) {
	samples := make([][]result, len(candidates))
	for range rounds {
		for i, c := range candidates {
			s, err := sample(ctx, c, goroutines, slice)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", c.name, err)
			}
			samples[i] = append(samples[i], s)
		}
	}
	results := make([]result, len(candidates))
	for i, c := range candidates {
		results[i] = medians(c, samples[i])
	}
	return results, nil
}

// sample runs one candidate for the length of a slice.
func sample(ctx context.Context, c candidate, goroutines int, slice time.Duration) (result, error) {
	if err := c.read(ctx); err != nil { // connections are open, caches filled
		return result{}, err
	}
	var mu sync.Mutex
	var all []time.Duration
	var failure error
	var done sync.WaitGroup
	before := usage()
	started := time.Now()
	for range goroutines {
		done.Go(func() {
			took, err := readFor(ctx, c, started.Add(slice))
			mu.Lock()
			defer mu.Unlock()
			all = append(all, took...)
			if err != nil {
				failure = err
			}
		})
	}
	done.Wait()
	wall := time.Since(started)
	used := usage()
	if failure != nil {
		return result{}, failure
	}
	slices.Sort(all)
	n := float64(len(all))
	return result{
		cpu: time.Duration(float64(used.cpu-before.cpu) / n), allocs: float64(used.allocs-before.allocs) / n,
		p50: quantile(all, 0.50), p95: quantile(all, 0.95), p99: quantile(all, 0.99), perSecond: n / wall.Seconds(),
	}, nil
}

func readFor(ctx context.Context, c candidate, until time.Time) (took []time.Duration, err error) {
	took = make([]time.Duration, 0, 1024)
	for now := time.Now(); now.Before(until) || len(took) == 0; {
		if err := c.read(ctx); err != nil {
			return took, err
		}
		then := now
		now = time.Now()
		took = append(took, now.Sub(then))
	}
	return took, nil
}

type usedUp struct {
	cpu    time.Duration
	allocs uint64
}

func usage() usedUp {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return usedUp{time.Duration(u.Utime.Nano() + u.Stime.Nano()), m.Mallocs}
}

func quantile(sorted []time.Duration, q float64) time.Duration {
	return sorted[min(int(q*float64(len(sorted))), len(sorted)-1)]
}

func medians(c candidate, samples []result) result {
	return result{
		candidate: c.name, bytes: c.bytes,
		cpu:       median(samples, func(r result) time.Duration { return r.cpu }),
		p50:       median(samples, func(r result) time.Duration { return r.p50 }),
		p95:       median(samples, func(r result) time.Duration { return r.p95 }),
		p99:       median(samples, func(r result) time.Duration { return r.p99 }),
		perSecond: median(samples, func(r result) float64 { return r.perSecond }),
		allocs:    median(samples, func(r result) float64 { return r.allocs }),
	}
}

func median[T int | float64 | time.Duration](samples []result, of func(result) T) T {
	values := make([]T, len(samples))
	for i, s := range samples {
		values[i] = of(s)
	}
	slices.Sort(values)
	return values[len(values)/2]
}
