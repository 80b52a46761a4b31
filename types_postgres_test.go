package cachedsql_test

import (
	"os"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/cachedpg"
	"github.com/cachedsql/cachedsql/cachedsqltest"
)

var postgresTypes = []string{
	"CREATE TYPE mood AS ENUM ('sad', 'it''s ok')",
	"CREATE DOMAIN positive AS integer CHECK (VALUE > 0)",
	"CREATE DOMAIN label AS varchar(20)",
	"CREATE TYPE pair AS (a text, b integer)",
	"CREATE TYPE floatrange AS RANGE (subtype = float8)",
}

var postgresColumns = []column{
	{"boolean", []string{"true", "false"}},
	{"smallint", []string{"-32768", "32767", "0"}},
	{"integer", []string{"-2147483648", "2147483647"}},
	{"bigint", []string{"-9223372036854775808", "9223372036854775807", "42"}},
	{"real", []string{"'NaN'", "'Infinity'", "'-Infinity'", "1.1", "-0.0", "3.4e38", "1e-45"}},
	{"double precision", []string{"'NaN'", "'Infinity'", "'-Infinity'", "0.1", "'-0'", "1.7976931348623157e308", "5e-324"}},
	{"numeric", []string{
		"'NaN'", "'Infinity'", "'-Infinity'", "0", "0.10", "-1.50", "1e100",
		"1234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890.5",
	}},
	{"numeric(10,2)", []string{"12345678.90", "-0.01", "0"}},
	{"numeric(5)", []string{"99999"}},
	{"money", []string{"'$1,234.56'", "'-0.01'"}},
	{"oid", []string{"4294967295", "0"}},
	{"xid", []string{"'4294967295'"}},
	{"text", []string{"''", "'a'", "'NULL'", "E'tab\\there\\\\'", "'\u00e4\u20ac\U0001f600'", "repeat('x', 300)"}},
	{"varchar(20)", []string{"''", "'short'"}},
	{"varchar", []string{"'free'"}},
	{"char(5)", []string{"'ab'", "''"}},
	{`"char"`, []string{"'x'", "''"}},
	{"name", []string{"'some_name'"}},
	{"bytea", []string{"''", `'\x00ff61'`, `'\x'`, "'plain'"}},
	{"date", []string{"'2024-02-29'", "'infinity'", "'-infinity'", "'0001-01-01'", "'4713-01-01 BC'", "'5874897-12-31'"}},
	{"time", []string{"'00:00:00'", "'23:59:59.999999'", "'24:00:00'"}},
	{"time(3)", []string{"'12:34:56.789'"}},
	{"timetz", []string{"'12:00:00.000001+02'", "'24:00:00-15:59'"}},
	{"timestamp", []string{"'2024-03-31 02:30:00.123456'", "'infinity'", "'-infinity'", "'0044-03-15 BC'", "'9999-12-31 23:59:59.999999'"}},
	{"timestamptz", []string{"'2024-03-31 02:30:00.123456+00'", "'infinity'", "'-infinity'", "'1883-11-18 12:00:00-05'", "'294276-12-31 23:59:59+00'"}},
	{"timestamptz(0)", []string{"'2024-07-01 00:00:00.9+00'"}},
	{"interval", []string{"'1 year 2 mons 3 days 04:05:06.789'", "'-1 day'", "'0'", "'-178000000 years'"}},
	{"uuid", []string{"'00000000-0000-0000-0000-000000000000'", "'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'"}},
	{"json", []string{`'{"b": 1, "a":  [1.0, null]}'`, "'null'", `'"text"'`, "'[]'"}},
	{"jsonb", []string{`'{"b": 1, "a":  [1.0, null]}'`, "'null'", "'123456789012345678901234567890'", "'{}'"}},
	{"jsonpath", []string{"'$.a[*] ? (@ > 2)'"}},
	{"xml", []string{"'<a b=\"c\">d</a>'", "''"}},
	{"inet", []string{"'192.168.0.1'", "'192.168.0.1/24'", "'::1'", "'fe80::/10'"}},
	{"cidr", []string{"'10.0.0.0/8'", "'::/0'"}},
	{"macaddr", []string{"'08:00:2b:01:02:03'"}},
	{"macaddr8", []string{"'08:00:2b:ff:fe:01:02:03'"}},
	{"bit(5)", []string{"B'10101'", "B'00000'"}},
	{"bit varying", []string{"B''", "B'101'"}},
	{"point", []string{"'(1.5,-2)'", "'(NaN,Infinity)'"}},
	{"line", []string{"'{1,2,3}'"}},
	{"lseg", []string{"'[(0,0),(1,1)]'"}},
	{"box", []string{"'(1,1),(0,0)'"}},
	{"path", []string{"'((0,0),(1,1))'", "'[(0,0),(1,1)]'"}},
	{"polygon", []string{"'((0,0),(1,1),(1,0))'"}},
	{"circle", []string{"'<(0,0),1.5>'"}},
	{"tsvector", []string{"'a fat:2B cat:3'", "''"}},
	{"tsquery", []string{"'fat & (rat | cat:*)'"}},
	{"pg_lsn", []string{"'16/B374D848'"}},
	{"tid", []string{"'(1,2)'"}},
	{"regclass", []string{"'pg_class'"}},
	{"mood", []string{"'sad'", "'it''s ok'"}},
	{"positive", []string{"7"}},
	{"label", []string{"'x'", "''"}},
	{"pair", []string{"ROW('a,b', 1)", "ROW(NULL, NULL)", "ROW('', 2)"}},
	{"int4range", []string{"'[1,5)'", "'empty'", "'(,)'", "'[3,]'"}},
	{"int8range", []string{"'[1,9223372036854775807)'"}},
	{"numrange", []string{"'(1.5,2.50]'"}},
	{"tsrange", []string{"'[2024-01-01,infinity)'"}},
	{"tstzrange", []string{"'[2024-01-01 00:00+00,2024-01-02 00:00+00)'", "'(,)'"}},
	{"daterange", []string{"'[2024-01-01,2024-12-31]'"}},
	{"floatrange", []string{"'[0.1,0.2)'"}},
	{"int4multirange", []string{"'{}'", "'{[1,3),[5,7)}'"}},
	{"int8multirange", []string{"'{[1,3),[5,)}'"}},
	{"nummultirange", []string{"'{[1.5,2.5]}'"}},
	{"boolean[]", []string{"'{t,f,NULL}'"}},
	{"integer[]", []string{"'{}'", "'{1,2,3}'", "'{1,NULL}'", "'[5:6]={1,2}'"}},
	{"bigint[]", []string{"'{}'", "'{1,9223372036854775807}'"}},
	{"integer[][]", []string{"'{{1,2},{3,4}}'", "'{{{1}},{{2}}}'"}},
	{"text[]", []string{"'{}'", `'{"a b","",NULL,"NULL","q\"\\"}'`, "'{{a,b},{c,d}}'"}},
	{"varchar(3)[]", []string{"'{abc}'"}},
	{"numeric[]", []string{"'{1.10,NaN}'"}},
	{"double precision[]", []string{"'{0.1,Infinity}'"}},
	{"timestamptz[]", []string{"'{2024-01-01 00:00+00,infinity}'", "'{2024-01-01 00:00:00.5+00}'"}},
	{"date[]", []string{"'{2024-01-01}'"}},
	{"uuid[]", []string{"'{A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11}'"}},
	{"jsonb[]", []string{`ARRAY['{"a": 1}'::jsonb]`}},
	{"bytea[]", []string{`ARRAY['\x00ff'::bytea, '']`}},
	{"inet[]", []string{"'{10.0.0.1,::1}'"}},
	{"mood[]", []string{"'{sad}'"}},
	{"pair[]", []string{"ARRAY[ROW('a', 1)::pair]"}},
	{"int4range[]", []string{`'{"[1,5)"}'`}},
	{"integer NOT NULL DEFAULT 1", []string{"5"}},
	{"varchar(7) NOT NULL DEFAULT ''", []string{"'x'"}},
}

func TestPostgresTypesAreTheSameFromTheCache(t *testing.T) {
	t.Parallel()
	dsn := os.Getenv("CACHEDSQL_TEST_POSTGRES")
	if dsn == "" {
		t.Skip("CACHEDSQL_TEST_POSTGRES is not set")
	}
	config := postgresConfig(t, dsn)
	config.RuntimeParams["timezone"] = "America/New_York"
	db := stdlib.OpenDB(*config)
	defer db.Close()
	for _, statement := range postgresTypes {
		mustExec(t, db, statement)
	}
	createMatrix(t, db, postgresColumns)
	for _, mode := range []pgx.QueryExecMode{
		pgx.QueryExecModeCacheStatement, pgx.QueryExecModeCacheDescribe, pgx.QueryExecModeDescribeExec,
		pgx.QueryExecModeExec, pgx.QueryExecModeSimpleProtocol,
	} {
		t.Run(mode.String(), func(t *testing.T) {
			config := config.Copy()
			config.DefaultQueryExecMode = mode
			m := &matrix{columns: postgresColumns, inner: stdlib.GetConnector(*config), adapter: cachedpg.Adapter(config), marker: "$1"}
			m.run(t)
		})
	}
}

// A mode can be chosen for one query too, by an argument in front.
func TestExecModeAsArgumentHasAnEntryOfItsOwn(t *testing.T) {
	t.Parallel()
	dsn := os.Getenv("CACHEDSQL_TEST_POSTGRES")
	if dsn == "" {
		t.Skip("CACHEDSQL_TEST_POSTGRES is not set")
	}
	config := postgresConfig(t, dsn)
	cache, rec := cachedsqltest.New(t, cachedsqltest.Everything, func(c *cachedsql.Config) { c.Adapter = cachedpg.Adapter(config) })
	db := cache.OpenDB(stdlib.GetConnector(*config))
	defer db.Close()
	mustExec(t, db, "CREATE TABLE n (id integer, x numeric)")
	mustExec(t, db, "INSERT INTO n VALUES (1, 1.50)")
	for _, mode := range []pgx.QueryExecMode{
		pgx.QueryExecModeCacheStatement, pgx.QueryExecModeCacheDescribe, pgx.QueryExecModeDescribeExec,
		pgx.QueryExecModeExec, pgx.QueryExecModeSimpleProtocol,
	} {
		for _, want := range []string{"miss", "hit"} {
			var x string
			err := db.QueryRow("SELECT x FROM n WHERE id = $1", mode, 1).Scan(&x)
			if did := rec.LastRead(); err != nil || x != "1.50" || did != want {
				t.Errorf("%v: got %q, %v (%s), want %s", mode, x, err, did, want)
			}
		}
	}
}
