package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// An overlay gives files to a build in place of others, or where none are, and leaves the disk alone; see `go help build`.
type overlay struct {
	dir     string // where its own files are
	Replace map[string]string
}

func newOverlay(dir string) *overlay { return &overlay{dir: dir, Replace: map[string]string{}} }

// put has the build read text where it would read the file at path.
func (o *overlay) put(path, text string) error {
	instead := filepath.Join(o.dir, fmt.Sprintf("%d-%s", len(o.Replace), filepath.Base(path)))
	o.Replace[path] = instead
	return os.WriteFile(instead, []byte(text), 0o600)
}

// hookStandard has the build read database/sql with the hook.
func (o *overlay) hookStandard(s *source) error {
	root, err := output(exec.Command("go", "env", "GOROOT"), s.dir, s.env)
	if err != nil {
		return err
	}
	path := filepath.Join(strings.TrimSpace(string(root)), "src", "database", "sql", "sql.go")
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	changed, err := hooked(string(text))
	if err != nil {
		return err
	}
	return o.put(path, changed)
}

// write returns the name of the file for -overlay.
func (o *overlay) write() (string, error) {
	text, err := json.Marshal(o)
	if err != nil {
		return "", err
	}
	name := filepath.Join(o.dir, "overlay.json")
	return name, os.WriteFile(name, text, 0o600)
}

// hooked returns database/sql's own sql.go with a hook between sql.Open or
// sql.OpenDB and the connector they were given. Conn.Raw unwraps what the hook
// put there: tests that look inside a connection know their own driver's only.
func hooked(source string) (string, error) {
	for _, change := range []struct{ from, to string }{
		{"func Open(driverName, dataSourceName string) (*DB, error) {", "func Open(driverName, dataSourceName string) (*DB, error) {\n\tif HookName != nil {\n\t\tdataSourceName = HookName(dataSourceName)\n\t}"},
		{"func OpenDB(c driver.Connector) *DB {", "func OpenDB(c driver.Connector) *DB { return openHooked(c, \"\") }\n\nfunc openDB(c driver.Connector) *DB {"},
		{"return OpenDB(connector), nil", "return openHooked(connector, dataSourceName), nil"},
		{"return OpenDB(dsnConnector{dsn: dataSourceName, driver: driveri}), nil", "return openHooked(dsnConnector{dsn: dataSourceName, driver: driveri}, dataSourceName), nil"},
		{"err = f(dc.ci)", "err = f(unhooked(dc.ci))"},
	} {
		if strings.Count(source, change.from) != 1 {
			return "", fmt.Errorf("database/sql of this version of Go does not have %q once", change.from)
		}
		source = strings.Replace(source, change.from, change.to, 1)
	}
	return source + `
// Hook and HookName are put there by cachedsql's suites.
var Hook func(c driver.Connector, dsn string) driver.Connector
var HookName func(dsn string) string

func openHooked(c driver.Connector, dsn string) *DB {
	if Hook != nil {
		c = Hook(c, dsn)
	}
	return openDB(c)
}

func unhooked[T any](v T) T {
	if w, ok := any(v).(interface{ Unwrap() T }); ok && Hook != nil {
		return w.Unwrap()
	}
	return v
}
`, nil
}

// hookFile is a file of a package's tests that sets the hook. Its name comes before
// others: variables of packages are set in the order of files, and there are
// suites that open a database in one.
const hookFile = "0_cachedsql_test.go"

// A testPackage is what `go list` says of a package.
type testPackage struct {
	Dir, Name, ImportPath     string
	TestGoFiles, XTestGoFiles []string

	beneath bool // the hook depends on it
}

// binding returns the file to add. A package on which the hook depends cannot
// import it, but tests of its that stand outside it can.
func (p testPackage) binding() (path, text string) {
	name := p.Name
	if len(p.TestGoFiles) == 0 || p.beneath {
		name += "_test"
	}
	imports, hook := "\t\"database/sql\"\n\n", "sql.Hook"
	if p.ImportPath == standardModule {
		imports, hook = "", "Hook"
	}
	return filepath.Join(p.Dir, hookFile), "package " + name + "\n\nimport (\n" + imports +
		"\t\"github.com/cachedsql/cachedsql/suites/bind\"\n)\n\nvar _ = bind.Into(&" + hook + ", &" + hook + "Name)\n"
}
