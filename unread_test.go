package cachedsql_test

import (
	"os"
	"strings"
	"testing"

	"github.com/cachedsql/cachedsql"
)

// unreadPair is MariaDB with one connection through a, on which a read is a hit.
func unreadPair(t *testing.T) *pair {
	t.Helper()
	if os.Getenv("CACHEDSQL_TEST_MYSQL") == "" {
		t.Skip("SKIPPED: CACHEDSQL_TEST_MYSQL is not set")
	}
	p := newPair(t, cachedsql.MySQL, cachedsql.Config{Store: cachedsql.NewMemoryStore(cachedsql.MemoryConfig{})})
	p.a.db.SetMaxOpenConns(1)
	p.a.warm(allItems)
	return p
}

func TestTextThatTheServerCannotReadDoesNotEndCaching(t *testing.T) {
	t.Parallel()
	p := unreadPair(t)
	for _, text := range []string{
		"SELEC price FROM items", "SELEC price FROM items;", "UPDATE items SET price = 1 WHERE id = 1 RETURNING price", "items", "SELECT FROM WHERE",
		"CREATE TABEL extra (id INT)",
	} {
		p.exec(p.a.db, "!"+text)
		p.a.warm(allItems)
		if got, _ := p.a.read(text); !strings.Contains(got, "1064") {
			t.Errorf("%s: got %q, want an error of syntax", text, got)
		}
		p.a.warm(allItems)
		if _, err := p.a.db.ExecContext(t.Context(), text+" AND id = ?", 1); err == nil {
			t.Errorf("%s with an argument: no error", text)
		}
		p.a.warm(allItems)
	}
	tx, err := p.a.db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	p.exec(tx, "UPDATE items SET price = 77 WHERE id = 1", "!CREATE TABEL t (a INT)")
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	p.a.warm(allItems)
	p.wantFresh(allItems)
}

// An error of syntax may come from a text that has run: then nobody knows what
// it has done to the connection.
func TestTextThatRanBeforeAnErrorOfSyntaxEndsCaching(t *testing.T) {
	t.Parallel()
	for text, on := range map[string]int{
		"CALL broken()": my, "EXECUTE IMMEDIATE 'SELEC 1'": maria, "SET time_zone = '+03:00'; SELEC 1": my,
		"BEGIN NOT ATOMIC SET time_zone = '+03:00'; EXECUTE IMMEDIATE 'SELEC 1'; END": maria,
	} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			p := unreadPair(t)
			if !p.isOn(on) {
				t.Skip("not on this database")
			}
			p.exec(p.bare, "CREATE PROCEDURE broken() BEGIN SET time_zone = '+03:00'; SET autocommit = 0; PREPARE s FROM 'SELEC 1'; END")
			if _, err := p.a.db.ExecContext(t.Context(), text); err == nil || !strings.Contains(err.Error(), "1064") {
				t.Fatalf("got error %v, want one of syntax", err)
			}
			if _, did := p.a.read(allItems); !strings.HasPrefix(did, "bypass") {
				t.Errorf("after %s: %s, want a bypass", text, did)
			}
		})
	}
}
