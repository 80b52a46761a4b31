package cachedsql

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/cachedsql/cachedsql/internal/reason"
	"github.com/cachedsql/cachedsql/internal/sqlparse"
)

// Figures that make room while others count into them lose nothing.
func TestNoCountIsLostWhenFiguresMakeRoom(t *testing.T) {
	t.Parallel()
	var q queries
	const workers, texts, rounds = 4, maxFigures + 300, 3
	var done sync.WaitGroup
	tallies := make([]*tally, texts)
	for i := range tallies {
		tallies[i] = &tally{queries: &q, st: &sqlparse.Statement{QueryID: fmt.Sprint(i)}}
	}
	for range workers {
		done.Go(func() {
			for range rounds {
				for _, t := range tallies {
					t.count(Bypassed, reason.NoRule)
					t.asked(time.Now(), false, new(error))
				}
			}
		})
	}
	done.Wait()
	var calls, asked, because int64
	all := MergeQueries(0, q.each())
	for _, s := range all {
		calls += s.Calls
		asked += s.DatabaseTime.Count
		because += s.BypassesByReason["no_rule"]
	}
	if want := int64(workers * texts * rounds); calls != want || asked != want || because != want {
		t.Errorf("%d calls, %d asked, %d for the reason, want %d each", calls, asked, because, want)
	}
	if len(all) > maxFigures+1 {
		t.Errorf("%d figures", len(all))
	}
}

func TestReasonsHaveRoomInTheCounters(t *testing.T) {
	t.Parallel()
	all := reason.All()
	if last := all[len(all)-1]; int(last) >= reasons {
		t.Errorf("reason %v is number %d of %d", last, last, reasons)
	}
}

var errNothing error

// The whole of what the figures add to a hit and to a statement that is not
// cached; compare with 1.4 µs for the shortest query through database/sql.
func BenchmarkFigures(b *testing.B) {
	for _, parallel := range []bool{false, true} {
		name := map[bool]string{false: "alone", true: "contended"}[parallel]
		run := func(what string, f func(*tally)) {
			b.Run(what+"/"+name, func(b *testing.B) {
				t := &tally{queries: &queries{}, st: &sqlparse.Statement{QueryID: "1"}}
				b.ReportAllocs()
				if !parallel {
					for b.Loop() {
						f(t)
					}
					return
				}
				b.RunParallel(func(pb *testing.PB) {
					for pb.Next() {
						f(t)
					}
				})
			})
		}
		started := time.Now()
		run("hit", func(t *tally) { t.hit(Hit, started) })
		run("bypass", func(t *tally) { t.count(Bypassed, reason.NoRule); t.asked(started, false, &errNothing) })
	}
}

func TestCallsThatTheDriverSkipsAreNotAsked(t *testing.T) {
	t.Parallel()
	tl := &tally{queries: &queries{}, st: &sqlparse.Statement{QueryID: "1"}}
	skip := fmt.Errorf("wrapped: %w", driver.ErrSkip)
	tl.asked(time.Now(), true, &skip)
	other := errors.New("other")
	tl.asked(time.Now(), true, &other)
	if got := tl.queries.each()[0]; got.DatabaseTime.Count != 1 || got.Calls != 1 {
		t.Errorf("%+v", got)
	}
}
