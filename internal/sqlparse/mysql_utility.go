package sqlparse

import (
	"strings"

	"github.com/cachedsql/cachedsql/internal/reason"
)

// utility reads statements that neither read nor change rows.
func (r *mysqlReader) utility(src *mysqlSource) error {
	if src.word(0) == "GET" { // GET DIAGNOSTICS @a = ...
		r.assignsUserVars(src)
	}
	r.settle(Other, reason.Utility, strings.ToLower(src.word(0)))
	return nil
}

// maintenance reads utilities that commit what is open. REPAIR may drop rows.
func (r *mysqlReader) maintenance(src *mysqlSource) error {
	r.st.ImplicitCommit = true
	if src.word(0) == "REPAIR" {
		for _, t := range src.namesAfter("TABLE", "TABLES") {
			r.writes(t, OpOther)
		}
		r.st.WritesAll = len(r.st.WriteRefs) == 0
	}
	return r.utility(src)
}

// namesAfter returns the comma-separated table names after one of the words,
// each up to the next comma.
func (s *mysqlSource) namesAfter(words ...string) []Table {
	for _, w := range words {
		if i := s.find(1, w); i > 0 {
			return s.names(i + 1)
		}
	}
	return nil
}

func (s *mysqlSource) names(i int) []Table {
	var names []Table
	for {
		t, next, ok := s.name(i)
		if !ok {
			return names
		}
		names = append(names, t)
		for i = next; i < len(s.tokens) && !s.punct(i, ','); i++ {
		}
		if i >= len(s.tokens) {
			return names
		}
		i++
	}
}

// binlog reads BINLOG 'base64': it replays changes of rows.
func (r *mysqlReader) binlog(*mysqlSource) error {
	r.st.WritesAll = true
	r.settle(Write, reason.Write, "binlog")
	return nil
}

// lock reads LOCK TABLES and UNLOCK TABLES, and those of MySQL's backup lock,
// which leave the transaction alone.
func (r *mysqlReader) lock(src *mysqlSource) error {
	if src.word(1) == "TABLE" || src.word(1) == "TABLES" {
		r.st.ImplicitCommit = true
		if src.word(0) == "LOCK" {
			for _, t := range src.names(2) {
				r.reads(t)
			}
		}
	}
	return r.utility(src)
}

func (r *mysqlReader) handler(src *mysqlSource) error {
	t, _, ok := src.name(1)
	if !ok {
		return errMySQLStatement
	}
	r.reads(t)
	r.settle(Other, reason.Cursor, "handler")
	return nil
}

func (r *mysqlReader) do(src *mysqlSource) error {
	if err := r.expressions(src.from(1)); err != nil {
		return err
	}
	r.settle(Other, reason.Call, "do")
	return nil
}

// explain reads EXPLAIN and its synonyms: of a statement, of another
// connection, or of a table.
func (r *mysqlReader) explain(src *mysqlSource) error {
	i, executes := src.explainOptions(1)
	if src.is(i, "FOR", "CONNECTION") {
		r.settle(Other, reason.Explain, "")
		return nil
	}
	if mysqlExplained[src.word(i)] || src.punct(i, '(') {
		return r.explained(src.from(i), executes)
	}
	t, _, ok := src.name(i)
	if !ok {
		return errMySQLStatement
	}
	r.reads(t)
	r.settle(Other, reason.Explain, "")
	return nil
}

var mysqlExplained = map[string]bool{
	"SELECT": true, "WITH": true, "VALUES": true, "TABLE": true, "INSERT": true, "REPLACE": true, "UPDATE": true, "DELETE": true,
}

// explainOptions returns the token after EXPLAIN's options, and whether
// ANALYZE is among them: then the statement runs.
func (s *mysqlSource) explainOptions(i int) (next int, executes bool) {
	for {
		switch s.word(i) {
		case "ANALYZE":
			executes = true
			i++
		case "EXTENDED", "PARTITIONS":
			i++
		case "FORMAT":
			i += 2 // FORMAT =
			for i < len(s.tokens) && s.punct(i, '=') {
				i++
			}
			i++
		default:
			return i, executes
		}
	}
}

func (r *mysqlReader) explained(src *mysqlSource, executes bool) error {
	if err := r.statement(src); err != nil {
		return err
	}
	if executes && r.st.Kind == Write {
		r.settle(Write, reason.Explain, "")
		return nil
	}
	for _, ref := range r.st.WriteRefs {
		r.reads(ref.Table)
	}
	r.st.Writes, r.st.WriteRefs = nil, nil
	r.settle(Other, reason.Explain, "")
	return nil
}

// analyze reads ANALYZE TABLE, and MariaDB's ANALYZE <statement>, which runs it.
func (r *mysqlReader) analyze(src *mysqlSource) error {
	i, _ := src.explainOptions(1)
	if mysqlExplained[src.word(i)] && !(src.word(i) == "TABLE" && i == 1) || src.punct(i, '(') {
		return r.explained(src.from(i), true)
	}
	return r.maintenance(src)
}
