package sqlparse

import (
	"github.com/pgplex/pgparser/nodes"

	"github.com/cachedsql/cachedsql/internal/reason"
)

// ddl reads a statement that changes the schema or privileges: whatever is
// nothing else. Its writes are the relations whose definition it changes, its
// reads those it refers to.
func (r *pgReader) ddl(n nodes.Node) {
	r.become(DDL, reason.DDL)
	if r.relationDDL(n) || r.alteration(n) {
		return
	}
	switch n := n.(type) {
	case *nodes.CreateSchemaStmt:
		r.parts(n.SchemaElts)
	case *nodes.DropStmt:
		r.drop(n)
	case *nodes.DropOwnedStmt, *nodes.ImportForeignSchemaStmt:
		r.st.WritesAll = true
	}
}

// relationDDL reads what creates a relation or hangs something on it.
func (r *pgReader) relationDDL(n nodes.Node) bool {
	switch n := n.(type) {
	case *nodes.CreateStmt:
		r.createTable(n)
	case *nodes.CreateForeignTableStmt:
		r.createTable(&n.Base)
	case *nodes.CreateTableAsStmt:
		r.createAs(n)
	case *nodes.ViewStmt:
		r.create(n.View)
		r.walk(n.Query)
	case *nodes.CreateSeqStmt:
		r.create(n.Sequence)
	case *nodes.AlterSeqStmt:
		r.write(n.Sequence, OpOther)
	case *nodes.IndexStmt:
		r.write(n.Relation, OpOther)
	case *nodes.CreateTrigStmt:
		r.write(n.Relation, OpOther)
	case *nodes.RuleStmt:
		r.write(n.Relation, OpOther)
	case *nodes.CreatePolicyStmt:
		r.write(n.Table, OpOther)
	case *nodes.AlterPolicyStmt:
		r.write(n.Table, OpOther)
	default:
		return false
	}
	return true
}

// create records a new relation. A temporary one shadows others of its name
// on this connection.
func (r *pgReader) create(rv *nodes.RangeVar) {
	r.write(rv, OpOther)
	if t := table(rv); rv.Relpersistence == nodes.RELPERSISTENCE_TEMP || isPgTemp(t) {
		r.st.TempTables = append(r.st.TempTables, Table{Name: t.Name})
	}
}

// createTable: a partition's parent gets its rows, so it is written; LIKE,
// INHERITS and REFERENCES only name their tables.
func (r *pgReader) createTable(n *nodes.CreateStmt) {
	r.create(n.Relation)
	for i := range n.InhRelations.Len() {
		parent, ok := n.InhRelations.Items[i].(*nodes.RangeVar)
		switch {
		case !ok:
		case n.Partbound != nil && !isNilNode(n.Partbound):
			r.write(parent, OpOther)
		default:
			r.read(parent)
		}
	}
	r.walkList(n.TableElts)
	r.walkList(n.Constraints)
}

func (r *pgReader) createAs(n *nodes.CreateTableAsStmt) {
	r.create(n.Into.Rel)
	if exec, ok := n.Query.(*nodes.ExecuteStmt); ok {
		r.st.WritesAll, r.st.SessionUnknown = true, true
		r.walkList(exec.Params)
		return
	}
	r.walk(n.Query)
}

// parts reads the statements within CREATE SCHEMA.
func (r *pgReader) parts(list *nodes.List) {
	for i := range list.Len() {
		r.statement(list.Items[i])
	}
}

// alteration reads what changes an existing object.
func (r *pgReader) alteration(n nodes.Node) bool {
	switch n := n.(type) {
	case *nodes.AlterTableStmt:
		r.write(n.Relation, OpOther)
		r.alterCommands(n.Cmds)
	case *nodes.RenameStmt:
		r.altered(n.Relation, n.RenameType)
	case *nodes.AlterObjectSchemaStmt:
		r.altered(n.Relation, n.ObjectType)
	case *nodes.AlterOwnerStmt:
		r.altered(n.Relation, n.ObjectType)
	case *nodes.AlterTableMoveAllStmt:
	default:
		return false
	}
	return true
}

// altered: the name of a schema stands for all its tables.
func (r *pgReader) altered(rv *nodes.RangeVar, object nodes.ObjectType) {
	if rv != nil {
		r.write(rv, OpOther)
	}
	r.st.WritesAll = r.st.WritesAll || object == nodes.OBJECT_SCHEMA
}

// alterCommands: attaching or detaching moves rows between the table and
// another; a foreign key names another.
func (r *pgReader) alterCommands(cmds *nodes.List) {
	for i := range cmds.Len() {
		cmd, ok := cmds.Items[i].(*nodes.AlterTableCmd)
		if !ok {
			continue
		}
		switch def := cmd.Def.(type) {
		case *nodes.PartitionCmd:
			r.write(def.Name, OpOther)
		case *nodes.RangeVar:
			r.write(def, OpOther)
		default:
			r.walk(cmd.Def)
		}
	}
}

// drop records the relations dropped, or the one that a trigger, policy or
// rule is taken from, which is all the parser keeps of these. What CASCADE
// takes along are views and constraints; their tables change no row.
func (r *pgReader) drop(n *nodes.DropStmt) {
	switch nodes.ObjectType(n.RemoveType) {
	case nodes.OBJECT_TABLE, nodes.OBJECT_VIEW, nodes.OBJECT_MATVIEW, nodes.OBJECT_FOREIGN_TABLE,
		nodes.OBJECT_SEQUENCE, nodes.OBJECT_INDEX, nodes.OBJECT_TRIGGER, nodes.OBJECT_POLICY, nodes.OBJECT_RULE:
		r.dropped(n.Objects)
	case nodes.OBJECT_SCHEMA, nodes.OBJECT_EXTENSION, nodes.OBJECT_TYPE, nodes.OBJECT_DOMAIN:
		r.st.WritesAll = true
	}
}

func (r *pgReader) dropped(objects *nodes.List) {
	for i := range objects.Len() {
		if list, ok := objects.Items[i].(*nodes.List); ok && list.Len() > 0 {
			r.st.addWrite(WriteRef{Table: tableOf(names(list))})
		}
	}
}

// tableOf names a relation by the parts of its name.
func tableOf(parts []string) Table {
	var t Table
	t.Name = truncateName(parts[len(parts)-1])
	if len(parts) > 1 {
		t.Schema = truncateName(parts[len(parts)-2])
	}
	if len(parts) > 2 {
		t.Catalog = truncateName(parts[len(parts)-3])
	}
	return t
}
