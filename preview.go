package cachedsql

import (
	"cmp"
	"slices"
	"time"

	"github.com/cachedsql/cachedsql/internal/reason"
)

// RulesPreview says what rules would do to traffic that has been seen.
type RulesPreview struct {
	// Queries are those that the rules select, and those that are cached now
	// and would not be any more; those first for which most changes.
	Queries []QueryPreview `json:"queries"`
	// Selected is how many queries would be cached.
	Selected int `json:"selected"`
	// DatabaseShare is their share, 0 to 1, of the time that all statements
	// would keep the database busy with if there were no cache.
	DatabaseShare float64 `json:"database_share"`
	// HitRatio is what is to be expected of their executions, of those queries
	// of which it is known.
	HitRatio float64 `json:"hit_ratio"`
	// DatabaseSavedPerHour is how much less the database would work in an hour
	// than now. It is negative where the rules cache less than those in force.
	DatabaseSavedPerHour time.Duration `json:"database_saved_per_hour_ns"`
	// SavedPerHour is how much less the program would wait in an hour than
	// now. It is negative where asking the store costs more than hits save.
	SavedPerHour time.Duration `json:"saved_per_hour_ns"`
	// Unknown is how many of the queries have too few samples to tell.
	Unknown int `json:"unknown"`
}

// QueryPreview says what rules would do to one query.
type QueryPreview struct {
	QueryID   string   `json:"query_id"`
	Name      string   `json:"name,omitempty"`
	Statement string   `json:"statement,omitempty"`
	Tables    []string `json:"tables,omitempty"`
	// RuleNow and Rule are the rules that select it now and would, "" if none.
	RuleNow string `json:"rule_now,omitempty"`
	Rule    string `json:"rule,omitempty"`
	// TTL is that of Rule; 0: not cached.
	TTL time.Duration `json:"ttl_ns"`
	// Shadow: Rule is in shadow mode, and serves nothing.
	Shadow bool `json:"shadow,omitempty"`
	// Assumed: the rule has conditions that the figures do not tell about, its
	// database or user or the end of a long text. They were taken to hold.
	Assumed bool `json:"assumed,omitempty"`
	// DatabaseShare is its share of what the database would be busy with.
	DatabaseShare float64 `json:"database_share"`
	// PerHour is how often it is executed in a way that can be cached.
	PerHour float64 `json:"per_hour"`
	// HitRatio is what is to be expected of those. Known is false where it is
	// not known; nothing is then counted as saved. Samples is what it rests on.
	HitRatio float64 `json:"hit_ratio"`
	Known    bool    `json:"known"`
	Samples  int64   `json:"samples"`
	// DatabaseSavedPerHour and SavedPerHour are those of RulesPreview.
	DatabaseSavedPerHour time.Duration `json:"database_saved_per_hour_ns"`
	SavedPerHour         time.Duration `json:"saved_per_hour_ns"`
}

// Preview estimates what the rules would do to the traffic that the figures
// are of, those of a redisstore.Fleet for example. roundTrip is what a lookup
// costs where no hit has been measured: how long the store takes to answer.
//
// For queries that are cached now it rests on their hit ratio, for the others
// on their GhostStats.
func (r *Rules) Preview(queries []QueryStats, roundTrip time.Duration) *RulesPreview {
	p := &RulesPreview{Queries: []QueryPreview{}}
	all, selected := loadOf(queries), time.Duration(0)
	var lookups, hits float64 // an hour
	for i := range queries {
		q := &queries[i]
		rule, assumed := r.matchFigures(q)
		one := q.preview(rule, roundTrip)
		if one == nil {
			continue
		}
		one.Assumed, one.DatabaseShare = assumed, share(q.Load(), all)
		if one.TTL > 0 {
			p.Selected++
			selected += q.Load()
		}
		switch {
		case !one.Known:
			p.Unknown++
		case one.TTL > 0:
			lookups, hits = lookups+one.PerHour, hits+one.HitRatio*one.PerHour
		}
		p.DatabaseSavedPerHour += one.DatabaseSavedPerHour
		p.SavedPerHour += one.SavedPerHour
		p.Queries = append(p.Queries, *one)
	}
	p.DatabaseShare = share(selected, all)
	if lookups > 0 {
		p.HitRatio = hits / lookups
	}
	slices.SortFunc(p.Queries, func(a, b QueryPreview) int {
		return cmp.Or(cmp.Compare(b.SavedPerHour.Abs(), a.SavedPerHour.Abs()), cmp.Compare(b.DatabaseShare, a.DatabaseShare), cmp.Compare(a.QueryID, b.QueryID))
	})
	return p
}

func loadOf(queries []QueryStats) (all time.Duration) {
	for i := range queries {
		all += queries[i].Load()
	}
	return all
}

func share(part, whole time.Duration) float64 {
	if whole <= 0 {
		return 0
	}
	return float64(part) / float64(whole)
}

// matchFigures is match for what figures tell of a query.
func (r *Rules) matchFigures(q *QueryStats) (rule *Rule, assumed bool) {
	if r == nil || q.QueryID == OtherQueries {
		return nil, false
	}
	seen := ruleQuery{queryID: q.QueryID, queryName: q.Name, normal: q.Statement, tables: q.Named}
	for _, rule := range r.rules {
		known := rule.conditions
		known.databases, known.users = nil, nil
		cut := known.regex != nil && len(q.Statement) >= reportedStatementBytes
		if known.match(&seen) {
			return rule, cut || len(rule.databases)+len(rule.users) != 0
		}
	}
	return nil, false
}

// cacheable is how many executions could have been cached if a rule had said
// so.
func (q *QueryStats) cacheable() int64 {
	return q.lookups() + q.BypassesByReason[reason.NoRule.String()] + q.BypassesByReason[reason.RuleOff.String()]
}

// lookups is how many executions have asked the store.
func (q *QueryStats) lookups() int64 {
	return q.Answered() + q.Misses + q.Checked
}

// preview returns nil for a query that the rule does not concern.
func (q *QueryStats) preview(rule *Rule, roundTrip time.Duration) *QueryPreview {
	cacheable, lookups := q.cacheable(), q.lookups()
	isCached := rule != nil && rule.TTL > 0
	if q.Calls == 0 || cacheable == 0 || !isCached && lookups == 0 {
		return nil
	}
	p := &QueryPreview{
		QueryID: q.QueryID, Name: q.Name, Statement: q.Statement, Tables: q.Tables, RuleNow: q.Rule,
		PerHour: q.PerHour * float64(cacheable) / float64(q.Calls), Known: true,
	}
	if rule != nil {
		p.Rule, p.TTL, p.Shadow = rule.Name, rule.TTL, rule.Mode == ModeShadow && rule.TTL > 0
	}
	serves := isCached && rule.Mode == ModeOn
	p.HitRatio, p.Samples, p.Known = q.expected(p.TTL)
	if !isCached {
		p.HitRatio, p.Known = 0, true
	}
	perCall := q.PerHour / float64(q.Calls)
	hits := float64(q.Answered()) * perCall
	database, lookup := float64(q.DatabaseTime.Mean()), float64(roundTrip)
	if q.HitTime.Count > 0 {
		lookup = float64(q.HitTime.Mean())
	}
	if !p.Known {
		return p
	}
	newHits, newLookups := 0.0, 0.0
	if isCached {
		newLookups = p.PerHour
	}
	if serves {
		newHits = p.HitRatio * p.PerHour
	}
	saved := (newHits - hits) * database
	p.DatabaseSavedPerHour = time.Duration(saved)
	p.SavedPerHour = time.Duration(saved - (newLookups-float64(lookups)*perCall)*lookup)
	return p
}

// expected is the hit ratio to be expected under a TTL, and what that rests on.
func (q *QueryStats) expected(ttl time.Duration) (ratio float64, samples int64, known bool) {
	if n := q.lookups(); n >= enoughSamples {
		return float64(q.Answered()+q.Checked) / float64(n), n, true
	}
	ratio, known = q.Ghost.HitRatio(ttl)
	return ratio, q.Ghost.Samples, known
}
