package sqlparse

import (
	"fmt"
	"slices"
	"strings"

	"github.com/xwb1989/sqlparser"

	"github.com/cachedsql/cachedsql/internal/reason"
)

// mysqlSecond is what the second reader makes of a statement.
type mysqlSecond struct {
	kind   Kind
	tables []Table
}

// readMySQLSecond reads a statement with a parser that shares no code with the
// first. ok is false for what it does not know: common table expressions,
// windows and whatever came after MySQL 5.7.
func readMySQLSecond(text string) (second mysqlSecond, ok bool) {
	node, err := parseMySQLSecond(text)
	if err != nil {
		return second, false
	}
	switch node.(type) {
	case *sqlparser.Select, *sqlparser.Union, *sqlparser.ParenSelect:
		second.kind = Read
	case *sqlparser.Insert, *sqlparser.Update, *sqlparser.Delete:
		second.kind = Write
	}
	_ = sqlparser.Walk(func(n sqlparser.SQLNode) (bool, error) { // the function below never fails
		switch n := n.(type) {
		case *sqlparser.AliasedTableExpr:
			if t, isName := n.Expr.(sqlparser.TableName); isName {
				second.add(t)
			}
		case *sqlparser.Insert:
			second.add(n.Table)
		}
		return true, nil
	}, node)
	return second, true
}

func (s *mysqlSecond) add(t sqlparser.TableName) {
	name := Table{Schema: t.Qualifier.String(), Name: t.Name.String()}
	if name.Name == "" || name.Schema == "" && strings.EqualFold(name.Name, "dual") {
		return
	}
	if !slices.Contains(s.tables, name) {
		s.tables = append(s.tables, name)
	}
}

// parseMySQLSecond keeps to the strict parser: the other one logs. It panics
// on some texts.
func parseMySQLSecond(text string) (node sqlparser.Statement, err error) {
	defer func() {
		if p := recover(); p != nil {
			node, err = nil, fmt.Errorf("parser: %v", p)
		}
	}()
	return sqlparser.ParseStrictDDL(text)
}

// mergeSecondReader adds what the second reader saw and the first did not. A
// table only it saw means that the first misread the statement, so what the
// first says of rows no longer counts. Where one sees a read and the other
// does not, the statement is taken for a write and nothing is cached.
func (r *mysqlReader) mergeSecondReader(second mysqlSecond) {
	st := r.st
	var missed []Table
	for _, t := range second.tables {
		if !sawTable(st.Reads, t) && !sawTable(st.Writes, t) {
			missed = append(missed, t)
		}
	}
	// INTO is a read to the second reader, which does not know it.
	agree := second.kind == st.Kind || second.kind == Read && st.Kind == Other
	if agree && len(missed) == 0 {
		return
	}
	r.forgetRows()
	for _, t := range missed {
		r.reads(t)
		if st.Kind == Write {
			r.writes(t, OpOther)
		}
	}
	if agree {
		return
	}
	for _, t := range second.tables {
		r.writes(t, OpOther)
	}
	for _, ref := range st.ReadRefs {
		r.writes(ref.Table, OpOther)
	}
	r.settle(Write, reason.Ambiguous, "")
}

// sawTable reports whether t is among tables. The second reader lowers the case
// of names that are keywords to it.
func sawTable(tables []Table, t Table) bool {
	return slices.ContainsFunc(tables, func(have Table) bool {
		return strings.EqualFold(have.Schema, t.Schema) && strings.EqualFold(have.Name, t.Name)
	})
}

// forgetRows drops what is known of the rows the statement touches.
func (r *mysqlReader) forgetRows() {
	for i := range r.st.ReadRefs {
		r.st.ReadRefs[i].Fixed = nil
	}
	for i := range r.st.WriteRefs {
		ref := &r.st.WriteRefs[i]
		ref.Op, ref.Fixed, ref.Sets = OpOther, nil, nil
	}
}
