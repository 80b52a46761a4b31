package sqlparse

import (
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"github.com/sqlc-dev/marino/ast"
)

// TestMySQLWalkReachesEveryTable compares the walk, which goes the way the
// parser's visitors go and by hand, with a blind search through all fields of
// the syntax tree.
func TestMySQLWalkReachesEveryTable(t *testing.T) {
	t.Parallel()
	seen := 0
	for _, sql := range mysqlGoldenStatements(t) {
		node, err := parseMySQL(sql)
		if err != nil {
			continue
		}
		switch node.(type) {
		case *ast.SelectStmt, *ast.SetOprStmt, *ast.InsertStmt, *ast.UpdateStmt, *ast.DeleteStmt:
		default:
			continue
		}
		st := Parse(MySQL, sql)
		if st.Kind == Unknown || st.Parts != nil {
			continue
		}
		search := treeSearch{visited: map[uintptr]bool{}}
		search.look(reflect.ValueOf(node))
		for _, table := range search.tables {
			if !slices.Contains(st.Reads, table) && !slices.Contains(st.Writes, table) && !slices.Contains(search.ctes, table.Name) {
				t.Errorf("%s: %v is in the tree, but not in reads %v or writes %v", sql, table, st.Reads, st.Writes)
			}
			seen++
		}
	}
	if seen < 300 {
		t.Errorf("compared %d tables only", seen)
	}
}

func mysqlGoldenStatements(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/mysql/*.sql")
	if err != nil {
		t.Fatal(err)
	}
	var statements []string
	for _, file := range files {
		for _, text := range readCases(t, file) {
			statements = append(statements, text)
		}
	}
	return statements
}

// treeSearch collects table names wherever they are in a syntax tree.
type treeSearch struct {
	visited map[uintptr]bool
	tables  []Table
	ctes    []string
}

func (s *treeSearch) look(v reflect.Value) {
	switch v.Kind() {
	case reflect.Interface:
		if !v.IsNil() {
			s.look(v.Elem())
		}
	case reflect.Pointer:
		if !v.IsNil() && !s.visited[v.Pointer()] {
			s.visited[v.Pointer()] = true
			s.pointer(v)
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			s.look(v.Index(i))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() || v.Type().Field(i).Anonymous {
				s.look(v.Field(i))
			}
		}
	}
}

func (s *treeSearch) pointer(v reflect.Value) {
	if !v.CanInterface() {
		return
	}
	switch n := v.Interface().(type) {
	case *ast.TableName:
		s.tables = append(s.tables, mysqlTable(n))
	case *ast.CommonTableExpression:
		s.ctes = append(s.ctes, n.Name.O)
	case *ast.DeleteTableList, *ast.SelectLockInfo, *ast.TableNameExpr: // aliases, or a sequence
		return
	}
	s.look(v.Elem())
}
