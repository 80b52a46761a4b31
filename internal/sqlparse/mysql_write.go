package sqlparse

import (
	"github.com/sqlc-dev/marino/ast"
	"github.com/sqlc-dev/marino/mysql"

	"github.com/cachedsql/cachedsql/internal/reason"
)

func (w *mysqlWalker) insert(n *ast.InsertStmt) {
	for _, t := range mysqlTargets(n.Table) {
		w.reader.st.addWrite(WriteRef{
			Table: t, Op: mysqlInsertOp(n), Fixed: w.inserted(n),
		})
	}
	for _, row := range n.Lists {
		for _, v := range row {
			w.expr(v)
		}
	}
	if n.Select != nil {
		w.query(n.Select)
	}
	for _, a := range n.OnDuplicate {
		w.expr(a)
	}
	w.reader.st.Delayed = w.reader.st.Delayed || n.Priority == mysql.DelayedPriority
	w.reader.settle(Write, reason.Write, "")
}

// mysqlInsertOp tells whether the rows listed are the only ones to change.
// REPLACE and ON DUPLICATE KEY UPDATE change rows that are there; IGNORE turns
// values that do not fit into others.
func mysqlInsertOp(n *ast.InsertStmt) WriteOp {
	if n.IsReplace || n.IgnoreErr || n.Select != nil || len(n.OnDuplicate) > 0 {
		return OpOther
	}
	return OpInsert
}

// inserted lists the values of each named column, one a row. A zero may be
// replaced by the next value of an AUTO_INCREMENT column, so it is none.
func (w *mysqlWalker) inserted(n *ast.InsertStmt) []Predicate {
	if mysqlInsertOp(n) != OpInsert || len(n.Lists) > maxMySQLValues {
		return nil
	}
	var fixed []Predicate
	for i, col := range n.Columns {
		p := Predicate{Column: col.Name.O}
		for _, row := range n.Lists {
			v := Operand{Kind: OperandOther}
			if i < len(row) {
				v = w.piece.operand(row[i])
			}
			if v.Kind == OperandInt && v.Literal == "0" {
				v = Operand{Kind: OperandOther}
			}
			p.Values = append(p.Values, v)
		}
		fixed = append(fixed, p)
	}
	return fixed
}

// mysqlTargets returns the tables of a clause that names tables only.
func mysqlTargets(clause *ast.TableRefsClause) []Table {
	var targets []Table
	var visit func(ast.ResultSetNode)
	visit = func(node ast.ResultSetNode) {
		switch n := node.(type) {
		case *ast.Join:
			visit(n.Left)
			visit(n.Right)
		case *ast.TableSource:
			visit(n.Source)
		case *ast.TableName:
			targets = append(targets, mysqlTable(n))
		}
	}
	visit(clause.TableRefs)
	return targets
}

func (w *mysqlWalker) update(n *ast.UpdateStmt) {
	defer w.scope(n.With)()
	refs := w.from(n.TableRefs, n.Where)
	written := w.assigned(refs, n.List)
	for i, ref := range refs {
		switch sets, ok := written[i]; {
		case ok:
			w.reader.st.addWrite(WriteRef{
				Table: ref.table, Op: OpUpdate, Fixed: ref.fixed, Sets: sets,
			})
		case ref.base:
			w.reader.st.addRead(TableRef{Table: ref.table, Fixed: ref.fixed})
		}
	}
	for _, a := range n.List {
		w.expr(a)
	}
	w.expr(n.Where)
	w.orderBy(n.Order)
	w.limit(n.Limit)
	w.reader.settle(Write, reason.Write, "")
}

// assigned returns the columns an UPDATE sets by the reference they belong to.
// A column that could belong to several sets all of them.
func (w *mysqlWalker) assigned(refs []mysqlRef, list []*ast.Assignment) map[int][]string {
	b := &mysqlBlock{walker: w, refs: refs}
	written := make(map[int][]string)
	for _, a := range list {
		owner := b.owner(a.Column)
		for i, ref := range refs {
			if ref.base && (i == owner || owner < 0 || !refs[owner].base) {
				written[i] = append(written[i], a.Column.Name.O)
			}
		}
	}
	return written
}

func (w *mysqlWalker) delete(n *ast.DeleteStmt) {
	defer w.scope(n.With)()
	refs := w.from(n.TableRefs, n.Where)
	deleted := w.deleted(n, refs)
	for i, ref := range refs {
		switch {
		case !ref.base:
		case deleted[i]:
			w.reader.st.addWrite(WriteRef{
				Table: ref.table, Op: OpDelete, Fixed: ref.fixed,
			})
		default:
			w.reader.st.addRead(TableRef{Table: ref.table, Fixed: ref.fixed})
		}
	}
	w.expr(n.Where)
	w.orderBy(n.Order)
	w.limit(n.Limit)
	w.reader.settle(Write, reason.Write, "")
}

// deleted tells which references a DELETE removes rows from. A target that
// names none of them exactly (another case, MariaDB's DELETE HISTORY) may be
// any.
func (w *mysqlWalker) deleted(n *ast.DeleteStmt, refs []mysqlRef) map[int]bool {
	all := n.Tables == nil
	deleted := make(map[int]bool)
	if n.Tables != nil {
		for _, t := range n.Tables.Tables {
			found := false
			for i, ref := range refs {
				if ref.targetedBy(t) {
					deleted[i], found = true, true
				}
			}
			all = all || !found
		}
	}
	for i := range refs {
		deleted[i] = deleted[i] || all
	}
	return deleted
}

// targetedBy reports whether a DELETE's target names the reference: by its
// alias, or by its table with the schema.
func (ref *mysqlRef) targetedBy(t *ast.TableName) bool {
	if t.Schema.O != "" && ref.table.Schema != "" && ref.table.Schema != t.Schema.O {
		return false
	}
	return ref.alias == t.Name.O
}

// truncate reads TRUNCATE, which is DDL to the server and a write to a cache.
func (r *mysqlReader) truncate(src *mysqlSource) error {
	i := 1
	if src.word(i) == "TABLE" {
		i++
	}
	t, _, ok := src.name(i)
	if !ok {
		return errMySQLStatement
	}
	r.writes(t, OpOther)
	r.st.ImplicitCommit = true
	r.settle(Write, reason.Write, "")
	return nil
}

// load reads LOAD DATA, LOAD XML and LOAD INDEX INTO CACHE.
func (r *mysqlReader) load(src *mysqlSource) error {
	if src.word(1) == "INDEX" {
		return r.maintenance(src)
	}
	into := src.find(1, "INTO")
	if into < 0 || src.word(into+1) != "TABLE" {
		return errMySQLStatement
	}
	t, next, ok := src.name(into + 2)
	if !ok {
		return errMySQLStatement
	}
	r.writes(t, OpOther)
	if set := src.loadSet(next); set > 0 {
		// As "column = value" the assignments are expressions as well.
		if err := r.expressions(src.from(set + 1)); err != nil {
			return err
		}
	}
	r.assignsUserVars(src)
	r.settle(Write, reason.Copy, "")
	return nil
}

// loadSet returns where LOAD DATA's assignments begin, or -1.
func (s *mysqlSource) loadSet(i int) int {
	set := s.find(i, "SET")
	for set > 0 && s.word(set-1) == "CHARACTER" {
		set = s.find(set+1, "SET")
	}
	return set
}

// call reads CALL: what a procedure does is not in the text.
func (r *mysqlReader) call(src *mysqlSource) error {
	_, next, ok := src.name(1)
	if !ok {
		return errMySQLStatement
	}
	if src.punct(next, '(') && !src.punct(next+1, ')') {
		if err := r.expressions(src.from(next).inner()); err != nil {
			return err
		}
	}
	r.assignsUserVars(src)
	r.st.WritesAll, r.st.SessionUnknown = true, true
	r.settle(Write, reason.Call, "")
	return nil
}

// inner returns what is between the parenthesis a source begins with and its
// end, or the source itself if nothing closes it.
func (s *mysqlSource) inner() *mysqlSource {
	for i, t := range s.tokens {
		if i > 0 && t.depth == s.tokens[0].depth && s.punct(i, ')') {
			return s.until(i).from(1)
		}
	}
	return s
}

// assignsUserVars notes every user variable in the text as set.
func (r *mysqlReader) assignsUserVars(src *mysqlSource) {
	for _, name := range src.userVars() {
		r.sessionVar(name)
	}
}
