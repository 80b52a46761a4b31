package main

import (
	"bytes"
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/internal/testredis"
	"github.com/cachedsql/cachedsql/redisstore"
)

// shared is a buffer that one goroutine writes and another reads.
type shared struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *shared) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *shared) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// openStore is a store that a program would have.
func openStore(t *testing.T, server *testredis.Server) *redisstore.Store {
	t.Helper()
	store, err := redisstore.Open(server.URL(), redisstore.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	return store
}

func TestWatchPrintsWhatComesAndGoesOnAfterAnOutage(t *testing.T) {
	t.Parallel()
	server := testredis.Start(t)
	store := openStore(t, server)
	tell := func(kind, message string, tables map[string]int64) {
		t.Helper()
		e := cachedsql.StreamEvent{Kind: kind, Host: "web-1", PID: 7, Message: message, Tables: tables, Count: 1}
		if err := store.AppendEvents(t.Context(), []cachedsql.StreamEvent{e}); err != nil {
			t.Fatal(err)
		}
	}
	tell(cachedsql.StreamNote, "before", nil)

	var out, errs shared
	root := newRoot()
	root.SetArgs([]string{"watch", "--redis", server.URL(), "--timeout", "500ms", "--kind", "note,invalidate"})
	root.SetOut(&out)
	root.SetErr(&errs)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- root.ExecuteContext(ctx) }()
	seen := func(b *shared, text string) {
		t.Helper()
		for deadline := time.Now().Add(15 * time.Second); !strings.Contains(b.String(), text); time.Sleep(20 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("no %q in:\n%s%s", text, &out, &errs)
			}
		}
	}
	seen(&out, "before")
	tell(cachedsql.StreamStarted, "", nil) // not asked for
	tell(cachedsql.StreamInvalidated, "", map[string]int64{"public.items": 1, "public.orders": 12})
	seen(&out, "public.orders (12), public.items")
	server.Kill()
	seen(&errs, "cachedsql: redis")
	server.Run(t)
	seen(&errs, "answers again")
	tell(cachedsql.StreamNote, "afterwards", nil)
	seen(&out, "afterwards")
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("interrupted: %v", err)
	}
	if got := out.String(); strings.Contains(got, "started") || strings.Count(got, "before") != 1 {
		t.Errorf("got:\n%s", got)
	}
}

func TestTablesListsWhoInvalidatesWhat(t *testing.T) {
	t.Parallel()
	url, store := reporting(t)
	r := &cachedsql.Report{
		Instance: cachedsql.Instance{ID: "w", Host: "web-3", Breaker: "closed", Interval: time.Minute, Reported: time.Now()},
		Tables:   []cachedsql.TableStats{{Table: "public.items", Invalidations: 5, ByKey: 3, LastInvalidated: time.Now()}},
		Queries: []cachedsql.QueryStats{
			{QueryID: "cccccccccccccccc", Calls: 10, Hits: 8, Misses: 2, Tables: []string{"public.items"}},
			{QueryID: "dddddddddddddddd", Calls: 5, Invalidations: 5, Tables: []string{"public.items"}, Writes: []string{"public.items"}},
		},
	}
	if err := store.Report(t.Context(), r, r.Instance.ReportTTL()); err != nil {
		t.Fatal(err)
	}
	out := mustRun(t, "tables", "--redis", url)
	for line := range strings.Lines(out) {
		if f := strings.Fields(line); f[0] == "public.items" {
			f[3] = "" // the time since
			if got, want := strings.Join(f, " "), "public.items 5 3  10 80% 0 dddddddddddddddd"; got != want {
				t.Errorf("got %q, want %q", got, want)
			}
			return
		}
	}
	t.Errorf("no line for the table in:\n%s", out)
}
