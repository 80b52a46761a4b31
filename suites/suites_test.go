package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestCacheStandsUnderAnUnchangedSuite runs a project whose tests pass, fail in
// both ways, and fail over the cached driver only.
func TestCacheStandsUnderAnUnchangedSuite(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	same, err := command(t.Context(), []string{"-dir", "testdata/shop", "-namespace", "shop", "-dsn", "elsewhere=>$DATABASE", "-why", "-modes", "memory,memory-repeated"}, &out)
	if err != nil {
		t.Fatal(err)
	}
	said := out.String()
	if same {
		t.Errorf("a test that fails over the cache only goes unnoticed:\n%s", said)
	}
	for _, want := range []string{
		`(?m)^bare +2 passed, 1 failed`,
		`(?m)^memory +1 passed, 2 failed, 0 skipped; [1-9]\d* hits`,
		`(?m)^memory-repeated +1 passed, 2 failed, 0 skipped; [1-9]\d* hits.*; [1-9]\d* reads compared, 0 different`,
		`(?m)^    shop/TestKnowsItsDriver: pass bare, fail cached$`,
	} {
		if !regexp.MustCompile(want).MatchString(said) {
			t.Errorf("no %s in\n%s", want, said)
		}
	}
	for _, not := range []string{"TestIsBroken", "TestReadsWhatWasWritten", "bypass_context"} {
		if strings.Contains(said, not) {
			t.Errorf("%s is in what is said:\n%s", not, said)
		}
	}
}

// TestModuleInsideOfACheckoutIsRun has a module that replaces the one around it, a test that has to be asked for by a build tag, one that
// fails without an argument, and one whose read is not cached.
func TestModuleInsideOfACheckoutIsRun(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	args := []string{"-dir", "testdata/shop", "-within", "stock", "-tags", "slow", "-arg", "-fruit=plum", "-why", "-namespace", "shop", "-dsn", "elsewhere=>$DATABASE", "-modes", "memory"}
	same, err := command(t.Context(), args, &out)
	if err != nil {
		t.Fatal(err)
	}
	want := `(?m)^bare +3 passed, 0 failed.*\nmemory +3 passed, 0 failed, 0 skipped; [1-9]\d* hits.*\n +not cached: .*\n +\w+: select name from items where opens < now`
	if !same || !regexp.MustCompile(want).MatchString(out.String()) {
		t.Errorf("no %s in\n%s", want, out.String())
	}
}

// TestHookGoesIntoThisGo fails with a version of Go whose database/sql looks
// otherwise.
func TestHookGoesIntoThisGo(t *testing.T) {
	t.Parallel()
	root, err := output(exec.Command("go", "env", "GOROOT"), "", nil)
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(root)), "src", "database", "sql", "sql.go"))
	if err != nil {
		t.Fatal(err)
	}
	changed, err := hooked(string(text))
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(changed, "openHooked("); n != 4 {
		t.Errorf("the hook is called in %d places, want 3", n-1)
	}
	if !strings.Contains(changed, "f(unhooked(dc.ci))") {
		t.Error("Conn.Raw shows the wrapper")
	}
	if _, err := hooked(changed); err == nil {
		t.Error("a file that has the hook is taken for database/sql's own")
	}
}

func TestBindingIsPartOfThePackagesTests(t *testing.T) {
	t.Parallel()
	for want, p := range map[string]testPackage{
		"package a\n":      {Name: "a", TestGoFiles: []string{"a_test.go"}, XTestGoFiles: []string{"x_test.go"}},
		"package a_test\n": {Name: "a", XTestGoFiles: []string{"x_test.go"}},
		"package b_test\n": {Name: "b", TestGoFiles: []string{"b_test.go"}, beneath: true},
	} {
		if _, text := p.binding(); !strings.HasPrefix(text, want) || !strings.Contains(text, "&sql.Hook") {
			t.Errorf("want %q in\n%s", want, text)
		}
	}
}

// TestCopyOfDatabaseSQLHasItsOwnHook: the cache under it uses the real one, which must stay as it is.
func TestCopyOfDatabaseSQLHasItsOwnHook(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := copyStandard(dir); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "sql.go"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), "var Hook func") || !strings.Contains(string(text), "var HookName func") {
		t.Error("the copy has no hook")
	}
	tests, err := os.ReadFile(filepath.Join(dir, "sql_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(tests), "unhooked(c.dc.ci).(*fakeConn)") || strings.Contains(string(tests), `"internal/`) {
		t.Error("its tests look into connections of their own driver only, or use what only Go's own packages may")
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		if text, err := os.ReadFile(file); err != nil || strings.Contains(string(text), sharedImport) { // since Go 1.27
			t.Errorf("%s imports what only Go's own packages may (%v)", file, err)
		}
	}
	p := testPackage{Name: "sql", ImportPath: standardModule, TestGoFiles: []string{"sql_test.go"}}
	if _, text := p.binding(); !strings.Contains(text, "bind.Into(&Hook, &HookName)") || strings.Contains(text, `"database/sql"`) {
		t.Errorf("the copy's tests bind another hook:\n%s", text)
	}
}

func TestSuiteGetsOtherFilesAndLessOfThem(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "schema.sql"), []byte("DROP INDEX a ON b LOCK = NONE;\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := suite{instead: map[string]string{"fixtures/mysql.go": "package fixtures\n"}, cut: map[string]string{"schema.sql": " LOCK = NONE"}}
	if err := s.change(dir); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"fixtures/mysql.go": "package fixtures\n", "schema.sql": "DROP INDEX a ON b;\n"} {
		if got, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(got) != want {
			t.Errorf("%s: got %q, %v, want %q", name, got, err, want)
		}
	}
	s.cut = map[string]string{"moved.sql": "x"}
	if err := s.change(dir); err == nil {
		t.Error("a file that is not there any more goes unnoticed")
	}
}

func TestEnvironmentNamesTheFreshDatabase(t *testing.T) {
	t.Parallel()
	d := database{"127.0.0.1", "5432", "me", "x"}
	for text, want := range map[string]string{
		"A=$POSTGRES_URL":                           "A=postgres://me:x@127.0.0.1:5432/" + databaseName + "?sslmode=disable",
		"B=$MYSQL_DSN?parseTime=true":               "B=me:x@tcp(127.0.0.1:5432)/" + databaseName + "?parseTime=true",
		"C=${USER}:$PASSWORD@$HOST $PORT/$DATABASE": "C=me:x@127.0.0.1 5432/" + databaseName,
		"D=$HOME": "D=$HOME",
	} {
		if got := os.Expand(text, d.word); got != want {
			t.Errorf("%s: got %q, want %q", text, got, want)
		}
	}
}

const log = `{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"output","Package":"p","Test":"TestA","Output":"x\n"}
not JSON
{"Action":"pass","Package":"p","Test":"TestA"}
{"Action":"run","Package":"p","Test":"TestB"}
{"Action":"fail","Package":"p"}
`

func TestUnfinishedTestsAndPackagesCount(t *testing.T) {
	t.Parallel()
	bare, err := readResults(strings.NewReader(strings.ReplaceAll(log, `{"Action":"fail","Package":"p"}`, `{"Action":"pass","Package":"p","Test":"TestB"}
{"Action":"pass","Package":"p"}`)))
	if err != nil {
		t.Fatal(err)
	}
	cached, err := readResults(strings.NewReader(log))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := cached.line(), "1 passed, 0 failed, 0 skipped, 1 unfinished"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	got := strings.Join(cached.differences(bare), "\n")
	if want := "p: pass bare, fail cached\np/TestB: pass bare, unfinished cached"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got := bare.differences(bare); len(got) > 0 {
		t.Errorf("a run differs from itself: %s", got)
	}
}

func TestWrongNamesAreRefused(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{}, {"xrm"}, {"xorm-mysql", "xorm-postgres"}, {"-modes", "disk", "-dir", "testdata/shop"}, {"-dsn", "x", "-dir", "testdata/shop"}, {"-schema", "suites_test.go", "-dir", "testdata/shop"}} {
		if _, err := command(t.Context(), args, &strings.Builder{}); err == nil {
			t.Errorf("%q is accepted", args)
		}
	}
}
