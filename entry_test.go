package cachedsql_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/cachedsqltest"
)

func entryKey(t testing.TB, b byte) cachedsql.EntryKey {
	t.Helper()
	k, err := cachedsql.NewEntryKey(bytes.Repeat([]byte{b, b + 1}, 16))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// attack is somebody who can do to a store what he likes: readers get the
// entry that he has put under their key, under any version that he likes.
type attack struct {
	mu     sync.Mutex
	vector cachedsql.Vector
	forged map[cachedsql.Key][]byte // nil until he has one
	hidden int                      // from how many reads it is hidden
}

// plant is a store that keeps what it is given for the attack.
type plant struct {
	cachedsql.Store
	*attack
	prefix string
}

func (p plant) KeyPrefix() string { return p.prefix }
func (p plant) Space(name string) cachedsql.Space {
	return plantSpace{p.Store.Space(name), p.attack}
}

type plantSpace struct {
	cachedsql.Space
	*attack
}

func (p plantSpace) Read(ctx context.Context, key cachedsql.Key, tags cachedsql.TagSet, buf []byte) (cachedsql.Reading, error) {
	r, err := p.Space.Read(ctx, key, tags, buf)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.vector = r.Vector
	return r, err
}

func (p plantSpace) Fill(_ context.Context, key cachedsql.Key, entry []byte, _ time.Duration) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.forged = map[cachedsql.Key][]byte{key: bytes.Clone(entry)}
	return nil
}

// victim is a store that he has got at.
type victim struct {
	cachedsql.Store
	*attack
}

func (v victim) KeyPrefix() string                 { return "cachedsql" }
func (v victim) Space(name string) cachedsql.Space { return victimSpace{v.Store.Space(name), v.attack} }

type victimSpace struct {
	cachedsql.Space
	*attack
}

func (v victimSpace) Read(ctx context.Context, key cachedsql.Key, tags cachedsql.TagSet, buf []byte) (cachedsql.Reading, error) {
	r, err := v.Check(ctx, tags)
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.hidden--; v.hidden < 0 {
		r.Entry = bytes.Clone(v.forged[key])
	}
	return r, err
}

func (v victimSpace) Check(ctx context.Context, tags cachedsql.TagSet) (cachedsql.Reading, error) {
	r, err := v.Space.Check(ctx, tags)
	v.mu.Lock()
	defer v.mu.Unlock()
	r.Vector = v.vector
	return r, err
}

// Claim says that somebody else computes the result already.
func (v victimSpace) Claim(context.Context, cachedsql.Key, cachedsql.Vector, time.Duration) (bool, error) {
	return false, nil
}

// road is a way from the store to a caller.
type road struct {
	rule     string
	near     bool
	hidden   int
	wait     time.Duration
	compared bool // the answer is the database's, and the entry only compared with it
}

var roads = map[string]road{
	"hit":                    {rule: "ttl: 1h"},
	"near":                   {rule: "ttl: 1h", near: true},
	"another process's":      {rule: "ttl: 1h, fill_wait: 5s", hidden: 1},
	"stale while revalidate": {rule: "ttl: 20ms, stale_while_revalidate: 1h", wait: 30 * time.Millisecond},
	"refresh ahead":          {rule: "ttl: 1h, refresh_ahead: 1"},
	"shadow":                 {rule: "ttl: 1h, mode: shadow", compared: true},
	"verify":                 {rule: "ttl: 1h, verify: 100%", compared: true},
}

const (
	genuineID = 1000
	forgedID  = 666
)

// reader is a process that reads one row, whose first column is id.
func (r *road) reader(t *testing.T, id int64, change func(*cachedsql.Config)) *crowd {
	t.Helper()
	c := &crowd{T: t, inner: newReadyDriver(1)}
	c.inner.rows[0][0] = id
	rules := "version: 1\nrules:\n  - {name: all, jitter: 0, " + r.rule + "}\n"
	c.cache, c.rec = cachedsqltest.New(t, rules, func(c *cachedsql.Config) {
		c.Namespace, c.LookupTimeout, c.Logger = "shop", 20*time.Second, slog.New(slog.DiscardHandler)
		c.Adapter.Variant = "the same"
		if r.near {
			c.NearBytes = 1 << 20
		}
		change(c)
	})
	c.db = c.cache.OpenDB(c.inner)
	t.Cleanup(func() { c.db.Close() })
	return c
}

// succeeds has a forged entry made by a process, put before another, and
// reports whether that serves it, or takes it for what the cache would serve.
func (r *road) succeeds(t *testing.T, forger, reader func(*cachedsql.Config), prefix string) (bool, *crowd) {
	t.Helper()
	a := &attack{hidden: r.hidden}
	store := cachedsql.NewMemoryStore(cachedsql.MemoryConfig{})
	his := r.reader(t, forgedID, func(c *cachedsql.Config) {
		c.Store = plant{store, a, prefix}
		forger(c)
	})
	if _, err := his.read(t.Context()); err != nil {
		t.Fatal(err)
	}
	cachedsqltest.Wait(t, his.cache)
	if a.forged == nil {
		t.Fatalf("the forger stored nothing:\n%s", his.rec)
	}
	ours := r.reader(t, genuineID, func(c *cachedsql.Config) {
		c.Store = victim{store, a}
		reader(c)
	})
	time.Sleep(r.wait)
	served := false
	for range 5 {
		id, err := ours.read(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		served = served || id == forgedID
	}
	cachedsqltest.Wait(t, ours.cache)
	return served || ours.cache.Stats().Different > 0, ours
}

// On each way on which an entry comes to a caller, one that somebody else has
// made is served without keys, and refused with them.
func TestForgedEntryIsRefusedOnEveryRoad(t *testing.T) {
	t.Parallel()
	unprotected := func(*cachedsql.Config) {}
	keyed := func(p cachedsql.EntryProtection, key byte) func(*cachedsql.Config) {
		return func(c *cachedsql.Config) {
			c.EntryKeys, c.EntryProtection = []cachedsql.EntryKey{entryKey(t, key)}, p
		}
	}
	elsewhere := func(p cachedsql.EntryProtection) func(*cachedsql.Config) {
		return func(c *cachedsql.Config) { keyed(p, 1)(c); c.Namespace = "another tenant" }
	}
	for name, r := range roads {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if ok, c := r.succeeds(t, unprotected, unprotected, "cachedsql"); !ok {
				t.Fatalf("the attack does not succeed without keys, and so shows nothing:\n%s", c.rec)
			}
			for _, p := range []cachedsql.EntryProtection{cachedsql.Encrypt, cachedsql.Authenticate} {
				if ok, c := r.succeeds(t, keyed(p, 1), keyed(p, 1), "cachedsql"); !ok {
					t.Fatalf("%v: an entry of the same key is not served:\n%s", p, c.rec)
				}
				for how, forger := range map[string]func(*cachedsql.Config){
					"unprotected": unprotected, "with another key": keyed(p, 2), "of another tenant": elsewhere(p),
				} {
					r.mustRefuse(t, fmt.Sprint(p, ", ", how), forger, keyed(p, 1), "cachedsql")
				}
				r.mustRefuse(t, fmt.Sprint(p, ", of another prefix"), keyed(p, 1), keyed(p, 1), "staging")
				r.mustRefuse(t, fmt.Sprint(p, ", by a reader without keys"), keyed(p, 1), unprotected, "cachedsql")
			}
		})
	}
}

func (r *road) mustRefuse(t *testing.T, how string, forger, reader func(*cachedsql.Config), prefix string) {
	t.Helper()
	ok, c := r.succeeds(t, forger, reader, prefix)
	if ok {
		t.Errorf("%s: served:\n%s", how, c.rec)
	}
	stats := c.cache.Stats()
	if stats.Unauthentic == 0 || stats.Corrupt != 0 || stats.StoreFailures != 0 {
		t.Errorf("%s: %d unauthentic, %d corrupt, %d store failures", how, stats.Unauthentic, stats.Corrupt, stats.StoreFailures)
	}
	for _, e := range c.rec.Events() {
		if e.Outcome == cachedsql.Unauthentic && (e.Err == nil || e.QueryID == "" || e.Rule != "all") {
			t.Errorf("%s: event %+v", how, e)
		}
	}
}

// protected is a pair on a Redis of its own, with what can be seen there.
type protected struct {
	*redisPair
	raw *redis.Client
}

func newProtected(t *testing.T, change func(*cachedsql.Config)) *protected {
	t.Helper()
	p := newRedisPair(t, func(c *cachedsql.Config) {
		c.EntryKeys, c.LookupTimeout = []cachedsql.EntryKey{entryKey(t, 1)}, 10*time.Second
		c.Logger, c.ReportInterval = slog.New(slog.DiscardHandler), -1
		if change != nil {
			change(c)
		}
	})
	return &protected{p, p.redis.Client(t)}
}

// entries are the keys of all entries there are.
func (p *protected) entries() []string {
	p.Helper()
	keys, err := p.raw.Keys(p.Context(), "cachedsql:*:e2:*").Result()
	if err != nil {
		p.Fatal(err)
	}
	slices.Sort(keys)
	return keys
}

const chairPrice = "SELECT price FROM items WHERE id = 2"

func TestChangedAndSwappedEntriesInRedisAreMisses(t *testing.T) {
	t.Parallel()
	for _, protection := range []cachedsql.EntryProtection{cachedsql.Encrypt, cachedsql.Authenticate} {
		p := newProtected(t, func(c *cachedsql.Config) { c.EntryProtection = protection })
		p.a.warm(lampPrice)
		p.a.warm(chairPrice)
		keys := p.entries()
		if len(keys) != 2 {
			t.Fatalf("entries %q, want two", keys)
		}
		swap := func() {
			for _, pair := range [][2]string{{keys[0], "x"}, {keys[1], keys[0]}, {"x", keys[1]}} {
				if err := p.raw.Rename(t.Context(), pair[0], pair[1]).Err(); err != nil {
					t.Fatal(err)
				}
			}
		}
		change := func() {
			for _, key := range keys {
				if err := p.raw.SetRange(t.Context(), key, 60, "!").Err(); err != nil {
					t.Fatal(err)
				}
			}
		}
		for name, harm := range map[string]func(){"swapped": swap, "changed": change} {
			before := p.b.cache.Stats().Unauthentic
			harm()
			p.wantFresh(lampPrice)
			p.wantFresh(chairPrice)
			if n := p.a.cache.Stats().Unauthentic + p.b.cache.Stats().Unauthentic - before; n < 2 {
				t.Errorf("%v, %s: %d entries refused, want at least one of each query", protection, name, n)
			}
			p.a.warm(lampPrice)
			p.a.warm(chairPrice)
		}
	}
}

// An old answer of the same query, put back with everything that was in Redis
// when it was right, is served. Keys do not help against that, as
// docs/security.md says; that it ends with the TTL, internal/seal shows.
func TestOldAnswerPutBackWithItsTagsIsServed(t *testing.T) {
	t.Parallel()
	p := newProtected(t, nil)
	p.a.warm(lampPrice)
	old := map[string]string{}
	keys, err := p.raw.Keys(t.Context(), "*").Result()
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range keys {
		if dump, err := p.raw.Dump(t.Context(), key).Result(); err == nil {
			old[key] = dump
		}
	}
	p.exec(p.a.db, "UPDATE items SET price = 41 WHERE id = 1")
	if got := p.b.one(lampPrice); got != "41" {
		t.Fatalf("read %s after 41 was committed", got)
	}
	putBack := func() {
		for key, dump := range old {
			if err := p.raw.RestoreReplace(t.Context(), key, 0, dump).Err(); err != nil {
				t.Fatal(err)
			}
		}
	}
	eventually(t, "the old answer is served", func() bool { putBack(); return p.b.one(lampPrice) == "40" })
}

func TestEncryptedRowsAreNotReadableInRedis(t *testing.T) {
	t.Parallel()
	for protection, readable := range map[cachedsql.EntryProtection]bool{cachedsql.Encrypt: false, cachedsql.Authenticate: true} {
		p := newProtected(t, func(c *cachedsql.Config) { c.EntryProtection = protection })
		p.exec(p.a.db, "INSERT INTO items VALUES (3, 'a name that nobody has to know', 1)")
		p.a.warm("SELECT name FROM items WHERE id = 3")
		found := false
		for _, key := range p.entries() {
			value, err := p.raw.Get(t.Context(), key).Result()
			if err != nil {
				t.Fatal(err)
			}
			found = found || strings.Contains(value, "nobody has to know")
		}
		if found != readable {
			t.Errorf("%v: the rows can be read in Redis: %v, want %v", protection, found, readable)
		}
	}
}

// The recipe for a new key: first it opens everywhere, then it seals
// everywhere, then the old one goes. Nothing is lost and nothing refused.
func TestKeysAreChangedOneAfterTheOtherWithoutLosingResults(t *testing.T) {
	t.Parallel()
	before, after := entryKey(t, 1), entryKey(t, 2)
	p := newProtected(t, nil)
	handles := map[string]*handle{"before": p.a}
	for name, keys := range map[string][]cachedsql.EntryKey{
		"added": {before, after}, "turned": {after, before}, "done": {after},
	} {
		p.config.EntryKeys = keys
		handles[name] = p.handle()
	}
	for i, step := range [][2]string{{"before", "before"}, {"before", "added"}, {"added", "turned"}, {"turned", "added"}, {"turned", "done"}} {
		p.exec(p.a.db, fmt.Sprintf("UPDATE items SET price = %d WHERE id = 1", 50+i))
		one, other := handles[step[0]], handles[step[1]]
		one.warm(lampPrice)
		if got, did := other.read(lampPrice); did != "hit" || got != fmt.Sprintf("price | %d", 50+i) {
			t.Errorf("stored by %q, read by %q: %s, %q", step[0], step[1], did, got)
		}
	}
	for name, h := range handles {
		if n := h.cache.Stats().Unauthentic; n != 0 {
			t.Errorf("%q refused %d entries", name, n)
		}
	}
}

// Keys are brought in while old processes run: each side's entries are misses
// for the other, and nothing is served that should not be.
func TestProcessesWithAndWithoutKeysShareARedis(t *testing.T) {
	t.Parallel()
	p := newProtected(t, nil)
	p.config.EntryKeys = nil
	p.b = p.handle()
	for i := range 5 {
		p.exec(p.a.db, fmt.Sprintf("UPDATE items SET price = %d WHERE id = 1", 50+i))
		p.wantFresh(lampPrice)
		p.a.warm(lampPrice)
		p.b.warm(lampPrice)
	}
	for name, h := range map[string]*handle{"with": p.a, "without": p.b} {
		if s := h.cache.Stats(); s.Unauthentic == 0 || s.Corrupt != 0 {
			t.Errorf("the process %s keys: %d unauthentic, %d corrupt", name, s.Unauthentic, s.Corrupt)
		}
	}
}

func TestRefusedEntriesAreLoggedOnceAMinute(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	r := roads["hit"]
	_, c := r.succeeds(t, func(*cachedsql.Config) {}, func(c *cachedsql.Config) {
		c.EntryKeys, c.Logger = []cachedsql.EntryKey{entryKey(t, 1)}, slog.New(slog.NewTextHandler(&log, nil))
	}, "cachedsql")
	if n := c.cache.Stats().Unauthentic; n != 5 {
		t.Errorf("%d entries refused, want 5", n)
	}
	if text := log.String(); strings.Count(text, "entry was refused") != 1 || !strings.Contains(text, "not protected by a key") {
		t.Errorf("log:\n%s", text)
	}
}

func TestEntryKeysAreReadFromTextAndFile(t *testing.T) {
	t.Parallel()
	const (
		plain = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
		other = "/+7dzLuqmYh3ZlVEMyIRAP/u3cy7qpmId2ZVRDMiEQA="
	)
	first, err := cachedsql.ParseEntryKeys(plain)
	if err != nil || len(first) != 1 || len(first[0].ID()) != 8 {
		t.Fatalf("%v, %v", first, err)
	}
	path := filepath.Join(t.TempDir(), "keys")
	if err := os.WriteFile(path, []byte("# the new one\n"+other+"\r\n\n  "+plain+"  \n"), 0o600); err != nil {
		t.Fatal(err)
	}
	urlSafe := strings.NewReplacer("/", "_", "+", "-", "=", "").Replace(other)
	for _, text := range []string{other + "," + plain, urlSafe + ", " + plain, "file:" + path} {
		keys, err := cachedsql.ParseEntryKeys(text)
		if err != nil || len(keys) != 2 || keys[1].ID() != first[0].ID() || keys[0].ID() == keys[1].ID() {
			t.Errorf("%q: %v, %v", text, keys, err)
		}
	}
	empty := filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(empty, []byte("# none\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	const secret = "TOPSECRET"
	for text, want := range map[string]string{
		"":                         "number 1: the secret has 0 bytes",
		secret + "!":               "number 1: not base64",
		plain + "," + secret + "=": "number 2",
		plain + ",":                "number 2: the secret has 0 bytes",
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=": "one byte repeated",
		"file:" + empty:     "the file has none",
		"file:/nonexistent": "no such file",
	} {
		_, err := cachedsql.ParseEntryKeys(text)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), secret) {
			t.Errorf("ParseEntryKeys(%q) = %v, want %q", text, err, want)
		}
	}
}

func TestConfigWithKeysIsCheckedAndDoesNotPrintThem(t *testing.T) {
	t.Parallel()
	k := entryKey(t, 7)
	for _, c := range []cachedsql.Config{
		{EntryKeys: []cachedsql.EntryKey{{}}},
		{EntryKeys: []cachedsql.EntryKey{k, k}},
		{EntryProtection: cachedsql.Authenticate},
		{EntryProtection: 2, EntryKeys: []cachedsql.EntryKey{k}},
	} {
		if cache, err := cachedsql.New(c); err == nil || !strings.Contains(err.Error(), "cachedsql: Config.Entry") {
			t.Errorf("New(%+v) = %v, %v", c, cache, err)
		}
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		text := fmt.Sprintf(verb, cachedsql.Config{EntryKeys: []cachedsql.EntryKey{k}})
		if strings.Contains(text, "\a\b") || strings.Contains(text, "7 8 7") || strings.Contains(text, "0x7, 0x8") || !strings.Contains(text, k.ID()) {
			t.Errorf("%s: %s", verb, text)
		}
	}
}

// What is in this process's memory is not sealed: the rows are there anyway.
func TestStoreInTheProcessKeepsEntriesAsTheyAre(t *testing.T) {
	t.Parallel()
	c := &crowd{T: t, inner: newReadyDriver(1)}
	c.cache, c.rec = cachedsqltest.New(t, cachedsqltest.Everything, func(c *cachedsql.Config) {
		c.Namespace, c.EntryKeys = "crowd", []cachedsql.EntryKey{entryKey(t, 1)}
	})
	c.db = c.cache.OpenDB(c.inner)
	defer c.db.Close()
	c.want("miss")
	c.want("hit")
	c.want("hit")
	if n := c.cache.Stats().Unauthentic; n != 0 {
		t.Errorf("%d entries refused", n)
	}
}
