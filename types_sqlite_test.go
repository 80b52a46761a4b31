package cachedsql_test

import (
	"database/sql"
	"testing"
)

var sqliteColumns = []column{
	{"INTEGER", []string{"0", "-9223372036854775808", "9223372036854775807", "'text'", "1.5"}},
	{"REAL", []string{"0.1", "9e999", "-9e999", "-0.0", "1"}},
	{"TEXT", []string{"''", "'a'", "'\u00e4\u20ac'", "CAST(x'ff' AS TEXT)"}},
	{"BLOB", []string{"x''", "x'00ff'", "'text'", "1"}},
	{"NUMERIC(10,2)", []string{"1.50", "'1.50'", "12345678901234567890"}},
	{"VARCHAR(20)", []string{"'a'"}},
	{"BOOLEAN", []string{"TRUE", "FALSE", "2", "'x'"}},
	{"DATE", []string{"'2024-02-29'", "'x'", "1709164800"}},
	{"DATETIME", []string{"'2024-03-31 02:30:00.123456'", "'2024-03-31T02:30:00+02:00'", "0"}},
	{"TIMESTAMP", []string{"'2024-03-31 02:30:00'", "1709164800"}},
	{"", []string{"1", "'a'", "x'00'"}},
	{"INTEGER NOT NULL DEFAULT 1", []string{"5"}},
}

func TestSQLiteTypesAreTheSameFromTheCache(t *testing.T) {
	t.Parallel()
	inner := sqliteConnector(t)
	db := sql.OpenDB(inner)
	defer db.Close()
	createMatrix(t, db, sqliteColumns)
	m := &matrix{columns: sqliteColumns, inner: inner, marker: "?"}
	m.run(t)
}
