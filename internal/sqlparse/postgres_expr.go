package sqlparse

import (
	"slices"

	"github.com/pgplex/pgparser/nodes"

	"github.com/cachedsql/cachedsql/internal/reason"
)

// walk visits a node of any kind within a statement: it finds every table,
// function and constant below it.
func (r *pgReader) walk(n nodes.Node) {
	if n == nil || isNilNode(n) {
		return
	}
	switch n := n.(type) {
	case *nodes.List:
		r.walkList(n)
	case *nodes.SelectStmt:
		r.selectStmt(n)
	case *nodes.InsertStmt:
		r.insert(n)
	case *nodes.UpdateStmt:
		r.update(n)
	case *nodes.DeleteStmt:
		r.delete(n)
	case *nodes.MergeStmt:
		r.merge(n)
	case *nodes.RangeVar:
		r.read(n)
	case *nodes.MultiAssignRef:
		r.multiAssign(n)
	default:
		r.expr(n)
	}
}

func (r *pgReader) walkList(list *nodes.List) {
	for i := range list.Len() {
		r.walk(list.Items[i])
	}
}

// walkFields visits everything below a node, but not the node itself.
func (r *pgReader) walkFields(n nodes.Node) { children(n, r.walk) }

// multiAssign: (a, b) = (SELECT ...) repeats its source for each column.
func (r *pgReader) multiAssign(n *nodes.MultiAssignRef) {
	if n.Colno <= 1 {
		r.walk(n.Source)
	}
}

// expr visits an expression, or a clause without meaning of its own.
func (r *pgReader) expr(n nodes.Node) {
	switch n := n.(type) {
	case *nodes.ColumnRef:
		r.column(n)
	case *nodes.A_Const:
		r.constant(n)
	case *nodes.A_Star, *nodes.String:
	case *nodes.FuncCall:
		r.call(n)
	case *nodes.A_Indirection:
		r.walkFields(n)
		for _, name := range names(n.Indirection) {
			r.attribute(name)
		}
	case *nodes.TypeCast:
		r.cast(n)
	case *nodes.SQLValueFunction:
		r.valueFunction(n)
	case *nodes.A_Expr:
		if n.Kind <= nodes.AEXPR_OP_ALL {
			r.operator(n.Name)
		}
		r.walk(n.Lexpr)
		r.walk(n.Rexpr)
	case *nodes.SubLink:
		r.operator(n.OperName)
		r.walk(n.Testexpr)
		r.walk(n.Subselect)
	case *nodes.SortBy:
		r.operator(n.UseOp)
		r.walk(n.Node)
	case *nodes.JsonOutput:
		r.textBecomes(n.TypeName)
	case *nodes.ColumnDef:
		r.textBecomes(n.TypeName)
		r.walkFields(n)
	case *nodes.JsonTableColumn:
		r.textBecomes(n.TypeName)
		r.walkFields(n)
	case *nodes.RangeTableFuncCol:
		r.textBecomes(n.TypeName)
		r.walkFields(n)
	case *nodes.TypeName:
		r.converts(n, false)
	default:
		r.walkFields(n)
	}
}

// systemColumns change with the physical place or the transaction of a row.
var systemColumns = wordSet("ctid xmin xmax cmin cmax tableoid")

func (r *pgReader) column(c *nodes.ColumnRef) {
	qualifier, name := splitColumn(c)
	if len(qualifier) > 0 {
		r.attribute(name)
	} else if systemColumns[name] {
		r.st.refuseCache(reason.SystemColumn, name)
	}
}

// attribute judges a name after a dot: a column, or a call of a function on
// what is before the dot.
func (r *pgReader) attribute(name string) {
	if systemColumns[name] {
		r.st.refuseCache(reason.SystemColumn, name)
		return
	}
	if name = truncateName(name); !slices.Contains(r.st.Attributes, name) {
		r.st.Attributes = append(r.st.Attributes, name)
	}
}

// constant looks for 'now' and its like. A bare string can become a timestamp
// by its context ("day = 'today'") without any cast in the text.
func (r *pgReader) constant(c *nodes.A_Const) {
	if s, ok := c.Val.(*nodes.String); ok && HasTimeWord(s.Str) {
		r.st.refuseCache(reason.TimeFunction, "date literal")
	}
}

// operator: those that pg_catalog does not have are a user's, and judged as
// functions of that name.
func (r *pgReader) operator(name *nodes.List) {
	switch parts := names(name); {
	case len(parts) == 1, len(parts) == 2 && parts[0] == "pg_catalog":
		if op := parts[len(parts)-1]; !pgOperators[op] {
			r.st.addFunc(Func{Name: op})
		}
	case len(parts) == 2:
		r.st.addFunc(Func{Schema: parts[0], Name: parts[1]})
	}
}

func (r *pgReader) call(f *nodes.FuncCall) {
	r.judge(f)
	r.walkList(f.Args)
	r.walkList(f.AggOrder)
	r.walk(f.AggFilter)
	r.walk(f.Over)
}

// judge settles a built-in function and leaves others to the catalog.
func (r *pgReader) judge(f *nodes.FuncCall) {
	parts := names(f.Funcname)
	if len(parts) == 0 {
		return
	}
	name := truncateName(parts[len(parts)-1])
	if len(parts) > 1 && parts[len(parts)-2] != "pg_catalog" {
		r.st.addFunc(Func{Schema: truncateName(parts[len(parts)-2]), Name: name})
		return
	}
	if len(parts) == 1 && !slices.Contains(r.st.Builtins, name) && pgBuiltin(name) != pgUnknown {
		r.st.Builtins = append(r.st.Builtins, name)
	}
	switch pgBuiltin(name) {
	case pgIsTime:
		r.st.refuseCache(reason.TimeFunction, name)
	case pgIsSession:
		r.st.refuseCache(reason.SessionFunction, name)
	case pgIsCatalog:
		r.st.refuseCache(reason.SystemCatalog, name)
	case pgIsVolatile:
		r.st.refuseCache(reason.VolatileFunction, name)
	case pgUnknown:
		r.st.addFunc(Func{Name: name})
	}
	r.special(name, f)
}

// special is what a name alone does not tell.
func (r *pgReader) special(name string, f *nodes.FuncCall) {
	args := f.Args.Len()
	switch {
	case name == "age" && args == 1:
		r.st.refuseCache(reason.TimeFunction, name) // counted from the current date
	case name == "set_config":
		r.setConfig(f)
	case RunsText(name):
		r.runs(name, f)
	case name == "timezone" && args > 0:
		r.timeOperand(f.Args.Items[args-1], false)
	case args == 1 && timeTypes[name]:
		r.timeOperand(f.Args.Items[0], true)
	}
}

var valueFunctions = map[nodes.SVFOp]string{
	nodes.SVFOP_CURRENT_DATE: "current_date", nodes.SVFOP_CURRENT_TIME: "current_time",
	nodes.SVFOP_CURRENT_TIME_N: "current_time", nodes.SVFOP_CURRENT_TIMESTAMP: "current_timestamp",
	nodes.SVFOP_CURRENT_TIMESTAMP_N: "current_timestamp", nodes.SVFOP_LOCALTIME: "localtime",
	nodes.SVFOP_LOCALTIME_N: "localtime", nodes.SVFOP_LOCALTIMESTAMP: "localtimestamp",
	nodes.SVFOP_LOCALTIMESTAMP_N: "localtimestamp", nodes.SVFOP_CURRENT_ROLE: "current_role",
	nodes.SVFOP_CURRENT_USER: "current_user", nodes.SVFOP_USER: "user",
	nodes.SVFOP_SESSION_USER: "session_user", nodes.SVFOP_CURRENT_CATALOG: "current_catalog",
	nodes.SVFOP_CURRENT_SCHEMA: "current_schema",
}

// valueFunction judges the functions that are no functions to the grammar.
func (r *pgReader) valueFunction(n *nodes.SQLValueFunction) {
	why := reason.SessionFunction
	if n.Op <= nodes.SVFOP_LOCALTIMESTAMP_N {
		why = reason.TimeFunction
	}
	r.st.refuseCache(why, valueFunctions[n.Op])
}
