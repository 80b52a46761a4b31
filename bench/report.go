package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// cell is one database, size and number of goroutines.
type cell struct {
	server           string
	rows, goroutines int
	results          []result
}

type report struct {
	rounds int
	slice  time.Duration
	cells  []cell
	others []goal // that are not about candidates
}

// entryBytes is the size of the entry of the fewest rows.
func (r *report) entryBytes() int {
	if n := r.cells[0].of(inProcessName).bytes; n > 0 {
		return n
	}
	return 250
}

func (c *cell) title() string {
	rows, readers := fmt.Sprint(c.rows, " rows"), fmt.Sprint(c.goroutines, " goroutines")
	if c.rows == 1 {
		rows = "1 row"
	}
	if c.goroutines == 1 {
		readers = "1 goroutine"
	}
	return fmt.Sprintf("%s, %s, %s", c.server, rows, readers)
}

func (r *report) print(w io.Writer) {
	for i := range r.cells {
		c := &r.cells[i]
		fmt.Fprintf(w, "\n### %s\n\n", c.title())
		fmt.Fprint(w, "| | CPU/op | p50 | p95 | p99 | ops/s | allocs/op | bytes |\n|---|--:|--:|--:|--:|--:|--:|--:|\n")
		for _, s := range c.results {
			bytes := "-"
			if s.bytes > 0 {
				bytes = fmt.Sprint(s.bytes)
			}
			fmt.Fprintf(w, "| %s | %s | %s | %s | %s | %.0f | %.0f | %s |\n", s.candidate,
				micros(s.cpu), micros(s.p50), micros(s.p95), micros(s.p99), s.perSecond, s.allocs, bytes)
		}
	}
}

func micros(d time.Duration) string {
	us := float64(d) / float64(time.Microsecond)
	if us < 100 {
		return fmt.Sprintf("%.1f µs", us)
	}
	return fmt.Sprintf("%.0f µs", us)
}

const introduction = `# Benchmarks

Written by ` + "`make bench-peers`" + `; do not edit. One query of ten mixed columns, each value scanned into a struct.

- All servers and the program shared one machine: %d processors, %s, %s. Medians of %d rounds of %v, in which the
  candidates took turns. Where other programs ran on the machine, times are longer than they need be; CPU per operation suffers least.
- From one run to the next CPU times of the same candidate differ by a fifth on the machine where the numbers checked in were taken:
  compare only within a table, and take a goal that is missed or met by little for undecided.
- Every database handle, that of the floor too, has at most %d connections; Redis clients have 64.
- **CPU/op** is this process alone, not the servers. **bytes** is the size of the stored entry.
- *database/sql floor* is a driver that has the rows at hand. *by hand* is what programs do without a library: JSON in Redis
  under a key of their own, with no invalidation at all; with rueidis, its client-side cache, which saves the round trip.
- *go-redis/cache* is the library most used for the same: MessagePack compressed with S2, no invalidation either.
  Its *Once* lets reads of one key that meet share a lookup, and here all goroutines read the same key. A read may join one
  that is under way, and so be given what was there before it began; those of cachedsql share one that begins after them.
  *each read by itself* is the same library without Once, whose reads keep to that as well.
- cachedsql keeps its strict promise in all modes measured here but *near (push)*, and asks the store with each hit whether the tables
  have been written to, but with *near (push)* and *near (leased)*.
- With *near (push)* Redis tells what changes, and a hit may lag behind other processes, by a second at most. With *near (leased)* writers
  wait until nobody serves what was there before.
- *in process* is a Cache without Redis, for programs that run once.
- A *1 ms query* waits a millisecond in front of the same query. A *miss* is recorded each time, and stored in Redis
  while the caller goes on: along with its next lookup if it is small, else by a task beside that. *Caller waits longer* is without what a
  task does, *CPU added* with it. One caller after the other asks here.
- *entcache* wraps ent's driver and keeps values as encoding/gob has them; the *caches plugin* of GORM keeps records as JSON. Neither invalidates by itself what a
  write makes old. The plugin skips GORM's reading of rows on a hit; *GORM over cachedsql* does all that GORM does.
- prashanthpai/sqlcache is not in the table: it was not available where it was made.
`

// write puts the report into a file, and a plot for each database and size
// beside it.
func (r *report) write(path string) error {
	var b strings.Builder
	fmt.Fprintf(&b, introduction, runtime.NumCPU(), runtime.GOOS+"/"+runtime.GOARCH, runtime.Version(), r.rounds, r.slice, poolSize)
	for i := range r.cells {
		c := &r.cells[i]
		if c.goroutines != goroutines[len(goroutines)-1] {
			continue
		}
		name := c.plotName()
		if err := os.WriteFile(filepath.Join(filepath.Dir(path), name), []byte(c.plot()), 0o644); err != nil {
			return err
		}
		fmt.Fprintf(&b, "\n![CPU per operation: %s](%s)\n", c.title(), name)
	}
	r.printGoals(&b)
	r.print(&b)
	return os.WriteFile(path, []byte(b.String()), 0o644)
}

func (c *cell) plotName() string {
	return fmt.Sprintf("benchmarks-%s-%d.svg", strings.ToLower(c.server), c.rows)
}

const (
	plotWidth, plotLabels, plotLine = 860, 270, 24
)

// plot is a bar for each candidate: CPU per operation.
func (c *cell) plot() string {
	var b strings.Builder
	height := plotLine*len(c.results) + 44
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" font-family="sans-serif" font-size="13">`+"\n", plotWidth, height)
	fmt.Fprintf(&b, `<rect width="100%%" height="100%%" fill="white"/><text x="8" y="20" font-weight="bold">CPU per operation: %s</text>`+"\n", c.title())
	longest := time.Duration(1)
	for _, s := range c.results {
		longest = max(longest, s.cpu)
	}
	for i, s := range c.results {
		y := 34 + plotLine*i
		color := "#8899aa"
		if strings.HasPrefix(s.candidate, "cachedsql") {
			color = "#2a7f62"
		}
		width := float64(plotWidth-plotLabels-90) * float64(s.cpu) / float64(longest)
		fmt.Fprintf(&b, `<text x="%d" y="%d" text-anchor="end">%s</text><rect x="%d" y="%d" width="%.1f" height="16" fill="%s"/><text x="%.1f" y="%d">%s</text>`+"\n",
			plotLabels-8, y+13, s.candidate, plotLabels, y, width, color, plotLabels+width+6, y+13, micros(s.cpu))
	}
	b.WriteString("</svg>\n")
	return b.String()
}
