package main

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cachedsql/cachedsql"
)

func newRulesCheck() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "check FILE",
		Short: "Report the mistakes in a rule file",
		Long: `Report every mistake in a rule file as "file:line:column: what is wrong".

It exits with 0 if there is none, 1 if there are mistakes or the file cannot be read.`,
		Example:           `  cachedsql rules check rules.yaml`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: completeRuleFile,
		RunE: func(cmd *cobra.Command, args []string) error {
			result := checkRules(args[0])
			if asJSON {
				if err := printJSON(cmd, result); err != nil {
					return &faultError{err}
				}
			} else {
				result.print(cmd)
			}
			if !result.Valid {
				return &faultError{}
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object instead of lines")
	return cmd
}

func completeRuleFile(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return []string{"yaml", "yml", "json"}, cobra.ShellCompDirectiveFilterFileExt
}

// ruleCheck is the outcome of checking a rule file.
type ruleCheck struct {
	File    string   `json:"file"`
	Valid   bool     `json:"valid"`
	Rules   int      `json:"rules"`
	Version string   `json:"version,omitempty"`
	Errors  []string `json:"errors"`
}

func checkRules(path string) ruleCheck {
	result := ruleCheck{File: path, Errors: []string{}}
	rules, err := cachedsql.LoadRules(path)
	if err != nil {
		result.Errors = mistakes(path, err)
		return result
	}
	result.Valid, result.Rules, result.Version = true, rules.Len(), rules.Version()
	return result
}

// mistakes are the single errors that err joins, the position first, as editors
// want it. What has no position, such as a missing file, is left as it is.
func mistakes(path string, err error) []string {
	position := regexp.MustCompile(`^(.*) \((` + regexp.QuoteMeta(path) + `:\d+:\d+)\): (.*)$`)
	var lines []string
	for line := range strings.Lines(err.Error()) {
		line = strings.TrimPrefix(strings.TrimSuffix(line, "\n"), "cachedsql: ")
		lines = append(lines, position.ReplaceAllString(line, "$2: $1: $3"))
	}
	return lines
}

func (r *ruleCheck) print(cmd *cobra.Command) {
	for _, e := range r.Errors {
		fmt.Fprintln(cmd.ErrOrStderr(), e)
	}
	if r.Valid {
		fmt.Fprintf(cmd.OutOrStdout(), "%s: %d rules, version %s\n", r.File, r.Rules, r.Version)
	}
}
