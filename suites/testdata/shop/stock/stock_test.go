package stock

import (
	"database/sql"
	"flag"
	"testing"

	_ "shop"
)

var fruit = flag.String("fruit", "", "what is written; there is none by default")

func TestReadsWhatWasWritten(t *testing.T) {
	db, err := sql.Open("shop", "elsewhere")
	if err != nil {
		t.Fatal(err)
	}
	if *fruit == "" {
		t.Fatal("no fruit")
	}
	if _, err := db.Exec("UPDATE items SET name = ?", *fruit); err != nil {
		t.Fatal(err)
	}
	for range 100 {
		var got string
		if err := db.QueryRow("SELECT name FROM items").Scan(&got); err != nil || got != *fruit {
			t.Fatalf("got %q, %v", got, err)
		}
	}
}

// TestIsOpen asks what is not cached.
func TestIsOpen(t *testing.T) {
	db, err := sql.Open("shop", "elsewhere")
	if err != nil {
		t.Fatal(err)
	}
	var name any
	if err := db.QueryRow("SELECT name FROM items WHERE opens < now()").Scan(&name); err != nil {
		t.Fatal(err)
	}
}
