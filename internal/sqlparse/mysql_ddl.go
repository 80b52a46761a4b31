package sqlparse

import (
	"strings"

	"github.com/sqlc-dev/marino/ast"

	"github.com/cachedsql/cachedsql/internal/reason"
)

// ddl reads statements that change the schema. What the parser makes nothing
// of may change any table.
func (r *mysqlReader) ddl(src *mysqlSource) error {
	if src.is(0, "DROP", "PREPARE") {
		return r.prepare(src)
	}
	r.st.ImplicitCommit = true
	r.ddlTables(src)
	r.temporary(src)
	r.settle(DDL, reason.DDL, strings.ToLower(src.word(0)))
	return nil
}

func (r *mysqlReader) ddlTables(src *mysqlSource) {
	if mysqlRowlessObjects[src.ddlObject()] {
		return
	}
	piece := src.piece()
	node, err := parseMySQL(piece.text)
	if err != nil {
		r.st.WritesAll = true
		return
	}
	w := &mysqlWalker{reader: r, piece: piece}
	switch n := node.(type) {
	case *ast.CreateTableStmt:
		w.createTable(n)
	case *ast.CreateViewStmt:
		r.writes(mysqlTable(n.ViewName), OpOther)
		w.query(n.Select)
	case *ast.AlterViewStmt:
		r.writes(mysqlTable(n.ViewName), OpOther)
		w.query(n.Select)
	case *ast.AlterTableStmt:
		w.alterTable(n)
	case *ast.RenameTableStmt:
		for _, t := range n.TableToTables {
			r.writes(mysqlTable(t.OldTable), OpOther)
			r.renamed(mysqlTable(t.NewTable))
		}
	case *ast.DropTableStmt:
		for _, t := range n.Tables {
			r.writes(mysqlTable(t), OpOther)
		}
	case *ast.CreateIndexStmt:
		r.writes(mysqlTable(n.Table), OpOther)
	case *ast.DropIndexStmt:
		r.writes(mysqlTable(n.Table), OpOther)
	case *ast.CreateSequenceStmt:
		r.writes(mysqlTable(n.Name), OpOther)
	default:
		r.st.WritesAll = true
	}
}

// temporary notes the table of CREATE TEMPORARY TABLE. Neither that nor DROP
// TEMPORARY TABLE commits.
func (r *mysqlReader) temporary(src *mysqlSource) {
	i := 1
	if src.is(i, "OR", "REPLACE") {
		i += 2
	}
	if src.word(i) != "TEMPORARY" || src.word(0) == "ALTER" {
		return
	}
	r.st.ImplicitCommit = false
	if src.word(0) != "CREATE" {
		return
	}
	i += 2 // TEMPORARY TABLE
	if src.is(i, "IF", "NOT", "EXISTS") {
		i += 3
	}
	if t, _, ok := src.name(i); ok {
		r.st.TempTables = append(r.st.TempTables, t)
	}
}

// renamed notes a table's new name. The table may be a temporary one, which
// then hides another of that name.
func (r *mysqlReader) renamed(t Table) {
	r.writes(t, OpOther)
	r.st.TempTables = append(r.st.TempTables, t)
}

// mysqlRowlessObjects are what a statement may create or change without
// touching what any query returns to those who may still run it.
var mysqlRowlessObjects = map[string]bool{"USER": true, "ROLE": true, "SERVER": true, "PROFILE": true}

// ddlObject returns the kind of object a CREATE, ALTER or DROP is about, as far
// as its name is not behind options.
func (s *mysqlSource) ddlObject() string {
	i := 1
	if s.is(i, "OR", "REPLACE") {
		i += 2
	}
	if s.word(0) == "INSTALL" || s.word(0) == "UNINSTALL" {
		return ""
	}
	return s.word(i)
}

func (w *mysqlWalker) createTable(n *ast.CreateTableStmt) {
	w.reader.writes(mysqlTable(n.Table), OpOther)
	if n.ReferTable != nil {
		w.reader.reads(mysqlTable(n.ReferTable))
	}
	for _, o := range n.Options { // ENGINE=MERGE UNION=(a, b)
		for _, u := range o.TableNames {
			w.reader.reads(mysqlTable(u))
		}
	}
	if n.Select != nil {
		w.query(n.Select)
	}
}

func (w *mysqlWalker) alterTable(n *ast.AlterTableStmt) {
	w.reader.writes(mysqlTable(n.Table), OpOther)
	for _, spec := range n.Specs {
		switch {
		case spec.NewTable == nil:
		case spec.Tp == ast.AlterTableRenameTable:
			w.reader.renamed(mysqlTable(spec.NewTable))
		default: // EXCHANGE PARTITION
			w.reader.writes(mysqlTable(spec.NewTable), OpOther)
		}
		for _, o := range spec.Options {
			for _, u := range o.TableNames {
				w.reader.reads(mysqlTable(u))
			}
		}
	}
}

// privileges reads GRANT, REVOKE and what else changes accounts.
func (r *mysqlReader) privileges(*mysqlSource) error {
	r.st.ImplicitCommit = true
	r.settle(DDL, reason.DDL, "privileges")
	return nil
}
