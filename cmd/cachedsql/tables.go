package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/cachedsql/cachedsql/redisstore"
)

func newTables() *cobra.Command {
	var f fleetFlags
	cmd := &cobra.Command{
		Use:   "tables",
		Short: "List the tables by how often writes to them make results unusable",
		Long: `List the tables that the programs read or write, those first to which writes are announced most often.

  INVALIDATIONS  writes announced; BY-KEY of those named rows by a key, so that results fixed on other rows outlived them
  READS          executions of queries that read the table
  CACHED         the share of them that was answered from the cache; the others were not all looked up
  OUTDATED       lookups that found a result which a write had made unusable
  WRITER         the query that invalidates it most` + redisHelp,
		Example: `  cachedsql tables
  cachedsql tables --json | jq -r '.[] | select(.invalidations > 1000) | .table'`,
	}
	f.register(cmd)
	f.list(cmd, func(ctx context.Context, s *redisstore.Store) (*table, error) {
		all, err := s.Inspector().Tables(ctx)
		return tableOf(all, "TABLE INVALIDATIONS BY-KEY LAST READS CACHED OUTDATED WRITER", tableRow), err
	})
	return cmd
}

func tableRow(t *redisstore.Table) []any {
	reads, cached, last, writer := t.Reads(), "-", "-", "-"
	if reads.Calls > 0 {
		cached = fmt.Sprintf("%.0f%%", 100*float64(reads.Cached)/float64(reads.Calls))
	}
	if !t.LastInvalidated.IsZero() {
		last = ago(t.LastInvalidated)
	}
	if len(t.Writers) > 0 {
		writer = t.Writers[0].QueryID
	}
	return []any{t.Table, t.Invalidations, t.ByKey, last, reads.Calls, cached, reads.Outdated, writer}
}
