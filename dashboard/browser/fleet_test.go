package browser_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"modernc.org/sqlite"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/dashboard"
	"github.com/cachedsql/cachedsql/internal/testredis"
	"github.com/cachedsql/cachedsql/redisstore"
)

const firstRules = `version: 1
defaults: {max_rows: 10000, jitter: 10%}
rules:
- name: todos
  tables: [todos]
  ttl: 5m
- name: owners
  tables_any: [owners]
  ttl: 1m
`

// fleet is two processes under load, and what was done counted apart from
// them.
type fleet struct {
	*testing.T
	redis  *testredis.Server
	store  *redisstore.Store
	caches [2]*cachedsql.Cache
	dbs    [2]*sql.DB

	reads, writes atomic.Int64 // of todos

	mu      sync.Mutex
	counted map[string]*counted // under mu; by text
}

// counted is what was done with one text: how often it was executed, and what
// of that reached the database.
type counted struct {
	calls, asked int64
	took         time.Duration
}

func (f *fleet) count(text string, change func(*counted)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	c := f.counted[text]
	if c == nil {
		c = &counted{}
		f.counted[text] = c
	}
	change(c)
}

func (f *fleet) called(text string) { f.count(text, func(c *counted) { c.calls++ }) }

// share is the share of texts in what the database would be busy with if there
// were no cache.
func (f *fleet) share(texts ...string) float64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	var all, those float64
	for text, c := range f.counted {
		if c.asked == 0 {
			continue
		}
		load := c.took.Seconds() / float64(c.asked) * float64(c.calls)
		if all += load; slices.Contains(texts, text) {
			those += load
		}
	}
	return those / all
}

func newFleet(t *testing.T) *fleet {
	t.Helper()
	f := &fleet{T: t, redis: testredis.Start(t), counted: map[string]*counted{}}
	f.store = f.open()
	file := filepath.Join(t.TempDir(), "todo.db")
	_, err := f.store.Inspector().RuleSet("").Commit(t.Context(), redisstore.RulesCommit{Text: firstRules, By: "ann", Comment: "todos are read a hundred times for each write"})
	if err != nil {
		t.Fatal(err)
	}
	for i := range f.caches {
		f.process(i, file)
	}
	f.exec(0, "CREATE TABLE owners (id INTEGER PRIMARY KEY, name TEXT)")
	f.exec(0, "CREATE TABLE todos (id INTEGER PRIMARY KEY, owner INTEGER, title TEXT, done INTEGER)")
	f.exec(0, "CREATE TABLE notes (todo INTEGER, body TEXT)")
	for i := range 20 {
		f.exec(0, "INSERT INTO notes VALUES (?, ?)", i, fmt.Sprint("note ", i))
		f.exec(0, "INSERT INTO owners VALUES (?, ?)", i, fmt.Sprint("owner ", i))
		f.exec(0, "INSERT INTO todos VALUES (?, ?, ?, 0)", i, i%5, fmt.Sprint("todo ", i))
		f.writes.Add(1)
	}
	return f
}

func (f *fleet) open() *redisstore.Store {
	f.Helper()
	store, err := redisstore.Open(f.redis.URL(), redisstore.Config{Quarantine: 200 * time.Millisecond})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = store.Close() })
	return store
}

func (f *fleet) process(i int, file string) {
	f.Helper()
	cache, err := cachedsql.New(cachedsql.Config{
		Store: f.open(), LiveRules: cachedsql.DefaultRuleSet, Lease: 200 * time.Millisecond, Namespace: "todo",
		LookupTimeout: 5 * time.Second, ReportInterval: 500 * time.Millisecond, NearBytes: 1 << 20,
		Adapter: cachedsql.Adapter{Dialect: cachedsql.SQLite, Variant: "todo"}, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		f.Fatal(err)
	}
	f.caches[i], f.dbs[i] = cache, sql.OpenDB(cache.WrapConnector(sqliteFile{f, file}))
	f.Cleanup(func() {
		_ = f.dbs[i].Close()
		_ = cache.Close()
	})
	deadline := time.Now().Add(patience)
	for cache.Rules().Len() == 0 {
		if time.Now().After(deadline) {
			f.Fatal("the process has no rules")
		}
		time.Sleep(10 * time.Millisecond)
	}
}

type sqliteFile struct {
	fleet *fleet
	name  string
}

func (f sqliteFile) Connect(context.Context) (driver.Conn, error) {
	c, err := (&sqlite.Driver{}).Open(f.name + "?_pragma=busy_timeout(20000)&_pragma=journal_mode(WAL)")
	if err != nil {
		return nil, err
	}
	full, ok := c.(sqliteConn)
	if !ok {
		return nil, errors.New("the driver's connection is another one")
	}
	return distantConn{full, f.fleet}, nil
}

type sqliteConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.QueryerContext
	driver.ExecerContext
}

// distantConn answers as a database does that is busy, or not on this machine.
type distantConn struct {
	sqliteConn
	fleet *fleet
}

func (c distantConn) QueryContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Rows, error) {
	defer c.asked(text, time.Now())
	took := 3 + rand.IntN(3)
	if text == notes {
		took += 25 // worth caching however busy this machine is
	}
	time.Sleep(time.Duration(took) * time.Millisecond)
	return c.sqliteConn.QueryContext(ctx, text, args)
}

func (c distantConn) ExecContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Result, error) {
	defer c.asked(text, time.Now())
	return c.sqliteConn.ExecContext(ctx, text, args)
}

func (c distantConn) asked(text string, began time.Time) {
	c.fleet.count(text, func(c *counted) {
		c.asked++
		c.took += time.Since(began)
	})
}

func (sqliteFile) Driver() driver.Driver { return &sqlite.Driver{} }

func (f *fleet) exec(i int, text string, args ...any) {
	f.Helper()
	f.called(text)
	if _, err := f.dbs[i].Exec(text, args...); err != nil {
		f.Errorf("%s: %v", text, err)
	}
}

// read is a query of the load that is counted.
const read = "-- name: GetTodo :one\nSELECT title FROM todos WHERE id = ?"

func (f *fleet) read(i, id int) {
	f.Helper()
	f.called(read)
	var title string
	if err := f.dbs[i].QueryRow(read, id).Scan(&title); err != nil {
		f.Errorf("read: %v", err)
	}
	f.reads.Add(1)
}

func (f *fleet) ask(i int, text string, args ...any) {
	f.Helper()
	f.called(text)
	rows, err := f.dbs[i].Query(text, args...)
	if err != nil {
		f.Errorf("%s: %v", text, err)
		return
	}
	for rows.Next() { //nolint:revive // read to the end
	}
	if err := rows.Close(); err != nil {
		f.Errorf("%s: %v", text, err)
	}
}

// load lets both processes work until the test ends or stop is called. It is a
// modest one: the machine has other things to do.
func (f *fleet) load() (stop func()) {
	ctx, cancel := context.WithCancel(f.Context())
	var done sync.WaitGroup
	for i := range f.dbs {
		done.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				f.round(i, n)
				time.Sleep(4 * time.Millisecond)
			}
		})
	}
	stop = sync.OnceFunc(func() {
		cancel()
		done.Wait()
	})
	f.Cleanup(stop)
	return stop
}

// Other queries of the load.
const (
	list   = "-- name: ListTodos :many\nSELECT id, title, done FROM todos WHERE owner = ? ORDER BY id LIMIT 50"
	report = "SELECT o.name, count(*) FROM owners o JOIN todos t ON t.owner = o.id WHERE t.done = 0 GROUP BY o.name ORDER BY 2 DESC"
	owner  = "SELECT name FROM owners WHERE id = ?"
	notes  = "-- name: NotesOf :many\nSELECT body FROM notes WHERE todo = ?" // no rule selects it
)

func (f *fleet) round(i, n int) {
	f.read(i, rand.IntN(20))
	switch n % 10 {
	case 1, 2, 5:
		f.ask(i, list, rand.IntN(5))
	case 3:
		f.ask(i, report)
	case 4:
		f.ask(i, owner, rand.IntN(20))
	case 6:
		f.ask(i, "SELECT id FROM todos ORDER BY random() LIMIT 1")
	case 7:
		f.ask(i, "SELECT datetime('now')")
	case 8, 9:
		f.ask(i, notes, rand.IntN(8))
	}
	if n%40 == 20 {
		f.exec(i, "-- name: FinishTodo :exec\nUPDATE todos SET done = 1 - done WHERE id = ?", rand.IntN(20))
		f.writes.Add(1)
	}
	if n%150 == 75 {
		f.exec(i, "UPDATE owners SET name = ? WHERE id = ?", fmt.Sprint("owner ", n), rand.IntN(20))
	}
}

// queryID names the counted query.
func (f *fleet) queryID() string { return f.idOf("GetTodo") }

func (f *fleet) idOf(name string) string {
	f.Helper()
	for _, q := range f.caches[0].Queries() {
		if q.Name == name {
			return q.QueryID
		}
	}
	f.Fatalf("query %s is not known", name)
	return ""
}

// noticed waits until both processes know that Redis is away.
func (f *fleet) noticed() {
	f.Helper()
	deadline := time.Now().Add(patience)
	for !f.caches[0].Stats().StoreDown || !f.caches[1].Stats().StoreDown {
		if time.Now().After(deadline) {
			f.Fatal("the processes do not notice that Redis is away")
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// serve serves the page under a prefix and returns its address.
func (f *fleet) serve() string {
	return f.serveBehind(func(page http.Handler) http.Handler { return page })
}

// serveBehind serves the page behind something else, a proxy for example.
func (f *fleet) serveBehind(proxy func(http.Handler) http.Handler) string {
	f.Helper()
	page, err := dashboard.New(dashboard.Config{
		Inspector: f.store.Inspector(), AllowChanges: true, SampleInterval: 250 * time.Millisecond, History: 20 * time.Minute,
		Logger: slog.New(slog.DiscardHandler), Authenticate: func(*http.Request) (string, error) { return "ann", nil },
	})
	if err != nil {
		f.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/ops/cache/", http.StripPrefix("/ops/cache", page))
	server := httptest.NewServer(proxy(mux))
	f.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
		_ = page.Close()
	})
	return server.URL + "/ops/cache/"
}
