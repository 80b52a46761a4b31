package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/cachedsql/cachedsql"
)

const explainHelp = `Show what a statement reads and writes, whether its result can be cached, and if not, why.

With an argument, that is the statement. Without one, statements come as JSON lines on standard input,
  {"dialect":"postgres","sql":"SELECT 1"}
and each line is answered by one JSON line. A line that is not such an object is answered by one with "error".
Without "dialect" a line is in the one that --dialect names.

With --dsn the database is asked for its catalog (views, triggers, keys, functions) and the rule that selects
the statement is shown. The statement is never run.`

// explainer answers for one statement.
type explainer func(d cachedsql.Dialect, text string) (cachedsql.Explanation, error)

type explainFlags struct {
	dialect, dsn, rules string
	json                bool
}

func newExplain() *cobra.Command {
	var f explainFlags
	cmd := &cobra.Command{
		Use:   "explain [statement]",
		Short: "Show what a statement reads and writes, and why it is not cached",
		Long:  explainHelp,
		Example: `  cachedsql explain "SELECT name FROM products WHERE id = 1"
  cachedsql explain --dsn "$DATABASE_URL" --rules rules.yaml "SELECT name FROM products WHERE id = 1"
  jq -c '{sql: .query}' slow.json | cachedsql explain --dialect mysql`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, args) },
	}
	f.register(cmd)
	cmd.Flags().BoolVar(&f.json, "json", false, "print JSON instead of a table")
	return cmd
}

func (f *explainFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.dialect, "dialect", "", "postgres, mysql or sqlite (default postgres, or what --dsn shows)")
	flags.StringVar(&f.dsn, "dsn", "", "data source name as for cachedpg or cachedmysql: use the live catalog")
	flags.StringVar(&f.rules, "rules", "", "rule file; only with --dsn, where it wins over cache_rules")
	_ = cmd.RegisterFlagCompletionFunc("dialect", cobra.FixedCompletions(dialectNames, cobra.ShellCompDirectiveNoFileComp))
	_ = cmd.MarkFlagFilename("rules", "yaml", "yml", "json")
}

// explainer returns what answers by the text alone, or with the live catalog
// where a DSN is given. close must be called in the end.
func (f *explainFlags) explainer(cmd *cobra.Command) (_ cachedsql.Dialect, _ explainer, closeDB func(), err error) {
	if f.rules != "" && f.dsn == "" {
		return 0, nil, nil, fmt.Errorf("--rules needs --dsn: which rule selects a statement can depend on the database")
	}
	dialect, err := f.chosenDialect()
	if err != nil || f.dsn == "" {
		return dialect, textOnly, func() {}, err
	}
	live, err := openLive(cmd.Context(), dialect, f.dsn, f.rules)
	if err != nil {
		return 0, nil, nil, &faultError{err}
	}
	return dialect, live.explain, live.close, nil
}

// explain answers for one statement.
func (f *explainFlags) explain(cmd *cobra.Command, text string) (cachedsql.Explanation, error) {
	dialect, explain, closeDB, err := f.explainer(cmd)
	if err != nil {
		return cachedsql.Explanation{}, err
	}
	defer closeDB()
	e, err := explain(dialect, text)
	if err != nil {
		return e, &faultError{err}
	}
	return e, nil
}

func (f *explainFlags) run(cmd *cobra.Command, args []string) error {
	if len(args) != 0 {
		return f.one(cmd, args[0])
	}
	dialect, explain, closeDB, err := f.explainer(cmd)
	if err != nil {
		return err
	}
	defer closeDB()
	if err := explainLines(cmd.InOrStdin(), cmd.OutOrStdout(), dialect, explain); err != nil {
		return &faultError{fmt.Errorf("cachedsql: %w", err)}
	}
	return nil
}

func (f *explainFlags) one(cmd *cobra.Command, text string) error {
	e, err := f.explain(cmd, text)
	if err != nil {
		return err
	}
	if f.json {
		return printJSON(cmd, answer{Explanation: &e})
	}
	return printExplanation(cmd.OutOrStdout(), &e)
}

func textOnly(d cachedsql.Dialect, text string) (cachedsql.Explanation, error) {
	return cachedsql.Explain(d, text), nil
}

// printExplanation prints it for a person.
func printExplanation(out io.Writer, e *cachedsql.Explanation) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	line := func(name, value string) {
		if value != "" {
			fmt.Fprintf(w, "%s\t%s\n", name, value)
		}
	}
	line("kind", e.Kind)
	line("reads", strings.Join(e.Reads, ", "))
	line("writes", strings.Join(e.Writes, ", "))
	line("cacheable", verdict(e))
	line("rule", e.Rule)
	line("query ID", e.QueryID)
	line("dimensions", strings.Join(e.Dimensions, ", "))
	line("tags", strings.Join(e.Tags, "\n\t"))
	line("hint", e.Hint)
	return w.Flush()
}

func verdict(e *cachedsql.Explanation) string {
	why := e.Reason.String()
	if e.Detail != "" {
		why += " (" + e.Detail + ")"
	}
	switch {
	case !e.Cacheable:
		return "no: " + why
	case why != "":
		return "yes, but not cached: " + why
	}
	return "yes"
}
