package redisstore_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/internal/testredis"
	"github.com/cachedsql/cachedsql/redisstore"
)

func rulesText(ttl string) string {
	return fmt.Sprintf("version: 1\nrules:\n- {name: items, tables: [items], ttl: %s}\n", ttl)
}

func follows(c *cachedsql.Config) { c.LiveRules, c.Rules = "shop", nil }

// await polls until a condition holds, and returns how long it took.
func await(t *testing.T, what string, holds func() bool) time.Duration {
	t.Helper()
	started := time.Now()
	for !holds() {
		if time.Since(started) > time.Minute {
			t.Fatalf("not within a minute: %s", what)
		}
		time.Sleep(5 * time.Millisecond)
	}
	return time.Since(started)
}

func ttlIs(c *cachedsql.Cache, want time.Duration) func() bool {
	return func() bool {
		rules := c.Rules().List()
		return len(rules) == 1 && rules[0].TTL == want
	}
}

func commit(t *testing.T, set *redisstore.RuleSet, base, text string) *cachedsql.RulesVersion {
	t.Helper()
	v, err := set.Commit(t.Context(), redisstore.RulesCommit{Base: base, Text: text, By: "ann", Comment: "because"})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func rulesServers(t *testing.T, test func(t *testing.T, url string)) {
	t.Helper()
	t.Run("one", func(t *testing.T) {
		t.Parallel()
		test(t, testredis.Start(t).URL())
	})
	t.Run("cluster", func(t *testing.T) {
		t.Parallel()
		test(t, "redis+cluster://"+testredis.StartCluster(t)[0].Addr)
	})
}

func TestCommitReachesEveryProcess(t *testing.T) {
	t.Parallel()
	rulesServers(t, func(t *testing.T, url string) {
		file := filepath.Join(t.TempDir(), "shop.db")
		_, one := process(t, url, file, follows)
		_, two := process(t, url, file, follows)
		in := open(t, url, testConfig).Inspector()
		set := in.RuleSet("shop")
		both := func(ttl time.Duration) func() bool {
			return func() bool { return ttlIs(one, ttl)() && ttlIs(two, ttl)() }
		}
		first := commit(t, set, "", rulesText("1m"))
		await(t, "both have the first version", both(time.Minute))
		second := commit(t, set, first.Revision, rulesText("2m"))
		if took := await(t, "both have the second version", both(2*time.Minute)); took > 4*time.Second { // by asking it would be 5
			t.Errorf("a commit took %v to reach both", took)
		}
		f := eventually(t, in, func(f *redisstore.Fleet) bool {
			n := 0
			for _, p := range f.Followers("shop") {
				if p.LiveRules.Revision == second.Revision && p.RulesVersion == one.Rules().Version() && p.Rules == "redis:shop" {
					n++
				}
			}
			return n == 2
		})
		if len(f.Followers("")) != 0 {
			t.Errorf("followers of another set: %+v", f.Followers(""))
		}

		back, err := set.Rollback(t.Context(), second.Revision, 1, "ben", "too long")
		if err != nil {
			t.Fatal(err)
		}
		await(t, "both are back", both(time.Minute))
		history, err := set.History(t.Context())
		if err != nil || len(history) != 3 {
			t.Fatalf("history %+v, %v", history, err)
		}
		if v := history[0]; v.Revision != back.Revision || v.Number != 3 || v.RolledBackTo != 1 || v.By != "ben" || v.Comment != "too long" || v.Line != first.Line ||
			time.Since(v.At).Abs() > time.Minute || !v.At.Equal(back.At) {
			t.Errorf("the rollback is %+v, in history %+v", back, v)
		}
		if v, err := set.Version(t.Context(), 2); err != nil || v.Text != rulesText("2m") || v.Revision != second.Revision {
			t.Errorf("version 2 is %+v, %v", v, err)
		}
		if _, err := set.Version(t.Context(), 9); !errors.Is(err, redisstore.ErrNoRulesVersion) {
			t.Errorf("version 9: %v", err)
		}
		audit, err := in.Audit(t.Context(), 2)
		if err != nil || len(audit) != 2 || audit[0].Action != redisstore.AuditRollback || audit[0].By != "ben" || audit[1].Detail != second.Revision {
			t.Errorf("audit log %+v, %v", audit, err)
		}
		if names, err := in.RuleSets(t.Context()); err != nil || len(names) != 1 || names[0] != "shop" {
			t.Errorf("rule sets %q, %v", names, err)
		}
	})
}

func TestCommitOverWhatNobodySawIsRefused(t *testing.T) {
	t.Parallel()
	set := open(t, testredis.Start(t).URL(), testConfig).Inspector().RuleSet("shop")
	if v, err := set.Current(t.Context()); err != nil || v.Revision != "" || v.Number != 0 {
		t.Fatalf("before any commit: %+v, %v", v, err)
	}
	first := commit(t, set, "", rulesText("1m"))
	second := commit(t, set, first.Revision, rulesText("2m"))
	for _, base := range []string{"", first.Revision, "2-0000000000000000"} {
		_, err := set.Commit(t.Context(), redisstore.RulesCommit{Base: base, Text: rulesText("3m"), By: "ben"})
		var conflict *redisstore.RulesConflictError
		if !errors.As(err, &conflict) || conflict.Current.Revision != second.Revision || conflict.Current.Text != rulesText("2m") || conflict.Current.By != "ann" {
			t.Errorf("base %q: %v", base, err)
		}
	}
	if _, err := set.Commit(t.Context(), redisstore.RulesCommit{Base: second.Revision, Text: rulesText("2m"), By: "ben"}); !errors.Is(err, redisstore.ErrRulesUnchanged) {
		t.Errorf("the same text: %v", err)
	}
	_, err := set.Commit(t.Context(), redisstore.RulesCommit{Base: second.Revision, Text: "version: 1\nrules:\n- {nome: x}\n", By: "ben"})
	if mistakes := cachedsql.RuleErrors(err); len(mistakes) == 0 || mistakes[0].Line != 3 || mistakes[0].Column != 4 {
		t.Errorf("a mistaken text: %v", err)
	}
	for _, by := range []string{"", "a\nb", strings.Repeat("x", 300)} {
		if _, err := set.Commit(t.Context(), redisstore.RulesCommit{Base: second.Revision, Text: rulesText("3m"), By: by}); err == nil {
			t.Errorf("author %q is accepted", by)
		}
	}
	if v, err := set.Current(t.Context()); err != nil || v.Revision != second.Revision {
		t.Errorf("now current: %+v, %v", v, err)
	}
}

func TestOneOfManyCommitsWins(t *testing.T) {
	t.Parallel()
	set := open(t, testredis.Start(t).URL(), testConfig).Inspector().RuleSet("")
	base := commit(t, set, "", rulesText("1h")).Revision
	var won, lost sync.Map
	var done sync.WaitGroup
	for n := range 20 {
		done.Go(func() {
			_, err := set.Commit(t.Context(), redisstore.RulesCommit{Base: base, Text: rulesText(fmt.Sprintf("%ds", n+1)), By: "ann"})
			if conflict := (*redisstore.RulesConflictError)(nil); errors.As(err, &conflict) {
				lost.Store(n, conflict.Current.Number)
			} else if err == nil {
				won.Store(n, true)
			}
		})
	}
	done.Wait()
	count := func(m *sync.Map) (n int) { m.Range(func(any, any) bool { n++; return true }); return n }
	if count(&won) != 1 || count(&lost) != 19 {
		t.Errorf("%d won, %d lost", count(&won), count(&lost))
	}
}

func TestHistoryIsBounded(t *testing.T) {
	t.Parallel()
	srv := testredis.Start(t)
	set := open(t, srv.URL(), testConfig).Inspector().RuleSet("shop")
	base := ""
	for n := range 60 {
		base = commit(t, set, base, rulesText(fmt.Sprintf("%ds", n+1))).Revision
	}
	history, err := set.History(t.Context())
	if err != nil || len(history) != 50 || history[0].Number != 60 || history[49].Number != 11 {
		t.Errorf("%d versions, %v", len(history), err)
	}
	if n := srv.Client(t).HLen(t.Context(), "{cachedsql:!}t:shop").Val(); n != 50 {
		t.Errorf("%d texts are kept", n)
	}
	if _, err := set.Version(t.Context(), 10); !errors.Is(err, redisstore.ErrNoRulesVersion) {
		t.Errorf("version 10: %v", err)
	}
}

// The message of the commit is lost here: it is written as another version of
// this library without messages might.
func TestLostMessageLeavesNobodyBehind(t *testing.T) {
	t.Parallel()
	srv := testredis.Start(t)
	_, cache := process(t, srv.URL(), filepath.Join(t.TempDir(), "shop.db"), follows)
	set := open(t, srv.URL(), testConfig).Inspector().RuleSet("shop")
	first := commit(t, set, "", rulesText("1m"))
	await(t, "the first version", ttlIs(cache, time.Minute))
	srv.Do(t, "ACL", "SETUSER", "default", "-publish")
	commit(t, set, first.Revision, rulesText("2m"))
	if took := await(t, "the second version", ttlIs(cache, 2*time.Minute)); took > 10*time.Second {
		t.Errorf("it took %v", took)
	}
}

// A connection that is cut hears nothing in the meantime.
func TestCutSubscriptionLeavesNobodyBehind(t *testing.T) {
	t.Parallel()
	srv := testredis.Start(t)
	_, cache := process(t, srv.URL(), filepath.Join(t.TempDir(), "shop.db"), follows)
	set := open(t, srv.URL(), testConfig).Inspector().RuleSet("shop")
	base := commit(t, set, "", rulesText("1m")).Revision
	await(t, "the first version", ttlIs(cache, time.Minute))
	for n := 2; n < 5; n++ {
		srv.Do(t, "CLIENT", "KILL", "TYPE", "pubsub")
		base = commit(t, set, base, rulesText(fmt.Sprintf("%dm", n))).Revision
		await(t, "the next version", ttlIs(cache, time.Duration(n)*time.Minute))
	}
}

// A process of an older version does not know what a newer one's rules say.
// Here it is an unknown key, put into the store behind Commit's back.
func TestBadSetIsRefusedAndReported(t *testing.T) {
	t.Parallel()
	srv := testredis.Start(t)
	file := filepath.Join(t.TempDir(), "shop.db")
	db, cache := process(t, srv.URL(), file, follows)
	store := open(t, srv.URL(), testConfig)
	set := store.Inspector().RuleSet("shop")
	first := commit(t, set, "", rulesText("1m"))
	await(t, "the first version", ttlIs(cache, time.Minute))

	text := "version: 1\nrules:\n- {name: items, ttl: 2m, quantum: true}\n"
	bad := &cachedsql.RulesVersion{Number: 2, Revision: cachedsql.RulesRevision(2, text), Line: first.Line, Text: text, By: "newer", At: time.Now()}
	if err := store.RestoreRules(t.Context(), "shop", bad, "newer"); err != nil {
		t.Fatal(err)
	}
	// One that runs already keeps what it has, one that starts now has nothing
	// or its file, and both work.
	startedDB, started := process(t, srv.URL(), file, func(c *cachedsql.Config) { c.LiveRules = "shop" })
	eventually(t, store.Inspector(), func(f *redisstore.Fleet) bool {
		n := 0
		for _, in := range f.Followers("shop") {
			if in.LiveRules.Refused == bad.Revision && strings.Contains(in.LiveRules.Reason, `(redis:shop:3:26): unknown key "quantum"`) {
				n++
			}
		}
		return n == 2
	})
	if !ttlIs(cache, time.Minute)() {
		t.Errorf("the running process has %v", cache.Rules())
	}
	if state, _ := cache.LiveRules(); state.Revision != first.Revision {
		t.Errorf("the running process says %+v", state)
	}
	if rules := started.Rules(); rules == nil || rules.Version() == "" || strings.Contains(rules.String(), "redis:") {
		t.Errorf("the process that starts has %v", rules)
	}
	query(t, db, "SELECT 1")
	query(t, startedDB, "SELECT 1")

	good := commit(t, set, bad.Revision, rulesText("3m"))
	await(t, "the mended version", func() bool { return ttlIs(cache, 3*time.Minute)() && ttlIs(started, 3*time.Minute)() })
	if state, _ := cache.LiveRules(); state.Revision != good.Revision || state.Refused != "" {
		t.Errorf("after it was mended: %+v", state)
	}
}

// Redis as it is recommended for a cache forgets everything when it restarts.
// Those that have the rules put them back.
func TestEmptiedServerGetsTheRulesBack(t *testing.T) {
	t.Parallel()
	srv := testredis.Start(t)
	file := filepath.Join(t.TempDir(), "shop.db")
	_, one := process(t, srv.URL(), file, follows)
	_, two := process(t, srv.URL(), file, follows)
	in := open(t, srv.URL(), testConfig).Inspector()
	set := in.RuleSet("shop")
	first := commit(t, set, "", rulesText("1m"))
	second := commit(t, set, first.Revision, rulesText("2m"))
	await(t, "both have it", func() bool { return ttlIs(one, 2*time.Minute)() && ttlIs(two, 2*time.Minute)() })
	srv.Do(t, "FLUSHALL")
	await(t, "the rules are back", func() bool {
		v, err := set.Current(t.Context())
		return err == nil && v.Revision == second.Revision && v.Line == second.Line && v.By == "ann" && v.At.Equal(second.At)
	})
	if !ttlIs(one, 2*time.Minute)() || !ttlIs(two, 2*time.Minute)() {
		t.Errorf("in force: %v, %v", one.Rules(), two.Rules())
	}
	if audit, err := in.Audit(t.Context(), 0); err != nil || len(audit) != 1 || audit[0].Action != redisstore.AuditRestore {
		t.Errorf("audit log %+v, %v", audit, err)
	}
}

// A process that comes back with what it knew must not undo what was decided
// without it.
func TestRestoringNeverReplacesAnotherHistory(t *testing.T) {
	t.Parallel()
	srv := testredis.Start(t)
	store := open(t, srv.URL(), testConfig)
	set := store.Inspector().RuleSet("shop")
	old := commit(t, set, commit(t, set, "", rulesText("1m")).Revision, rulesText("2m"))
	srv.Do(t, "FLUSHALL")
	begun := commit(t, set, "", rulesText("9m"))
	if err := store.RestoreRules(t.Context(), "shop", old, "old"); err != nil {
		t.Fatal(err)
	}
	if v, err := set.Current(t.Context()); err != nil || v.Revision != begun.Revision {
		t.Errorf("current is %+v, %v", v, err)
	}
	next := commit(t, set, begun.Revision, rulesText("8m"))
	if err := store.RestoreRules(t.Context(), "shop", begun, "behind"); err != nil {
		t.Fatal(err)
	}
	if v, err := set.Current(t.Context()); err != nil || v.Revision != next.Revision {
		t.Errorf("current is %+v, %v", v, err)
	}
}

func TestProcessStartsWithoutTheServer(t *testing.T) {
	t.Parallel()
	srv := testredis.Start(t)
	file := filepath.Join(t.TempDir(), "shop.db")
	set := open(t, srv.URL(), testConfig).Inspector().RuleSet("shop")
	srv.Kill()
	db, cache := process(t, srv.URL(), file, func(c *cachedsql.Config) {
		c.LiveRules, c.LookupTimeout = "shop", 100*time.Millisecond // with rules of its own
	})
	query(t, db, "SELECT 1")
	await(t, "it says so", func() bool {
		state, ok := cache.LiveRules()
		return ok && state.Unreachable != "" && state.Revision == ""
	})
	if !ttlIs(cache, time.Minute)() {
		t.Errorf("until then %v is in force", cache.Rules())
	}
	srv.Run(t)
	commit(t, set, "", rulesText("2m"))
	await(t, "it follows", ttlIs(cache, 2*time.Minute))
	own, err := cachedsql.ParseRules("own.yaml", []byte(rulesText("9m")))
	if err != nil {
		t.Fatal(err)
	}
	cache.SetRules(own)
	if !ttlIs(cache, 2*time.Minute)() {
		t.Errorf("the program's own rules won over the set's: %v", cache.Rules())
	}
	srv.Kill()
	await(t, "it has lost the server", func() bool { state, _ := cache.LiveRules(); return state.Unreachable != "" })
	if !ttlIs(cache, 2*time.Minute)() {
		t.Errorf("without the server %v is in force", cache.Rules())
	}
}

func TestLiveRulesNeedAStoreThatKeepsThem(t *testing.T) {
	t.Parallel()
	if _, err := cachedsql.New(cachedsql.Config{LiveRules: "shop"}); err == nil || !strings.Contains(err.Error(), "needs Redis") {
		t.Errorf("in memory: %v", err)
	}
	store := open(t, "redis://127.0.0.1:1", testConfig)
	if _, err := cachedsql.New(cachedsql.Config{LiveRules: "sh op", Store: store, Lease: quarantine}); err == nil || !strings.Contains(err.Error(), `"sh op"`) {
		t.Errorf("a malformed name: %v", err)
	}
}

func TestDraftsAreKeptByAuthor(t *testing.T) {
	t.Parallel()
	set := open(t, testredis.Start(t).URL(), testConfig).Inspector().RuleSet("shop")
	for _, d := range []redisstore.RulesDraft{{By: "ann", Text: "rules: ["}, {By: "ben", Base: "1-x", Text: "b"}, {By: "ann", Text: "rules: []"}} {
		if err := set.SaveDraft(t.Context(), d); err != nil {
			t.Fatal(err)
		}
	}
	drafts, err := set.Drafts(t.Context())
	if err != nil || len(drafts) != 2 || drafts[0].By != "ann" || drafts[0].Text != "rules: []" || drafts[1].Base != "1-x" {
		t.Errorf("drafts %+v, %v", drafts, err)
	}
	if err := set.DiscardDraft(t.Context(), "ann"); err != nil {
		t.Fatal(err)
	}
	if drafts, err := set.Drafts(t.Context()); err != nil || len(drafts) != 1 || drafts[0].By != "ben" {
		t.Errorf("drafts %+v, %v", drafts, err)
	}
}

// What anybody may have written there stops nobody.
func TestRubbishInTheStoreIsAnError(t *testing.T) {
	t.Parallel()
	srv := testredis.Start(t)
	set := open(t, srv.URL(), testConfig).Inspector().RuleSet("shop")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	client := srv.Client(t)
	for _, rubbish := range []string{"x", "-1-x", "99999999999999999999-x", "3-1f3a09bc22d4e610"} {
		client.HSet(ctx, "{cachedsql:!}v:shop", "current", rubbish, "3", "12 {}", "4", "x")
		client.HSet(ctx, "{cachedsql:!}t:shop", "3", "\xff\xff\xff\xff\x7f", "4", "x")
		if v, err := set.Current(ctx); err == nil {
			t.Errorf("%q is taken for %+v", rubbish, v)
		}
	}
	client.Del(ctx, "{cachedsql:!}v:shop")
	client.Set(ctx, "{cachedsql:!}v:shop", "x", 0)
	if v, err := set.Current(ctx); err == nil {
		t.Errorf("a key of another type is taken for %+v", v)
	}
}

// A query that nobody caches, in one process, while another writes.
func TestPreviewOfTrafficThatIsNotCached(t *testing.T) {
	t.Parallel()
	url := testredis.Start(t).URL()
	file := filepath.Join(t.TempDir(), "shop.db")
	db, cache := process(t, url, file, follows)
	other, _ := process(t, url, file, follows)
	in := open(t, url, testConfig).Inspector()
	set := in.RuleSet("shop")
	commit(t, set, "", "version: 1\nrules: []\n")
	await(t, "it follows", func() bool { state, _ := cache.LiveRules(); return state.Revision != "" })
	for _, text := range []string{
		"CREATE TABLE items (id INTEGER PRIMARY KEY, price INTEGER)", "CREATE TABLE visits (n INTEGER)",
		"INSERT INTO items VALUES (1, 40)", "INSERT INTO visits VALUES (0)",
	} {
		if _, err := db.Exec(text); err != nil {
			t.Fatal(err)
		}
	}
	still, busy := "SELECT price FROM items WHERE id = ?", "SELECT n FROM visits WHERE n > ?"
	samples := func(text string) cachedsql.GhostStats { return figures(cache, queryID(t, cache, text)).Ghost }
	query(t, db, still, 1)
	query(t, db, busy, 0)
	ratio := func(text string) float64 {
		g := samples(text)
		ratio, _ := g.HitRatio(time.Hour)
		return ratio
	}
	// A busy machine loses some hits: a lease that runs out, an answer of Redis
	// that is late. They become few among many.
	await(t, "there are samples of both, and those of what nobody writes are hits", func() bool {
		query(t, db, still, 1)
		if _, err := other.Exec("UPDATE visits SET n = n + 1"); err != nil {
			t.Fatal(err)
		}
		query(t, db, busy, 0)
		return samples("price").Samples >= 25 && samples("visits WHERE").Samples >= 25 && ratio("price") > 0.85
	})
	if got := ratio("visits WHERE"); got > 0.2 {
		t.Errorf("between every two reads there is a write, and the ratio is %.2f", got)
	}
	id, seen := queryID(t, cache, "price"), samples("price").Samples
	eventually(t, in, func(f *redisstore.Fleet) bool { return fleetFigures(f, id).Ghost.Samples >= seen })
	p, err := set.Preview(t.Context(), rulesText("1m"))
	if err != nil {
		t.Fatal(err)
	}
	if p.Selected != 1 || p.Unknown != 0 || p.Queries[0].QueryID != id || p.Queries[0].HitRatio < 0.8 || p.DatabaseShare <= 0 || p.DatabaseShare >= 1 || p.DatabaseSavedPerHour <= 0 {
		t.Errorf("preview: %+v", p)
	}
	if _, err := set.Preview(t.Context(), "version: 2"); len(cachedsql.RuleErrors(err)) != 1 {
		t.Errorf("preview of a mistake: %v", err)
	}
	if _, err := set.Advise(t.Context()); err != nil {
		t.Error(err)
	}
}
