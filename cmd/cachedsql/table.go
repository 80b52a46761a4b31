package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/cachedsql/cachedsql"
)

// printTable prints an explanation for a person.
func printTable(out io.Writer, e *cachedsql.Explanation) error {
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
