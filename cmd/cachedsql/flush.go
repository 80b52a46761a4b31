package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/redisstore"
)

func newFlush() *cobra.Command {
	var f fleetFlags
	var namespaces []string
	var all, dryRun bool
	cmd := &cobra.Command{
		Use:   "flush (--namespace NAME | --all)",
		Short: "Make everything cached for a database unusable, in all processes",
		Long: `Make everything cached for a database unusable, in all processes, from the next lookup on. Nothing is deleted:
the stored results can never be hits again and end by their TTL. Other keys of the Redis are not touched.

A namespace is a database, by the name that processes report; --all means every one that a process reports.` + redisHelp,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if all == (len(namespaces) != 0) {
				return errors.New("give --namespace or --all")
			}
			return f.with(cmd, func(ctx context.Context, s *redisstore.Store) error {
				chosen, err := choose(ctx, s, namespaces)
				if err != nil {
					return err
				}
				rows := [][]any{}
				for _, name := range chosen {
					if !dryRun {
						if err := flush(ctx, s, name); err != nil {
							return err
						}
					}
					rows = append(rows, []any{name})
				}
				result := struct {
					Namespaces []string `json:"namespaces"`
					DryRun     bool     `json:"dry_run"`
				}{chosen, dryRun}
				return f.print(cmd, result, map[bool]string{false: "FLUSHED", true: "WOULD-FLUSH"}[dryRun], rows)
			})
		},
	}
	f.register(cmd)
	cmd.Flags().StringSliceVar(&namespaces, "namespace", nil, "the database; may be given several times")
	cmd.Flags().BoolVar(&all, "all", false, "every database that a process reports")
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "only say what would be flushed")
	return cmd
}

// choose returns the namespaces asked for, or all. One that nobody reports is
// likely a slip.
func choose(ctx context.Context, s *redisstore.Store, asked []string) ([]string, error) {
	fleet, err := s.Inspector().Fleet(ctx)
	if err != nil {
		return nil, err
	}
	known := fleet.Namespaces()
	if len(asked) == 0 {
		if len(known) == 0 {
			return nil, errors.New("no process reports to this Redis")
		}
		return known, nil
	}
	for _, name := range asked {
		if !slices.Contains(known, name) {
			return nil, fmt.Errorf("no process reports namespace %q", name)
		}
	}
	return asked, nil
}

func flush(ctx context.Context, s *redisstore.Store, namespace string) error {
	var writer cachedsql.WriterID
	_, _ = rand.Read(writer[:])
	sp := s.Space(namespace)
	_, err := sp.End(ctx, writer, sp.Tags([]string{cachedsql.WildcardTag, cachedsql.SchemaTag}))
	return err
}
