//go:build unix

package main

import (
	"context"
	"fmt"
	"maps"
	"math"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/cachedsql/cachedsql"
)

// The parts of near: leased. Every second process is one that serves leased
// hits, the others have no near cache and wait before they write; one side has
// a part left out. What is declared passes through the store by name.

// leasedBound is for how long hits are served without asking.
const leasedBound = 50 * time.Millisecond

// longBound is for what shows only in the end of it.
const longBound = 4 * leasedBound

// servesLeased reports whether a process is one of those with leased hits, in
// a run with a part of that left out.
func servesLeased(worker int) bool { return worker%2 == 0 }

var leasedBreakages = map[string]breakage{
	"leased: no wait": {near: nearLeased, store: writersOf(func(s cachedsql.Space) cachedsql.Space {
		return shortBounds{s, func(time.Duration) time.Duration { return 0 }}
	})},
	"leased: half of the wait": {near: nearLeased, slow: true, bound: longBound, store: writersOf(func(s cachedsql.Space) cachedsql.Space {
		return shortBounds{s, func(d time.Duration) time.Duration { return d / 2 }}
	})},
	"leased: not declared": {near: nearLeased, store: readersOf(func(s cachedsql.Space) cachedsql.Space {
		return &undeclared{Space: s, pretended: map[string]bool{}}
	})},
	"leased: from the answer": {near: nearLeased, slow: true, bound: longBound, store: readersOf(func(s cachedsql.Space) cachedsql.Space {
		return &belated{Space: s, answers: map[string]belatedAnswer{}}
	})},
}

func init() { maps.Copy(breakages, leasedBreakages) }

func writersOf(change func(cachedsql.Space) cachedsql.Space) func(int, cachedsql.Space) cachedsql.Space {
	return func(worker int, s cachedsql.Space) cachedsql.Space {
		if servesLeased(worker) {
			return s
		}
		return change(s)
	}
}

func readersOf(change func(cachedsql.Space) cachedsql.Space) func(int, cachedsql.Space) cachedsql.Space {
	return func(worker int, s cachedsql.Space) cachedsql.Space {
		if !servesLeased(worker) {
			return s
		}
		return change(s)
	}
}

// boundMark begins the name of a bound, after which come its milliseconds and
// the table.
const boundMark = "\x01leased\x01"

// shortBounds makes a writer believe in shorter bounds than are declared, and
// that none were lost.
type shortBounds struct {
	cachedsql.Space
	shorten func(time.Duration) time.Duration
}

func (s shortBounds) Declare(ctx context.Context, names []string) (cachedsql.Declared, error) {
	d, err := s.Space.Declare(ctx, names)
	d.Kept = math.MaxInt64
	found := d.Names
	d.Names = map[string]time.Duration{}
	for name, wait := range found {
		if name = s.short(name); name != "" {
			d.Names[name] = wait
		}
	}
	return d, err
}

func (s shortBounds) short(name string) string {
	rest, isBound := strings.CutPrefix(name, boundMark)
	if !isBound {
		return name
	}
	millis, table, _ := strings.Cut(rest, "\x01")
	n, err := strconv.ParseInt(millis, 10, 64)
	if err != nil {
		panic(fmt.Sprintf("torture: the name of a bound is %q", name))
	}
	if n = s.shorten(time.Duration(n) * time.Millisecond).Milliseconds(); n == 0 {
		return ""
	}
	return boundMark + strconv.FormatInt(n, 10) + "\x01" + table
}

// undeclared makes a reader believe that what it wants is declared.
type undeclared struct {
	cachedsql.Space
	mu        sync.Mutex
	pretended map[string]bool // under mu
}

func (s *undeclared) Declare(ctx context.Context, names []string) (cachedsql.Declared, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var sent []string
	for _, name := range names {
		if strings.HasPrefix(name, boundMark) {
			s.pretended[name] = true
		} else {
			sent = append(sent, name)
		}
	}
	d, err := s.Space.Declare(ctx, sent)
	for name := range s.pretended {
		if d.Names != nil {
			d.Names[name] = 0
		}
	}
	return d, err
}

// belated gives answers again for a while, as if they had been on their way: a
// bound from when an answer came is one from later than when it was asked for.
// It is less than writers wait, so only hits that were not asked for are late.
type belated struct {
	cachedsql.Space
	mu      sync.Mutex
	answers map[string]belatedAnswer // by tags; under mu
}

type belatedAnswer struct {
	cachedsql.Reading
	asked time.Time
}

const belatedFor = longBound - 5*time.Millisecond

func (s *belated) Check(ctx context.Context, tags cachedsql.TagSet) (cachedsql.Reading, error) {
	names := strings.Join(tags.Names(), "\x00")
	s.mu.Lock()
	known, ok := s.answers[names]
	s.mu.Unlock()
	if ok && names != "" && time.Since(known.asked) < belatedFor {
		return known.Reading, nil
	}
	asked := time.Now()
	r, err := s.Space.Check(ctx, tags)
	if err == nil {
		s.mu.Lock()
		s.answers[names] = belatedAnswer{r, asked}
		s.mu.Unlock()
	}
	return r, err
}
