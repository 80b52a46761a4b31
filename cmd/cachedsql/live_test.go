package main

import (
	"crypto/rand"
	"database/sql"
	"fmt"
	"testing"
)

// makeTable makes a table with a primary key, which goes with the test.
func makeTable(t *testing.T, dialect, dsn string) (name string) {
	t.Helper()
	var id [6]byte
	_, _ = rand.Read(id[:])
	name = fmt.Sprintf("explained_%x", id)
	driver := map[string]string{"postgres": "pgx", "mysql": "mysql"}[dialect]
	db, err := sql.Open(driver, dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_, _ = db.Exec("DROP TABLE " + name)
		_ = db.Close()
	})
	if _, err := db.Exec("CREATE TABLE " + name + " (id INTEGER PRIMARY KEY, a INTEGER)"); err != nil {
		t.Fatal(err)
	}
	return name
}
