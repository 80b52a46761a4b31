package shop

import (
	"database/sql"
	"fmt"
	"testing"
)

// db is opened before any test code could have prepared for it.
var db, _ = sql.Open("shop", "elsewhere")

// TestReadsWhatWasWritten passes over a cache that deserves the name.
func TestReadsWhatWasWritten(t *testing.T) {
	for _, want := range []string{"apple", "pear"} {
		if _, err := db.Exec("UPDATE items SET name = ?", want); err != nil {
			t.Fatal(err)
		}
		for range 100 {
			var got string
			if err := db.QueryRow("SELECT name FROM items").Scan(&got); err != nil || got != want {
				t.Fatalf("got %q, %v, want %q", got, err, want)
			}
		}
	}
}

// TestKnowsItsDriver fails over any other driver.
func TestKnowsItsDriver(t *testing.T) {
	if got := fmt.Sprintf("%T", db.Driver()); got != "shop.shopDriver" {
		t.Errorf("the driver is %s", got)
	}
}

// TestIsBroken fails over every driver.
func TestIsBroken(t *testing.T) { t.Error("broken") }
