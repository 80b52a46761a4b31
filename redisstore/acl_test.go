package redisstore_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/internal/testredis"
	"github.com/cachedsql/cachedsql/redisstore"
	"github.com/cachedsql/cachedsql/storetest"
)

// aclOf returns the words of the ACL SETUSER for a user in the guide.
func aclOf(t *testing.T, user string) []any {
	t.Helper()
	guide, err := os.ReadFile("../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(`(?m)^ACL SETUSER ` + user + ` ((?:.*\\\n)*.*)$`).FindSubmatch(guide)
	if m == nil {
		t.Fatalf("docs/operations.md has no ACL for %q", user)
	}
	args := []any{"ACL", "SETUSER", user}
	for _, word := range strings.Fields(strings.ReplaceAll(string(m[1]), "\\\n", " ")) {
		args = append(args, word)
	}
	return args
}

func as(srv *testredis.Server, user, password string) string {
	return "redis://" + user + ":" + password + "@" + srv.Addr
}

// The rights in the guide are enough for everything a store does.
func TestUserOfTheGuideConforms(t *testing.T) {
	t.Parallel()
	srv := testredis.Start(t)
	srv.Do(t, aclOf(t, "shop")...)
	url := as(srv, "shop", "secret")
	storetest.Traits{Quarantine: quarantine}.Run(t, func(t *testing.T) cachedsql.Store { return open(t, url, testConfig) })
}

// They are enough to be told what changes, too.
func TestUserOfTheGuideIsTold(t *testing.T) {
	t.Parallel()
	srv := testredis.Start(t)
	srv.Do(t, aclOf(t, "shop")...)
	sp := open(t, as(srv, "shop", "secret"), testConfig).Space("db")
	f, err := sp.(cachedsql.Follower).Follow(bound, func(err error) { t.Error(err) })
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	tags := sp.Tags([]string{"users"})
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if r, ok := f.Known(tags, time.Now()); ok && r.Settled {
			return
		}
		_, _ = sp.Check(t.Context(), tags)
	}
	t.Fatal("the tags are never known")
}

// An operator's user reads the reports and can change nothing.
func TestOperatorOfTheGuideReadsReports(t *testing.T) {
	t.Parallel()
	srv := testredis.Start(t)
	srv.Do(t, aclOf(t, "shop")...)
	srv.Do(t, aclOf(t, "operator")...)
	process(t, as(srv, "shop", "secret"), filepath.Join(t.TempDir(), "shop.db"), nil)
	in := open(t, as(srv, "operator", "secret"), testConfig).Inspector()
	eventually(t, in, func(f *redisstore.Fleet) bool { return len(f.Instances) == 1 })
	follow(t, in, func(all []redisstore.Event) bool { return kinds(all)[cachedsql.StreamStarted] == 1 })
	if _, err := in.Events(t.Context(), "", 1); err != nil {
		t.Error(err)
	}
	client := clientFor(t, as(srv, "operator", "secret"))
	for _, args := range [][]any{{"set", "cachedsql:x", "1"}, {"del", "{cachedsql:!}i"}, {"xadd", "{cachedsql:!}e", "*", "e", "{}"}, {"get", "cachedsql:x"}} {
		if err := client.Do(t.Context(), args...).Err(); err == nil || !strings.HasPrefix(err.Error(), "NOPERM") {
			t.Errorf("%v: %v", args, err)
		}
	}
}

func clientFor(t *testing.T, url string) *redis.Client {
	t.Helper()
	options, err := redis.ParseURL(url)
	if err != nil {
		t.Fatal(err)
	}
	client := redis.NewClient(options)
	t.Cleanup(func() { _ = client.Close() })
	return client
}

// Programs follow what the user for rules commits; the one who only looks sees
// it and can change nothing.
func TestOnlyTheRulerOfTheGuideChangesRules(t *testing.T) {
	t.Parallel()
	srv := testredis.Start(t)
	for _, user := range []string{"shop", "operator", "ruler"} {
		srv.Do(t, aclOf(t, user)...)
	}
	_, cache := process(t, as(srv, "shop", "secret"), filepath.Join(t.TempDir(), "shop.db"), follows)
	looks := open(t, as(srv, "operator", "secret"), testConfig).Inspector()
	rules := open(t, as(srv, "ruler", "secret"), testConfig).Inspector()

	change := redisstore.RulesCommit{Text: rulesText("1m"), By: "ann"}
	if _, err := looks.RuleSet("shop").Commit(t.Context(), change); err == nil || !strings.Contains(err.Error(), "can't run this command") {
		t.Errorf("the one who looks commits: %v", err)
	}
	if err := looks.RuleSet("shop").SaveDraft(t.Context(), redisstore.RulesDraft{By: "ann"}); err == nil {
		t.Error("the one who looks saves a draft")
	}
	if err := looks.Record(t.Context(), redisstore.AuditEntry{By: "ann", Action: "x"}); err == nil {
		t.Error("the one who looks writes into the audit log")
	}
	set := rules.RuleSet("shop")
	first := commit(t, set, "", rulesText("1m"))
	await(t, "the program has it", ttlIs(cache, time.Minute))
	second := commit(t, set, first.Revision, rulesText("2m"))
	if took := await(t, "the program has the next", ttlIs(cache, 2*time.Minute)); took > 2*time.Second {
		t.Errorf("the message did not come: it took %v", took)
	}
	if err := set.SaveDraft(t.Context(), redisstore.RulesDraft{By: "ann"}); err != nil {
		t.Error(err)
	}
	if err := set.DiscardDraft(t.Context(), "ann"); err != nil {
		t.Error(err)
	}
	if err := rules.Record(t.Context(), redisstore.AuditEntry{By: "ann", Action: "x"}); err != nil {
		t.Error(err)
	}

	seen := looks.RuleSet("shop")
	if v, err := seen.Current(t.Context()); err != nil || v.Revision != second.Revision {
		t.Errorf("the one who looks sees %+v, %v", v, err)
	}
	if history, err := seen.History(t.Context()); err != nil || len(history) != 2 {
		t.Errorf("history %+v, %v", history, err)
	}
	if _, err := seen.Drafts(t.Context()); err != nil {
		t.Error(err)
	}
	if audit, err := looks.Audit(t.Context(), 0); err != nil || len(audit) != 3 {
		t.Errorf("audit log %+v, %v", audit, err)
	}
	if names, err := looks.RuleSets(t.Context()); err != nil || len(names) != 1 {
		t.Errorf("rule sets %q, %v", names, err)
	}

	srv.Do(t, "FLUSHALL")
	await(t, "the program puts the rules back", func() bool {
		v, err := seen.Current(t.Context())
		return err == nil && v.Revision == second.Revision
	})
	if err := clientFor(t, as(srv, "ruler", "secret")).Do(t.Context(), "get", "cachedsql:shop:e1:x").Err(); err == nil || !strings.HasPrefix(err.Error(), "NOPERM") {
		t.Errorf("the one who changes rules reads results: %v", err)
	}
}

// And they are not more: neither other keys nor commands that harm others.
func TestUserOfTheGuideCanDoNothingElse(t *testing.T) {
	t.Parallel()
	srv := testredis.Start(t)
	srv.Do(t, aclOf(t, "shop")...)
	client := clientFor(t, as(srv, "shop", "secret"))
	for _, args := range [][]any{
		{"get", "other"},
		{"set", "other", "1"},
		{"flushall"},
		{"flushdb"},
		{"keys", "*"},
		{"config", "get", "*"},
		{"shutdown"},
		{"acl", "list"},
		{"client", "kill", "type", "normal"},
	} {
		if err := client.Do(t.Context(), args...).Err(); err == nil || !strings.HasPrefix(err.Error(), "NOPERM") {
			t.Errorf("%v: %v", args, err)
		}
	}
}
