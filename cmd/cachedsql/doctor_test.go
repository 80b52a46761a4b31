package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/internal/testredis"
)

func diagnose(t *testing.T, args ...string) (found findings, code int) {
	t.Helper()
	out, errs, code := command(t, "", append([]string{"doctor", "--json"}, args...)...)
	if err := json.Unmarshal([]byte(out), &found); err != nil {
		t.Fatalf("exit %d: %v: %s%s", code, err, out, errs)
	}
	return found, code
}

// of returns what was found by one check, as "status: found".
func (f findings) of(check string) (all []string) {
	for _, one := range f {
		if one.Check == check {
			all = append(all, string(one.Status)+": "+one.Found)
		}
	}
	return all
}

func (f findings) has(check string, s status, found string) bool {
	return slices.ContainsFunc(f.of(check), func(one string) bool {
		return strings.HasPrefix(one, string(s)+": ") && strings.Contains(one, found)
	})
}

func TestDoctorFindsAGoodRedisGood(t *testing.T) {
	t.Parallel()
	url := testredis.Start(t, "--maxmemory", "100mb", "--maxmemory-policy", "volatile-lru").URL()
	found, code := diagnose(t, "--redis", url)
	if code != 0 || !found.has("redis", fine, "redis 7") || !found.has("memory", fine, "volatile-lru") || !found.has("persistence", fine, "off") {
		t.Errorf("exit %d: %+v", code, found)
	}
	if !found.has("processes", warning, "none reports") {
		t.Errorf("nobody reports, and it is not said: %v", found.of("processes"))
	}
}

func TestDoctorFindsMistakesOfARedis(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		args         []string
		check, found string
	}{
		{nil, "memory", "no limit"},
		{[]string{"--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru"}, "memory", "evicts the versions of tables"},
		{[]string{"--maxmemory", "100mb", "--maxmemory-policy", "noeviction"}, "memory", "no more results are stored"},
		{[]string{"--appendonly", "yes"}, "persistence", "writes to disk"},
	} {
		url := testredis.Start(t, c.args...).URL()
		found, code := diagnose(t, "--redis", url)
		if code != 0 || !found.has(c.check, warning, c.found) {
			t.Errorf("%v: exit %d: %v", c.args, code, found.of(c.check))
		}
	}
}

func TestDoctorFindsProcessesInTrouble(t *testing.T) {
	t.Parallel()
	url, _ := reporting(t)
	found, code := diagnose(t, "--redis", url)
	if code != 0 || !found.has("processes", fine, "2 report, all in order") || !found.has("rights", fine, "") {
		t.Errorf("exit %d: %+v", code, found)
	}
	for _, one := range found {
		if (one.Status == fine) != (one.Fix == "") {
			t.Errorf("a fix belongs to each fault and to nothing else: %+v", one)
		}
	}
}

func TestDoctorTakesAFullRedisForWhatItIs(t *testing.T) {
	t.Parallel()
	server := testredis.Start(t)
	store := openStore(t, server)
	ahead := cachedsql.Instance{ID: "id-web-1", Host: "web-1", Breaker: "closed", Interval: time.Minute, Namespaces: []string{"shop"}, Reported: time.Now().Add(time.Hour)}
	if err := store.Report(t.Context(), &cachedsql.Report{Instance: ahead}, ahead.ReportTTL()); err != nil {
		t.Fatal(err)
	}
	if found, code := diagnose(t, "--redis", server.URL()); code != 0 || !found.has("processes", warning, "the clock of web-1") {
		t.Fatalf("exit %d: %+v", code, found)
	}
	server.Do(t, "config", "set", "maxmemory", "1")
	found, code := diagnose(t, "--redis", server.URL())
	if code != exitFault || !found.has("memory", fault, "no more results are stored") || !found.has("rights", warning, "Redis is full") {
		t.Errorf("exit %d: %+v", code, found)
	}
	if !found.has("processes", warning, "is old") {
		t.Errorf("a report that cannot be renewed: %v", found.of("processes"))
	}
	if err := server.Client(t).FlushAll(t.Context()).Err(); err != nil { // what happens when the report ends
		t.Fatal(err)
	}
	if found, _ := diagnose(t, "--redis", server.URL()); !found.has("processes", warning, "none reports: a full Redis") {
		t.Errorf("without a report: %v", found.of("processes"))
	}
}

// program are the rights of a program that are needed most, without those of an operator.
var program = strings.Fields("on >secret ~{cachedsql:* ~cachedsql:* -@all +get +set +mget +del +multi +exec +eval +evalsha +info +time +ping +hello +auth +select")

func TestDoctorTriesTheRightsOfAProgramsUser(t *testing.T) {
	t.Parallel()
	dsn := os.Getenv("CACHEDSQL_TEST_POSTGRES")
	if dsn == "" {
		t.Skip("SKIPPED: CACHEDSQL_TEST_POSTGRES is not set")
	}
	server := testredis.Start(t)
	for _, c := range []struct {
		user, but string
		found     string
		status    status
	}{
		{"app", "-keys", "can do what programs do", fine},
		{"noset", "-set", "cannot store an entry", warning},
		{"noeval", "-evalsha", "cannot check tags", warning},
	} {
		args := []any{"acl", "setuser", c.user}
		for _, right := range program {
			args = append(args, right)
		}
		server.Do(t, append(args, c.but)...)
		url := "redis://" + c.user + ":secret@" + server.Addr
		found, code := diagnose(t, "--redis", url, "--dsn", dsn)
		if code != 0 || !found.has("rights", c.status, c.found) {
			t.Errorf("%s: exit %d: %+v", c.user, code, found)
		}
		if found, _ := diagnose(t, "--redis", url); !found.has("rights", warning, "not tried") {
			t.Errorf("%s, no namespace: %v", c.user, found.of("rights"))
		}
	}
}

func TestDoctorFailsWhereSomethingHasToBeMended(t *testing.T) {
	t.Parallel()
	rules := filepath.Join(t.TempDir(), "rules.yaml")
	if err := os.WriteFile(rules, []byte("version: 1\nrules:\n  - name: a\n    ttls: 5m\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if found, code := diagnose(t, "--rules", rules); code != exitFault || !found.has("rules", fault, "ttls") {
		t.Errorf("rules: exit %d: %+v", code, found)
	}
	if found, code := diagnose(t, "--redis", "redis://127.0.0.1:1"); code != exitFault || !found.has("redis", fault, "refused") {
		t.Errorf("redis: exit %d: %+v", code, found)
	}
	if found, code := diagnose(t, "--dsn", "postgres://127.0.0.1:1/x"); code != exitFault || !found.has("database", fault, "refused") {
		t.Errorf("database: exit %d: %+v", code, found)
	}
}

func TestDoctorLooksAtADatabase(t *testing.T) {
	for _, service := range []string{"POSTGRES", "MYSQL"} {
		t.Run(service, func(t *testing.T) {
			dsn := os.Getenv("CACHEDSQL_TEST_" + service)
			if dsn == "" {
				t.Skipf("SKIPPED: CACHEDSQL_TEST_%s is not set", service)
			}
			found, code := diagnose(t, "--dsn", dsn)
			if code != 0 || !found.has("identity", fine, "namespace") || len(found.of("catalog")) == 0 {
				t.Errorf("exit %d: %+v", code, found)
			}
		})
	}
}

func TestDoctorWithNothingToLookAtSaysSo(t *testing.T) {
	t.Setenv("CACHEDSQL_REDIS", "")
	if _, errs, code := command(t, "", "doctor"); code != exitUsage || !strings.Contains(errs, "nothing to look at") {
		t.Errorf("exit %d: %s", code, errs)
	}
}
