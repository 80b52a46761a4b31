package cachedsql

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
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
	var all, selected time.Duration
	for i := range queries {
		all += queries[i].Load()
	}
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
		if !one.Known {
			p.Unknown++
		}
		p.DatabaseSavedPerHour += one.DatabaseSavedPerHour
		p.SavedPerHour += one.SavedPerHour
		p.Queries = append(p.Queries, *one)
	}
	p.DatabaseShare = share(selected, all)
	slices.SortFunc(p.Queries, func(a, b QueryPreview) int {
		return cmp.Or(cmp.Compare(b.SavedPerHour.Abs(), a.SavedPerHour.Abs()), cmp.Compare(b.DatabaseShare, a.DatabaseShare), cmp.Compare(a.QueryID, b.QueryID))
	})
	return p
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

// answered is how many executions the cache has answered.
func (q *QueryStats) answered() int64 { return q.Hits + q.NearHits + q.StaleHits + q.Coalesced }

// cacheable is how many executions could have been cached if a rule had said
// so.
func (q *QueryStats) cacheable() int64 {
	return q.lookups() + q.BypassesByReason[reason.NoRule.String()] + q.BypassesByReason[reason.RuleOff.String()]
}

// lookups is how many executions have asked the store.
func (q *QueryStats) lookups() int64 {
	return q.answered() + q.Misses + q.Checked
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
		p.Rule, p.TTL = rule.Name, rule.TTL
	}
	serves := isCached && rule.Mode == ModeOn
	p.HitRatio, p.Samples, p.Known = q.expected(p.TTL)
	if !isCached {
		p.HitRatio, p.Known = 0, true
	}
	perCall := q.PerHour / float64(q.Calls)
	hits := float64(q.answered()) * perCall
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
		return float64(q.answered()+q.Checked) / float64(n), n, true
	}
	ratio, known = q.Ghost.HitRatio(ttl)
	return ratio, q.Ghost.Samples, known
}

// Kinds of advice.
const (
	// AdviseCache: a rule would save time.
	AdviseCache = "cache"
	// AdviseStop: the cache costs more than it saves.
	AdviseStop = "stop"
)

// Advice is a change to the rules that the figures speak for.
type Advice struct {
	// Kind is AdviseCache or AdviseStop.
	Kind string `json:"kind"`
	// Preview is what would change.
	Preview QueryPreview `json:"preview"`
	// Rule is the rule to add, as an item of the list of rules, with its "- "
	// and two spaces in front. It belongs before the rules there are.
	Rule string `json:"rule"`
}

// worthAdvice is the least that an advice must be about: a thousandth of an
// hour's time.
const worthAdvice = 3600 * time.Millisecond

// Advise returns the changes that would save most, the best first: queries that
// no rule selects and that hits would be faster for, and cached ones that cost
// more than they save. roundTrip is that of Preview.
//
// A rule for a new query is in shadow mode: it serves nothing until that is
// taken out. Its TTL is the shortest that saves nearly as much as any.
func Advise(queries []QueryStats, roundTrip time.Duration) []Advice {
	advice := []Advice{}
	for i := range queries {
		q := &queries[i]
		if q.QueryID == OtherQueries {
			continue
		}
		if a := q.advise(roundTrip); a != nil {
			advice = append(advice, *a)
		}
	}
	slices.SortFunc(advice, func(a, b Advice) int {
		return cmp.Or(cmp.Compare(b.Preview.SavedPerHour, a.Preview.SavedPerHour), cmp.Compare(a.Preview.QueryID, b.Preview.QueryID))
	})
	return advice
}

func (q *QueryStats) advise(roundTrip time.Duration) *Advice {
	if q.lookups() >= enoughSamples {
		p := q.preview(&Rule{Name: "off"}, roundTrip)
		if p == nil || p.SavedPerHour < worthAdvice {
			return nil
		}
		p.Rule = q.adviceName("off")
		return &Advice{AdviseStop, *p, adviceRule(p, "ttl: 0")}
	}
	var best *QueryPreview
	var most time.Duration
	for _, ttl := range slices.Backward(GhostTTLs[:]) {
		p := q.preview(&Rule{Name: q.adviceName("cache"), TTL: ttl}, roundTrip)
		if p == nil || !p.Known {
			return nil
		}
		if most = max(most, p.SavedPerHour); float64(p.SavedPerHour) >= 0.95*float64(most) {
			best = p
		}
	}
	if most < worthAdvice {
		return nil
	}
	return &Advice{AdviseCache, *best, adviceRule(best, "ttl: "+shortDuration(best.TTL), "mode: shadow")}
}

// adviceName is a name for a rule that no other has.
func (q *QueryStats) adviceName(what string) string {
	subject := q.Name
	if subject == "" && len(q.Tables) > 0 {
		subject = q.Tables[0]
	}
	plain := strings.Map(func(c rune) rune {
		if c < 0x80 && (c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.ContainsRune("_.", c)) {
			return c
		}
		return '-'
	}, subject)
	const room = maxNameBytes - 2 - 16 - len("cache")
	return fmt.Sprintf("%s-%.*s-%s", what, room, plain, q.QueryID)
}

func adviceRule(p *QueryPreview, settings ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "  - name: %s\n    query_ids: [%q]\n", p.Rule, p.QueryID)
	for _, s := range settings {
		fmt.Fprintf(&b, "    %s\n", s)
	}
	return b.String()
}

// shortDuration writes a duration without the units that are zero.
func shortDuration(d time.Duration) string {
	text := d.String()
	for _, zero := range []string{"m0s", "h0m"} {
		if strings.HasSuffix(text, zero) {
			text = text[:len(text)-2]
		}
	}
	return text
}
