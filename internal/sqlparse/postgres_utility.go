package sqlparse

import (
	"strings"

	"github.com/pgplex/pgparser/nodes"

	"github.com/cachedsql/cachedsql/internal/reason"
)

// utility reads the statements that run, describe or maintain others. It
// reports whether n is one.
func (r *pgReader) utility(n nodes.Node) bool {
	switch n := n.(type) {
	case *nodes.ExplainStmt:
		r.explain(n)
	case *nodes.CopyStmt:
		r.copy(n)
	case *nodes.TruncateStmt:
		r.truncate(n)
	case *nodes.RefreshMatViewStmt:
		r.become(Write, reason.Write)
		r.write(n.Relation, OpOther)
	case *nodes.CallStmt:
		r.code()
		r.walkFields(n.Funccall)
	case *nodes.DoStmt:
		r.code()
	case *nodes.DeclareCursorStmt:
		r.become(Other, reason.Cursor)
		r.walk(n.Query)
	case *nodes.FetchStmt, *nodes.ClosePortalStmt:
		r.become(Other, reason.Cursor)
	case *nodes.VacuumStmt, *nodes.ClusterStmt, *nodes.ReindexStmt:
		r.become(Other, reason.Utility)
		r.st.Maintains = true
	case *nodes.LockStmt, *nodes.NotifyStmt, *nodes.CheckPointStmt:
		r.become(Other, reason.Utility)
	default:
		return false
	}
	return true
}

// code is a statement that runs code nobody has read.
func (r *pgReader) code() {
	r.become(Write, reason.Call)
	r.st.WritesAll, r.st.SessionUnknown = true, true
}

// explain: only with ANALYZE does the statement run. Without it its writes
// are none.
func (r *pgReader) explain(n *nodes.ExplainStmt) {
	inner := &Statement{Dialect: r.st.Dialect}
	nested := r.part(inner)
	nested.statement(n.Query)
	nested.finish()
	kind := Other
	if runsAnalyze(n.Options) && inner.Kind != Read {
		kind = inner.Kind
	}
	r.become(kind, reason.Explain)
	if !runsAnalyze(n.Options) {
		inner.withoutEffects()
	}
	r.st.absorb(inner)
}

// runsAnalyze reads EXPLAIN's options as the server does: ANALYZE alone and
// with any value but a false one.
func runsAnalyze(options *nodes.List) bool {
	runs := false
	for i := range options.Len() {
		opt, ok := options.Items[i].(*nodes.DefElem)
		if ok && strings.EqualFold(opt.Defname, "analyze") {
			runs = !isFalse(opt.Arg)
		}
	}
	return runs
}

func isFalse(n nodes.Node) bool {
	switch v := n.(type) {
	case *nodes.String:
		word := strings.ToLower(v.Str)
		return word == "false" || word == "off" || word == "0"
	case *nodes.Integer:
		return v.Ival == 0
	case *nodes.Boolean:
		return !v.Boolval
	}
	return false
}

// withoutEffects turns the analysis of a statement into that of one that is
// planned but not run.
func (s *Statement) withoutEffects() {
	s.Writes, s.WriteRefs, s.WritesAll, s.TempTables = nil, nil, false, nil
	s.SessionVars, s.SessionLocal, s.SessionUnknown, s.SessionReset = nil, false, false, false
}

// copy: COPY FROM inserts rows; COPY TO reads a table, or runs a query that
// may write.
func (r *pgReader) copy(n *nodes.CopyStmt) {
	switch {
	case n.Relation == nil:
		r.walk(n.Query)
		if r.kindReason == reason.None {
			r.become(Other, reason.Copy)
		}
	case n.IsFrom:
		r.become(Write, reason.Copy)
		r.write(n.Relation, OpInsert)
		r.walk(n.WhereClause)
	default:
		r.become(Other, reason.Copy)
		r.read(n.Relation)
	}
}

// truncate: CASCADE reaches every table with a foreign key to these, whatever
// the key's action.
func (r *pgReader) truncate(n *nodes.TruncateStmt) {
	r.become(Write, reason.Write)
	for i := range n.Relations.Len() {
		if rv, ok := n.Relations.Items[i].(*nodes.RangeVar); ok {
			r.write(rv, OpOther)
		}
	}
	r.st.WritesAll = r.st.WritesAll || n.Behavior == nodes.DROP_CASCADE
}
