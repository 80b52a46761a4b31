//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
)

// alone runs each nemesis that is named by itself on each database, and writes
// a table of what came of it, a row when it is known.
func alone(ctx context.Context, o options, which string, dsns []string, w io.Writer) error {
	names := nemesisNames()
	if which != "all" {
		names = strings.Split(which, ",")
	}
	for _, name := range names {
		if _, ok := nemeses[name]; !ok {
			return fmt.Errorf("-nemesis %q: one of %s", name, strings.Join(nemesisNames(), ", "))
		}
	}
	fmt.Fprintf(w, "| nemesis (each %v) | database | reads | hits | fills | commits | refused | failed | faults | stale |\n|---|---|---|---|---|---|---|---|---|---|\n", o.Duration)
	var problems []error
	for _, name := range names {
		for _, dsn := range dsns {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			r, err := torture(ctx, o.only(name, dsn))
			if err == nil && r.Counts[stale]+r.Counts[overtaken] != 0 {
				err = errors.New("there were stale reads")
			}
			if err != nil {
				problems = append(problems, fmt.Errorf("%s: %w", name, err))
			}
			fmt.Fprintln(w, r.row(name, databaseName(dsn)))
		}
	}
	return errors.Join(problems...)
}

// only is a run of one nemesis, on the Redis that it needs. What a process that
// is cut off may do is a matter of on_cache_down: wait. Making an index may take
// longer than a short lease allows.
func (o options) only(name, dsn string) options {
	if name == "new-key" {
		o.Lease = max(o.Lease, 4*shortLease)
	}
	o.DSN, o.Nemeses, o.Redis, o.Wait = dsn, []string{name}, nemeses[name].redis, name == "cut-off"
	return o
}

func databaseName(dsn string) string {
	if _, ok := openDatabase(dsn).(postgres); ok {
		return "PostgreSQL"
	}
	return "MariaDB"
}

func (r report) row(name, database string) string {
	cells := []string{"`" + name + "`", database}
	for _, c := range []counter{reads, hits, fills, commits, refused, failed} {
		cells = append(cells, thousands(r.Counts[c]))
	}
	cells = append(cells, thousands(int64(r.Faults[name])), thousands(r.Counts[stale]+r.Counts[overtaken]))
	return "| " + strings.Join(cells, " | ") + " |"
}

// thousands writes 1234567 as 1,234,567.
func thousands(n int64) string {
	text := fmt.Sprint(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
