package cachedsql_test

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/cachedsqltest"
	"github.com/cachedsql/cachedsql/internal/testredis"
	"github.com/cachedsql/cachedsql/redisstore"
)

const (
	shortLease = 300 * time.Millisecond
	// redisBudget is how long a statement may wait for Redis here: much longer
	// than an answer takes on a busy machine.
	redisBudget = time.Second
)

// redisPair is a pair on SQLite, whose two Caches reach a Redis of this test's
// own through a proxy.
type redisPair struct {
	*pair
	redis *testredis.Server
	proxy *proxy
}

func newRedisPair(t *testing.T, change func(*cachedsql.Config), redisArgs ...string) *redisPair {
	t.Helper()
	server := testredis.Start(t, redisArgs...)
	via := newProxy(t, server.Addr)
	return &redisPair{newPair(t, cachedsql.SQLite, redisConfig(t, "redis://"+via.addr, change)), server, via}
}

// redisConfig is a configuration whose times fit a test.
func redisConfig(t *testing.T, url string, change func(*cachedsql.Config)) cachedsql.Config {
	t.Helper()
	store, err := redisstore.Open(url, redisstore.Config{Quarantine: shortLease})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	config := cachedsql.Config{Store: store, Lease: shortLease, LookupTimeout: redisBudget, FenceInterval: 700 * time.Millisecond}
	if change != nil {
		change(&config)
	}
	return config
}

// proxy stands between a client and a server and can delay, lose or cut what
// passes.
type proxy struct {
	addr  string
	close func() // refuses connections from now on, and cuts those there are

	mu    sync.Mutex
	delay time.Duration // under mu, as all below
	mute  bool          // what the server says is lost
	held  chan struct{} // nil: what the client says passes; otherwise when this is closed
	holds int           // how often that was waited for
	cut   bool
	conns map[net.Conn]struct{}
}

func newProxy(t *testing.T, to string) *proxy {
	t.Helper()
	return newProxyAt(t, "127.0.0.1:0", to)
}

func newProxyAt(t *testing.T, addr, to string) *proxy {
	t.Helper()
	l, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{addr: l.Addr().String(), conns: map[net.Conn]struct{}{}}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			all.Go(func() { p.serve(client, to) })
		}
	})
	p.close = sync.OnceFunc(func() {
		l.Close()
		p.Cut(true)
		all.Wait()
	})
	t.Cleanup(p.close)
	return p
}

func (p *proxy) serve(client net.Conn, to string) {
	defer client.Close()
	server, err := net.Dial("tcp", to)
	if err != nil || !p.add(client, server) {
		return
	}
	defer server.Close()
	var both sync.WaitGroup
	both.Go(func() { p.pass(server, client, false) })
	p.pass(client, server, true)
	both.Wait()
}

func (p *proxy) add(conns ...net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range conns {
		p.conns[c] = struct{}{}
	}
	return !p.cut
}

func (p *proxy) pass(to, from net.Conn, answers bool) {
	buf := make([]byte, 64<<10)
	for {
		n, err := from.Read(buf)
		p.mu.Lock()
		delay, held := p.delay, p.held
		switch {
		case answers && p.mute:
			n = 0
		case !answers && held != nil:
			p.holds++
		}
		p.mu.Unlock()
		time.Sleep(delay)
		if held != nil && !answers {
			<-held
		}
		if _, werr := to.Write(buf[:n]); werr != nil || err != nil {
			to.Close()
			from.Close()
			return
		}
	}
}

// Slow makes everything arrive so much later, in both directions.
func (p *proxy) Slow(by time.Duration) {
	p.mu.Lock()
	p.delay = by
	p.mu.Unlock()
}

// Mute loses what the server says from now on.
func (p *proxy) Mute(mute bool) {
	p.mu.Lock()
	p.mute = mute
	p.mu.Unlock()
}

// Hold keeps what clients say from now on back, until it is let go: then it
// arrives, although the client may have given it up.
func (p *proxy) Hold() (letGo func()) {
	held := make(chan struct{})
	p.mu.Lock()
	p.held = held
	p.mu.Unlock()
	return sync.OnceFunc(func() {
		p.mu.Lock()
		p.held = nil
		p.mu.Unlock()
		close(held)
	})
}

// Holds reports whether anything is kept back, or was.
func (p *proxy) Holds() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.holds > 0
}

// Cut ends all connections, and new ones at once.
func (p *proxy) Cut(cut bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut = cut
	if cut {
		for c := range p.conns {
			c.Close()
		}
		clear(p.conns)
	}
}

// outages are the ways in which Redis fails, and how each ends.
var outages = []struct {
	name       string
	begin, end func(*redisPair)
	answers    bool // the store answers in it: hits may go on
	noticed    bool // lookups are answered until a probe is not
}{
	{name: "stopped", begin: func(p *redisPair) { p.redis.Kill() }, end: func(p *redisPair) { p.redis.Run(p) }},
	{name: "paused", begin: func(p *redisPair) { p.redis.Pause(p) }, end: func(p *redisPair) { p.redis.Resume(p) }},
	{name: "slow", begin: func(p *redisPair) { p.proxy.Slow(2 * redisBudget) }, end: func(p *redisPair) { p.proxy.Slow(0) }},
	{name: "cut off", begin: func(p *redisPair) { p.proxy.Cut(true) }, end: func(p *redisPair) { p.proxy.Cut(false) }},
	{name: "a replica", begin: func(p *redisPair) { p.redis.Do(p, "replicaof", "127.0.0.1", "1") }, end: func(p *redisPair) { p.redis.Do(p, "replicaof", "no", "one") }},
	{name: "no permission", begin: func(p *redisPair) { p.redis.Do(p, "acl", "setuser", "default", "-evalsha", "-eval") }, end: func(p *redisPair) { p.redis.Do(p, "acl", "setuser", "default", "+@all") }, noticed: true},
	{name: "out of memory", begin: func(p *redisPair) { p.redis.Do(p, "config", "set", "maxmemory", "1") }, end: func(p *redisPair) { p.redis.Do(p, "config", "set", "maxmemory", "0") }, answers: true},
	{name: "emptied", begin: func(p *redisPair) { p.redis.Do(p, "flushall") }, end: func(p *redisPair) {}, answers: true},
}

func TestStatementsGoOnWithoutRedis(t *testing.T) {
	t.Parallel()
	for _, o := range outages {
		t.Run(o.name, func(t *testing.T) {
			t.Parallel()
			p := newRedisPair(t, nil)
			p.a.warm(allItems)
			p.b.warm(allItems)
			o.begin(p)
			if o.noticed {
				p.waitUntilNoHits()
			}
			p.wantUnhurried("in the outage", o.answers)
			// Both have seen it; one writes.
			for range 3 {
				p.exec(p.a.db, raise)
				tx, err := p.a.db.Begin()
				if err != nil {
					p.Fatal(err)
				}
				p.exec(tx, raise)
				if err := tx.Commit(); err != nil {
					p.Fatal(err)
				}
				p.wantFresh(allItems)
			}
			o.end(p)
			p.wantFreshUntilHit()
		})
	}
}

// waitUntilNoHits reads until neither handle serves hits any more.
func (p *redisPair) waitUntilNoHits() {
	p.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for _, h := range []*handle{p.a, p.b} {
		for _, did := h.read(allItems); did == "hit"; _, did = h.read(allItems) {
			if time.Now().After(deadline) {
				p.Fatal("hits go on in the outage")
			}
			time.Sleep(10 * time.Millisecond)
		}
	}
}

// wantUnhurried reads and compares what the cache adds to a statement: at most
// one budget, once, and after that next to nothing, or what a lookup takes where
// the store answers.
func (p *redisPair) wantUnhurried(when string, answers bool) {
	p.Helper()
	const n = 100
	var cached, bare, pings []time.Duration
	var ping func()
	if answers {
		client := p.redis.Client(p)
		ping = func() { client.Ping(p.Context()) }
	}
	for range n {
		if answers {
			pings = append(pings, took(ping))
		}
		for _, h := range []*handle{p.a, p.b} {
			cached = append(cached, took(func() { h.read(allItems) }))
		}
		bare = append(bare, took(func() { answer(p.Context(), p.bare, allItems) }))
	}
	slow := slices.DeleteFunc(slices.Clone(cached), func(d time.Duration) bool { return d < redisBudget*9/10 })
	if len(slow) > 4 && !answers { // two handles, and a lookup that the heartbeat has only just allowed
		p.Errorf("%s: %d of %d reads took a budget: %v", when, len(slow), len(cached), slow)
	}
	// What each has to wait for, the quickest of ten has to wait for, too; what
	// it takes beside is least in doubt there.
	slices.Sort(cached)
	slices.Sort(bare)
	quick, quickBare := cached[len(cached)/10], bare[n/10]
	p.Logf("%s: slowest %v, quickest tenth %v, without a cache %v", when, cached[len(cached)-1], quick, quickBare)
	added, limit := quick-quickBare, time.Millisecond+3*quickBare
	if answers { // some round trips, on a machine that may be busy
		slices.Sort(pings)
		limit += 20*time.Millisecond + 5*pings[n/10]
	}
	if added > limit {
		p.Errorf("%s: a read takes %v longer, want less than %v", when, added, limit)
	}
}

func took(f func()) time.Duration {
	started := time.Now()
	f()
	return time.Since(started)
}

// wantFreshUntilHit reads until both handles serve hits again. No answer on
// the way may be older than what has been written.
func (p *redisPair) wantFreshUntilHit() {
	p.Helper()
	want := answer(p.Context(), p.bare, allItems)
	hits := map[*handle]bool{}
	for deadline := time.Now().Add(time.Minute); len(hits) < 2; time.Sleep(2 * time.Millisecond) {
		for _, h := range []*handle{p.a, p.b} {
			got, did := h.read(allItems)
			if got != want {
				p.Fatalf("after the outage: got %q (%s), want %q", got, did, want)
			}
			if did == "hit" {
				hits[h] = true
			}
		}
		if time.Now().After(deadline) {
			p.Fatalf("no hits after the outage: %s %s", p.a.rec.LastRead(), p.b.rec.LastRead())
		}
	}
}

func TestResultsThatDoNotFitAreToldAsSuch(t *testing.T) {
	t.Parallel()
	var log lockedBuffer
	p := newRedisPair(t, func(c *cachedsql.Config) { c.Logger = slog.New(slog.NewTextHandler(&log, nil)) })
	p.a.warm(allItems)
	p.redis.Do(p, "config", "set", "maxmemory", "1")
	// The second is not even sent: a store without room is left alone.
	for _, n := range []string{"1", "2"} {
		answer(p.Context(), p.a.db, "SELECT price + "+n+" FROM items")
		cachedsqltest.Wait(t, p.a.cache)
	}
	full := 0
	for _, e := range p.a.rec.Events() {
		if e.Outcome != cachedsql.NotFilled {
			continue
		}
		if full++; e.Reason.String() != "store_full" || e.QueryID == "" || e.Rule == "" {
			t.Errorf("got reason %s, query %q, rule %q; want store_full of a query and a rule", e.Reason, e.QueryID, e.Rule)
		}
	}
	if want := "store is full, results are not stored"; full != 2 || strings.Count(log.String(), want) != 1 {
		t.Errorf("%d results not stored, want 2; and once in the log: %s", full, log.String())
	}
	q := p.a.cache.Queries()
	if i := slices.IndexFunc(q, func(q cachedsql.QueryStats) bool { return q.NotFilledByReason["store_full"] == 2 }); i < 0 {
		t.Errorf("not in the figures of the query: %+v", q)
	}
}

func TestRedisThatIsAbsentAtTheStartIsUsedWhenItComes(t *testing.T) {
	t.Parallel()
	server := testredis.Start(t)
	server.Kill()
	p := &redisPair{pair: newPair(t, cachedsql.SQLite, redisConfig(t, server.URL(), nil))}
	p.wantUnhurried("without a Redis", false)
	all := took(func() {
		for range 20 {
			p.exec(p.a.db, raise)
		}
	})
	if each := all / 20; each > redisBudget/4 {
		t.Errorf("a write takes %v: each waits for the store", each)
	}
	p.wantFresh(allItems)
	server.Run(t)
	p.wantFreshUntilHit()
}

func TestRedisRestartedWithOldDataServesNoneOfIt(t *testing.T) {
	t.Parallel()
	p := newRedisPair(t, nil)
	p.a.warm(allItems)
	p.b.warm(allItems)
	p.redis.Do(t, "save")
	p.exec(p.a.db, raise) // the snapshot knows nothing of it
	p.a.warm(allItems)
	p.redis.Kill()
	p.redis.Run(t)
	p.wantFreshUntilHit()
}

// Another process may have sent a probe the moment before Redis came back, and
// waits for its answer as long as it may before it sends the next and announces
// what it wrote.
func TestNoHitAfterAnOutageBeforeOthersCanHaveNoticed(t *testing.T) {
	for name, c := range map[string]struct{ budget, fence, want time.Duration }{
		"the interval":       {50 * time.Millisecond, time.Second, time.Second},
		"longer than that":   {3 * time.Second, 700 * time.Millisecond, 3500 * time.Millisecond},
		"shorter than sense": {50 * time.Millisecond, time.Millisecond, 550 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				store := &plantingStore{Store: cachedsql.NewMemoryStore(cachedsql.MemoryConfig{})}
				inner := newReadyDriver(1)
				cache, rec := cachedsqltest.New(t, cachedsqltest.Everything, func(config *cachedsql.Config) {
					config.Namespace, config.Store, config.LookupTimeout, config.FenceInterval = "fence", store, c.budget, c.fence
				})
				reader := &crowd{T: t, inner: inner, cache: cache, rec: rec, db: cache.OpenDB(inner)}
				t.Cleanup(func() { reader.db.Close() })
				reader.want("miss")
				cachedsqltest.Wait(t, cache)
				reader.want("hit")
				store.down.Store(true)
				eventually(t, "it is noticed", func() bool { return cache.Stats().StoreDown })
				time.Sleep(time.Second)
				store.down.Store(false)
				eventually(t, "and that it is over", func() bool { return !cache.Stats().StoreDown })
				back := time.Now()
				hit := func() bool {
					rec.Reset()
					_, _ = reader.read(t.Context())
					return rec.LastRead() == "hit"
				}
				for !hit() && time.Since(back) < time.Minute {
					time.Sleep(10 * time.Millisecond)
				}
				if got := time.Since(back); got < c.want-2*time.Millisecond || got > c.want+12*time.Millisecond {
					t.Errorf("a hit after %v, want it after %v", got, c.want)
				}
			})
		})
	}
}

func TestRefusedWriteHasNotHappened(t *testing.T) {
	t.Parallel()
	p := newRedisPair(t, func(c *cachedsql.Config) { c.OnCacheDown = cachedsql.Refuse })
	p.a.warm(allItems)
	before := answer(t.Context(), p.bare, allItems)
	open, err := p.a.db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	p.exec(open, raise)
	p.redis.Pause(t)
	wantRefused := func(what string, err error) {
		t.Helper()
		if !errors.Is(err, cachedsql.ErrCacheDown) || !strings.Contains(err.Error(), "refused") {
			t.Errorf("%s: got error %v, want one that wraps ErrCacheDown and says refused", what, err)
		}
	}
	wantRefused("commit", open.Commit())
	_, err = p.a.db.Exec(raise)
	wantRefused("write", err)
	var id int
	wantRefused("write with rows", p.a.db.QueryRow("INSERT INTO items VALUES (9, 'x', 1) RETURNING id").Scan(&id))
	if got := answer(t.Context(), p.bare, allItems); got != before {
		t.Errorf("got %q, want %q: nothing written", got, before)
	}
	if got, _ := p.a.read(allItems); got != before {
		t.Errorf("read: got %q, want %q", got, before)
	}
	p.redis.Resume(t)
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if _, err = p.a.db.Exec(raise); err == nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("write after the outage: %v", err)
		}
	}
	p.wantFreshUntilHit()
}

func TestUnusableEntriesAreMisses(t *testing.T) {
	t.Parallel()
	p := newRedisPair(t, nil)
	client := p.redis.Client(t)
	damage := map[string]func([]byte) []byte{
		"empty":          func([]byte) []byte { return nil },
		"truncated":      func(e []byte) []byte { return e[:len(e)/2] },
		"header alone":   func(e []byte) []byte { return e[:20] },
		"foreign":        func([]byte) []byte { return []byte("{\"rows\": []}") },
		"future version": func(e []byte) []byte { e[3]++; return e },
		"unknown flags":  func(e []byte) []byte { e[4] = 0xff; return e },
		"a bit flipped":  func(e []byte) []byte { e[len(e)-8] ^= 1; return e },
		"longer":         func(e []byte) []byte { return append(e, 0) },
	}
	for name, harm := range damage {
		p.a.warm(allItems)
		cachedWait(t, p.a)
		keys, err := client.Keys(t.Context(), "*").Result()
		if err != nil {
			t.Fatal(err)
		}
		harmed := 0
		for _, key := range keys {
			entry, err := client.Get(t.Context(), key).Bytes()
			if err != nil || !strings.HasPrefix(string(entry), "csq") {
				continue
			}
			harmed++
			if err := client.Set(t.Context(), key, harm(entry), time.Hour).Err(); err != nil {
				t.Fatal(err)
			}
		}
		corrupt := p.a.rec.Count(cachedsql.Corrupt)
		want := answer(t.Context(), p.bare, allItems)
		if got, did := p.a.read(allItems); got != want || did != "miss" || harmed == 0 {
			t.Errorf("%s: got %q (%s) with %d entries harmed, want %q (miss)", name, got, did, harmed, want)
		}
		if n := p.a.rec.Count(cachedsql.Corrupt) - corrupt; n != 1 {
			t.Errorf("%s: got %d events of a corrupt entry, want 1", name, n)
		}
		client.Del(t.Context(), keys...)
	}
}

func cachedWait(t *testing.T, h *handle) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if err := h.cache.Wait(ctx); err != nil {
		t.Fatal(err)
	}
}

func TestCancelledStatementReturnsAtOnce(t *testing.T) {
	t.Parallel()
	p := newRedisPair(t, func(c *cachedsql.Config) { c.LookupTimeout = 10 * time.Second })
	p.a.warm(allItems)
	before := answer(t.Context(), p.bare, allItems)
	p.redis.Pause(t)
	for name, run := range map[string]func(context.Context) error{
		"lookup": func(ctx context.Context) error {
			_, err := p.a.db.QueryContext(ctx, allItems)
			return err
		},
		"write": func(ctx context.Context) error {
			_, err := p.a.db.ExecContext(ctx, raise)
			return err
		},
		"write with rows": func(ctx context.Context) error {
			var id int
			return p.a.db.QueryRowContext(ctx, "UPDATE items SET price = 0 RETURNING id").Scan(&id)
		},
		"invalidate": func(ctx context.Context) error { return p.a.cache.Invalidate(ctx, "items") },
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
		var err error
		if d := took(func() { err = run(ctx) }); d > 8*time.Second {
			t.Errorf("%s: returned after %v", name, d)
		}
		cancel()
		if !errors.Is(err, context.DeadlineExceeded) && (err == nil || name != "invalidate") {
			t.Errorf("%s: got %v, want the context's error", name, err)
		}
	}
	if got := answer(t.Context(), p.bare, allItems); got != before {
		t.Errorf("got %q, want %q: nothing written", got, before)
	}
	p.redis.Resume(t)
	p.wantFreshUntilHit()
}

func TestResultsOverTheLimitsReachTheCallerWhole(t *testing.T) {
	t.Parallel()
	p := newRedisPair(t, nil)
	p.exec(p.bare, "CREATE TABLE wide (id INTEGER PRIMARY KEY, v TEXT)",
		"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000) INSERT INTO wide SELECT i, hex(zeroblob(8192)) FROM n")
	for rule, want := range map[string]cachedsql.Reason{
		"{name: rows, ttl: 1h, max_rows: 10}":                       reasonOf(t, "too_many_rows"),
		"{name: bytes, ttl: 1h, max_rows: 10000, max_bytes: 64KiB}": reasonOf(t, "too_large"),
	} {
		rules, err := cachedsql.ParseRules("rules", []byte("version: 1\nrules:\n  - "+rule+"\n"))
		if err != nil {
			t.Fatal(err)
		}
		p.a.cache.SetRules(rules)
		p.exec(p.a.db, "UPDATE wide SET id = id WHERE id = 1")
		stored := 0
		for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
			p.a.rec.Reset()
			if n := countRows(t, p.a.db, "SELECT id, v FROM wide"); n != 2000 {
				t.Fatalf("%s: got %d rows, want 2000", rule, n)
			}
			if p.a.rec.LastRead() == "miss" {
				break
			}
		}
		cachedWait(t, p.a)
		var why cachedsql.Reason
		for _, e := range p.a.rec.Events() {
			switch e.Outcome {
			case cachedsql.Filled:
				stored++
			case cachedsql.NotFilled:
				why = e.Reason
			}
		}
		if stored != 0 || why != want {
			t.Errorf("%s: stored %d times, not stored for %q, want %q", rule, stored, why, want)
		}
	}
}

func reasonOf(t *testing.T, word string) cachedsql.Reason {
	t.Helper()
	for r := cachedsql.Reason(0); r < 255; r++ {
		if r.String() == word {
			return r
		}
	}
	t.Fatalf("no reason %q", word)
	return 0
}

func countRows(t *testing.T, db *sql.DB, query string) (n int) {
	t.Helper()
	rows, err := db.Query(query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		n++
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return n
}
