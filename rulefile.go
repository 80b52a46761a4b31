package cachedsql

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/goccy/go-yaml/ast"

	"github.com/cachedsql/cachedsql/internal/catalog"
)

// Bounds of a rule file. They are far above what people write and keep a
// wrong or hostile file from costing more than milliseconds and megabytes.
const (
	maxRuleFileBytes  = 256 << 10
	maxRules          = 1000
	maxRegexBytes     = 1000
	maxNameBytes      = 64
	maxRuleFileErrors = 20
)

// What holds where neither a rule nor the defaults section says otherwise.
const (
	defaultMaxRows  = 10_000
	defaultMaxBytes = 1 << 20
	defaultJitter   = 0.1
)

// LoadRules reads and parses a rule file. See ParseRules.
func LoadRules(path string) (*Rules, error) {
	data, err := readRuleFile(path)
	if err != nil {
		return nil, err
	}
	return ParseRules(path, data)
}

// readRuleFile refuses what is not a regular file: opening a pipe would block.
func readRuleFile(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("cachedsql: rule file: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("cachedsql: rule file %s is not a regular file", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("cachedsql: rule file: %w", err)
	}
	defer func() { _ = f.Close() }() // only read
	data, err := io.ReadAll(io.LimitReader(f, maxRuleFileBytes+1))
	if err != nil {
		return nil, fmt.Errorf("cachedsql: rule file: %w", err)
	}
	return data, nil
}

// ParseRules parses the content of a rule file, YAML or JSON as described in
// docs/rules.md. The name stands for the file in errors. An error names every
// mistake found, each with its line and column; the result is then nil.
func ParseRules(name string, data []byte) (*Rules, error) {
	if len(data) > maxRuleFileBytes {
		return nil, fmt.Errorf("cachedsql: rule file %s has more than %d bytes", name, maxRuleFileBytes)
	}
	root, err := parseYAML(name, data)
	if err != nil {
		return nil, err
	}
	p := &ruleParser{file: name, errs: new([]error)}
	rules := p.content(root)
	if err := p.err(); err != nil {
		return nil, err
	}
	rules.name, rules.version = name, contentVersion(data)
	return rules, nil
}

func contentVersion(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:8])
}

// ruleFile is the top level of a file while it is parsed.
type ruleFile struct {
	version  ast.Node
	defaults limits
	rules    ast.Node
	decl     catalog.Declarations
}

var ruleFileKeys = []ruleKey[ruleFile]{
	{"version", (*ruleParser).version},
	{"defaults", func(p *ruleParser, f *ruleFile, n ast.Node) {
		parseMapping(p.about("defaults"), n, limitKeys, &f.defaults)
	}},
	{"rules", func(_ *ruleParser, f *ruleFile, n ast.Node) { f.rules = n }},
	{"tables", func(p *ruleParser, f *ruleFile, n ast.Node) {
		f.decl.Tables = parseDeclarations(p, "table", n, tableDeclKeys)
	}},
	{"functions", func(p *ruleParser, f *ruleFile, n ast.Node) {
		f.decl.Functions = parseDeclarations(p, "function", n, functionDeclKeys)
	}},
}

// content parses a file of version 1. Rules come last because they need the
// defaults, wherever in the file those stand.
func (p *ruleParser) content(root ast.Node) *Rules {
	f := ruleFile{defaults: limits{maxRows: defaultMaxRows, maxBytes: defaultMaxBytes, jitter: defaultJitter, nearLease: defaultNearLease}}
	if !parseMapping(p.about("rule file"), root, ruleFileKeys, &f) {
		return nil
	}
	if f.version == nil {
		p.about("rule file").failf(root, `version is missing, write "version: 1"`)
	}
	rules := &Rules{declarations: f.decl}
	for i, n := range p.about("rules").sequence(f.rules) {
		if i == maxRules {
			p.about("rules").failf(n, "more than %d rules", maxRules)
			break
		}
		rules.rules = append(rules.rules, p.rule(i, n, f.defaults, rules.rules))
	}
	return rules
}

func (p *ruleParser) version(f *ruleFile, n ast.Node) {
	f.version = n
	if text, ok := p.text(n); ok && text != "1" {
		p.failf(n, "version %q is not known, this release reads version 1", text)
	}
}

// limits are the keys that rules and the defaults section share.
type limits struct {
	ttl, emptyTTL     *time.Duration // nil: not said
	maxRows, maxBytes int64
	compress          Compression
	jitter            float64
	near              NearMode
	nearLease         time.Duration
	refreshAhead      float64
	fillWait          time.Duration
	onDatabaseDown    OnDatabaseDown
	stale             time.Duration
	mode              RuleMode
	verify            float64
}

var limitKeys = []ruleKey[limits]{
	{"ttl", func(p *ruleParser, l *limits, n ast.Node) { l.ttl = p.duration(n) }},
	{"empty_ttl", func(p *ruleParser, l *limits, n ast.Node) { l.emptyTTL = p.duration(n) }},
	{"max_rows", func(p *ruleParser, l *limits, n ast.Node) { l.maxRows = p.count(n) }},
	{"max_bytes", func(p *ruleParser, l *limits, n ast.Node) { l.maxBytes = p.size(n) }},
	{"compress", func(p *ruleParser, l *limits, n ast.Node) { l.compress = p.compression(n) }},
	{"jitter", func(p *ruleParser, l *limits, n ast.Node) { l.jitter = p.share(n) }},
	{"near", func(p *ruleParser, l *limits, n ast.Node) { l.near = p.nearMode(n) }},
	{"near_lease", func(p *ruleParser, l *limits, n ast.Node) { l.nearLease = p.nearLease(n) }},
	{"refresh_ahead", func(p *ruleParser, l *limits, n ast.Node) { l.refreshAhead = p.factor(n) }},
	{"mode", func(p *ruleParser, l *limits, n ast.Node) { l.mode = p.mode(n) }},
	{"verify", func(p *ruleParser, l *limits, n ast.Node) { l.verify = p.share(n) }},
	{"fill_wait", func(p *ruleParser, l *limits, n ast.Node) { l.fillWait = p.shortWait(n) }},
	{"stale_while_revalidate", func(p *ruleParser, l *limits, n ast.Node) {
		if d := p.duration(n); d != nil {
			l.stale = *d
		}
	}},
	{"on_database_down", func(p *ruleParser, l *limits, n ast.Node) { l.onDatabaseDown = p.onDatabaseDown(n) }},
}

var conditionKeys = []ruleKey[conditions]{
	{"query_ids", func(p *ruleParser, c *conditions, n ast.Node) { c.queryIDs = p.queryIDs(n) }},
	{"query_names", func(p *ruleParser, c *conditions, n ast.Node) { c.queryNames = p.globs(n) }},
	{"tables", func(p *ruleParser, c *conditions, n ast.Node) { c.tables = p.tableNames(n) }},
	{"tables_any", func(p *ruleParser, c *conditions, n ast.Node) { c.tablesAny = p.tableNames(n) }},
	{"tables_all", func(p *ruleParser, c *conditions, n ast.Node) { c.tablesAll = p.tableNames(n) }},
	{"regex", func(p *ruleParser, c *conditions, n ast.Node) { c.regex = p.regex(n) }},
	{"databases", func(p *ruleParser, c *conditions, n ast.Node) { c.databases = p.texts(n) }},
	{"users", func(p *ruleParser, c *conditions, n ast.Node) { c.users = p.texts(n) }},
}

// ruleDraft is a rule before defaults are applied.
type ruleDraft struct {
	name string
	limits
	conditions
}

var ruleKeys = append(
	[]ruleKey[ruleDraft]{{"name", func(p *ruleParser, d *ruleDraft, n ast.Node) { d.name = p.ruleName(n) }}},
	append(
		within(conditionKeys, func(d *ruleDraft) *conditions { return &d.conditions }),
		within(limitKeys, func(d *ruleDraft) *limits { return &d.limits })...)...)

func (p *ruleParser) rule(i int, n ast.Node, defaults limits, before []*Rule) *Rule {
	subject := fmt.Sprintf("rule %d", i+1)
	if name, ok := scalarText(child(n, "name")); ok {
		subject = fmt.Sprintf("rule %q", name)
	}
	p = p.about(subject)
	draft := ruleDraft{limits: defaults}
	draft.ttl, draft.emptyTTL = nil, nil
	if !parseMapping(p, n, ruleKeys, &draft) {
		return &Rule{}
	}
	p.checkPlace(n, draft.name, before)
	ttl, emptyTTL := p.ttls(n, &draft, defaults)
	if key := child(n, "near_lease"); key != nil && draft.near != NearLeased {
		p.failf(key, "near_lease has no effect where near is not leased")
	}
	return &Rule{
		Name: draft.name, TTL: ttl, EmptyTTL: emptyTTL, conditions: draft.conditions,
		MaxRows: draft.maxRows, MaxBytes: draft.maxBytes, Compress: draft.compress, Jitter: draft.jitter,
		Near: draft.near, NearLease: draft.nearLease, RefreshAhead: draft.refreshAhead, FillWait: draft.fillWait,
		OnDatabaseDown: draft.onDatabaseDown, StaleWhileRevalidate: draft.stale, Mode: draft.mode, Verify: draft.verify,
	}
}

// checkPlace reports a rule that has no name of its own or can never match.
func (p *ruleParser) checkPlace(n ast.Node, name string, before []*Rule) {
	if child(n, "name") == nil {
		p.failf(n, "name is missing")
	}
	for _, other := range before {
		if name != "" && other.Name == name {
			p.failf(child(n, "name"), "there is another rule of that name")
			return
		}
		if other.Name != "" && other.matchesAll() {
			p.failf(n, "can never match: rule %q before it matches every read", other.Name)
			return
		}
	}
}

// ttls settles the two TTLs of a rule. An empty_ttl inherited from the
// defaults never outlives the rule's own TTL.
func (p *ruleParser) ttls(n ast.Node, d *ruleDraft, defaults limits) (ttl, empty time.Duration) {
	switch {
	case d.ttl != nil:
		ttl = *d.ttl
	case child(n, "ttl") != nil: // malformed, and reported
	case defaults.ttl != nil:
		ttl = *defaults.ttl
	default:
		p.failf(n, "ttl is missing, here and in the defaults")
	}
	switch {
	case d.emptyTTL != nil:
		empty = *d.emptyTTL
	case defaults.emptyTTL != nil:
		empty = min(ttl, *defaults.emptyTTL)
	default:
		empty = ttl
	}
	if d.ttl != nil && ttl == 0 && empty > 0 {
		p.failf(child(n, "empty_ttl"), "empty_ttl has no effect where ttl is 0")
	}
	return ttl, empty
}

var tableDeclKeys = []ruleKey[catalog.TableDecl]{
	{"dimensions", func(p *ruleParser, d *catalog.TableDecl, n ast.Node) { d.Dimensions = p.columnNames(n) }},
	{"ignore_writes_from_triggers", func(p *ruleParser, d *catalog.TableDecl, n ast.Node) { d.IgnoreWritesFromTriggers = p.boolean(n) }},
}

var functionDeclKeys = []ruleKey[catalog.FuncDecl]{
	{"volatility", func(p *ruleParser, d *catalog.FuncDecl, n ast.Node) {
		d.Volatility = p.oneOf(n, "immutable", "stable", "volatile")
	}},
	{"reads", func(p *ruleParser, d *catalog.FuncDecl, n ast.Node) { d.Reads = p.tableNames(n) }},
	{"writes", func(p *ruleParser, d *catalog.FuncDecl, n ast.Node) { d.Writes = p.tableNames(n) }},
}

// parseDeclarations parses a section that maps names to declarations.
func parseDeclarations[T any](p *ruleParser, what string, n ast.Node, keys []ruleKey[T]) map[string]T {
	decls := map[string]T{}
	for _, kv := range p.about(what + "s").mapping(n) {
		written, _ := scalarText(kv.Key)
		p := p.about(fmt.Sprintf("%s %q", what, written))
		name, err := foldTableName(written)
		if err != nil {
			p.failf(kv.Key, "%v", err)
			continue
		}
		if _, twice := decls[name]; twice {
			p.failf(kv.Key, "declared twice")
		}
		var decl T
		parseMapping(p, kv.Value, keys, &decl)
		decls[name] = decl
	}
	return decls
}
