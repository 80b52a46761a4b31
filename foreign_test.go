package cachedsql_test

import (
	"testing"

	"github.com/cachedsql/cachedsql"
)

// loopback is a foreign server that leads back to the database it is in.
var loopback = []string{
	"CREATE EXTENSION postgres_fdw",
	"DO $$ BEGIN EXECUTE format('CREATE SERVER loop FOREIGN DATA WRAPPER postgres_fdw OPTIONS (dbname %L, port %L, host %L)'," +
		" current_database(), current_setting('port'), '127.0.0.1'); END $$",
	"CREATE USER MAPPING FOR current_user SERVER loop OPTIONS (user 'cachedsql', password 'cachedsql')",
	"CREATE FOREIGN TABLE far (id INTEGER, name VARCHAR(100), price INTEGER) SERVER loop OPTIONS (table_name 'items')",
	"CREATE TABLE divided (id INTEGER, name VARCHAR(100), price INTEGER) PARTITION BY RANGE (id)",
	"CREATE FOREIGN TABLE part PARTITION OF divided FOR VALUES FROM (0) TO (100) SERVER loop OPTIONS (table_name 'items')",
	"CREATE TABLE parent (id INTEGER, name VARCHAR(100), price INTEGER)",
	"CREATE FOREIGN TABLE heir () INHERITS (parent) SERVER loop OPTIONS (table_name 'items')",
	"CREATE VIEW above AS SELECT * FROM parent",
}

func TestForeignTableThatLeadsBackIsThisDatabases(t *testing.T) {
	inPairs(t, func(p *pair) {
		if p.dialect != cachedsql.Postgres {
			p.Skip("MariaDB has engines for it")
		}
		p.exec(p.bare, loopback...)
		_ = p.a.cache.Flush(t.Context()) // they came past the cache
		for _, written := range []string{"items", "far", "divided", "part", "parent", "heir", "above"} {
			p.b.warm(allItems)
			p.exec(p.a.db, "UPDATE "+written+" SET price = price + 1")
			p.wantFresh(allItems)
			for _, read := range []string{"far", "divided", "parent", "above"} {
				p.wantFresh("SELECT id, price FROM " + read + " ORDER BY id")
			}
		}
	})
}
