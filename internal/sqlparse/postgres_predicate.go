package sqlparse

import (
	"strconv"

	"github.com/pgplex/pgparser/nodes"

	"github.com/cachedsql/cachedsql/internal/reason"
)

// pgLevel is one query level being read.
type pgLevel struct {
	level
	reader *pgReader
}

// from walks the items of a FROM clause.
func (lv *pgLevel) from(list *nodes.List) {
	for i := range list.Len() {
		lv.add(list.Items[i])
	}
}

// target adds the table an UPDATE or DELETE changes, just recorded.
func (lv *pgLevel) target(rv *nodes.RangeVar) {
	it := named(rv, len(lv.st.WriteRefs)-1)
	it.write = true
	lv.items = append(lv.items, it)
}

func named(rv *nodes.RangeVar, ref int) item {
	if rv.Alias != nil {
		return item{name: rv.Alias.Aliasname, ref: ref, hidden: rv.Alias.Colnames.Len() > 0}
	}
	t := table(rv)
	return item{name: t.Name, schema: t.Schema, ref: ref}
}

// add walks one element of a FROM clause.
func (lv *pgLevel) add(n nodes.Node) {
	r := lv.reader
	switch n := n.(type) {
	case *nodes.RangeVar:
		ref := -1
		if n.Schemaname != "" || !r.scope.has(truncateName(n.Relname)) {
			ref = r.read(n)
		}
		lv.items = append(lv.items, named(n, ref))
	case *nodes.JoinExpr:
		lv.join(n)
	case *nodes.RangeTableSample:
		r.st.refuseCache(reason.TableSample, "tablesample")
		lv.add(n.Relation)
		r.walkList(n.Args)
		r.walk(n.Repeatable)
	case *nodes.RangeSubselect:
		r.walk(n.Subquery)
		lv.aliased(n.Alias)
	case *nodes.RangeFunction:
		r.walkList(n.Functions)
		r.walkList(n.Coldeflist)
		lv.aliased(n.Alias)
	default:
		r.walkFields(n)
		lv.derived("")
	}
}

// aliased adds an item that is no table, by its alias.
func (lv *pgLevel) aliased(alias *nodes.Alias) {
	if alias == nil {
		lv.derived("")
		return
	}
	lv.derived(alias.Aliasname)
}

// join walks a join and attributes the conjuncts of its ON clause to the
// tables they restrict. Of an outer join that is the null-supplying side only:
// rows of it that fail the conjunct match nothing and leave no trace, while
// rows of the preserved side are in the result either way. In a full join both
// sides are preserved.
func (lv *pgLevel) join(j *nodes.JoinExpr) {
	start := len(lv.items)
	lv.add(j.Larg)
	middle := len(lv.items)
	lv.add(j.Rarg)
	end := len(lv.items)
	lv.reader.walk(j.Quals)
	first, last := start, end
	switch j.Jointype {
	case nodes.JOIN_LEFT:
		first = middle
	case nodes.JOIN_RIGHT:
		last = middle
	case nodes.JOIN_FULL:
		last = start
	}
	lv.conjuncts(j.Quals, visible{start: start, end: end, first: first, last: last})
	if j.Alias == nil {
		return
	}
	lv.hide(start, end)
	lv.aliased(j.Alias)
}

// where walks a WHERE clause. What it rejects is gone, null-extended rows
// included, so its conjuncts restrict every table of the level.
func (lv *pgLevel) where(n nodes.Node) {
	lv.reader.walk(n)
	all := len(lv.items)
	lv.conjuncts(n, visible{end: all, last: all})
}

// conjuncts attributes each "column = value" that must hold.
func (lv *pgLevel) conjuncts(n nodes.Node, v visible) {
	switch n := n.(type) {
	case *nodes.BoolExpr:
		if n.Boolop != nodes.AND_EXPR {
			return
		}
		for i := range n.Args.Len() {
			lv.conjuncts(n.Args.Items[i], v)
		}
	case *nodes.A_Expr:
		if column, values := equality(n); column != nil {
			qualifier, name := splitColumn(column)
			lv.fix(qualifier, truncateName(name), values, v)
		}
	}
}

// splitColumn returns a column reference's qualifier and column name, "" for
// anything but a plain column.
func splitColumn(c *nodes.ColumnRef) (qualifier []string, name string) {
	parts := names(c.Fields)
	if len(parts) == 0 || len(parts) != c.Fields.Len() {
		return nil, ""
	}
	return parts[:len(parts)-1], parts[len(parts)-1]
}

// equality returns the column and values of "column = value", "column IN
// (values)" and "column = ANY (ARRAY[values])"; a nil column for the rest.
// A cast of the column compares something else than what is stored.
func equality(e *nodes.A_Expr) (*nodes.ColumnRef, []Operand) {
	if op := names(e.Name); len(op) != 1 || op[0] != "=" {
		return nil, nil
	}
	switch e.Kind {
	case nodes.AEXPR_OP:
		if c := columnOf(e.Lexpr); c != nil {
			return columnWith(c, operandList(e.Rexpr))
		}
		return columnWith(columnOf(e.Rexpr), operandList(e.Lexpr))
	case nodes.AEXPR_IN:
		list, _ := e.Rexpr.(*nodes.List)
		return columnWith(columnOf(e.Lexpr), operandsOf(list))
	case nodes.AEXPR_OP_ANY:
		if array, ok := e.Rexpr.(*nodes.A_ArrayExpr); ok {
			return columnWith(columnOf(e.Lexpr), operandsOf(array.Elements))
		}
	}
	return nil, nil
}

func columnWith(c *nodes.ColumnRef, values []Operand) (*nodes.ColumnRef, []Operand) {
	if c == nil || values == nil {
		return nil, nil
	}
	return c, values
}

// columnOf returns n if it is a column, and not a parameter in disguise.
func columnOf(n nodes.Node) *nodes.ColumnRef {
	c, ok := n.(*nodes.ColumnRef)
	if _, param := paramOf(n); !ok || param {
		return nil
	}
	return c
}

func operandList(n nodes.Node) []Operand {
	if v, ok := operandOf(n); ok {
		return []Operand{v}
	}
	return nil
}

// operandsOf returns the operands of a list, nil if one of them is none or
// they are too many.
func operandsOf(list *nodes.List) []Operand {
	if list.Len() == 0 || list.Len() > maxValues {
		return nil
	}
	operands := make([]Operand, 0, list.Len())
	for _, n := range list.Items {
		v, ok := operandOf(n)
		if !ok {
			return nil
		}
		operands = append(operands, v)
	}
	return operands
}

// operandOf returns a parameter, integer or string, possibly cast to a type
// that leaves its value alone.
func operandOf(n nodes.Node) (Operand, bool) {
	switch n := n.(type) {
	case *nodes.ColumnRef:
		number, ok := paramOf(n)
		return Operand{Param: number, Kind: OperandParam}, ok
	case *nodes.A_Const:
		return constant(n)
	case *nodes.A_Expr:
		return negative(n)
	case *nodes.TypeCast:
		if _, twice := n.Arg.(*nodes.TypeCast); twice {
			return Operand{}, false // the inner cast may rewrite the value
		}
		v, ok := operandOf(n.Arg)
		return v, ok && keepsValue(n.TypeName, v.Kind)
	}
	return Operand{}, false
}

func constant(c *nodes.A_Const) (Operand, bool) {
	switch v := c.Val.(type) {
	case *nodes.Integer:
		return Operand{Literal: strconv.FormatInt(v.Ival, 10), Kind: OperandInt}, !c.Isnull
	case *nodes.String:
		return Operand{Literal: v.Str, Kind: OperandString}, !c.Isnull
	}
	return Operand{}, false
}

// negative reads -5, which the grammar takes for an operator before 5.
func negative(e *nodes.A_Expr) (Operand, bool) {
	if op := names(e.Name); e.Lexpr != nil || len(op) != 1 || op[0] != "-" {
		return Operand{}, false
	}
	v, ok := operandOf(e.Rexpr)
	if !ok || v.Kind != OperandInt {
		return Operand{}, false
	}
	v.Literal = "-" + v.Literal
	return v, true
}

// keepsValue reports whether a cast of an operand compares as the operand
// does: types with a length or scale round, cut and pad. A cast parameter is
// sent with the type of the cast, so nothing is converted at all.
func keepsValue(t *nodes.TypeName, kind OperandKind) bool {
	if t == nil || t.Typmods.Len() > 0 || t.ArrayBounds.Len() > 0 || t.Setof {
		return false
	}
	switch typeWord(t) {
	case "int2", "int4", "int8":
		return true
	case "text", "varchar", "uuid":
		return kind != OperandInt
	}
	return false
}

// typeWord returns a type's name without pg_catalog, "" for one in another
// schema.
func typeWord(t *nodes.TypeName) string {
	switch parts := names(t.Names); {
	case len(parts) == 1:
		return parts[0]
	case len(parts) == 2 && parts[0] == "pg_catalog":
		return parts[1]
	}
	return ""
}

// names returns the strings of a list.
func names(list *nodes.List) []string {
	out := make([]string, 0, list.Len())
	for i := range list.Len() {
		if s, ok := list.Items[i].(*nodes.String); ok {
			out = append(out, s.Str)
		}
	}
	return out
}
