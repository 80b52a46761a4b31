package main

// A suite is another project's, as it is published: nothing of it is changed but go.mod.
type suite struct {
	name     string
	module   string // with its version; empty: only from a checkout, with -dir
	within   string // the directory of a module of its own that has the tests
	packages []string
	dialect  string // of the server that it needs, if any
	env      func(database) []string
	args     func(database) []string // of the test binary
	skip     string                  // tests, by regular expression
	stubs    map[string]string       // modules for other databases that not every proxy has, with their packages' names: left empty
}

const xorm = "xorm.io/xorm@v1.4.3"

var (
	xormTests = []string{"./tests"}
	gormTests = []string{"."}
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
		name: "gorm-postgres", packages: gormTests, within: "tests", dialect: "postgres",
		env: func(d database) []string {
			return []string{"GORM_DIALECT=postgres", "GORM_DSN=" + d.postgresURL() + "&TimeZone=Asia/Shanghai"}
		},
	},
	{
		name: "gorm-mysql", packages: gormTests, within: "tests", dialect: "mysql",
		env: func(d database) []string {
			return []string{"GORM_DIALECT=mysql", "GORM_DSN=" + d.mysqlDSN() + "?charset=utf8&parseTime=True&loc=Local"}
		},
	},
	{
		name: "gorm-sqlite", packages: gormTests, within: "tests",
		env: func(database) []string { return []string{"GORM_DIALECT=sqlite"} },
	},
}
