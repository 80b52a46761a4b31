package sqlparse

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/sqlc-dev/marino/ast"
	"github.com/sqlc-dev/marino/parser"

	"github.com/cachedsql/cachedsql/internal/reason"
)

// readMySQL analyses one statement of MySQL or MariaDB, without comments. An
// error means that nobody here understands the text; st is then unchanged.
//
// Statements that read or change rows go through two parsers written by
// different people, and what either sees counts (see mergeSecondReader); for
// the rest the leading words say what matters.
func readMySQL(text string, st *Statement) error {
	src, err := newMySQLSource(text, 0)
	if err != nil {
		return err
	}
	analysis := *st
	r := &mysqlReader{st: &analysis}
	if err := r.statement(src); err != nil {
		return err
	}
	r.finish()
	*st = analysis
	return nil
}

var (
	errMySQLStatement = errors.New("not a statement known here")
	errMySQLMany      = errors.New("not one statement")
	errMySQLTables    = errors.New("too many tables")
)

// maxMySQLReferences bounds the table references of a statement. The servers
// join 61 tables at most; unions and subqueries may have more.
const maxMySQLReferences = 2000

// mysqlReader fills the analysis of one statement.
type mysqlReader struct {
	st         *Statement
	references int // of tables in FROM clauses so far
}

// statement reads a statement by its first word.
func (r *mysqlReader) statement(src *mysqlSource) error {
	if src.punct(0, '(') {
		return r.rows(src)
	}
	switch src.word(0) {
	case "SELECT", "WITH", "VALUES", "TABLE", "INSERT", "REPLACE", "UPDATE", "DELETE":
		return r.rows(src)
	case "LOAD":
		return r.load(src)
	case "TRUNCATE":
		return r.truncate(src)
	case "CALL":
		return r.call(src)
	case "DO":
		return r.do(src)
	case "EXECUTE":
		return r.execute(src)
	case "BINLOG":
		return r.binlog(src)
	case "CREATE", "ALTER", "DROP", "RENAME", "IMPORT", "INSTALL", "UNINSTALL":
		return r.ddl(src)
	case "GRANT", "REVOKE":
		return r.privileges(src)
	case "BEGIN", "START", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "XA":
		return r.transaction(src)
	case "SET":
		return r.set(src)
	case "USE":
		return r.use(src)
	case "PREPARE", "DEALLOCATE":
		return r.prepare(src)
	case "HANDLER":
		return r.handler(src)
	case "EXPLAIN", "DESCRIBE", "DESC":
		return r.explain(src)
	case "ANALYZE":
		return r.analyze(src)
	case "LOCK", "UNLOCK":
		return r.lock(src)
	case "OPTIMIZE", "CHECK", "REPAIR", "FLUSH", "RESET", "CACHE", "CHANGE", "STOP":
		return r.maintenance(src)
	case "SHOW", "HELP", "KILL", "CHECKSUM", "GET", "SIGNAL", "RESIGNAL", "PURGE", "SHUTDOWN", "RESTART", "CLONE", "BACKUP":
		return r.utility(src)
	}
	return errMySQLStatement
}

// rows reads a statement that reads or changes rows.
func (r *mysqlReader) rows(src *mysqlSource) error {
	main, returning := src.cutReturning()
	node, piece, err := main.parse()
	if err != nil && src.word(0) == "UPDATE" {
		// MySQL may have a column of this name where MariaDB has the clause.
		if main, returning = src.cutAt("RETURNING"); returning != nil {
			node, piece, err = main.parse()
		}
	}
	if err != nil {
		return err
	}
	w := &mysqlWalker{reader: r, piece: piece}
	if err := w.statement(node); err != nil {
		return err
	}
	if returning != nil {
		if err := r.expressions(returning); err != nil {
			return err
		}
	}
	switch {
	case r.references > maxMySQLReferences:
		return errMySQLTables
	case r.st.Kind == Write && len(r.st.WriteRefs) == 0: // a target that is no table
		return errMySQLStatement
	}
	if second, ok := readMySQLSecond(piece.text); ok {
		r.mergeSecondReader(second)
	}
	return nil
}

// cutReturning splits MariaDB's RETURNING list, which the parser does not know
// and which may hold subqueries, from the statement before it.
func (s *mysqlSource) cutReturning() (main, returning *mysqlSource) {
	switch s.word(0) {
	case "INSERT", "REPLACE", "DELETE":
	default:
		return s, nil
	}
	return s.cutAt("RETURNING")
}

// cutAt splits the source at the first such word outside parentheses.
func (s *mysqlSource) cutAt(word string) (before, after *mysqlSource) {
	i := s.find(1, word)
	if i < 0 {
		return s, nil
	}
	return s.until(i), s.from(i + 1)
}

// parse tries the text as it is, and then in the parser's own spelling.
func (s *mysqlSource) parse() (ast.StmtNode, mysqlPiece, error) {
	piece := s.piece()
	node, err := parseMySQL(piece.text)
	if err != nil {
		piece = s.respelled()
		node, err = parseMySQL(piece.text)
	}
	return node, piece, err
}

// expressions reads a list of expressions as the fields of a SELECT.
func (r *mysqlReader) expressions(src *mysqlSource) error {
	piece := src.piece().fields()
	node, err := parseMySQL(piece.text)
	if err != nil {
		piece = src.respelled().fields()
		node, err = parseMySQL(piece.text)
	}
	if err != nil {
		return err
	}
	sel, ok := node.(*ast.SelectStmt)
	if !ok || sel.From != nil {
		return errMySQLStatement
	}
	w := &mysqlWalker{reader: r, piece: piece}
	w.selectStatement(sel)
	return nil
}

// finish derives what follows from the statement as a whole.
func (r *mysqlReader) finish() {
	st := r.st
	if st.Kind != Read {
		return
	}
	for _, t := range st.Reads {
		if mysqlSystemSchemas[strings.ToLower(t.Schema)] {
			r.st.refuseCache(reason.SystemCatalog, strings.ToLower(t.Schema))
		}
	}
	if len(st.Reads) == 0 {
		r.st.refuseCache(reason.NoTable, "")
	}
}

var mysqlSystemSchemas = map[string]bool{
	"information_schema": true, "mysql": true, "performance_schema": true, "sys": true,
}

// settle gives a statement that is not a read its kind and reason, which
// outrank any reason found in its parts.
func (r *mysqlReader) settle(kind Kind, why reason.Reason, detail string) {
	r.st.Kind, r.st.Reason, r.st.Detail = kind, why, detail
}

func (r *mysqlReader) reads(t Table) { r.st.addRead(TableRef{Table: t}) }

func (r *mysqlReader) writes(t Table, op WriteOp) { r.st.addWrite(WriteRef{Table: t, Op: op}) }

func (r *mysqlReader) sessionVar(name string) {
	if !slices.Contains(r.st.SessionVars, name) {
		r.st.SessionVars = append(r.st.SessionVars, name)
	}
}

// mysqlParsers keeps parsers, which hold scratch memory and serve one
// goroutine at a time.
var mysqlParsers = sync.Pool{New: func() any { return parser.New() }}

// parseMySQL parses one statement. A parser that panics is dropped.
func parseMySQL(text string) (node ast.StmtNode, err error) {
	defer func() {
		if p := recover(); p != nil {
			node, err = nil, fmt.Errorf("parser: %v", p)
		}
	}()
	p := mysqlParsers.Get().(*parser.Parser)
	nodes, _, err := p.ParseSQL(text)
	mysqlParsers.Put(p)
	if err != nil {
		return nil, err
	}
	if len(nodes) != 1 {
		return nil, errMySQLMany
	}
	return nodes[0], nil
}
