package catalog

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/cachedsql/cachedsql/internal/sqlparse"
)

// postgresLoader fills a catalog from pg_catalog, which every role may read.
// PostgreSQL 12 or later.
type postgresLoader struct {
	c    *Catalog
	q    Querier
	rels map[string]*relation // by oid
	fns  map[string]*routine  // by oid
	vols map[string]volatility

	types map[string]pgType // by oid: those that matter, see postgres_columns.go
	loose map[string]bool   // collations, by oid, under which different texts may be equal

	named map[string]bool // the bare name of a relation
	apart bool            // one query is asked after the other

	hazards map[string]*hazard   // types, by oid: see postgres_types.go
	domains map[string][]*hazard // what is made of a domain, by its oid
	checked []string             // functions called immutable with a checked domain in their signatures, by oid
	claims  []claim              // functions called immutable that call others
	asking  map[*routine]bool    // functions that ask for more than their arguments, see postgres_claims.go
}

func (l *postgresLoader) load(ctx context.Context) error {
	l.rels, l.fns, l.vols = map[string]*relation{}, map[string]*routine{}, map[string]volatility{}
	l.types, l.loose = map[string]pgType{}, map[string]bool{}
	l.named = map[string]bool{}
	l.hazards, l.domains = map[string]*hazard{}, map[string][]*hazard{}
	l.asking = map[*routine]bool{}
	there, err := l.inventory(ctx)
	if err != nil {
		return err
	}
	first := there.only([]partOf{
		{always, part{pgRelations, 6, l.relation}},
		{always, part{pgHazards, 4, l.hazard}},
		{"routines", part{there.routines(), 13, l.routine}},
		{"routines", part{pgDefaults, 2, l.defaultCall}},
		{always, part{pgChecks, 4, l.check}},
		{"routines", part{pgSignatures, 2, l.signature}},
	})
	then := there.only([]partOf{
		{always, part{pgBuiltins, 2, l.builtin}},
		{always, part{pgTypes, 3, l.typ}},
		{always, part{pgCollations, 1, l.collation}},
		{always, part{pgColumns, 2, l.columns}},
		{always, part{pgKeys, 2, l.key}},
		{"inherits", part{pgInherits, 2, l.inherit}},
		{always, part{pgForeignKeys, 5, l.foreignKey}},
		{"triggers", part{pgTriggers, 3, l.trigger}},
		{"rules", part{pgRules, 6, l.rule}},
		{"policies", part{pgPolicies, 4, l.policy}},
		{"routines", part{pgRelationCalls, 3, l.relationCall}},
		{"operators", part{pgOperators, 3, l.operator}},
		{"casts", part{pgCasts, 5, l.cast}},
		{"event triggers", part{pgEventTriggers, 1, l.eventTrigger}},
	})
	q := l.q
	if there.few && !l.apart {
		if q, err = together(ctx, q, slices.Concat(first, then)); err != nil {
			return err
		}
	}
	if err := each(ctx, q, first); err != nil {
		return err
	}
	l.raise()
	l.settle()
	return each(ctx, q, then)
}

// inventory is what there is in a database. Most have neither rules nor policies,
// and planning a query for them takes the server longer than finding none.
type inventory struct {
	version string
	few     bool            // relations
	kinds   map[string]bool // of what there is
}

// fewRelations is how large pg_class may be, in bytes, where all is asked for at
// once: the round trips are most of a load then. Of a database with many tables
// they are not, and the server may take one query for so much work that it
// compiles it first (jit_above_cost), which takes longer than to run it.
const fewRelations = 1 << 20

// pgKinds are the kinds of things of which a database may have none. What may
// call routines is asked for only where there are some.
var pgKinds = [...]struct{ kind, exist string }{
	{"routines", `pg_catalog.pg_proc WHERE oid >= 16384) OR EXISTS (SELECT 1 FROM pg_catalog.pg_trigger WHERE NOT tgisinternal`},
	{"inherits", `pg_catalog.pg_inherits`},
	{"triggers", `pg_catalog.pg_trigger WHERE NOT tgisinternal`},
	{"rules", `pg_catalog.pg_rewrite WHERE ev_class >= 16384`},
	{"policies", `pg_catalog.pg_policy`},
	{"operators", `pg_catalog.pg_operator WHERE oid >= 16384`},
	{"casts", `pg_catalog.pg_cast WHERE oid >= 16384`},
	{"event triggers", `pg_catalog.pg_event_trigger`},
}

func (l *postgresLoader) inventory(ctx context.Context) (there inventory, err error) {
	query := `SELECT pg_catalog.current_setting('server_version_num'), pg_catalog.pg_relation_size('pg_catalog.pg_class'::regclass) <= ` + strconv.Itoa(fewRelations)
	for _, k := range pgKinds {
		query += `, EXISTS (SELECT 1 FROM ` + k.exist + `)`
	}
	rows, err := l.q.Query(ctx, query, 2+len(pgKinds))
	if err != nil {
		return there, err
	}
	there.kinds = map[string]bool{always: true}
	for i, k := range pgKinds {
		there.kinds[k.kind] = len(rows) != 1 || rows[0][2+i].first() == 't'
	}
	if len(rows) == 1 {
		there.version, there.few = rows[0][0].S, rows[0][1].first() == 't'
	}
	return there, nil
}

// routines is the query for routines that the server understands.
func (there *inventory) routines() string {
	if there.version < "140000" {
		return strings.Replace(pgRoutines, "pg_catalog.pg_get_function_sqlbody(p.oid)", "NULL::text", 1)
	}
	return pgRoutines
}

// partOf asks for things of one kind.
type partOf struct {
	kind string
	part part
}

// always stands for what every database has.
const always = ""

// only leaves out what asks for things that are not there.
func (there *inventory) only(all []partOf) (parts []part) {
	for _, p := range all {
		if there.kinds[p.kind] {
			parts = append(parts, p.part)
		}
	}
	return parts
}

// part is one query of a load, how many columns it has and what takes its rows.
type part struct {
	query   string
	columns int
	row     func(row []Text)
}

func each(ctx context.Context, q Querier, parts []part) error {
	for _, p := range parts {
		rows, err := q.Query(ctx, p.query, p.columns)
		if err != nil {
			return err
		}
		for _, row := range rows {
			p.row(row)
		}
	}
	return nil
}

// answered are the answers to queries, by their texts.
type answered map[string][][]Text

func (a answered) Query(_ context.Context, query string, _ int) ([][]Text, error) {
	return a[query], nil
}

// together asks the queries of parts in one, and in one snapshot: each row says
// whose it is, and has as many columns as the widest.
func together(ctx context.Context, q Querier, parts []part) (answered, error) {
	widest := slices.MaxFunc(parts, func(a, b part) int { return a.columns - b.columns }).columns
	var all strings.Builder
	for i, p := range parts {
		if i > 0 {
			all.WriteString("\nUNION ALL ")
		}
		all.WriteString("SELECT " + strconv.Itoa(i))
		for n := range widest {
			if n < p.columns {
				all.WriteString(", c" + strconv.Itoa(n) + "::text")
			} else {
				all.WriteString(", NULL")
			}
		}
		all.WriteString(" FROM (" + p.query + ") AS p (" + columnNames(p.columns) + ")")
	}
	rows, err := q.Query(ctx, all.String(), 1+widest)
	if err != nil {
		return nil, err
	}
	found := answered{}
	for _, row := range rows {
		i, err := strconv.Atoi(row[0].S)
		if err != nil || i < 0 || i >= len(parts) {
			return nil, fmt.Errorf("row of part %q", row[0].S)
		}
		p := parts[i]
		found[p.query] = append(found[p.query], row[1:1+p.columns])
	}
	return found, nil
}

func columnNames(n int) string {
	names := make([]string, n)
	for i := range names {
		names[i] = "c" + strconv.Itoa(i)
	}
	return strings.Join(names, ", ")
}

// Lists inside a column are separated by unit separators, records inside a
// column by record separators: neither occurs in a sane name, and a name that
// has one only fails to be found.
const (
	unit   = "\x1f"
	record = "\x1e"
)

// pgImpatient is a condition that is always true, of queries which ask for the
// text of a view, a function or a policy: the server locks the tables in it, and
// would wait for as long as an ALTER TABLE takes, or waits itself. It is evaluated
// before anything is locked, and what it sets ends with the query.
const pgImpatient = `(SELECT pg_catalog.set_config('lock_timeout', '100ms', true)) IS NOT NULL`

func list(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s, unit)
}

// A foreign table may lead back into this database, unless its server names
// another one.
const pgRelations = `
SELECT c.oid, n.nspname, c.relname, c.relkind, n.nspname IN ('pg_catalog', 'information_schema'),
  CASE WHEN c.relkind = 'f' THEN NOT EXISTS (SELECT 1 FROM pg_catalog.pg_foreign_table t JOIN pg_catalog.pg_foreign_server s ON s.oid = t.ftserver,
    pg_catalog.pg_options_to_table(s.srvoptions) o
    WHERE t.ftrelid = c.oid AND o.option_name = 'dbname' AND o.option_value <> pg_catalog.current_database()) END
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND c.relpersistence <> 't' AND n.nspname !~ '^pg_(toast|temp)'`

func (l *postgresLoader) relation(row []Text) {
	kind := map[string]relationKind{"p": partitioned, "v": view, "m": materializedView, "f": foreign, "S": sequence}[row[3].S]
	if row[4].first() == 't' {
		kind = system
	}
	r := l.c.add(row[1].S, row[2].S, kind)
	r.elsewhere = row[5].first() == 't'
	l.rels[row[0].S], l.named[row[2].S] = r, true
}

// Bodies are read only where they can matter: of a function that may write, or
// call one that does, and of one that may be called immutable without being it.
// An extension's are believed.
const pgRoutines = `
SELECT p.oid, n.nspname, p.proname, CASE WHEN p.prokind = 'a' THEN s.worst ELSE p.provolatile::text END, l.lanname, e.extname,
  pg_catalog.array_to_string(p.proconfig, E'\x1f'),
  CASE WHEN (p.provolatile = 'v' OR e.extname IS NULL) AND l.lanname IN ('sql', 'plpgsql') THEN COALESCE(pg_catalog.pg_get_function_sqlbody(p.oid), p.prosrc) END,
  n.nspname = 'pg_catalog' OR p.oid < 16384,
  p.pronargs > 0 AND p.pronargs - p.pronargdefaults <= 1 AND (p.provariadic <> 0 OR first.typtype IN ('c', 'd', 'p')),
  EXISTS (SELECT 1 FROM pg_catalog.pg_type y WHERE y.oid = ANY (p.proargtypes) AND y.typcategory NOT IN ('N', 'B', 'D', 'T') AND y.typname <> 'uuid'),
  result.typcategory = 'D', pg_catalog.pg_get_expr(p.proargdefaults, 0)
FROM pg_catalog.pg_proc p
JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
JOIN pg_catalog.pg_language l ON l.oid = p.prolang
LEFT JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
LEFT JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid AND d.refclassid = 'pg_catalog.pg_extension'::regclass
LEFT JOIN (
  SELECT a.aggfnoid, CASE max(CASE f.provolatile WHEN 'v' THEN 2 WHEN 's' THEN 1 ELSE 0 END) WHEN 2 THEN 'v' WHEN 1 THEN 's' ELSE 'i' END AS worst
  FROM pg_catalog.pg_aggregate a JOIN pg_catalog.pg_proc f
    ON f.oid IN (a.aggtransfn, a.aggfinalfn, a.aggcombinefn, a.aggmtransfn, a.aggminvtransfn, a.aggmfinalfn)
  WHERE a.aggfnoid >= 16384 GROUP BY 1) s ON s.aggfnoid = p.oid
LEFT JOIN pg_catalog.pg_type first ON first.oid = p.proargtypes[0]
JOIN pg_catalog.pg_type result ON result.oid = p.prorettype
WHERE (p.oid >= 16384 OR p.oid IN (SELECT t.tgfoid FROM pg_catalog.pg_trigger t WHERE NOT t.tgisinternal)) AND ` + pgImpatient

func (l *postgresLoader) routine(row []Text) {
	r := l.c.addRoutine(row[1].S, row[2].S)
	v := pgVolatility(row[3].S)
	text := lazyBody(sqlparse.Postgres, row[7].S)
	takesText := row[10].first() == 't'
	if v == immutable && row[7].Valid && (!l.immutable(text()) || l.readsClock(text(), takesText)) {
		v = stable
	}
	if v == immutable && row[4].S == "plpgsql" && takesText && row[11].first() == 't' { // RETURN converts
		v = stable
	}
	if row[12].Valid {
		v = l.withDefaults(r, v, row[12].S)
	}
	r.volatility = max(r.volatility, v)
	l.fns[row[0].S], l.vols[row[0].S] = r, v
	l.claim(row, v, text)
	r.ofRow = r.ofRow || row[9].first() == 't'
	src := source{language: row[4].S}
	builtin := row[8].first() == 't'
	src.harmless = builtin || v != volatile || src.language == "c" && pureExtensions[row[5].S]
	src.keepsRow = builtin || row[5].S == "moddatetime" // which only touches timestamps and tsvectors
	if row[7].Valid {
		src.text = text
	}
	for _, setting := range list(row[6].S) {
		if value, ok := strings.CutPrefix(setting, "search_path="); ok {
			src.hasPath, src.path = true, searchPath(value)
		}
	}
	r.sources = append(r.sources, src)
}

func pgVolatility(s string) volatility {
	switch s {
	case "i":
		return immutable
	case "s":
		return stable
	}
	return volatile
}

// pureExtensions are widely used extensions whose C functions write no table
// of their own accord. Those that run SQL they are given are not among them.
var pureExtensions = map[string]bool{
	"address_standardizer": true, "bloom": true, "btree_gin": true, "btree_gist": true, "citext": true, "cube": true,
	"dict_int": true, "dict_xsyn": true, "earthdistance": true, "fuzzystrmatch": true, "hstore": true, "intarray": true,
	"isn": true, "lo": true, "ltree": true, "moddatetime": true, "pageinspect": true, "pg_buffercache": true,
	"pg_freespacemap": true, "pg_prewarm": true, "pg_stat_statements": true, "pg_trgm": true, "pg_uuidv7": true,
	"pgcrypto": true, "pgrowlocks": true, "pgstattuple": true, "plpgsql": true, "postgis": true, "postgis_raster": true,
	"seg": true, "semver": true, "sslinfo": true, "tcn": true, "tsm_system_rows": true, "tsm_system_time": true,
	"unaccent": true, "uuid-ossp": true, "vector": true,
}

// searchPath splits a search_path setting; nil if it depends on the role.
func searchPath(value string) []string {
	ts, ok := tokens(sqlparse.Postgres, value)
	if !ok {
		return nil
	}
	path := []string{}
	for _, t := range ts {
		switch {
		case strings.Contains(t.text, "$"):
			return nil
		case (t.ident() || t.kind == stringToken) && t.text != "pg_temp" && t.text != "":
			path = append(path, t.text)
		}
	}
	return path
}

const pgBuiltins = `
SELECT p.proname, max(CASE p.provolatile WHEN 'v' THEN 2 WHEN 's' THEN 1 ELSE 0 END)
FROM pg_catalog.pg_proc p WHERE p.pronamespace = 'pg_catalog'::regnamespace AND p.oid < 16384 GROUP BY 1`

func (l *postgresLoader) builtin(row []Text) {
	l.c.builtins[row[0].S] = map[string]volatility{"0": immutable, "1": stable}[row[1].S]
	if row[1].S == "2" {
		l.c.builtins[row[0].S] = volatile
	}
}

const pgInherits = `SELECT inhparent, inhrelid FROM pg_catalog.pg_inherits ORDER BY 1, 2`

// inherit takes index partitions too, which are no relations to us.
func (l *postgresLoader) inherit(row []Text) {
	parent, child := l.rels[row[0].S], l.rels[row[1].S]
	if parent == nil || child == nil {
		return
	}
	parent.children = append(parent.children, child)
	child.parents = append(child.parents, parent)
}

const pgTriggers = `
SELECT tgrelid, tgfoid, tgtype FROM pg_catalog.pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'D' ORDER BY oid`

// Bits of pg_trigger.tgtype.
const (
	tgRow = 1 << iota
	tgBefore
	tgInsert
	tgDelete
	tgUpdate
	tgTruncate
	tgInstead
)

func (l *postgresLoader) trigger(row []Text) {
	r, f := l.rels[row[0].S], l.fns[row[1].S]
	if r == nil || f == nil {
		return
	}
	bits := atoi(row[2].S)
	t := trigger{routine: f, before: bits&(tgBefore|tgInstead) != 0, each: bits&tgRow != 0}
	for bit, e := range map[int]event{tgInsert: onInsert, tgDelete: onDelete, tgUpdate: onUpdate, tgTruncate: onTruncate} {
		if bits&bit != 0 {
			t.events |= e
		}
	}
	r.triggers = append(r.triggers, t)
}

const pgEventTriggers = `SELECT 1 FROM pg_catalog.pg_event_trigger WHERE evtenabled <> 'D'`

func (l *postgresLoader) eventTrigger([]Text) { l.c.eventTriggers = true }

func atoi(s string) int {
	n := 0
	for i := range len(s) {
		if !digit(s[i]) {
			return 0
		}
		n = n*10 + int(s[i]-'0')
	}
	return n
}
