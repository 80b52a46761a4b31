package catalog

import (
	"cmp"
	"slices"
	"strings"

	"github.com/cachedsql/cachedsql/internal/reason"
	"github.com/cachedsql/cachedsql/internal/sqlparse"
)

// Effects returns what a statement reads and writes in a session, through
// everything the catalog knows to happen behind it. It walks the catalog and
// is meant to be memoised by its caller for each statement, session and
// catalog.
func (c *Catalog) Effects(st *sqlparse.Statement, s Session, decl *Declarations) Effects {
	if len(st.Parts) > 0 {
		return c.parts(st, s, decl)
	}
	w := newWalk(c, s, decl)
	w.procedure = st.Reason == reason.Call
	r := &reader{walk: w, st: st, seen: map[*relation]bool{}}
	r.statement()
	direct := w.statement(st)
	e := Effects{
		Reads:          compact(r.patterns),
		Writes:         compact(w.patterns(direct)),
		WritesAll:      w.all,
		Immediate:      w.early,
		SessionChanged: w.session,
		Endless:        r.endless,
		Unknown:        w.unknown,
		Reason:         st.Reason,
		Detail:         st.Detail,
	}
	if e.Reason == reason.None && st.Kind == sqlparse.Read {
		e.Reason, e.Detail = r.reason, r.detail
	}
	if e.Detail == "" {
		e.Detail = w.detail
	}
	return e
}

// parts is the effect of several statements in one text.
func (c *Catalog) parts(st *sqlparse.Statement, s Session, decl *Declarations) Effects {
	e := Effects{Reason: cmp.Or(st.Reason, reason.MultiStatement), Detail: st.Detail}
	for _, part := range st.Parts {
		p := c.Effects(part, s, decl)
		e.Reads = append(e.Reads, p.Reads...)
		e.Writes = append(e.Writes, p.Writes...)
		e.WritesAll = e.WritesAll || p.WritesAll
		e.Immediate = e.Immediate || p.Immediate
		e.SessionChanged = e.SessionChanged || p.SessionChanged
		e.Unknown = append(e.Unknown, p.Unknown...)
		e.Detail = cmp.Or(e.Detail, p.Detail)
		if len(part.SessionVars) > 0 || part.ChangesDatabase || part.SessionUnknown || part.SessionReset {
			s = Session{TempTables: s.TempTables} // the next part's names resolve elsewhere
		}
	}
	e.Reads, e.Writes = compact(e.Reads), compact(e.Writes)
	return e
}

// written is one relation that a statement writes by its own words.
type written struct {
	rel    *relation
	ref    sqlparse.WriteRef
	events event
	// overridden: OVERRIDING USER VALUE, which stores another key than given.
	overridden bool
}

// statement follows the writes of a statement.
func (w *walk) statement(st *sqlparse.Statement) []written {
	switch {
	case st.Reason == reason.Call && w.invocation(st):
		// What the text could not tell, the body did.
	case st.WritesAll:
		w.everything(st.Detail)
	case st.Kind == sqlparse.DDL && onlyTemporary(st) && !w.c.eventTriggers:
		return nil
	case st.Kind == sqlparse.DDL:
		w.everything("ddl")
	case st.Kind == sqlparse.Unknown:
		w.guess(st)
		return nil
	}
	if st.Maintains {
		for _, f := range w.c.maintained {
			w.call(f, cause{})
		}
	}
	var direct []written
	overridden := w.c.dialect == sqlparse.Postgres && strings.Contains(strings.ToLower(st.Text), "overriding")
	for _, ref := range writeRefs(st) {
		rels, _ := w.c.lookup(ref.Table, w.s)
		if len(rels) == 0 && st.Kind != sqlparse.DDL {
			w.miss(ref.Table, w.s)
		}
		for _, rel := range rels {
			d := written{rel, ref, eventsOf(st, ref.Op), overridden}
			w.direct(rel, d.events, updated(ref))
			direct = append(direct, d)
		}
	}
	return direct
}

// writeRefs returns every table written, those without details included.
func writeRefs(st *sqlparse.Statement) []sqlparse.WriteRef {
	refs := slices.Clip(st.WriteRefs)
	for _, t := range st.Writes {
		if !slices.ContainsFunc(refs, func(r sqlparse.WriteRef) bool { return r.Table == t }) {
			refs = append(refs, sqlparse.WriteRef{Table: t})
		}
	}
	return refs
}

func eventsOf(st *sqlparse.Statement, op sqlparse.WriteOp) event {
	switch op {
	case sqlparse.OpInsert:
		return onInsert
	case sqlparse.OpUpdate:
		return onUpdate
	case sqlparse.OpDelete:
		return onDelete
	}
	if strings.EqualFold(firstWord(st.Text), "truncate") {
		return onTruncate | onDelete
	}
	return onAny
}

func updated(ref sqlparse.WriteRef) []string {
	if ref.Op == sqlparse.OpUpdate && len(ref.Sets) > 0 {
		return ref.Sets
	}
	return nil
}

func firstWord(text string) string {
	end := strings.IndexFunc(text, func(r rune) bool { return r > 0x7f || !identByte(byte(r)) })
	if end < 0 {
		return text
	}
	return text[:end]
}

// onlyTemporary reports whether all a DDL statement does is make temporary
// relations, which nobody else sees.
func onlyTemporary(st *sqlparse.Statement) bool {
	if len(st.TempTables) == 0 || !strings.EqualFold(firstWord(st.Text), "create") {
		return false
	}
	for _, t := range st.Writes {
		if !slices.Contains(st.TempTables, sqlparse.Table{Name: t.Name}) && !slices.Contains(st.TempTables, t) {
			return false
		}
	}
	return true
}

// guess treats every known relation among the identifiers of a text no parser
// accepts as written.
func (w *walk) guess(st *sqlparse.Statement) {
	if len(st.Writes)+len(st.Funcs) == 0 {
		return // it cannot write, as far as words tell
	}
	hit := false
	for _, t := range slices.Concat(st.Writes, st.Reads) {
		for _, r := range w.c.bare[w.c.fold(t.Name)] {
			if r.kind != system {
				hit = true
				w.indirect(r, onAny|onTruncate, cause{})
			}
		}
		for _, f := range w.c.routine[w.c.fold(t.Name)] {
			w.call(f, cause{})
		}
	}
	switch strings.ToLower(firstWord(st.Text)) {
	case "create", "alter", "drop", "rename", "grant", "revoke", "call", "do", "execute":
		hit = false
	}
	if !hit {
		w.everything("unparsed")
	}
}

// invocation follows CALL and DO into the code they run; false if the text is
// not one of them.
func (w *walk) invocation(st *sqlparse.Statement) bool {
	ts, ok := tokens(w.c.dialect, st.Text)
	if !ok || len(ts) < 2 {
		return false
	}
	switch {
	case ts[0].is("call"):
		n, _ := (&bodyScanner{d: w.c.dialect, ts: ts}).chain(1)
		f := sqlparse.Func{Schema: n.Schema, Name: n.Name}
		if called := w.function(f, w.s); !called {
			w.everything(n.String())
			w.early = true
		}
		return true
	case ts[0].is("do") && w.c.dialect == sqlparse.Postgres:
		return w.block(ts[1:])
	}
	return false
}

// block follows an anonymous code block.
func (w *walk) block(ts []token) bool {
	language, code := "plpgsql", -1
	for i, t := range ts {
		switch {
		case t.kind == stringToken && code < 0 && !(i > 0 && ts[i-1].is("language")):
			code = i
		case i > 0 && ts[i-1].is("language"):
			language = t.text
		}
	}
	if code < 0 || language != "plpgsql" {
		return false
	}
	w.run(&routine{name: name{name: "do"}}, source{language: language, text: lazyBody(w.c.dialect, ts[code].text)}, cause{})
	return true
}

// function follows the routines a call may mean; false if there is none.
func (w *walk) function(f sqlparse.Func, s Session) bool {
	called := w.c.lookupRoutines(f, s)
	for _, r := range called {
		w.call(r, cause{})
	}
	if len(called) > 0 {
		return true
	}
	d, ok := w.decl.function(name{f.Schema, f.Name})
	if ok {
		w.declared(d.Writes, cause{})
	}
	return ok
}

// patterns turns what the walk found into tags.
func (w *walk) patterns(direct []written) []Pattern {
	var ps []Pattern
	for _, tag := range w.tags {
		ps = append(ps, Pattern{Table: tag})
	}
	for _, r := range w.order {
		ps = append(ps, Pattern{Table: r.tag})
		for _, dim := range w.c.dimensions(r, w.decl) {
			ps = append(ps, Pattern{Table: r.tag, Column: dim.name, Type: dim.typ, Values: w.rows(r, dim, direct)})
		}
	}
	return ps
}

// rows returns the values of dim in all rows of r that are written, nil if
// they are not known.
func (w *walk) rows(r *relation, dim column, direct []written) []sqlparse.Operand {
	if w.whole[r] || w.all {
		return nil
	}
	var values []sqlparse.Operand
	for _, d := range direct {
		if d.rel != r {
			continue
		}
		v := w.c.fixed(d.ref.Fixed, dim, maxWriteValues)
		if v == nil || w.moves(d, dim) {
			return nil
		}
		values = append(values, v...)
	}
	return values
}

// moves reports whether a write may store another value in dim than the one
// its text fixes.
func (w *walk) moves(d written, dim column) bool {
	for _, set := range d.ref.Sets {
		if w.c.fold(set) == w.c.fold(dim.name) || w.c.rowidAlias(d.rel, set) {
			return true
		}
	}
	if d.overridden || d.ref.Op == sqlparse.OpOther || d.ref.Op == sqlparse.OpUpdate && len(d.ref.Sets) == 0 {
		return true
	}
	for _, rule := range d.rel.rules {
		if rule.event&d.events != 0 {
			return true
		}
	}
	for _, t := range d.rel.triggers {
		if t.before && t.events&d.events != 0 && w.c.assignsRow(t.routine, dim) {
			return true
		}
	}
	return false
}

// assignsRow reports whether a BEFORE trigger may change dim of the row.
func (c *Catalog) assignsRow(r *routine, dim column) bool {
	for _, src := range r.sources {
		if src.keepsRow {
			continue
		}
		if src.text == nil {
			return true
		}
		b := src.text()
		if b.opaque != "" || b.rowUnknown {
			return true
		}
		for col := range b.rowColumns {
			if c.fold(col) == c.fold(dim.name) {
				return true
			}
		}
	}
	return false
}

// rowidAlias: SQLite's INTEGER PRIMARY KEY also answers to these names.
func (c *Catalog) rowidAlias(r *relation, column string) bool {
	if c.dialect != sqlparse.SQLite {
		return false
	}
	switch strings.ToLower(column) {
	case "rowid", "_rowid_", "oid":
		_, real := c.column(r, column)
		return !real
	}
	return false
}

// compact sorts patterns and drops those that others include.
func compact(ps []Pattern) []Pattern {
	slices.SortStableFunc(ps, func(a, b Pattern) int {
		return cmp.Or(strings.Compare(a.Table, b.Table), strings.Compare(a.Column, b.Column), cmp.Compare(len(a.Values), len(b.Values)))
	})
	kept := ps[:0]
	for _, p := range ps {
		if n := len(kept); n > 0 && includes(kept[n-1], p) {
			continue
		}
		kept = append(kept, p)
	}
	return kept
}

func includes(a, b Pattern) bool {
	if a.Table != b.Table || a.Column != b.Column {
		return false
	}
	return len(a.Values) == 0 || slices.Equal(a.Values, b.Values)
}
