package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/docs"
)

var (
	titleStyle  = lipgloss.NewStyle().Bold(true)
	headStyle   = lipgloss.NewStyle().Reverse(true)
	chosenStyle = lipgloss.NewStyle().Background(lipgloss.Color("4")).Foreground(lipgloss.Color("15"))
	faintStyle  = lipgloss.NewStyle().Faint(true)
	badStyle    = lipgloss.NewStyle().Foreground(lipgloss.Color("1")).Bold(true)
)

// What stands around the list.
const (
	linesAbove = 4
	linesBelow = 1
)

func (m *topModel) listHeight() int { return m.height - linesAbove - linesBelow }

// View draws the screen.
func (m *topModel) View() tea.View {
	var body []string
	switch {
	case m.help:
		body = strings.Split(topKeys, "\n")
	case m.detail != "":
		body = m.detailLines()
	default:
		body = m.listLines()
	}
	lines := append(m.summary(), body...)
	if room := max(m.height-linesBelow, 0); len(lines) > room {
		lines = lines[:room]
	} else {
		lines = append(lines, make([]string, room-len(lines))...)
	}
	lines = append(lines, m.footer())
	for i := range lines {
		lines[i] = fit(lines[i], m.width)
	}
	view := tea.NewView(strings.Join(lines, "\n"))
	view.AltScreen, view.WindowTitle = true, "cachedsql top"
	return view
}

// fit cuts a line that has no styles; one with styles was made to fit.
func fit(line string, width int) string {
	if strings.Contains(line, "\x1b") {
		return line
	}
	if r := []rune(line); len(r) > width {
		return string(r[:width])
	}
	return line
}

// summary is the fleet in two lines, and an empty one.
func (m *topModel) summary() []string {
	f := m.fleet()
	var calls, saved float64
	var hits, lookups int64
	for i := range m.rows {
		r := &m.rows[i]
		calls += r.perSecond
		saved += r.saved.Seconds()
		hits += r.Answered()
		lookups += r.Answered() + r.Misses
	}
	ratio := 0.0
	if lookups > 0 {
		ratio = 100 * float64(hits) / float64(lookups)
	}
	span := "since they began"
	if s := m.window.span(); s > 0 {
		span = "last " + s.Round(time.Second).String()
	}
	first := fmt.Sprintf("cachedsql  %s  %s", count(len(f.Instances), "process", "processes"), span)
	second := fmt.Sprintf("%s calls/s   %.1f%% of lookups answered by the cache   %.2f s of database time saved per second", rate(calls), ratio, saved)
	return []string{titleStyle.Render(fit(first, m.width)), fit(second, m.width), m.trouble(), ""}[:linesAbove-1]
}

// trouble is what an operator should see first.
func (m *topModel) trouble() string {
	if m.err != nil {
		return badStyle.Render(fit("Redis does not answer: "+m.err.Error(), m.width))
	}
	down := 0
	for i := range m.fleet().Instances {
		if m.fleet().Instances[i].Breaker != "closed" {
			down++
		}
	}
	if down > 0 {
		return badStyle.Render(fit(count(down, "process does", "processes do")+" not use Redis at the moment", m.width))
	}
	if len(m.fleet().Instances) == 0 && m.window.fleet != nil {
		return fit("No process reports to this Redis.", m.width)
	}
	return ""
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

func (m *topModel) listLines() []string {
	lines := []string{m.header()}
	for i := m.first; i < len(m.rows) && len(lines) <= m.listHeight(); i++ {
		line := m.row(func(c *topColumn) string { return c.cell(&m.rows[i]) })
		if i == m.cursor {
			line = chosenStyle.Render(pad(line, m.width))
		}
		lines = append(lines, line)
	}
	return lines
}

// header names the columns; the one that is sorted by has an arrow.
func (m *topModel) header() string {
	line := m.row(func(c *topColumn) string {
		if c.title != topColumns[m.column].title {
			return c.title
		}
		return c.title + map[bool]string{true: "↑", false: "↓"}[m.ascending]
	})
	return headStyle.Render(pad(line, m.width))
}

// row lays the cells of a line out.
func (m *topModel) row(cell func(*topColumn) string) string {
	var b strings.Builder
	for i := range topColumns {
		c := &topColumns[i]
		width := c.width
		if width == 0 {
			width = max(m.width-lipgloss.Width(b.String())-1, 0)
		}
		text := oneLine(cell(c), max(width, 1))
		if c.left {
			fmt.Fprintf(&b, " %-*s", width, text)
		} else {
			fmt.Fprintf(&b, "%*s", width, text)
		}
	}
	return fit(b.String(), m.width)
}

func pad(s string, width int) string {
	return s + strings.Repeat(" ", max(width-lipgloss.Width(s), 0))
}

func (m *topModel) footer() string {
	switch {
	case m.typing:
		return fit("filter: "+m.filter+"█  (enter to keep, esc to clear)", m.width)
	case m.help, m.detail != "":
		return faintStyle.Render(fit("esc back   q quit", m.width))
	}
	text := "↑↓ choose   enter details   < > sort   r reverse   / filter   p pause   ? keys   q quit"
	if m.filter != "" {
		text = "filter: " + m.filter + "   " + text
	}
	if m.paused {
		text = "PAUSED   " + text
	}
	return faintStyle.Render(fit(text, m.width))
}

const topKeys = `
  up, down, j, k       choose a query       home, end, g, G      first, last
  page up, page down   by a screen          enter                its details
  <, >                 sort by the column before, after          r    the other way round
  /                    filter: words that occur in the statement, tables, rule, reason or ID
  p                    pause                esc                  back, or clear the filter
  q                    quit

  BUSY      share of the time that the database works on the query; over 100% with several at once
  SAVED/S   time that it would have worked on the answers from the cache, less the time those took
  DATABASE  its mean time for one answer    HIT   that of the cache
  NOT CACHED  the reason most calls have; "cachedsql why ID" says what to do about it`

// detailLines show one query, with its totals since the processes began.
func (m *topModel) detailLines() []string {
	all := m.fleet().Queries
	i := slices.IndexFunc(all, func(q cachedsql.QueryStats) bool { return q.QueryID == m.detail })
	if i < 0 {
		return []string{"", "The query is not reported any more."}
	}
	q := &all[i]
	lines := []string{
		titleStyle.Render("query " + q.QueryID), "",
		"name      " + orDash(q.Name),
		"rule      " + orDash(q.Rule),
		"tables    " + orDash(strings.Join(q.Tables, ", ")),
		"last seen " + ago(q.LastSeen) + " ago",
		"",
		fmt.Sprintf("calls %d: %d hits, %d near hits, %d stale hits, %d coalesced, %d misses, %d not cached", q.Calls, q.Hits, q.NearHits, q.StaleHits, q.Coalesced, q.Misses, q.Bypasses),
		fmt.Sprintf("stored %d results of %.1f rows and %s on average; %d not stored; %d found outdated by writes",
			q.Fills, mean(q.Rows, q.Fills), byteSize(int64(mean(q.Bytes, q.Fills))), q.NotFilled, q.Outdated),
		"",
		"          " + quantileTitles(),
		"database  " + quantiles(q.DatabaseTime),
		"hit       " + quantiles(q.HitTime),
	}
	lines = append(lines, reasonLines(q)...)
	lines = append(lines, "")
	return append(lines, strings.Split(lipgloss.Wrap(q.Statement, max(m.width-1, 20), " ,"), "\n")...)
}

func mean(sum, n int64) float64 {
	if n == 0 {
		return 0
	}
	return float64(sum) / float64(n)
}

func quantileTitles() string { return fmt.Sprintf("%10s%10s%10s%10s", "mean", "p50", "p95", "p99") }

func quantiles(h cachedsql.Histogram) string {
	return fmt.Sprintf("%10s%10s%10s%10s", short(h.Mean()), short(h.Quantile(0.5)), short(h.Quantile(0.95)), short(h.Quantile(0.99)))
}

// reasonLines are the reasons of a query with their meaning, the most frequent
// first.
func reasonLines(q *cachedsql.QueryStats) []string {
	type counted struct {
		word string
		n    int64
	}
	var all []counted
	for _, counts := range []map[string]int64{q.BypassesByReason, q.NotFilledByReason} {
		for word, n := range counts {
			all = append(all, counted{word, n})
		}
	}
	if len(all) == 0 {
		return nil
	}
	slices.SortFunc(all, func(a, b counted) int { return cmp.Or(cmp.Compare(b.n, a.n), cmp.Compare(a.word, b.word)) })
	lines := []string{"", "not cached, or not stored:"}
	for _, c := range all {
		said := docs.ReasonOf(c.word)
		lines = append(lines, fmt.Sprintf("%10d  %s: %s", c.n, c.word, said.Meaning), "            "+said.Remedy)
	}
	return lines
}
