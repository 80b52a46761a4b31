package cachedsql

import (
	"math"
	"strings"
	"testing"
	"time"
)

func TestAdviceIsWorthItAndParses(t *testing.T) {
	t.Parallel()
	queries := []QueryStats{
		statsOf("00000000000000aa", 10*time.Millisecond, func(q *QueryStats) { q.Name = `Get: "User"` + strings.Repeat("é", 80) }),
		statsOf("00000000000000bb", 50*time.Millisecond, nil),
		statsOf("00000000000000cc", 100*time.Microsecond, nil),                       // too fast
		statsOf("00000000000000dd", time.Millisecond, cached(300, time.Millisecond)), // hardly ever hits
		statsOf("00000000000000ee", 50*time.Millisecond, cached(3000, time.Millisecond)),
		statsOf("00000000000000ff", time.Second, func(q *QueryStats) { q.Ghost.Samples = 3 }),
		statsOf(OtherQueries, time.Second, nil),
	}
	advice := (*Rules)(nil).Advise(queries, time.Millisecond)
	var got []string
	rules := "version: 1\nrules:\n"
	for _, a := range advice {
		got = append(got, a.Kind+" "+a.Preview.QueryID)
		rules += a.Rule
	}
	if strings.Join(got, ", ") != "cache 00000000000000bb, cache 00000000000000aa" {
		t.Errorf("advice: %q", got)
	}
	parsed, err := ParseRules("advice", []byte(rules))
	if err != nil {
		t.Fatalf("%v\n%s", err, rules)
	}
	// 80 % at a minute, 85 % at ten: a minute saves nearly as much.
	if r := parsed.List()[0]; r.TTL != 10*time.Minute && r.TTL != time.Minute || r.Mode != ModeShadow {
		t.Errorf("%+v", r)
	}
	if p := parsed.Preview(queries[1:2], time.Millisecond); p.Selected != 1 {
		t.Errorf("the advised rule does not select its query: %+v", p)
	}

	// Lookups cost 3600 x 5 ms, hits save 360 x 10 ms.
	costly := statsOf("00000000000000dd", 10*time.Millisecond, cached(360, 5*time.Millisecond))
	stop := (*Rules)(nil).Advise([]QueryStats{costly}, time.Millisecond)
	if len(stop) != 1 || stop[0].Kind != AdviseStop || !nearly(stop[0].Preview.SavedPerHour, 14400*time.Millisecond) {
		t.Fatalf("%+v", stop)
	}
	parsed, err = ParseRules("advice", []byte("version: 1\nrules:\n"+stop[0].Rule))
	if err != nil || parsed.List()[0].TTL != 0 {
		t.Errorf("%v\n%s", err, stop[0].Rule)
	}
	if math.Signbit(float64(stop[0].Preview.DatabaseSavedPerHour)) != true {
		t.Errorf("the database works more then: %+v", stop[0].Preview)
	}
}

// shadowed makes figures those of a rule in shadow mode that would have had so
// many hits.
func shadowed(checked, inconclusive, different int64) func(*QueryStats) {
	return func(q *QueryStats) {
		q.Bypasses, q.BypassesByReason, q.Rule = 0, nil, "items"
		q.Checked, q.Misses, q.Inconclusive, q.Different = checked, 3600-checked, inconclusive, different
	}
}

func TestShadowRuleIsAdvisedToServeWhereItWouldSave(t *testing.T) {
	t.Parallel()
	rules := rulesOf(t, "- {name: items, tables: [items], ttl: 5m, mode: shadow}")
	for name, c := range map[string]struct {
		rules *Rules
		q     QueryStats
		want  string
	}{
		"good":           {rules, statsOf("00000000000000aa", 10*time.Millisecond, shadowed(3000, 5, 0)), AdviseServe},
		"wrong once":     {rules, statsOf("00000000000000aa", 10*time.Millisecond, shadowed(3000, 5, 1)), ""},
		"never compared": {rules, statsOf("00000000000000aa", 10*time.Millisecond, shadowed(3000, 2990, 0)), ""},
		"fast database": {rules, statsOf("00000000000000aa", 100*time.Microsecond, func(q *QueryStats) {
			shadowed(3000, 5, 0)(q)
			q.PerHour = 36000
		}), AdviseStop},
		"hardly worth it":   {rules, statsOf("00000000000000aa", 1300*time.Microsecond, shadowed(3000, 5, 0)), ""},
		"unknown rules":     {nil, statsOf("00000000000000aa", 10*time.Millisecond, shadowed(3000, 5, 0)), ""},
		"it serves already": {rulesOf(t, "- {name: items, ttl: 5m}"), statsOf("00000000000000aa", 10*time.Millisecond, shadowed(3000, 5, 0)), ""},
		"off on purpose":    {rulesOf(t, "- {name: items, ttl: 0}"), statsOf("00000000000000aa", 10*time.Millisecond, nil), ""},
		"a new rule":        {rulesOf(t, "- {name: items, ttl: 5m}"), statsOf("00000000000000aa", 10*time.Millisecond, nil), ""},
		"off, as reported": {nil, statsOf("00000000000000aa", 10*time.Millisecond, func(q *QueryStats) {
			q.BypassesByReason = map[string]int64{"rule_off": 3600}
		}), ""},
	} {
		advice := c.rules.Advise([]QueryStats{c.q}, time.Millisecond)
		got := ""
		if len(advice) > 0 {
			got = advice[0].Kind
		}
		if got != c.want {
			t.Errorf("%s: advised %q, want %q: %+v", name, got, c.want, advice)
		}
		if got == AdviseServe && (advice[0].Preview.Rule != "items" || advice[0].Preview.TTL != 5*time.Minute || !nearly(advice[0].Preview.DatabaseSavedPerHour, 30*time.Second)) {
			t.Errorf("%s: %+v", name, advice[0])
		}
	}
}

func rulesOf(t *testing.T, rules string) *Rules {
	t.Helper()
	r, err := ParseRules("rules", []byte("version: 1\nrules:\n"+rules))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestAdviceIsAppliedToWhatWasWritten(t *testing.T) {
	t.Parallel()
	cache := &Advice{
		Kind: AdviseCache, Preview: QueryPreview{QueryID: "00000000000000aa", Rule: "new", TTL: time.Minute},
		Rule: "  - name: new\n    query_ids: [\"00000000000000aa\"]\n    ttl: 1m\n",
	}
	serve := &Advice{Kind: AdviseServe, Preview: QueryPreview{QueryID: "00000000000000aa", Rule: "old"}}
	const added = "- name: new\n  query_ids: [\"00000000000000aa\"]\n  ttl: 1m\n"
	for name, c := range map[string]struct {
		advice     *Advice
		text, want string
	}{
		"nothing":         {cache, "", "version: 1\nrules:\n" + cache.Rule},
		"no rules":        {cache, "version: 1", "version: 1\nrules:\n" + cache.Rule},
		"no value":        {cache, "rules: # none\nversion: 1\n", "rules: # none\n" + cache.Rule + "version: 1\n"},
		"an empty list":   {cache, "version: 1\nrules: []\ntables: {}\n", "version: 1\nrules:\n" + cache.Rule + "tables: {}\n"},
		"the end":         {cache, "version: 1\nrules: []", "version: 1\nrules:\n" + cache.Rule},
		"a list":          {cache, "version: 1\nrules:\n# first\n- {name: old, ttl: 1m}\n", "version: 1\nrules:\n# first\n" + added + "- {name: old, ttl: 1m}\n"},
		"one further in":  {cache, "version: 1\nrules:\n  - {name: old, ttl: 1m}\n", "version: 1\nrules:\n" + cache.Rule + "  - {name: old, ttl: 1m}\n"},
		"braces":          {cache, "{version: 1, rules: [{name: é, ttl: 1m}]}", "{version: 1, rules: [{name: new, query_ids: [\"00000000000000aa\"], ttl: 1m}, {name: é, ttl: 1m}]}"},
		"shadow":          {serve, "version: 1\nrules:\n- name: old\n  mode: shadow # for now\n  ttl: 1m\n", "version: 1\nrules:\n- name: old\n  verify: 1% # for now\n  ttl: 1m\n"},
		"shadow, quoted":  {serve, "version: 1\nrules:\n- {name: x, tables: [y], ttl: 1s, mode: shadow}\n- {name: old, mode: \"shadow\", ttl: 1m}\n", "version: 1\nrules:\n- {name: x, tables: [y], ttl: 1s, mode: shadow}\n- {name: old, verify: 1%, ttl: 1m}\n"},
		"shadow, checked": {serve, "version: 1\nrules:\n- {name: old, mode: shadow, verify: 5%, ttl: 1m}\n", "version: 1\nrules:\n- {name: old, mode: on, verify: 5%, ttl: 1m}\n"},
	} {
		got, err := c.advice.ApplyTo(c.text)
		if err != nil || got != c.want {
			t.Errorf("%s: got %v\n%s\nwant\n%s", name, err, got, c.want)
		}
	}
	for name, text := range map[string]string{
		"shadow by default": "version: 1\ndefaults: {mode: shadow}\nrules:\n- {name: old, ttl: 1m}\n",
		"another rule":      "version: 1\nrules:\n- {name: other, mode: shadow, ttl: 1m}\n",
		"no rule":           "version: 1\n",
		"a mistake":         "version: 2\n",
	} {
		if got, err := serve.ApplyTo(text); err == nil {
			t.Errorf("%s: became %q", name, got)
		}
	}
	if got, err := cache.ApplyTo("version: 1\nrules:\n- {name: new, query_names: [x], ttl: 1m}\n"); err == nil {
		t.Errorf("a rule of that name is there: %q", got)
	}
}

func TestRoundTripIsTheMedianOfTheLast(t *testing.T) {
	t.Parallel()
	var r roundTrips
	for _, c := range []struct{ took, want time.Duration }{{5, 5}, {900, 5}, {7, 7}, {800, 7}, {6, 7}} {
		if got := r.with(c.took); got != c.want {
			t.Errorf("with %d: %d, want %d", c.took, got, c.want)
		}
	}
	for range 15 {
		r.with(3)
	}
	if got := r.with(1000); got != 3 {
		t.Errorf("after 15 of 3: %d", got)
	}
}
