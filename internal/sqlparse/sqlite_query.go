package sqlparse

import (
	"slices"
	"strings"

	"github.com/sqlc-dev/meyer/ast"

	"github.com/cachedsql/cachedsql/internal/reason"
)

// paramsInOrder returns the parameters of a statement as the text has them.
func paramsInOrder(stmt ast.Node) []*ast.BindParam {
	var params []*ast.BindParam
	ast.Walk(stmt, func(n ast.Node) bool {
		if p, ok := n.(*ast.BindParam); ok {
			params = append(params, p)
		}
		return true
	})
	slices.SortStableFunc(params, func(a, b *ast.BindParam) int { return a.Pos() - b.Pos() })
	return params
}

// walk visits a node of any kind: it finds every table and function below it.
func (r *sqliteReader) walk(n ast.Node) {
	switch n := n.(type) {
	case *ast.SelectStmt:
		r.selectStmt(n)
	case *ast.SelectQuery:
		r.selectQuery(n)
	case *ast.InsertStmt:
		r.insert(n)
	case *ast.UpdateStmt:
		r.update(n)
	case *ast.DeleteStmt:
		r.delete(n)
	case *ast.InExpr:
		r.in(n)
	case *ast.FuncCall:
		r.call(n)
		r.walkChildren(n)
	case *ast.Literal:
		r.literal(n)
	default:
		r.walkChildren(n)
	}
}

func (r *sqliteReader) walkChildren(n ast.Node) {
	for _, child := range n.Children() {
		r.walk(child)
	}
}

func (r *sqliteReader) walkExpr(n ast.Expr) {
	if n != nil {
		r.walk(n)
	}
}

func walkAll[T ast.Node](r *sqliteReader, list []T) {
	for _, n := range list {
		r.walk(n)
	}
}

// with brings all names of a WITH clause into scope: in SQLite each query sees
// them all, its own and later ones included, with or without RECURSIVE.
func (r *sqliteReader) with(w *ast.With) {
	if w == nil {
		return
	}
	for _, cte := range w.CTEs {
		r.scope = &cteScope{outer: r.scope, name: sqliteName(cte.Name)}
	}
	for _, cte := range w.CTEs {
		r.defining = append(r.defining, sqliteName(cte.Name))
		r.walk(cte.Select)
		r.defining = r.defining[:len(r.defining)-1]
	}
}

func (r *sqliteReader) selectStmt(s *ast.SelectStmt) {
	defer func(outer *cteScope) { r.scope = outer }(r.scope)
	r.with(s.With)
	walkAll(r, s.Cores)
}

func (r *sqliteReader) selectQuery(q *ast.SelectQuery) {
	lv := r.level()
	lv.from(q.From)
	walkAll(r, q.Columns)
	lv.where(q.Where)
	walkAll(r, q.GroupBy)
	r.walkExpr(q.Having)
	walkAll(r, q.Windows)
	walkAll(r, q.OrderBy)
	r.limit(q.Limit)
}

func (r *sqliteReader) limit(l *ast.Limit) {
	if l != nil {
		r.walkChildren(l)
	}
}

// insert: REPLACE and OR REPLACE delete rows that are in the way, DO UPDATE
// changes them, so that any row may change.
func (r *sqliteReader) insert(s *ast.InsertStmt) {
	defer func(outer *cteScope) { r.scope = outer }(r.scope)
	r.become(Write, reason.Write)
	r.with(s.With)
	ref := r.write(sqliteTable(s.Table), OpInsert)
	replaces := s.Replace || s.OrConflict == ast.ConflictReplace
	if replaces || slices.ContainsFunc(s.Upserts, func(u *ast.Upsert) bool { return !u.DoNothing }) {
		ref.Op = OpOther
	} else {
		ref.Fixed = r.insertedValues(s)
	}
	if s.Select != nil {
		r.walk(s.Select)
	}
	walkAll(r, s.Upserts)
	walkAll(r, s.Returning)
}

// insertedValues returns what each listed column holds in the rows of VALUES,
// for the columns where that is known of every row.
func (r *sqliteReader) insertedValues(s *ast.InsertStmt) []Predicate {
	if s.Select == nil || len(s.Select.Cores) != 1 {
		return nil
	}
	values, ok := s.Select.Cores[0].(*ast.ValuesClause)
	if !ok || len(values.Rows) > maxValues {
		return nil
	}
	var fixed []Predicate
	for i, column := range s.Columns {
		cells := make([]ast.Expr, 0, len(values.Rows))
		for _, row := range values.Rows {
			if i < len(row) {
				cells = append(cells, row[i])
			}
		}
		if operands := r.operandsOf(cells); len(operands) == len(values.Rows) {
			fixed = append(fixed, Predicate{Column: sqliteName(column), Values: operands})
		}
	}
	return fixed
}

func (r *sqliteReader) update(s *ast.UpdateStmt) {
	defer func(outer *cteScope) { r.scope = outer }(r.scope)
	r.become(Write, reason.Write)
	r.with(s.With)
	ref := r.write(sqliteTable(s.Table), OpUpdate)
	for _, set := range s.Set {
		for _, column := range set.Columns {
			ref.Sets = append(ref.Sets, sqliteName(column))
		}
	}
	if s.OrConflict == ast.ConflictReplace {
		ref.Op = OpOther
	}
	lv := r.level()
	lv.target(s.Table, s.Alias)
	lv.from(s.From)
	walkAll(r, s.Set)
	lv.where(s.Where)
	walkAll(r, s.Returning)
	walkAll(r, s.OrderBy)
	r.limit(s.Limit)
	if ref := &r.st.WriteRefs[len(r.st.WriteRefs)-1]; ref.Op == OpOther {
		ref.Fixed = nil // rows in the way of the new values go, wherever they are
	}
}

func (r *sqliteReader) delete(s *ast.DeleteStmt) {
	defer func(outer *cteScope) { r.scope = outer }(r.scope)
	r.become(Write, reason.Write)
	r.with(s.With)
	r.write(sqliteTable(s.Table), OpDelete)
	lv := r.level()
	lv.target(s.Table, s.Alias)
	lv.where(s.Where)
	walkAll(r, s.Returning)
	walkAll(r, s.OrderBy)
	r.limit(s.Limit)
}

// in: SQLite takes a table's name, or a table function, after IN.
func (r *sqliteReader) in(n *ast.InExpr) {
	r.walkExpr(n.X)
	walkAll(r, n.List)
	if n.Select != nil {
		r.walk(n.Select)
	}
	walkAll(r, n.Args)
	switch {
	case n.Table == nil:
	case n.HasArgs:
		r.tableFunction(sqliteTable(n.Table))
	case n.Table.Schema != nil || !r.scope.has(sqliteName(n.Table.Name)):
		r.read(sqliteTable(n.Table))
	}
}

func (r *sqliteReader) level() *sqliteLevel { return &sqliteLevel{level: level{st: r.st}, reader: r} }

// sqliteLevel is one query level being read.
type sqliteLevel struct {
	level
	reader *sqliteReader
}

func (lv *sqliteLevel) target(table *ast.QualifiedName, alias *ast.Ident) {
	it := sqliteItem(sqliteTable(table), alias, len(lv.st.WriteRefs)-1)
	it.write = true
	lv.items = append(lv.items, it)
}

func sqliteItem(t Table, alias *ast.Ident, ref int) item {
	if alias != nil {
		return item{name: sqliteName(alias), ref: ref}
	}
	return item{name: t.Name, schema: t.Schema, ref: ref}
}

// from walks a list of joins. Each is of all before it with the next item, and
// its ON clause restricts what pgLevel.join says it does.
func (lv *sqliteLevel) from(list []*ast.TableRef) {
	start := len(lv.items)
	for _, ref := range list {
		middle := len(lv.items)
		lv.add(ref)
		end := len(lv.items)
		if ref.On == nil {
			continue
		}
		lv.reader.walk(ref.On)
		v := visible{start: start, end: end, first: start, last: end}
		if ref.Join != nil && ref.Join.Type&ast.JoinLeft != 0 {
			v.first = middle
		}
		if ref.Join != nil && ref.Join.Type&ast.JoinRight != 0 {
			v.last = middle
		}
		lv.conjuncts(ref.On, v)
	}
}

func (lv *sqliteLevel) add(ref *ast.TableRef) {
	r := lv.reader
	start := len(lv.items)
	switch {
	case ref.Select != nil:
		r.walk(ref.Select)
		lv.derived(sqliteName(ref.Alias))
	case ref.List != nil:
		lv.from(ref.List)
		if ref.Alias != nil {
			lv.hide(start, len(lv.items))
			lv.derived(sqliteName(ref.Alias))
		}
	case ref.HasArgs:
		t := sqliteTable(ref.Name)
		r.tableFunction(t)
		r.st.Endless = r.st.Endless || !strings.HasPrefix(t.Name, "json")
		walkAll(r, ref.Args)
		lv.derived(sqliteName(ref.Alias))
	default:
		t := sqliteTable(ref.Name)
		at := -1
		if t.Schema != "" || !r.scope.has(t.Name) {
			at = r.read(t)
		} else if slices.Contains(r.defining, t.Name) {
			r.st.Endless = true
		}
		lv.items = append(lv.items, sqliteItem(t, ref.Alias, at))
	}
}

func (lv *sqliteLevel) where(n ast.Expr) {
	if n == nil {
		return
	}
	lv.reader.walk(n)
	all := len(lv.items)
	lv.conjuncts(n, visible{end: all, last: all})
}

// conjuncts attributes each "column = value" and "column IN (values)" that
// must hold.
func (lv *sqliteLevel) conjuncts(n ast.Expr, v visible) {
	switch n := n.(type) {
	case *ast.ParenExpr:
		lv.conjuncts(n.X, v)
	case *ast.BinaryExpr:
		lv.comparison(n, v)
	case *ast.InExpr:
		if qualifier, column := sqliteColumn(n.X); column != "" && !n.Not && n.Select == nil && n.Table == nil {
			lv.fixTo(qualifier, column, lv.reader.operandsOf(n.List), v)
		}
	}
}

func (lv *sqliteLevel) comparison(n *ast.BinaryExpr, v visible) {
	switch n.Op {
	case ast.OpAnd:
		lv.conjuncts(n.X, v)
		lv.conjuncts(n.Y, v)
	case ast.OpEq:
		if qualifier, column := sqliteColumn(n.X); column != "" {
			lv.fixTo(qualifier, column, lv.reader.operandsOf([]ast.Expr{n.Y}), v)
		} else if qualifier, column := sqliteColumn(n.Y); column != "" {
			lv.fixTo(qualifier, column, lv.reader.operandsOf([]ast.Expr{n.X}), v)
		}
	}
}

func (lv *sqliteLevel) fixTo(qualifier []string, column string, values []Operand, v visible) {
	if values != nil {
		lv.fix(qualifier, column, values, v)
	}
}

// sqliteColumn returns the qualifier and name of a plain column, "" for
// anything else.
func sqliteColumn(n ast.Expr) (qualifier []string, name string) {
	switch n := n.(type) {
	case *ast.Ident:
		return nil, sqliteName(n)
	case *ast.QualifiedRef:
		for _, part := range n.Parts[:len(n.Parts)-1] {
			qualifier = append(qualifier, sqliteName(part))
		}
		return qualifier, sqliteName(n.Parts[len(n.Parts)-1])
	}
	return nil, ""
}
