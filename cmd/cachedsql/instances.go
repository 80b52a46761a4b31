package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/cachedsql/cachedsql/redisstore"
)

func newInstances() *cobra.Command {
	var f fleetFlags
	cmd := &cobra.Command{
		Use:   "instances",
		Short: "List the processes that use a Redis",
		Long: `List the processes that report to a Redis, with the state each is in.

  RULES    the version of the rules it has in force
  BREAKER  "closed" while it uses Redis, "open" after Redis was unreachable, "fenced" while no hit is served after an outage
  LATENCY  how long Redis took to answer a ping just before the report` + redisHelp,
		Example: `  cachedsql instances
  cachedsql instances --json | jq -r '.[] | select(.breaker != "closed") | .host'`,
	}
	f.register(cmd)
	f.list(cmd, func(ctx context.Context, s *redisstore.Store) (*table, error) {
		all, err := s.Inspector().Instances(ctx)
		return tableOf(all, "ID HOST PID VERSION RULES BREAKER LATENCY STARTED SEEN", instanceRow), err
	})
	return cmd
}

func instanceRow(in *redisstore.Instance) []any {
	return []any{
		in.ID, in.Host, in.PID, in.Version, orDash(in.RulesVersion), in.Breaker,
		in.StoreLatency.Round(time.Microsecond), ago(in.Started), ago(in.LastSeen),
	}
}
