package sqlparse

// maxValues bounds the operands kept of one predicate or one inserted column.
const maxValues = 256

// level is one query level: the items of its FROM clause, to which the
// conjuncts of its WHERE and ON clauses are attributed.
type level struct {
	st    *Statement
	items []item
}

// item is one name of a FROM clause.
type item struct {
	name   string // alias, or the table's own name
	schema string // set when the name is the table's own and qualified
	ref    int    // index into ReadRefs; -1 if it is no table
	write  bool   // the target of UPDATE or DELETE: ref indexes WriteRefs
	// hidden: columns cannot be attributed by this name, since a join's alias
	// hides it or a column list renames them.
	hidden bool
}

// visible says which items a condition can name (start to end), and which of
// these it restricts (first to last).
type visible struct{ start, end, first, last int }

// derived adds an item that is no table: it only takes a name.
func (lv *level) derived(name string) {
	lv.items = append(lv.items, item{name: name, ref: -1})
}

// hide takes the names of items away: a join's alias stands for them.
func (lv *level) hide(start, end int) {
	for i := start; i < end; i++ {
		lv.items[i].hidden = true
		lv.items[i].name = ""
	}
}

// fix records that a column has one of the values, at the item the column
// belongs to, if the condition restricts that.
func (lv *level) fix(qualifier []string, column string, values []Operand, v visible) {
	at := lv.owner(qualifier, v)
	if column == "" || at < v.first || at >= v.last {
		return
	}
	it, p := lv.items[at], Predicate{Column: column, Values: values}
	switch {
	case it.ref < 0 || it.hidden:
	case it.write:
		w := &lv.st.WriteRefs[it.ref]
		w.Fixed = append(w.Fixed, p)
	default:
		ref := &lv.st.ReadRefs[it.ref]
		ref.Fixed = append(ref.Fixed, p)
	}
}

// owner returns the item that a column with this qualifier belongs to, -1 if
// that cannot be told. A bare column is attributed only where the condition
// sees one item: the innermost table that has the column is meant, and a
// predicate on a column that the table lacks is of no use to anyone.
func (lv *level) owner(qualifier []string, v visible) int {
	if len(qualifier) == 0 {
		if v.end-v.start == 1 {
			return v.start
		}
		return -1
	}
	found := -1
	for i := v.start; i < v.end; i++ {
		if !lv.items[i].answersTo(qualifier) {
			continue
		}
		if found >= 0 {
			return -1
		}
		found = i
	}
	return found
}

func (it item) answersTo(qualifier []string) bool {
	if it.name == "" || it.name != qualifier[len(qualifier)-1] {
		return false
	}
	return len(qualifier) == 1 || len(qualifier) == 2 && it.schema == qualifier[0]
}
