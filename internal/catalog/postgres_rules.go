package catalog

import (
	"strings"
	"sync"

	"github.com/cachedsql/cachedsql/internal/reason"
	"github.com/cachedsql/cachedsql/internal/sqlparse"
)

// pgRules lists the rewrite rules: views (with their text) and the others,
// each with what pg_depend says it uses. Built-ins are pinned and not among
// that; a view's text tells them.
const pgRules = `
SELECT r.ev_class, r.rulename = '_RETURN', r.ev_type,
  CASE WHEN r.rulename = '_RETURN' AND c.relkind = 'v' THEN pg_catalog.pg_get_viewdef(r.ev_class) END,
  (SELECT pg_catalog.string_agg(DISTINCT d.refobjid::text, E'\x1f') FROM pg_catalog.pg_depend d
   WHERE d.classid = 'pg_catalog.pg_rewrite'::regclass AND d.objid = r.oid
     AND d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid <> r.ev_class),
  (SELECT pg_catalog.string_agg(DISTINCT COALESCE(o.oprcode, d.refobjid)::oid::text, E'\x1f') FROM pg_catalog.pg_depend d
   LEFT JOIN pg_catalog.pg_operator o ON d.refclassid = 'pg_catalog.pg_operator'::regclass AND o.oid = d.refobjid
   WHERE d.classid = 'pg_catalog.pg_rewrite'::regclass AND d.objid = r.oid
     AND d.refclassid IN ('pg_catalog.pg_proc'::regclass, 'pg_catalog.pg_operator'::regclass))
FROM pg_catalog.pg_rewrite r JOIN pg_catalog.pg_class c ON c.oid = r.ev_class
WHERE r.ev_class >= 16384 AND c.relkind <> 'm' AND c.relpersistence <> 't' AND ` + pgImpatient

func (l *postgresLoader) rule(row []Text) {
	r := l.rels[row[0].S]
	if r == nil {
		return
	}
	rels, complete := l.relations(row[4].S)
	calls := l.routines(row[5].S)
	if row[1].first() == 't' {
		if !row[3].Valid || !complete {
			r.unreadable = "definition not readable"
		}
		r.view = lazyView(l.c, row[3].S, rels, calls)
		return
	}
	events := map[string]event{"2": onUpdate, "3": onInsert, "4": onDelete}
	r.rules = append(r.rules, rule{event: events[row[2].S], writes: rels, calls: calls})
}

// relations maps oids; complete is false where one is not a relation that was
// loaded: a temporary table, or one made a moment ago.
func (l *postgresLoader) relations(oids string) (rels []*relation, complete bool) {
	complete = true
	for _, oid := range list(oids) {
		if r := l.rels[oid]; r != nil {
			rels = append(rels, r)
		} else {
			complete = false
		}
	}
	return rels, complete
}

func (l *postgresLoader) routines(oids string) []*routine {
	var fns []*routine
	for _, oid := range list(oids) {
		if l.vols[oid] != immutable {
			fns = append(fns, l.fns[oid])
		}
	}
	return fns
}

// lazyView judges a view by its text for what pg_depend does not record:
// built-in functions, sampling, locks. The names in it are not used: they are
// written for the session that asked.
func lazyView(c *Catalog, text string, reads []*relation, calls []*routine) func() *viewBody {
	return sync.OnceValue(func() *viewBody {
		st := sqlparse.Parse(sqlparse.Postgres, strings.TrimSuffix(strings.TrimSpace(text), ";"))
		v := &viewBody{reads: reads, calls: calls, detail: st.Detail, reason: ofView(st)}
		v.session = len(st.SessionVars) > 0 || st.SessionUnknown
		v.refuse(timeCasts(st, reads))
		why, detail, converts := c.conversions(st)
		v.refuse(why, detail)
		v.calls = append(v.calls, converts...)
		return v
	})
}

// pgPolicies lists the policies that filter what is read.
const pgPolicies = `
SELECT p.polrelid, pg_catalog.pg_get_expr(p.polqual, p.polrelid),
  (SELECT pg_catalog.string_agg(DISTINCT d.refobjid::text, E'\x1f') FROM pg_catalog.pg_depend d
   WHERE d.classid = 'pg_catalog.pg_policy'::regclass AND d.objid = p.oid
     AND d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid <> p.polrelid),
  (SELECT pg_catalog.string_agg(DISTINCT COALESCE(o.oprcode, d.refobjid)::oid::text, E'\x1f') FROM pg_catalog.pg_depend d
   LEFT JOIN pg_catalog.pg_operator o ON d.refclassid = 'pg_catalog.pg_operator'::regclass AND o.oid = d.refobjid
   WHERE d.classid = 'pg_catalog.pg_policy'::regclass AND d.objid = p.oid
     AND d.refclassid IN ('pg_catalog.pg_proc'::regclass, 'pg_catalog.pg_operator'::regclass))
FROM pg_catalog.pg_policy p JOIN pg_catalog.pg_class c ON c.oid = p.polrelid AND c.relrowsecurity
WHERE p.polqual IS NOT NULL AND p.polcmd IN ('r', '*') AND ` + pgImpatient

// policy adds a policy to its table, whoever it is for: which roles it holds
// for, and whether the reader bypasses it, is not looked into.
func (l *postgresLoader) policy(row []Text) {
	r := l.rels[row[0].S]
	if r == nil {
		return
	}
	if r.policies == nil {
		r.policies = &policies{reason: func() (reason.Reason, string) { return reason.None, "" }}
	}
	p := r.policies
	rels, complete := l.relations(row[2].S)
	p.reads = append(p.reads, rels...)
	p.calls = append(p.calls, l.routines(row[3].S)...)
	earlier, own := p.reason, policyReason(l.c, row[1].S, append(rels, r), complete)
	p.reason = func() (reason.Reason, string) {
		if why, detail := earlier(); why != reason.None {
			return why, detail
		}
		return own()
	}
}

func policyReason(c *Catalog, expr string, rels []*relation, complete bool) func() (reason.Reason, string) {
	return sync.OnceValues(func() (reason.Reason, string) {
		if !complete {
			return reason.RowSecurity, "policy"
		}
		st, why, detail := judgeExpr(expr, rels)
		if why != reason.None {
			return why, detail
		}
		why, detail, calls := c.conversions(st)
		if why == reason.None && len(calls) != 0 {
			return reason.RowSecurity, "policy"
		}
		return why, detail
	})
}

// judgeExpr judges an expression over the columns of rels as the server prints
// it.
func judgeExpr(expr string, rels []*relation) (*sqlparse.Statement, reason.Reason, string) {
	text, ok := withoutRole(expr)
	if !ok {
		return &sqlparse.Statement{}, reason.RowSecurity, "policy"
	}
	st := sqlparse.Parse(sqlparse.Postgres, "SELECT 1 FROM a_table WHERE "+text)
	if st.Reason != reason.None {
		return st, st.Reason, st.Detail
	}
	why, detail := timeCasts(st, rels)
	return st, why, detail
}

// withoutRole replaces the current role in an expression by a constant: the
// role is part of every key, so a policy may depend on it.
func withoutRole(expr string) (string, bool) {
	var b strings.Builder
	l := &lexer{d: sqlparse.Postgres, s: expr}
	for {
		done := l.i
		t := l.next()
		switch {
		case l.bad:
			return "", false
		case t.kind == endToken:
			return b.String(), true
		case t.in("current_user", "current_role"):
			b.WriteString(" 'role'::name")
		default:
			b.WriteString(expr[done:l.i])
		}
	}
}

// pgRelationCalls lists the user functions that writing to a relation calls: in
// defaults, also of domains, checks, generated columns, the WHEN of triggers,
// policies, the expressions of indexes, the keys of partitioned tables (which
// are checked in each partition: pg_partition_tree would lock them) and the text of a materialized view. Those called
// IMMUTABLE are among them, since they may call others that write. The third
// column says when: at any write, at one that leaves a row, and the expressions of
// indexes and of statistics also when a table is maintained.
const pgRelationCalls = `
SELECT x.relid, COALESCE(o.oprcode::oid, d.refobjid), x.at
FROM (SELECT 'pg_catalog.pg_attrdef'::regclass::oid AS classid, oid, adrelid AS relid, 'write' AS at FROM pg_catalog.pg_attrdef
      UNION ALL SELECT 'pg_catalog.pg_constraint'::regclass, oid, conrelid, 'write' FROM pg_catalog.pg_constraint WHERE contype = 'c' AND conrelid <> 0
      UNION ALL SELECT 'pg_catalog.pg_trigger'::regclass, oid, tgrelid, 'any' FROM pg_catalog.pg_trigger WHERE NOT tgisinternal
      UNION ALL SELECT 'pg_catalog.pg_policy'::regclass, oid, polrelid, 'any' FROM pg_catalog.pg_policy
      UNION ALL SELECT 'pg_catalog.pg_class'::regclass, indexrelid, indrelid, 'index' FROM pg_catalog.pg_index WHERE indexprs IS NOT NULL OR indpred IS NOT NULL
      UNION ALL SELECT 'pg_catalog.pg_statistic_ext'::regclass, oid, stxrelid, 'statistics' FROM pg_catalog.pg_statistic_ext
      UNION ALL (WITH RECURSIVE tree(root, relid) AS (
        SELECT partrelid, partrelid FROM pg_catalog.pg_partitioned_table WHERE partexprs IS NOT NULL
        UNION SELECT t.root, i.inhrelid FROM tree t JOIN pg_catalog.pg_inherits i ON i.inhparent = t.relid)
        SELECT 'pg_catalog.pg_class'::regclass, root, relid, 'write' FROM tree)
      UNION ALL SELECT 'pg_catalog.pg_type'::regclass, t.oid, a.attrelid, 'write' FROM pg_catalog.pg_type t JOIN pg_catalog.pg_attribute a ON a.atttypid = t.oid
        WHERE t.typtype = 'd' AND t.typdefaultbin IS NOT NULL AND a.attnum > 0 AND NOT a.attisdropped
      UNION ALL SELECT 'pg_catalog.pg_rewrite'::regclass, r.oid, r.ev_class, 'write'
        FROM pg_catalog.pg_rewrite r JOIN pg_catalog.pg_class c ON c.oid = r.ev_class AND c.relkind = 'm') x
JOIN pg_catalog.pg_depend d ON d.classid = x.classid AND d.objid = x.oid
  AND d.refclassid IN ('pg_catalog.pg_proc'::regclass, 'pg_catalog.pg_operator'::regclass) AND d.refobjid >= 16384
LEFT JOIN pg_catalog.pg_operator o ON d.refclassid = 'pg_catalog.pg_operator'::regclass AND o.oid = d.refobjid
WHERE NOT EXISTS (
  SELECT 1 FROM pg_catalog.pg_trigger t WHERE x.classid = 'pg_catalog.pg_trigger'::regclass AND t.oid = x.oid AND t.tgfoid = d.refobjid)`

func (l *postgresLoader) relationCall(row []Text) {
	r, f := l.rels[row[0].S], l.fns[row[1].S]
	if r == nil || f == nil {
		return
	}
	switch row[2].S {
	case "any":
		r.filters = append(r.filters, f)
	case "write":
		r.calls = append(r.calls, f)
	case "index":
		r.calls = append(r.calls, f)
		l.c.maintained = append(l.c.maintained, f)
	case "statistics":
		l.c.maintained = append(l.c.maintained, f)
	}
}

const pgOperators = `
SELECT o.oprname, o.oprcode::oid, p.provolatile = 'i' FROM pg_catalog.pg_operator o JOIN pg_catalog.pg_proc p ON p.oid = o.oprcode
WHERE o.oid >= 16384`

// impliedOperators are reached by IN, BETWEEN, LIKE, ORDER BY, DISTINCT,
// JOIN USING and so on, without their symbol in the text.
var impliedOperators = map[string]bool{
	"=": true, "<>": true, "<": true, ">": true, "<=": true, ">=": true,
	"~~": true, "!~~": true, "~~*": true, "!~~*": true, "~": true,
}

func (l *postgresLoader) operator(row []Text) {
	l.c.symbols[row[0].S] = true
	if row[2].first() == 't' && l.vols[row[1].S] == immutable {
		return
	}
	f := l.fns[row[1].S]
	if f == nil {
		f = &routine{volatility: stable}
	}
	op := operator{symbol: row[0].S, implied: impliedOperators[row[0].S], routine: f}
	if op.implied {
		l.c.warn("a user-defined operator " + op.symbol + " is not immutable: no read is cached")
	}
	l.c.operators = append(l.c.operators, op)
}

// A cast that is not explicit shows in no text: it is looked for where a
// column has the source type or the text names one of the types.
const pgCasts = `
SELECT s.typname, t.typname, c.castfunc::oid, c.castcontext <> 'e' AND s.oid < 16384 AND t.oid < 16384,
  (SELECT pg_catalog.string_agg(DISTINCT a.attrelid::text, E'\x1f') FROM pg_catalog.pg_attribute a
   JOIN pg_catalog.pg_type y ON y.oid = a.atttypid
   WHERE a.attnum > 0 AND NOT a.attisdropped AND c.castsource IN (y.oid, y.typelem, y.typbasetype))
FROM pg_catalog.pg_cast c JOIN pg_catalog.pg_proc p ON p.oid = c.castfunc
JOIN pg_catalog.pg_type s ON s.oid = c.castsource JOIN pg_catalog.pg_type t ON t.oid = c.casttarget
WHERE c.oid >= 16384 AND (p.provolatile <> 'i' OR p.oid >= 16384)`

func (l *postgresLoader) cast(row []Text) {
	f := l.fns[row[2].S]
	if f == nil {
		f = &routine{volatility: stable}
	} else if l.vols[row[2].S] == immutable {
		return
	}
	ct := cast{columns: map[*relation]bool{}, routine: f, anywhere: row[3].first() == 't'}
	ct.words = []string{strings.ToLower(row[0].S), strings.ToLower(row[1].S)}
	rels, _ := l.relations(row[4].S)
	for _, r := range rels {
		ct.columns[r] = true
	}
	if ct.anywhere {
		l.c.warn("a user-defined cast from " + ct.words[0] + " to " + ct.words[1] + " is not immutable: no read is cached")
	}
	l.c.casts = append(l.c.casts, ct)
}
