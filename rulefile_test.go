package cachedsql

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const exampleRules = `version: 1
defaults: {max_rows: 10000, max_bytes: 1MiB, jitter: 10%}
rules:
  - name: prices            # shown in stats, logs and metrics
    tables_any: [prices, public.products]
    ttl: 5m
    empty_ttl: 30s
  - name: by-sqlc-name
    query_names: [GetUser, "List*"]   # from a leading comment
    ttl: 1m
  - name: never-sessions
    tables: [sessions]
    ttl: 0                  # explicitly uncached
  - name: rest
    regex: "^select "       # on the normalised text
    ttl: 10s
tables:
  public.Orders: {dimensions: [tenant_id, customer_id]}
  public.audit_log: {ignore_writes_from_triggers: true}
functions:
  public.price_of: {volatility: stable, reads: [public.prices]}
  public.archive:  {writes: [public.orders, public.orders_old]}
`

func mustParseRules(t *testing.T, text string) *Rules {
	t.Helper()
	rules, err := ParseRules("rules.yaml", []byte(text))
	if err != nil {
		t.Fatalf("ParseRules: %v", err)
	}
	return rules
}

func TestRuleFileFillsInDefaults(t *testing.T) {
	t.Parallel()
	rules := mustParseRules(t, exampleRules).List()
	if len(rules) != 4 {
		t.Fatalf("got %d rules, want 4", len(rules))
	}
	prices := rules[0]
	if prices.Name != "prices" || prices.TTL != 5*time.Minute || prices.EmptyTTL != 30*time.Second ||
		prices.MaxRows != 10000 || prices.MaxBytes != 1<<20 || prices.Jitter != 0.1 {
		t.Errorf("prices = %+v", prices)
	}
	if rules[1].EmptyTTL != time.Minute {
		t.Errorf("an absent empty_ttl is %v, want the TTL, 1m", rules[1].EmptyTTL)
	}
	if rules[2].TTL != 0 || rules[2].EmptyTTL != 0 {
		t.Errorf("ttl 0 became %v and %v", rules[2].TTL, rules[2].EmptyTTL)
	}
}

func TestRuleFileWithoutDefaultsHasSafeLimits(t *testing.T) {
	t.Parallel()
	rule := mustParseRules(t, "version: 1\nrules: [{name: all, ttl: 1d}]").List()[0]
	if rule.TTL != 24*time.Hour || rule.MaxRows != defaultMaxRows || rule.MaxBytes != defaultMaxBytes || rule.Jitter != defaultJitter {
		t.Errorf("rule = %+v", rule)
	}
}

func TestDefaultsMayFollowTheRules(t *testing.T) {
	t.Parallel()
	rules := mustParseRules(t, `
version: 1
rules:
- name: a
  tables: a
- {name: b, tables: b, ttl: 5s, max_rows: 7}
- {name: c, ttl: 2m, empty_ttl: 3m}
defaults: {ttl: 1m, empty_ttl: 10s, jitter: 0.5}
`).List()
	if rules[0].TTL != time.Minute || rules[0].EmptyTTL != 10*time.Second || rules[0].Jitter != 0.5 {
		t.Errorf("a = %+v", rules[0])
	}
	if rules[1].EmptyTTL != 5*time.Second || rules[1].MaxRows != 7 {
		t.Errorf("an inherited empty_ttl outlives the rule's TTL: %+v", rules[1])
	}
	if rules[2].EmptyTTL != 3*time.Minute {
		t.Errorf("an explicit empty_ttl is not kept: %+v", rules[2])
	}
}

func TestRuleFileDeclaresTablesAndFunctions(t *testing.T) {
	t.Parallel()
	decl := mustParseRules(t, exampleRules).declared()
	if got := decl.Tables["public.orders"].Dimensions; strings.Join(got, " ") != "tenant_id customer_id" {
		t.Errorf("dimensions = %q", got)
	}
	if !decl.Tables["public.audit_log"].IgnoreWritesFromTriggers {
		t.Error("ignore_writes_from_triggers is lost")
	}
	if f := decl.Functions["public.price_of"]; f.Volatility != "stable" || strings.Join(f.Reads, " ") != "public.prices" {
		t.Errorf("price_of = %+v", f)
	}
	if f := decl.Functions["public.archive"]; strings.Join(f.Writes, " ") != "public.orders public.orders_old" {
		t.Errorf("archive = %+v", f)
	}
}

func TestRuleFileMayBeJSON(t *testing.T) {
	t.Parallel()
	rules := mustParseRules(t, `{"version": 1, "rules": [{"name": "all", "tables_any": ["a", "B"], "ttl": "5s", "jitter": 0}]}`)
	if rule := rules.List()[0]; rule.TTL != 5*time.Second || rule.Jitter != 0 || rule.tablesAny[1] != "b" {
		t.Errorf("rule = %+v", rule)
	}
}

func TestMistakesNameTheirPlace(t *testing.T) {
	t.Parallel()
	rule := func(keys string) string { return "version: 1\nrules:\n  - name: prices\n    " + keys + "\n" }
	for _, c := range []struct{ name, text, want string }{
		{"unknown key", rule("ttls: 5m\n    ttl: 1s"), `cachedsql: rule "prices" (rules.yaml:4:5): unknown key "ttls", did you mean "ttl"?`},
		{"key of another section", rule("dimensions: [a]\n    ttl: 1s"), `cachedsql: rule "prices" (rules.yaml:4:5): unknown key "dimensions"`},
		{"unknown section", "version: 1\nrule: []", `cachedsql: rule file (rules.yaml:2:1): unknown key "rule", did you mean "rules"?`},
		{"unknown default", "version: 1\ndefaults: {maxrows: 1}", `cachedsql: defaults (rules.yaml:2:12): unknown key "maxrows", did you mean "max_rows"?`},
		{"no version", "rules: []", `cachedsql: rule file (rules.yaml:1:1): version is missing, write "version: 1"`},
		{"future version", "version: 2", `cachedsql: rule file (rules.yaml:1:10): version "2" is not known, this release reads version 1`},
		{"empty", "# nothing\n", `cachedsql: rule file (rules.yaml:1:1): empty, expected at least "version: 1"`},
		{"not a mapping", "- a", `cachedsql: rule file (rules.yaml:1:1): expected keys such as "version", found a list`},
		{"rule is text", "version: 1\nrules: [all]", `cachedsql: rule 1 (rules.yaml:2:9): expected keys such as "name", found "all"`},
		{"rules is a mapping", "version: 1\nrules: {a: b}", `cachedsql: rules (rules.yaml:2:9): expected a list, found a mapping`},
		{"no name", "version: 1\nrules:\n- ttl: 5s", `cachedsql: rule 1 (rules.yaml:3:3): name is missing`},
		{"bad name", "version: 1\nrules: [{name: \"a\\nb\", ttl: 5s}]", `cachedsql: rule "a\nb" (rules.yaml:2:16): name "a\nb" is not 1 to 64 bytes of text on one line`},
		{"same name", rule("tables: a\n    ttl: 1s\n  - name: prices\n    ttl: 1s"), `cachedsql: rule "prices" (rules.yaml:6:11): there is another rule of that name`},
		{"unreachable", rule("ttl: 1s\n  - name: users\n    ttl: 1s"), `cachedsql: rule "users" (rules.yaml:5:5): can never match: rule "prices" before it matches every read`},
		{"key twice", rule("ttl: 1s\n    ttl: 2s"), `cachedsql: rule "prices" (rules.yaml:5:5): key "ttl" appears twice`},
		{"no ttl", rule("tables: a"), `cachedsql: rule "prices" (rules.yaml:3:5): ttl is missing, here and in the defaults`},
		{"no unit", rule("ttl: 5"), `cachedsql: rule "prices" (rules.yaml:4:10): ttl "5" has no unit, write 30s, 5m, 1h30m or 7d`},
		{"not a duration", rule("ttl: soon"), `cachedsql: rule "prices" (rules.yaml:4:10): ttl "soon" is not a duration such as 30s, 5m, 1h30m or 7d`},
		{"negative", rule("ttl: -5s"), `cachedsql: rule "prices" (rules.yaml:4:10): ttl "-5s" is negative`},
		{"too short", rule("ttl: 5us"), `cachedsql: rule "prices" (rules.yaml:4:10): ttl "5us" is shorter than 1ms`},
		{"empty_ttl of an uncached rule", rule("ttl: 0\n    empty_ttl: 1s"), `cachedsql: rule "prices" (rules.yaml:5:16): empty_ttl has no effect where ttl is 0`},
		{"null", rule("ttl:"), `cachedsql: rule "prices" (rules.yaml:4:10): ttl expects one value, found nothing`},
		{"list for one value", rule("ttl: [1s]"), `cachedsql: rule "prices" (rules.yaml:4:10): ttl expects one value, found a list`},
		{"rows", rule("max_rows: 0\n    ttl: 1s"), `cachedsql: rule "prices" (rules.yaml:4:15): max_rows "0" is not a number of at least 1`},
		{"bytes", rule("max_bytes: 1MB2\n    ttl: 1s"), `cachedsql: rule "prices" (rules.yaml:4:16): max_bytes "1MB2" is not a size such as 65536, 64KB or 1MiB`},
		{"too many bytes", rule("max_bytes: 1GiB\n    ttl: 1s"), `cachedsql: rule "prices" (rules.yaml:4:16): max_bytes "1GiB" is not between 1 byte and 512MiB`},
		{"share", rule("jitter: 110%\n    ttl: 1s"), `cachedsql: rule "prices" (rules.yaml:4:13): jitter "110%" is not between 0% and 100%`},
		{"query ID", rule("query_ids: [abc]\n    ttl: 1s"), `cachedsql: rule "prices" (rules.yaml:4:17): query_ids "abc" is not a query ID, which has 16 hex digits`},
		{"glob", rule("query_names: [\"Get[\"]\n    ttl: 1s"), `cachedsql: rule "prices" (rules.yaml:4:19): query_names "Get[" is not a pattern such as GetUser, "List*" or "*By[A-Z]*"`},
		{"regex", rule("regex: '(a'\n    ttl: 1s"), `cachedsql: rule "prices" (rules.yaml:4:12): regex "(a": missing closing ): "(a"`},
		{"huge regex", rule("regex: '(a{1000}){1000}'\n    ttl: 1s"), `cachedsql: rule "prices" (rules.yaml:4:12): regex "(a{1000}){1000}": invalid repeat count: "{1000}"`},
		{"empty list", rule("tables: []\n    ttl: 1s"), `cachedsql: rule "prices" (rules.yaml:4:13): tables is an empty list, leave it out to match everything`},
		{"table pattern", rule("tables: [\"user*\"]\n    ttl: 1s"), `cachedsql: rule "prices" (rules.yaml:4:14): tables "user*" is not a name such as orders or public.orders`},
		{"declared key", "version: 1\ntables: {orders: {dimension: [a]}}", `cachedsql: table "orders" (rules.yaml:2:19): unknown key "dimension", did you mean "dimensions"?`},
		{"declared twice", "version: 1\ntables: {orders: {dimensions: [a]}, Orders: {dimensions: [b]}}", `cachedsql: table "Orders" (rules.yaml:2:37): declared twice`},
		{"declared boolean", "version: 1\ntables: {a: {ignore_writes_from_triggers: yes}}", `cachedsql: table "a" (rules.yaml:2:43): ignore_writes_from_triggers "yes" is neither true nor false`},
		{"volatility", "version: 1\nfunctions: {f: {volatility: imutable}}", `cachedsql: function "f" (rules.yaml:2:29): volatility "imutable" is not one of immutable, stable, volatile, did you mean "immutable"?`},
		{"function with arguments", "version: 1\nfunctions: {f(int): {volatility: stable}}", `cachedsql: function "f(int)" (rules.yaml:2:13): "f(int)" is not a name such as orders or public.orders`},
		{"alias", "version: 1\ndefaults: &d {ttl: 1s}", `cachedsql: rule file (rules.yaml:2:11): anchors and aliases are not supported`},
		{"tag", "version: !!int 1", `cachedsql: rule file (rules.yaml:1:10): YAML tags and directives are not supported`},
		{"two documents", "version: 1\n---\nversion: 1", `cachedsql: rule file (rules.yaml:3:1): a second document; a rule file is one`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			rules, err := ParseRules("rules.yaml", []byte(c.text))
			if err == nil || err.Error() != c.want {
				t.Errorf("file:\n%s\ngot:  %v\nwant: %s", c.text, err, c.want)
			}
			if err != nil && rules != nil {
				t.Error("rules beside an error")
			}
		})
	}
}

func TestAllMistakesAreReportedAtOnce(t *testing.T) {
	t.Parallel()
	_, err := ParseRules("r", []byte("version: 1\nrules:\n- {name: a, tll: 1s, max_rows: x, tables: a}\n- {name: b, ttl: 1}\nextra: 1"))
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{`"tll"`, `max_rows "x"`, "ttl is missing", `ttl "1" has no unit`, `unknown key "extra"`} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%s is not in:\n%v", want, err)
		}
	}
}

func TestManyMistakesAreCutShort(t *testing.T) {
	t.Parallel()
	_, err := ParseRules("r", []byte("version: 1\nrules: ["+strings.Repeat("{x: 1},", 2000)+"]"))
	if err == nil || strings.Count(err.Error(), "\n") != maxRuleFileErrors || !strings.Contains(err.Error(), "more mistakes") {
		t.Errorf("got %v", err)
	}
}

// hostileRuleFiles would exhaust the stack or memory of a careless parser.
var hostileRuleFiles = map[string]string{
	"brackets": strings.Repeat("[", 100_000),
	"maps":     strings.Repeat("{a: ", 50_000),
	"dashes":   strings.Repeat("- ", 100_000),
	"keys":     strings.Repeat("? ", 100_000),
	"stairs":   strings.Repeat("a:\n", 1) + stairs(500),
	"laughs":   "a: &a [x,x]\nb: &b [*a,*a,*a]\nc: &c [*b,*b,*b]\n",
	"merge":    "version: 1\ndefaults: {<<: {ttl: 1s}}",
	"huge":     strings.Repeat("#\n", maxRuleFileBytes),
	"nul":      "version: 1\x00",
	"binary":   "\xff\xfe\x00v",
	"quote":    "\"",
	"rules":    "version: 1\nrules: [" + strings.Repeat("{name: a, tables: a, ttl: 1s},", maxRules+1) + "]",
}

func stairs(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(strings.Repeat(" ", i) + "a:\n")
	}
	return b.String()
}

func TestHostileRuleFilesAreRefusedQuickly(t *testing.T) {
	t.Parallel()
	for name, text := range hostileRuleFiles {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			start := time.Now()
			if _, err := ParseRules("rules.yaml", []byte(text)); err == nil {
				t.Error("accepted")
			}
			if d := time.Since(start); d > 10*time.Second {
				t.Errorf("took %v", d)
			}
		})
	}
}

func FuzzParseRules(f *testing.F) {
	f.Add(exampleRules)
	for _, text := range hostileRuleFiles {
		if len(text) < 1000 {
			f.Add(text)
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		rules, err := ParseRules("rules.yaml", []byte(text))
		if (rules == nil) != (err != nil) {
			t.Fatalf("rules %v, error %v", rules, err)
		}
		for _, rule := range rules.List() {
			if rule.Name == "" || rule.TTL < 0 || rule.EmptyTTL < 0 || rule.MaxRows < 1 || rule.MaxBytes < 1 || rule.Jitter < 0 || rule.Jitter > 1 {
				t.Errorf("rule out of bounds: %+v", rule)
			}
		}
		rules.match(&ruleQuery{normal: text, tables: []string{text}})
	})
}

func TestLoadRulesReadsOnlyRegularFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "rules.yaml")
	if err := os.WriteFile(path, []byte(exampleRules), 0o600); err != nil {
		t.Fatal(err)
	}
	rules, err := LoadRules(path)
	if err != nil || rules.Len() != 4 {
		t.Errorf("LoadRules = %v, %v", rules, err)
	}
	if _, err := LoadRules(dir); err == nil || !strings.Contains(err.Error(), "not a regular file") {
		t.Errorf("a directory gives %v", err)
	}
	if _, err := LoadRules(path + ".none"); !os.IsNotExist(err) && !strings.Contains(err.Error(), "no such file") {
		t.Errorf("a missing file gives %v", err)
	}
}

func TestRuleVersionFollowsTheContent(t *testing.T) {
	t.Parallel()
	a, b := mustParseRules(t, exampleRules), mustParseRules(t, exampleRules)
	if a.Version() == "" || a.Version() != b.Version() {
		t.Errorf("one content, versions %q and %q", a.Version(), b.Version())
	}
	if c := mustParseRules(t, "version: 1"); c.Version() == a.Version() {
		t.Error("two contents, one version")
	}
}
