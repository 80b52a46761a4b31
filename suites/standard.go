package main

import (
	"cmp"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

// standardModule is what a copy of database/sql is called that is tested over the cache. The cache itself uses the real one: a
// package of Go's own cannot import it.
const standardModule = "database.test/sql"

// inside is where its tests look at their own driver's connections.
var inside = regexp.MustCompile(`([\w.\[\]]+\.ci|db\.Driver\(\))\.\((\*fakeConn|\*fakeDriver)\)`)

// release is in what `go env GOVERSION` says.
var release = regexp.MustCompile(`\d+\.\d+`)

// scanContext is what database/sql of Go 1.27 shares with its driver package only: how a driver that scans for itself comes by the
// Rows. The copy reaches into the value, which has one field.
const scanContext = `package internal

import (
	"database/sql/driver"
	"unsafe"
)

type ScanContext = driver.ScanContext

type inside struct{ v any }

func NewScanContext(v any) ScanContext { return *(*ScanContext)(unsafe.Pointer(&inside{v})) }

func ScanContextValue(c ScanContext) any { return (*inside)(unsafe.Pointer(&c)).v }
`

const sharedImport, ownImport = `"database/sql/internal"`, `"` + standardModule + `/internal/scan"`

// copyStandard copies Go's own database/sql, with the hook, into a module.
func copyStandard(to string) error {
	root, err := output(exec.Command("go", "env", "GOROOT"), "", nil)
	if err != nil {
		return err
	}
	files, err := filepath.Glob(filepath.Join(strings.TrimSpace(string(root)), "src", "database", "sql", "*.go"))
	if err != nil {
		return err
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		changed := strings.ReplaceAll(string(text), `"internal/`, `"`+standardModule+`/internal/`)
		if strings.Contains(changed, sharedImport) {
			changed = strings.Replace(changed, sharedImport, ownImport, 1)
			if err := putScanContext(to); err != nil {
				return err
			}
		}
		changed = inside.ReplaceAllString(changed, "unhooked($1).($2)")
		changed = strings.Replace(changed, "return c.(interface {\n\t\tgetFakeConn()", "return unhooked(c).(interface {\n\t\tgetFakeConn()", 1)
		if filepath.Base(file) == "sql.go" {
			if changed, err = hooked(changed); err != nil {
				return err
			}
		}
		if err := os.WriteFile(filepath.Join(to, filepath.Base(file)), []byte(changed), 0o600); err != nil {
			return err
		}
	}
	version, err := output(exec.Command("go", "env", "GOVERSION"), "", nil)
	if err != nil {
		return err
	}
	language := release.FindString(string(version)) // empty for one that was built from no release
	return os.WriteFile(filepath.Join(to, "go.mod"), []byte("module "+standardModule+"\n\ngo "+cmp.Or(language, "1.27")+"\n"), 0o600)
}

func putScanContext(to string) error {
	dir := filepath.Join(to, "internal", "scan")
	return errors.Join(os.MkdirAll(dir, 0o755), os.WriteFile(filepath.Join(dir, "scan.go"), []byte(scanContext), 0o600))
}
