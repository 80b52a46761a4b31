package main

import (
	"bufio"
	"context"
	"database/sql"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/internal/testredis"
	"github.com/cachedsql/cachedsql/redisstore"
)

// todoFleet is two processes of examples/todo over a real database and a real
// Redis. What they are asked to do is counted here, apart from them.
type todoFleet struct {
	*testing.T
	redis, dsn string
	processes  [2]*todoProcess
	counts     map[string]int64 // requests of each kind, which are statements of as many names
	writes     int64
}

type todoProcess struct {
	address string
	pid     int
}

const todoRules = "version: 1\nrules:\n- name: one-todo\n  query_names: [GetTodo]\n  ttl: 10m\n- name: lists\n  query_names: [ListTodos]\n  ttl: 5m\n"

// The names of the example's queries. What it writes with has none.
const (
	getTodo   = "GetTodo"
	listTodos = "ListTodos"
	summary   = "Summary"
)

func newTodoFleet(t *testing.T) *todoFleet {
	t.Helper()
	dsn := os.Getenv("CACHEDSQL_TEST_POSTGRES")
	if dsn == "" {
		t.Skip("SKIPPED: CACHEDSQL_TEST_POSTGRES is not set")
	}
	if testing.Short() {
		t.Skip("builds a program")
	}
	program := filepath.Join(t.TempDir(), "todo")
	build := exec.Command("go", "build", "-o", program, "./todo")
	build.Dir = "../../examples"
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	f := &todoFleet{T: t, redis: testredis.Start(t).URL(), dsn: newDatabase(t, dsn), counts: map[string]int64{}}
	f.run(program, "seed", "-driver", "pgx", "-dsn", f.dsn, "-n", "40")
	mustRun(t, "rules", "apply", "--redis", f.redis, ruleFile(t, todoRules))
	for i := range f.processes {
		f.processes[i] = f.serve(program)
	}
	return f
}

// newDatabase makes one that goes with the test, since the example's table has
// a fixed name.
func newDatabase(t *testing.T, dsn string) string {
	t.Helper()
	u, err := url.Parse(dsn)
	if err != nil || u.Scheme == "" {
		t.Fatalf("CACHEDSQL_TEST_POSTGRES is no URL: %v", err)
	}
	db, err := sql.Open("pgx", dsn)
	if err != nil {
		t.Fatal(err)
	}
	name := fmt.Sprintf("todo_%d_%d", os.Getpid(), time.Now().UnixNano())
	t.Cleanup(func() {
		_, _ = db.Exec("DROP DATABASE " + name + " WITH (FORCE)")
		_ = db.Close()
	})
	if _, err := db.Exec("CREATE DATABASE " + name); err != nil {
		t.Fatal(err)
	}
	u.Path = "/" + name
	return u.String()
}

func (f *todoFleet) run(program string, args ...string) {
	f.Helper()
	if out, err := exec.Command(program, args...).CombinedOutput(); err != nil {
		f.Fatalf("%v: %v: %s", args, err, out)
	}
}

// serve starts a process that follows the rule set, and stops it with the test.
func (f *todoFleet) serve(program string) *todoProcess {
	f.Helper()
	cmd := exec.Command(program, "serve", "-listen", "127.0.0.1:0", "-dsn", f.dsn, "-redis", f.redis, "-lease", "200ms", "-rules", "../../examples/todo/todo.yaml")
	cmd.Env = append(os.Environ(), "CACHEDSQL_LIVE_RULES=default", "CACHEDSQL_REPORT_INTERVAL=200ms")
	cmd.Stderr = f.Output()
	out, err := cmd.StdoutPipe()
	if err != nil {
		f.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		f.Fatal(err)
	}
	return &todoProcess{strings.TrimSpace(strings.TrimPrefix(line, "listening on ")), cmd.Process.Pid}
}

// request is one request, and one statement.
func (f *todoFleet) request(i int, method, path, body string) []byte {
	f.Helper()
	r, err := http.NewRequestWithContext(f.Context(), method, f.processes[i].address+path, strings.NewReader(body))
	if err != nil {
		f.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		f.Fatal(err)
	}
	defer answer.Body.Close()
	data, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode >= 300 {
		f.Fatalf("%s %s: %d %v %s", method, path, answer.StatusCode, err, data)
	}
	return data
}

func (f *todoFleet) get(i, id int) {
	f.Helper()
	f.request(i, http.MethodGet, fmt.Sprintf("/todos/%d", id), "")
	f.counts[getTodo]++
}

func (f *todoFleet) update(i, id int) {
	f.Helper()
	f.request(i, http.MethodPut, fmt.Sprintf("/todos/%d", id), `{"title": "x", "done": true}`)
	f.writes++
}

// load is what users do, in both processes.
func (f *todoFleet) load() {
	f.Helper()
	for n := range 60 {
		i := n % 2
		f.get(i, 1+n%8)
		if n%3 == 0 {
			f.request(i, http.MethodGet, fmt.Sprintf("/todos?owner=%d", n%4), "")
			f.counts[listTodos]++
		}
		if n%6 == 0 {
			f.request(i, http.MethodGet, "/summary?from=0&to=9", "")
			f.counts[summary]++
		}
		if n%12 == 0 {
			f.update(1-i, 1+n%8)
		}
	}
	f.request(0, http.MethodPost, "/todos", `{"owner": 1, "title": "new"}`)
	f.request(1, http.MethodDelete, "/todos/40", "")
	f.writes += 2
}

// until runs a command until what it prints is as wanted.
func (f *todoFleet) until(args []string, wanted func(out string) error) {
	f.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		out := mustRun(f.T, append(args, "--redis", f.redis)...)
		err := wanted(out)
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			f.Fatalf("%v: %v:\n%s", args, err, out)
		}
	}
}

func decoded[T any](check func(T) error) func(string) error {
	return func(out string) error {
		var value T
		if err := json.Unmarshal([]byte(out), &value); err != nil {
			return err
		}
		return check(value)
	}
}

// counted compares the figures of the named queries with what was asked for.
func (f *todoFleet) counted(all []cachedsql.QueryStats) error {
	calls := map[string]int64{}
	for i := range all {
		q := &all[i]
		calls[q.Name] += q.Calls
		if sum := q.Hits + q.Coalesced + q.Misses + q.Bypasses; q.Name != "" && sum != q.Calls {
			return fmt.Errorf("%s: outcomes add up to %d of %d", q.Name, sum, q.Calls)
		}
	}
	for name, want := range f.counts {
		if calls[name] != want {
			return fmt.Errorf("%s: %d calls, want %d", name, calls[name], want)
		}
	}
	return nil
}

func (f *todoFleet) idOf(name string) (id string) {
	f.Helper()
	f.until([]string{"queries", "--json"}, decoded(func(all []cachedsql.QueryStats) error {
		for _, q := range all {
			if q.Name == name {
				id = q.QueryID
				return nil
			}
		}
		return fmt.Errorf("no query %q", name)
	}))
	return id
}

// Every command, over two processes that work: its figures are what was
// counted from outside.
func TestEveryCommandTellsTheTruth(t *testing.T) {
	f := newTodoFleet(t)
	f.load()
	f.instances()
	f.queries()
	f.top()
	f.tables()
	f.why()
	f.export()
	f.watch()
	f.page()
	f.doctor()
	f.flush()
	f.rules()
}

func (f *todoFleet) instances() {
	f.until([]string{"instances", "--json"}, decoded(func(all []redisstore.Instance) error {
		pids := map[int]bool{}
		for _, in := range all {
			pids[in.PID] = in.Breaker == "closed" && in.StoreLatency > 0 && in.LiveRules != nil && strings.HasPrefix(in.LiveRules.Revision, "1-")
		}
		if len(all) != 2 || !pids[f.processes[0].pid] || !pids[f.processes[1].pid] {
			return fmt.Errorf("want processes %d and %d", f.processes[0].pid, f.processes[1].pid)
		}
		return nil
	}))
}

func (f *todoFleet) queries() {
	f.until([]string{"queries", "--json", "-n", "0"}, decoded(f.counted))
	f.until([]string{"queries"}, func(out string) error {
		for line := range strings.Lines(out) {
			if strings.Contains(line, "where id = ?") && strings.Contains(line, " one-todo ") {
				if fields := strings.Fields(line); fields[1] != strconv.FormatInt(f.counts[getTodo], 10) {
					return fmt.Errorf("%s calls, want %d", fields[1], f.counts[getTodo])
				}
				return nil
			}
		}
		return fmt.Errorf("no line for %s", getTodo)
	})
}

// top has no output but the screen; this is what it draws.
func (f *todoFleet) top() {
	store, err := redisstore.Open(f.redis, redisstore.Config{})
	if err != nil {
		f.Fatal(err)
	}
	defer store.Close()
	screen := newScreen(f.T)
	reports, err := store.Inspector().Reports(f.Context())
	screen.model.Update(fetched{snapshot{time.Now(), reports}, err})
	for i := range screen.model.rows {
		if r := &screen.model.rows[i]; r.Name == getTodo && r.Calls != f.counts[getTodo] {
			f.Errorf("%d calls, want %d", r.Calls, f.counts[getTodo])
		}
	}
	screen.wants("2 processes")
	screen.wants(getTodo)
}

func (f *todoFleet) tables() {
	f.until([]string{"tables", "--json"}, decoded(func(all []redisstore.Table) error {
		for i := range all {
			if all[i].Table != "public.todos" {
				continue
			}
			reads := f.counts[getTodo] + f.counts[listTodos] + f.counts[summary]
			if t := &all[i]; t.Invalidations != f.writes || t.Reads().Calls != reads {
				return fmt.Errorf("%d writes, %d reads; want %d and %d", t.Invalidations, t.Reads().Calls, f.writes, reads)
			}
			return nil
		}
		return fmt.Errorf("no such table")
	}))
}

func (f *todoFleet) why() {
	f.until([]string{"why", "--json", f.idOf(summary)}, decoded(func(a whyAnswer) error {
		counts := map[string]int64{}
		for _, r := range a.Reasons {
			counts[r.Reason] = r.Count
		}
		// On a busy machine Redis may take too long for some.
		if n := counts["no_rule"] + counts["cache_down"]; counts["no_rule"] == 0 || n != f.counts[summary] || a.Figures.Calls != n {
			return fmt.Errorf("want %d calls without a rule", f.counts[summary])
		}
		return nil
	}))
}

func (f *todoFleet) export() {
	f.until([]string{"export"}, decoded(func(fleet redisstore.Fleet) error { return f.counted(fleet.Queries) }))
	f.until([]string{"export", "--format", "csv"}, func(out string) error {
		rows, err := csv.NewReader(strings.NewReader(out)).ReadAll()
		if err != nil {
			return err
		}
		for _, row := range rows[1:] {
			if want := f.counts[row[1]]; row[1] != "" && row[4] != strconv.FormatInt(want, 10) {
				return fmt.Errorf("%s: %s calls, want %d", row[1], row[4], want)
			}
		}
		return nil
	})
}

// watch has told of every write by the time it has told of those that come
// while it watches.
func (f *todoFleet) watch() {
	f.update(0, 1)
	ctx, cancel := context.WithCancel(f.Context())
	var out shared
	root := newRoot()
	root.SetArgs([]string{"watch", "--redis", f.redis, "--json", "--kind", "invalidate", "--last", "1000"})
	root.SetOut(&out)
	root.SetErr(&out)
	ended := make(chan error, 1)
	go func() { ended <- root.ExecuteContext(ctx) }()
	f.update(1, 2)
	told := func() (sum int64) {
		for line := range strings.Lines(out.String()) {
			var e redisstore.Event
			if err := json.Unmarshal([]byte(line), &e); err == nil { // else it is not whole yet
				sum += e.Tables["public.todos"]
			}
		}
		return sum
	}
	for deadline := time.Now().Add(30 * time.Second); told() < f.writes; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			break
		}
	}
	cancel()
	if err := <-ended; err != nil || told() != f.writes {
		f.Errorf("%d writes told, want %d: %v\n%s", told(), f.writes, err, out.String())
	}
}

// page is the page that "ui" serves.
func (f *todoFleet) page() {
	address := serveUI(f.T, "--redis", f.redis)
	jar, err := cookiejar.New(nil)
	if err != nil {
		f.Fatal(err)
	}
	client := &http.Client{Jar: jar}
	get(f.T, client, address)
	site, _, _ := strings.Cut(address, "?token=")
	id := f.idOf(getTodo)
	for path, want := range map[string]string{
		"query?id=" + id:          fmt.Sprintf(`id="calls" data-value="%d"`, f.counts[getTodo]),
		"table?name=public.todos": fmt.Sprintf(`id="invalidations" data-value="%d"`, f.writes),
		"instances":               fmt.Sprint(f.processes[1].pid),
		"queries":                 `data-query="` + id + `"`,
		"rules":                   "2 of 2",
		"":                        "2",
	} {
		for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(100 * time.Millisecond) {
			status, body := get(f.T, client, site+path)
			if status == http.StatusOK && strings.Contains(body, want) {
				break
			}
			if time.Now().After(deadline) {
				f.Errorf("%s: %d, no %s in %s", path, status, want, body)
				break
			}
		}
	}
}

func (f *todoFleet) doctor() {
	out, errs, code := command(f.T, "", "doctor", "--redis", f.redis, "--dsn", f.dsn)
	if code != 0 || !strings.Contains(out, "2 report, all in order") || strings.Contains(out, "FAIL") {
		f.Errorf("exit %d: %s%s", code, out, errs)
	}
}

// flush makes the next read a miss, by whatever it was told to flush; a dry run
// changes nothing.
func (f *todoFleet) flush() {
	id := f.idOf(getTodo)
	stats := func() (s cachedsql.Stats) {
		if err := json.Unmarshal(f.request(0, http.MethodGet, "/stats", ""), &s); err != nil {
			f.Fatal(err)
		}
		return s
	}
	// stored reads until there is a hit, and reports whether a result had to be
	// stored for that.
	stored := func() bool {
		f.Helper()
		before := stats().Fills
		for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
			hits := stats().Hits
			if f.get(0, 3); stats().Hits > hits {
				return stats().Fills > before
			}
			if time.Now().After(deadline) {
				f.Fatal("nothing is cached")
			}
		}
	}
	for _, how := range [][]string{{"--table", "todos", "--dsn", f.dsn}, {"--query", id, "--dsn", f.dsn}, {"--rule", "one-todo", "--dsn", f.dsn}, {"--all"}} {
		stored()
		args := append([]string{"flush", "--redis", f.redis}, how...)
		if out := mustRun(f.T, append(args, "--dry-run")...); !strings.Contains(out, "WOULD-FLUSH") || stored() {
			f.Errorf("%v: a dry run flushes: %s", how, out)
		}
		if out := mustRun(f.T, args...); !strings.Contains(out, "FLUSHED") || !stored() {
			f.Errorf("%v: what was flushed is served: %s", how, out)
		}
	}
}

// rules are changed for both processes: without one, no further read asks Redis.
func (f *todoFleet) rules() {
	f.until([]string{"rules", "status"}, func(out string) error {
		for _, p := range f.processes {
			if !strings.Contains(out, fmt.Sprintf(":%d ", p.pid)) {
				return fmt.Errorf("no process %d", p.pid)
			}
		}
		return nil
	})
	// lookups are what was asked of Redis for the query.
	lookups := func() (n int64) {
		f.until([]string{"queries", "--json", "-n", "0"}, decoded(func(all []cachedsql.QueryStats) error {
			for _, q := range all {
				if q.Name == getTodo {
					n = q.Hits + q.Coalesced + q.Misses
				}
			}
			return f.counted(all)
		}))
		return n
	}
	before, began := lookups(), time.Now()
	mustRun(f.T, "rules", "apply", "--redis", f.redis, ruleFile(f.T, "version: 1\nrules: []\n"))
	f.Logf("both processes had the rules after %v", time.Since(began))
	for n := range 10 {
		f.get(n%2, 1)
	}
	if n := lookups(); n != before {
		f.Errorf("without a rule Redis was asked %d times", n-before)
	}
	out := mustRun(f.T, "rules", "rollback", "--redis", f.redis, "1")
	for _, p := range f.processes {
		if !strings.Contains(out, fmt.Sprintf(":%d has taken it", p.pid)) {
			f.Errorf("process %d: %s", p.pid, out)
		}
	}
	f.until([]string{"rules", "figures", "--json"}, decoded(func(all []cachedsql.RuleStats) error {
		for _, r := range all {
			if r.Rule == "lists" && r.Calls != f.counts[listTodos] {
				return fmt.Errorf("%d calls, want %d", r.Calls, f.counts[listTodos])
			}
		}
		return nil
	}))
	f.until([]string{"rules", "history", "--json"}, decoded(func(all []cachedsql.RulesVersion) error {
		if len(all) != 3 || all[0].RolledBackTo != 1 {
			return fmt.Errorf("want three versions, the last a rollback")
		}
		return nil
	}))
}
