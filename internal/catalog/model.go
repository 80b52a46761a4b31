package catalog

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/cachedsql/cachedsql/internal/reason"
	"github.com/cachedsql/cachedsql/internal/sqlparse"
)

// name identifies a relation or routine, folded as its dialect compares.
type name struct{ schema, name string }

type relationKind uint8

const (
	table relationKind = iota
	partitioned
	view
	materializedView
	foreign // the rows are elsewhere, or made up by the engine
	sequence
	system
)

var kindWords = [...]string{"table", "partitioned table", "view", "materialized view", "foreign table", "sequence", "system relation"}

// relation is a table or anything that stands where a table can.
type relation struct {
	name name
	tag  string // lower case
	kind relationKind

	exact string // MySQL: the name as the server spells it

	columns    []column
	keys       []string // single-column keys, the primary first
	nonTx      bool     // MySQL: an engine without transactions
	unreadable string   // why the definition could not be read, for a view
	elsewhere  bool     // its writes may land in other tables of this server: an engine of MySQL, a foreign table of PostgreSQL

	parents, children []*relation // inheritance and partitions
	away              *relation   // a foreign table among its partitions and heirs, whose rows are among its own; nil: none

	view     func() *viewBody // of a view, parsed when first needed
	policies *policies        // of a table with row security

	virtual func() (reason.Reason, string) // MySQL: why virtual columns depend on more than the row; nil: there are none

	references []foreignKey // keys of other tables that point here
	triggers   []trigger
	rules      []rule
	calls      []*routine // by defaults, constraints, domains and indexes, when a row is inserted or updated
	filters    []*routine // by policies and the WHEN of triggers, whatever is written
}

type column struct {
	name      string
	num       string // PostgreSQL: attnum, by which keys and constraints name it
	typ       Type
	generated bool
	ofDay     bool // MySQL: a time of day
	dated     bool // MySQL: a date, with or without a time
	time      bool // PostgreSQL: converts to a date or time without looking at a clock
	hazard    *hazard
}

// viewBody is what a view's text needs to be judged.
type viewBody struct {
	reads  []*relation
	calls  []*routine
	reason reason.Reason
	detail string

	session bool // reading it changes the session
	opaque  bool // nobody can say what it reads
	endless bool // its rows may never end
}

// policies is what a table's row-security policies for reading depend on
// beside the row itself and the current role.
type policies struct {
	reads  []*relation
	calls  []*routine
	reason func() (reason.Reason, string)
}

type foreignKey struct {
	from      *relation // the referencing table
	onDelete  action
	onUpdate  action
	columns   []string  // referenced
	id        [3]string // MySQL: the schema, table and name of the constraint
	anyUpdate bool      // one of columns is generated: any assignment may change it
}

// action is what a foreign key does to the referencing rows.
type action uint8

const (
	noAction action = iota
	cascade
	setValue // SET NULL, SET DEFAULT
)

// event is a set of ways to change rows.
type event uint8

const (
	onInsert event = 1 << iota
	onUpdate
	onDelete
	onTruncate
	onAny = onInsert | onUpdate | onDelete
)

type trigger struct {
	events  event
	before  bool // may change the row before it is stored
	each    bool // FOR EACH ROW
	routine *routine
}

type rule struct {
	event  event
	writes []*relation // every relation it names: which ones it writes is not told apart
	calls  []*routine
}

type volatility uint8

const (
	immutable volatility = iota
	stable
	volatile
)

// routine is a function, a procedure, or the body of a trigger, by name: the
// overloads of one name in one schema are one routine, as bad as the worst.
type routine struct {
	name       name
	volatility volatility
	ofRow      bool       // PostgreSQL: can be called as an attribute of a row
	hazards    []*hazard  // PostgreSQL: of the types in its signature
	defaults   []*routine // PostgreSQL: what a call that leaves out arguments calls first
	sources    []source
}

// source is one overload's definition.
type source struct {
	language string // "sql", "plpgsql", "" for the dialect's own; anything else is opaque
	text     func() *body
	harmless bool // writes no table by itself; of one that is not volatile the server sees to it
	keepsRow bool // as a BEFORE trigger, leaves dimension columns alone
	path     []string
	hasPath  bool // path is set on the routine: names in it resolve under path
}

// body parses the text once, when first needed: most routines never run
// through a cached connection.
func lazyBody(d sqlparse.Dialect, text string) func() *body {
	return sync.OnceValue(func() *body { return scanBody(d, text) })
}

// operator is a user operator whose function is not immutable.
type operator struct {
	symbol  string
	implied bool // reached by syntax that does not show the symbol: IN, ORDER BY, LIKE
	routine *routine
}

// cast is a user cast whose function is not immutable.
type cast struct {
	columns  map[*relation]bool // relations with a column of the source type
	words    []string           // names of the types, lower case
	anywhere bool               // between built-in types: any expression may use it
	routine  *routine
}

func newCatalog(d sqlparse.Dialect) *Catalog {
	return &Catalog{
		dialect:   d,
		relations: map[name][]*relation{},
		bare:      map[string][]*relation{},
		routines:  map[name]*routine{},
		routine:   map[string][]*routine{},
		builtins:  map[string]volatility{},
		shadows:   map[string][]*routine{},
		ofRows:    map[string]bool{},
		blind:     map[string]bool{},
		symbols:   map[string]bool{},
		hazards:   map[string]*hazard{},
	}
}

// fold maps an identifier, already folded as the parser does, to the form
// names are compared in. PostgreSQL's are exact. MySQL's depend on
// lower_case_table_names and the parser does not know it, so both servers
// without exact names get the relations of every spelling.
func (c *Catalog) fold(s string) string {
	if c.dialect == sqlparse.Postgres {
		return s
	}
	return strings.ToLower(s)
}

// add registers a relation under its schema (empty in SQLite).
func (c *Catalog) add(schema, relname string, kind relationKind) *relation {
	r := &relation{name: name{c.fold(schema), c.fold(relname)}, kind: kind, tag: tagName(schema, relname)}
	c.relations[r.name] = append(c.relations[r.name], r)
	return r
}

// addRoutine returns the routine of that name, immutable until told otherwise.
func (c *Catalog) addRoutine(schema, routineName string) *routine {
	n := name{c.fold(schema), c.fold(routineName)}
	if c.dialect == sqlparse.MySQL {
		n.name = strings.ToLower(n.name)
	}
	r := c.routines[n]
	if r == nil {
		r = &routine{name: n}
		c.routines[n] = r
	}
	return r
}

// index builds what Effects looks up by bare name.
func (c *Catalog) index() {
	for _, n := range sortedNames(c.relations) {
		c.bare[n.name] = append(c.bare[n.name], c.relations[n]...)
		for _, r := range c.relations[n] {
			if r.kind == foreign {
				r.notePartOf(r)
			}
		}
	}
	for _, n := range sortedNames(c.routines) {
		r := c.routines[n]
		c.routine[n.name] = append(c.routine[n.name], r)
		if _, builtin := c.builtins[n.name]; builtin && r.volatility != immutable {
			c.shadows[n.name] = append(c.shadows[n.name], r)
		}
		if r.ofRow && r.volatility != immutable {
			c.ofRows[n.name] = true
		}
	}
}

// notePartOf notes a foreign table in all that has its rows by having r's.
func (r *relation) notePartOf(away *relation) {
	for _, p := range r.parents {
		if p.away == nil {
			p.away = away
			p.notePartOf(away)
		}
	}
}

// sortedNames keeps answers the same from one load to the next.
func sortedNames[V any](m map[name]V) []name {
	names := slices.Collect(maps.Keys(m))
	slices.SortFunc(names, func(a, b name) int {
		return cmp.Or(strings.Compare(a.schema, b.schema), strings.Compare(a.name, b.name))
	})
	return names
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

func (c *Catalog) warn(format string) { c.warnings = append(c.warnings, format) }

// tagName is the name of a relation in tags.
func tagName(schema, relname string) string {
	if schema == "" {
		return strings.ToLower(relname)
	}
	return strings.ToLower(schema + "." + relname)
}

func (t relationKind) String() string { return kindWords[t] }
