package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func command(t *testing.T, stdin string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	var out, errs bytes.Buffer
	code = run(args, strings.NewReader(stdin), &out, &errs)
	return out.String(), errs.String(), code
}

func TestExplainPrintsATable(t *testing.T) {
	t.Parallel()
	out, _, code := command(t, "", "explain", "SELECT * FROM shop.orders WHERE id = 5 AND day < CURRENT_DATE")
	want := `kind        read
reads       shop.orders
cacheable   no: time_function (current_date)
query ID    `
	if code != 0 || !strings.HasPrefix(out, want) || !strings.Contains(out, "dimensions  shop.orders.id\n") {
		t.Errorf("exit code %d, got:\n%s\nwant it to begin:\n%s", code, out, want)
	}
}

func TestFaultyLineIsAnsweredByAnError(t *testing.T) {
	t.Parallel()
	in := "{\n" + `{"sql":7}` + "\n\n" + `{"dialect":"cobol","sql":"SELECT 1"}` + "\n" + `{}` + "\n" +
		`{"dialect":"mysql","sql":"SELECT a FROM t WHERE b = '<'"}`
	out, _, code := command(t, in, "explain")
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if code != 0 || len(lines) != 5 {
		t.Fatalf("exit code %d, %d answers, want 0 and 5:\n%s", code, len(lines), out)
	}
	for _, line := range lines[:4] {
		if !strings.HasPrefix(line, `{"error":"`) {
			t.Errorf("got %s, want an error alone", line)
		}
	}
	if want := `{"kind":"read","reads":["t"],"writes":[],"cacheable":true,"reason":"",`; !strings.HasPrefix(lines[4], want) {
		t.Errorf("the last line is answered by %s, want %s...", lines[4], want)
	}
}

func TestLineThatIsTooLongIsPassedOver(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("makes a line of 64 MiB")
	}
	in := `{"sql":"` + strings.Repeat("x", maxLine) + "\"}\n" + `{"sql":"SELECT a FROM t"}` + "\n"
	out, _, _ := command(t, in, "explain")
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if len(lines) != 2 || !strings.Contains(lines[0], "line has more than") || !strings.Contains(lines[1], `"cacheable":true`) {
		t.Errorf("got %.300q", lines)
	}
}

func TestMistakesOfARuleFileComeWithTheirPositions(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "rules.yaml")
	if err := os.WriteFile(path, []byte("version: 1\nrules:\n  - {name: all, ttls: 5m}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, errs, code := command(t, "", "rules", "check", path)
	want := path + `:3:17: rule "all": unknown key "ttls", did you mean "ttl"?`
	if code != exitFault || !strings.HasPrefix(errs, want) {
		t.Errorf("exit code %d, got\n%s\nwant %d and\n%s", code, errs, exitFault, want)
	}
	out, _, code := command(t, "", "rules", "check", "--json", path)
	if code != exitFault || !strings.Contains(out, `"valid":false`) || !strings.Contains(out, ":3:17: ") {
		t.Errorf("--json: exit code %d, got %s", code, out)
	}
}

func TestFaultlessRuleFileIsValid(t *testing.T) {
	t.Parallel()
	out, errs, code := command(t, "", "rules", "check", "../../examples/todo/todo.yaml")
	if code != 0 || errs != "" || !strings.Contains(out, "3 rules, version ") {
		t.Errorf("exit code %d, got %s%s", code, out, errs)
	}
}

func TestExitCodeTellsWrongUseFromFaults(t *testing.T) {
	t.Parallel()
	for want, args := range map[int][][]string{
		exitUsage: {
			{"explain", "--dialect", "cobol", "SELECT 1"},
			{"explain", "a", "b"},
			{"explain", "--rules", "r.yaml", "SELECT 1"},
			{"rules", "check"},
			{"nonsense"},
			{"explain", "--nonsense"},
		},
		exitFault: {
			{"rules", "check", "/nonexistent/rules.yaml"},
			{"explain", "--dsn", "postgres://127.0.0.1:1/none", "--rules", "/nonexistent/rules.yaml", "SELECT 1"},
			{"explain", "--dsn", "postgres://127.0.0.1:1/none", "SELECT 1"},
		},
	} {
		for _, a := range args {
			if _, errs, code := command(t, "", a...); code != want || errs == "" {
				t.Errorf("%v: exit code %d (%s), want %d and a message", a, code, errs, want)
			}
		}
	}
}

func TestLiveCatalogAndRuleAreShown(t *testing.T) {
	t.Parallel()
	rules := filepath.Join(t.TempDir(), "rules.yaml")
	if err := os.WriteFile(rules, []byte("version: 1\nrules:\n  - {name: everything, ttl: 1h}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for dialect, variable := range map[string]string{"postgres": "CACHEDSQL_TEST_POSTGRES", "mysql": "CACHEDSQL_TEST_MYSQL"} {
		dsn := os.Getenv(variable)
		if dsn == "" {
			t.Logf("SKIPPED for %s: %s is not set", dialect, variable)
			continue
		}
		table := makeTable(t, dialect, dsn)
		out, errs, code := command(t, "", "explain", "--dsn", dsn, "--rules", rules, "SELECT a FROM "+table+" WHERE id = 5")
		for _, want := range []string{"cacheable   yes\n", "rule        everything\n", table + ".id\n", table + "/id/*"} {
			if code != 0 || !strings.Contains(out, want) {
				t.Errorf("%s: exit code %d, %q is missing in:\n%s%s", dialect, code, want, out, errs)
			}
		}
		out, _, _ = command(t, "", "explain", "--json", "--dsn", dsn, "SELECT a FROM "+table)
		if !strings.Contains(out, `"cacheable":true,"reason":"no_rule"`) {
			t.Errorf("%s: without rules: %s", dialect, out)
		}
	}
}
