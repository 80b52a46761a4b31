package sqlparse

import (
	"slices"
	"strings"

	"github.com/sqlc-dev/marino/ast"
	"github.com/sqlc-dev/marino/mysql"
	"github.com/sqlc-dev/marino/opcode"
)

// Where a time of day meets a date, MySQL completes it by the current date: in a
// comparison, and wherever values of several expressions become one type, as in
// COALESCE, CASE and UNION. Which columns are what the catalog knows, so the
// expressions that meet are noted (DayMixes).

// DayMix are expressions of MySQL whose values meet in one type.
type DayMix []DayType

// DayType is what the type of an expression may be, as far as it matters here:
// what is said of it, or that of one of the columns.
type DayType struct {
	Time, Date bool
	Columns    []string
	// Else: a column that is no time of day counts as a date.
	Else bool
}

func (t DayType) either(u DayType) DayType {
	if len(t.Columns)+len(u.Columns) > maxDayColumns {
		return dayUnknown
	}
	return DayType{Time: t.Time || u.Time, Date: t.Date || u.Date, Columns: union(slices.Clone(t.Columns), u.Columns)}
}

// maxDayColumns is how many columns are looked at for the type of one
// expression.
const maxDayColumns = 64

var (
	dayUnknown = DayType{Time: true, Date: true}

	timeOfDayFunctions = wordSet(ast.TimeLiteral + " time maketime sec_to_time timediff")
	dateFunctions      = wordSet(ast.DateLiteral + " " + ast.TimestampLiteral + " date timestamp from_unixtime convert_tz last_day makedate from_days")
	// dayMerging give one of their arguments, from the second on for the first few.
	dayMerging = map[string]int{
		"coalesce": 0, "ifnull": 0, "nvl": 0, "greatest": 0, "least": 0, "if": 1, "nvl2": 1,
		"lead": 0, "lag": 0, "first_value": 0, "last_value": 0, "nth_value": 0, "min": 0, "max": 0, "any_value": 0,
	}
	// dayKeeping give their first argument, with something added to it.
	dayKeeping = wordSet("addtime subtime date_add date_sub adddate subdate nullif median percentile_cont percentile_disc")
)

// meet notes that the values of expressions become one type.
func (w *mysqlWalker) meet(exprs ...ast.ExprNode) {
	mix := make(DayMix, 0, len(exprs))
	for _, e := range exprs {
		if t := w.dayType(e); t.Time || t.Date || len(t.Columns) > 0 {
			mix = append(mix, t)
		}
	}
	w.mixed(mix)
}

func (w *mysqlWalker) mixed(mix DayMix) {
	if len(mix) > 1 {
		w.reader.st.DayMixes = append(w.reader.st.DayMixes, mix)
	}
}

// mixes looks at an expression in which others meet.
func (w *mysqlWalker) mixes(node ast.Node) {
	switch n := node.(type) {
	case *ast.BinaryOperationExpr:
		switch n.Op {
		case opcode.EQ, opcode.NE, opcode.LT, opcode.LE, opcode.GT, opcode.GE, opcode.NullEQ:
			w.meet(n.L, n.R)
		}
	case *ast.BetweenExpr:
		w.meet(n.Expr, n.Left, n.Right)
	case *ast.PatternInExpr:
		w.meet(append(slices.Clip(n.List), n.Expr, n.Sel)...)
	case *ast.CompareSubqueryExpr:
		w.meet(n.L, n.R)
	case *ast.CaseExpr:
		results, values := []ast.ExprNode{n.ElseClause}, []ast.ExprNode{n.Value}
		for _, when := range n.WhenClauses {
			results, values = append(results, when.Result), append(values, when.Expr)
		}
		w.meet(results...)
		if n.Value != nil {
			w.meet(values...)
		}
	case *ast.FuncCastExpr:
		w.makesTime(n)
	case *ast.FuncCallExpr:
		w.makesTime(n)
		w.mergers(n.FnName.L, n.Args)
	case *ast.WindowFuncExpr:
		w.mergers(strings.ToLower(n.Name), n.Args)
	case *ast.SelectField:
		if col, ok := n.Expr.(*ast.ColumnNameExpr); !ok || col.Name.Name.L != n.AsName.L {
			w.renames(n.AsName)
		}
	case *ast.JSONTableColumn:
		w.renames(n.Name)
	}
}

func (w *mysqlWalker) makesTime(n ast.Node) {
	w.reader.st.TimesOfDay = w.reader.st.TimesOfDay || w.dayType(n).Time
}

func (w *mysqlWalker) mergers(name string, args []ast.ExprNode) {
	switch from, merges := dayMerging[name]; {
	case merges:
		w.meet(args[min(from, len(args)):]...)
	case name == "nullif", name == "field", name == "interval":
		w.meet(args...)
	}
}

// renames notes a name that the statement gives to something of any type.
func (w *mysqlWalker) renames(names ...ast.CIStr) {
	for _, n := range names {
		if n.L != "" {
			w.reader.st.Aliases = append(w.reader.st.Aliases, n.L)
		}
	}
}

// dayType is the type of an expression.
func (w *mysqlWalker) dayType(expr ast.Node) DayType {
	switch n := expr.(type) {
	case nil, ast.ParamMarkerExpr, ast.ValueExpr, *ast.IsNullExpr, *ast.IsTruthExpr, *ast.PatternLikeOrIlikeExpr, *ast.PatternRegexpExpr,
		*ast.BetweenExpr, *ast.PatternInExpr, *ast.ExistsSubqueryExpr, *ast.CompareSubqueryExpr, *ast.TimeUnitExpr, *ast.BinaryOperationExpr, *ast.MatchAgainst:
		return DayType{}
	case *ast.ParenthesesExpr:
		return w.dayType(n.Expr)
	case *ast.SetCollationExpr:
		return DayType{}
	case *ast.UnaryOperationExpr:
		if n.Op == opcode.Plus {
			return w.dayType(n.V)
		}
		return DayType{}
	case *ast.ColumnNameExpr:
		return DayType{Columns: []string{n.Name.Name.L}}
	case *ast.RowExpr:
		return w.dayTypes(n.Values)
	case *ast.CaseExpr:
		t := w.dayType(n.ElseClause)
		for _, when := range n.WhenClauses {
			t = t.either(w.dayType(when.Result))
		}
		return t
	case *ast.FuncCastExpr:
		return dayTypeOfCast(n)
	case *ast.FuncCallExpr:
		return w.dayTypeOfCall(n.Schema.O, n.FnName.L, n.Args)
	case *ast.AggregateFuncExpr:
		return w.dayTypeOfCall("", strings.ToLower(n.F), n.Args)
	case *ast.WindowFuncExpr:
		return w.dayTypeOfCall("", strings.ToLower(n.Name), n.Args)
	case *ast.SubqueryExpr:
		return w.dayTypeOfRows(n.Query)
	}
	return dayUnknown
}

func (w *mysqlWalker) dayTypes(exprs []ast.ExprNode) (t DayType) {
	for _, e := range exprs {
		t = t.either(w.dayType(e))
	}
	return t
}

func dayTypeOfCast(n *ast.FuncCastExpr) DayType {
	switch n.Tp.GetType() {
	case mysql.TypeDuration:
		return DayType{Time: true}
	case mysql.TypeDate, mysql.TypeDatetime, mysql.TypeTimestamp, mysql.TypeNewDate:
		return DayType{Date: true}
	}
	return DayType{}
}

func (w *mysqlWalker) dayTypeOfCall(schema, name string, args []ast.ExprNode) DayType {
	from, merges := dayMerging[name]
	switch {
	case schema != "":
		return dayUnknown
	case timeOfDayFunctions[name]:
		return DayType{Time: true}
	case dateFunctions[name]:
		return DayType{Date: true}
	case merges:
		return w.dayTypes(args[min(from, len(args)):])
	case dayKeeping[name]:
		return w.dayTypes(args[:min(1, len(args))])
	case name == "timestampadd" && len(args) == 3:
		return w.dayType(args[2])
	case name == "str_to_date":
		// Where the format is no literal it is a date, and has none of today's.
		return DayType{Time: len(args) == 2 && formatsTime(args[1]), Date: len(args) != 2 || !formatsTime(args[1])}
	case mysqlFunctionClass(name, len(args)) != mysqlStored:
		return DayType{} // what tells the time is refused anyway
	}
	return dayUnknown
}

// dayTypeOfRows is any of those in the rows of a query.
func (w *mysqlWalker) dayTypeOfRows(node ast.Node) (t DayType) {
	for _, fields := range dayFields(node) {
		for _, f := range fields {
			t = t.either(w.dayTypeOfField(f))
		}
	}
	return t
}

func (w *mysqlWalker) dayTypeOfField(f *ast.SelectField) DayType {
	if f.Expr == nil {
		return dayUnknown // *
	}
	return w.dayType(f.Expr)
}

// dayFields are the fields of each SELECT of a query.
func dayFields(node ast.Node) (all [][]*ast.SelectField) {
	switch n := node.(type) {
	case *ast.SelectStmt:
		if n.Fields == nil {
			return [][]*ast.SelectField{{{}}}
		}
		return [][]*ast.SelectField{n.Fields.Fields}
	case *ast.SetOprStmt:
		return dayFields(n.SelectList)
	case *ast.SetOprSelectList:
		for _, s := range n.Selects {
			all = append(all, dayFields(s)...)
		}
		return all
	case *ast.SubqueryExpr:
		return dayFields(n.Query)
	}
	return [][]*ast.SelectField{{{}}}
}

// unites notes that the columns of the SELECTs of a set operation become one.
func (w *mysqlWalker) unites(n *ast.SetOprSelectList) {
	selects := dayFields(n)
	for i := range selects[0] {
		var mix DayMix
		for _, fields := range selects {
			if len(fields) != len(selects[0]) || slices.ContainsFunc(fields, func(f *ast.SelectField) bool { return f.Expr == nil }) {
				w.reader.st.DayMixes = append(w.reader.st.DayMixes, DayMix{dayStar, dayStar})
				return
			}
			if t := w.dayTypeOfField(fields[i]); t.Time || t.Date || len(t.Columns) > 0 {
				mix = append(mix, t)
			}
		}
		w.mixed(mix)
	}
}

// DayAny stands for every column there is.
const DayAny = "*"

var dayStar = DayType{Columns: []string{DayAny}}

// joins notes the columns that a join compares without an expression.
func (w *mysqlWalker) joins(n *ast.Join) {
	for _, c := range n.Using {
		t := DayType{Columns: []string{c.Name.L}}
		w.mixed(DayMix{t, t})
	}
	if n.NaturalJoin {
		w.mixed(DayMix{dayStar, dayStar})
	}
}
