package sqlparse

import (
	"strings"

	"github.com/pgplex/pgparser/nodes"

	"github.com/cachedsql/cachedsql/internal/reason"
)

var pgTxOps = map[nodes.TransactionStmtKind]TxOp{
	nodes.TRANS_STMT_BEGIN:             TxBegin,
	nodes.TRANS_STMT_START:             TxBegin,
	nodes.TRANS_STMT_COMMIT:            TxCommit,
	nodes.TRANS_STMT_ROLLBACK:          TxRollback,
	nodes.TRANS_STMT_SAVEPOINT:         TxSavepoint,
	nodes.TRANS_STMT_RELEASE:           TxSavepoint,
	nodes.TRANS_STMT_ROLLBACK_TO:       TxSavepoint,
	nodes.TRANS_STMT_PREPARE:           TxPrepare,
	nodes.TRANS_STMT_COMMIT_PREPARED:   TxCommitPrepared,
	nodes.TRANS_STMT_ROLLBACK_PREPARED: TxRollbackPrepared,
}

// transaction reads transaction control and reports whether n is that.
func (r *pgReader) transaction(n nodes.Node) bool {
	switch n := n.(type) {
	case *nodes.TransactionStmt:
		r.st.Tx, r.st.Chain = pgTxOps[n.Kind], n.Chain
	case *nodes.ConstraintsSetStmt:
		r.st.Tx = TxSet
	case *nodes.VariableSetStmt:
		if n.Kind != nodes.VAR_SET_MULTI || !strings.EqualFold(n.Name, "transaction") &&
			!strings.EqualFold(n.Name, "transaction snapshot") {
			return false
		}
		r.st.Tx = TxSet
	default:
		return false
	}
	r.become(Tx, reason.TransactionControl)
	return true
}

// session reads the statements about the connection and reports whether n is
// one.
func (r *pgReader) session(n nodes.Node) bool {
	switch n := n.(type) {
	case *nodes.VariableSetStmt:
		r.set(n)
	case *nodes.DiscardStmt:
		// Dropping cached plans or sequences changes no result.
		r.st.SessionReset = n.Target == nodes.DISCARD_ALL
	case *nodes.PrepareStmt:
		r.prepare(n)
	case *nodes.ExecuteStmt:
		r.code()
		r.walkList(n.Params)
		return true
	case *nodes.LoadStmt:
		r.st.SessionUnknown = true // a library can change anything
	case *nodes.VariableShowStmt, *nodes.DeallocateStmt, *nodes.ListenStmt, *nodes.UnlistenStmt:
	default:
		return false
	}
	r.become(Session, reason.SessionStatement)
	return true
}

// set notes what SET and RESET change. The reset of a setting changes it, too.
func (r *pgReader) set(n *nodes.VariableSetStmt) {
	name := strings.ToLower(n.Name)
	switch {
	case n.Kind == nodes.VAR_RESET_ALL:
		r.st.SessionReset = true
	case n.Kind == nodes.VAR_SET_MULTI:
		r.st.setsVar("default_transaction_isolation", false)
		r.st.setsVar("default_transaction_read_only", false)
		r.st.setsVar("default_transaction_deferrable", false)
	case name == "session_authorization":
		r.st.setsVar(name, n.IsLocal)
		r.st.setsVar("role", n.IsLocal)
	default:
		r.st.setsVar(name, n.IsLocal)
	}
}

// setConfig notes the setting that the function set_config changes, whose
// value may be a parameter.
func (r *pgReader) setConfig(f *nodes.FuncCall) {
	if f.Args.Len() != 3 {
		r.st.SessionUnknown = true
		return
	}
	name, named := constantText(f.Args.Items[0])
	local, known := constantBool(f.Args.Items[2])
	if !named || !known {
		r.st.SessionUnknown = true
		return
	}
	r.st.setsVar(strings.ToLower(name), local)
}

func constantText(n nodes.Node) (text string, ok bool) {
	if c, isConst := n.(*nodes.A_Const); isConst {
		if s, isString := c.Val.(*nodes.String); isString {
			return s.Str, true
		}
	}
	return "", false
}

// constantBool reads true and false, which the parser may write as casts of
// 't' and 'f'.
func constantBool(n nodes.Node) (value, ok bool) {
	if cast, isCast := n.(*nodes.TypeCast); isCast {
		n = cast.Arg
	}
	c, isConst := n.(*nodes.A_Const)
	if !isConst {
		return false, false
	}
	switch v := c.Val.(type) {
	case *nodes.Boolean:
		return v.Boolval, true
	case *nodes.String:
		word := strings.ToLower(v.Str)
		return word == "t" || word == "true", word == "t" || word == "true" || word == "f" || word == "false"
	}
	return false, false
}

// prepare: the statement runs at EXECUTE, of which nothing is known but the
// plan's name, and which counts as a write of anything.
func (r *pgReader) prepare(n *nodes.PrepareStmt) {
	inner := &Statement{Dialect: r.st.Dialect}
	nested := r.part(inner)
	nested.walk(n.Query)
	inner.withoutEffects()
	r.st.absorb(inner)
}
