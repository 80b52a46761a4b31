package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/redisstore"
)

func newRulesFigures() *cobra.Command {
	var f fleetFlags
	cmd := &cobra.Command{
		Use:   "figures",
		Short: "Show what each rule does, and what comparisons with the database found",
		Long: `Show what each rule does in all processes, and what comparisons with the database found (mode: shadow, verify). Each execution counts
for the rule that selected it at the time; those that none selected are under "-".

  ANSWERED      from the cache
  RATIO         of the lookups that found a result, be it served or compared
  SAVED         the database's time that was spared, less what the hits took
  COMPARED      hits where the database was asked too
  DIFFERENT     of these, the cache had another answer and nobody had written through the driver: it was wrong
  CONCURRENT    the answers differed, and a write had come in between
  INCONCLUSIVE  nothing can be said for this or another reason` + redisHelp,
		Example: `  cachedsql rules figures
  cachedsql rules figures --json | jq -e 'all(.different == 0)'`,
	}
	f.register(cmd)
	f.list(cmd, func(ctx context.Context, s *redisstore.Store) (*table, error) {
		fleet, err := s.Inspector().Fleet(ctx)
		if err != nil {
			return nil, err
		}
		return tableOf(fleet.Rules, "RULE CALLS ANSWERED RATIO SAVED COMPARED DIFFERENT CONCURRENT INCONCLUSIVE", ruleRow), nil
	})
	return cmd
}

func ruleRow(r *cachedsql.RuleStats) []any {
	return []any{
		orDash(r.Rule), r.Calls, r.Answered, fmt.Sprintf("%.0f%%", 100*r.HitRatio()), r.Saved.Round(time.Millisecond),
		r.Checked, r.Different, r.Concurrent, r.Inconclusive,
	}
}
