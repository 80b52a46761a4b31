package catalog

import (
	"maps"
	"slices"

	"github.com/cachedsql/cachedsql/internal/sqlparse"
)

// A function that is called immutable and calls one that is not, isn't either:
// PostgreSQL believes it without a look. The same holds for what it calls when
// arguments are left out. These are computed by the caller, as if the default stood
// there: f(a timestamptz DEFAULT now()) tells the time, whatever f is called.

// claim is a function called immutable whose body, and defaults, ask for nothing
// by themselves.
type claim struct {
	oid   string
	calls []sqlparse.Func // by its text, in whatever schema
	by    []*routine      // by its defaults
}

// withDefaults takes in the defaults of a function's arguments, and returns how
// volatile a call is that leaves them out.
func (l *postgresLoader) withDefaults(r *routine, v volatility, expr string) volatility {
	text := lazyBody(sqlparse.Postgres, "SELECT "+expr)
	r.sources = append(r.sources, source{language: "sql", text: text, harmless: true, keepsRow: true})
	if v == immutable && (!l.immutable(text()) || text().timeWord) {
		return stable
	}
	return v
}

// pgDefaults are the functions and operators that defaults call. In pg_depend they
// cannot be told from those that a body in standard SQL calls, which is as well.
const pgDefaults = `
SELECT p.oid, COALESCE(o.oprcode::oid, d.refobjid) FROM pg_catalog.pg_proc p
JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_proc'::regclass AND d.objid = p.oid AND d.refobjid >= 16384
  AND d.refclassid IN ('pg_catalog.pg_proc'::regclass, 'pg_catalog.pg_operator'::regclass)
LEFT JOIN pg_catalog.pg_operator o ON d.refclassid = 'pg_catalog.pg_operator'::regclass AND o.oid = d.refobjid
WHERE p.proargdefaults IS NOT NULL`

func (l *postgresLoader) defaultCall(row []Text) {
	f, called := l.fns[row[0].S], l.fns[row[1].S]
	if f == nil || called == nil {
		return
	}
	f.defaults = append(f.defaults, called)
	if l.vols[row[0].S] == immutable {
		l.claims = append(l.claims, claim{oid: row[0].S, by: []*routine{called}})
	}
}

// claim notes a function that has just been read. What is stable in an extension
// that only computes counts as immutable: unaccent is, and people make a function
// of it for their indexes.
func (l *postgresLoader) claim(row []Text, v volatility, text func() *body) {
	switch computes := row[4].S == "c" && pureExtensions[row[5].S]; {
	case v == immutable && row[7].Valid:
		l.claims = append(l.claims, claim{oid: row[0].S, calls: text().calls})
	case v == volatile, v == stable && !computes:
		l.asking[l.fns[row[0].S]] = true
	}
}

// settle ends the belief in those that call one which asks for more than its
// arguments. One may follow from another. A bare name is whatever schema's: where
// each tenant has one there may be a thousand of a name, so each function is
// looked at once, and with it those that wait for its name.
func (l *postgresLoader) settle() {
	waiting := l.callers()
	todo := slices.Collect(maps.Keys(l.asking))
	for len(todo) > 0 {
		r := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		for _, n := range []name{r.name, {name: r.name.name}} {
			for _, oid := range waiting[n] {
				if l.vols[oid] == immutable {
					l.unsettle(oid)
					todo = append(todo, l.fns[oid])
				}
			}
			delete(waiting, n)
		}
	}
}

// callers are the functions of the claims, by what they call. A bare name has no
// schema.
func (l *postgresLoader) callers() map[name][]string {
	by := map[name][]string{}
	for _, k := range l.claims {
		for _, f := range k.calls {
			n := name{f.Schema, f.Name}
			by[n] = append(by[n], k.oid)
		}
		for _, r := range k.by {
			by[r.name] = append(by[r.name], k.oid)
		}
	}
	return by
}

// unsettle makes a function that is called immutable one that is not.
func (l *postgresLoader) unsettle(oid string) {
	f := l.fns[oid]
	f.volatility, l.vols[oid], l.asking[f] = max(f.volatility, stable), stable, true
}
