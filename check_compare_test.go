package cachedsql

import (
	"database/sql/driver"
	"math"
	"reflect"
	"testing"

	"github.com/cachedsql/cachedsql/internal/rowcodec"
	"github.com/cachedsql/cachedsql/internal/sqlparse"
)

// resultOf makes a result with one column.
func resultOf(t *testing.T, databaseType string, values ...driver.Value) *rowcodec.Result {
	t.Helper()
	var enc rowcodec.Encoder
	enc.Reset()
	if err := enc.BeginSet([]rowcodec.Column{{Name: "c", DatabaseType: databaseType, ScanType: reflect.TypeFor[any]()}}); err != nil {
		t.Fatal(err)
	}
	for _, v := range values {
		if err := enc.Row([]driver.Value{v}); err != nil {
			t.Fatal(err)
		}
	}
	result, err := rowcodec.Decode(enc.Finish(rowcodec.Header{}))
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func TestResultsAreComparedAsTheDatabaseMeansThem(t *testing.T) {
	t.Parallel()
	type list = []driver.Value
	for _, c := range []struct {
		databaseType string
		a, b         list
		want         string
	}{
		{"INT8", list{int64(1), int64(2)}, list{int64(1), int64(2)}, "same"},
		{"INT8", list{int64(1), int64(2)}, list{int64(2), int64(1)}, "order"},
		{"INT8", list{int64(1), int64(1)}, list{int64(1), int64(2)}, "rows"},
		{"INT8", list{int64(1)}, list{int64(1), int64(1)}, "rows"},
		{"INT8", list{}, list{nil}, "rows"},
		{"TEXT", list{nil}, list{""}, "rows"},
		{"TEXT", list{"a"}, list{[]byte("a")}, "rows"},
		{"TEXT", list{"1.0"}, list{"1.00"}, "rows"},
		{"NUMERIC", list{"1.0"}, list{"1.00"}, "same"},
		{"DECIMAL", list{[]byte("10")}, list{[]byte("100")}, "rows"},
		{"FLOAT8", list{0.1 + 0.2, 1.0}, list{0.3, 1.0}, "same"},
		{"FLOAT8", list{1.0, 0.1 + 0.2}, list{0.3, 1.0}, "order"},
		{"FLOAT8", list{40.0}, list{40.01}, "rows"},
		{"FLOAT8", list{math.NaN()}, list{math.NaN()}, "same"},
		{"FLOAT8", list{math.Inf(1)}, list{math.MaxFloat64}, "rows"},
		{"FLOAT8", list{0.0}, list{1e-300}, "rows"},
	} {
		d, err := compareResults(resultOf(t, c.databaseType, c.a...), resultOf(t, c.databaseType, c.b...))
		if err != nil {
			t.Fatal(err)
		}
		got := "same"
		if d.rows {
			got = "rows"
		} else if d.order {
			got = "order"
		}
		if got != c.want {
			t.Errorf("%s %v and %v: got %s, want %s", c.databaseType, c.a, c.b, got, c.want)
		}
	}
}

func TestStatementsWhoseAnswerMayVaryAreKnown(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]map[Dialect]bool{
		"SELECT a FROM t WHERE b = 1 ORDER BY a":        {Postgres: true, MySQL: true, SQLite: true},
		"SELECT sum(a), count(*) FROM t":                {Postgres: true, MySQL: true, SQLite: true},
		"SELECT b, sum(a) FROM t GROUP BY b":            {Postgres: true, MySQL: false, SQLite: false},
		"SELECT DISTINCT b FROM t":                      {Postgres: true, MySQL: false, SQLite: false},
		"SELECT a FROM t LIMIT 1":                       {Postgres: false, MySQL: false, SQLite: false},
		"SELECT a FROM t ORDER BY b LIMIT 1":            {Postgres: false, MySQL: false},
		"SELECT a FROM t OFFSET 3":                      {Postgres: false},
		"SELECT row_number() OVER (ORDER BY a) FROM t":  {Postgres: false, MySQL: false},
		"SELECT string_agg(b, ',') FROM t":              {Postgres: false},
		"SELECT GROUP_CONCAT(b) FROM t":                 {MySQL: false, SQLite: false},
		"SELECT DISTINCT ON (a) b FROM t":               {Postgres: false},
		"SELECT own(a) FROM t":                          {Postgres: false},
		"SELECT a FROM t WHERE mode = 'x' AND last > 1": {Postgres: true},
	} {
		for dialect, want := range want {
			st := sqlparse.Parse(dialect, text)
			r := &route{dialect: dialect}
			if got := r.repeats(st); got != want {
				t.Errorf("%v: %s: repeats %v", dialect, text, got)
			}
		}
	}
}
