package sqlparse

import (
	"github.com/pgplex/pgparser/nodes"
	"github.com/pgplex/pgparser/parser"

	"github.com/cachedsql/cachedsql/internal/reason"
)

// with brings the names of a WITH clause into scope while it walks their
// queries. Without RECURSIVE a query sees the names before its own; with it,
// all names of the clause.
func (r *pgReader) with(w *nodes.WithClause) {
	if w == nil || w.Ctes == nil {
		return
	}
	if w.Recursive {
		for _, item := range w.Ctes.Items {
			r.declare(item.(*nodes.CommonTableExpr))
		}
	}
	for _, item := range w.Ctes.Items {
		cte := item.(*nodes.CommonTableExpr)
		r.walk(cte.Ctequery)
		r.walk(cte.SearchClause)
		r.walk(cte.CycleClause)
		if !w.Recursive {
			r.declare(cte)
		}
	}
}

func (r *pgReader) declare(cte *nodes.CommonTableExpr) {
	r.scope = &cteScope{outer: r.scope, name: truncateName(cte.Ctename)}
}

// selectStmt walks a SELECT, VALUES or set operation at any depth.
func (r *pgReader) selectStmt(s *nodes.SelectStmt) {
	defer func(outer *cteScope) { r.scope = outer }(r.scope)
	r.with(s.WithClause)
	if s.IntoClause != nil {
		r.become(DDL, reason.SelectInto)
		r.create(s.IntoClause.Rel)
	}
	if s.Op != nodes.SETOP_NONE {
		r.selectStmt(s.Larg)
		r.selectStmt(s.Rarg)
	} else {
		r.selectCore(s)
	}
	r.walkList(s.SortClause)
	r.walk(s.LimitOffset)
	r.walk(s.LimitCount)
	r.locking(s.LockingClause)
}

func (r *pgReader) level() *pgLevel { return &pgLevel{level: level{st: r.st}, reader: r} }

// selectCore walks one SELECT ... FROM ... WHERE, or VALUES.
func (r *pgReader) selectCore(s *nodes.SelectStmt) {
	lv := r.level()
	lv.from(s.FromClause)
	r.walkList(s.DistinctClause)
	r.walkList(s.TargetList)
	lv.where(s.WhereClause)
	r.walkList(s.GroupClause)
	r.walk(s.HavingClause)
	r.walkList(s.WindowClause)
	r.walkList(s.ValuesLists)
}

var lockWords = map[nodes.LockClauseStrength]string{
	nodes.LCS_FORKEYSHARE:    "for key share",
	nodes.LCS_FORSHARE:       "for share",
	nodes.LCS_FORNOKEYUPDATE: "for no key update",
	nodes.LCS_FORUPDATE:      "for update",
}

func (r *pgReader) locking(clauses *nodes.List) {
	if clauses.Len() == 0 {
		return
	}
	detail := ""
	if lock, ok := clauses.Items[0].(*nodes.LockingClause); ok {
		detail = lockWords[nodes.LockClauseStrength(lock.Strength)]
	}
	r.st.refuseCache(reason.LockingRead, detail)
}

func (r *pgReader) insert(s *nodes.InsertStmt) {
	defer func(outer *cteScope) { r.scope = outer }(r.scope)
	r.become(Write, reason.Write)
	r.with(s.WithClause)
	ref := WriteRef{Table: table(s.Relation), Op: OpInsert}
	if s.OnConflictClause != nil && s.OnConflictClause.Action == parser.ONCONFLICT_UPDATE {
		ref.Op = OpOther // another row than the listed one may change
	} else {
		ref.Fixed = insertedValues(s)
	}
	r.st.addWrite(ref)
	r.walkList(s.Cols)
	r.walk(s.SelectStmt)
	if s.OnConflictClause != nil {
		r.walkFields(s.OnConflictClause)
	}
	r.walkList(s.ReturningList)
}

// insertedValues returns what each listed column holds in the rows of VALUES,
// for the columns where that is known of every row.
func insertedValues(s *nodes.InsertStmt) []Predicate {
	values, ok := s.SelectStmt.(*nodes.SelectStmt)
	if !ok || values == nil || values.ValuesLists.Len() == 0 || values.ValuesLists.Len() > maxValues {
		return nil
	}
	if s.Override == nodes.OVERRIDING_USER_VALUE {
		return nil // identity columns get other values than the listed ones
	}
	var fixed []Predicate
	for i := range s.Cols.Len() {
		col, ok := s.Cols.Items[i].(*nodes.ResTarget)
		if !ok || col.Indirection.Len() > 0 {
			continue
		}
		if operands := columnOfRows(values.ValuesLists, i); operands != nil {
			fixed = append(fixed, Predicate{Column: truncateName(col.Name), Values: operands})
		}
	}
	return fixed
}

// columnOfRows returns the i-th value of every row, nil if one is no operand.
func columnOfRows(rows *nodes.List, i int) []Operand {
	operands := make([]Operand, 0, rows.Len())
	for _, row := range rows.Items {
		values, ok := row.(*nodes.List)
		if !ok || i >= values.Len() {
			return nil
		}
		value, ok := operandOf(values.Items[i])
		if !ok {
			return nil
		}
		operands = append(operands, value)
	}
	return operands
}

func (r *pgReader) update(s *nodes.UpdateStmt) {
	defer func(outer *cteScope) { r.scope = outer }(r.scope)
	r.become(Write, reason.Write)
	r.with(s.WithClause)
	ref := r.write(s.Relation, OpUpdate)
	ref.Sets = assigned(s.TargetList)
	lv := r.level()
	lv.target(s.Relation)
	lv.from(s.FromClause)
	r.walkList(s.TargetList)
	lv.where(s.WhereClause)
	r.walkList(s.ReturningList)
}

// assigned returns the columns of a SET list.
func assigned(targets *nodes.List) []string {
	columns := make([]string, 0, targets.Len())
	for i := range targets.Len() {
		if target, ok := targets.Items[i].(*nodes.ResTarget); ok {
			columns = append(columns, truncateName(target.Name))
		}
	}
	return columns
}

func (r *pgReader) delete(s *nodes.DeleteStmt) {
	defer func(outer *cteScope) { r.scope = outer }(r.scope)
	r.become(Write, reason.Write)
	r.with(s.WithClause)
	r.write(s.Relation, OpDelete)
	lv := r.level()
	lv.target(s.Relation)
	lv.from(s.UsingClause)
	lv.where(s.WhereClause)
	r.walkList(s.ReturningList)
}

// merge takes a MERGE for a write of any row: it can insert as well as update.
func (r *pgReader) merge(s *nodes.MergeStmt) {
	defer func(outer *cteScope) { r.scope = outer }(r.scope)
	r.become(Write, reason.Write)
	r.with(s.WithClause)
	r.write(s.Relation, OpOther)
	lv := r.level()
	lv.add(s.SourceRelation)
	r.walk(s.JoinCondition)
	r.walkList(s.MergeWhenClauses)
	r.walkList(s.ReturningList)
}
