package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// progress is the line that shows a load while it runs. It is drawn over on a
// terminal; in a log it appears every few seconds.
type progress struct {
	w        io.Writer
	plan     *plan
	sides    []*side
	began    time.Time
	drawn    time.Time
	every    time.Duration
	terminal bool
}

func newProgress(w *os.File, p *plan, sides []*side) *progress {
	now := time.Now()
	show := &progress{w: w, plan: p, sides: sides, began: now, drawn: now, every: 5 * time.Second, terminal: isTerminal(w)}
	if show.terminal {
		show.every = 0
	}
	return show
}

func (s *progress) draw() {
	if time.Since(s.drawn) < s.every {
		return
	}
	s.drawn = time.Now()
	var b strings.Builder
	fmt.Fprintf(&b, "%3.0f of %.0f s", time.Since(s.began).Seconds(), s.plan.duration.Seconds())
	for _, side := range s.sides {
		fmt.Fprintf(&b, " | %s: %d requests/s", side.name, perSecond(side.requests.Load(), side.active))
		if _, cached := side.stats(); cached {
			fmt.Fprintf(&b, ", %.1f%% hits", percent(side.hits(), side.reads.Load()))
		}
		if n := side.wrong.Load() + side.failed.Load(); n > 0 {
			fmt.Fprintf(&b, ", %d WRONG OR FAILED", n)
		}
	}
	if s.terminal {
		fmt.Fprintf(s.w, "\r%s\x1b[K", b.String())
		return
	}
	fmt.Fprintln(s.w, b.String())
}

func (s *progress) finish() {
	if s.terminal {
		fmt.Fprint(s.w, "\r\x1b[K")
	}
}

// report prints the sides beside each other. Wrong answers and failed requests
// are an error.
func report(w io.Writer, sides []*side) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, line := range reportLines(sides) {
		fmt.Fprintln(table, strings.Join(line, "\t")+"\t")
	}
	if err := table.Flush(); err != nil {
		return err
	}
	var errs []error
	for _, s := range sides {
		if s.firstError != nil {
			errs = append(errs, fmt.Errorf("%s: %d wrong answers, %d failed requests; the first: %w", s.name, s.wrong.Load(), s.failed.Load(), s.firstError))
		}
	}
	return errors.Join(errs...)
}

func reportLines(sides []*side) [][]string {
	lines := [][]string{{""}, {"requests"}, {"requests/s"}, {"p50"}, {"p95"}, {"p99"}, {"hit ratio"}, {"database queries/s"}, {"wrong answers"}, {"failed"}}
	for _, s := range sides {
		slices.Sort(s.latencies)
		ratio := "-"
		if _, cached := s.stats(); cached {
			ratio = fmt.Sprintf("%.1f%%", percent(s.hits(), s.reads.Load()))
		}
		// Every request is one statement; what the cache did not answer went to the database.
		queries := s.requests.Load() - s.hits()
		for i, cell := range []string{
			s.name,
			fmt.Sprint(s.requests.Load()),
			fmt.Sprint(perSecond(s.requests.Load(), s.active)),
			percentile(s.latencies, 50), percentile(s.latencies, 95), percentile(s.latencies, 99),
			ratio,
			fmt.Sprint(perSecond(queries, s.active)),
			fmt.Sprint(s.wrong.Load()),
			fmt.Sprint(s.failed.Load()),
		} {
			lines[i] = append(lines[i], cell)
		}
	}
	return lines
}

func perSecond(n int64, d time.Duration) int64 {
	if d <= 0 {
		return 0
	}
	return int64(float64(n) / d.Seconds())
}

func percent(part, whole int64) float64 {
	if whole == 0 {
		return 0
	}
	return 100 * float64(part) / float64(whole)
}

// percentile takes sorted durations.
func percentile(sorted []time.Duration, p int) string {
	if len(sorted) == 0 {
		return "-"
	}
	return sorted[(len(sorted)-1)*p/100].Round(time.Microsecond).String()
}
