package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/redisstore"
)

// lookAgain is how often the stream is asked for more, and how long after an
// answer that did not come.
const lookAgain = time.Second

const watchHelp = `Print what happens in all processes as it happens: writes announced for each table, errors, outages, damaged entries, other
rules. Processes tell it every few seconds, added up, and some of it may be lost under pressure.

It goes on until it is interrupted. Redis may go away and come back meanwhile.` + redisHelp

func newWatch() *cobra.Command {
	var f fleetFlags
	var last int
	var kinds []string
	cmd := &cobra.Command{
		Use:   "watch",
		Short: "Print invalidations, errors and rule changes as they happen",
		Long:  watchHelp,
		Example: `  cachedsql watch
  cachedsql watch --kind store_failed --kind outage
  cachedsql watch --json --last 1000`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if last < 0 || last > redisstore.MaxEvents {
				return fmt.Errorf("--last %d is not between 0 and %d", last, redisstore.MaxEvents)
			}
			for _, k := range kinds {
				if !slices.Contains(cachedsql.StreamKinds(), k) {
					return fmt.Errorf("unknown kind %q, want one of %s", k, strings.Join(cachedsql.StreamKinds(), ", "))
				}
			}
			store, err := f.open()
			if err != nil {
				return err
			}
			defer store.Close()
			w := &watcher{cmd: cmd, flags: &f, inspector: store.Inspector(), kinds: kinds, palette: newPalette(cmd.OutOrStdout())}
			return w.run(cmd.Context(), last)
		},
	}
	f.register(cmd)
	cmd.Flags().IntVar(&last, "last", 10, "how many earlier events to begin with")
	cmd.Flags().StringSliceVar(&kinds, "kind", nil, "only events of this kind; may be given several times")
	_ = cmd.RegisterFlagCompletionFunc("kind", cobra.FixedCompletions(cachedsql.StreamKinds(), cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

// watcher prints events until it is told to stop.
type watcher struct {
	cmd       *cobra.Command
	flags     *fleetFlags
	inspector *redisstore.Inspector
	kinds     []string // all if empty
	palette   palette
	after     string // the last event seen
}

// run prints the last events and then what comes. Failing at first is an
// error; later Redis is given time to come back.
func (w *watcher) run(ctx context.Context, last int) error {
	events, err := w.look(ctx, max(last, 1))
	if err != nil {
		return &faultError{err}
	}
	if last == 0 {
		events = nil
	}
	var failed error
	for {
		if err := w.print(events); err != nil {
			return &faultError{err}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(lookAgain):
		}
		events, err = w.look(ctx, redisstore.MaxEvents)
		switch {
		case ctx.Err() != nil: // the next turn ends
		case err != nil && failed == nil:
			fmt.Fprintln(w.cmd.ErrOrStderr(), w.palette.bad(err.Error()))
		case err == nil && failed != nil:
			fmt.Fprintln(w.cmd.ErrOrStderr(), w.palette.good("Redis answers again"))
		}
		failed = err
	}
}

// look returns the events after those seen. From an empty stream it begins
// with the first event there will be.
func (w *watcher) look(ctx context.Context, limit int) ([]redisstore.Event, error) {
	ctx, cancel := context.WithTimeout(ctx, w.flags.timeout)
	defer cancel()
	events, err := w.inspector.Events(ctx, w.after, limit)
	if err == nil && len(events) > 0 {
		w.after = events[len(events)-1].ID
	}
	if err == nil && w.after == "" {
		w.after = "0-0"
	}
	if errors.Is(err, context.DeadlineExceeded) {
		err = fmt.Errorf("cachedsql: redis does not answer: %w", err)
	}
	return events, err
}

func (w *watcher) print(events []redisstore.Event) error {
	for i := range events {
		e := &events[i]
		if len(w.kinds) > 0 && !slices.Contains(w.kinds, e.Kind) {
			continue
		}
		if w.flags.json {
			if err := printJSON(w.cmd, e); err != nil {
				return err
			}
			continue
		}
		if _, err := fmt.Fprintln(w.cmd.OutOrStdout(), w.coloured(e)); err != nil {
			return err
		}
	}
	return nil
}

func (w *watcher) coloured(e *redisstore.Event) string {
	line := eventLine(e)
	switch e.Kind {
	case cachedsql.StreamStoreFailed, cachedsql.StreamCorrupt, cachedsql.StreamUnauthentic:
		return w.palette.bad(line)
	case cachedsql.StreamOutage, cachedsql.StreamNote:
		return w.palette.warn(line)
	case cachedsql.StreamRules, cachedsql.StreamStarted:
		return w.palette.good(line)
	}
	return line
}

// eventLine writes an event for people.
func eventLine(e *redisstore.Event) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s  %-12s", e.Arrived.Local().Format(time.TimeOnly), e.Kind)
	if e.Host != "" {
		fmt.Fprintf(&b, "  %s:%d", e.Host, e.PID)
	}
	if e.Count > 1 {
		fmt.Fprintf(&b, "  %d times", e.Count)
	}
	if e.Duration > 0 {
		fmt.Fprintf(&b, "  %v", e.Duration.Round(time.Millisecond))
	}
	if len(e.Tables) > 0 {
		b.WriteString("  " + countedTables(e))
	}
	if e.QueryID != "" {
		b.WriteString("  query " + e.QueryID)
	}
	if e.Message != "" {
		b.WriteString("  " + oneLine(e.Message, len(e.Message)))
	}
	if e.Dropped > 0 {
		fmt.Fprintf(&b, "  (%d events before it were not told)", e.Dropped)
	}
	return b.String()
}

// countedTables lists the tables of an event with counts, the most first.
func countedTables(e *redisstore.Event) string {
	names := e.TablesByCount()
	for i, name := range names {
		if n := e.Tables[name]; n > 1 {
			names[i] = fmt.Sprintf("%s (%d)", name, n)
		}
	}
	return strings.Join(names, ", ")
}
