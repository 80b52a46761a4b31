package main

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"
)

// testTarget is a target on the test's server, with a table of its own: the
// package's tests share one database and run one after the other.
func testTarget(t *testing.T, driver, variable string) *target {
	t.Helper()
	if os.Getenv(variable) == "" {
		t.Skip(variable + " is not set")
	}
	target := &target{driver: driver, redis: os.Getenv("CACHEDSQL_TEST_REDIS"), rules: "todo.yaml", lease: 50 * time.Millisecond}
	list, err := target.openPlain()
	if err != nil {
		t.Fatal(err)
	}
	defer list.db.Close()
	if _, err := list.db.ExecContext(t.Context(), "DROP TABLE IF EXISTS todos"); err != nil {
		t.Fatal(err)
	}
	return target
}

func eachDatabase(t *testing.T, test func(*testing.T, *target)) {
	for driver, variable := range map[string]string{
		"cachedpg": "CACHEDSQL_TEST_POSTGRES", "cachedmysql": "CACHEDSQL_TEST_MYSQL",
	} {
		t.Run(driver, func(t *testing.T) { test(t, testTarget(t, driver, variable)) })
	}
}

func TestLoadFindsNoWrongAnswer(t *testing.T) {
	eachDatabase(t, func(t *testing.T, target *target) {
		if err := seedTarget(t.Context(), target, 200); err != nil {
			t.Fatal(err)
		}
		p := &plan{users: 8, duration: 2 * time.Second, spawnRate: 1000, zipf: 1.5, writeShare: 0.01, turn: 100 * time.Millisecond}
		if err := loadTarget(t.Context(), target, p); err != nil {
			t.Error(err)
		}
	})
}

// A checker that cannot fail is worth nothing: a write past the cache has to
// show.
func TestLoadFindsStaleAnswer(t *testing.T) {
	eachDatabase(t, func(t *testing.T, target *target) {
		if err := seedTarget(t.Context(), target, 20); err != nil {
			t.Fatal(err)
		}
		plain, err := target.openPlain()
		if err != nil {
			t.Fatal(err)
		}
		defer plain.db.Close()
		cached, err := target.openCached()
		if err != nil {
			t.Fatal(err)
		}
		defer cached.db.Close()
		s, err := newSide(t.Context(), "cached", cached, 0, 1)
		if err != nil {
			t.Fatal(err)
		}
		id := s.ids[0]
		s.startCounting()
		for deadline := time.Now().Add(10 * time.Second); s.hits() == 0; time.Sleep(10 * time.Millisecond) {
			if err := s.get(t.Context(), id); err != nil {
				t.Fatal(err)
			}
			if time.Now().After(deadline) {
				stats, _ := s.stats()
				t.Fatalf("no hit in 10 seconds: %+v", stats)
			}
		}
		if err := s.ledger.record(id).update(t.Context(), plain.update); err != nil {
			t.Fatal(err)
		}
		if err := s.get(t.Context(), id); !errors.Is(err, errStale) {
			t.Errorf("got %v, want a stale answer", err)
		}
	})
}

func TestHTTPAnswersShowEachWrite(t *testing.T) {
	eachDatabase(t, func(t *testing.T, target *target) {
		if err := seedTarget(t.Context(), target, 20); err != nil {
			t.Fatal(err)
		}
		list, err := target.open()
		if err != nil {
			t.Fatal(err)
		}
		defer list.db.Close()
		server := httptest.NewServer(list.handler())
		defer server.Close()
		c := client{t, server.URL}

		c.expect("POST", "/todos", `{"owner": 77, "title": "milk"}`, 201, `"id":21,`)
		c.expect("GET", "/todos/21", "", 200, `"title":"milk","done":false`)
		c.expect("PUT", "/todos/21", `{"title": "bread", "done": true}`, 204, "")
		c.expect("GET", "/todos/21", "", 200, `"title":"bread","done":true,"version":2`)
		c.expect("GET", "/todos?owner=77", "", 200, `"title":"bread"`)
		c.expect("GET", "/summary?from=77&to=77", "", 200, `{"todos":1,"open":0,"versions":2}`)
		c.expect("DELETE", "/todos/21", "", 204, "")
		c.expect("GET", "/todos/21", "", 404, "no such todo")
		c.expect("GET", "/todos?owner=77", "", 200, "[]")
		c.expect("GET", "/todos/x", "", 400, `\"x\" is not a number`)
		c.expect("POST", "/todos", `{"owner": 77}`, 400, "title")
	})
}

type client struct {
	t   *testing.T
	url string
}

// expect sends a request twice if it only reads: the second answer may come
// from the cache.
func (c client) expect(method, path, body string, status int, part string) {
	c.t.Helper()
	times := 1
	if method == "GET" {
		times = 2
	}
	for range times {
		got, text, err := c.send(method, path, body)
		if err != nil {
			c.t.Fatal(err)
		}
		if got != status || !strings.Contains(text, part) {
			c.t.Errorf("%s %s: got %d %s, want %d and %q", method, path, got, text, status, part)
		}
	}
}

func (c client) send(method, path, body string) (status int, text string, err error) {
	request, err := http.NewRequestWithContext(c.t.Context(), method, c.url+path, strings.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, "", err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	return response.StatusCode, string(answer), err
}

func TestPlaceholdersAreNumberedForPostgres(t *testing.T) {
	t.Parallel()
	got := dialects["pgx"].rebind("UPDATE t SET a = ? WHERE b = ?")
	if want := "UPDATE t SET a = $1 WHERE b = $2"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestSeedHandsTodosOutInTurn(t *testing.T) {
	t.Parallel()
	statement, args := batch(1, 3, 2)
	if want := "VALUES (?, ?, ?, ?, 1), (?, ?, ?, ?, 1), (?, ?, ?, ?, 1)"; !strings.HasSuffix(statement, want) {
		t.Errorf("got %q, want it to end with %q", statement, want)
	}
	for i, want := range []int{1, 0, 1} {
		if owner := args[4*i+1]; owner != want {
			t.Errorf("todo %d belongs to owner %v, want %d", i+1, owner, want)
		}
	}
}

func TestRatioCountsHitsAndSeesEveryWrite(t *testing.T) {
	eachDatabase(t, func(t *testing.T, target *target) {
		p := &ratioPlan{rows: 500, requests: 1000, zipf: 1.5, writes: 0.1}
		if err := seedTarget(t.Context(), target, p.rows); err != nil {
			t.Fatal(err)
		}
		list, err := target.openCached()
		if err != nil {
			t.Fatal(err)
		}
		defer list.db.Close()
		if hits, err := p.measure(t.Context(), list, target.lease, "todos"); err != nil || hits <= 0 || hits >= 1 {
			t.Errorf("hit ratio: got %v, %v", hits, err)
		}
	})
}
