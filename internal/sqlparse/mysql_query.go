package sqlparse

import (
	"strings"

	"github.com/sqlc-dev/marino/ast"

	"github.com/cachedsql/cachedsql/internal/reason"
)

// mysqlWalker goes through the syntax tree of one parsed piece. It walks
// queries by hand, because names have scopes, and expressions as a Visitor.
type mysqlWalker struct {
	reader *mysqlReader
	piece  mysqlPiece
	// ctes are the common table expressions in scope, innermost last.
	ctes []string
}

// mysqlRef is a table reference of a FROM clause, or of what stands for one.
type mysqlRef struct {
	table Table  // zero for a derived table
	alias string // as predicates name it
	base  bool   // a table or view: not derived, not a common table expression
	fixed []Predicate
}

func (w *mysqlWalker) statement(node ast.StmtNode) error {
	switch n := node.(type) {
	case *ast.SelectStmt:
		w.reader.st.Kind = Read
		w.selectStatement(n)
	case *ast.SetOprStmt:
		w.reader.st.Kind = Read
		w.setOperation(n)
	case *ast.InsertStmt:
		w.insert(n)
	case *ast.UpdateStmt:
		w.update(n)
	case *ast.DeleteStmt:
		w.delete(n)
	default:
		return errMySQLStatement
	}
	return nil
}

// query walks anything that yields rows inside another statement.
func (w *mysqlWalker) query(node ast.Node) {
	switch n := node.(type) {
	case *ast.SelectStmt:
		w.selectStatement(n)
	case *ast.SetOprStmt:
		w.setOperation(n)
	case *ast.SetOprSelectList:
		w.selectList(n)
	case *ast.SubqueryExpr:
		w.query(n.Query)
	default:
		// A form that has no case of its own: every table in it counts.
		w.expr(node)
	}
}

func (w *mysqlWalker) setOperation(n *ast.SetOprStmt) {
	defer w.scope(n.With)()
	w.selectList(n.SelectList)
	w.orderBy(n.OrderBy)
	w.limit(n.Limit)
}

func (w *mysqlWalker) selectList(n *ast.SetOprSelectList) {
	defer w.scope(n.With)()
	w.unites(n)
	for _, s := range n.Selects {
		w.query(s)
	}
	w.orderBy(n.OrderBy)
	w.limit(n.Limit)
}

func (w *mysqlWalker) selectStatement(n *ast.SelectStmt) {
	defer w.scope(n.With)()
	w.options(n)
	refs := w.from(n.From, n.Where)
	for _, ref := range refs {
		if ref.base {
			w.reader.st.addRead(TableRef{Table: ref.table, Fixed: ref.fixed})
		}
	}
	if n.Fields != nil {
		w.expr(n.Fields)
	}
	for _, row := range n.Lists {
		w.expr(row)
	}
	w.expr(n.Where)
	if n.GroupBy != nil {
		w.expr(n.GroupBy)
	}
	if n.Having != nil {
		w.expr(n.Having)
	}
	for i := range n.WindowSpecs {
		w.expr(&n.WindowSpecs[i])
	}
	w.orderBy(n.OrderBy)
	w.limit(n.Limit)
}

// options notes what a SELECT says about itself.
func (w *mysqlWalker) options(n *ast.SelectStmt) {
	r := w.reader
	if n.LockInfo != nil && n.LockInfo.LockType != ast.SelectLockNone || len(n.MoreLockInfos) > 0 {
		r.st.refuseCache(reason.LockingRead, "")
	}
	if n.SelectStmtOpts != nil {
		if !n.SQLCache {
			r.st.refuseCache(reason.NoCacheModifier, "sql_no_cache")
		}
		if n.CalcFoundRows {
			r.st.refuseCache(reason.SessionFunction, "sql_calc_found_rows")
		}
	}
	if n.SelectIntoOpt != nil {
		r.st.Kind = Other
		r.st.refuseCache(reason.SelectInto, "")
		for _, v := range n.SelectIntoOpt.Vars {
			w.expr(v)
			if uv, ok := v.(*ast.VariableExpr); ok && !uv.IsSystem {
				r.sessionVar("@" + strings.ToLower(uv.Name))
			}
		}
	}
}

func (w *mysqlWalker) orderBy(n *ast.OrderByClause) {
	if n != nil {
		w.expr(n)
	}
}

func (w *mysqlWalker) limit(n *ast.Limit) {
	if n != nil {
		w.expr(n)
	}
}

// scope walks a WITH clause and brings its names into scope; the function it
// returns takes them out again. Only WITH RECURSIVE lets a query see its own
// name, and those that come later: the servers differ on the latter, so such a
// name counts as a table too.
func (w *mysqlWalker) scope(with *ast.WithClause) func() {
	outer := len(w.ctes)
	if with == nil {
		return func() {}
	}
	for _, cte := range with.CTEs {
		w.renames(cte.ColNameList...)
		if with.IsRecursive {
			w.ctes = append(w.ctes, cte.Name.O)
		}
		w.query(cte.Query)
		if !with.IsRecursive {
			w.ctes = append(w.ctes, cte.Name.O)
		}
	}
	return func() { w.ctes = w.ctes[:outer] }
}

// isCTE reports whether a name means a common table expression. A name that
// differs from one in case only may be a table, depending on the server's
// lower_case_table_names, and counts as one.
func (w *mysqlWalker) isCTE(t Table) bool {
	if t.Schema != "" {
		return false
	}
	for _, name := range w.ctes {
		if name == t.Name {
			return true
		}
	}
	return false
}

// from walks a FROM clause and returns its references, with the predicates
// that the joins' conditions and where give them.
func (w *mysqlWalker) from(clause *ast.TableRefsClause, where ast.ExprNode) []mysqlRef {
	if clause == nil || clause.TableRefs == nil {
		return nil
	}
	b := &mysqlBlock{walker: w}
	b.source(clause.TableRefs)
	b.condition(where, 0, len(b.refs))
	b.fix()
	return b.refs
}

// source walks one operand of a FROM clause.
func (b *mysqlBlock) source(node ast.ResultSetNode) {
	switch n := node.(type) {
	case nil:
	case *ast.Join:
		b.join(n)
	case *ast.TableSource:
		b.tableSource(n)
	case *ast.TableName:
		b.table(n, "")
	default:
		b.refs = append(b.refs, mysqlRef{})
		b.walker.query(n)
	}
}

func (b *mysqlBlock) tableSource(n *ast.TableSource) {
	b.walker.renames(n.ColumnNames...)
	switch src := n.Source.(type) {
	case *ast.TableName:
		b.table(src, n.AsName.O)
	case *ast.Join:
		b.join(src)
	default:
		b.refs = append(b.refs, mysqlRef{alias: n.AsName.O})
		b.walker.query(src)
	}
}

func (b *mysqlBlock) table(n *ast.TableName, alias string) {
	if b.walker.reader.references++; b.walker.reader.references > maxMySQLReferences {
		return // the statement is given up when the walk is done
	}
	t := mysqlTable(n)
	if alias == "" {
		alias = t.Name
	}
	b.refs = append(b.refs, mysqlRef{table: t, alias: alias, base: !b.walker.isCTE(t)})
	if n.TableSample != nil {
		b.walker.reader.st.refuseCache(reason.TableSample, "")
		b.walker.expr(n.TableSample)
	}
	if n.AsOf != nil {
		b.walker.expr(n.AsOf)
	}
}

func (b *mysqlBlock) join(n *ast.Join) {
	b.walker.joins(n)
	start := len(b.refs)
	b.source(n.Left)
	middle := len(b.refs)
	b.source(n.Right)
	if n.On == nil {
		return
	}
	b.walker.expr(n.On)
	// The condition of an outer join says nothing about the side whose rows
	// are all kept.
	switch n.Tp {
	case ast.LeftJoin:
		b.condition(n.On.Expr, middle, len(b.refs))
	case ast.RightJoin:
		b.condition(n.On.Expr, start, middle)
	default:
		b.condition(n.On.Expr, start, len(b.refs))
	}
}

func mysqlTable(n *ast.TableName) Table { return Table{Schema: n.Schema.O, Name: n.Name.O} }
