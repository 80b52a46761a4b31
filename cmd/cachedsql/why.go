package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/docs"
	"github.com/cachedsql/cachedsql/redisstore"
)

const whyHelp = `Say why a query is or is not answered from the cache, and what to do about it.

The query is given by its ID, as "queries" and "top" show it, or by its text. By its ID, the figures that all processes
report are what it is judged by. By its text, so is what the text says, and with --dsn what the database's catalog and
the rules say; the figures are added if a Redis is named.` + redisHelp

// whyAnswer is what is known of one query.
type whyAnswer struct {
	QueryID     string                 `json:"query_id"`
	Explanation *cachedsql.Explanation `json:"explanation,omitempty"`
	Figures     *cachedsql.QueryStats  `json:"figures,omitempty"`
	Reasons     []whyReason            `json:"reasons"`
}

// whyReason is one reason with what the documentation says of it.
type whyReason struct {
	Reason  string `json:"reason"`
	Count   int64  `json:"count,omitempty"`
	Stored  bool   `json:"not_stored,omitempty"` // it kept a miss from being stored
	Meaning string `json:"meaning"`
	Remedy  string `json:"remedy"`
}

func newWhy() *cobra.Command {
	var f fleetFlags
	var e explainFlags
	cmd := &cobra.Command{
		Use:   "why <statement or query ID>",
		Short: "Say why a query is not cached, and what to do about it",
		Long:  whyHelp,
		Example: `  cachedsql why 3f2a90c1d47be865
  cachedsql why "SELECT * FROM orders WHERE day = CURRENT_DATE"
  cachedsql why --dsn "$DATABASE_URL" --rules rules.yaml "SELECT name FROM products WHERE id = 1"`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return why(cmd, &f, &e, args[0]) },
	}
	f.register(cmd)
	e.register(cmd)
	return cmd
}

var queryIDs = regexp.MustCompile(`^[0-9a-f]{16}$`)

func why(cmd *cobra.Command, f *fleetFlags, e *explainFlags, query string) error {
	answer := whyAnswer{QueryID: query, Reasons: []whyReason{}}
	if !queryIDs.MatchString(query) {
		explanation, err := e.explain(cmd, query)
		if err != nil {
			return err
		}
		answer.Explanation, answer.QueryID = &explanation, explanation.QueryID
	}
	if answer.Explanation == nil || f.named() {
		err := f.with(cmd, func(ctx context.Context, s *redisstore.Store) (err error) {
			answer.Figures, err = figuresOf(ctx, s, answer.QueryID)
			return err
		})
		if err != nil && (answer.Explanation == nil || !errors.Is(err, errNotReported)) {
			return err
		}
	}
	answer.judge()
	if f.json {
		return printJSON(cmd, answer)
	}
	return answer.print(cmd.OutOrStdout())
}

var errNotReported = errors.New("no process reports it: it has not been run lately, or it is among those added up as \"other\"")

func figuresOf(ctx context.Context, s *redisstore.Store, id string) (*cachedsql.QueryStats, error) {
	all, err := s.Inspector().Queries(ctx)
	if err != nil {
		return nil, err
	}
	if i := slices.IndexFunc(all, func(q cachedsql.QueryStats) bool { return q.QueryID == id }); i >= 0 {
		return &all[i], nil
	}
	return nil, fmt.Errorf("query %s: %w", id, errNotReported)
}

// judge collects the reasons, the most frequent first.
func (a *whyAnswer) judge() {
	if q := a.Figures; q != nil {
		a.add(q.BypassesByReason, false)
		a.add(q.NotFilledByReason, true)
	}
	slices.SortFunc(a.Reasons, func(x, y whyReason) int {
		return cmp.Or(cmp.Compare(y.Count, x.Count), cmp.Compare(x.Reason, y.Reason))
	})
	if a.Explanation == nil {
		return
	}
	word := a.Explanation.Reason.String()
	if word != "" && !slices.ContainsFunc(a.Reasons, func(r whyReason) bool { return r.Reason == word }) {
		a.Reasons = append(a.Reasons, reasonFor(word, 0, false))
	}
}

func (a *whyAnswer) add(counts map[string]int64, notStored bool) {
	for word, n := range counts {
		a.Reasons = append(a.Reasons, reasonFor(word, n, notStored))
	}
}

func reasonFor(word string, n int64, notStored bool) whyReason {
	said := docs.ReasonOf(word)
	return whyReason{Reason: word, Count: n, Stored: notStored, Meaning: said.Meaning, Remedy: said.Remedy}
}

func (a *whyAnswer) print(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	line := func(name string, value any) { fmt.Fprintf(w, "%s\t%v\n", name, value) }
	line("query ID", a.QueryID)
	if e := a.Explanation; e != nil {
		line("cacheable", verdict(e))
		if e.Rule != "" {
			line("rule", e.Rule)
		}
	}
	if q := a.Figures; q != nil {
		line("statement", oneLine(q.Statement, shownStatement))
		if rule := a.ruleInPrograms(); rule != "" {
			line("rule", rule)
		}
		line("calls", fmt.Sprintf("%d, last %s ago", q.Calls, ago(q.LastSeen)))
		line("from the cache", fmt.Sprintf("%d of %d lookups (%s)", q.Answered(), q.Answered()+q.Misses, ratio(q)))
		line("database", meanTime(q.DatabaseTime)+" on average; a hit takes "+meanTime(q.HitTime))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return a.printReasons(out)
}

// ruleInPrograms says which rule programs report for the query, unless the rules
// that are known here have said so already.
func (a *whyAnswer) ruleInPrograms() string {
	switch rule := a.Figures.Rule; {
	case a.Explanation == nil:
		return orDash(rule)
	case rule == "" || a.Explanation.Rule != "":
		return ""
	default:
		return rule + ", in programs: their rules, or the name in a leading comment, differ from what was given here"
	}
}

func (a *whyAnswer) printReasons(out io.Writer) error {
	for _, r := range a.Reasons {
		times := ""
		switch {
		case r.Count > 0 && r.Stored:
			times = fmt.Sprintf(", %d results not stored", r.Count)
		case r.Count > 0:
			times = fmt.Sprintf(", %d of %d calls", r.Count, a.Figures.Calls)
		}
		if _, err := fmt.Fprintf(out, "\n%s%s\n  %s\n  To do: %s\n", r.Reason, times, r.Meaning, r.Remedy); err != nil {
			return err
		}
	}
	if len(a.Reasons) == 0 {
		_, err := fmt.Fprintln(out, "\nNothing stands in the way.")
		return err
	}
	return nil
}
