package sqlparse

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/cachedsql/cachedsql/internal/reason"
)

// The corpus files are lines of kind, reads, writes, cacheability and the
// statement, apart by tabs. Cacheability is y, y:why or n:cause[:word].

// causes are the reasons that a corpus file's words stand for.
var causes = map[string][]reason.Reason{
	"no-table":        {reason.NoTable},
	"time":            {reason.TimeFunction},
	"session":         {reason.SessionFunction, reason.SessionStatement},
	"volatile":        {reason.VolatileFunction, reason.TableSample},
	"unknown-func":    {reason.UnknownFunction},
	"lock":            {reason.LockingRead, reason.Utility},
	"catalog":         {reason.SystemCatalog},
	"system-column":   {reason.SystemColumn},
	"write":           {reason.Write, reason.Copy},
	"copy":            {reason.Copy},
	"call":            {reason.Call},
	"do":              {reason.Call},
	"explain":         {reason.Explain},
	"explain-analyze": {reason.Explain},
	"cursor":          {reason.Cursor},
	"ddl":             {reason.DDL, reason.SelectInto},
	"maintenance":     {reason.Utility},
	"notify":          {reason.Utility},
	"tx":              {reason.TransactionControl},
	"empty":           {reason.Empty},
	"multi":           {reason.MultiStatement},
}

func TestPostgresCorpusLabels(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/corpus/postgres.tsv")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(data)) {
		f := strings.SplitN(strings.TrimSuffix(line, "\n"), "\t", 5)
		if len(f) != 5 {
			t.Fatalf("malformed line %q", line)
		}
		checkLabel(t, Parse(Postgres, f[4]), f)
	}
}

func checkLabel(t *testing.T, st *Statement, f []string) {
	t.Helper()
	if got := st.Kind.String(); got != f[0] {
		t.Errorf("kind of %q = %s, want %s", f[4], got, f[0])
	}
	if got := tableNames(st.Reads, st.ReadsAll); got != sortedNames(f[1]) {
		t.Errorf("reads of %q = %s, want %s", f[4], got, f[1])
	}
	if got := tableNames(st.Writes, st.WritesAll); got != sortedNames(f[2]) {
		t.Errorf("writes of %q = %s, want %s", f[4], got, f[2])
	}
	why := st.ReasonWithoutCatalog()
	if strings.HasPrefix(f[3], "y") {
		if st.Kind != Read || why != reason.None {
			t.Errorf("%q is not cacheable (%s %s), want cacheable", f[4], why, st.Detail)
		}
		return
	}
	cause := strings.Split(f[3], ":")[1]
	if !slices.Contains(causes[cause], why) {
		t.Errorf("reason of %q = %q (%s), want %s", f[4], why, st.Detail, f[3])
	}
}

func tableNames(tables []Table, all bool) string {
	if all {
		return "*"
	}
	names := make([]string, len(tables))
	for i, table := range tables {
		names[i] = table.String()
	}
	if len(names) == 0 {
		return "-"
	}
	return sortedNames(strings.Join(names, ","))
}

func sortedNames(list string) string {
	names := strings.Split(list, ",")
	slices.Sort(names)
	return strings.Join(names, ",")
}
