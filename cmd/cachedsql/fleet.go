package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/redisstore"
)

const redisHelp = `

Redis is named by --redis or by CACHEDSQL_REDIS, as for the programs.`

// fleetFlags are those of every command that asks Redis.
type fleetFlags struct {
	redis   string
	timeout time.Duration
	json    bool
}

func (f *fleetFlags) register(cmd *cobra.Command) {
	f.registerRedis(cmd)
	cmd.Flags().BoolVar(&f.json, "json", false, "print JSON instead of a table")
}

func (f *fleetFlags) registerRedis(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.redis, "redis", "", "URL of the Redis (default $CACHEDSQL_REDIS)")
	cmd.Flags().DurationVar(&f.timeout, "timeout", 10*time.Second, "how long to wait for Redis")
}

// url is the Redis that is named in either way, "" for none.
func (f *fleetFlags) url() string { return cmp.Or(f.redis, os.Getenv("CACHEDSQL_REDIS")) }

func (f *fleetFlags) named() bool { return f.url() != "" }

// open opens the store that the flags name.
func (f *fleetFlags) open() (*redisstore.Store, error) {
	if !f.named() {
		return nil, errors.New("no Redis named: use --redis or CACHEDSQL_REDIS")
	}
	return redisstore.Open(f.url(), redisstore.Config{})
}

// with calls do with the store that the flags name.
func (f *fleetFlags) with(cmd *cobra.Command, do func(context.Context, *redisstore.Store) error) error {
	store, err := f.open()
	if err != nil {
		return err
	}
	defer store.Close()
	ctx, cancel := context.WithTimeout(cmd.Context(), f.timeout)
	defer cancel()
	err = do(ctx, store)
	var judged *faultError
	if err == nil || errors.As(err, &judged) {
		return err
	}
	return &faultError{err}
}

// table is what a command lists: a value for programs, and rows for people.
type table struct {
	value  any
	header string // words are columns
	rows   [][]any
}

func tableOf[T any](all []T, header string, row func(*T) []any) *table {
	t := &table{value: all, header: header}
	for i := range all {
		t.rows = append(t.rows, row(&all[i]))
	}
	return t
}

// list makes a command print what read returns.
func (f *fleetFlags) list(cmd *cobra.Command, read func(context.Context, *redisstore.Store) (*table, error)) {
	cmd.Args = cobra.NoArgs
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return f.with(cmd, func(ctx context.Context, s *redisstore.Store) error {
			t, err := read(ctx, s)
			if err != nil {
				return err
			}
			return f.print(cmd, t)
		})
	}
}

func (f *fleetFlags) print(cmd *cobra.Command, t *table) error {
	if f.json {
		return printJSON(cmd, t.value)
	}
	w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, strings.ReplaceAll(t.header, " ", "\t"))
	for _, row := range t.rows {
		for i, cell := range row {
			if i > 0 {
				fmt.Fprint(w, "\t")
			}
			fmt.Fprint(w, cell)
		}
		fmt.Fprintln(w)
	}
	return w.Flush()
}

func printJSON(cmd *cobra.Command, value any) error {
	out := json.NewEncoder(cmd.OutOrStdout())
	out.SetEscapeHTML(false)
	return out.Encode(value)
}

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

// notNegative makes a negative --limit a mistake in the command line.
func notNegative(cmd *cobra.Command, limit *int) {
	cmd.PreRunE = func(*cobra.Command, []string) error {
		if *limit < 0 {
			return fmt.Errorf("--limit %d is negative", *limit)
		}
		return nil
	}
}

const shownStatement = 80

func queryRow(q *cachedsql.QueryStats) []any {
	return []any{
		q.QueryID, q.Calls, answered(q), ratio(q), meanTime(q.DatabaseTime), meanTime(q.HitTime), q.Load().Round(time.Millisecond),
		orDash(q.Rule), orDash(mainReason(q)), oneLine(q.Statement, shownStatement),
	}
}

// ratio writes a query's hit ratio, "-" where nothing was looked up.
func ratio(q *cachedsql.QueryStats) string {
	if answered(q)+q.Misses == 0 {
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

// oneLine returns a text without line breaks, cut to a number of characters.
func oneLine(s string, limit int) string {
	text := []rune(strings.Join(strings.Fields(s), " "))
	if len(text) > limit {
		text = append(text[:max(limit-1, 0)], '…')
	}
	return string(text)
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

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func ago(t time.Time) string { return max(time.Since(t), 0).Round(time.Second).String() }
