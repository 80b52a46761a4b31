package redisstore_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
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

// refusesCommand reports whether the server says that a user may not run one.
func refusesCommand(err error) bool {
	return strings.Contains(err.Error(), "can't run this command") || strings.Contains(err.Error(), "no permissions to run") // Redis, Valkey
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
	if _, err := looks.RuleSet("shop").Commit(t.Context(), change); err == nil || !refusesCommand(err) {
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
	if took := await(t, "the program has the next", ttlIs(cache, 2*time.Minute)); took > 4*time.Second { // by asking it would be 5
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

// rightsOf are the commands that a user of the guide may run.
func rightsOf(t *testing.T, user string) map[string]bool {
	t.Helper()
	rights := map[string]bool{}
	for _, word := range aclOf(t, user) {
		if command, ok := strings.CutPrefix(word.(string), "+"); ok {
			rights[command] = true
		}
	}
	return rights
}

// commandsRun are those that a server has run since its start.
func commandsRun(t *testing.T, srv *testredis.Server) map[string]bool {
	t.Helper()
	stats, err := srv.Client(t).Info(t.Context(), "commandstats").Result()
	if err != nil {
		t.Fatal(err)
	}
	run := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^cmdstat_([^:]+):`).FindAllStringSubmatch(stats, -1) {
		run[m[1]] = true
	}
	return run
}

// The first user of the guide may do what programs do, and nothing else: all
// that programs can be set up to do is done here, and every right was used.
func TestUserOfTheGuideHasNoRightThatNobodyUses(t *testing.T) {
	t.Parallel()
	srv := testredis.Start(t)
	rights := rightsOf(t, "shop")
	srv.Do(t, aclOf(t, "shop")...)
	url := as(srv, "shop", "secret")
	c := testConfig
	c.Absence = absence
	t.Run("store", func(t *testing.T) {
		storetest.Traits{Quarantine: quarantine}.Run(t, func(t *testing.T) cachedsql.Store { return open(t, url, c) })
	})
	t.Run("programs", func(t *testing.T) { useEverything(t, srv, url, c) })

	unused := map[string]string{ // and why they are there all the same
		"cluster|slots": "cluster", "cluster|shards": "cluster", "command": "cluster", "auth": "servers that do not know HELLO",
		"pttl": "servers whose report index has no end",
	}
	run := commandsRun(t, srv)
	for right := range rights {
		if !run[right] && unused[right] == "" {
			t.Errorf("nobody needs +%s", right)
		}
	}
	for command := range run {
		if !rights[command] && !slices.Contains([]string{"acl|setuser", "config|resetstat", "debug", "config|set", "config|get", "flushall", "del", "xrange", "xrevrange", "zrangebyscore", "client|setinfo", "client|setname"}, command) {
			t.Errorf("programs run %s, which the guide does not allow", command)
		}
	}
	refusals, err := srv.Client(t).Do(t.Context(), "acl", "log").Slice()
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range refusals {
		if !strings.Contains(fmt.Sprint(one), "client|setinfo") { // newer servers than CI's: see the guide
			t.Errorf("refused: %v", one)
		}
	}
}

// useEverything has a program do all that it can be set up to do.
func useEverything(t *testing.T, srv *testredis.Server, url string, c redisstore.Config) {
	store := open(t, url+"/1", c)
	if err := store.Ping(t.Context()); err != nil {
		t.Error(err)
	}
	rules := open(t, srv.URL(), testConfig).Inspector()
	commit(t, rules.RuleSet("shop"), "", rulesText("1m"))
	file := filepath.Join(t.TempDir(), "shop.db")
	c.Quarantine = time.Second // a lease has to be longer than two terms of a registration
	db, cache := process(t, url, file, func(config *cachedsql.Config) {
		follows(config)
		config.Lease = c.Quarantine
		config.Store, config.OnCacheDown, config.NearBytes = open(t, url, c), cachedsql.Wait, 1<<20
	})
	await(t, "the rules come", ttlIs(cache, time.Minute))
	for _, text := range []string{"CREATE TABLE items (id INTEGER PRIMARY KEY)", "INSERT INTO items VALUES (1)"} {
		if _, err := db.ExecContext(t.Context(), text); err != nil {
			t.Fatal(err)
		}
	}
	await(t, "a hit", func() bool {
		var n int
		if err := db.QueryRowContext(t.Context(), "SELECT id FROM items").Scan(&n); err != nil {
			t.Fatal(err)
		}
		return cache.Stats().Hits > 0
	})
	sp := open(t, url, testConfig).Space("followed")
	f, err := sp.(cachedsql.Follower).Follow(bound, func(err error) { t.Error(err) })
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	tags := sp.Tags([]string{"users"})
	await(t, "the tags are known", func() bool {
		_, _ = sp.Check(t.Context(), tags)
		r, ok := f.Known(tags, time.Now())
		return ok && r.Settled
	})
	in := rules
	eventually(t, in, func(f *redisstore.Fleet) bool { return len(f.Instances) == 1 })
	follow(t, in, func(all []redisstore.Event) bool { return kinds(all)[cachedsql.StreamStarted] == 1 })
	srv.Do(t, "FLUSHALL")
	await(t, "the program puts the rules back", func() bool {
		v, err := rules.RuleSet("shop").Current(t.Context())
		return err == nil && v.Revision != ""
	})
}
