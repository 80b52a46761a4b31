package main

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/redisstore"
)

var exportFormats = []string{"json", "csv"}

func newExport() *cobra.Command {
	var f fleetFlags
	var format string
	cmd := &cobra.Command{
		Use:   "export",
		Short: "Write what all processes report, for other programs",
		Long: `Write what all processes report.

  json  everything: the processes, their counts, and the queries with histograms, as one object
  csv   the queries, a line each; durations are in seconds

Figures are totals since each process began. There are no argument values in them.` + redisHelp,
		Example: `  cachedsql export > fleet.json
  cachedsql export --format csv > queries.csv`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if format != "json" && format != "csv" {
				return fmt.Errorf("unknown format %q, want one of %s", format, strings.Join(exportFormats, ", "))
			}
			return f.with(cmd, func(ctx context.Context, s *redisstore.Store) error {
				fleet, err := s.Inspector().Fleet(ctx)
				if err != nil {
					return err
				}
				if format == "csv" {
					return writeCSV(cmd.OutOrStdout(), fleet.Queries)
				}
				return printJSON(cmd, fleet)
			})
		},
	}
	f.registerRedis(cmd)
	cmd.Flags().StringVar(&format, "format", "json", strings.Join(exportFormats, " or "))
	_ = cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(exportFormats, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

// csvColumns are the columns of the CSV form, in order.
var csvColumns = []struct {
	name string
	cell func(*cachedsql.QueryStats) string
}{
	{"query_id", func(q *cachedsql.QueryStats) string { return q.QueryID }},
	{"name", func(q *cachedsql.QueryStats) string { return q.Name }},
	{"rule", func(q *cachedsql.QueryStats) string { return q.Rule }},
	{"tables", func(q *cachedsql.QueryStats) string { return strings.Join(q.Tables, " ") }},
	{"calls", func(q *cachedsql.QueryStats) string { return whole(q.Calls) }},
	{"hits", func(q *cachedsql.QueryStats) string { return whole(q.Hits) }},
	{"near_hits", func(q *cachedsql.QueryStats) string { return whole(q.NearHits) }},
	{"stale_hits", func(q *cachedsql.QueryStats) string { return whole(q.StaleHits) }},
	{"coalesced", func(q *cachedsql.QueryStats) string { return whole(q.Coalesced) }},
	{"misses", func(q *cachedsql.QueryStats) string { return whole(q.Misses) }},
	{"bypasses", func(q *cachedsql.QueryStats) string { return whole(q.Bypasses) }},
	{"main_reason", mainReason},
	{"fills", func(q *cachedsql.QueryStats) string { return whole(q.Fills) }},
	{"not_filled", func(q *cachedsql.QueryStats) string { return whole(q.NotFilled) }},
	{"outdated", func(q *cachedsql.QueryStats) string { return whole(q.Outdated) }},
	{"invalidations", func(q *cachedsql.QueryStats) string { return whole(q.Invalidations) }},
	{"rows", func(q *cachedsql.QueryStats) string { return whole(q.Rows) }},
	{"bytes", func(q *cachedsql.QueryStats) string { return whole(q.Bytes) }},
	{"database_count", func(q *cachedsql.QueryStats) string { return whole(q.DatabaseTime.Count) }},
	{"database_sum", func(q *cachedsql.QueryStats) string { return seconds(q.DatabaseTime.Sum) }},
	{"database_p50", func(q *cachedsql.QueryStats) string { return seconds(q.DatabaseTime.Quantile(0.5)) }},
	{"database_p99", func(q *cachedsql.QueryStats) string { return seconds(q.DatabaseTime.Quantile(0.99)) }},
	{"hit_sum", func(q *cachedsql.QueryStats) string { return seconds(q.HitTime.Sum) }},
	{"hit_p50", func(q *cachedsql.QueryStats) string { return seconds(q.HitTime.Quantile(0.5)) }},
	{"hit_p99", func(q *cachedsql.QueryStats) string { return seconds(q.HitTime.Quantile(0.99)) }},
	{"last_seen", func(q *cachedsql.QueryStats) string { return q.LastSeen.UTC().Format(time.RFC3339) }},
	{"statement", func(q *cachedsql.QueryStats) string { return q.Statement }},
}

func writeCSV(out io.Writer, queries []cachedsql.QueryStats) error {
	w := csv.NewWriter(out)
	line := make([]string, len(csvColumns))
	for i, c := range csvColumns {
		line[i] = c.name
	}
	_ = w.Write(line) // Flush keeps the error
	for n := range queries {
		for i, c := range csvColumns {
			line[i] = c.cell(&queries[n])
		}
		_ = w.Write(line)
	}
	w.Flush()
	return w.Error()
}

func whole(n int64) string { return strconv.FormatInt(n, 10) }

func seconds(d time.Duration) string { return strconv.FormatFloat(d.Seconds(), 'g', 6, 64) }
