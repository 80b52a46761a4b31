package sqlparse

import (
	"strings"

	"github.com/sqlc-dev/marino/ast"

	"github.com/cachedsql/cachedsql/internal/reason"
)

func (r *mysqlReader) transaction(src *mysqlSource) error {
	switch src.word(0) {
	case "BEGIN":
		return r.begin(src)
	case "START":
		return r.start(src)
	case "COMMIT":
		r.st.Chain = src.chains()
		return r.tx(TxCommit)
	case "ROLLBACK":
		return r.rollback(src)
	case "XA":
		return r.xa(src)
	}
	return r.tx(TxSavepoint) // SAVEPOINT, RELEASE SAVEPOINT
}

func (r *mysqlReader) tx(op TxOp) error {
	r.st.Tx = op
	r.settle(Tx, reason.TransactionControl, "")
	return nil
}

// begin reads BEGIN [WORK]. It commits a transaction that is open.
func (r *mysqlReader) begin(src *mysqlSource) error {
	if src.word(1) == "NOT" { // BEGIN NOT ATOMIC: a compound statement
		return errMySQLStatement
	}
	r.st.ImplicitCommit = true
	return r.tx(TxBegin)
}

// start reads START TRANSACTION, and START REPLICA and the like, which commit.
func (r *mysqlReader) start(src *mysqlSource) error {
	if src.word(1) == "TRANSACTION" {
		return r.begin(src)
	}
	return r.maintenance(src)
}

func (r *mysqlReader) rollback(src *mysqlSource) error {
	if src.find(1, "TO") > 0 {
		return r.tx(TxSavepoint)
	}
	r.st.Chain = src.chains()
	return r.tx(TxRollback)
}

// chains reports whether COMMIT or ROLLBACK opens the next transaction.
func (s *mysqlSource) chains() bool {
	i := s.find(1, "AND")
	return i > 0 && s.word(i+1) == "CHAIN"
}

func (r *mysqlReader) xa(src *mysqlSource) error {
	switch src.word(1) {
	case "START", "BEGIN":
		return r.tx(TxBegin)
	case "END":
		return r.tx(TxSavepoint) // still open, and nothing can be undone by it
	case "PREPARE":
		return r.tx(TxPrepare)
	case "COMMIT":
		if i := src.find(2, "ONE"); i > 0 && src.word(i+1) == "PHASE" {
			return r.tx(TxCommit)
		}
		return r.tx(TxCommitPrepared)
	case "ROLLBACK":
		return r.tx(TxRollbackPrepared)
	case "RECOVER":
		return r.utility(src)
	}
	return errMySQLStatement
}

func (r *mysqlReader) use(*mysqlSource) error {
	r.st.ChangesDatabase = true
	r.settle(Session, reason.SessionStatement, "use")
	return nil
}

// prepare reads PREPARE and DEALLOCATE PREPARE (DROP PREPARE is in ddl). What
// was prepared counts when it is executed.
func (r *mysqlReader) prepare(*mysqlSource) error {
	r.settle(Session, reason.SessionStatement, "prepare")
	return nil
}

// execute reads EXECUTE and EXECUTE IMMEDIATE: anything may run.
func (r *mysqlReader) execute(*mysqlSource) error {
	r.st.WritesAll, r.st.SessionUnknown = true, true
	r.settle(Write, reason.Call, "execute")
	return nil
}

// set reads the many statements that begin with SET.
func (r *mysqlReader) set(src *mysqlSource) error {
	switch {
	case src.is(1, "STATEMENT"):
		return r.setStatement(src)
	case src.is(1, "PASSWORD"), src.is(1, "DEFAULT", "ROLE"):
		return r.privileges(src)
	}
	r.settle(Session, reason.SessionStatement, "set")
	switch {
	case src.is(1, "ROLE") && !src.punct(2, '='):
		r.sessionVar("role")
		return nil
	case src.is(1, "RESOURCE", "GROUP"):
		return nil
	}
	piece := src.piece()
	node, err := parseMySQL(piece.text)
	if set, ok := node.(*ast.SetStmt); ok && err == nil {
		r.setVariables(src, piece, set)
	} else {
		r.st.SessionUnknown = true
	}
	return nil
}

func (r *mysqlReader) setVariables(src *mysqlSource, piece mysqlPiece, n *ast.SetStmt) {
	w := &mysqlWalker{reader: r, piece: piece}
	for _, v := range n.Variables {
		w.expr(v.Value)
		r.setVariable(v)
	}
	if src.is(1, "TRANSACTION") {
		r.st.Kind, r.st.Tx, r.st.Reason = Tx, TxSet, reason.TransactionControl
	}
	if src.is(2, "TRANSACTION", "ISOLATION") || src.is(2, "TRANSACTION", "READ") {
		r.st.Tx = TxSet
	}
}

func (r *mysqlReader) setVariable(v *ast.VariableAssignment) {
	name := strings.ToLower(v.Name)
	switch {
	case v.IsGlobal || v.IsInstance:
		// What the server does from now on may differ for everyone.
		r.st.WritesAll = true
	case v.Name == ast.SetNames, v.Name == ast.SetCharset:
		for _, s := range []string{
			"character_set_client", "character_set_connection", "character_set_results", "collation_connection",
		} {
			r.sessionVar(s)
		}
	case !v.IsSystem:
		r.sessionVar("@" + name)
	case name == "autocommit":
		r.setAutocommit(v.Value)
	default:
		r.sessionVar(mysqlSystemVarName(name))
	}
}

// mysqlSystemVarName gives a setting with several names one.
func mysqlSystemVarName(name string) string {
	switch name {
	case "tx_isolation", "tx_isolation_one_shot":
		return "transaction_isolation"
	case "tx_read_only":
		return "transaction_read_only"
	}
	return name
}

func (r *mysqlReader) setAutocommit(value ast.ExprNode) {
	r.st.Kind, r.st.Reason = Tx, reason.TransactionControl
	switch mysqlSwitch(value) {
	case "0", "off", "false":
		r.st.Tx = TxAutocommitOff
	case "1", "on", "true":
		r.st.Tx = TxAutocommitOn
	default: // DEFAULT, @x: nobody can tell
		r.sessionVar("autocommit")
		r.st.SessionUnknown = true
	}
}

// mysqlSwitch returns the word or number an on-off setting is given.
func mysqlSwitch(value ast.ExprNode) string {
	switch n := value.(type) {
	case *ast.ValueExprBase:
		switch n.Kind() {
		case ast.KindInt64:
			if n.GetInt64() == 0 {
				return "0"
			}
			return "1"
		case ast.KindString:
			return strings.ToLower(n.GetString())
		}
	case *ast.ColumnNameExpr: // OFF, which is no keyword
		return strings.ToLower(n.Name.Name.O)
	}
	return ""
}

// setStatement reads MariaDB's SET STATEMENT a = 1 FOR <statement>. What the
// settings do to the result is not known, so it is never cached.
func (r *mysqlReader) setStatement(src *mysqlSource) error {
	i := src.find(2, "FOR")
	if i < 0 || src.word(i+1) == "SET" { // the server refuses it nested
		return errMySQLStatement
	}
	if err := r.statement(src.from(i + 1)); err != nil {
		return err
	}
	r.st.refuseCache(reason.SessionStatement, "set statement")
	return nil
}
