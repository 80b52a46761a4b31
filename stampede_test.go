package cachedsql_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/cachedsqltest"
	"github.com/cachedsql/cachedsql/redisstore"
)

// The test program runs itself again as a process that reads, told so by this
// variable: a URL of Redis, a space, a namespace.
const readerVariable = "CACHEDSQL_TEST_READER"

const readersPerProcess = 250

func TestMain(m *testing.M) {
	if env := os.Getenv(readerVariable); env != "" {
		if err := readAsAProcess(env); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// readAsAProcess reads one row by many goroutines at once, as soon as it is
// told to, and prints how often its database was asked.
func readAsAProcess(env string) error {
	url, namespace, _ := strings.Cut(env, " ")
	store, err := redisstore.Open(url, redisstore.Config{Quarantine: 20 * time.Millisecond})
	if err != nil {
		return err
	}
	defer store.Close()
	rules, err := cachedsql.ParseRules("rules", []byte("version: 1\nrules:\n  - {name: all, ttl: 1h, fill_wait: 10s}\n"))
	if err != nil {
		return err
	}
	cache, err := cachedsql.New(cachedsql.Config{
		Store: store, Namespace: namespace, Rules: rules, Lease: 20 * time.Millisecond, LookupTimeout: 10 * time.Second,
		Adapter: cachedsql.Adapter{Variant: "the same"},
	})
	if err != nil {
		return err
	}
	defer cache.Close()
	inner := newReadyDriver(1)
	db := cache.OpenDB(inner)
	defer db.Close()
	c := &crowd{inner: inner, cache: cache, db: db}
	const other = benchQuery + " AND 1 = 1"
	for deadline := time.Now().Add(20 * time.Second); cache.Stats().Hits == 0; time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			return errors.New("the namespace does not settle")
		}
		if _, err := c.readText(context.Background(), other); err != nil {
			return err
		}
	}
	inner.took = 50 * time.Millisecond
	before := inner.asked.Load()
	fmt.Println("ready")
	if _, err := bufio.NewReader(os.Stdin).ReadString('\n'); err != nil {
		return err
	}
	errs := make([]error, readersPerProcess)
	var done sync.WaitGroup
	for i := range errs {
		done.Go(func() { _, errs[i] = c.readText(context.Background(), benchQuery) })
	}
	done.Wait()
	fmt.Println(inner.asked.Load() - before)
	return errors.Join(errs...)
}

// reader is such a process.
type reader struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

func startReader(t *testing.T, env string) *reader {
	t.Helper()
	r := &reader{cmd: exec.Command(os.Args[0])}
	r.cmd.Env = append(os.Environ(), readerVariable+"="+env)
	r.cmd.Stderr = os.Stderr
	in, err := r.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := r.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.Close(); _ = r.cmd.Wait() }) // it ends with its input
	r.in, r.out = in, bufio.NewReader(out)
	return r
}

func (r *reader) line(t *testing.T) string {
	t.Helper()
	line, err := r.out.ReadString('\n')
	if err != nil {
		t.Fatalf("a reading process: %v", err)
	}
	return strings.TrimSpace(line)
}

func TestThousandReadersInFourOSProcessesAskTheDatabaseOnce(t *testing.T) {
	t.Parallel()
	env := testRedisURL(t) + " " + databaseName()
	var readers []*reader
	for range 4 {
		readers = append(readers, startReader(t, env))
	}
	for _, r := range readers {
		if got := r.line(t); got != "ready" {
			t.Fatalf("got %q", got)
		}
	}
	for _, r := range readers {
		if _, err := io.WriteString(r.in, "go\n"); err != nil {
			t.Fatal(err)
		}
	}
	total := 0
	for _, r := range readers {
		var n int
		if _, err := fmt.Sscan(r.line(t), &n); err != nil {
			t.Fatal(err)
		}
		total += n
		if err := r.cmd.Wait(); err != nil {
			t.Error(err)
		}
	}
	if total != 1 {
		t.Errorf("%d readers in %d processes asked the database %d times, want once", 4*readersPerProcess, 4, total)
	}
}

// One that waits for another process may give up, and nobody else notices.
func TestWaiterForAnotherProcessKeepsItsOwnDeadline(t *testing.T) {
	t.Parallel()
	inner := newReadyDriver(1)
	dbs := processes(t, 2, "version: 1\nrules:\n  - {name: all, ttl: 1h, fill_wait: 10s}\n", inner)
	before, came, release := begun()
	first := inner.asked.Load()
	inner.before = func(ctx context.Context, n int64) error { return before(ctx, n-first) }
	defer release()
	leader := make(chan struct{})
	go func() { defer close(leader); newThing(benchQuery, 1).read(t, dbs[0]) }()
	<-came
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	if _, err := dbs[1].QueryContext(ctx, benchQuery, int64(7)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want its own deadline", err)
	}
	waiter := make(chan struct{})
	go func() { defer close(waiter); newThing(benchQuery, 1).read(t, dbs[1]) }()
	release()
	<-leader
	<-waiter
	if got := inner.asked.Load() - first; got != 1 {
		t.Errorf("the database was asked %d times, want once", got)
	}
}

// A store that takes nothing fills the queue; the results over it are dropped
// and counted, and no reader waits.
func TestFillsOverTheQueueAreDroppedAndCounted(t *testing.T) {
	t.Parallel()
	held := make(chan struct{})
	store := &heldStore{Store: cachedsql.NewMemoryStore(cachedsql.MemoryConfig{}), held: held}
	cache, rec := cachedsqltest.New(t, cachedsqltest.Everything, func(c *cachedsql.Config) {
		c.Namespace, c.Store, c.FillQueue, c.LookupTimeout = "held", store, 3, 10*time.Second
	})
	db := cache.OpenDB(newReadyDriver(1))
	defer db.Close()
	const reads, workers = 50, 4
	for i := range reads {
		th := newThing(benchQuery, 1)
		th.arg = int64(i)
		th.read(t, db)
	}
	if n := rec.Count(cachedsql.NotFilled); n < reads-3-workers {
		t.Errorf("%d results dropped, want at least %d", n, reads-3-workers)
	}
	if n := cache.Stats().NotFilledByReason["fill_dropped"]; int(n) != rec.Count(cachedsql.NotFilled) {
		t.Errorf("%d counted as fill_dropped, want %d", n, rec.Count(cachedsql.NotFilled))
	}
	close(held)
	cachedsqltest.Wait(t, cache)
	if n := rec.Count(cachedsql.Filled) + rec.Count(cachedsql.NotFilled); n != reads {
		t.Errorf("%d of %d results are accounted for", n, reads)
	}
}

// heldStore stores nothing until it is let go.
type heldStore struct {
	cachedsql.Store
	held chan struct{}
}

func (s *heldStore) Space(namespace string) cachedsql.Space {
	return heldSpace{s.Store.Space(namespace), s.held}
}

type heldSpace struct {
	cachedsql.Space
	held chan struct{}
}

func (s heldSpace) Fill(ctx context.Context, key cachedsql.Key, entry []byte, ttl time.Duration) error {
	<-s.held
	return s.Space.Fill(ctx, key, entry, ttl)
}
