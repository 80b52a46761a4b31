package compat

import (
	"database/sql"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"
)

type product struct {
	ID    int64          `db:"id"`
	Name  string         `db:"name"`
	Note  sql.NullString `db:"note"`
	Price float64        `db:"price"`
	Made  time.Time      `db:"made"`
	Image []byte         `db:"image"`
}

func TestSqlxOverTheCachedDriver(t *testing.T) { inBoth(t, 20, sqlxStory) }

func sqlxStory(s *story) {
	name := map[string]string{"postgres": "pgx", "mysql": "mysql"}[s.dialect]
	blob := map[string]string{"postgres": "BYTEA", "mysql": "VARBINARY(100)"}[s.dialect]
	db := sqlx.NewDb(s.db, name)
	db.MustExec("CREATE TABLE products (id INTEGER PRIMARY KEY, name VARCHAR(100), note VARCHAR(100), price DOUBLE PRECISION, made TIMESTAMP, image " + blob + ")")
	insert := "INSERT INTO products (id, name, note, price, made, image) VALUES (:id, :name, :note, :price, :made, :image)"
	_, err := db.NamedExec(insert, []product{
		{1, "lamp", sql.NullString{}, 40.5, day(1), []byte{0, 255}},
		{2, "chair", sql.NullString{Valid: true}, 90, day(2), []byte{}},
		{3, "table", sql.NullString{String: "oak", Valid: true}, 0.1, day(3), nil},
	})
	s.must(err)
	sqlxReads(s, db)
	db.MustExec(db.Rebind("UPDATE products SET price = ? WHERE id = ?"), 41, 1)
	sqlxReads(s, db)
	sqlxTransactions(s, db, insert)
	sqlxReads(s, db)
}

func sqlxReads(s *story, db *sqlx.DB) {
	var all []product
	s.tell("Select", &all, db.Select(&all, "SELECT * FROM products ORDER BY id"))
	for id := range 4 {
		var one product
		s.tell("Get", &one, db.Get(&one, db.Rebind("SELECT * FROM products WHERE id = ?"), id))
	}
	query, args, err := sqlx.In("SELECT id FROM products WHERE id IN (?) AND name <> ? ORDER BY id", []int{1, 3, 9}, "x")
	s.must(err)
	var ids []int
	s.tell("In", &ids, db.Select(&ids, db.Rebind(query), args...))
	sqlxNamed(s, db)
	rows, err := db.Queryx("SELECT id, name, note, made, image FROM products ORDER BY id DESC")
	s.must(err)
	defer rows.Close()
	for rows.Next() {
		row := map[string]any{}
		s.tell("MapScan", row, rows.MapScan(row))
	}
	s.must(rows.Err())
	var wrong []int
	s.tell("Select into a wrong type", nil, db.Select(&wrong, "SELECT name FROM products"))
}

func sqlxNamed(s *story, db *sqlx.DB) {
	query, err := db.PrepareNamed("SELECT count(*) FROM products WHERE price > :least")
	s.must(err)
	defer query.Close()
	for _, least := range []float64{0, 40.75, 90} {
		var n int
		s.tell("PrepareNamed", &n, query.Get(&n, map[string]any{"least": least}))
	}
}

func sqlxTransactions(s *story, db *sqlx.DB, insert string) {
	for _, commits := range []bool{false, true} {
		tx := db.MustBegin()
		_, err := tx.NamedExec(insert, product{ID: 4, Name: "sofa", Made: day(4)})
		s.must(err)
		var n int
		s.tell("in a transaction", &n, tx.Get(&n, "SELECT count(*) FROM products"))
		if commits {
			s.must(tx.Commit())
		} else {
			s.must(tx.Rollback())
		}
		s.tell("after it", &n, db.Get(&n, "SELECT count(*) FROM products"))
	}
}
