package cachedsql_test

import (
	"bytes"
	"database/sql"
	"testing"

	"github.com/cachedsql/cachedsql"
)

// keptBytes is a Scanner that keeps what belongs to the driver, which is wrong,
// but works with drivers that use no memory twice.
type keptBytes struct{ bytes []byte }

func (k *keptBytes) Scan(v any) error {
	k.bytes, _ = v.([]byte)
	return nil
}

// TestBytesOfAHitAreAsTheDriversAre reads a near hit into destinations that are
// copies, and into one that is not: that one is good for as long as the
// driver's own would be.
func TestBytesOfAHitAreAsTheDriversAre(t *testing.T) {
	t.Parallel()
	const rows = 50
	for _, reuses := range []bool{false, true} {
		r, err := cachedsql.ParseRules("bytes.yaml", []byte(everythingRule))
		if err != nil {
			t.Fatal(err)
		}
		c, err := cachedsql.New(cachedsql.Config{
			Namespace: "bytes", Rules: r, NearBytes: 1 << 20, Adapter: cachedsql.Adapter{ReusesBytes: reuses},
		})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		db := sql.OpenDB(c.WrapConnector(newReadyDriver(rows)))
		defer db.Close()
		for range 4 { // a miss, a hit, near hits
			readBytes(t, db, rows, reuses)
		}
		if s := c.Stats(); s.NearHits == 0 {
			t.Errorf("no near hit: %+v", s)
		}
	}
}

func readBytes(t *testing.T, db *sql.DB, rows int, reuses bool) {
	t.Helper()
	found, err := db.Query(benchQuery, 7)
	if err != nil {
		t.Fatal(err)
	}
	defer found.Close()
	var copies [][]byte
	var kept []*keptBytes
	var rest [benchColumns]any
	for i := range rest {
		rest[i] = new(any)
	}
	for found.Next() {
		// Every second row is copied by database/sql; the others' bytes stay
		// the driver's.
		var own []byte
		last := &keptBytes{}
		rest[8] = &own
		if len(copies)%2 == 1 {
			rest[8] = last
		}
		if err := found.Scan(rest[:]...); err != nil {
			t.Fatal(err)
		}
		if last.bytes != nil {
			own = append(own, last.bytes...)
		}
		copies, kept = append(copies, own), append(kept, last)
	}
	for i, got := range copies {
		want := []byte{1, 2, 3, 4, 5, 6, 7, byte(i)}
		if !bytes.Equal(got, want) {
			t.Fatalf("row %d: got %v, want %v", i, got, want)
		}
		if k := kept[i].bytes; !reuses && k != nil && !bytes.Equal(k, want) {
			t.Fatalf("row %d, kept: got %v, want %v", i, k, want)
		}
	}
	if len(copies) != rows || found.Err() != nil {
		t.Fatalf("%d rows, %v", len(copies), found.Err())
	}
}
