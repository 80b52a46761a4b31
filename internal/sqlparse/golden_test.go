package sqlparse

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cachedsql/cachedsql/internal/reason"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// A case file is a theme: statements, each after a "-- case: name" line. Its
// golden file has the analysis of each under the same line.
const caseMark = "-- case: "

func TestPostgresGolden(t *testing.T) {
	t.Parallel()
	checkGolden(t, Postgres)
}

func TestSQLiteGolden(t *testing.T) {
	t.Parallel()
	checkGolden(t, SQLite)
}

func TestGenericGolden(t *testing.T) {
	t.Parallel()
	checkGolden(t, Generic)
}

// checkGolden compares the analysis of every case of a dialect's folder.
func checkGolden(t *testing.T, d Dialect) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", d.String(), "*.sql"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases for %s: %v", d, err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".sql"), func(t *testing.T) {
			golden := strings.TrimSuffix(file, ".sql") + ".golden"
			got := analyses(t, d, file)
			if *update {
				writeGolden(t, golden, got)
			}
			want := readCases(t, golden)
			for name, text := range got {
				if text != want[name] {
					t.Errorf("%s: got\n%s\nwant\n%s", name, text, want[name])
				}
			}
			if len(got) != len(want) {
				t.Errorf("%d cases, golden file has %d", len(got), len(want))
			}
		})
	}
}

func analyses(t *testing.T, d Dialect, file string) map[string]string {
	t.Helper()
	got := make(map[string]string)
	for name, text := range readCases(t, file) {
		got[name] = text + "\n=>\n" + describe(Parse(d, text))
	}
	return got
}

// readCases returns the bodies of a file's cases by name.
func readCases(t *testing.T, file string) map[string]string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	cases := make(map[string]string)
	for _, body := range strings.Split("\n"+string(data), "\n"+caseMark)[1:] {
		name, text, _ := strings.Cut(body, "\n")
		if _, twice := cases[name]; twice {
			t.Fatalf("%s: two cases named %q", file, name)
		}
		cases[name] = strings.Trim(text, "\n")
	}
	return cases
}

func writeGolden(t *testing.T, file string, cases map[string]string) {
	t.Helper()
	var b strings.Builder
	for _, name := range caseOrder(t, strings.TrimSuffix(file, ".golden")+".sql") {
		fmt.Fprintf(&b, "%s%s\n%s\n\n", caseMark, name, cases[name])
	}
	if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

// caseOrder returns the names of a file's cases as they come.
func caseOrder(t *testing.T, file string) []string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var order []string
	for line := range strings.Lines(string(data)) {
		if name, ok := strings.CutPrefix(line, caseMark); ok {
			order = append(order, strings.TrimSuffix(name, "\n"))
		}
	}
	return order
}

// describe writes what matters of an analysis, a line each, nothing for what
// is absent.
func describe(st *Statement) string {
	var b strings.Builder
	line := func(label, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%s %s\n", label, value)
		}
	}
	line(st.Kind.String(), verdict(st))
	line("reads", listed(describeReads(st.ReadRefs), st.ReadsAll))
	line("writes", listed(describeWrites(st.WriteRefs), st.WritesAll))
	line("functions", describeFuncs(st.Funcs))
	line("casts to time", strings.Join(st.TimeCasts, ", "))
	line("transaction", describeTx(st))
	line("session", describeSession(st))
	line("temporary", describeTables(st.TempTables))
	line("name", st.QueryName)
	line("hints", describeHints(st))
	for i, p := range st.Parts {
		fmt.Fprintf(&b, "part %d: %s", i+1, strings.ReplaceAll(describe(p), "\n", "\n  "))
		b.WriteByte('\n')
	}
	return strings.TrimRight(b.String(), "\n ")
}

func verdict(st *Statement) string {
	why := st.ReasonWithoutCatalog()
	if why == reason.None {
		return "cacheable"
	}
	if st.Detail != "" && why == st.Reason {
		return why.String() + " (" + st.Detail + ")"
	}
	return why.String()
}

func listed(items []string, all bool) string {
	if all {
		items = append(items, "*")
	}
	return strings.Join(items, ", ")
}

func describeReads(refs []TableRef) []string {
	out := make([]string, len(refs))
	for i, ref := range refs {
		out[i] = ref.Table.String() + describeFixed(ref.Fixed)
	}
	return out
}

var opWords = map[WriteOp]string{OpOther: "", OpInsert: "insert ", OpUpdate: "update ", OpDelete: "delete "}

func describeWrites(refs []WriteRef) []string {
	out := make([]string, len(refs))
	for i, ref := range refs {
		out[i] = opWords[ref.Op] + ref.Table.String() + describeFixed(ref.Fixed)
		if len(ref.Sets) > 0 {
			out[i] += " set " + strings.Join(ref.Sets, " ")
		}
	}
	return out
}

func describeFixed(fixed []Predicate) string {
	if len(fixed) == 0 {
		return ""
	}
	parts := make([]string, len(fixed))
	for i, p := range fixed {
		parts[i] = p.Column + "=" + describeOperands(p.Values)
	}
	return "{" + strings.Join(parts, " ") + "}"
}

func describeOperands(values []Operand) string {
	out := make([]string, len(values))
	for i, v := range values {
		switch v.Kind {
		case OperandParam:
			out[i] = fmt.Sprintf("$%d", v.Param)
		case OperandString:
			out[i] = fmt.Sprintf("%q", v.Literal)
		default:
			out[i] = v.Literal
		}
	}
	return strings.Join(out, "|")
}

func describeFuncs(funcs []Func) string {
	out := make([]string, len(funcs))
	for i, f := range funcs {
		out[i] = Table{Schema: f.Schema, Name: f.Name}.String()
	}
	return strings.Join(out, ", ")
}

func describeTables(tables []Table) string {
	if len(tables) == 0 {
		return ""
	}
	return tableNames(tables, false)
}

var txWords = map[TxOp]string{
	TxBegin: "begin", TxCommit: "commit", TxRollback: "rollback", TxSavepoint: "savepoint", TxPrepare: "prepare",
	TxCommitPrepared: "commit prepared", TxRollbackPrepared: "rollback prepared", TxSet: "set",
	TxAutocommitOff: "autocommit off", TxAutocommitOn: "autocommit on",
}

func describeTx(st *Statement) string {
	words := txWords[st.Tx]
	if st.Chain {
		words += " and chain"
	}
	if st.ImplicitCommit {
		words += " implicit commit"
	}
	return strings.TrimSpace(words)
}

func describeSession(st *Statement) string {
	words := append([]string(nil), st.SessionVars...)
	if st.SessionLocal {
		words = append(words, "local")
	}
	if st.SessionUnknown {
		words = append(words, "unknown")
	}
	if st.SessionReset {
		words = append(words, "reset")
	}
	if st.ChangesDatabase {
		words = append(words, "database")
	}
	return strings.Join(words, ", ")
}

func describeHints(st *Statement) string {
	if st.HintError != "" {
		return st.HintError
	}
	if st.Hints == nil {
		return ""
	}
	return fmt.Sprint(st.Hints)
}
