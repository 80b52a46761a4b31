package main

import (
	"errors"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/redisstore"
)

// screen is a topModel under a test's hands.
type screen struct {
	*testing.T
	model *topModel
	now   time.Time
}

func newScreen(t *testing.T) *screen {
	s := &screen{t, newTopModel(nil, time.Second, time.Minute), time.Unix(1e9, 0)}
	s.model.Update(tea.WindowSizeMsg{Width: 120, Height: 24})
	return s
}

// see shows the model what one process reports after some time.
func (s *screen) see(after time.Duration, queries ...cachedsql.QueryStats) {
	s.seeAll(after, process("a", time.Hour, queries...))
}

// seeAll shows it what all processes report.
func (s *screen) seeAll(after time.Duration, all ...redisstore.Report) {
	s.now = s.now.Add(after)
	s.model.Update(fetched{snapshot{s.now, &redisstore.Reports{All: all}}, nil})
}

// process is a report of a process that has run for so long, by the clock of its
// host, which is fast.
func process(id string, up time.Duration, queries ...cachedsql.QueryStats) redisstore.Report {
	reported := time.Date(2126, 1, 1, 0, 0, 0, 0, time.UTC)
	in := cachedsql.Instance{ID: id, Breaker: "closed", Started: reported.Add(-up), Reported: reported}
	return redisstore.Report{Instance: redisstore.Instance{Instance: in}, Queries: queries}
}

func (s *screen) press(keys ...string) {
	for _, k := range keys {
		msg := tea.KeyPressMsg{Code: []rune(k)[0], Text: k}
		switch k {
		case "enter":
			msg = tea.KeyPressMsg{Code: tea.KeyEnter}
		case "esc":
			msg = tea.KeyPressMsg{Code: tea.KeyEscape}
		case "down":
			msg = tea.KeyPressMsg{Code: tea.KeyDown}
		}
		s.model.Update(msg)
	}
}

func (s *screen) lines() []string {
	return strings.Split(ansi.Strip(s.model.View().Content), "\n")
}

func (s *screen) wants(text string) {
	s.Helper()
	if all := strings.Join(s.lines(), "\n"); !strings.Contains(all, text) {
		s.Errorf("no %q on the screen:\n%s", text, all)
	}
}

func query(id string, hits, misses int64, database time.Duration) cachedsql.QueryStats {
	q := cachedsql.QueryStats{QueryID: id, Statement: "select " + id, Calls: hits + misses, Hits: hits, Misses: misses}
	q.DatabaseTime = cachedsql.Histogram{Count: misses, Sum: time.Duration(misses) * database}
	q.HitTime = cachedsql.Histogram{Count: hits, Sum: time.Duration(hits) * 100 * time.Microsecond}
	return q
}

// order are the statements of the list, from the top.
func (s *screen) order() (ids []string) {
	for _, r := range s.model.rows {
		ids = append(ids, r.QueryID)
	}
	return ids
}

func TestTopShowsWhatHappenedInTheWindow(t *testing.T) {
	t.Parallel()
	s := newScreen(t)
	s.see(0, query("a", 1000, 1000, time.Millisecond))
	s.see(10*time.Second, query("a", 1090, 1010, time.Millisecond))
	r := s.model.rows[0]
	if r.perSecond != 10 || r.HitRatio() != 0.9 || r.busy != 0.001 {
		t.Errorf("calls/s %v, hit ratio %v, busy %v; want 10, 0.9, 0.001", r.perSecond, r.HitRatio(), r.busy)
	}
	if want := 9 * 900 * time.Microsecond; r.saved != want {
		t.Errorf("saved %v per second, want %v", r.saved, want)
	}
	s.wants("90.0% of lookups answered by the cache")
	s.wants("last 10s")
}

// Totals shrink when a process ends, and grow when one begins. What is shown is
// what was done in the window.
func TestTopShowsWhatWasDoneWhileProcessesComeAndGo(t *testing.T) {
	t.Parallel()
	s := newScreen(t)
	s.seeAll(0, process("old", time.Hour, query("a", 1000, 0, 0)), process("stays", time.Hour, query("a", 500, 0, 0)))
	s.seeAll(10*time.Second, process("stays", time.Hour, query("a", 540, 0, 0)),
		process("new", 5*time.Second, query("a", 60, 0, 0)), process("seen late", time.Hour, query("a", 5000, 0, 0)))
	if r := s.model.rows[0]; r.Hits != 100 || r.perSecond != 10 {
		t.Errorf("%d hits, %v calls/s; want 100 and 10", r.Hits, r.perSecond)
	}
	s.seeAll(10*time.Second, process("new", time.Hour, query("a", 160, 0, 0)))
	if r := s.model.rows[0]; r.Hits != 200 || r.perSecond != 10 {
		t.Errorf("%d hits, %v calls/s; want 200 and 10", r.Hits, r.perSecond)
	}
}

// Where a process has more queries than it reports, what it says of one may
// have been among the others before.
func TestTopTakesNoTotalsForWhatWasJustDone(t *testing.T) {
	t.Parallel()
	s := newScreen(t)
	s.see(0, query("a", 1000, 0, 0), query(cachedsql.OtherQueries, 9000, 0, 0))
	s.see(10*time.Second, query("a", 10, 0, 0), query("b", 8000, 0, 0), query(cachedsql.OtherQueries, 2000, 0, 0))
	for _, r := range s.model.rows {
		if r.Calls != 0 || r.perSecond != 0 {
			t.Errorf("%s: %d calls, %v a second, want none that are known of", r.QueryID, r.Calls, r.perSecond)
		}
	}
	s.see(10*time.Second, query("a", 20, 0, 0), query("b", 8040, 0, 0), query(cachedsql.OtherQueries, 2000, 0, 0))
	if r := s.model.rows; len(r) != 3 || r[0].Calls+r[1].Calls+r[2].Calls != 50 {
		t.Errorf("%+v, want 50 calls", r)
	}
}

func TestTopForgetsWhatIsOlderThanTheWindow(t *testing.T) {
	t.Parallel()
	s := newScreen(t)
	for n := range int64(200) {
		s.see(time.Second, query("a", n*10, 0, 0))
	}
	if got := len(s.model.window.steps); got > 61 {
		t.Errorf("%d steps are kept of a window of 60", got)
	}
	if span := s.model.window.span(); span != time.Minute || s.model.rows[0].perSecond != 10 {
		t.Errorf("span %v, %v calls/s", span, s.model.rows[0].perSecond)
	}
}

func TestTopSortsFiltersAndKeepsTheCursorOnItsQuery(t *testing.T) {
	t.Parallel()
	s := newScreen(t)
	first := []cachedsql.QueryStats{query("slow", 0, 10, time.Second), query("often", 0, 10, time.Millisecond)}
	s.see(0, first...)
	s.see(10*time.Second, query("slow", 0, 20, time.Second), query("often", 0, 1010, time.Millisecond))
	if got := s.order(); got[0] != "slow" {
		t.Errorf("by BUSY: %v", got)
	}
	s.press("down")
	s.press("<", "<") // by CALLS/S
	if got := s.order(); got[0] != "often" || s.model.cursor != 0 {
		t.Errorf("by CALLS/S: %v, cursor %d, want it on \"often\"", got, s.model.cursor)
	}
	s.press("r")
	if got := s.order(); got[0] != "slow" {
		t.Errorf("the other way round: %v", got)
	}
	s.press("/", "o", "f", "t", "enter")
	if got := s.order(); len(got) != 1 || got[0] != "often" {
		t.Errorf("filtered: %v", got)
	}
	s.press("esc")
	if got := s.order(); len(got) != 2 {
		t.Errorf("filter cleared: %v", got)
	}
}

func TestTopShowsOneQueryWithItsReasons(t *testing.T) {
	t.Parallel()
	s := newScreen(t)
	q := query("abc", 5, 5, time.Millisecond)
	q.Bypasses, q.BypassesByReason = 3, map[string]int64{"in_transaction": 3}
	s.see(0, q)
	s.press("enter")
	s.wants("query abc")
	s.wants("in_transaction: Inside a transaction")
	s.press("esc")
	s.wants("CALLS/S")
}

func TestTopSaysThatRedisIsAwayAndKeepsWhatItKnew(t *testing.T) {
	t.Parallel()
	s := newScreen(t)
	s.see(0, query("a", 1, 1, 0))
	s.model.Update(fetched{snapshot{}, errors.New("connection refused")})
	s.wants("Redis does not answer: connection refused")
	s.wants("select a")
}

func TestTopFitsAnyScreen(t *testing.T) {
	t.Parallel()
	s := newScreen(t)
	long := query("a", 1, 1, time.Hour)
	long.Statement = strings.Repeat("select ünïcode 漢字 ", 100)
	s.see(0, long, query("b", 1, 1, 0))
	for _, size := range []tea.WindowSizeMsg{{Width: 120, Height: 24}, {Width: 40, Height: 8}, {Width: 1, Height: 1}, {}} {
		s.model.Update(size)
		for _, keys := range [][]string{{}, {"enter"}, {"esc", "?"}, {"esc", "/", "x"}, {"esc"}} {
			s.press(keys...)
			if lines := s.lines(); len(lines) > max(size.Height, 1) {
				t.Errorf("%v: %d lines", size, len(lines))
			}
		}
	}
}

func TestTopNeedsATerminal(t *testing.T) {
	t.Parallel()
	if _, errs, code := command(t, "", "top", "--redis", "redis://127.0.0.1:1"); code != exitUsage || !strings.Contains(errs, "needs a terminal") {
		t.Errorf("exit %d: %s", code, errs)
	}
}
