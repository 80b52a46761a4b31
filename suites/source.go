package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// A source is a module in a directory of its own, to build tests of.
type source struct {
	dir      string // of the module
	env      []string
	binaries []binary
}

// binary is the built test of a package.
type binary struct{ file, dir, importPath string }

// download copies a module out of the module cache, which is read-only: suites write beside their sources.
func download(module, to string) error {
	out, err := output(exec.Command("go", "mod", "download", "-json", module), filepath.Dir(to), nil)
	if err != nil {
		return err
	}
	var m struct{ Dir string }
	if err := json.Unmarshal(out, &m); err != nil {
		return fmt.Errorf("go mod download %s: %w", module, err)
	}
	return copyTree(m.Dir, to)
}

// copyTree copies files so that they may be written to.
func copyTree(from, to string) error {
	return filepath.WalkDir(from, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		target := filepath.Join(to, rel)
		switch {
		case d.IsDir():
			return os.MkdirAll(target, 0o755)
		case d.Type()&os.ModeSymlink != 0:
			link, err := os.Readlink(path)
			if err != nil {
				return err
			}
			return os.Symlink(link, target)
		case !d.Type().IsRegular():
			return nil
		}
		return copyFile(path, target)
	})
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	info, err := in.Stat()
	if err != nil {
		return err
	}
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, info.Mode()|0o200)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

// prepare builds the module's tests with the cache under database/sql.
func prepare(ctx context.Context, dir, scratch string, suite suite) (*source, error) {
	s := &source{dir: dir, env: append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=mod -tags="+suite.tags)}
	repository, err := repositoryRoot()
	if err != nil {
		return nil, err
	}
	edits := []string{
		"mod", "edit", "-require=github.com/cachedsql/cachedsql@v0.0.0", "-replace=github.com/cachedsql/cachedsql=" + repository,
		"-require=github.com/cachedsql/cachedsql/suites@v0.0.0", "-replace=github.com/cachedsql/cachedsql/suites=" + filepath.Join(repository, "suites"),
	}
	for module, name := range suite.stubs {
		with, err := stub(scratch, module, name)
		if err != nil {
			return nil, err
		}
		edits = append(edits, "-replace="+module+"="+with)
	}
	if _, err := output(exec.Command("go", edits...), dir, s.env); err != nil {
		return nil, err
	}
	if err := addSums(filepath.Join(dir, "go.sum"), filepath.Join(repository, "suites", "go.sum")); err != nil {
		return nil, err
	}
	if err := suite.change(dir); err != nil {
		return nil, err
	}
	found, err := s.testPackages(suite.packages)
	if err != nil {
		return nil, err
	}
	overlay, err := s.hook(scratch, found)
	if err != nil {
		return nil, err
	}
	return s, s.build(ctx, scratch, overlay, found)
}

// build makes a binary of each package's tests, once for all modes.
func (s *source) build(ctx context.Context, scratch, overlay string, found []testPackage) error {
	for i, p := range found {
		file := filepath.Join(scratch, fmt.Sprintf("%d-%s.test", i, p.Name))
		// Without what a debugger wants, a large suite is linked in half the time.
		build := []string{"test", "-c", "-vet=off", "-ldflags=-w", "-overlay=" + overlay, "-o", file, p.ImportPath}
		if _, err := output(exec.CommandContext(ctx, "go", build...), s.dir, s.env); err != nil {
			return err
		}
		s.binaries = append(s.binaries, binary{file, p.Dir, p.ImportPath})
	}
	return nil
}

// addSums adds what our own go.sum vouches for, so that nobody needs to be asked.
func addSums(to, from string) error {
	sums, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	file, err := os.OpenFile(to, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(sums)
	return errors.Join(err, file.Close())
}

// stub makes an empty module.
func stub(scratch, module, name string) (string, error) {
	dir := filepath.Join(scratch, name)
	return dir, errors.Join(
		os.MkdirAll(dir, 0o755),
		os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module "+module+"\n"), 0o600),
		os.WriteFile(filepath.Join(dir, name+".go"), []byte("package "+name+"\n"), 0o600))
}

// hook writes the overlay.
func (s *source) hook(scratch string, found []testPackage) (file string, err error) {
	o := newOverlay(scratch)
	if len(found) == 0 || found[0].ImportPath != standardModule { // a copy has its hook already
		if err := o.hookStandard(s); err != nil {
			return "", err
		}
	}
	for _, p := range found {
		if err := o.put(p.binding()); err != nil {
			return "", err
		}
	}
	return o.write()
}

// change writes the files that the suite gets in place of its own, and cuts
// what its server would not understand.
func (s suite) change(dir string) error {
	for name, text := range s.instead {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o600)); err != nil {
			return err
		}
	}
	for name, cut := range s.cut {
		path := filepath.Join(dir, name)
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(strings.ReplaceAll(string(text), cut, "")), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// testPackages returns those of the packages that have tests.
func (s *source) testPackages(packages []string) (found []testPackage, err error) {
	under, err := output(exec.Command("go", "list", "-deps", "github.com/cachedsql/cachedsql/suites/bind"), s.dir, s.env)
	if err != nil {
		return nil, err
	}
	beneath := strings.Fields(string(under))
	out, err := output(exec.Command("go", append([]string{"list", "-e", "-json=Dir,Name,ImportPath,TestGoFiles,XTestGoFiles"}, packages...)...), s.dir, s.env)
	if err != nil {
		return nil, err
	}
	list := json.NewDecoder(bytes.NewReader(out))
	for {
		var p testPackage
		switch err := list.Decode(&p); {
		case errors.Is(err, io.EOF):
			return found, nil
		case err != nil:
			return nil, fmt.Errorf("go list: %w", err)
		}
		if len(p.TestGoFiles)+len(p.XTestGoFiles) > 0 {
			p.beneath = slices.Contains(beneath, p.ImportPath)
			found = append(found, p)
		}
	}
}

func repositoryRoot() (string, error) {
	out, err := output(exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/cachedsql/cachedsql"), "", nil)
	return strings.TrimSpace(string(out)), err
}

// output runs a command and has what it wrote to stderr in its error.
func output(cmd *exec.Cmd, dir string, env []string) ([]byte, error) {
	var stderr bytes.Buffer
	cmd.Dir, cmd.Env, cmd.Stderr = dir, env, &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w\n%s", strings.Join(cmd.Args, " "), err, stderr.Bytes())
	}
	return out, nil
}
