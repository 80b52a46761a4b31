package cachedsql

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/cachedsql/cachedsql/internal/reason"
)

// Kinds of advice.
const (
	// AdviseCache: a rule would save time.
	AdviseCache = "cache"
	// AdviseServe: a rule in shadow mode would save time if it served.
	AdviseServe = "serve"
	// AdviseStop: the cache costs more than it saves.
	AdviseStop = "stop"
)

// Advice is a change to the rules that the figures speak for. ApplyTo makes it.
type Advice struct {
	// Kind is AdviseCache, AdviseServe or AdviseStop.
	Kind string `json:"kind"`
	// Preview is what would change.
	Preview QueryPreview `json:"preview"`
	// Why is the case for it in a sentence.
	Why string `json:"why"`
	// Rule is the rule to add, as an item of the list of rules, with its "- "
	// and two spaces in front. It belongs before the rules there are. For
	// AdviseServe it is "": Preview.Rule is there and its mode is to be changed.
	Rule string `json:"rule,omitempty"`
}

// worthAdvice is the least that an advice must be about: a thousandth of an
// hour's time.
const worthAdvice = 3600 * time.Millisecond

// Advise returns the changes that would save most, the best first: queries that
// no rule selects and that hits would be faster for, queries in shadow mode that
// could be served, and cached ones that cost more than they save. The rules are
// those in force; of nil ones nothing is known, and no rule is advised to serve.
// roundTrip is that of Preview.
//
// A rule for a new query is in shadow mode: it serves nothing until that is
// taken out. Its TTL is the shortest that saves nearly as much as any. A query
// that a rule says not to cache is left alone, and so is one in shadow mode
// where a comparison has found the cache wrong.
func (r *Rules) Advise(queries []QueryStats, roundTrip time.Duration) []Advice {
	advice := []Advice{}
	all := loadOf(queries)
	for i := range queries {
		q := &queries[i]
		if q.QueryID == OtherQueries {
			continue
		}
		if a := q.advise(r, roundTrip); a != nil {
			a.Preview.DatabaseShare = share(q.Load(), all)
			advice = append(advice, *a)
		}
	}
	slices.SortFunc(advice, func(a, b Advice) int {
		return cmp.Or(cmp.Compare(b.Preview.SavedPerHour, a.Preview.SavedPerHour), cmp.Compare(a.Preview.QueryID, b.Preview.QueryID))
	})
	return advice
}

func (q *QueryStats) advise(r *Rules, roundTrip time.Duration) *Advice {
	rule, _ := r.matchFigures(q)
	switch off := rule != nil && rule.TTL == 0; {
	case off || q.BypassesByReason[reason.RuleOff.String()] > q.BypassesByReason[reason.NoRule.String()]:
		return nil
	case q.lookups() < enoughSamples && (rule != nil || r == nil && q.Rule != ""):
		return nil // it has a rule, which is too new to say
	case q.lookups() < enoughSamples:
		return q.adviseCache(roundTrip)
	case q.Checked > 0 && q.Answered() == 0:
		return q.adviseServe(rule, roundTrip)
	}
	return q.adviseStop(roundTrip)
}

func (q *QueryStats) adviseCache(roundTrip time.Duration) *Advice {
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
	why := fmt.Sprintf("%.0f %% of %d sampled executions would have been hits", 100*best.HitRatio, best.Samples)
	return &Advice{AdviseCache, *best, why, adviceRule(best, "ttl: "+shortDuration(best.TTL), "mode: shadow")}
}

// adviseServe compares with no rule at all: what a shadow rule costs already is
// no reason to let it serve.
func (q *QueryStats) adviseServe(rule *Rule, roundTrip time.Duration) *Advice {
	off := q.preview(&Rule{}, roundTrip)
	if rule == nil || rule.Mode != ModeShadow || q.Different > 0 || off == nil {
		return nil
	}
	serves := *rule
	serves.Mode = ModeOn
	p := q.preview(&serves, roundTrip)
	switch {
	case p != nil && p.SavedPerHour-off.SavedPerHour < -worthAdvice:
		return q.adviseStop(roundTrip)
	case p == nil || p.SavedPerHour-off.SavedPerHour < worthAdvice:
		return nil
	case q.Checked-q.Inconclusive < enoughSamples:
		return nil // nearly nothing was compared
	}
	why := fmt.Sprintf("%d of %d comparisons found the same answer, none a wrong one; take \"mode: shadow\" out of the rule", q.Checked-q.Inconclusive, q.Checked)
	return &Advice{Kind: AdviseServe, Preview: *p, Why: why}
}

func (q *QueryStats) adviseStop(roundTrip time.Duration) *Advice {
	p := q.preview(&Rule{}, roundTrip)
	if p == nil || p.SavedPerHour < worthAdvice {
		return nil
	}
	p.Rule = q.adviceName("off")
	ratio, lookups, _ := q.expected(0)
	why := fmt.Sprintf("%.0f %% of %d lookups found something: lookups cost more time than the database would need", 100*ratio, lookups)
	return &Advice{AdviseStop, *p, why, adviceRule(p, "ttl: 0")}
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
