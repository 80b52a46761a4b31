package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/redisstore"
)

const flushHelp = `Make cached results unusable, in all processes, from the next lookup on. Nothing is deleted: the stored results can
never be hits again and end by their TTL. Other keys of the Redis are not touched.

  --all              everything, of every database that a process reports
  --namespace NAME   everything of one database, by the name that processes report
  --table NAME       what depends on a table; needs --dsn, since what a table's results depend on is in its catalog
  --query ID         what depends on the tables that a query reads; needs --dsn
  --rule NAME        what depends on the tables that a rule's queries read; needs --dsn

The last three can be given several times and together. They make every result unusable that depends on the tables, also those of other
queries. With --dry-run it is only said what would be flushed.`

// flushFlags say what is to be flushed.
type flushFlags struct {
	fleetFlags
	live                               explainFlags
	namespaces, tables, queries, rules []string
	all, dryRun                        bool
}

// flushed is what was flushed, or would be.
type flushed struct {
	Namespaces []string `json:"namespaces,omitempty"`
	Tables     []string `json:"tables,omitempty"`
	DryRun     bool     `json:"dry_run"`
}

func newFlush() *cobra.Command {
	var f flushFlags
	cmd := &cobra.Command{
		Use:   "flush (--all | --namespace NAME | --table NAME | --query ID | --rule NAME)",
		Short: "Make cached results unusable, in all processes",
		Long:  flushHelp + redisHelp,
		Example: `  cachedsql flush --all --dry-run
  cachedsql flush --table orders --table public.items --dsn "$DATABASE_URL"
  cachedsql flush --rule prices --dsn "$DATABASE_URL"`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd) },
	}
	f.register(cmd)
	flags := cmd.Flags()
	flags.StringVar(&f.live.dialect, "dialect", "", "postgres or mysql (default what --dsn shows)")
	flags.StringVar(&f.live.dsn, "dsn", "", "data source name as for cachedpg or cachedmysql")
	flags.StringSliceVar(&f.namespaces, "namespace", nil, "a database")
	flags.StringArrayVar(&f.tables, "table", nil, "a table, as in SQL: orders or public.orders")
	flags.StringSliceVar(&f.queries, "query", nil, "a query ID, as \"queries\" shows it")
	flags.StringArrayVar(&f.rules, "rule", nil, "a rule's name")
	flags.BoolVar(&f.all, "all", false, "every database that a process reports")
	flags.BoolVar(&f.dryRun, "dry-run", false, "only say what would be flushed")
	return cmd
}

// byTable reports whether tables are to be flushed, not whole databases.
func (f *flushFlags) byTable() bool { return len(f.tables)+len(f.queries)+len(f.rules) > 0 }

func (f *flushFlags) run(cmd *cobra.Command) error {
	ways := 0
	for _, chosen := range []bool{f.all, len(f.namespaces) != 0, f.byTable()} {
		if chosen {
			ways++
		}
	}
	switch {
	case ways == 0:
		return errors.New("give --all, --namespace, --table, --query or --rule")
	case ways > 1:
		return errors.New("--all, --namespace and the others exclude each other")
	case f.byTable() && f.live.dsn == "":
		return errors.New("--table, --query and --rule need --dsn: what a table's results depend on is in its catalog")
	}
	return f.with(cmd, func(ctx context.Context, s *redisstore.Store) error {
		done, err := f.flush(ctx, s)
		if err != nil {
			return err
		}
		t := tableOf(slices.Concat(done.Namespaces, done.Tables), map[bool]string{false: "FLUSHED", true: "WOULD-FLUSH"}[f.dryRun], func(name *string) []any { return []any{*name} })
		t.value = done
		return f.print(cmd, t)
	})
}

func (f *flushFlags) flush(ctx context.Context, s *redisstore.Store) (*flushed, error) {
	fleet, err := s.Inspector().Fleet(ctx)
	if err != nil {
		return nil, err
	}
	done := &flushed{DryRun: f.dryRun}
	if f.byTable() {
		if done.Tables, err = f.chooseTables(fleet); err != nil {
			return nil, err
		}
		return done, f.flushTables(ctx, done.Tables)
	}
	if done.Namespaces, err = choose(fleet, f.namespaces); err != nil || f.dryRun {
		return done, err
	}
	for _, name := range done.Namespaces {
		if err := flushAll(ctx, s, name); err != nil {
			return nil, err
		}
	}
	return done, nil
}

// choose returns the namespaces asked for, or all. One that nobody reports is
// likely a slip.
func choose(fleet *redisstore.Fleet, asked []string) ([]string, error) {
	known := fleet.Namespaces()
	if len(asked) == 0 {
		if len(known) == 0 {
			return nil, errors.New("no process reports to this Redis")
		}
		return known, nil
	}
	for _, name := range asked {
		if !slices.Contains(known, name) {
			return nil, fmt.Errorf("no process reports namespace %q", name)
		}
	}
	return asked, nil
}

// chooseTables returns the tables named, and those of the queries and rules
// named, as the processes report them.
func (f *flushFlags) chooseTables(fleet *redisstore.Fleet) ([]string, error) {
	tables := slices.Clone(f.tables)
	for _, id := range f.queries {
		of := tablesOf(fleet, func(q *cachedsql.QueryStats) bool { return q.QueryID == id })
		if len(of) == 0 {
			return nil, fmt.Errorf("query %s: %w", id, errNotReported)
		}
		tables = append(tables, of...)
	}
	for _, name := range f.rules {
		of := tablesOf(fleet, func(q *cachedsql.QueryStats) bool { return q.Rule == name })
		if len(of) == 0 {
			return nil, fmt.Errorf("no process reports a query under rule %q", name)
		}
		tables = append(tables, of...)
	}
	slices.Sort(tables)
	return slices.Compact(tables), nil
}

func tablesOf(fleet *redisstore.Fleet, is func(*cachedsql.QueryStats) bool) []string {
	var tables []string
	for i := range fleet.Queries {
		if is(&fleet.Queries[i]) {
			tables = append(tables, fleet.Queries[i].Tables...)
		}
	}
	return tables
}

// flushTables does what Cache.Invalidate does in a program, if that is not only
// to be said. Where the DSN names a Redis of its own, that is the one.
func (f *flushFlags) flushTables(ctx context.Context, tables []string) error {
	dialect, err := f.live.chosenDialect()
	if err != nil {
		return err
	}
	live, err := openLive(ctx, dialect, withSetting(dialect, f.live.dsn, "cache_redis", f.url()), "")
	if err != nil {
		return err
	}
	defer live.close()
	for _, name := range f.tables {
		if err := live.knows(name); err != nil {
			return err
		}
	}
	if f.dryRun {
		return nil
	}
	return live.cache.Invalidate(ctx, tables...)
}

func flushAll(ctx context.Context, s *redisstore.Store, namespace string) error {
	var writer cachedsql.WriterID
	_, _ = rand.Read(writer[:])
	sp := s.Space(namespace)
	_, err := sp.End(ctx, writer, sp.Tags([]string{cachedsql.WildcardTag, cachedsql.SchemaTag}))
	return err
}
