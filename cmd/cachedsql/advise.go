package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/redisstore"
)

const adviseHelp = `Rank the changes of the rules that the traffic speaks for, those first that save most.

  cache  a query that no rule selects, and that hits would be faster for; the rule that is proposed is in shadow mode
  serve  a query of a rule in shadow mode, whose comparisons found nothing wrong: it could be served
  stop   a cached query that costs more than it saves

It looks at what the processes that follow the set have reported since they began, or at all processes where none follows it. For
queries that are not cached, they keep a sample of arguments and versions of tables, and no rows. A query needs at least 20
executions.

With --rules it prints the text of the set's rules with these changes made, to be previewed, edited and applied.

It exits with 0 if there is something to advise or not, and with 1 if Redis does not tell.` + redisHelp

func newAdvise() *cobra.Command {
	var f rulesFlags
	var limit int
	var asRules bool
	cmd := &cobra.Command{
		Use:   "advise",
		Short: "Rank the queries by what caching them would save, with a rule for each",
		Long:  adviseHelp,
		Example: `  cachedsql advise
  cachedsql advise -n 3 --rules > rules.yaml
  cachedsql advise --rules | cachedsql rules preview -`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return f.with(cmd, func(ctx context.Context, _ *redisstore.Inspector, set *redisstore.RuleSet) error {
				all, err := set.Advise(ctx)
				if err != nil {
					return err
				}
				shown := all
				if limit > 0 {
					shown = all[:min(limit, len(all))]
				}
				switch {
				case asRules:
					return printAdvised(ctx, cmd, set, shown)
				case f.json:
					return printJSON(cmd, shown)
				}
				return printAdvice(cmd.OutOrStdout(), shown, len(all)-len(shown))
			})
		},
	}
	f.register(cmd)
	cmd.Flags().IntVarP(&limit, "limit", "n", 10, "how many, 0 for all")
	cmd.Flags().BoolVar(&asRules, "rules", false, "print the set's rules with the changes made")
	notNegative(cmd, &limit)
	cmd.MarkFlagsMutuallyExclusive("rules", "json")
	return cmd
}

// printAdvised prints the rules with all changes made that can be.
func printAdvised(ctx context.Context, cmd *cobra.Command, set *redisstore.RuleSet, advice []cachedsql.Advice) error {
	current, err := set.Current(ctx)
	if err != nil {
		return err
	}
	text := current.Text
	for i := len(advice) - 1; i >= 0; i-- { // each is put in front
		changed, err := advice[i].ApplyTo(text)
		if err != nil {
			return err
		}
		text = changed
	}
	_, err = io.WriteString(cmd.OutOrStdout(), text)
	return err
}

func printAdvice(out io.Writer, shown []cachedsql.Advice, more int) error {
	p := newPalette(out)
	var b strings.Builder
	for i := range shown {
		writeAdvice(&b, p, &shown[i])
	}
	switch {
	case len(shown) == 0:
		b.WriteString("Nothing to change: no query is known that would be better off in another way.\n")
	case more > 0:
		fmt.Fprintf(&b, "%d more, see --limit.\n", more)
	}
	_, err := io.WriteString(out, b.String())
	return err
}

func writeAdvice(b *strings.Builder, p palette, a *cachedsql.Advice) {
	colour := map[string]func(string) string{cachedsql.AdviseCache: p.good, cachedsql.AdviseServe: p.good, cachedsql.AdviseStop: p.warn}[a.Kind]
	q := &a.Preview
	fmt.Fprintf(b, "%s  %s  saves %s an hour; the database %s\n", colour(fmt.Sprintf("%-5s", a.Kind)), q.QueryID, secondsText(q.SavedPerHour), databaseWork(q.DatabaseSavedPerHour))
	fmt.Fprintf(b, "       %s%s\n", named(q.Name), oneLine(q.Statement, shownStatement))
	fmt.Fprintf(b, "       %.0f executions an hour, %s of the database's time; %s\n", q.PerHour, share(q.DatabaseShare), a.Why)
	if a.Rule == "" {
		fmt.Fprintf(b, "     %s\n", p.faint("  - name: "+q.Rule))
	}
	for line := range strings.Lines(a.Rule) {
		fmt.Fprintf(b, "     %s\n", p.faint(strings.TrimSuffix(line, "\n")))
	}
	b.WriteString("\n")
}

func named(name string) string {
	if name == "" {
		return ""
	}
	return oneLine(name, 40) + ": "
}

// databaseWork says by how much the database's work changes in an hour.
func databaseWork(saved time.Duration) string {
	switch text := secondsText(saved.Abs()); {
	case text == secondsText(0):
		return "works as much"
	case saved < 0:
		return "works " + text + " more"
	default:
		return "works " + text + " less"
	}
}

// secondsText writes a time in seconds, for people who compare them.
func secondsText(d time.Duration) string {
	switch s := d.Seconds(); {
	case s >= 100 || s <= -100:
		return fmt.Sprintf("%.0f s", s)
	default:
		return fmt.Sprintf("%.1f s", s)
	}
}

func share(of float64) string { return fmt.Sprintf("%.1f%%", 100*of) }
