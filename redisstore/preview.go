package redisstore

import (
	"cmp"
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
// for, see [cachedsql.Rules.Advise].
func (r *RuleSet) Advise(ctx context.Context) ([]cachedsql.Advice, error) {
	current, err := r.Current(ctx)
	if err != nil {
		return nil, err
	}
	fleet, err := r.fleet(ctx)
	if err != nil {
		return nil, err
	}
	return fleet.Advise(r.name, current.Text), nil
}

// Advise is [RuleSet.Advise] for a fleet that was read already, with the text of
// the set's current version. Where nobody follows the set, it is not in force.
func (f *Fleet) Advise(set, text string) []cachedsql.Advice {
	var inForce *cachedsql.Rules
	if len(f.Followers(set)) > 0 {
		inForce, _ = cachedsql.ParseRules(cachedsql.LiveRulesName(set), []byte(text)) // nil where there are none, or a newer release wrote them
	}
	return inForce.Advise(f.Queries, f.RoundTrip())
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
	return reports.Following(r.name), nil
}

// Following adds up the processes that follow a rule set; where none does, all.
func (r *Reports) Following(set string) *Fleet {
	set = cmp.Or(set, cachedsql.DefaultRuleSet)
	those := &Reports{Unreadable: r.Unreadable}
	for _, one := range r.All {
		if one.Instance.follows(set) {
			those.All = append(those.All, one)
		}
	}
	if len(those.All) == 0 {
		return r.Fleet()
	}
	return those.Fleet()
}

// RoundTrip is how long the store usually takes to answer the median process.
func (f *Fleet) RoundTrip() time.Duration {
	var all []time.Duration
	for _, in := range f.Instances {
		all = append(all, cmp.Or(in.RoundTrip, in.StoreLatency)) // an older release has no RoundTrip
	}
	if len(all) == 0 {
		return 0
	}
	slices.Sort(all)
	return all[(len(all)-1)/2]
}
