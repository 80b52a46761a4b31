package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/redisstore"
)

// changeFlags are those of the commands that put another version in force.
type changeFlags struct {
	rulesFlags
	base, by, comment string
	dryRun            bool
	wait              time.Duration
}

func (f *changeFlags) register(cmd *cobra.Command) {
	f.rulesFlags.register(cmd)
	flags := cmd.Flags()
	flags.StringVar(&f.base, "base", "", "the revision that the change was made to (default the one in force now); another in force is refused")
	flags.StringVar(&f.by, "by", "", "who changes it (default the user and host)")
	flags.StringVarP(&f.comment, "comment", "m", "", "why")
	flags.BoolVar(&f.dryRun, "dry-run", false, "only show what would change")
	flags.DurationVar(&f.wait, "wait", 15*time.Second, "how long to wait for the processes to take it")
}

const applyHelp = `Put the rules of a file ("-": standard input) in force for the processes that follow the set.

The file is checked first, and what it changes is shown. Then it becomes the set's next version, unless somebody has changed the set since
--base. At last it waits until each process has taken the new version, or says why it does not.

It exits with 1 if the file has mistakes, somebody else was faster, or a process refuses the rules or does not take them in time.` + redisHelp

func newRulesApply() *cobra.Command {
	var f changeFlags
	cmd := &cobra.Command{
		Use:   "apply FILE",
		Short: "Put a file's rules in force for the processes that follow a set",
		Long:  applyHelp,
		Example: `  cachedsql rules apply rules.yaml -m "cache products for 5 minutes"
  cachedsql rules apply rules.yaml --dry-run`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: completeRuleFile,
		RunE: func(cmd *cobra.Command, args []string) error {
			return f.with(cmd, func(ctx context.Context, i *redisstore.Inspector, set *redisstore.RuleSet) error {
				text, err := readFile(cmd, args[0])
				if err != nil {
					return err
				}
				if _, err := cachedsql.ParseRules(args[0], []byte(text)); err != nil {
					return err
				}
				base, err := f.baseOf(ctx, set)
				if err != nil {
					return err
				}
				put := func() (*cachedsql.RulesVersion, error) {
					return set.Commit(ctx, redisstore.RulesCommit{Base: base.Revision, Text: text, By: f.author(), Comment: f.comment})
				}
				return f.change(cmd, i, set, base, args[0], text, put)
			})
		},
	}
	f.register(cmd)
	return cmd
}

func newRulesRollback() *cobra.Command {
	var f changeFlags
	cmd := &cobra.Command{
		Use:   "rollback VERSION",
		Short: "Put the rules of an earlier version in force again",
		Long: `Put the rules of an earlier version in force again, as a new version. "rules history" lists what there is.

It exits with 1 as "rules apply" does.` + redisHelp,
		Example: `  cachedsql rules rollback 6 -m "the new rules cached too little"`,
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			to, err := strconv.ParseInt(args[0], 10, 64)
			if err != nil || to < 1 {
				return fmt.Errorf("%q is not the number of a version", args[0])
			}
			return f.with(cmd, func(ctx context.Context, i *redisstore.Inspector, set *redisstore.RuleSet) error {
				old, err := set.Version(ctx, to)
				if err != nil {
					return err
				}
				base, err := f.baseOf(ctx, set)
				if err != nil {
					return err
				}
				put := func() (*cachedsql.RulesVersion, error) {
					return set.Rollback(ctx, base.Revision, to, f.author(), f.comment)
				}
				return f.change(cmd, i, set, base, "version "+old.Revision, old.Text, put)
			})
		},
	}
	f.register(cmd)
	return cmd
}

func (f *changeFlags) author() string {
	if f.by != "" {
		return f.by
	}
	return author()
}

// baseOf returns the version that the change is made to.
func (f *changeFlags) baseOf(ctx context.Context, set *redisstore.RuleSet) (*cachedsql.RulesVersion, error) {
	if f.base == "" {
		return set.Current(ctx)
	}
	number, ok := cachedsql.RulesNumber(f.base)
	if !ok {
		return nil, fmt.Errorf("%q is not a revision, which \"rules history\" shows", f.base)
	}
	v, err := set.Version(ctx, number)
	if err == nil && v.Revision != f.base {
		return nil, fmt.Errorf("version %d is %s, not %s", number, v.Revision, f.base)
	}
	return v, err
}

// change shows what changes, does it, and waits for the processes.
func (f *changeFlags) change(cmd *cobra.Command, i *redisstore.Inspector, set *redisstore.RuleSet, base *cachedsql.RulesVersion,
	name, text string, put func() (*cachedsql.RulesVersion, error),
) error {
	diff := cachedsql.DiffRules(versionName(base), base.Text, name, text)
	if !f.json {
		if _, err := io.WriteString(cmd.OutOrStdout(), diff); err != nil {
			return err
		}
	}
	switch {
	case diff == "":
		return redisstore.ErrRulesUnchanged
	case f.dryRun && f.json:
		return printJSON(cmd, map[string]string{"base": base.Revision, "diff": diff})
	case f.dryRun:
		return nil
	}
	v, err := put()
	if err != nil {
		return explainConflict(cmd, err, base.Text)
	}
	bar := newProgress(cmd.ErrOrStderr())
	states, err := awaitFollowers(cmd.Context(), i, set, v.Revision, f.wait, bar)
	bar.end()
	if f.json {
		v.Text = ""
		err = errors.Join(err, printJSON(cmd, map[string]any{"version": v, "processes": states}))
	} else {
		fmt.Fprintf(cmd.OutOrStdout(), "\nrule set %q: version %s in force\n", set.Name(), v.Revision)
		for _, s := range states {
			fmt.Fprintln(cmd.OutOrStdout(), "  "+s.line())
		}
	}
	if err == nil && slices.ContainsFunc(states, func(s followerState) bool { return s.State != "taken" }) {
		return &faultError{}
	}
	return err
}

// followerState is how a process stands to a version.
type followerState struct {
	Process string `json:"process"`
	State   string `json:"state"` // taken, refused, waiting
	Reason  string `json:"reason,omitempty"`
}

func (s followerState) line() string {
	words := map[string]string{
		"taken": "has taken it", "refused": "refuses it and keeps the rules it has: " + s.Reason,
		"waiting": "has not said yet that it took it",
	}
	return s.Process + " " + words[s.State]
}

// statesOf tells how the processes that follow a set stand to its version.
func statesOf(fleet *redisstore.Fleet, set, revision string) []followerState {
	states := []followerState{}
	for _, in := range fleet.Followers(set) {
		s := followerState{Process: fmt.Sprintf("%s:%d", in.Host, in.PID), State: "waiting"}
		switch {
		case in.LiveRules.Revision == revision:
			s.State = "taken"
		case in.LiveRules.Refused == revision:
			s.State, s.Reason = "refused", strings.TrimPrefix(in.LiveRules.Reason, "cachedsql: ")
		case in.LiveRules.Unreachable != "":
			s.Reason = in.LiveRules.Unreachable
		}
		states = append(states, s)
	}
	return states
}

// awaitFollowers polls until each process has taken the version or refused it.
func awaitFollowers(ctx context.Context, i *redisstore.Inspector, set *redisstore.RuleSet, revision string, most time.Duration, bar *progress,
) ([]followerState, error) {
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	var states []followerState
	for {
		fleet, err := i.Fleet(ctx)
		switch {
		case err == nil:
			states = statesOf(fleet, set.Name(), revision)
		case ctx.Err() == nil:
			return states, err
		}
		told := 0
		for _, s := range states {
			if s.State != "waiting" {
				told++
			}
		}
		if bar.show(told, len(states), "processes have answered"); told == len(states) {
			return states, nil
		}
		select {
		case <-ctx.Done():
			return states, nil
		case <-time.After(200 * time.Millisecond):
		}
	}
}

func newRulesStatus() *cobra.Command {
	var f rulesFlags
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show which processes have taken the current version of a set",
		Long: `Show which processes that follow a set have taken its current version, which refuse it and why, and which have not said
anything yet.` + redisHelp,
		Example: `  cachedsql rules status
  cachedsql rules status --json | jq -e 'all(.state == "taken")'`,
	}
	f.register(cmd)
	f.list(cmd, func(ctx context.Context, i *redisstore.Inspector, set *redisstore.RuleSet) (*table, error) {
		v, err := version(ctx, set, 0)
		if err != nil {
			return nil, err
		}
		fleet, err := i.Fleet(ctx)
		if err != nil {
			return nil, err
		}
		row := func(s *followerState) []any { return []any{s.Process, v.Revision, s.State, orDash(s.Reason)} }
		return tableOf(statesOf(fleet, set.Name(), v.Revision), "PROCESS REVISION STATE REASON", row), nil
	})
	return cmd
}
