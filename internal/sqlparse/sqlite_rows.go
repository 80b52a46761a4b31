package sqlparse

import (
	"strings"

	"github.com/sqlc-dev/meyer/ast"
)

// Bound is how many rows a read can return, as far as its text tells.
type Bound uint8

const (
	AnyRows      Bound = iota
	OneRow             // at most one, whatever a LIMIT says
	RowsOfATable       // at most one for each row of its only table reference that its predicates allow
)

// bounds tells what bounds a SELECT. Only SQLite is asked: its Close ends a
// statement, where other servers have computed all of the result by then.
func (r *sqliteReader) bounds(s *ast.SelectStmt) {
	if len(s.Cores) == 0 {
		return
	}
	q, ok := s.Cores[len(s.Cores)-1].(*ast.SelectQuery) // which has the LIMIT of all
	if !ok {
		return
	}
	if q.Limit != nil {
		if limit, ok := r.operandOf(q.Limit.Count); ok {
			r.st.Limit = &limit
		}
	}
	if len(s.Cores) == 1 {
		r.st.Bound = boundOf(q, s.With)
	}
}

func boundOf(q *ast.SelectQuery, w *ast.With) Bound {
	switch {
	case len(q.From) == 0, len(q.GroupBy) == 0 && aggregates(q.Columns):
		return OneRow
	case len(q.From) == 1 && w == nil && isPlainTable(q.From[0]):
		return RowsOfATable
	}
	return AnyRows
}

func isPlainTable(ref *ast.TableRef) bool {
	return ref.Name != nil && !ref.HasArgs && ref.Select == nil && ref.List == nil
}

// sqliteAggregates are the built-in functions that make one row of all. min and
// max of several values do not.
var sqliteAggregates = map[string]bool{
	"avg": true, "count": true, "group_concat": true, "string_agg": true, "sum": true, "total": true, "min": true, "max": true,
	"json_group_array": true, "json_group_object": true, "jsonb_group_array": true, "jsonb_group_object": true,
}

// aggregates reports whether a column has an aggregate, also inside an
// expression, but not inside a query of its own.
func aggregates(columns []*ast.ResultColumn) bool {
	found := false
	for _, c := range columns {
		ast.Walk(c, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.SelectStmt:
				return false
			case *ast.FuncCall:
				name := strings.ToLower(sqliteName(n.Name))
				several := (name == "min" || name == "max") && len(n.Args) != 1
				found = found || sqliteAggregates[name] && !several && n.Over == nil
			}
			return !found
		})
	}
	return found
}
