package catalog

import (
	"slices"
	"strings"

	"github.com/cachedsql/cachedsql/internal/reason"
	"github.com/cachedsql/cachedsql/internal/sqlparse"
)

// reader collects what a statement's result depends on, and why it must not
// be cached. Routines it finds are handed to the walk: one that is not stable
// may write although the statement is a read.
type reader struct {
	walk     *walk
	st       *sqlparse.Statement
	patterns []Pattern
	seen     map[*relation]bool // read as a whole
	reason   reason.Reason
	detail   string
	named    []*relation // by the statement's own words
	endless  bool        // a view that is read is
}

// refuse keeps the first reason.
func (r *reader) refuse(why reason.Reason, detail string) {
	if r.reason == reason.None && why != reason.None {
		r.reason, r.detail = why, detail
	}
}

func (r *reader) statement() {
	for _, ref := range readRefs(r.st) {
		r.ref(ref)
	}
	for _, t := range r.st.Names {
		rels, _ := r.walk.c.lookup(t, r.walk.s)
		for _, rel := range rels {
			r.relation(rel, nil)
		}
	}
	for _, f := range r.st.Funcs {
		r.function(f)
	}
	r.attributes()
	r.hidden()
	r.refuse(timeCasts(r.st, r.named))
	why, detail, converts := r.walk.c.conversions(r.st)
	r.refuse(why, detail)
	for _, f := range converts {
		r.routine(f)
	}
	r.refuse(r.walk.c.dayCasts(r.st, r.named))
}

// readRefs returns every table read, those without details included.
func readRefs(st *sqlparse.Statement) []sqlparse.TableRef {
	refs := slices.Clip(st.ReadRefs)
	for _, t := range st.Reads {
		if !slices.ContainsFunc(refs, func(r sqlparse.TableRef) bool { return r.Table == t }) {
			refs = append(refs, sqlparse.TableRef{Table: t})
		}
	}
	return refs
}

func (r *reader) ref(ref sqlparse.TableRef) {
	w := r.walk
	if w.c.temporary(ref.Table, w.s) {
		r.refuse(reason.TempTable, ref.Table.String())
		return
	}
	rels, exact := w.c.lookup(ref.Table, w.s)
	switch {
	case !exact:
		r.refuse(reason.SessionState, ref.Table.String())
	case len(rels) == 0:
		r.refuse(reason.UnknownRelation, ref.Table.String())
		if r.st.Kind == sqlparse.Read {
			w.unknown = append(w.unknown, ref.Table.String())
		}
	}
	r.named = append(r.named, rels...)
	for _, rel := range rels {
		r.relation(rel, ref.Fixed)
	}
}

// relation reads the rows of rel for which preds hold.
func (r *reader) relation(rel *relation, preds []sqlparse.Predicate) {
	if r.seen[rel] {
		return
	}
	switch rel.kind {
	case system, sequence:
		r.refuse(reason.SystemCatalog, rel.tag)
	case foreign:
		r.refuse(reason.ForeignTable, rel.tag)
	default:
		if rel.away != nil {
			r.refuse(reason.ForeignTable, rel.away.tag)
		}
	}
	p := r.walk.narrow(rel, preds)
	r.patterns = append(r.patterns, p)
	if p.Column == "" {
		r.seen[rel] = true
	}
	if rel.kind == view {
		r.view(rel)
	}
	if rel.virtual != nil {
		r.refuse(rel.virtual())
	}
	r.rowSecurity(rel)
	for _, cast := range r.walk.c.casts {
		if cast.columns[rel] {
			r.refuse(reason.UnknownFunction, "cast of "+cast.words[0])
			r.walk.call(cast.routine, cause{})
		}
	}
}

// narrow returns the pattern of a read of r under preds: the most selective
// dimension they fix, or the table.
func (w *walk) narrow(r *relation, preds []sqlparse.Predicate) Pattern {
	if len(preds) > 0 {
		for _, dim := range w.c.readDimensions(r, w.decl) {
			if v := w.c.fixed(preds, dim, maxReadValues); v != nil {
				return Pattern{Table: r.tag, Column: dim.name, Type: dim.typ, Values: v}
			}
		}
	}
	return Pattern{Table: r.tag}
}

func (r *reader) view(rel *relation) {
	if rel.unreadable != "" {
		r.refuse(reason.UnknownRelation, rel.tag)
		return
	}
	v := rel.view()
	r.refuse(v.reason, v.detail)
	r.walk.session = r.walk.session || v.session
	r.endless = r.endless || v.endless
	r.through(v.reads, v.calls)
}

func (r *reader) through(rels []*relation, calls []*routine) {
	for _, base := range rels {
		r.relation(base, nil)
	}
	for _, f := range calls {
		r.routine(f)
	}
}

// rowSecurity: the policies in force depend on the role, which is part of
// every key; anything else of the session they ask for is not.
func (r *reader) rowSecurity(rel *relation) {
	if rel.policies == nil {
		return
	}
	if why, detail := rel.policies.reason(); why != reason.None {
		r.refuse(reason.RowSecurity, detail)
	}
	before := r.reason
	r.through(rel.policies.reads, rel.policies.calls)
	if before == reason.None && r.reason == reason.UnknownFunction {
		r.reason = reason.RowSecurity
	}
}

// function judges a call in the statement's own text.
func (r *reader) function(f sqlparse.Func) {
	w := r.walk
	called := w.c.lookupRoutines(f, w.s)
	for _, found := range called {
		r.routine(found)
	}
	if w.c.symbols[f.Name] {
		return // a user's operator: hidden has its say
	}
	worst, builtin := w.c.builtins[f.Name]
	builtin = builtin && (f.Schema == "" || f.Schema == "pg_catalog")
	if builtin && worst != immutable {
		r.refuse(reason.UnknownFunction, f.Name)
	}
	if builtin || len(called) > 0 {
		return
	}
	if d, ok := w.decl.function(name{f.Schema, f.Name}); ok {
		r.declared(f.Name, d)
		return
	}
	r.refuse(reason.UnknownFunction, f.Name)
	if r.st.Kind == sqlparse.Unknown && len(w.c.bare[w.c.fold(f.Name)]) > 0 {
		return // "t (a, b)" in a text nobody parsed
	}
	if w.c.dialect != sqlparse.SQLite { // whose functions are the program's own
		w.unknown = append(w.unknown, tagName(f.Schema, f.Name))
		w.everything(f.Name)
		w.session = w.session || w.c.dialect == sqlparse.Postgres
	}
}

// attributes judges what t.f may call. A column of that name would be meant
// instead, but whose column it is is not known here.
func (r *reader) attributes() {
	for _, a := range r.st.Attributes {
		if !r.walk.c.ofRows[a] {
			continue
		}
		for _, f := range r.walk.c.lookupRoutines(sqlparse.Func{Name: a}, r.walk.s) {
			if f.ofRow {
				r.routine(f)
			}
		}
	}
}

func (r *reader) routine(f *routine) {
	if d, ok := r.walk.decl.function(f.name); ok {
		r.declared(f.name.name, d)
		return
	}
	if f.volatility != immutable {
		r.refuse(reason.UnknownFunction, tagName(f.name.schema, f.name.name))
	}
	r.walk.call(f, cause{})
}

func (r *reader) declared(fname string, d FuncDecl) {
	r.walk.declared(d.Writes, cause{})
	switch d.Volatility {
	case "immutable":
	case "stable":
		for _, tag := range d.Reads {
			r.declaredRead(tag)
		}
	default:
		r.refuse(reason.UnknownFunction, fname)
	}
}

func (r *reader) declaredRead(tag string) {
	rels := r.walk.c.tagged(tag)
	if len(rels) == 0 {
		r.refuse(reason.UnknownRelation, tag)
	}
	for _, rel := range rels {
		r.relation(rel, nil)
	}
}

// hidden judges what the text calls without the parser being able to see it:
// user operators and casts, and user functions named like a built-in. They
// are rare, so the test is coarse: does the text contain the name?
func (r *reader) hidden() {
	c := r.walk.c
	if len(c.shadows)+len(c.operators)+len(c.casts) == 0 {
		return
	}
	text := strings.ToLower(r.st.Text)
	for _, n := range r.st.Builtins {
		for _, f := range c.shadows[n] {
			r.routine(f)
		}
	}
	for _, op := range c.operators {
		if op.implied || strings.Contains(text, op.symbol) {
			r.refuse(reason.UnknownFunction, "operator "+op.symbol)
			r.walk.call(op.routine, cause{})
		}
	}
	for _, cast := range c.casts {
		if cast.anywhere || slices.ContainsFunc(cast.words, func(w string) bool { return strings.Contains(text, w) }) {
			r.refuse(reason.UnknownFunction, "cast of "+cast.words[0])
			r.walk.call(cast.routine, cause{})
		}
	}
}
