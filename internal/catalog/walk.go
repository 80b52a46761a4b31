package catalog

import (
	"github.com/cachedsql/cachedsql/internal/sqlparse"
)

// walk follows a write to everything it reaches. One walk serves one
// statement.
type walk struct {
	c    *Catalog
	s    Session
	decl *Declarations

	seen    map[step]bool
	order   []*relation        // written, in order of discovery
	whole   map[*relation]bool // written otherwise than by the statement's own words
	called  map[call]bool
	tags    []string // of relations the catalog does not know
	unknown []string
	all     bool
	detail  string
	early   bool // visible before COMMIT
	session bool

	procedure bool // run by CALL or DO: may end transactions
}

type step struct {
	rel    *relation
	events event
	cause  cause
	narrow bool // only some columns are assigned
	from   *relation
}

type call struct {
	r     *routine
	cause cause
}

// cause is why a relation is written.
type cause struct {
	fromTrigger bool // by a trigger's body, at whatever remove
	byKey       bool // by a foreign key's action
}

func newWalk(c *Catalog, s Session, decl *Declarations) *walk {
	return &walk{c: c, s: s, decl: decl, seen: map[step]bool{}, whole: map[*relation]bool{}, called: map[call]bool{}}
}

// everything gives up: any table may be written.
func (w *walk) everything(detail string) {
	if !w.all {
		w.all, w.detail = true, detail
	}
}

// direct follows a write the statement itself names. sets are the columns an
// UPDATE assigns, nil if any may be.
func (w *walk) direct(r *relation, events event, sets []string) {
	w.write(r, events, sets, cause{}, nil)
}

// indirect follows a write that the statement causes: no row of it is known.
func (w *walk) indirect(r *relation, events event, why cause) {
	w.whole[r] = true
	w.write(r, events, nil, why, nil)
}

// write follows a write to r; from is the parent it was reached through.
func (w *walk) write(r *relation, events event, sets []string, why cause, from *relation) {
	if d, ok := w.decl.table(r); ok && d.IgnoreWritesFromTriggers && why.fromTrigger {
		return
	}
	k := step{r, events, why, sets != nil, from}
	if w.seen[k] && sets == nil {
		return
	}
	w.seen[k] = true
	w.note(r)
	if r.kind == view {
		w.throughView(r, events, why)
	}
	w.triggers(r, events, why, false)
	w.rules(r, events, why)
	if events&(onInsert|onUpdate) != 0 {
		for _, f := range r.calls {
			w.call(f, why)
		}
	}
	for _, f := range r.filters {
		w.call(f, why)
	}
	w.keys(r, events, sets, why)
	w.down(r, events, why)
	for _, p := range r.parents {
		if p != from {
			w.up(p, events, why)
		}
	}
}

// note adds r to what is written.
func (w *walk) note(r *relation) {
	switch {
	case r.kind == system, r.elsewhere:
		w.everything(r.tag)
	case w.c.blind[r.name.schema]:
		// There may be triggers and cascades that nobody told us of.
		w.everything("triggers of " + r.name.schema)
	}
	w.early = w.early || r.nonTx
	for _, have := range w.order {
		if have == r {
			return
		}
	}
	w.order = append(w.order, r)
}

// throughView: which of a view's relations an updatable view writes is not
// told apart from those its sub-selects only read.
func (w *walk) throughView(r *relation, events event, why cause) {
	if r.unreadable != "" || r.view().opaque {
		w.everything(r.tag)
		return
	}
	for _, base := range r.view().reads {
		w.indirect(base, events, why)
	}
	for _, f := range r.view().calls {
		w.call(f, why)
	}
}

func (w *walk) triggers(r *relation, events event, why cause, rowsOnly bool) {
	if why.byKey && w.c.dialect == sqlparse.MySQL {
		return // the engine's cascades do not fire triggers
	}
	for _, t := range r.triggers {
		if t.events&events == 0 || rowsOnly && !t.each {
			continue
		}
		w.call(t.routine, cause{fromTrigger: true})
	}
}

func (w *walk) rules(r *relation, events event, why cause) {
	for _, rule := range r.rules {
		if rule.event&events == 0 {
			continue
		}
		for _, to := range rule.writes {
			w.indirect(to, onAny, cause{fromTrigger: why.fromTrigger})
		}
		for _, f := range rule.calls {
			w.call(f, why)
		}
	}
}

// keys follows the actions of foreign keys that point at r.
func (w *walk) keys(r *relation, events event, sets []string, why cause) {
	why.byKey = true
	for _, fk := range r.references {
		if events&onTruncate != 0 {
			w.indirect(fk.from, onTruncate|onDelete, why) // TRUNCATE ... CASCADE heeds no action
			continue
		}
		if events&onDelete != 0 {
			w.act(fk, fk.onDelete, onDelete, why)
		}
		if events&onUpdate != 0 && w.assigns(r, fk, sets) {
			w.act(fk, fk.onUpdate, onUpdate, why)
		}
	}
}

func (w *walk) act(fk foreignKey, a action, cascaded event, why cause) {
	switch a {
	case cascade:
		w.indirect(fk.from, cascaded, why)
	case setValue:
		w.indirect(fk.from, onUpdate, why)
	}
}

// assigns reports whether an UPDATE may change a column fk refers to.
func (w *walk) assigns(r *relation, fk foreignKey, sets []string) bool {
	if sets == nil || fk.anyUpdate || w.rowMayChange(r, onUpdate) {
		return true
	}
	for _, s := range sets {
		for _, col := range fk.columns {
			if w.c.fold(s) == w.c.fold(col) || w.c.rowidAlias(r, s) {
				return true
			}
		}
	}
	return false
}

// rowMayChange reports whether a trigger may assign columns before storing.
func (w *walk) rowMayChange(r *relation, events event) bool {
	for _, t := range r.triggers {
		if t.before && t.events&events != 0 {
			return true
		}
	}
	return false
}

// down: a write to a parent is one to every descendant, except that plain
// inheritance stores new rows in the parent alone.
func (w *walk) down(r *relation, events event, why cause) {
	if r.kind == partitioned {
		if events&onUpdate != 0 {
			events |= onAny // a row that moves is deleted here and inserted there
		}
	} else if events == onInsert && r.kind == table {
		return
	}
	for _, child := range r.children {
		w.whole[child] = true
		w.write(child, events, nil, why, r)
	}
}

// up: a write to a child changes what reading its ancestors gives.
func (w *walk) up(r *relation, events event, why cause) {
	k := step{r, events, cause{byKey: true, fromTrigger: true}, true, r}
	if w.seen[k] {
		return
	}
	w.seen[k] = true
	w.whole[r] = true
	w.note(r)
	if r.kind == partitioned {
		w.triggers(r, events, why, true)
	}
	w.keys(r, events, nil, why)
	for _, p := range r.parents {
		w.up(p, events, why)
	}
}

// call follows what running a routine writes.
func (w *walk) call(r *routine, why cause) {
	if k := (call{r, why}); w.called[k] {
		return
	} else {
		w.called[k] = true
	}
	if d, ok := w.decl.function(r.name); ok {
		w.declared(d.Writes, why)
		return
	}
	for _, h := range r.hazards {
		for _, f := range h.calls() {
			w.call(f, why)
		}
	}
	for _, f := range r.defaults {
		w.call(f, why)
	}
	for _, src := range r.sources {
		w.run(r, src, why)
	}
}

func (w *walk) declared(writes []string, why cause) {
	for _, tag := range writes {
		rels := w.c.tagged(tag)
		if len(rels) == 0 {
			w.tags = append(w.tags, tag)
		}
		for _, r := range rels {
			w.indirect(r, onAny, why)
		}
	}
}

// run follows one definition of a routine.
func (w *walk) run(r *routine, src source, why cause) {
	if src.harmless && src.text == nil {
		return
	}
	if src.text == nil {
		w.unreadable(r)
		w.session = w.session || w.c.dialect == sqlparse.Postgres
		return
	}
	b := src.text()
	w.session = w.session || b.sessionChanged
	in := w.scope(r, src, b)
	if !src.harmless {
		w.writesOf(r, b, in, why)
	}
	for _, f := range w.c.conversionsIn(b) {
		w.call(f, why)
	}
	for _, f := range b.calls {
		for _, called := range w.c.lookupRoutines(f, in) {
			w.call(called, why)
		}
	}
}

// writesOf follows what a body writes by its own words.
func (w *walk) writesOf(r *routine, b *body, in Session, why cause) {
	if b.opaque != "" {
		w.unreadable(r)
	}
	w.early = w.early || b.commits && w.procedure
	for _, bw := range b.writes {
		w.bodyWrite(bw, in, why)
	}
}

// unreadable: what r writes nobody can tell.
func (w *walk) unreadable(r *routine) {
	w.everything(tagName(r.name.schema, r.name.name))
	w.early = w.early || w.procedure
}

// scope is the session the names in a body resolve under.
func (w *walk) scope(r *routine, src source, b *body) Session {
	in := w.s
	switch {
	case w.c.dialect == sqlparse.MySQL:
		in = Session{Database: r.name.schema, Known: true}
	case b.pathChanged:
		in = Session{}
	case src.hasPath:
		in = Session{SearchPath: src.path, Known: src.path != nil}
	}
	return in
}

func (w *walk) bodyWrite(bw bodyWrite, in Session, why cause) {
	rels, _ := w.c.lookup(bw.table, in)
	if len(rels) == 0 && !bw.maybe {
		w.miss(bw.table, in)
	}
	for _, r := range rels {
		w.indirect(r, bw.events, why)
	}
}

// miss records a write to a relation nobody knows.
func (w *walk) miss(t sqlparse.Table, s Session) {
	if w.c.temporary(t, s) {
		return
	}
	tags := w.c.possibleTags(t, s)
	if len(tags) == 0 {
		w.everything(t.String())
		return
	}
	w.tags = append(w.tags, tags...)
	w.unknown = append(w.unknown, t.String())
}
