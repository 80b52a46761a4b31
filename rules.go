package cachedsql

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/cachedsql/cachedsql/internal/catalog"
)

// Rules is a parsed rule file: which reads are cached, and for how long. It
// is immutable. A nil *Rules caches nothing.
type Rules struct {
	name         string
	version      string
	rules        []*Rule
	declarations catalog.Declarations
}

// Rule is one rule of a rule file, with the file's defaults filled in. It is
// shared and must not be changed.
type Rule struct {
	// Name identifies the rule in stats, logs and metrics.
	Name string
	// TTL is how long a result may be served, unless a write ends it earlier.
	// 0 means that what the rule matches is not cached.
	TTL time.Duration
	// EmptyTTL is the TTL of a result without rows; 0 means that those are
	// not cached.
	EmptyTTL time.Duration
	// MaxRows is how many rows a result may have and still be stored.
	MaxRows int64
	// MaxBytes is how large an encoded result may be and still be stored.
	MaxBytes int64
	// Compress is how results above a few kilobytes are made smaller in the store.
	Compress Compression
	// Jitter is the share of the TTL, 0 to 1, by which it may be shortened at
	// random so that results stored together do not expire together.
	Jitter float64
	// Near is what happens to results in the near cache.
	Near NearMode
	// NearLease is for how long a hit need not ask under NearLeased, and writes
	// to its tables have to wait. It is at most a quarter of the store's
	// quarantine, whatever is said here.
	NearLease time.Duration
	// RefreshAhead, above 0, makes reads compute a result anew shortly before
	// it expires, each with a chance that grows with the time the database took
	// and as the end comes closer; 1 is the usual factor.
	RefreshAhead float64
	// FillWait is the longest a miss waits for another process that is already
	// asking the database for the same result. 0: it asks at once.
	FillWait time.Duration

	// StaleWhileRevalidate is how long after its TTL a result may be served while
	// one read in background computes it anew. Never one that a write has outdated.
	StaleWhileRevalidate time.Duration
	// Mode says whether hits are served at all. Verify, 0 to 1, is the share of
	// them that is compared with the database's answer instead.
	Mode   RuleMode
	Verify float64
	// OnDatabaseDown says whether hits are served while the database cannot be
	// reached. It takes effect with Config.LazyConnect.
	OnDatabaseDown OnDatabaseDown

	conditions
}

// OnDatabaseDown is what a hit does while the database cannot be reached.
type OnDatabaseDown uint8

const (
	// Fail: it fails with the error of connecting, once nothing has been heard of
	// the database for a minute.
	Fail OnDatabaseDown = iota
	// Serve: it is served.
	Serve
)

// String returns the word used in rule files.
func (o OnDatabaseDown) String() string {
	if o == Serve {
		return "serve"
	}
	return "fail"
}

// Len returns the number of rules.
func (r *Rules) Len() int {
	if r == nil {
		return 0
	}
	return len(r.rules)
}

// List returns the rules in the order they are tried.
func (r *Rules) List() []*Rule {
	if r == nil {
		return nil
	}
	return slices.Clone(r.rules)
}

// Version identifies the content of the rule file: the same bytes have the
// same version in every process. It is "" for nil Rules.
func (r *Rules) Version() string {
	if r == nil {
		return ""
	}
	return r.version
}

// String describes the rules in a few words, for logs.
func (r *Rules) String() string {
	if r == nil {
		return "no rules"
	}
	return fmt.Sprintf("%s: %d rules, version %s", r.name, len(r.rules), r.version)
}

// declared returns what the rule file says about tables and functions.
func (r *Rules) declared() *catalog.Declarations {
	if r == nil {
		return &catalog.Declarations{}
	}
	return &r.declarations
}

// ruleQuery is what the conditions of a rule look at.
type ruleQuery struct {
	queryID, queryName string
	normal             string
	tables             []string // "name", "schema.name" or "catalog.schema.name", without duplicates
	database, user     string
}

// match returns the first rule whose conditions all hold for q, or nil. The
// caller keeps the answer with its analysis of the statement.
func (r *Rules) match(q *ruleQuery) *Rule {
	if r == nil {
		return nil
	}
	for _, rule := range r.rules {
		if rule.conditions.match(q) {
			return rule
		}
	}
	return nil
}

// conditions is the part of a rule that selects statements. A nil or empty
// condition holds for every statement.
type conditions struct {
	queryIDs   []string
	queryNames []string // globs
	tables     []string // exactly this set
	tablesAny  []string
	tablesAll  []string
	regex      *regexp.Regexp
	databases  []string
	users      []string
}

func (c *conditions) match(q *ruleQuery) bool {
	return anyOrNone(c.queryIDs, func(id string) bool { return id == q.queryID }) &&
		anyOrNone(c.queryNames, func(glob string) bool { return globMatches(glob, q.queryName) }) &&
		anyOrNone(c.databases, func(name string) bool { return name == q.database }) &&
		anyOrNone(c.users, func(name string) bool { return name == q.user }) &&
		anyOrNone(c.tablesAny, q.names) &&
		all(c.tablesAll, q.names) &&
		(len(c.tables) == 0 || all(c.tables, q.names) && q.onlyNames(c.tables)) &&
		(c.regex == nil || c.regex.MatchString(q.normal))
}

// matchesAll reports whether there is no condition at all.
func (c *conditions) matchesAll() bool {
	return c.regex == nil && len(c.queryIDs)+len(c.queryNames)+len(c.tables)+len(c.tablesAny)+
		len(c.tablesAll)+len(c.databases)+len(c.users) == 0
}

// names reports whether the statement names the table of a rule.
func (q *ruleQuery) names(table string) bool {
	return slices.ContainsFunc(q.tables, func(t string) bool { return isTable(t, table) })
}

// onlyNames reports whether every table of the statement is one of tables.
func (q *ruleQuery) onlyNames(tables []string) bool {
	return all(q.tables, func(t string) bool {
		return slices.ContainsFunc(tables, func(table string) bool { return isTable(t, table) })
	})
}

// isTable reports whether a table named in a statement is the one named in a
// rule, which is lower case. A rule's name without a schema means the table
// of every schema. Case never matters: tags are lower case too.
func isTable(inStatement, inRule string) bool {
	inStatement = strings.ToLower(inStatement)
	rest, ok := strings.CutSuffix(inStatement, inRule)
	return ok && (rest == "" || strings.HasSuffix(rest, "."))
}

// globMatches leaves a statement without a name to rules that do not ask for
// one: "*" means any name.
func globMatches(glob, name string) bool {
	ok, err := path.Match(glob, name)
	return ok && err == nil && name != ""
}

func anyOrNone(list []string, holds func(string) bool) bool {
	return len(list) == 0 || slices.ContainsFunc(list, holds)
}

func all(list []string, holds func(string) bool) bool {
	return !slices.ContainsFunc(list, func(s string) bool { return !holds(s) })
}
