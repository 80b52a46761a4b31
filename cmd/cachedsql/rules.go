package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/user"
	"time"

	"github.com/spf13/cobra"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/redisstore"
)

func newRules() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "rules",
		Short: "Check rule files; see and change the rules that processes follow in Redis",
		Long: `Check rule files, and see and change the rules that processes follow in Redis.

A rule set in Redis has a name and numbered versions. Processes that follow it take a new version within moments, or refuse it and say
why. docs/rules.md says how a program follows one.` + redisHelp,
	}
	cmd.AddCommand(newRulesApply(), newRulesCheck(), newRulesDiff(), newRulesFigures(), newRulesHistory(), newRulesList(), newRulesPreview(), newRulesRollback(), newRulesShow(), newRulesStatus())
	return cmd
}

// rulesFlags are those of every command about a rule set.
type rulesFlags struct {
	fleetFlags
	set string
}

func (f *rulesFlags) register(cmd *cobra.Command) {
	f.fleetFlags.register(cmd)
	cmd.Flags().StringVar(&f.set, "set", cachedsql.DefaultRuleSet, "the rule set's name")
}

// with calls do with the rule set that the flags name.
func (f *rulesFlags) with(cmd *cobra.Command, do func(context.Context, *redisstore.Inspector, *redisstore.RuleSet) error) error {
	if err := cachedsql.ValidRuleSet(f.set); err != nil {
		return err
	}
	return f.fleetFlags.with(cmd, func(ctx context.Context, s *redisstore.Store) error {
		return do(ctx, s.Inspector(), s.Inspector().RuleSet(f.set))
	})
}

// list makes a command print what read returns.
func (f *rulesFlags) list(cmd *cobra.Command, read func(context.Context, *redisstore.Inspector, *redisstore.RuleSet) (*table, error)) {
	cmd.Args = cobra.NoArgs
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return f.with(cmd, func(ctx context.Context, i *redisstore.Inspector, set *redisstore.RuleSet) error {
			t, err := read(ctx, i, set)
			if err != nil {
				return err
			}
			return f.print(cmd, t)
		})
	}
}

// ruleSet is a line of the list of rule sets.
type ruleSet struct {
	Set       string `json:"set"`
	Followers int    `json:"followers"`
}

func newRulesList() *cobra.Command {
	var f fleetFlags
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List the rule sets in Redis, and how many processes follow each",
		Long:    "List the rule sets in Redis, and how many processes follow each." + redisHelp,
		Example: `  cachedsql rules list`,
	}
	f.register(cmd)
	f.list(cmd, func(ctx context.Context, s *redisstore.Store) (*table, error) {
		names, err := s.Inspector().RuleSets(ctx)
		if err != nil {
			return nil, err
		}
		fleet, err := s.Inspector().Fleet(ctx)
		if err != nil {
			return nil, err
		}
		all := []ruleSet{}
		for _, name := range names {
			all = append(all, ruleSet{name, len(fleet.Followers(name))})
		}
		return tableOf(all, "SET FOLLOWERS", func(s *ruleSet) []any { return []any{s.Set, s.Followers} }), nil
	})
	return cmd
}

func newRulesShow() *cobra.Command {
	var f rulesFlags
	var number int64
	cmd := &cobra.Command{
		Use:   "show",
		Short: "Print the rules of a set, as they are in force or were",
		Long:  "Print the text of a set's rules, as they are in force or were, with its comments." + redisHelp,
		Example: `  cachedsql rules show > rules.yaml
  cachedsql rules show --version 6`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return f.with(cmd, func(ctx context.Context, _ *redisstore.Inspector, set *redisstore.RuleSet) error {
				v, err := version(ctx, set, number)
				if err != nil {
					return err
				}
				if f.json {
					return printJSON(cmd, v)
				}
				_, err = io.WriteString(cmd.OutOrStdout(), v.Text)
				return err
			})
		},
	}
	f.register(cmd)
	cmd.Flags().Int64Var(&number, "version", 0, "the number of a version, 0 for the one in force")
	return cmd
}

// version returns a version of a set, the one in force for 0.
func version(ctx context.Context, set *redisstore.RuleSet, number int64) (*cachedsql.RulesVersion, error) {
	if number != 0 {
		return set.Version(ctx, number)
	}
	v, err := set.Current(ctx)
	if err == nil && v.Revision == "" {
		return nil, fmt.Errorf("cachedsql: rule set %q has no version yet", set.Name())
	}
	return v, err
}

func newRulesHistory() *cobra.Command {
	var f rulesFlags
	cmd := &cobra.Command{
		Use:   "history",
		Short: "List the versions of a set, the newest first",
		Long:  `List the versions of a set that are kept, the newest first: the last 50. A roll back is a version of its own.` + redisHelp,
		Example: `  cachedsql rules history
  cachedsql rules show --version 6`,
	}
	f.register(cmd)
	f.list(cmd, func(ctx context.Context, _ *redisstore.Inspector, set *redisstore.RuleSet) (*table, error) {
		all, err := set.History(ctx)
		return tableOf(all, "VERSION REVISION AT BY COMMENT", versionRow), err
	})
	return cmd
}

func versionRow(v *cachedsql.RulesVersion) []any {
	comment := v.Comment
	if v.RolledBackTo != 0 {
		comment = fmt.Sprintf("(that of version %d) %s", v.RolledBackTo, comment)
	}
	return []any{v.Number, v.Revision, v.At.Local().Format(time.DateTime), v.By, oneLine(comment, shownStatement)}
}

func newRulesDiff() *cobra.Command {
	var f rulesFlags
	var number int64
	cmd := &cobra.Command{
		Use:   "diff FILE",
		Short: "Show what a file would change, as a unified diff",
		Long: `Show what a file ("-": standard input) would change in the rules of a set, as a unified diff.

It exits with 0 if there is no difference, and with 1 if there is one.` + redisHelp,
		Example: `  cachedsql rules diff rules.yaml
  cachedsql rules diff --version 6 rules.yaml`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: completeRuleFile,
		RunE: func(cmd *cobra.Command, args []string) error {
			return f.with(cmd, func(ctx context.Context, _ *redisstore.Inspector, set *redisstore.RuleSet) error {
				text, err := readFile(cmd, args[0])
				if err != nil {
					return err
				}
				from, err := set.Current(ctx)
				if number != 0 {
					from, err = set.Version(ctx, number)
				}
				if err != nil {
					return err
				}
				diff := cachedsql.DiffRules(versionName(from), from.Text, args[0], text)
				if f.json {
					if err := printJSON(cmd, map[string]string{"base": from.Revision, "diff": diff}); err != nil {
						return err
					}
				} else if _, err := io.WriteString(cmd.OutOrStdout(), diff); err != nil {
					return err
				}
				if diff != "" {
					return &faultError{}
				}
				return nil
			})
		},
	}
	f.register(cmd)
	cmd.Flags().Int64Var(&number, "version", 0, "compare with this version, 0 for the one in force")
	return cmd
}

func versionName(v *cachedsql.RulesVersion) string {
	if v.Revision == "" {
		return "nothing"
	}
	return "version " + v.Revision
}

// readFile reads a file, or standard input for "-".
func readFile(cmd *cobra.Command, path string) (string, error) {
	if path == "-" {
		text, err := io.ReadAll(cmd.InOrStdin())
		return string(text), err
	}
	text, err := os.ReadFile(path)
	return string(text), err
}

// author is who changes rules where --by does not say.
func author() string {
	name := cmp.Or(os.Getenv("USER"), os.Getenv("LOGNAME"))
	if u, err := user.Current(); name == "" && err == nil {
		name = u.Username
	}
	host, err := os.Hostname()
	if err != nil {
		return name
	}
	return name + "@" + host
}

// explainConflict says what somebody else has changed in the meantime.
func explainConflict(cmd *cobra.Command, err error, baseText string) error {
	conflict := (*redisstore.RulesConflictError)(nil)
	if !errors.As(err, &conflict) {
		return err
	}
	diff := cachedsql.DiffRules("what the change was made to", baseText, versionName(&conflict.Current), conflict.Current.Text)
	fmt.Fprint(cmd.ErrOrStderr(), diff)
	return fmt.Errorf("%w; see what it changed above, and begin again from there", err)
}
