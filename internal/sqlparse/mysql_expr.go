package sqlparse

import (
	"strings"

	"github.com/sqlc-dev/marino/ast"

	"github.com/cachedsql/cachedsql/internal/reason"
)

// expr walks an expression, or a clause made of expressions.
func (w *mysqlWalker) expr(node ast.Node) {
	if node != nil {
		node.Accept(w)
	}
}

var _ ast.Visitor = (*mysqlWalker)(nil)

// Enter implements ast.Visitor. It takes over where a query begins.
func (w *mysqlWalker) Enter(node ast.Node) (ast.Node, bool) {
	w.mixes(node)
	switch n := node.(type) {
	case *ast.SubqueryExpr, *ast.SelectStmt, *ast.SetOprStmt:
		w.query(n)
		return node, true
	case *ast.TableName:
		w.table(n)
	case *ast.TableNameExpr: // the sequence of NEXTVAL(s), which settles the reason
		return node, true
	case *ast.FuncCallExpr:
		w.function(n)
	case *ast.FuncCastExpr:
		w.dayCast(n)
	case *ast.AggregateFuncExpr:
		w.call("", n.F, len(n.Args))
	case *ast.WindowFuncExpr:
		w.call("", n.Name, len(n.Args))
	case *ast.DefaultExpr:
		// The default may itself be an expression, such as NOW().
		w.reader.st.refuseCache(reason.VolatileFunction, "default")
	case *ast.VariableExpr:
		w.variable(n)
	}
	return node, false
}

// Leave implements ast.Visitor.
func (w *mysqlWalker) Leave(node ast.Node) (ast.Node, bool) { return node, true }

func (w *mysqlWalker) table(n *ast.TableName) {
	if t := mysqlTable(n); !w.isCTE(t) {
		w.reader.reads(t)
	}
}

func (w *mysqlWalker) variable(n *ast.VariableExpr) {
	if n.IsSystem {
		w.reader.st.refuseCache(reason.SystemVariable, "@@"+strings.ToLower(n.Name))
		return
	}
	w.reader.st.refuseCache(reason.UserVariable, "@"+strings.ToLower(n.Name))
	if n.Value != nil { // @x := ...
		w.reader.sessionVar("@" + strings.ToLower(n.Name))
	}
}

func (w *mysqlWalker) function(n *ast.FuncCallExpr) {
	w.call(n.Schema.O, n.FnName.O, len(n.Args))
	w.day(strings.ToLower(n.FnName.O), n.Args)
}

// call judges a function by name. With a schema it is a stored one, whatever
// its name.
func (w *mysqlWalker) call(schema, name string, args int) {
	class := mysqlStored
	if schema == "" {
		class = w.class(strings.ToLower(name), args)
	}
	switch class {
	case mysqlDeterministic:
	case mysqlTime:
		w.reader.st.refuseCache(reason.TimeFunction, strings.ToLower(name))
	case mysqlSession:
		w.reader.st.refuseCache(reason.SessionFunction, strings.ToLower(name))
	case mysqlVolatile:
		w.reader.st.refuseCache(reason.VolatileFunction, strings.ToLower(name))
	case mysqlStored:
		w.reader.st.addFunc(Func{Schema: schema, Name: name})
	}
}

func (w *mysqlWalker) class(name string, args int) mysqlClass {
	if mysqlParserNames[name] && !strings.Contains(lowerASCII(w.piece.text), name) {
		return mysqlDeterministic
	}
	return mysqlFunctionClass(name, args)
}
