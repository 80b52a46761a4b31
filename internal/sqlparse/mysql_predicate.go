package sqlparse

import (
	"strconv"

	"github.com/sqlc-dev/marino/ast"
	"github.com/sqlc-dev/marino/opcode"
)

// mysqlBlock collects the table references of one FROM clause and the
// conditions that hold for a stretch of them.
type mysqlBlock struct {
	walker     *mysqlWalker
	refs       []mysqlRef
	conditions []mysqlCondition
}

// mysqlCondition is a condition that every row of refs[from:to] meets if it
// can reach the result.
type mysqlCondition struct {
	expr     ast.ExprNode
	from, to int
}

func (b *mysqlBlock) condition(expr ast.ExprNode, from, to int) {
	if expr != nil {
		b.conditions = append(b.conditions, mysqlCondition{expr, from, to})
	}
}

// fix turns the conditions into predicates of the references they name. It
// runs when all references are known: whether a bare column is unambiguous
// depends on them.
func (b *mysqlBlock) fix() {
	for _, c := range b.conditions {
		b.conjunct(c.expr, c.from, c.to)
	}
}

func (b *mysqlBlock) conjunct(expr ast.ExprNode, from, to int) {
	switch n := expr.(type) {
	case *ast.ParenthesesExpr:
		b.conjunct(n.Expr, from, to)
	case *ast.BinaryOperationExpr:
		switch n.Op {
		case opcode.LogicAnd:
			b.conjunct(n.L, from, to)
			b.conjunct(n.R, from, to)
		case opcode.EQ:
			if !b.equal(n.L, []ast.ExprNode{n.R}, from, to) {
				b.equal(n.R, []ast.ExprNode{n.L}, from, to)
			}
		}
	case *ast.PatternInExpr:
		if !n.Not && n.Sel == nil {
			b.equal(n.Expr, n.List, from, to)
		}
	}
}

// maxMySQLValues bounds the operands kept of one column: with more of them a
// tag for each is dearer than one for all.
const maxMySQLValues = 256

// equal notes that column is one of values, if all of them are literals or
// parameters. Literals of different kinds in one list change how all of them
// compare.
func (b *mysqlBlock) equal(column ast.ExprNode, values []ast.ExprNode, from, to int) bool {
	col, ok := mysqlColumn(column)
	if !ok || len(values) > maxMySQLValues {
		return false
	}
	ref := b.owner(col)
	if ref < from || ref >= to || !b.refs[ref].base {
		return false
	}
	p := Predicate{Column: col.Name.O}
	literals := OperandParam // the kind of the literals, OperandParam before the first
	for _, v := range values {
		operand := b.walker.piece.operand(v)
		switch operand.Kind {
		case OperandOther:
			return false
		case OperandInt, OperandString:
			if literals != OperandParam && literals != operand.Kind {
				return false
			}
			literals = operand.Kind
		}
		p.Values = append(p.Values, operand)
	}
	b.refs[ref].fixed = append(b.refs[ref].fixed, p)
	return true
}

// owner returns the index of the reference a column belongs to, or -1 if the
// text does not tell. A bare column belongs to the only reference there is: if
// that table has no such column, the name means one of an outer query, and the
// predicate names a column that no dimension of the table can have.
func (b *mysqlBlock) owner(col *ast.ColumnName) int {
	if col.Table.O == "" {
		if len(b.refs) == 1 {
			return 0
		}
		return -1
	}
	owner := -1
	for i, ref := range b.refs {
		if ref.alias != col.Table.O || col.Schema.O != "" && ref.table.Schema != col.Schema.O {
			continue
		}
		if owner >= 0 {
			return -1
		}
		owner = i
	}
	return owner
}

func mysqlColumn(expr ast.ExprNode) (*ast.ColumnName, bool) {
	for {
		switch n := expr.(type) {
		case *ast.ParenthesesExpr:
			expr = n.Expr
		case *ast.ColumnNameExpr:
			return n.Name, true
		default:
			return nil, false
		}
	}
}

// operand returns a value as far as the text alone settles it.
func (p mysqlPiece) operand(expr ast.ExprNode) Operand {
	switch n := expr.(type) {
	case *ast.ParenthesesExpr:
		return p.operand(n.Expr)
	case *ast.ParamMarkerExprBase:
		if number, ok := p.params[n.Offset]; ok {
			return Operand{Param: number, Kind: OperandParam}
		}
	case *ast.UnaryOperationExpr:
		if v := p.operand(n.V); n.Op == opcode.Minus && v.Kind == OperandInt && v.Literal[0] != '-' && v.Literal != "0" {
			v.Literal = "-" + v.Literal
			return v
		}
	case *ast.ValueExprBase:
		return p.literal(n)
	}
	return Operand{Kind: OperandOther}
}

// literal returns an integer or a plain string. How a text in double quotes,
// with a backslash or a character set in front, reads depends on the session,
// so such a literal is of no use.
func (p mysqlPiece) literal(n *ast.ValueExprBase) Operand {
	at := n.OriginTextPosition()
	if at < 0 || at >= len(p.text) {
		return Operand{Kind: OperandOther}
	}
	first := p.text[at]
	switch n.Kind() {
	case ast.KindInt64:
		if first >= '0' && first <= '9' && n.GetInt64() >= 0 {
			return Operand{Kind: OperandInt, Literal: strconv.FormatInt(n.GetInt64(), 10)}
		}
	case ast.KindUint64:
		if first >= '0' && first <= '9' {
			return Operand{Kind: OperandInt, Literal: strconv.FormatUint(n.GetUint64(), 10)}
		}
	case ast.KindString:
		if first == '\'' && p.plainStringAt(at, n.GetString()) {
			return Operand{Kind: OperandString, Literal: n.GetString()}
		}
	}
	return Operand{Kind: OperandOther}
}

// plainStringAt reports whether the text at a quote is the value, letter by letter.
func (p mysqlPiece) plainStringAt(at int, value string) bool {
	end := at + 1 + len(value)
	return end < len(p.text) && p.text[at+1:end] == value && p.text[end] == '\'' &&
		(end+1 == len(p.text) || p.text[end+1] != '\'')
}
