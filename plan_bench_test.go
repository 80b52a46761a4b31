package cachedsql

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// ormQuery is a query with five joins as an ORM sends it.
const ormQuery = `SELECT "o"."id" AS "o_id", "o"."number" AS "o_number", "o"."created_at" AS "o_created_at", "c"."id" AS "c_id",
	"c"."name" AS "c_name", "a"."city" AS "a_city", "i"."quantity" AS "i_quantity", "p"."title" AS "p_title", "k"."name" AS "k_name"
	FROM "orders" AS "o"
	INNER JOIN "customers" AS "c" ON ("c"."id" = "o"."customer_id")
	LEFT OUTER JOIN "addresses" AS "a" ON ("a"."customer_id" = "c"."id" AND "a"."kind" = 'shipping')
	INNER JOIN "order_items" AS "i" ON ("i"."order_id" = "o"."id")
	INNER JOIN "products" AS "p" ON ("p"."id" = "i"."product_id")
	LEFT OUTER JOIN "categories" AS "k" ON ("k"."id" = "p"."category_id")
	WHERE ("o"."tenant_id" = %s AND "o"."status" IN ('new', 'paid', 'shipped') AND "p"."price" > 10)
	ORDER BY "o"."created_at" DESC, "i"."id" ASC LIMIT 50 OFFSET 100`

func ormQueryIn(d Dialect) string {
	if d == MySQL {
		return strings.ReplaceAll(fmt.Sprintf(ormQuery, "?"), `"`, "`")
	}
	return fmt.Sprintf(ormQuery, "$1")
}

// BenchmarkFirstSight analyses a text that has not been seen. Its median is to
// stay under 300 µs.
func BenchmarkFirstSight(b *testing.B) {
	for _, d := range []Dialect{Postgres, MySQL, SQLite} {
		b.Run(d.String(), func(b *testing.B) {
			text := ormQueryIn(d)
			var took []time.Duration
			b.ReportAllocs()
			for b.Loop() {
				started := time.Now()
				newPlan(planKey{d, text})
				took = append(took, time.Since(started))
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Nanoseconds()), "ns/median")
		})
	}
}

// BenchmarkRepeatedSight finds a plan again: under 300 ns, without allocation.
func BenchmarkRepeatedSight(b *testing.B) {
	c := newTestCache(b)
	text := ormQueryIn(Postgres)
	c.plans.get(c, Postgres, text)
	b.ReportAllocs()
	for b.Loop() {
		c.plans.get(c, Postgres, text)
	}
}

func newTestCache(t testing.TB) *Cache {
	t.Helper()
	c, err := New(Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func TestRepeatedSightDoesNotAllocate(t *testing.T) {
	c := newTestCache(t)
	text := ormQueryIn(Postgres)
	first := c.plans.get(c, Postgres, text)
	if n := testing.AllocsPerRun(100, func() {
		if c.plans.get(c, Postgres, text) != first {
			t.Error("the text was analysed again")
		}
	}); n != 0 {
		t.Errorf("%v allocations to find a plan again, want none", n)
	}
}

// The memo keeps two generations of at most planBytes in each shard. Texts are
// sighted until the first have gone.
func TestDistinctTextsTakeBoundedMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("analyses 40,000 texts")
	}
	c := newTestCache(t)
	const limit = planShards * planBytes * 2
	before := heap()
	for n := range 40_000 {
		c.plans.get(c, Postgres, fmt.Sprintf("SELECT a, b FROM orders WHERE tenant_id = %d AND id = $1", n))
		if n == 10_000 {
			t.Logf("10,000 texts take %d KiB", (heap()-before)>>10)
		}
	}
	if grown := heap() - before; grown > limit {
		t.Errorf("40,000 texts take %d bytes, want at most %d", grown, limit)
	}
	runtime.KeepAlive(c)
}

// heap is what is reachable.
func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC() // the first one only empties the pools
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
