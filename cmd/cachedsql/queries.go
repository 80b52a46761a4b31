package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/redisstore"
)

func newQueries() *cobra.Command {
	var f fleetFlags
	var limit int
	cmd := &cobra.Command{
		Use:   "queries",
		Short: "List what the programs ask, by the load it is for the database",
		Long: `List the queries of all processes that report to a Redis. Those come first that would keep the database
busiest if there were no cache: its mean time, times the number of calls (LOAD).

  HITS      calls answered from the cache; RATIO is their share of the lookups
  DATABASE  the mean time of an answer from the database; HIT of one from the cache
  REASON    why most of the other calls were not looked up; "cachedsql why ID" says what to do about it` + redisHelp,
		Example: `  cachedsql queries
  cachedsql queries -n 0 --json | jq -r '.[] | select(.rule == null) | .statement'`,
	}
	f.register(cmd)
	cmd.Flags().IntVarP(&limit, "limit", "n", 20, "how many queries; the others are added up; 0 for all")
	f.list(cmd, func(ctx context.Context, s *redisstore.Store) (*table, error) {
		all, err := s.Inspector().Queries(ctx)
		return tableOf(cachedsql.MergeQueries(limit, all), "ID CALLS HITS RATIO DATABASE HIT LOAD RULE REASON STATEMENT", queryRow), err
	})
	notNegative(cmd, &limit)
	return cmd
}

func queryRow(q *cachedsql.QueryStats) []any {
	return []any{
		q.QueryID, q.Calls, q.Answered(), ratio(q), meanTime(q.DatabaseTime), meanTime(q.HitTime), q.Load().Round(time.Millisecond),
		orDash(q.Rule), orDash(mainReason(q)), oneLine(q.Statement, shownStatement),
	}
}

// ratio writes a query's hit ratio, "-" where nothing was looked up.
func ratio(q *cachedsql.QueryStats) string {
	if q.Answered()+q.Misses == 0 {
		return "-"
	}
	return fmt.Sprintf("%.0f%%", 100*q.HitRatio())
}

// meanTime writes the mean of times, "-" where there are none.
func meanTime(h cachedsql.Histogram) string {
	if h.Count == 0 {
		return "-"
	}
	return h.Mean().Round(time.Microsecond).String()
}

// mainReason is the reason why most of the executions were not cached.
func mainReason(q *cachedsql.QueryStats) string {
	var reason string
	var most int64
	for r, n := range q.BypassesByReason {
		if n > most || n == most && r < reason {
			reason, most = r, n
		}
	}
	return reason
}
