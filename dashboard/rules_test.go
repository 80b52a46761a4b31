package dashboard_test

import (
	"fmt"
	"html"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/dashboard"
	"github.com/cachedsql/cachedsql/internal/testredis"
	"github.com/cachedsql/cachedsql/redisstore"
)

// writable serves a dashboard to ann, who may change rules.
func writable(t *testing.T, in *redisstore.Inspector, log io.Writer) *site {
	return serve(t, dashboard.Config{
		Inspector: in, AllowChanges: true, Logger: slog.New(slog.NewTextHandler(log, nil)),
		Authenticate: func(*http.Request) (string, error) { return "ann", nil },
	})
}

// post sends a form as a browser does that shows a page of the site.
func (s *site) post(path string, form url.Values, change func(*http.Request)) (int, string) {
	s.Helper()
	r, err := http.NewRequestWithContext(s.Context(), http.MethodPost, s.url+path, strings.NewReader(form.Encode()))
	if err != nil {
		s.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	if change != nil {
		change(r)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		s.Fatal(err)
	}
	return s.answered(answer)
}

var hiddenField = regexp.MustCompile(`<input type="hidden" name="(\w+)" value="([^"]*)">`)

// formOf returns the hidden fields of a page.
func formOf(body string) url.Values {
	form := url.Values{}
	for _, m := range hiddenField.FindAllStringSubmatch(body, -1) {
		form.Set(m[1], html.UnescapeString(m[2]))
	}
	return form
}

func rule(name string) string {
	return fmt.Sprintf("version: 1\nrules:\n- {name: %s, tables: [items], ttl: 1m}\n", name)
}

// commit goes the way of a person: edit, review, commit.
func (s *site) commit(text, comment string) (int, string) {
	s.Helper()
	_, body := s.get("rules-edit")
	form := formOf(body)
	form.Set("text", strings.ReplaceAll(text, "\n", "\r\n"))
	status, body := s.post("rules-review", form, nil)
	if status != http.StatusOK || !strings.Contains(body, `id="commit"`) {
		s.Fatalf("review: %d %s", status, body)
	}
	form = formOf(body)
	form.Set("comment", comment)
	return s.post("rules-commit", form, nil)
}

// followers opens two processes that follow the rules.
func followers(t *testing.T, url string) (caches [2]*cachedsql.Cache) {
	t.Helper()
	for i := range caches {
		_, caches[i] = process(t, url, filepath.Join(t.TempDir(), "shop.db"), func(c *cachedsql.Config) {
			c.Rules, c.LiveRules = nil, cachedsql.DefaultRuleSet
		})
	}
	return caches
}

func ruleName(c *cachedsql.Cache) string {
	all := c.Rules().List()
	if len(all) == 0 {
		return ""
	}
	return all[0].Name
}

// within waits until both processes have a rule in force, and returns how long
// that took.
func within(t *testing.T, caches [2]*cachedsql.Cache, name string, since time.Time) time.Duration {
	t.Helper()
	for ruleName(caches[0]) != name || ruleName(caches[1]) != name {
		if time.Since(since) > 20*time.Second {
			t.Fatalf("rule %q is not in force: %q, %q", name, ruleName(caches[0]), ruleName(caches[1]))
		}
		time.Sleep(5 * time.Millisecond)
	}
	return time.Since(since)
}

func TestRuleCommittedInThePageChangesEveryProcess(t *testing.T) {
	t.Parallel()
	url := testredis.Start(t).URL()
	caches := followers(t, url)
	var log strings.Builder
	s := writable(t, open(t, url).Inspector(), &log)
	s.until("rules", func(b string) bool { return strings.Contains(b, "of 2") })

	began := time.Now()
	status, body := s.commit(rule("first"), "because")
	if status != http.StatusOK || !strings.Contains(body, "is committed") {
		t.Fatalf("commit: %d %s", status, body)
	}
	if took := within(t, caches, "first", began); took > 4*time.Second { // by asking it would be 5
		t.Errorf("both had it after %v", took)
	}
	s.until("rules", func(b string) bool { return strings.Contains(b, "2 of 2") && strings.Contains(b, "because") })
	s.commit(rule("second"), "")
	within(t, caches, "second", time.Now())

	_, body = s.get("rules-version?n=1")
	if !strings.Contains(html.UnescapeString(body), "+- {name: first") || !strings.Contains(body, `id="rollback"`) {
		t.Errorf("page of the version: %s", body)
	}
	form := formOf(body)
	form.Set("comment", "second was wrong")
	began = time.Now()
	if status, body := s.post("rules-rollback", form, nil); status != http.StatusOK || !strings.Contains(body, "back to 1") {
		t.Errorf("rollback: %d %s", status, body)
	}
	if took := within(t, caches, "first", began); took > 4*time.Second { // by asking it would be 5
		t.Errorf("both went back after %v", took)
	}
	audit, err := open(t, url).Inspector().Audit(t.Context(), 0)
	if err != nil || len(audit) != 3 || audit[0].By != "ann" || audit[0].Comment != "second was wrong" || audit[0].Action != redisstore.AuditRollback {
		t.Errorf("audit log: %+v, %v", audit, err)
	}
	if n := strings.Count(log.String(), "dashboard: change"); n != 3 || !strings.Contains(log.String(), "user=ann") {
		t.Errorf("log: %s", log.String())
	}
}

// Two people edit at the same time: the second is told what the first did.
func TestStalePlanIsRefusedWithADifference(t *testing.T) {
	t.Parallel()
	in := open(t, testredis.Start(t).URL()).Inspector()
	s := writable(t, in, io.Discard)
	s.commit(rule("first"), "")
	_, body := s.get("rules-edit")
	form := formOf(body)
	form.Set("text", rule("mine"))
	_, reviewed := s.post("rules-review", form, nil)

	first, err := in.RuleSet("").Current(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := in.RuleSet("").Commit(t.Context(), redisstore.RulesCommit{Base: first.Revision, Text: rule("theirs"), By: "bob", Comment: "quick"})
	if err != nil {
		t.Fatal(err)
	}
	for how, path := range map[string]string{"review": "rules-review", "commit": "rules-commit"} {
		send := form
		if how == "commit" {
			send = formOf(reviewed)
		}
		status, raw := s.post(path, send, nil)
		body := html.UnescapeString(raw)
		if status != http.StatusConflict || !strings.Contains(body, "bob") || !strings.Contains(body, "quick") ||
			!strings.Contains(body, "-- {name: first") || !strings.Contains(body, "+- {name: theirs") || !strings.Contains(body, "+- {name: mine") {
			t.Errorf("%s: %d %s", how, status, body)
		}
		if formOf(raw).Get("base") != theirs.Revision {
			t.Errorf("%s: goes on from %q", how, formOf(raw).Get("base"))
		}
	}
	if now, err := in.RuleSet("").Current(t.Context()); err != nil || now.Revision != theirs.Revision {
		t.Errorf("in force: %+v, %v", now, err)
	}
	_, old := s.get("rules-version?n=1")
	if _, err := in.RuleSet("").Commit(t.Context(), redisstore.RulesCommit{Base: theirs.Revision, Text: rule("later"), By: "bob"}); err != nil {
		t.Fatal(err)
	}
	if status, body := s.post("rules-rollback", formOf(old), nil); status != http.StatusConflict || !strings.Contains(html.UnescapeString(body), "+- {name: later") {
		t.Errorf("rollback: %d %s", status, body)
	}
}

func TestMistakesAreShownWithTheirLines(t *testing.T) {
	t.Parallel()
	s := writable(t, open(t, testredis.Start(t).URL()).Inspector(), io.Discard)
	for _, path := range []string{"rules-review", "rules-commit"} {
		form := url.Values{"text": {"version: 1\nrules:\n- {name: x, tabels: [items], ttl: 1m}\n"}}
		status, body := s.post(path, form, nil)
		if status != http.StatusUnprocessableEntity || !strings.Contains(body, `data-line="3"`) || !strings.Contains(body, "tables") || !strings.Contains(body, "tabels: [items]") {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}
	if status, body := s.get("rules"); status != http.StatusOK || !strings.Contains(body, "no version yet") {
		t.Errorf("%d %s", status, body)
	}
}

func TestDraftIsThereWhenOneComesBack(t *testing.T) {
	t.Parallel()
	s := writable(t, open(t, testredis.Start(t).URL()).Inspector(), io.Discard)
	_, body := s.get("rules-edit")
	form := formOf(body)
	form.Set("text", "version: 1\n# half done")
	if status, body := s.post("rules-draft", form, nil); status != http.StatusOK || !strings.Contains(body, "draft is saved") {
		t.Errorf("%d %s", status, body)
	}
	if _, body := s.get("rules-edit"); !strings.Contains(body, "# half done") {
		t.Errorf("editor: %s", body)
	}
	if _, body := s.get("rules-edit?fresh=1"); strings.Contains(body, "# half done") {
		t.Errorf("fresh: %s", body)
	}
	form.Set("discard", "1")
	s.post("rules-draft", form, nil)
	if _, body := s.get("rules-edit"); strings.Contains(body, "# half done") {
		t.Errorf("discarded: %s", body)
	}
}

func TestNothingCanBeChangedByOthers(t *testing.T) {
	t.Parallel()
	in := open(t, testredis.Start(t).URL()).Inspector()
	form := url.Values{"text": {rule("evil")}, "comment": {"x"}, "to": {"1"}}
	paths := []string{"rules-take", "rules-review", "rules-draft", "rules-commit", "rules-rollback"}
	readOnly := serve(t, dashboard.Config{Inspector: in})
	for _, path := range paths {
		if status, _ := readOnly.post(path, form, nil); status != http.StatusForbidden {
			t.Errorf("read-only, %s: %d", path, status)
		}
	}
	if status, body := readOnly.get("rules"); status != http.StatusOK || strings.Contains(body, "rules-edit") {
		t.Errorf("read-only page: %d %s", status, body)
	}
	s := writable(t, in, io.Discard)
	for how, change := range map[string]func(*http.Request){
		"another site":     func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") },
		"another host":     func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "same-site") },
		"an older browser": func(r *http.Request) { r.Header.Del("Sec-Fetch-Site"); r.Header.Set("Origin", "https://evil.example") },
	} {
		for _, path := range paths {
			if status, _ := s.post(path, form, change); status != http.StatusForbidden {
				t.Errorf("%s, %s: %d", how, path, status)
			}
		}
	}
	for _, path := range paths {
		if status, _ := s.get(path); status != http.StatusNotFound && status != http.StatusMethodNotAllowed {
			t.Errorf("GET %s: %d", path, status)
		}
	}
	big := url.Values{"text": {strings.Repeat("#", 2<<20)}}
	if status, _ := s.post("rules-commit", big, nil); status != http.StatusBadRequest {
		t.Errorf("2 MB: %d", status)
	}
	if now, err := in.RuleSet("").Current(t.Context()); err != nil || now.Revision != "" {
		t.Errorf("in force: %+v, %v", now, err)
	}
}

func TestRulesPagesSayWhatIsWrong(t *testing.T) {
	t.Parallel()
	srv := testredis.Start(t)
	s := writable(t, open(t, srv.URL()).Inspector(), io.Discard)
	for path, want := range map[string]int{
		"rules?set=%00x": http.StatusBadRequest, "rules-version?n=x": http.StatusBadRequest, "rules-version?n=7": http.StatusNotFound, "rules-edit?set=a/b": http.StatusBadRequest,
	} {
		if status, body := s.get(path); status != want {
			t.Errorf("%s: %d, want %d: %s", path, status, want, body)
		}
	}
	srv.Kill()
	for _, path := range []string{"rules", "rules-edit", "rules-version?n=1"} {
		if status, body := s.get(path); status != http.StatusServiceUnavailable || !strings.Contains(body, "Redis does not answer") {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}
	if status, body := s.post("rules-commit", url.Values{"text": {rule("kept")}}, nil); status != http.StatusBadGateway || !strings.Contains(body, "name: kept") {
		t.Errorf("commit without Redis loses the text: %d %s", status, body)
	}
}
