package redisstore_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/internal/testredis"
	"github.com/cachedsql/cachedsql/redisstore"
)

// follow reads events until done has seen enough.
func follow(t *testing.T, in *redisstore.Inspector, done func(all []redisstore.Event) bool) []redisstore.Event {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	var all []redisstore.Event
	after := "0-0"
	for !done(all) {
		next, err := in.Events(ctx, after, 3) // few, so that it has to go on
		if err != nil {
			t.Fatalf("%v; so far %+v", err, all)
		}
		if len(next) == 0 {
			time.Sleep(10 * time.Millisecond)
			continue
		}
		all, after = append(all, next...), next[len(next)-1].ID
	}
	return all
}

func kinds(all []redisstore.Event) map[string]int64 {
	n := map[string]int64{}
	for i := range all {
		n[all[i].Kind] += all[i].Count
	}
	return n
}

func announced(all []redisstore.Event) map[string]int64 {
	n := map[string]int64{}
	for i := range all {
		for table, count := range all[i].Tables {
			n[table] += count
		}
	}
	return n
}

// What the stream tells of writes is neither more nor less than there were.
func TestEventsTellOfEveryWriteByTable(t *testing.T) {
	t.Parallel()
	url := testredis.Start(t).URL()
	file := filepath.Join(t.TempDir(), "shop.db")
	db, _ := process(t, url, file, nil)
	other, _ := process(t, url, file, nil)
	for _, text := range []string{"CREATE TABLE items (id INTEGER PRIMARY KEY, price INTEGER)", "CREATE TABLE orders (id INTEGER PRIMARY KEY, item INTEGER)"} {
		if _, err := db.Exec(text); err != nil {
			t.Fatal(err)
		}
	}
	const items, orders = 23, 11
	for i := range items {
		if _, err := db.Exec("INSERT INTO items VALUES (?, 4711)", i); err != nil {
			t.Fatal(err)
		}
	}
	for i := range orders {
		if _, err := other.Exec("INSERT INTO orders VALUES (?, 4711)", i); err != nil {
			t.Fatal(err)
		}
	}
	in := open(t, url, testConfig).Inspector()
	all := follow(t, in, func(all []redisstore.Event) bool {
		n := announced(all)
		return n["items"] >= items && n["orders"] >= orders && kinds(all)[cachedsql.StreamStarted] == 2
	})
	if n := announced(all); n["items"] != items || n["orders"] != orders || n[cachedsql.WildcardTag] != 2 {
		t.Errorf("announced: %v", n)
	}
	if text := fmt.Sprintf("%+v", all); strings.Contains(text, "4711") {
		t.Errorf("an argument's value in %s", text)
	}

	tables := map[string]redisstore.Table{}
	f := eventually(t, in, func(f *redisstore.Fleet) bool {
		for _, table := range f.Tables {
			tables[table.Table] = table
		}
		return tables["items"].Invalidations >= items && tables["orders"].Invalidations >= orders
	})
	for name, want := range map[string]int64{"items": items, "orders": orders} {
		got := tables[name]
		if got.Invalidations != want || len(got.Writers) != 1 || got.Writers[0].Invalidations != want || time.Since(got.LastInvalidated) > time.Minute {
			t.Errorf("%s: %+v in %+v", name, got, f.Tables)
		}
	}
}

func TestTablesTellWhoReadsAndWhoWrites(t *testing.T) {
	t.Parallel()
	url := testredis.Start(t).URL()
	db, cache := process(t, url, filepath.Join(t.TempDir(), "shop.db"), nil)
	for _, text := range []string{"CREATE TABLE items (id INTEGER PRIMARY KEY, price INTEGER)", "INSERT INTO items VALUES (1, 40)"} {
		if _, err := db.Exec(text); err != nil {
			t.Fatal(err)
		}
	}
	const reads, writes = 9, 4
	for range reads {
		query(t, db, "SELECT price FROM items WHERE id = ?", 1)
		_ = cache.Wait(t.Context())
	}
	for range writes {
		if _, err := db.Exec("UPDATE items SET price = price + 1 WHERE id = ?", 1); err != nil {
			t.Fatal(err)
		}
	}
	in := open(t, url, testConfig).Inspector()
	var items redisstore.Table
	eventually(t, in, func(f *redisstore.Fleet) bool {
		for _, table := range f.Tables {
			if table.Table == "items" {
				items = table
			}
		}
		return items.Invalidations == writes+1
	})
	reader, writer := queryID(t, cache, "select price"), queryID(t, cache, "update items")
	if len(items.Readers) != 1 || items.Readers[0].QueryID != reader || items.Readers[0].Calls != reads || items.Reads().Cached != figures(cache, reader).Hits {
		t.Errorf("readers: %+v", items.Readers)
	}
	if len(items.Writers) != 2 || items.Writers[0].QueryID != writer || items.Writers[0].Invalidations != writes {
		t.Errorf("writers: %+v", items.Writers)
	}
}

func TestEventsTellOfOutagesRulesAndEnds(t *testing.T) {
	t.Parallel()
	srv := testredis.Start(t)
	_, cache := process(t, srv.URL(), filepath.Join(t.TempDir(), "shop.db"), func(c *cachedsql.Config) { c.LookupTimeout = 2 * time.Second })
	in := open(t, srv.URL(), testConfig).Inspector()
	follow(t, in, func(all []redisstore.Event) bool { return kinds(all)[cachedsql.StreamStarted] == 1 })
	rules, err := cachedsql.ParseRules("other.yaml", []byte("version: 1\nrules: []\n"))
	if err != nil {
		t.Fatal(err)
	}
	cache.SetRules(rules)
	follow(t, in, func(all []redisstore.Event) bool { return kinds(all)[cachedsql.StreamRules] == 1 })
	srv.Kill()
	for !cache.Stats().StoreDown {
		time.Sleep(10 * time.Millisecond)
	}
	srv.Run(t)
	for deadline := time.Now().Add(20 * time.Second); !cache.Stats().Fenced; {
		if time.Now().After(deadline) {
			t.Fatal("after an outage there is no time without hits")
		}
	}
	await(t, "it serves again", func() bool { s := cache.Stats(); return !s.Fenced && !s.StoreDown })
	all := follow(t, in, func(all []redisstore.Event) bool { return kinds(all)[cachedsql.StreamOutage] == 1 })
	for i := range all {
		if all[i].Kind == cachedsql.StreamOutage && all[i].Duration <= 0 {
			t.Errorf("outage: %+v", all[i])
		}
	}
	if kinds(all)[cachedsql.StreamStoreFailed] == 0 {
		t.Errorf("no failure: %+v", all)
	}
	if err := cache.Close(); err != nil {
		t.Fatal(err)
	}
	follow(t, in, func(all []redisstore.Event) bool { return kinds(all)[cachedsql.StreamStopped] == 1 })
}

func TestEventsAreBoundedAndEnd(t *testing.T) {
	t.Parallel()
	srv := testredis.Start(t)
	store := open(t, srv.URL(), testConfig)
	batch := make([]cachedsql.StreamEvent, 500)
	for i := range batch {
		batch[i] = cachedsql.StreamEvent{Kind: cachedsql.StreamNote, Message: strings.Repeat("x", 100), Count: 1}
	}
	for range 30 {
		if err := store.AppendEvents(t.Context(), batch); err != nil {
			t.Fatal(err)
		}
	}
	client := clientFor(t, srv.URL())
	const key = "{cachedsql:!}e"
	if n, err := client.XLen(t.Context(), key).Result(); err != nil || n < 9_000 || n > 11_000 {
		t.Errorf("%d events, %v", n, err)
	}
	if ttl, err := client.TTL(t.Context(), key).Result(); err != nil || ttl <= 0 {
		t.Errorf("the stream ends in %v, %v", ttl, err)
	}
	newest, err := store.Inspector().Events(t.Context(), "", 1_000_000)
	if err != nil || len(newest) != redisstore.MaxEvents {
		t.Fatalf("%d events, %v", len(newest), err)
	}
	if rest, err := store.Inspector().Events(t.Context(), newest[len(newest)-1].ID, 10); err != nil || len(rest) != 0 {
		t.Errorf("after the last: %v, %v", rest, err)
	}
}

// Anybody who may write the stream can write rubbish; a reader gets past it.
func TestUnreadableEventsDoNotStopAReader(t *testing.T) {
	t.Parallel()
	srv := testredis.Start(t)
	store := open(t, srv.URL(), testConfig)
	srv.Do(t, "XADD", "{cachedsql:!}e", "*", "e", "rubbish")
	srv.Do(t, "XADD", "{cachedsql:!}e", "*", "other", "{}")
	if err := store.AppendEvents(t.Context(), []cachedsql.StreamEvent{{Kind: cachedsql.StreamNote, Count: 1}}); err != nil {
		t.Fatal(err)
	}
	all, err := store.Inspector().Events(t.Context(), "0-0", 10)
	if err != nil || len(all) != 3 || all[0].Kind != "unreadable" || all[2].Kind != cachedsql.StreamNote {
		t.Errorf("%+v, %v", all, err)
	}
	for _, id := range []string{"x", "1", "1-", "-1", "1-x", "1-1-1", "+", "$"} {
		if _, err := store.Inspector().Events(t.Context(), id, 1); err == nil {
			t.Errorf("%q is taken for an ID", id)
		}
	}
}

// Events that cannot be stored are dropped and counted; what they count of
// writes is told later.
func TestEventsThatDoNotFitAreCounted(t *testing.T) {
	t.Parallel()
	srv := testredis.Start(t)
	store := &fullAtFirst{Store: open(t, srv.URL(), testConfig)}
	db, cache := process(t, srv.URL(), filepath.Join(t.TempDir(), "shop.db"), func(c *cachedsql.Config) { c.Store = store })
	if _, err := db.Exec("CREATE TABLE items (id INTEGER PRIMARY KEY, price INTEGER)"); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		cache.SetRules(nil)
		cache.SetRules(&cachedsql.Rules{})
	}
	var dropped int64
	follow(t, store.Inspector(), func(all []redisstore.Event) bool {
		dropped = 0
		for i := range all {
			dropped += all[i].Dropped
		}
		told := kinds(all)[cachedsql.StreamStarted] + kinds(all)[cachedsql.StreamRules]
		return announced(all)[cachedsql.WildcardTag] == 1 && dropped != 0 && told+dropped >= 7
	})
	if n := cache.Stats().DroppedEvents; n != dropped {
		t.Errorf("Stats: %d dropped; told in the stream: %d", n, dropped)
	}
}

type fullAtFirst struct {
	*redisstore.Store
	calls int
}

func (s *fullAtFirst) AppendEvents(ctx context.Context, events []cachedsql.StreamEvent) error {
	if s.calls++; s.calls <= 3 {
		return errors.New("OOM")
	}
	return s.Store.AppendEvents(ctx, events)
}
