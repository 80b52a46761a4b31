//go:build !race

// Without the race detector, with which these take minutes and find no more.

package cachedsql_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/internal/catalog"
	"github.com/cachedsql/cachedsql/internal/sqlparse"
)

// A mutation is a known way to get the analysis wrong. The soundness test is
// worth something only if it notices each.
type mutation struct {
	name    string
	dialect cachedsql.Dialect
	focus   string // what half of the statements have to do with
	// text, if set, changes what is analysed; it must keep the arguments' order.
	text func(string) string
	// statement, if set, changes the analysis of the text.
	statement func(*sqlparse.Statement)
	// effects, if set, changes what comes out.
	effects func(*sqlparse.Statement, *catalog.Effects)
}

var mutations = []mutation{
	{name: "upsert taken for a plain insert", dialect: cachedsql.SQLite, focus: "kv", text: func(s string) string {
		before, _, _ := strings.Cut(s, " ON CONFLICT")
		return before
	}},
	{name: "update of a dimension taken for one that fixes it", dialect: cachedsql.SQLite, focus: "tenant = {tenant}", statement: func(st *sqlparse.Statement) {
		st.WriteRefs = slices.Clone(st.WriteRefs)
		for i := range st.WriteRefs {
			if st.WriteRefs[i].Op == sqlparse.OpUpdate {
				st.WriteRefs[i].Sets = []string{"n"}
			}
		}
	}},
	{name: "view not expanded", dialect: cachedsql.SQLite, effects: func(st *sqlparse.Statement, e *catalog.Effects) {
		e.Reads = slices.DeleteFunc(e.Reads, func(p catalog.Pattern) bool { return !namesTable(st.Reads, p) })
	}},
	{name: "cascade ignored", dialect: cachedsql.SQLite, focus: "orders", effects: func(st *sqlparse.Statement, e *catalog.Effects) {
		e.Writes = slices.DeleteFunc(e.Writes, func(p catalog.Pattern) bool {
			return !namesTable(st.Writes, p) && (bareTag(p) == "orders" || bareTag(p) == "items")
		})
	}},
	{name: "trigger ignored", dialect: cachedsql.SQLite, effects: func(st *sqlparse.Statement, e *catalog.Effects) {
		e.Writes = slices.DeleteFunc(e.Writes, func(p catalog.Pattern) bool { return !namesTable(st.Writes, p) && bareTag(p) == "totals" })
	}},
	{name: "OR taken for AND", dialect: cachedsql.SQLite, focus: " OR ", text: func(s string) string { return strings.ReplaceAll(s, " OR ", " AND ") }},
	{name: "conjunct in ON of an outer join used", dialect: cachedsql.SQLite, focus: "JOIN", text: func(s string) string {
		return strings.NewReplacer("LEFT JOIN", "JOIN", "RIGHT JOIN", "JOIN", "FULL JOIN", "JOIN").Replace(s)
	}},
	{name: "values of a case-insensitive column told apart", dialect: cachedsql.SQLite, focus: "email = {email}", effects: emailAsDimension},
	{name: "'5' and 5 told apart", dialect: cachedsql.SQLite, focus: "id = {id}", effects: literalsByType},
	{name: "any-row tag left out", dialect: cachedsql.SQLite, effects: func(_ *sqlparse.Statement, e *catalog.Effects) {
		e.Writes = slices.DeleteFunc(e.Writes, func(p catalog.Pattern) bool { return p.Column != "" && len(p.Values) == 0 })
	}},
	{name: "partition does not change its parent", dialect: cachedsql.Postgres, focus: "events", effects: func(st *sqlparse.Statement, e *catalog.Effects) {
		e.Writes = slices.DeleteFunc(e.Writes, func(p catalog.Pattern) bool { return !namesTable(st.Writes, p) && bareTag(p) == "events" })
	}},
	{name: "REPLACE taken for a plain insert", dialect: cachedsql.MySQL, focus: "REPLACE", text: func(s string) string {
		return strings.Replace(s, "REPLACE INTO", "INSERT INTO", 1)
	}},
}

func TestSoundnessTestNoticesEveryKnownMistake(t *testing.T) {
	t.Parallel()
	for _, m := range mutations {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			i := slices.IndexFunc(servers(t), func(s server) bool { return s.dialect == m.dialect })
			if i < 0 {
				t.Skip("no server of its dialect")
			}
			s := newSoundness(t, servers(t)[i], soundnessSeed(t))
			s.cache.SetAnalysis(m.analysis)
			s.focus = m.focus
			s.run(1_000_000, time.Now().Add(2*soundnessTime))
			if s.diff == "" {
				t.Errorf("not noticed in %d steps, %d writes", s.steps, s.writes)
			} else {
				t.Logf("noticed after %d steps, %d writes: %s", s.steps, s.writes, s.diff)
			}
		})
	}
}

func (m *mutation) analysis(c *catalog.Catalog, st *sqlparse.Statement, s catalog.Session, decl *catalog.Declarations) catalog.Effects {
	wrong := *st
	if m.text != nil {
		wrong = *sqlparse.Parse(st.Dialect, m.text(st.Text))
	}
	if m.statement != nil {
		m.statement(&wrong)
	}
	e := c.Effects(&wrong, s, decl)
	if m.effects != nil {
		m.effects(st, &e)
	}
	return e
}

func bareTag(p catalog.Pattern) string { return p.Table[strings.LastIndexByte(p.Table, '.')+1:] }

func namesTable(tables []sqlparse.Table, p catalog.Pattern) bool {
	return slices.ContainsFunc(tables, func(t sqlparse.Table) bool { return t.Name == bareTag(p) })
}

// emailAsDimension hashes the bytes of customers.email, which ignores case.
func emailAsDimension(st *sqlparse.Statement, e *catalog.Effects) {
	typ := catalog.Type{Class: catalog.TextBytes, Raw: true}
	values := func(fixed []sqlparse.Predicate) []sqlparse.Operand {
		for _, p := range fixed {
			if p.Column == "email" {
				return p.Values
			}
		}
		return nil
	}
	for i, p := range e.Reads {
		if bareTag(p) != "customers" || p.Column != "" || len(st.ReadRefs) != 1 {
			continue
		}
		if vs := values(st.ReadRefs[0].Fixed); vs != nil {
			e.Reads[i] = catalog.Pattern{Table: p.Table, Column: "email", Type: typ, Values: vs}
		}
	}
	for _, p := range e.Writes {
		if bareTag(p) != "customers" || p.Column != "" {
			continue
		}
		any := catalog.Pattern{Table: p.Table, Column: "email", Type: typ}
		if len(st.WriteRefs) == 1 && st.WriteRefs[0].Op != sqlparse.OpOther && !slices.Contains(st.WriteRefs[0].Sets, "email") {
			any.Values = values(st.WriteRefs[0].Fixed)
		}
		e.Writes = append(e.Writes, any)
		return
	}
}

// literalsByType gives an integer column's values in quotes buckets of their
// own.
func literalsByType(_ *sqlparse.Statement, e *catalog.Effects) {
	for _, patterns := range [][]catalog.Pattern{e.Reads, e.Writes} {
		for i, p := range patterns {
			if p.Type.Class != catalog.Int || !slices.ContainsFunc(p.Values, isQuoted) || slices.ContainsFunc(p.Values, isParameter) {
				continue
			}
			vs := make([]sqlparse.Operand, len(p.Values))
			for j, v := range p.Values {
				if vs[j] = v; v.Kind == sqlparse.OperandString {
					vs[j].Literal = "'" + v.Literal + "'"
				}
				vs[j].Kind = sqlparse.OperandString
			}
			patterns[i].Type, patterns[i].Values = catalog.Type{Class: catalog.TextBytes, Raw: true}, vs
		}
	}
}

func isQuoted(o sqlparse.Operand) bool    { return o.Kind == sqlparse.OperandString }
func isParameter(o sqlparse.Operand) bool { return o.Kind == sqlparse.OperandParam }
