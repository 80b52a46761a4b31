package sqlparse

import (
	"strconv"
	"strings"

	"github.com/sqlc-dev/meyer/ast"
	"github.com/sqlc-dev/meyer/parser"

	"github.com/cachedsql/cachedsql/internal/reason"
)

// readSQLite fills st from the text of one SQLite statement.
func readSQLite(text string, st *Statement) error {
	stmts, err := parser.Options{UpdateDeleteLimit: true}.ParseString(text)
	if err != nil {
		return err
	}
	if len(stmts) != 1 {
		return errNotOne
	}
	r := &sqliteReader{st: st, params: numberParams(stmts[0])}
	r.statement(stmts[0])
	r.finish()
	return nil
}

// sqliteReader walks one statement's tree and fills st.
type sqliteReader struct {
	st         *Statement
	scope      *cteScope
	params     map[*ast.BindParam]int
	kindReason reason.Reason
	defining   []string // names of the table expressions around what is read
}

// numberParams gives each parameter the position SQLite binds it at: a plain ?
// comes after the highest so far, a repeated name has its first one's.
func numberParams(stmt ast.Node) map[*ast.BindParam]int {
	numbers := make(map[*ast.BindParam]int)
	named := make(map[string]int)
	highest := 0
	for _, p := range paramsInOrder(stmt) {
		number := highest + 1
		switch known, again := named[p.Raw]; {
		case p.Kind == ast.ParamNumber:
			number = p.Number
		case p.Kind != ast.ParamAnon && again:
			number = known
		case p.Kind != ast.ParamAnon:
			named[p.Raw] = number
		}
		numbers[p] = number
		highest = max(highest, number)
	}
	return numbers
}

func (r *sqliteReader) become(k Kind, why reason.Reason) {
	if r.kindReason == reason.None || weight(k) > weight(r.st.Kind) {
		r.st.Kind, r.kindReason = k, why
	}
}

func (r *sqliteReader) finish() {
	if r.kindReason != reason.None {
		r.st.Reason, r.st.Detail = r.kindReason, ""
		return
	}
	r.st.Kind = Read
	if len(r.st.Reads) == 0 && len(r.st.Funcs) == 0 {
		r.st.refuseCache(reason.NoTable, "")
	}
}

func (r *sqliteReader) statement(n ast.Stmt) {
	switch n := n.(type) {
	case *ast.SelectStmt, *ast.InsertStmt, *ast.UpdateStmt, *ast.DeleteStmt:
		r.walk(n)
	case *ast.ExplainStmt:
		r.explain(n)
	case *ast.VacuumStmt, *ast.AnalyzeStmt, *ast.ReindexStmt:
		r.become(Other, reason.Utility)
	default:
		if !r.transaction(n) && !r.session(n) {
			r.ddl(n)
		}
	}
}

// explain: SQLite never runs what it explains.
func (r *sqliteReader) explain(n *ast.ExplainStmt) {
	inner := &Statement{Dialect: SQLite}
	nested := &sqliteReader{st: inner, params: r.params}
	nested.statement(n.Stmt)
	inner.withoutEffects()
	r.become(Other, reason.Explain)
	r.st.absorb(inner)
}

func (r *sqliteReader) transaction(n ast.Stmt) bool {
	switch n := n.(type) {
	case *ast.BeginStmt:
		r.st.Tx = TxBegin
	case *ast.CommitStmt:
		r.st.Tx = TxCommit
	case *ast.RollbackStmt:
		r.st.Tx = TxRollback
		if n.Savepoint != nil {
			r.st.Tx = TxSavepoint
		}
	case *ast.SavepointStmt, *ast.ReleaseStmt:
		r.st.Tx = TxSavepoint
	default:
		return false
	}
	r.become(Tx, reason.TransactionControl)
	return true
}

// session: another database file brings tables nobody knows, and shadows none
// that are known, but what a bare name means may change.
func (r *sqliteReader) session(n ast.Stmt) bool {
	switch n := n.(type) {
	case *ast.PragmaStmt:
		if name := sqliteName(n.Name.Name); n.HasValue && !sqliteQuestions[name] {
			r.st.setsVar(name, false)
		}
	case *ast.AttachStmt, *ast.DetachStmt:
		r.st.SessionUnknown, r.st.WritesAll = true, true
	default:
		return false
	}
	r.become(Session, reason.SessionStatement)
	return true
}

// sqliteQuestions are the pragmas whose value is what they ask about: they set nothing.
var sqliteQuestions = map[string]bool{
	"table_info": true, "table_xinfo": true, "table_list": true, "index_list": true, "index_info": true, "index_xinfo": true,
	"foreign_key_list": true, "foreign_key_check": true, "integrity_check": true, "quick_check": true,
}

func (r *sqliteReader) ddl(n ast.Stmt) {
	r.become(DDL, reason.DDL)
	switch n := n.(type) {
	case *ast.CreateTableStmt:
		r.create(n.Name, n.Temp)
		ast.Walk(n, r.references)
		if n.Select != nil {
			r.walk(n.Select)
		}
	case *ast.CreateViewStmt:
		r.create(n.Name, n.Temp)
		r.walk(n.Select)
	case *ast.CreateVirtualTableStmt:
		r.create(n.Name, false)
	case *ast.CreateIndexStmt:
		r.write(Table{Schema: sqliteName(n.Name.Schema), Name: sqliteName(n.Table)}, OpOther)
	case *ast.CreateTriggerStmt:
		r.write(sqliteTable(n.Table), OpOther)
	case *ast.AlterTableStmt:
		r.write(sqliteTable(n.Table), OpOther)
	case *ast.DropTableStmt:
		r.write(sqliteTable(n.Name), OpOther)
	case *ast.DropViewStmt:
		r.write(sqliteTable(n.Name), OpOther)
	case *ast.DropIndexStmt:
		r.write(sqliteTable(n.Name), OpOther)
	case *ast.DropTriggerStmt: // it names no table
	default:
		r.st.WritesAll = true
	}
}

// references records the tables that foreign keys of a new table name.
func (r *sqliteReader) references(n ast.Node) bool {
	if fk, ok := n.(*ast.ForeignKeyClause); ok {
		r.st.addRead(TableRef{Table: Table{Name: sqliteName(fk.Table)}})
	}
	_, query := n.(*ast.SelectStmt)
	return !query
}

func (r *sqliteReader) create(name *ast.QualifiedName, temp bool) {
	t := sqliteTable(name)
	r.write(t, OpOther)
	if temp || t.Schema == "temp" {
		r.st.TempTables = append(r.st.TempTables, Table{Name: t.Name})
	}
}

func (r *sqliteReader) write(t Table, op WriteOp) *WriteRef {
	r.st.addWrite(WriteRef{Table: t, Op: op})
	return &r.st.WriteRefs[len(r.st.WriteRefs)-1]
}

// read records a table the statement reads and returns its place in ReadRefs.
func (r *sqliteReader) read(t Table) int {
	switch {
	case strings.HasPrefix(t.Name, "sqlite_"), strings.HasPrefix(t.Name, "pragma_"), t.Name == "dbstat":
		r.st.refuseCache(reason.SystemCatalog, t.Name)
	case t.Schema == "temp":
		r.st.refuseCache(reason.TempTable, t.Name)
	}
	r.st.addRead(TableRef{Table: t})
	return len(r.st.ReadRefs) - 1
}

func sqliteName(id *ast.Ident) string {
	if id == nil {
		return ""
	}
	return lowerASCII(id.Name)
}

func sqliteTable(q *ast.QualifiedName) Table {
	return Table{Schema: sqliteName(q.Schema), Name: sqliteName(q.Name)}
}

// operandOf returns a parameter, integer or string. A cast is none: it makes
// another value of it.
func (r *sqliteReader) operandOf(n ast.Expr) (Operand, bool) {
	switch n := n.(type) {
	case *ast.BindParam:
		o := Operand{Param: r.params[n], Kind: OperandParam}
		if n.Kind != ast.ParamAnon && n.Kind != ast.ParamNumber {
			o.Name = n.Raw[1:]
		}
		return o, o.Param > 0
	case *ast.ParenExpr:
		return r.operandOf(n.X)
	case *ast.Literal:
		return sqliteLiteral(n)
	case *ast.UnaryExpr:
		v, ok := r.operandOf(n.X)
		if !ok || n.Op != ast.OpMinus || v.Kind != OperandInt {
			return Operand{}, false
		}
		v.Literal = "-" + v.Literal
		return v, true
	}
	return Operand{}, false
}

func sqliteLiteral(n *ast.Literal) (Operand, bool) {
	switch n.Kind {
	case ast.LitString:
		return Operand{Literal: n.Value, Kind: OperandString}, true
	case ast.LitInteger:
		i, err := strconv.ParseInt(n.Value, 10, 64)
		return Operand{Literal: strconv.FormatInt(i, 10), Kind: OperandInt}, err == nil
	}
	return Operand{}, false
}

// operandsOf returns the operands of a list, nil if one of them is none or
// they are too many.
func (r *sqliteReader) operandsOf(list []ast.Expr) []Operand {
	if len(list) == 0 || len(list) > maxValues {
		return nil
	}
	operands := make([]Operand, 0, len(list))
	for _, n := range list {
		v, ok := r.operandOf(n)
		if !ok {
			return nil
		}
		operands = append(operands, v)
	}
	return operands
}
