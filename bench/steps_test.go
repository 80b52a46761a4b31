package main

import (
	"crypto/sha256"
	"hash/maphash"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// BenchmarkStep is the least that each step of a near hit costs on a machine,
// by itself: see docs/costs.md.
func BenchmarkStep(b *testing.B) {
	started, seed := time.Now(), maphash.MakeSeed()
	text := string(make([]byte, 120))
	var parts [84]byte
	var mu sync.Mutex
	var count atomic.Int64
	entries := map[[32]byte]int{}
	for i := range 1000 {
		entries[sha256.Sum256([]byte{byte(i), byte(i >> 8)})] = i
	}
	key := sha256.Sum256([]byte{1, 1})
	var kept any
	for _, step := range []struct {
		name string
		do   func()
	}{
		{"nothing", func() {}},
		{"time.Now", func() { _ = time.Now() }},
		{"time.Since", func() { _ = time.Since(started) }},
		{"fingerprint", func() { sum := sha256.Sum256(parts[:]); parts[0] = sum[0] }},
		{"hash of the text", func() { _ = maphash.String(seed, text) }},
		{"map lookup by key", func() { _ = entries[key] }},
		{"lock", func() { mu.Lock(); mu.Unlock() }}, //nolint:staticcheck // what a lock costs
		{"count", func() { count.Add(1) }},
		{"rows", func() { kept = new([36]uintptr) }},
	} {
		b.Run(step.name, func(b *testing.B) {
			for b.Loop() {
				step.do()
			}
		})
	}
	_ = kept
}
