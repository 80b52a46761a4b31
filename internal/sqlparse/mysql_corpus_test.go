package sqlparse

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/cachedsql/cachedsql/internal/reason"
)

// mysqlCorpusReasons maps the first word of a label's cause to the reason.
var mysqlCorpusReasons = map[string][]reason.Reason{
	"call": {reason.Call}, "catalog": {reason.SystemCatalog}, "ddl": {reason.DDL}, "do": {reason.Call},
	"empty": {reason.Empty}, "executable-comment": {reason.ExecutableComment}, "execute": {reason.Call},
	"explain": {reason.Explain}, "explain-analyze": {reason.Explain}, "handler": {reason.Cursor},
	"hint": {reason.NoCacheModifier}, "into": {reason.SelectInto}, "lock": {reason.LockingRead, reason.Utility},
	"maintenance": {reason.Utility}, "no-table": {reason.NoTable}, "sequence": {reason.VolatileFunction},
	"session": {reason.SessionFunction, reason.SystemVariable, reason.SessionStatement}, "show": {reason.Utility},
	"time": {reason.TimeFunction}, "tx": {reason.TransactionControl}, "user-var": {reason.UserVariable},
	"volatile": {reason.VolatileFunction}, "write": {reason.Write, reason.Copy},
}

func TestMySQLCorpusLabels(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/corpus/mysql.tsv")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(data)) {
		label := strings.SplitN(strings.TrimSuffix(line, "\n"), "\t", 5)
		if len(label) != 5 {
			t.Fatalf("line %q has %d fields, want 5", line, len(label))
		}
		t.Run(label[4], func(t *testing.T) {
			t.Parallel()
			checkMySQLLabel(t, Parse(MySQL, label[4]), label)
		})
	}
}

func checkMySQLLabel(t *testing.T, st *Statement, label []string) {
	t.Helper()
	if st.Kind.String() != label[0] {
		t.Errorf("kind %v, want %s", st.Kind, label[0])
	}
	if got := tableNames(st.Reads, st.ReadsAll); got != sortedNames(label[1]) {
		t.Errorf("reads %s, want %s", got, label[1])
	}
	if got := tableNames(st.Writes, st.WritesAll); got != sortedNames(label[2]) {
		t.Errorf("writes %s, want %s", got, label[2])
	}
	cacheable, why, _ := strings.Cut(label[3], ":")
	switch cause, detail, _ := strings.Cut(why, ":"); {
	case cacheable == "y":
		if !st.Cacheable() || len(st.Funcs) > 0 {
			t.Errorf("not cacheable: %v %s, functions %v", st.Reason, st.Detail, st.Funcs)
		}
	case cause == "unknown-func":
		if want := []Func{{Name: detail}}; !slices.Equal(st.Funcs, want) {
			t.Errorf("functions %v, want %v", st.Funcs, want)
		}
	case st.Cacheable() || !slices.Contains(mysqlCorpusReasons[cause], st.Reason):
		t.Errorf("reason %q, want one of %q", st.Reason, mysqlCorpusReasons[cause])
	}
}
