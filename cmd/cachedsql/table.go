package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/cachedsql/cachedsql/redisstore"
)

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

// shownStatement is how many characters of a statement are shown in a table.
const shownStatement = 80

// oneLine returns a text without line breaks, cut to a number of characters.
func oneLine(s string, limit int) string {
	text := []rune(strings.Join(strings.Fields(s), " "))
	if len(text) > limit {
		text = append(text[:max(limit-1, 0)], '…')
	}
	return string(text)
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func ago(t time.Time) string { return max(time.Since(t), 0).Round(time.Second).String() }
