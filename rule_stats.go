package cachedsql

import (
	"cmp"
	"slices"
	"time"
)

// RuleStats are the figures of a rule: of the executions that it selected,
// whatever rules were in force before and after.
type RuleStats struct {
	// Rule is its name, "" for the executions that no rule selected.
	Rule string `json:"rule"`
	// Calls, Misses, Bypasses, Fills, Checked, Different, Inconclusive and
	// Concurrent are those of QueryStats, and Answered its hits of all kinds.
	Calls        int64 `json:"calls"`
	Answered     int64 `json:"answered"`
	Misses       int64 `json:"misses"`
	Bypasses     int64 `json:"bypasses"`
	Fills        int64 `json:"fills"`
	Checked      int64 `json:"checked"`
	Different    int64 `json:"different"`
	Inconclusive int64 `json:"inconclusive"`
	Concurrent   int64 `json:"concurrent"`
	// Saved is the sum of QueryStats.Saved.
	Saved time.Duration `json:"saved_ns"`
}

// HitRatio is the share of lookups that found a result which could be served,
// 0 to 1. Those that were compared instead of served count as such.
func (r *RuleStats) HitRatio() float64 {
	hits := r.Answered + r.Checked
	if hits+r.Misses == 0 {
		return 0
	}
	return float64(hits) / float64(hits+r.Misses)
}

func (r *RuleStats) merge(other *RuleStats) {
	r.Calls += other.Calls
	r.Answered += other.Answered
	r.Misses += other.Misses
	r.Bypasses += other.Bypasses
	r.Fills += other.Fills
	r.Checked += other.Checked
	r.Different += other.Different
	r.Inconclusive += other.Inconclusive
	r.Concurrent += other.Concurrent
	r.Saved += other.Saved
}

// rules returns the figures of each query as figures of its rule.
func (q *queries) rules() []RuleStats {
	var all []RuleStats
	for _, s := range q.each() {
		all = append(all, RuleStats{
			Rule: s.Rule, Calls: s.Calls, Answered: s.Answered(), Misses: s.Misses, Bypasses: s.Bypasses, Fills: s.Fills,
			Checked: s.Checked, Different: s.Different, Inconclusive: s.Inconclusive, Concurrent: s.Concurrent, Saved: s.Saved(),
		})
	}
	return all
}

// MergeRules adds up the figures of rules, by name, those with most calls
// first. At most limit rules are returned, 0 for all; the rest is left out.
func MergeRules(limit int, lists ...[]RuleStats) []RuleStats {
	sums := map[string]*RuleStats{}
	for _, list := range lists {
		for i := range list {
			sum := sums[list[i].Rule]
			if sum == nil {
				sum = &RuleStats{Rule: list[i].Rule}
				sums[sum.Rule] = sum
			}
			sum.merge(&list[i])
		}
	}
	all := make([]RuleStats, 0, len(sums))
	for _, sum := range sums {
		all = append(all, *sum)
	}
	slices.SortFunc(all, func(a, b RuleStats) int {
		return cmp.Or(cmp.Compare(b.Calls, a.Calls), cmp.Compare(a.Rule, b.Rule))
	})
	if limit > 0 {
		all = all[:min(limit, len(all))]
	}
	return all
}
