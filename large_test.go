package cachedsql_test

import (
	"fmt"
	"strings"
	"testing"
)

// A bulk INSERT is too long to be parsed. It says enough of itself for its
// connection to be cached after it.
func TestConnectionIsCachedAfterALongWrite(t *testing.T) {
	inShops(t, `{version: 1, rules: [{name: all, ttl: 1h}]}`, func(s *shop) {
		s.db.SetMaxOpenConns(1)
		var rows, ids strings.Builder
		for i := range 9000 {
			fmt.Fprintf(&rows, ",(%d, 'a@b', 1)", 1000+i)
			fmt.Fprintf(&ids, ",%d", 10000+i)
		}
		for _, write := range []string{
			"INSERT INTO items VALUES " + rows.String()[1:],
			"UPDATE items SET price = price + 1 WHERE id IN (1" + ids.String() + ids.String() + ")",
			"DELETE FROM items WHERE id NOT IN (1, 2" + ids.String() + ids.String() + ")",
		} {
			if len(write) <= 64<<10 {
				t.Fatalf("%.20s: %d bytes are parsed", write, len(write))
			}
			s.exec(write)
			want := answer(t.Context(), s.bare, "SELECT count(*), sum(price) FROM items")
			for range 3 {
				if got := answer(t.Context(), s.db, "SELECT count(*), sum(price) FROM items"); got != want {
					t.Errorf("after %.20s: got %q, want %q", write, got, want)
				}
			}
			if did := s.rec.LastRead(); did != "hit" {
				t.Errorf("after %.20s a read is never a hit, but %s", write, did)
			}
		}
	})
}
