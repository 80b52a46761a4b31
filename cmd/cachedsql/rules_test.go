package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/internal/testredis"
	"github.com/cachedsql/cachedsql/redisstore"
)

const (
	rulesA = "version: 1\nrules:\n  - name: all\n    ttl: 1m\n"
	rulesB = "version: 1\nrules:\n  - name: all\n    ttl: 5m\n"
)

// ruleFleet is a Redis with processes that follow the default rule set.
func ruleFleet(t *testing.T, processes int) (url string, caches []*cachedsql.Cache) {
	t.Helper()
	url = testredis.Start(t).URL()
	for range processes {
		store, err := redisstore.Open(url, redisstore.Config{})
		if err != nil {
			t.Fatal(err)
		}
		cache, err := cachedsql.New(cachedsql.Config{Store: store, LiveRules: cachedsql.DefaultRuleSet, ReportInterval: 100 * time.Millisecond})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _, _ = cache.Close(), store.Close() })
		caches = append(caches, cache)
	}
	return url, caches
}

func ruleFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "rules.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// followers waits until the processes report.
func followers(t *testing.T, url string, want int) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		out, _, _ := command(t, "", "instances", "--redis", url)
		if strings.Count(out, "closed") == want {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("not %d processes: %s", want, out)
		}
	}
}

func TestRulesApplyWaitsForEachProcess(t *testing.T) {
	t.Parallel()
	url, caches := ruleFleet(t, 2)
	followers(t, url, 2)
	out, errs, code := command(t, "", "rules", "apply", "--redis", url, "--by", "ann", "-m", "first", ruleFile(t, rulesA))
	if code != 0 || strings.Count(out, "has taken it") != 2 || !strings.Contains(out, "+    ttl: 1m") {
		t.Fatalf("exit %d: %s%s", code, out, errs)
	}
	for _, c := range caches {
		if r := c.Rules(); r == nil || r.Len() != 1 {
			t.Error("a process that is said to have taken the rules has not")
		}
	}
	if out, _, code := command(t, "", "rules", "show", "--redis", url); code != 0 || out != rulesA {
		t.Errorf("show: exit %d: %q", code, out)
	}
	if out, _, code := command(t, "", "rules", "status", "--redis", url); code != 0 || strings.Count(out, "taken") != 2 {
		t.Errorf("status: exit %d: %s", code, out)
	}
	if out, _, code := command(t, "", "rules", "list", "--redis", url); code != 0 || strings.Join(strings.Fields(out), " ") != "SET FOLLOWERS default 2" {
		t.Errorf("list: exit %d: %s", code, out)
	}
}

func TestRulesRollbackPutsAnEarlierVersionInForce(t *testing.T) {
	t.Parallel()
	url, _ := ruleFleet(t, 0)
	apply := func(text string) { t.Helper(); mustRun(t, "rules", "apply", "--redis", url, ruleFile(t, text)) }
	apply(rulesA)
	apply(rulesB)
	mustRun(t, "rules", "rollback", "--redis", url, "1")
	if out := mustRun(t, "rules", "show", "--redis", url); out != rulesA {
		t.Errorf("in force: %q", out)
	}
	out := mustRun(t, "rules", "history", "--redis", url)
	if lines := strings.Split(strings.TrimSpace(out), "\n"); len(lines) != 4 || !strings.HasPrefix(lines[1], "3 ") || !strings.Contains(lines[1], "that of version 1") {
		t.Errorf("history:\n%s", out)
	}
	if _, errs, code := command(t, "", "rules", "rollback", "--redis", url, "9"); code != exitFault || !strings.Contains(errs, "no such version") {
		t.Errorf("unknown version: exit %d: %s", code, errs)
	}
	if _, errs, code := command(t, "", "rules", "rollback", "--redis", url, "latest"); code != exitUsage {
		t.Errorf("no number: exit %d: %s", code, errs)
	}
}

func mustRun(t *testing.T, args ...string) string {
	t.Helper()
	out, errs, code := command(t, "", args...)
	if code != 0 {
		t.Fatalf("%v: exit %d: %s%s", args, code, out, errs)
	}
	return out
}

func TestRulesApplyOverAnothersChangeShowsIt(t *testing.T) {
	t.Parallel()
	url, _ := ruleFleet(t, 0)
	mustRun(t, "rules", "apply", "--redis", url, ruleFile(t, rulesA))
	base := cachedsql.RulesRevision(1, rulesA)
	mustRun(t, "rules", "apply", "--redis", url, "--by", "bob", ruleFile(t, rulesB))
	_, errs, code := command(t, "", "rules", "apply", "--redis", url, "--base", base, ruleFile(t, strings.Replace(rulesA, "1m", "9m", 1)))
	if code != exitFault || !strings.Contains(errs, `by "bob"`) || !strings.Contains(errs, "+    ttl: 5m") {
		t.Errorf("exit %d: %s", code, errs)
	}
	if out := mustRun(t, "rules", "show", "--redis", url); out != rulesB {
		t.Errorf("a refused change is in force: %q", out)
	}
}

func TestRulesApplyRefusesAFileWithMistakes(t *testing.T) {
	t.Parallel()
	url, _ := ruleFleet(t, 0)
	bad := ruleFile(t, "version: 1\nrules:\n  - name: all\n    ttls: 1m\n")
	if _, errs, code := command(t, "", "rules", "apply", "--redis", url, bad); code != exitFault || !strings.Contains(errs, ":4:5") {
		t.Errorf("exit %d: %s", code, errs)
	}
	if out, _, code := command(t, "", "rules", "show", "--redis", url); code != exitFault || out != "" {
		t.Errorf("show without a version: exit %d: %q", code, out)
	}
}

func TestRulesDiffExitsByWhetherThereIsOne(t *testing.T) {
	t.Parallel()
	url, _ := ruleFleet(t, 0)
	mustRun(t, "rules", "apply", "--redis", url, ruleFile(t, rulesA))
	if out, _, code := command(t, rulesA, "rules", "diff", "--redis", url, "-"); code != 0 || out != "" {
		t.Errorf("equal: exit %d: %q", code, out)
	}
	if out, errs, code := command(t, rulesB, "rules", "diff", "--redis", url, "-"); code != exitFault || errs != "" || !strings.Contains(out, "-    ttl: 1m\n+    ttl: 5m\n") {
		t.Errorf("different: exit %d: %q, and %q", code, out, errs)
	}
	out, _, _ := command(t, rulesB, "rules", "apply", "--redis", url, "--dry-run", "--json", "-")
	var dry struct{ Base, Diff string }
	if err := json.Unmarshal([]byte(out), &dry); err != nil || dry.Base != cachedsql.RulesRevision(1, rulesA) || dry.Diff == "" {
		t.Errorf("dry run: %v: %s", err, out)
	}
	if out := mustRun(t, "rules", "show", "--redis", url); out != rulesA {
		t.Errorf("a dry run has changed the rules: %q", out)
	}
}
