package catalog

import (
	"slices"
	"sync"

	"github.com/cachedsql/cachedsql/internal/reason"
	"github.com/cachedsql/cachedsql/internal/sqlparse"
)

// A conversion to a type may do more than its text shows: a domain over a date
// reads "now" as the date does, and one with a CHECK calls what that calls. The
// same holds for whatever is made of such types.

// hazard is what a conversion to a type depends on beside the value.
type hazard struct {
	clock  bool     // text becomes a date or time, or the name of something in the catalog
	checks []*check // of the domains in it
}

// check is a domain's constraint. It may convert to other domains, even in a
// circle.
type check struct {
	routines []*routine
	converts []*hazard
	reason   func() (reason.Reason, string)
}

// add makes h hold what other does.
func (h *hazard) add(other *hazard) {
	h.clock = h.clock || other.clock
	h.checks = append(h.checks, other.checks...)
}

// calls are the routines that a conversion runs and that are not immutable.
func (h *hazard) calls() []*routine {
	if len(h.checks) == 0 {
		return nil
	}
	return h.follow(nil, map[*check]bool{})
}

func (h *hazard) follow(calls []*routine, seen map[*check]bool) []*routine {
	for _, ck := range h.checks {
		if seen[ck] {
			continue
		}
		seen[ck] = true
		for _, f := range ck.routines {
			if f.volatility != immutable {
				calls = append(calls, f)
			}
			for _, h := range f.hazards {
				calls = h.follow(calls, seen)
			}
		}
		for _, other := range ck.converts {
			calls = other.follow(calls, seen)
		}
	}
	return calls
}

// judge says why a read that converts to the type must not be cached.
func (h *hazard) judge(use sqlparse.TypeUse) (reason.Reason, string) {
	if h.clock && !use.Constant {
		return reason.TimeFunction, "cast to " + use.Name
	}
	for _, ck := range h.checks {
		if why, detail := ck.reason(); why != reason.None {
			return why, detail
		}
	}
	return reason.None, ""
}

// hazard returns what a conversion to a type of that name may depend on, in
// whatever schema it is. A table's name is that of its rows' type.
func (c *Catalog) hazard(typeName string) *hazard {
	var all hazard
	if h := c.hazards[typeName]; h != nil {
		all.add(h)
	}
	for _, r := range c.bare[typeName] {
		for _, col := range r.columns {
			if col.hazard != nil {
				all.add(col.hazard)
			}
		}
	}
	return &all
}

// conversions judges the types that a statement converts to, and returns the
// routines that runs.
func (c *Catalog) conversions(st *sqlparse.Statement) (why reason.Reason, detail string, calls []*routine) {
	for _, use := range st.Types {
		h := c.hazard(use.Name)
		calls = append(calls, h.calls()...)
		if why == reason.None {
			why, detail = h.judge(use)
		}
	}
	return why, detail, calls
}

// pgChecks are the constraints of domains, with what pg_depend says they use.
const pgChecks = `
SELECT k.contypid, pg_catalog.pg_get_expr(k.conbin, 0),
  (SELECT pg_catalog.string_agg(DISTINCT COALESCE(o.oprcode, d.refobjid)::oid::text, E'\x1f') FROM pg_catalog.pg_depend d
   LEFT JOIN pg_catalog.pg_operator o ON d.refclassid = 'pg_catalog.pg_operator'::regclass AND o.oid = d.refobjid
   WHERE d.classid = 'pg_catalog.pg_constraint'::regclass AND d.objid = k.oid
     AND d.refclassid IN ('pg_catalog.pg_proc'::regclass, 'pg_catalog.pg_operator'::regclass)),
  (SELECT pg_catalog.string_agg(d.refobjid::text, E'\x1f') FROM pg_catalog.pg_depend d
   WHERE d.classid = 'pg_catalog.pg_constraint'::regclass AND d.objid = k.oid AND d.refclassid = 'pg_catalog.pg_type'::regclass AND d.refobjid <> k.contypid)
FROM pg_catalog.pg_constraint k WHERE k.contypid <> 0 AND k.contype = 'c'`

func (l *postgresLoader) check(row []Text) {
	ck := &check{reason: l.checkReason(row[1].S)}
	for _, oid := range list(row[2].S) {
		if f := l.fns[oid]; f != nil {
			ck.routines = append(ck.routines, f)
		}
	}
	for _, oid := range list(row[3].S) {
		if h := l.hazards[oid]; h != nil {
			ck.converts = append(ck.converts, h)
		}
	}
	for _, h := range l.domains[row[0].S] {
		h.checks = append(h.checks, ck)
	}
}

// checkReason judges a constraint by its text for what pg_depend does not
// record. A conversion to another such type is a reason by itself: constraints
// may refer to each other.
func (l *postgresLoader) checkReason(expr string) func() (reason.Reason, string) {
	return sync.OnceValues(func() (reason.Reason, string) {
		st, why, detail := judgeExpr(expr, nil)
		for _, use := range st.Types {
			if h := l.c.hazards[use.Name]; h != nil && why == reason.None && (len(h.checks) > 0 || h.clock && !use.Constant) {
				why, detail = reason.UnknownFunction, "cast to "+use.Name
			}
		}
		return why, detail
	})
}

// pgHazards are the types to which text converts by the clock or by what the
// catalog holds, the domains with constraints, and all types made of them: a row
// for each such type and domain, with 0 for the first sort. The rows of tables,
// of which there are many, are among them only where another type is made of
// them: the others' columns tell.
const pgHazards = `
WITH RECURSIVE parts (part) AS (
  SELECT typbasetype FROM pg_catalog.pg_type WHERE typtype = 'd'
  UNION SELECT rngsubtype FROM pg_catalog.pg_range
  UNION SELECT atttypid FROM pg_catalog.pg_attribute WHERE attrelid >= 16384 AND attnum > 0
), rows (whole, rel) AS (
  SELECT oid, typrelid FROM pg_catalog.pg_type WHERE typrelid <> 0 AND (oid IN (SELECT part FROM parts) OR typarray IN (SELECT part FROM parts))
  UNION SELECT reltype, oid FROM pg_catalog.pg_class WHERE relkind = 'c'
), made (whole, part) AS MATERIALIZED (
  SELECT oid, CASE typtype WHEN 'd' THEN typbasetype ELSE typelem END FROM pg_catalog.pg_type
  WHERE typtype = 'd' OR typcategory = 'A' AND typelem <> 0
  UNION ALL SELECT rngtypid, rngsubtype FROM pg_catalog.pg_range
  UNION ALL SELECT (pg_catalog.to_jsonb(r) ->> 'rngmultitypid')::oid, rngtypid FROM pg_catalog.pg_range r -- since version 14
  UNION ALL SELECT w.whole, a.atttypid FROM rows w JOIN pg_catalog.pg_attribute a ON a.attrelid = w.rel WHERE a.attnum > 0 AND NOT a.attisdropped
), hazard (whole, root) AS (
  SELECT oid, 0::oid FROM pg_catalog.pg_type WHERE typnamespace = 'pg_catalog'::regnamespace
    AND (typname IN ('date', 'timestamp', 'timestamptz', 'time', 'timetz') OR typname LIKE 'reg%')
  UNION SELECT contypid, contypid FROM pg_catalog.pg_constraint WHERE contypid <> 0 AND contype = 'c'
  UNION SELECT m.whole, h.root FROM hazard h JOIN made m ON m.part = h.whole
)
SELECT t.oid, t.typname, t.typnamespace = 'pg_catalog'::regnamespace, h.root
FROM hazard h JOIN pg_catalog.pg_type t ON t.oid = h.whole`

func (l *postgresLoader) hazard(row []Text) {
	add := func(to map[string]*hazard, key string) {
		h := to[key]
		if h == nil {
			h = &hazard{}
			to[key] = h
		}
		h.clock = h.clock || row[3].S == "0"
		l.domains[row[3].S] = append(l.domains[row[3].S], h)
	}
	add(l.hazards, row[0].S)
	if row[2].first() != 't' { // sqlparse knows the others
		add(l.c.hazards, row[1].S)
	}
}

// pgSignatures are the functions with an argument or a result of such a type.
const pgSignatures = `
SELECT p.oid, pg_catalog.array_to_string(p.proargtypes || p.prorettype, E'\x1f') FROM pg_catalog.pg_proc p WHERE p.oid >= 16384`

// signature: an argument that becomes one of a domain is checked, and so is a
// result.
func (l *postgresLoader) signature(row []Text) {
	f := l.fns[row[0].S]
	if f == nil {
		return
	}
	before := len(f.hazards)
	for _, oid := range list(row[1].S) {
		if h := l.hazards[oid]; h != nil && len(h.checks) > 0 {
			f.hazards = append(f.hazards, h)
		}
	}
	if len(f.hazards) > before && l.vols[row[0].S] == immutable {
		l.checked = append(l.checked, row[0].S)
	}
}

// raise makes the functions whose signatures are checked as volatile as the
// checks. These call functions, so that one may follow from another.
func (l *postgresLoader) raise() {
	for again := true; again; {
		again = false
		for _, oid := range l.checked {
			if f := l.fns[oid]; l.vols[oid] == immutable && slices.ContainsFunc(f.hazards, unsteadyCheck) {
				l.unsettle(oid)
				again = true
			}
		}
	}
}

func unsteadyCheck(h *hazard) bool {
	why, _ := h.judge(sqlparse.TypeUse{Constant: true})
	return why != reason.None || len(h.calls()) > 0
}

// readsClock reports whether text that a function gets may become a date or
// time in its body.
func (l *postgresLoader) readsClock(b *body, takesText bool) bool {
	if b.timeWord || !takesText {
		return b.timeWord
	}
	for n := range b.names {
		if h := l.c.hazards[n]; sqlparse.ReadsClock(n) || h != nil && h.clock {
			return true
		}
	}
	return false
}

// conversionsIn are the routines that conversions in a body may run.
func (c *Catalog) conversionsIn(b *body) (calls []*routine) {
	for n := range c.hazards {
		if b.names[n] {
			calls = append(calls, c.hazards[n].calls()...)
		}
	}
	return calls
}
