package cachedsql

import "testing"

func TestFirstMatchingRuleWins(t *testing.T) {
	t.Parallel()
	rules := mustParseRules(t, exampleRules)
	for _, c := range []struct {
		name string
		q    ruleQuery
		want string
	}{
		{"any table", ruleQuery{tables: []string{"users", "shop.prices"}}, "prices"},
		{"schema", ruleQuery{tables: []string{"public.products"}}, "prices"},
		{"other schema", ruleQuery{tables: []string{"old.products"}}, ""},
		{"case", ruleQuery{tables: []string{"Prices"}}, "prices"},
		{"suffix of a name", ruleQuery{tables: []string{"old_prices"}}, ""},
		{"query name", ruleQuery{queryName: "GetUser", tables: []string{"users"}}, "by-sqlc-name"},
		{"query name glob", ruleQuery{queryName: "ListUsers", tables: []string{"sessions"}}, "by-sqlc-name"},
		{"exact set", ruleQuery{tables: []string{"sessions"}, normal: "select ?"}, "never-sessions"},
		{"more than the exact set", ruleQuery{tables: []string{"sessions", "users"}}, ""},
		{"regex", ruleQuery{normal: "select * from users", tables: []string{"users"}}, "rest"},
		{"regex in capitals", ruleQuery{normal: "SELECT * from users"}, "rest"},
		{"nothing", ruleQuery{normal: "values (?)"}, ""},
	} {
		got := ""
		if rule := rules.match(&c.q); rule != nil {
			got = rule.Name
		}
		if got != c.want {
			t.Errorf("%s: matched %q, want %q", c.name, got, c.want)
		}
	}
}

func TestConditionsAreAnded(t *testing.T) {
	t.Parallel()
	rules := mustParseRules(t, `
version: 1
rules:
- name: all-conditions
  query_ids: 00000000000000AB
  query_names: ["Get*"]
  tables: [a, s.b]
  tables_any: [b, c]
  tables_all: [a, b]
  regex: "join b$"
  databases: [shop, Shop2]
  users: [app]
  ttl: 1s
`)
	whole := ruleQuery{
		queryID: "00000000000000ab", queryName: "GetAB", normal: "select * from a join b",
		tables: []string{"a", "s.b"}, database: "Shop2", user: "app",
	}
	if rules.match(&whole) == nil {
		t.Fatal("a statement that meets every condition is not matched")
	}
	for name, spoil := range map[string]func(*ruleQuery){
		"query_ids":   func(q *ruleQuery) { q.queryID = "00000000000000ac" },
		"query_names": func(q *ruleQuery) { q.queryName = "SetAB" },
		"tables":      func(q *ruleQuery) { q.tables = []string{"a", "s.b", "d"} },
		"tables_all":  func(q *ruleQuery) { q.tables = []string{"s.b"} },
		"regex":       func(q *ruleQuery) { q.normal += " where ?" },
		"databases":   func(q *ruleQuery) { q.database = "shop2" },
		"users":       func(q *ruleQuery) { q.user = "" },
	} {
		q := whole
		spoil(&q)
		if rules.match(&q) != nil {
			t.Errorf("matched although %s does not hold", name)
		}
	}
}

func TestRuleWithoutConditionsMatchesEverything(t *testing.T) {
	t.Parallel()
	rules := mustParseRules(t, "version: 1\nrules: [{name: all, ttl: 5s}]")
	if rules.match(&ruleQuery{}) == nil {
		t.Error("not matched")
	}
}

func TestQuotesInTableNamesKeepDots(t *testing.T) {
	t.Parallel()
	rules := mustParseRules(t, "version: 1\nrules: [{name: odd, ttl: 5s, tables: ['\"Odd Name\"', '`my.db`.`T`']}]")
	if rules.match(&ruleQuery{tables: []string{"my.db.t", "s.Odd Name"}}) == nil {
		t.Error("not matched")
	}
}

func TestNilRulesMatchNothing(t *testing.T) {
	t.Parallel()
	var rules *Rules
	if rules.match(&ruleQuery{}) != nil || rules.Len() != 0 || rules.List() != nil || rules.Version() != "" || rules.declared() == nil {
		t.Error("nil rules are not empty")
	}
}
