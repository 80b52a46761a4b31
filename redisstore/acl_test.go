package redisstore_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

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
	for _, args := range [][]any{{"set", "cachedsql:x", "1"}, {"del", "{cachedsql:!}i"}, {"xadd", "{cachedsql:!}v", "*", "e", "{}"}, {"get", "cachedsql:x"}} {
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
