package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"testing"
	"time"
)

// BenchmarkMiss reads in turn, some of each at a time, without a cache and with
// one that misses, and reports medians: what the caller waits for and what this
// process takes in all, the storing included, and by how much that is more in
// the same turn.
func BenchmarkMiss(b *testing.B) {
	all, err := servers()
	if err != nil {
		b.Fatal(err)
	}
	for _, s := range all {
		b.Run(s.name, func(b *testing.B) {
			for _, rows := range rowCounts {
				b.Run(fmt.Sprint(rows), func(b *testing.B) { missInTurn(b, s, rows) })
			}
		})
	}
}

func missInTurn(b *testing.B, s server, rows int) {
	ctx := context.Background()
	o := &opened{server: s, rows: rows, redis: os.Getenv("CACHEDSQL_TEST_REDIS"), keys: fmt.Sprintf("bench-miss-%d", time.Now().UnixNano())}
	defer o.close()
	k := s.connector
	db := o.db(k)
	if err := s.fill(ctx, db); err != nil {
		b.Fatal(err)
	}
	o.closes = append(o.closes, func() { _, _ = db.Exec("DROP TABLE " + table) })
	get, err := o.rawGet(ctx, 240*rows/10)
	if err != nil {
		b.Fatal(err)
	}
	bare, err := o.slow(slowName, k, nil)
	if err != nil {
		b.Fatal(err)
	}
	miss, err := o.slow(missName, k, &bare)
	if err != nil {
		b.Fatal(err)
	}
	candidates := []candidate{get, bare, miss}
	samples := make([][]result, len(candidates))
	for turn := 0; b.Loop(); turn++ {
		for i := range candidates {
			i = (turn + i) % len(candidates)
			one, err := sample(ctx, candidates[i], 1, 100*time.Millisecond)
			if err != nil {
				b.Fatal(err)
			}
			samples[i] = append(samples[i], one)
		}
	}
	b.ReportMetric(0, "ns/op")
	for i, name := range []string{"get", "bare", "miss"} {
		b.ReportMetric(inMicros(samples[i], func(r result) time.Duration { return r.cpu }), name+"-cpu-µs")
		b.ReportMetric(inMicros(samples[i], func(r result) time.Duration { return r.p50 }), name+"-p50-µs")
	}
	more := slices.Clone(samples[2])
	for i, bare := range samples[1] {
		more[i].cpu -= bare.cpu
		more[i].p50 -= bare.p50
		more[i].allocs -= bare.allocs
	}
	b.ReportMetric(inMicros(more, func(r result) time.Duration { return r.cpu }), "more-cpu-µs")
	b.ReportMetric(inMicros(more, func(r result) time.Duration { return r.p50 }), "more-p50-µs")
	b.ReportMetric(median(more, func(r result) float64 { return r.allocs }), "more-allocs")
}

func inMicros(samples []result, of func(result) time.Duration) float64 {
	return float64(median(samples, of)) / float64(time.Microsecond)
}
