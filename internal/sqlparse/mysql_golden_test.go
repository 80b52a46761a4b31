package sqlparse

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var updateMySQL = flag.Bool("update-mysql", false, "rewrite testdata/mysql from what the analysis says now")

// TestMySQLGolden checks the cases of testdata/mysql: statements, each
// followed by what is expected of it in lines that begin with "-->".
func TestMySQLGolden(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/mysql/*.sql")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			checkGoldenFile(t, file)
		})
	}
}

func checkGoldenFile(t *testing.T, file string) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var now strings.Builder
	for _, c := range goldenCases(string(data)) {
		got := goldenAnswer(Parse(MySQL, c.sql))
		fmt.Fprintf(&now, "%s%s\n", c.sql, got)
		if got != c.want && !*updateMySQL {
			t.Errorf("%sgot:\n%swant:\n%s", c.sql, got, c.want)
		}
	}
	if *updateMySQL {
		if err := os.WriteFile(file, []byte(now.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

type goldenCase struct{ sql, want string }

func goldenCases(data string) []goldenCase {
	var cases []goldenCase
	var c goldenCase
	for line := range strings.Lines(data) {
		switch {
		case strings.HasPrefix(line, "-->"):
			c.want += line
		case strings.TrimSpace(line) != "":
			c.sql += line
		case c.sql != "":
			cases = append(cases, c)
			c = goldenCase{}
		}
	}
	if c.sql != "" {
		cases = append(cases, c)
	}
	return cases
}

// goldenAnswer writes out what matters of an analysis, a line for each aspect
// that is not the usual.
func goldenAnswer(st *Statement) string {
	var b strings.Builder
	line := func(label string, words ...string) {
		if len(words) > 0 {
			fmt.Fprintf(&b, "--> %s: %s\n", label, strings.Join(words, ", "))
		}
	}
	if st.Kind == Unknown { // what the words alone say is not this reader's business
		return fmt.Sprintf("--> unknown: %v\n", st.Reason)
	}
	verdict := "cacheable"
	if !st.Cacheable() {
		verdict = strings.TrimSpace(st.Reason.String() + " " + st.Detail)
	}
	line(st.Kind.String(), verdict)
	line("reads", goldenReads(st)...)
	line("writes", goldenWrites(st)...)
	line("functions", goldenFuncs(st.Funcs)...)
	line("session", goldenSession(st)...)
	line("temporary", goldenTables(st.TempTables)...)
	return b.String()
}

func goldenReads(st *Statement) []string {
	var words []string
	for _, ref := range st.ReadRefs {
		words = append(words, ref.Table.String()+goldenFixed(ref.Fixed))
	}
	if st.ReadsAll {
		words = append(words, "*")
	}
	return words
}

func goldenWrites(st *Statement) []string {
	ops := [...]string{OpOther: "", OpInsert: "insert ", OpUpdate: "update ", OpDelete: "delete "}
	var words []string
	for _, ref := range st.WriteRefs {
		w := ops[ref.Op] + ref.Table.String() + goldenFixed(ref.Fixed)
		if len(ref.Sets) > 0 {
			w += " sets " + strings.Join(ref.Sets, " ")
		}
		words = append(words, w)
	}
	if st.WritesAll {
		words = append(words, "*")
	}
	return words
}

func goldenFixed(fixed []Predicate) string {
	if len(fixed) == 0 {
		return ""
	}
	words := make([]string, len(fixed))
	for i, p := range fixed {
		words[i] = p.Column + "=" + goldenOperands(p.Values)
	}
	return "{" + strings.Join(words, " ") + "}"
}

func goldenOperands(values []Operand) string {
	words := make([]string, len(values))
	for i, v := range values {
		switch v.Kind {
		case OperandParam:
			words[i] = fmt.Sprintf("?%d", v.Param)
		case OperandInt:
			words[i] = v.Literal
		case OperandString:
			words[i] = "'" + v.Literal + "'"
		default:
			words[i] = "_"
		}
	}
	return strings.Join(words, "|")
}

func goldenFuncs(funcs []Func) []string {
	words := make([]string, len(funcs))
	for i, f := range funcs {
		words[i] = Table{Schema: f.Schema, Name: f.Name}.String()
	}
	return words
}

func goldenTables(tables []Table) []string {
	words := make([]string, len(tables))
	for i, t := range tables {
		words[i] = t.String()
	}
	return words
}

func goldenSession(st *Statement) []string {
	var words []string
	if tx := [...]string{
		TxNone: "", TxBegin: "begin", TxCommit: "commit", TxRollback: "rollback", TxSavepoint: "savepoint",
		TxPrepare: "prepare", TxCommitPrepared: "commit prepared", TxRollbackPrepared: "rollback prepared",
		TxSet: "set transaction", TxAutocommitOff: "autocommit off", TxAutocommitOn: "autocommit on",
	}[st.Tx]; tx != "" {
		words = append(words, tx)
	}
	for _, flag := range []struct {
		set  bool
		word string
	}{
		{st.Chain, "and chain"},
		{st.ImplicitCommit, "implicit commit"},
		{st.ChangesDatabase, "changes database"},
		{st.SessionUnknown, "unknown"},
		{st.SessionReset, "reset"},
	} {
		if flag.set {
			words = append(words, flag.word)
		}
	}
	return append(words, st.SessionVars...)
}
