package cachedsql_test

import (
	"database/sql"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/cachedsql/cachedsql/cachedmysql"
)

var mysqlColumns = []column{
	{"BIT(1)", []string{"b'1'", "b'0'"}},
	{"BIT(64)", []string{"0xffffffffffffffff", "b'0'"}},
	{"BOOLEAN", []string{"TRUE", "FALSE"}},
	{"TINYINT", []string{"-128", "127"}},
	{"TINYINT UNSIGNED", []string{"255", "0"}},
	{"SMALLINT", []string{"-32768", "32767"}},
	{"SMALLINT UNSIGNED", []string{"65535"}},
	{"MEDIUMINT", []string{"-8388608"}},
	{"MEDIUMINT UNSIGNED", []string{"16777215"}},
	{"INT", []string{"-2147483648", "2147483647"}},
	{"INT UNSIGNED", []string{"4294967295"}},
	{"INT(5) ZEROFILL", []string{"42"}},
	{"BIGINT", []string{"-9223372036854775808", "9223372036854775807"}},
	{"BIGINT UNSIGNED", []string{"18446744073709551615", "9223372036854775808", "9223372036854775807", "0"}},
	{"FLOAT", []string{"1.1", "-0.0", "3.4e38", "1e-45"}},
	{"FLOAT(7,3)", []string{"1234.567"}},
	{"DOUBLE", []string{"0.1", "1.7976931348623157e308", "5e-324", "-0.0"}},
	{"DECIMAL(10,2)", []string{"12345678.90", "-0.01", "0"}},
	{"DECIMAL(65,30)", []string{"12345678901234567890123456789012345.123456789012345678901234567890"}},
	{"DECIMAL(5,0) UNSIGNED", []string{"99999"}},
	{"CHAR(5)", []string{"'ab'", "''"}},
	{"VARCHAR(20)", []string{"''", "'short'", "'NULL'"}},
	{"VARCHAR(20) CHARACTER SET utf8mb4", []string{"_utf8mb4 0xc3a4e282acf09f9880"}},
	{"VARCHAR(20) CHARACTER SET latin1", []string{"_latin1 0xe4"}},
	{"CHAR(4) CHARACTER SET binary", []string{"0x00ff"}},
	{"BINARY(4)", []string{"0x00ff", "''"}},
	{"VARBINARY(8)", []string{"0x00ff61", "''"}},
	{"TINYBLOB", []string{"0x00", "''"}},
	{"BLOB", []string{"0x00ff"}},
	{"MEDIUMBLOB", []string{"0x00ff"}},
	{"LONGBLOB", []string{"REPEAT('x', 300)"}},
	{"TINYTEXT", []string{"'a'", "''"}},
	{"TEXT", []string{"'a\\\\b\\nc'"}},
	{"MEDIUMTEXT", []string{"'a'"}},
	{"LONGTEXT", []string{"REPEAT('y', 300)"}},
	{"DATE", []string{"'2024-02-29'", "'0000-00-00'", "'2024-00-00'", "'9999-12-31'", "'1000-01-01'"}},
	{"TIME", []string{"'00:00:00'", "'-838:59:59'", "'838:59:59'"}},
	{"TIME(6)", []string{"'12:34:56.789012'", "'-00:00:00.000001'"}},
	{"DATETIME", []string{"'2024-03-31 02:30:00'", "'0000-00-00 00:00:00'", "'9999-12-31 23:59:59'"}},
	{"DATETIME(3)", []string{"'2024-03-31 02:30:00.123'"}},
	{"DATETIME(6)", []string{"'2024-03-31 02:30:00.123456'", "'0000-00-00 00:00:00.000000'", "'2024-10-27 02:30:00.5'"}},
	{"TIMESTAMP NULL", []string{"'2024-03-31 12:30:00'", "'0000-00-00 00:00:00'", "'1970-01-02 00:00:01'"}},
	{"TIMESTAMP(6) NULL", []string{"'2024-03-31 12:30:00.123456'"}},
	{"YEAR", []string{"1901", "2155", "0"}},
	{"ENUM('a','it''s')", []string{"'a'", "'it''s'"}},
	{"SET('x','y')", []string{"''", "'x,y'"}},
	{"JSON", []string{`'{"b": 1, "a":  [1.0, null]}'`, "'null'", `'"text"'`}},
	{"POINT", []string{"ST_GeomFromText('POINT(1 2)')"}},
	{"GEOMETRY", []string{"ST_GeomFromText('LINESTRING(0 0,1 1)')"}},
	{"INT NOT NULL DEFAULT 1", []string{"5"}},
	{"BIGINT UNSIGNED NOT NULL DEFAULT 1", []string{"18446744073709551615"}},
	{"VARCHAR(7) NOT NULL DEFAULT ''", []string{"'x'"}},
	{"DATETIME(6) NOT NULL DEFAULT '2000-01-01'", []string{"'2024-03-31 02:30:00.123456'"}},
}

// What one of the two has alone.
var (
	mariaColumns  = []column{{"INET6", []string{"'::1'", "'10.0.0.1'"}}, {"UUID", []string{"'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'"}}}
	oracleColumns = []column{{"VECTOR(3)", []string{"STRING_TO_VECTOR('[1, -2.5, 3e38]')"}}}
)

func TestMySQLTypesAreTheSameFromTheCache(t *testing.T) {
	t.Parallel()
	dsn := os.Getenv("CACHEDSQL_TEST_MYSQL")
	if dsn == "" {
		t.Skip("CACHEDSQL_TEST_MYSQL is not set")
	}
	base := mysqlConfig(t, dsn)
	// Zero dates and days are refused by default.
	base.Params = map[string]string{"sql_mode": "'ALLOW_INVALID_DATES'"}
	connector, err := mysql.NewConnector(base)
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(connector)
	defer db.Close()
	columns := slices.Concat(mysqlColumns, oracleColumns)
	if vendorOf(t, db) == maria {
		columns = slices.Concat(mysqlColumns, mariaColumns)
	}
	createMatrix(t, db, columns)
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*mysql.Config){
		"plain":             func(*mysql.Config) {},
		"parseTime":         func(c *mysql.Config) { c.ParseTime = true },
		"parseTime local":   func(c *mysql.Config) { c.ParseTime, c.Loc = true, time.Local },
		"parseTime berlin":  func(c *mysql.Config) { c.ParseTime, c.Loc = true, berlin },
		"interpolateParams": func(c *mysql.Config) { c.InterpolateParams, c.ParseTime = true, true },
		"columnsWithAlias":  func(c *mysql.Config) { c.ColumnsWithAlias = true },
		"latin1": func(c *mysql.Config) {
			if err := c.Apply(mysql.Charset("latin1", "")); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			config := base.Clone()
			change(config)
			connector, err := mysql.NewConnector(config)
			if err != nil {
				t.Fatal(err)
			}
			m := &matrix{columns: columns, inner: connector, adapter: cachedmysql.Adapter(config), marker: "?"}
			m.run(t)
		})
	}
}
