package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/cachedsql/cachedsql/suites/bind"
)

// A mode is one way to run a suite.
type mode struct{ name, bind, store string }

// modes are in the order in which they run; the first is what the others are
// compared with.
var modes = []mode{
	{"bare", "bare", ""},
	{"memory", "cached", ""},
	{"redis", "cached", "redis"},
	{"memory-repeated", "repeated", ""},
	{"redis-repeated", "repeated", "redis"},
}

// run is a suite, how it is to be run, and where.
type run struct {
	suite
	source  *source
	env     []string // of every test binary, besides the suite's own, with placeholders
	dir     string   // for what comes of it
	flags   []string
	words   []string // for the tests' own flags, with placeholders
	timeout time.Duration
	why     bool // to be shown
}

// in runs the suite once, on a fresh database.
func (r *run) in(ctx context.Context, m mode) (*result, error) {
	db, err := fresh(ctx, r.dialect, r.schema)
	if err != nil {
		return nil, err
	}
	out := filepath.Join(r.dir, m.name)
	if err := os.MkdirAll(out, 0o755); err != nil {
		return nil, err
	}
	env, err := m.env(out)
	if err != nil {
		return nil, err
	}
	for _, text := range r.env {
		env = append(env, os.Expand(text, db.word))
	}
	env = append(env, bind.DSN+"="+os.Expand(strings.Join(r.dsn, "\n"), db.word))
	if r.suite.env != nil {
		env = append(env, r.suite.env(db)...)
	}
	log := filepath.Join(out, "log.json")
	if err := r.test(ctx, db, env, log); err != nil {
		return nil, err
	}
	return readRun(log, out)
}

// env is what the binding in the test binary needs to know.
func (m mode) env(out string) ([]string, error) {
	redis := ""
	if m.store == "redis" {
		if redis = os.Getenv("CACHEDSQL_TEST_REDIS"); redis == "" {
			return nil, errors.New("CACHEDSQL_TEST_REDIS is not set: see scripts/services")
		}
	}
	prefix := fmt.Sprintf("suites-%d-%s", time.Now().UnixNano(), m.name)
	return []string{bind.Mode + "=" + m.bind, bind.Redis + "=" + redis, bind.Prefix + "=" + prefix, bind.Out + "=" + out}, nil
}

// test runs the tests of one package after the other. That some fail is no error.
func (r *run) test(ctx context.Context, db database, env []string, log string) error {
	file, err := os.Create(log)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	args := append([]string{"-test.v=test2json", "-test.count=1", "-test.timeout=" + r.timeout.String()}, r.flags...)
	if r.skip != "" {
		args = append(args, "-test.skip="+r.skip)
	}
	if r.args != nil {
		args = append(args, r.args(db)...)
	}
	for _, word := range r.words {
		args = append(args, os.Expand(word, db.word))
	}
	for _, b := range r.source.binaries {
		cmd := exec.CommandContext(ctx, "go", append([]string{"tool", "test2json", "-p", b.importPath, b.file}, args...)...)
		cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = b.dir, append(r.source.env, env...), file, os.Stderr
		var failed *exec.ExitError
		if err := cmd.Run(); err != nil && !errors.As(err, &failed) {
			return err
		}
	}
	return ctx.Err()
}

func readRun(log, out string) (*result, error) {
	file, err := os.Open(log)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	res, err := readResults(file)
	if err != nil {
		return nil, err
	}
	if len(res.tests) == 0 {
		return nil, errors.New("no test ran; see " + log)
	}
	res.tally, err = bind.ReadTallies(out)
	return res, err
}
