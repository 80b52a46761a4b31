package sqlparse

import (
	"strings"

	"github.com/pgplex/pgparser/nodes"
	"github.com/pgplex/pgparser/parser"

	"github.com/cachedsql/cachedsql/internal/reason"
)

// readPostgres fills st from the text of one PostgreSQL statement.
func readPostgres(text string, st *Statement, depth int) error {
	if strings.Contains(text, joint) {
		return errControl
	}
	text = respell(text)
	if err := lexable(text); err != nil {
		return err
	}
	list, err := parser.Parse(text)
	if joined, ok := joinCatalogNames(text); err != nil && ok {
		list, err = parser.Parse(joined)
	}
	if err != nil {
		return err
	}
	if list.Len() != 1 {
		return errNotOne
	}
	r := &pgReader{st: st, text: text, depth: depth}
	r.statement(unwrapRaw(list.Items[0]))
	r.finish()
	return nil
}

// lexable runs pgparser's lexer over the whole text, because its parser takes
// a lexical error ($1and, an unterminated literal) for the end of the text and
// accepts what came before.
func lexable(text string) error {
	lex := parser.NewLexer(text)
	for lex.NextToken().Type != 0 {
	}
	return lex.Err
}

func unwrapRaw(n nodes.Node) nodes.Node {
	if raw, ok := n.(*nodes.RawStmt); ok {
		return raw.Stmt
	}
	return n
}

// pgReader walks one statement's tree and fills st.
type pgReader struct {
	st    *Statement
	text  string
	depth int             // how many texts it stands within
	plain map[string]bool // see spells
	scope *cteScope
	// kindReason is the reason that goes with a kind other than Read, and wins
	// over what is found within the statement.
	kindReason reason.Reason
}

// part returns a reader for a statement within this one.
func (r *pgReader) part(st *Statement) *pgReader {
	return &pgReader{st: st, text: r.text, depth: r.depth}
}

// become sets what kind of statement this is. A later, weightier kind wins: a
// SELECT becomes a write at the first data-modifying WITH.
func (r *pgReader) become(k Kind, why reason.Reason) {
	if r.kindReason == reason.None || weight(k) > weight(r.st.Kind) {
		r.st.Kind, r.kindReason = k, why
	}
}

// finish settles the kind and reason once everything is walked.
func (r *pgReader) finish() {
	st := r.st
	if r.kindReason != reason.None {
		st.Reason, st.Detail = r.kindReason, ""
		return
	}
	st.Kind = Read
	if len(st.Reads) == 0 && len(st.Funcs) == 0 {
		st.refuseCache(reason.NoTable, "")
	}
}

// statement walks a statement in a position where any kind is allowed.
func (r *pgReader) statement(n nodes.Node) {
	switch n := n.(type) {
	case *nodes.SelectStmt, *nodes.InsertStmt, *nodes.UpdateStmt, *nodes.DeleteStmt, *nodes.MergeStmt:
		r.walk(n)
	case nil:
		r.become(Other, reason.Empty)
	default:
		if !r.utility(n) && !r.transaction(n) && !r.session(n) {
			r.ddl(n)
		}
	}
}

// table turns a name of the tree into a Table. The parser has folded it.
func table(rv *nodes.RangeVar) Table {
	catalog, schema := rv.Catalogname, rv.Schemaname
	if before, after, joined := strings.Cut(schema, joint); joined {
		catalog, schema = before, after
	}
	return Table{Catalog: truncateName(catalog), Schema: truncateName(schema), Name: truncateName(rv.Relname)}
}

// read records a table the statement reads and returns its place in ReadRefs.
func (r *pgReader) read(rv *nodes.RangeVar) int {
	t := table(rv)
	switch {
	case isPgCatalog(t):
		r.st.refuseCache(reason.SystemCatalog, t.Name)
	case isPgTemp(t):
		r.st.refuseCache(reason.TempTable, t.Name)
	}
	r.st.addRead(TableRef{Table: t})
	return len(r.st.ReadRefs) - 1
}

// write records a table the statement changes.
func (r *pgReader) write(rv *nodes.RangeVar, op WriteOp) *WriteRef {
	r.st.addWrite(WriteRef{Table: table(rv), Op: op})
	return &r.st.WriteRefs[len(r.st.WriteRefs)-1]
}

// isPgCatalog: names that start with pg_ are the system's by convention, and
// found in pg_catalog before any other schema.
func isPgCatalog(t Table) bool {
	switch t.Schema {
	case "":
		return strings.HasPrefix(t.Name, "pg_")
	case "pg_catalog", "information_schema", "pg_toast":
		return true
	}
	return false
}

func isPgTemp(t Table) bool { return strings.HasPrefix(t.Schema, "pg_temp") }
