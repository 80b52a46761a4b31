package redisstore

import (
	"context"
	"slices"
	"time"

	"github.com/cachedsql/cachedsql"
)

// Preview says what a text would do, if it were committed, to the traffic of
// the processes that follow the set; where none does yet, to that of all. The
// figures are those since each process started. The error is that of Check, or
// that of reading the reports.
func (r *RuleSet) Preview(ctx context.Context, text string) (*cachedsql.RulesPreview, error) {
	rules, err := r.Check(text)
	if err != nil {
		return nil, err
	}
	fleet, err := r.fleet(ctx)
	if err != nil {
		return nil, err
	}
	return rules.Preview(fleet.Queries, fleet.RoundTrip()), nil
}

// Advise returns the changes to the set's rules that the same traffic speaks
// for, see [cachedsql.Advise].
func (r *RuleSet) Advise(ctx context.Context) ([]cachedsql.Advice, error) {
	fleet, err := r.fleet(ctx)
	if err != nil {
		return nil, err
	}
	return cachedsql.Advise(fleet.Queries, fleet.RoundTrip()), nil
}

// fleet returns the processes that follow the set, or all.
func (r *RuleSet) fleet(ctx context.Context) (*Fleet, error) {
	if err := r.usable(ctx); err != nil {
		return nil, err
	}
	reports, err := r.store.Inspector().Reports(ctx)
	if err != nil {
		return nil, err
	}
	all := reports.Fleet()
	if len(all.Followers(r.name)) == 0 {
		return all, nil
	}
	reports.All = slices.DeleteFunc(reports.All, func(p Report) bool {
		return p.Instance.LiveRules == nil || p.Instance.LiveRules.Set != r.name
	})
	return reports.Fleet(), nil
}

// RoundTrip is how long the store takes to answer the median process.
func (f *Fleet) RoundTrip() time.Duration {
	var all []time.Duration
	for _, in := range f.Instances {
		all = append(all, in.StoreLatency)
	}
	if len(all) == 0 {
		return 0
	}
	slices.Sort(all)
	return all[len(all)/2]
}
