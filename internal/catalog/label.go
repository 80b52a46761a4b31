package catalog

import (
	"slices"

	"github.com/cachedsql/cachedsql/internal/sqlparse"
)

// Servers believe whoever calls a function immutable or deterministic, and
// people say so to please the binary log, an index or the planner. A cache that
// believes it serves one session's answer to another, or yesterday's. Where
// the body can be read it is: a function that tells the time, the session or
// what is in a table is not immutable, whatever it is called.

// unsteady reports whether the body asks for more than its arguments: the word
// that does, "" if none.
func (s *bodyScanner) unsteady() string {
	if s.out.opaque != "" {
		return s.out.opaque
	}
	for i, t := range s.ts {
		n, next := s.chain(i)
		switch {
		case t.is("@") && s.d == sqlparse.MySQL:
			return "@" // a variable of the session or the server
		case t.is("value") && s.at(i+1).is("for"):
			return "value for" // of a sequence
		case !t.ident() || s.at(i-1).is("."):
		case s.at(next).is("("):
			if (n.Schema == "" || n.Schema == "pg_catalog") && sqlparse.Unsteady(s.d, n.Name, s.arguments(next)) {
				return n.Name
			}
		case t.kind == wordToken && next == i+1 && sqlparse.UnsteadyWord(s.d, t.text):
			return t.text
		}
	}
	return ""
}

// arguments counts those in the parentheses that open at i.
func (s *bodyScanner) arguments(i int) int {
	if s.at(i + 1).is(")") {
		return 0
	}
	n, depth := 1, 0
	for ; i < len(s.ts); i++ {
		switch t := s.ts[i]; {
		case t.in("(", "["):
			depth++
		case t.in(")", "]"):
			if depth--; depth == 0 {
				return n
			}
		case t.is(",") && depth == 1:
			n++
		}
	}
	return n
}

// reads returns every name that stands where a table can: after FROM, JOIN
// or TABLE, and after a comma in a FROM clause. Some are none: extract(year
// FROM d).
func (s *bodyScanner) reads() []sqlparse.Table {
	var found []sqlparse.Table
	for i := range s.ts {
		if !s.at(i).in("from", "join", "table") {
			continue
		}
		for j := i + 1; ; j++ {
			for s.at(j).in("only", "lateral", "(") {
				j++
			}
			if n, _ := s.chain(j); n.Name != "" {
				found = append(found, n)
			}
			if j = s.comma(j); j < 0 {
				break
			}
		}
	}
	return found
}

// comma returns the place of the comma that ends the item of a FROM clause
// which begins at i, -1 if it is the last.
func (s *bodyScanner) comma(i int) int {
	for depth := 0; i < len(s.ts); i++ {
		switch t := s.ts[i]; {
		case t.is("("):
			depth++
		case t.is(")"):
			if depth--; depth < 0 {
				return -1
			}
		case depth > 0:
		case t.is(","):
			return i
		case t.in(";", "where", "group", "order", "limit", "having", "window", "union", "intersect", "except", "loop", "for"):
			return -1
		}
	}
	return -1
}

// immutable reports whether a function that PostgreSQL is told is immutable
// asks for nothing but its arguments. A write the server would refuse.
func (l *postgresLoader) immutable(b *body) bool {
	return b.unsteady == "" && !slices.ContainsFunc(b.reads, func(t sqlparse.Table) bool { return l.named[t.Name] })
}

// believed settles which of MySQL's functions are deterministic: those called
// so whose bodies ask for nothing but their arguments and call only such
// functions. claims are the names that each calls.
func (c *Catalog) believed(claims map[*routine][]sqlparse.Func) {
	for again := true; again; {
		again = false
		for r, calls := range claims {
			if r.volatility == immutable && !c.allImmutable(calls, r) {
				r.volatility, again = volatile, true
			}
		}
	}
}

func (c *Catalog) allImmutable(calls []sqlparse.Func, by *routine) bool {
	for _, f := range calls {
		if f.Schema == "" && sqlparse.Steady(c.dialect, f.Name) {
			continue
		}
		schema := f.Schema
		if schema == "" {
			schema = by.name.schema
		}
		r := c.routines[name{c.fold(schema), c.fold(f.Name)}]
		if r == nil || r.volatility != immutable {
			return false
		}
	}
	return true
}
