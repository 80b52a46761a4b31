package cachedsql_test

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/cachedsqltest"
	"github.com/cachedsql/cachedsql/redisstore"
)

// declaring is a rule file that caches everything and declares columns of the
// table orders.
func declaring(columns ...string) string {
	return cachedsqltest.Everything + "tables: {orders: {dimensions: [" + strings.Join(columns, ", ") + "]}}\n"
}

// process is one of several programs on one database and one store.
type process struct {
	cache *cachedsql.Cache
	db    *sql.DB
	rec   *cachedsqltest.Recorder
}

// market is a database that several processes use.
type market struct {
	*shop
	adapter cachedsql.Adapter
	store   cachedsql.Store
	lease   time.Duration
}

func newMarket(t *testing.T, srv server, store cachedsql.Store) *market {
	t.Helper()
	m := &market{newShop(t, srv, cachedsqltest.Everything), srv.adapter, store, quarantine}
	create := "CREATE TABLE orders (id INTEGER PRIMARY KEY, tenant_id INTEGER, shop_id INTEGER, n INTEGER)"
	if _, err := m.bare.Exec(create); err != nil {
		t.Fatal(err)
	}
	for id := range 12 {
		if _, err := m.bare.Exec(fmt.Sprintf("INSERT INTO orders VALUES (%d, %d, %d, 1)", id, id%3, id%4)); err != nil {
			t.Fatal(err)
		}
	}
	return m
}

func (m *market) process(rules string) *process {
	m.Helper()
	p := &process{}
	p.cache, p.rec = cachedsqltest.New(m.T, rules, func(c *cachedsql.Config) {
		c.Adapter, c.Store, c.Lease, c.LookupTimeout = m.adapter, m.store, m.lease, 5*time.Second
		if rules == noRules {
			c.Rules = nil
		}
	})
	p.db = p.cache.OpenDB(m.inner)
	m.Cleanup(func() { p.db.Close() })
	return p
}

// noRules stands for a process that has none, whatever is in the text.
const noRules = cachedsqltest.Everything + "#\n"

const quarantine = 300 * time.Millisecond

func (m *market) write(p *process, query string, args ...any) {
	m.Helper()
	if _, err := p.db.Exec(m.sql(query), args...); err != nil {
		m.Fatalf("%s: %v", query, err)
	}
}

// sum reads through a process what depends on one value of a column.
func (m *market) sum(p *process, column string, value int) (n int, did string) {
	m.Helper()
	query := m.sql("SELECT count(*) + coalesce(sum(n), 0) FROM orders WHERE " + column + " = ?")
	if err := p.db.QueryRow(query, value).Scan(&n); err != nil {
		m.Fatal(err)
	}
	return n, p.rec.LastRead()
}

// tellsApart waits until writes of one process to one value of a column leave
// what another has cached of a second value alone.
func (m *market) tellsApart(reader, writer *process, column string) {
	m.Helper()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		m.sum(reader, column, 1)
		m.write(writer, "UPDATE orders SET n = n + 1 WHERE "+column+" = ?", 2)
		_ = writer.cache.Wait(context.Background())
		if _, did := m.sum(reader, column, 1); did == "hit" {
			return
		}
	}
	m.Fatalf("%s does not become a dimension", column)
}

func (m *market) mustBeCurrent(p *process, column string, value int) {
	m.Helper()
	var want int
	query := m.sql("SELECT count(*) + coalesce(sum(n), 0) FROM orders WHERE " + column + " = ?")
	if err := m.bare.QueryRow(query, value).Scan(&want); err != nil {
		m.Fatal(err)
	}
	if got, did := m.sum(p, column, value); got != want {
		m.Fatalf("%s %d: got %d (%s), want %d", column, value, got, did, want)
	}
}

func TestWriterWithoutRulesChangesDeclaredDimensions(t *testing.T) {
	t.Parallel()
	for _, srv := range servers(t) {
		t.Run(srv.name, func(t *testing.T) {
			t.Parallel()
			m := newMarket(t, srv, cachedsql.NewMemoryStore(cachedsql.MemoryConfig{}))
			writer := m.process(noRules)
			m.write(writer, "UPDATE orders SET n = 5 WHERE id = 1") // it knows the catalog before the reader comes
			reader := m.process(declaring("tenant_id"))
			m.tellsApart(reader, writer, "tenant_id")
			m.write(writer, "UPDATE orders SET n = 50 WHERE tenant_id = 1")
			m.mustBeCurrent(reader, "tenant_id", 1)
			m.write(writer, "UPDATE orders SET n = 70 WHERE id = 1")
			m.mustBeCurrent(reader, "tenant_id", 1)
		})
	}
}

func TestRulesThatDeclareMoreTakeEffectInARunningProcess(t *testing.T) {
	t.Parallel()
	m := newMarket(t, servers(t)[0], cachedsql.NewMemoryStore(cachedsql.MemoryConfig{}))
	reader, writer := m.process(cachedsqltest.Everything), m.process(noRules)
	m.sum(reader, "tenant_id", 1)
	m.sum(writer, "tenant_id", 1)
	rules, err := cachedsql.ParseRules("rules", []byte(declaring("tenant_id")))
	if err != nil {
		t.Fatal(err)
	}
	reader.cache.SetRules(rules)
	m.tellsApart(reader, writer, "tenant_id")
}

// TestTransactionFromBeforeTheDeclaration: what it wrote was judged without
// the dimension; when it commits, the process has learnt of it elsewhere.
func TestTransactionFromBeforeTheDeclaration(t *testing.T) {
	t.Parallel()
	for _, srv := range servers(t) {
		if srv.dialect != cachedsql.Postgres {
			continue // the others lock more than the row
		}
		t.Run(srv.name, func(t *testing.T) {
			t.Parallel()
			m := newMarket(t, srv, cachedsql.NewMemoryStore(cachedsql.MemoryConfig{}))
			writer := m.process(noRules)
			tx, err := writer.db.Begin()
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = tx.Rollback() }()
			if _, err := tx.Exec("UPDATE orders SET n = 9 WHERE tenant_id = 1"); err != nil {
				t.Fatal(err)
			}
			reader := m.process(declaring("tenant_id"))
			m.tellsApart(reader, writer, "tenant_id")
			m.sum(reader, "tenant_id", 1)
			if err := tx.Commit(); err != nil {
				t.Fatal(err)
			}
			m.mustBeCurrent(reader, "tenant_id", 1)
		})
	}
}

// TestStatementAfterTheDeclaration: the writer has a catalog from before it,
// and is told by the answer to its Begin, not only at its end.
func TestStatementAfterTheDeclaration(t *testing.T) {
	t.Parallel()
	m := newMarket(t, servers(t)[0], cachedsql.NewMemoryStore(cachedsql.MemoryConfig{}))
	writer, reader := m.process(noRules), m.process(declaring("tenant_id"))
	m.write(writer, "UPDATE orders SET n = 2 WHERE id = 1")
	m.sum(reader, "tenant_id", 1)
	rows, err := writer.db.Query("UPDATE orders SET n = 9 WHERE id = 1 RETURNING id") // ends when it is closed
	if err != nil {
		t.Fatal(err)
	}
	if _, did := m.sum(reader, "tenant_id", 1); did != "bypass pending_write" {
		t.Errorf("while the write is under way: got %s", did)
	}
	if err := rows.Close(); err != nil {
		t.Fatal(err)
	}
	m.mustBeCurrent(reader, "tenant_id", 1)
}

// TestStatementFromBeforeTheDeclaration: it holds its lease for longer than a
// reader waits, and must be told when it renews.
func TestStatementFromBeforeTheDeclaration(t *testing.T) {
	t.Parallel()
	m := newMarket(t, servers(t)[0], cachedsql.NewMemoryStore(cachedsql.MemoryConfig{}))
	m.lease = 3 * time.Second // a busy machine renews it in time
	writer, reader := m.process(noRules), m.process(declaring("tenant_id"))
	m.mustBeCurrent(writer, "tenant_id", 1)
	rows, err := writer.db.Query("UPDATE orders SET n = 9 WHERE id = 1 RETURNING id") // ends when it is closed
	if err != nil {
		t.Fatal(err)
	}
	m.mustBeCurrent(reader, "tenant_id", 2) // declares
	time.Sleep(m.lease + m.lease/2)
	if _, did := m.sum(reader, "tenant_id", 1); did != "bypass pending_write" {
		t.Errorf("while a write that began before the declaration is under way: got %s", did)
	}
	if err := rows.Close(); err != nil {
		t.Fatal(err)
	}
	m.mustBeCurrent(reader, "tenant_id", 1)
}

// TestProcessesWithDifferentRulesNeverReadOutdatedRows writes and reads at
// random through processes that come, go, change their rules, and lose what
// Redis has of the names.
func TestProcessesWithDifferentRulesNeverReadOutdatedRows(t *testing.T) {
	t.Parallel()
	url := os.Getenv("CACHEDSQL_TEST_REDIS")
	if url == "" {
		t.Skip("SKIPPED: CACHEDSQL_TEST_REDIS is not set")
	}
	prefix := databaseName()
	store, err := redisstore.Open(url, redisstore.Config{KeyPrefix: prefix, Quarantine: quarantine})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	options, err := redis.ParseURL(url)
	if err != nil {
		t.Fatal(err)
	}
	client := redis.NewClient(options)
	t.Cleanup(func() { client.Close() })

	m := newMarket(t, servers(t)[0], store)
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 1))
	files := []string{noRules, cachedsqltest.Everything, declaring("tenant_id"), declaring("shop_id"), declaring("shop_id", "tenant_id")}
	var ps []*process
	for _, f := range files {
		ps = append(ps, m.process(f))
	}
	hits := 0
	for start := time.Now(); time.Since(start) < 12*quarantine || hits < 10 && time.Since(start) < time.Minute; {
		p := ps[random.IntN(len(ps))]
		column, value := []string{"tenant_id", "shop_id"}[random.IntN(2)], random.IntN(4)
		switch k := random.IntN(200); {
		case k == 0:
			p.db.Close()
			p.cache.Close()
			ps[random.IntN(len(ps))] = m.process(files[random.IntN(len(files))])
			for i := range ps {
				if ps[i] == p {
					ps[i] = m.process(files[i])
				}
			}
		case k == 1:
			keys, err := client.Keys(t.Context(), "{"+prefix+"*}d").Result()
			if err != nil {
				t.Fatal(err)
			}
			if len(keys) != 0 && random.IntN(4) == 0 {
				client.Del(t.Context(), keys...)
			}
		case k < 20:
			m.write(p, "UPDATE orders SET n = n + 1 WHERE "+column+" = ?", value)
		case k < 25:
			m.write(p, "UPDATE orders SET "+column+" = ? WHERE id = ?", value, random.IntN(12))
		default:
			m.mustBeCurrent(p, column, value)
			if p.rec.LastRead() == "hit" {
				hits++
			}
		}
	}
	if t.Logf("%d hits", hits); hits < 10 {
		t.Error("too few for this to mean anything")
	}
}
