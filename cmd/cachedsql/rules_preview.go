package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/redisstore"
)

const previewHelp = `Estimate what the rules of a file ("-": standard input), or of a draft, would do to the traffic there is: which queries they would
cache, what share of the database's time that is, how often an answer would be a hit, and how much time it would save in an hour. That
may be negative: asking Redis costs time, too.

"draft" stands for the draft of --by that the web page keeps; where --by is not given, for yours or for the only one.

The traffic is what the processes that follow the set have reported since they began, or all where none follows it. All figures
compare with how it is now.

  SAVED/H      how much less callers would wait in an hour
  DATABASE/H   how much less the database would work
  SHARE        the query's share of what the database would be busy with if there were no cache
  RATIO        the hit ratio to expect; "?" where there are too few samples, and then nothing counts as saved

It exits with 0, or with 1 if the rules have mistakes, there is no such draft, or Redis does not tell.` + redisHelp

const draftWord = "draft"

func newRulesPreview() *cobra.Command {
	var f rulesFlags
	var by string
	var limit int
	cmd := &cobra.Command{
		Use:   "preview FILE|draft",
		Short: "Estimate what rules would cache and save, before they are in force",
		Long:  previewHelp,
		Example: `  cachedsql rules preview rules.yaml
  cachedsql rules preview draft --by ann
  cachedsql advise --rules | cachedsql rules preview -`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: completeFileOrDraft,
		RunE: func(cmd *cobra.Command, args []string) error {
			return f.with(cmd, func(ctx context.Context, _ *redisstore.Inspector, set *redisstore.RuleSet) error {
				text, err := fileOrDraft(ctx, cmd, set, args[0], by)
				if err != nil {
					return err
				}
				p, err := set.Preview(ctx, text)
				if err != nil {
					return err
				}
				if f.json {
					return printJSON(cmd, p)
				}
				return printPreview(cmd.OutOrStdout(), p, limit)
			})
		},
	}
	f.register(cmd)
	cmd.Flags().StringVar(&by, "by", "", "whose draft")
	cmd.Flags().IntVarP(&limit, "limit", "n", 20, "how many queries are listed, 0 for all; all count")
	notNegative(cmd, &limit)
	return cmd
}

func completeFileOrDraft(cmd *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
	if len(args) == 0 && begun != "" && strings.HasPrefix(draftWord, begun) {
		return []string{draftWord}, cobra.ShellCompDirectiveDefault
	}
	return completeRuleFile(cmd, args, begun)
}

// fileOrDraft returns the text that the argument names.
func fileOrDraft(ctx context.Context, cmd *cobra.Command, set *redisstore.RuleSet, arg, by string) (string, error) {
	if arg != draftWord {
		return readFile(cmd, arg)
	}
	drafts, err := set.Drafts(ctx)
	if err != nil {
		return "", err
	}
	whose, names := by, []string{}
	if whose == "" {
		whose = author()
	}
	for _, d := range drafts {
		if d.By == whose {
			return d.Text, nil
		}
		names = append(names, d.By)
	}
	switch {
	case len(drafts) == 1 && by == "":
		fmt.Fprintf(cmd.ErrOrStderr(), "the draft of %q\n", drafts[0].By)
		return drafts[0].Text, nil
	case len(drafts) == 0:
		return "", errors.New("cachedsql: there is no draft")
	}
	return "", fmt.Errorf("cachedsql: %q has no draft; these have: %s", whose, strings.Join(quoted(names), ", "))
}

func printPreview(out io.Writer, p *cachedsql.RulesPreview, limit int) error {
	var b strings.Builder
	pal := newPalette(out)
	fmt.Fprintf(&b, "These rules would cache %s, %s of the database's time.\n", count(p.Selected, "query", "queries"), share(p.DatabaseShare))
	if p.Unknown > 0 {
		fmt.Fprintf(&b, "Of %d it is not known how often they would be hits: too few samples. They do not count as saving anything.\n", p.Unknown)
	}
	b.WriteString("\n")
	if p.Selected > p.Unknown {
		fmt.Fprintf(&b, "  hit ratio  %.0f%% to expect\n", 100*p.HitRatio)
	}
	fmt.Fprintf(&b, "  database   %s an hour\n", pal.signed(p.DatabaseSavedPerHour, databaseWork(p.DatabaseSavedPerHour)))
	wait := fmt.Sprintf("wait %s less", secondsText(p.SavedPerHour))
	if p.SavedPerHour < 0 {
		wait = fmt.Sprintf("wait %s more", secondsText(-p.SavedPerHour))
	}
	fmt.Fprintf(&b, "  callers    %s an hour\n", pal.signed(p.SavedPerHour, wait))
	if err := previewTable(&b, p, limit); err != nil {
		return err
	}
	_, err := io.WriteString(out, b.String())
	return err
}

// signed colours a text by whether something is saved.
func (p palette) signed(saved time.Duration, text string) string {
	switch {
	case saved < 0:
		return p.bad(text)
	case saved > 0:
		return p.good(text)
	}
	return text
}

func previewTable(b *strings.Builder, p *cachedsql.RulesPreview, limit int) error {
	if len(p.Queries) == 0 {
		return nil
	}
	shown, assumed := p.Queries, false
	if limit > 0 {
		shown = shown[:min(limit, len(shown))]
	}
	b.WriteString("\n")
	w := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, strings.ReplaceAll("QUERY SAVED/H DATABASE/H SHARE CALLS/H RATIO NOW RULE TTL STATEMENT", " ", "\t"))
	for i := range shown {
		q := &shown[i]
		ratio, ttl, rule := "?", "-", orDash(q.Rule)
		if q.Known {
			ratio = fmt.Sprintf("%.0f%%", 100*q.HitRatio)
		}
		if q.TTL > 0 {
			ttl = ttlText(q.TTL)
		}
		if q.Shadow {
			rule += " (shadow)"
		}
		if q.Assumed {
			rule, assumed = rule+"*", true
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%.0f\t%s\t%s\t%s\t%s\t%s\n", q.QueryID, secondsText(q.SavedPerHour), secondsText(q.DatabaseSavedPerHour), share(q.DatabaseShare),
			q.PerHour, ratio, orDash(q.RuleNow), rule, ttl, oneLine(q.Statement, shownStatement))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if assumed {
		b.WriteString("\n* if its database, its user and the end of its long text are as the rule wants them, which the figures do not tell\n")
	}
	if more := len(p.Queries) - len(shown); more > 0 {
		fmt.Fprintf(b, "\n%d more, see --limit.\n", more)
	}
	return nil
}

// ttlText leaves out the units that are zero.
func ttlText(d time.Duration) string {
	text := d.String()
	for _, zero := range []string{"m0s", "h0m"} {
		if strings.HasSuffix(text, zero) {
			text = text[:len(text)-2]
		}
	}
	return text
}
