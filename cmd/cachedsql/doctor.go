package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cachedsql/cachedsql/redisstore"
)

const doctorHelp = `Look for what would make the cache slow, useless or surprising, and say how to mend it.

It looks at the Redis (version, memory, eviction, persistence, latency, rights), at the processes that report to it, with
--dsn at the database (identity, rights to its catalog), and with --rules at a rule file. What is not named is left
out. It changes nothing but one entry that it stores, reads and deletes; with --dsn it may be the first in the database's
namespace, as the first program would be.

The processes are seen by an operator's user of Redis, and rights are those of the user that is named: to have a program's
looked at, name the program's user and the database.

It exits with 0 if nothing has to be mended, warnings or not, and with 1 if something has.` + redisHelp

// status is a finding's weight.
type status string

const (
	fine    status = "ok"
	warning status = "warn"
	fault   status = "fail"
)

// finding is what one check found.
type finding struct {
	Check  string `json:"check"`
	Status status `json:"status"`
	Found  string `json:"found"`
	Fix    string `json:"fix,omitempty"`
}

// findings are collected by the checks.
type findings []finding

func (f *findings) ok(check, format string, args ...any) {
	*f = append(*f, finding{Check: check, Status: fine, Found: fmt.Sprintf(format, args...)})
}

func (f *findings) add(s status, check, fix, format string, args ...any) {
	*f = append(*f, finding{Check: check, Status: s, Found: fmt.Sprintf(format, args...), Fix: fix})
}

func newDoctor() *cobra.Command {
	var f fleetFlags
	var e explainFlags
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Look for mistakes in the set-up, and say how to mend them",
		Long:  doctorHelp,
		Example: `  cachedsql doctor --redis redis://cache:6379
  cachedsql doctor --dsn "$DATABASE_URL" --rules rules.yaml`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return doctor(cmd, &f, &e) },
	}
	f.register(cmd)
	e.register(cmd)
	return cmd
}

func doctor(cmd *cobra.Command, f *fleetFlags, e *explainFlags) error {
	if !f.named() && e.dsn == "" && e.rules == "" {
		return errors.New("nothing to look at: give --redis or CACHEDSQL_REDIS, --dsn, or --rules")
	}
	found := findings{}
	ctx, cancel := context.WithTimeout(cmd.Context(), f.timeout)
	defer cancel()
	if err := found.all(ctx, f, e); err != nil {
		return err
	}
	if f.json {
		if err := printJSON(cmd, found); err != nil {
			return err
		}
	} else {
		found.print(cmd.OutOrStdout(), newPalette(cmd.OutOrStdout()))
	}
	if slices.ContainsFunc(found, func(f finding) bool { return f.Status == fault }) {
		return &faultError{}
	}
	return nil
}

// all looks at what is named.
func (f *findings) all(ctx context.Context, at *fleetFlags, e *explainFlags) error {
	var store *redisstore.Store
	var namespaces []string
	if at.named() {
		var err error
		if store, err = at.open(); err != nil {
			return err
		}
		defer store.Close()
		if servers := f.servers(ctx, store); servers == nil {
			store = nil
		} else {
			namespaces = f.processes(ctx, store, slices.ContainsFunc(servers, full))
		}
	}
	if e.rules != "" {
		f.ruleFile(e.rules)
	}
	if e.dsn != "" {
		names, err := f.database(ctx, e, namespaces)
		if err != nil {
			return err
		}
		namespaces = append(names, namespaces...)
	}
	if store != nil {
		f.rights(ctx, store, namespaces)
	}
	return nil
}

func (f *findings) print(out io.Writer, p palette) {
	marks := map[status]string{fine: p.good("ok  "), warning: p.warn("warn"), fault: p.bad("FAIL")}
	for _, one := range *f {
		fmt.Fprintf(out, "%s  %-12s %s\n", marks[one.Status], one.Check, one.Found)
		if one.Fix != "" {
			fmt.Fprintf(out, "      %-12s %s\n", "", p.faint("-> "+one.Fix))
		}
	}
}

func (f *findings) ruleFile(path string) {
	result := checkRules(path)
	if !result.Valid {
		f.add(fault, "rules", "correct the file; programs refuse it at start, or keep the rules they have", "%s", strings.Join(result.Errors, "; "))
		return
	}
	f.ok("rules", "%s: %d rules, version %s", path, result.Rules, result.Version)
}
