package main

import _ "embed"

// A suite is another project's, as it is published: nothing of it is changed but go.mod.
type suite struct {
	name     string
	module   string // with its version, or database/sql itself; empty: only from a checkout, with -dir
	within   string // the directory of a module of its own that has the tests
	packages []string
	tags     string // of the build, by a comma
	dialect  string // of the server that it needs, if any
	schema   string // SQL to run in the fresh database
	env      func(database) []string
	args     func(database) []string // of the test binary
	dsn      []string                // OLD=>NEW, with placeholders: names of data sources that are written into the tests
	skip     string                  // tests, by regular expression
	stubs    map[string]string       // modules for other databases that not every proxy has, with their packages' names: left empty
	instead  map[string]string       // files by their path, for those that need more than a server
	cut      map[string]string       // what is left out of a file, by its path: MySQL's words that MariaDB does not know
}

const (
	xorm        = "xorm.io/xorm@v1.4.3"
	sqlx        = "github.com/jmoiron/sqlx@v1.4.0"
	pgxModule   = "github.com/jackc/pgx/v5@v5.12.0"
	goSQLDriver = "github.com/go-sql-driver/mysql@v1.10.1"
	openfga     = "github.com/openfga/openfga@v1.22.1"
)

var (
	xormTests = []string{"./tests"}
	rootTests = []string{"."}
	xormStubs = map[string]string{"gitee.com/travelliu/dm": "dm"}
)

var suites = []suite{
	{
		name: "xorm-postgres", module: xorm, packages: xormTests, stubs: xormStubs, dialect: "postgres",
		args: func(d database) []string {
			return []string{"-db=postgres", "-conn_str=" + d.postgresURL(), "-quote=always", "-show_sql=false"}
		},
	},
	{
		name: "xorm-mysql", module: xorm, packages: xormTests, stubs: xormStubs, dialect: "mysql",
		args: func(d database) []string {
			return []string{"-db=mysql", "-conn_str=" + d.mysqlDSN() + "?charset=utf8mb4", "-show_sql=false"}
		},
		// They restore a dump that sets NO_BACKSLASH_ESCAPES. From there on the
		// only connection is not cached, and the other tests would show nothing.
		skip: "^TestDump|^TestImport",
	},
	{
		name: "xorm-sqlite", module: xorm, packages: xormTests, stubs: xormStubs,
		args: func(database) []string {
			return []string{"-db=sqlite3", "-conn_str=./test.db?cache=shared&mode=rwc", "-show_sql=false"}
		},
	},
	{
		name: "gorm-postgres", packages: rootTests, within: "tests", dialect: "postgres",
		env: func(d database) []string {
			return []string{"GORM_DIALECT=postgres", "GORM_DSN=" + d.postgresURL() + "&TimeZone=Asia/Shanghai"}
		},
	},
	{
		name: "gorm-mysql", packages: rootTests, within: "tests", dialect: "mysql",
		env: func(d database) []string {
			return []string{"GORM_DIALECT=mysql", "GORM_DSN=" + d.mysqlDSN() + "?charset=utf8&parseTime=True&loc=Local"}
		},
	},
	{
		name: "gorm-sqlite", packages: rootTests, within: "tests",
		env: func(database) []string { return []string{"GORM_DIALECT=sqlite"} },
	},
	{
		name: "pgx", module: pgxModule, packages: []string{"./stdlib"}, dialect: "postgres",
		env: func(d database) []string { return []string{"PGX_TEST_DATABASE=" + d.postgresURL()} },
	},
	{
		name: "go-sql-driver", module: goSQLDriver, packages: rootTests, dialect: "mysql",
		env: func(d database) []string {
			return []string{
				"MYSQL_TEST_USER=" + d.user, "MYSQL_TEST_PASS=" + d.password, "MYSQL_TEST_ADDR=" + d.address(),
				"MYSQL_TEST_DBNAME=" + databaseName, "MYSQL_TEST_CONCURRENT=1",
			}
		},
		skip: "^TestConnectorReturnsTimeout$", // it dials an address of the internet, and panics where that answers
	},
	{
		name: "sqlx-postgres", module: sqlx, packages: rootTests, dialect: "postgres",
		env: func(d database) []string { return sqlxOn(d.postgresURL(), "skip", "skip") },
	},
	{
		name: "sqlx-mysql", module: sqlx, packages: rootTests, dialect: "mysql",
		env: func(d database) []string { return sqlxOn("skip", d.mysqlDSN()+"?parseTime=true", "skip") },
	},
	{
		name: "sqlx-sqlite", module: sqlx, packages: rootTests,
		env: func(database) []string { return sqlxOn("skip", "skip", "./test.db") },
	},
	{
		name: "database-sql", module: standardModule, packages: rootTests,
		instead: map[string]string{
			"internal/asan/asan.go":       "package asan\n\nconst Enabled = false\n",
			"internal/race/race.go":       "package race\n\nconst Enabled = false\n",
			"internal/testenv/testenv.go": "package testenv\n\nfunc SkipIfOptimizationOff(any) {}\n",
		},
		skip: "^TestRowsImplicitClose$|^TestRowsCloseError$|^TestTxCannotCommitAfterRollback$|^TestOpenConnector$|^TestQueryExecContextOnly$", // they look into what is its own driver's
	},
	{name: "openfga-sqlite", module: openfga, packages: []string{"./pkg/storage/sqlite"}},
	{
		name: "openfga-mysql", module: openfga, packages: []string{"./pkg/storage/mysql"}, dialect: "mysql",
		env:     func(d database) []string { return []string{"CACHEDSQL_SUITE_MYSQL=" + d.mysqlDSN()} },
		instead: map[string]string{"pkg/testfixtures/storage/mysql.go": openfgaMySQL},
		cut:     map[string]string{"assets/migrations/mysql/007_collate_object_id.sql": " LOCK = NONE"},
	},
}

// openfgaMySQL does without a container.
//
//go:embed testdata/openfga_mysql.go
var openfgaMySQL string

func sqlxOn(postgres, mysql, sqlite string) []string {
	return []string{"SQLX_POSTGRES_DSN=" + postgres, "SQLX_MYSQL_DSN=" + mysql, "SQLX_SQLITE_DSN=" + sqlite}
}
