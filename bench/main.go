// Command bench measures a cached query beside the bare driver, beside what
// people write by hand, and beside the floors: what database/sql costs with
// its rows at hand, and what a GET of the same bytes costs.
//
//	go run ./bench -o docs/benchmarks.md
//
// It reads the servers' addresses from CACHEDSQL_TEST_POSTGRES,
// CACHEDSQL_TEST_MYSQL and CACHEDSQL_TEST_REDIS, as the tests do.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

var (
	rowCounts  = []int{1, 100, 1000}
	goroutines = []int{1, 8, 64}
	only       = regexp.MustCompile("")
)

func main() {
	out := flag.String("o", "", "write the report to this `file`, and plots beside it")
	rounds := flag.Int("rounds", 5, "how often each candidate is measured; the median counts")
	slice := flag.Duration("slice", 100*time.Millisecond, "how long each time")
	flag.Func("rows", "measure only these numbers of `rows`", numbers(&rowCounts))
	flag.Func("goroutines", "measure only these numbers of `goroutines`", numbers(&goroutines))
	flag.Func("only", "measure only candidates whose names match this `expression`", func(text string) (err error) {
		only, err = regexp.Compile(text)
		return err
	})
	entries := flag.Int("entries", 1_000_000, "`entries` in Redis while writes are measured; 0 leaves that out")
	flag.Parse()
	if err := run(context.Background(), *out, *rounds, *slice, *entries); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// numbers parses a list with commas.
func numbers(list *[]int) func(string) error {
	return func(text string) error {
		*list = nil
		for word := range strings.SplitSeq(text, ",") {
			n, err := strconv.Atoi(word)
			if err != nil || n < 1 {
				return fmt.Errorf("%q is not a number", word)
			}
			*list = append(*list, n)
		}
		return nil
	}
}

func run(ctx context.Context, out string, rounds int, slice time.Duration, entries int) error {
	r := &report{rounds: rounds, slice: slice}
	all, err := servers()
	if err != nil {
		return err
	}
	for _, s := range all {
		for _, rows := range rowCounts {
			if err := measureSize(ctx, r, s, rows); err != nil {
				return fmt.Errorf("%s, %d rows: %w", s.name, rows, err)
			}
		}
	}
	if len(r.cells) == 0 {
		return fmt.Errorf("no database: set CACHEDSQL_TEST_POSTGRES or CACHEDSQL_TEST_MYSQL")
	}
	trips, err := roundTrips(ctx)
	if err != nil {
		return err
	}
	loaded, err := underLoad(ctx, entries, r.entryBytes())
	if err != nil {
		return err
	}
	r.others = append(trips, loaded...)
	r.printGoals(os.Stdout)
	r.print(os.Stdout)
	if out == "" {
		return nil
	}
	return r.write(out)
}

func measureSize(ctx context.Context, r *report, s server, rows int) error {
	candidates, closeAll, err := s.candidates(ctx, rows)
	defer closeAll()
	if err != nil {
		return err
	}
	candidates = slices.DeleteFunc(candidates, func(c candidate) bool { return !only.MatchString(c.name) })
	for _, n := range goroutines {
		fmt.Fprintf(os.Stderr, "%s, %d rows, %d goroutines\n", s.name, rows, n)
		results, err := measure(ctx, candidates, n, r.rounds, r.slice)
		if err != nil {
			return err
		}
		r.cells = append(r.cells, cell{s.name, rows, n, results})
	}
	return nil
}
