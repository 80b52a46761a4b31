// Command suites runs another project's own tests over the cached driver, with a rule that caches everything, and says where they end
// otherwise than over the bare driver. The tests are not changed: a hook goes into database/sql by an overlay of the build.
//
//	go run ./suites xorm-postgres
//	go run ./suites -dir ~/src/shop -packages ./store/...
//
// The servers are those of scripts/services.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/cachedsql/cachedsql/suites/bind"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	same, err := command(ctx, os.Args[1:], os.Stdout)
	switch {
	case errors.Is(err, flag.ErrHelp):
		os.Exit(2)
	case err != nil:
		fmt.Fprintln(os.Stderr, "suites:", err)
		os.Exit(2)
	case !same:
		os.Exit(1)
	}
}

type options struct {
	dir, packages, dialect, namespace, modes, run, skip, keep string
	within, tags, schema                                      string
	env, dsn, args                                            []string
	timeout                                                   time.Duration
	why                                                       bool
}

// command reports whether all that ran ended as over the bare driver.
func command(ctx context.Context, args []string, w io.Writer) (same bool, err error) {
	var o options
	flags := flag.NewFlagSet("suites", flag.ContinueOnError)
	flags.Usage = func() {
		fmt.Fprintf(flags.Output(), "usage: suites [flags] NAME\n       suites [flags] -dir DIR\nNAME is one of: %s\n", names())
		flags.PrintDefaults()
	}
	flags.StringVar(&o.dir, "dir", "", "a checkout to run instead of what the module proxy has; it is copied first")
	flags.StringVar(&o.packages, "packages", "", "packages to test, by a comma; the suite's own by default, else ./...")
	flags.StringVar(&o.dialect, "dialect", "", "postgres or mysql: make a fresh database for each run of -dir")
	flags.Func("env", "NAME=TEXT for the tests, as often as needed; in TEXT, "+placeholders+" stand for the fresh database", func(text string) error {
		o.env = append(o.env, text)
		return nil
	})
	flags.Func("arg", "an argument for the tests' own flags, as often as needed, with the same words as -env", func(text string) error {
		o.args = append(o.args, text)
		return nil
	})
	flags.StringVar(&o.schema, "schema", "", "a file of SQL that the tests want to have been run in the fresh database")
	flags.StringVar(&o.within, "within", "", "the directory of a module inside of -dir that has the tests")
	flags.StringVar(&o.tags, "tags", "", "of the build, by a comma, as go test has it")
	flags.Func("dsn", "OLD=>NEW for tests that have the names of their data sources written into them, as often as needed; NEW may have the same words as -env", func(text string) error {
		if _, _, ok := strings.Cut(text, bind.Becomes); !ok {
			return fmt.Errorf("want OLD%sNEW", bind.Becomes)
		}
		o.dsn = append(o.dsn, text)
		return nil
	})
	flags.StringVar(&o.namespace, "namespace", "", "of the databases of a driver that is neither PostgreSQL's, MySQL's nor SQLite's")
	flags.StringVar(&o.modes, "modes", "", "what to run after bare, by a comma: memory, redis, memory-repeated, redis-repeated; all by default")
	flags.StringVar(&o.run, "run", "", "tests to run, as go test has it")
	flags.StringVar(&o.skip, "skip", "", "tests not to run, besides the suite's own")
	flags.StringVar(&o.keep, "keep", "", "a directory to work in and leave behind, with the logs")
	flags.BoolVar(&o.why, "why", false, "show a few statements for each reason for which some were not cached")
	flags.DurationVar(&o.timeout, "timeout", 20*time.Minute, "for each run")
	if err := flags.Parse(args); err != nil {
		return false, flag.ErrHelp
	}
	s, err := o.suite(flags.Args())
	if err != nil {
		return false, err
	}
	return o.all(ctx, s, w)
}

// suite returns the suite that is named, or one of a directory.
func (o options) suite(args []string) (s suite, err error) {
	switch {
	case len(args) == 1:
		if s, err = find(args[0]); err != nil {
			return s, err
		}
	case len(args) == 0 && o.dir != "":
		s = suite{name: filepath.Base(o.dir), packages: []string{"./..."}}
	default:
		return s, fmt.Errorf("want the name of one suite (%s) or -dir", names())
	}
	if o.packages != "" {
		s.packages = strings.Split(o.packages, ",")
	}
	if o.dialect != "" {
		s.dialect = o.dialect
	}
	if o.within != "" {
		s.within = o.within
	}
	if o.tags != "" {
		s.tags = o.tags
	}
	s.dsn = append(slices.Clip(s.dsn), o.dsn...)
	s.skip = strings.Trim(s.skip+"|"+o.skip, "|")
	if o.schema == "" {
		return s, nil
	}
	if s.dialect == "" {
		return s, errors.New("a schema needs the dialect of a database")
	}
	text, err := os.ReadFile(o.schema)
	s.schema = string(text)
	return s, err
}

func find(name string) (suite, error) {
	for _, s := range suites {
		if s.name == name {
			return s, nil
		}
	}
	return suite{}, fmt.Errorf("there is no suite %q, but %s", name, names())
}

func names() string {
	var all []string
	for _, s := range suites {
		all = append(all, s.name)
	}
	return strings.Join(all, ", ")
}

// all fetches the suite and runs it in every mode.
func (o options) all(ctx context.Context, s suite, w io.Writer) (same bool, err error) {
	scratch := o.keep
	if scratch == "" {
		if scratch, err = os.MkdirTemp("", "suites-"); err != nil {
			return false, err
		}
		defer func() { _ = os.RemoveAll(scratch) }()
	}
	chosen, err := o.chosen()
	if err != nil {
		return false, err
	}
	r, err := o.prepared(ctx, s, scratch)
	if err != nil {
		return false, err
	}
	return r.compared(ctx, chosen, w)
}

// chosen are the modes to run, the bare one first.
func (o options) chosen() ([]mode, error) {
	if o.modes == "" {
		return modes, nil
	}
	chosen := modes[:1:1]
	for word := range strings.SplitSeq(o.modes, ",") {
		known := false
		for _, m := range modes[1:] {
			if m.name == word {
				chosen, known = append(chosen, m), true
			}
		}
		if !known {
			return nil, fmt.Errorf("there is no mode %q", word)
		}
	}
	return chosen, nil
}

func (o options) prepared(ctx context.Context, s suite, scratch string) (*run, error) {
	code, files := filepath.Join(scratch, "source"), filepath.Join(scratch, "overlay")
	for _, dir := range []string{code, files} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return nil, err
		}
	}
	var err error
	switch {
	case o.dir != "":
		err = copyTree(o.dir, code)
	case s.module == standardModule:
		err = copyStandard(code)
	case s.module == "":
		err = fmt.Errorf("%s is in no module: give -dir a checkout", s.name)
	default:
		err = download(s.module, code)
	}
	if err != nil {
		return nil, err
	}
	src, err := prepare(ctx, filepath.Join(code, s.within), files, s)
	if err != nil {
		return nil, err
	}
	r := &run{suite: s, source: src, dir: scratch, timeout: o.timeout, why: o.why, env: append(o.env, bind.Namespace+"="+o.namespace), words: o.args}
	if o.run != "" {
		r.flags = append(r.flags, "-test.run="+o.run)
	}
	return r, nil
}

// compared runs the suite in each mode and prints what is otherwise than in the first.
func (r *run) compared(ctx context.Context, chosen []mode, w io.Writer) (same bool, err error) {
	fmt.Fprintf(w, "%s %s\n", r.name, r.module)
	defer func() {
		if err == nil {
			err = drop(ctx, r.dialect)
		}
	}()
	var bare *result
	same = true
	for _, m := range chosen {
		began := time.Now()
		res, err := r.in(ctx, m)
		if err != nil {
			return false, err
		}
		fmt.Fprintf(w, "%-16s %s (%s)\n", m.name, res.line(), time.Since(began).Round(time.Second))
		if bare == nil {
			bare = res
			continue
		}
		if reasons := res.reasons(); reasons != "" {
			fmt.Fprintf(w, "    not cached: %s\n", reasons)
		}
		if r.why {
			show(w, res.examples())
		}
		differences := append(res.differences(bare), res.tally.Differences...)
		show(w, differences)
		same = same && len(differences) == 0
	}
	return same, ctx.Err()
}

// maxShown bounds what is printed of a run in which everything is otherwise.
const maxShown = 60

func show(w io.Writer, differences []string) {
	for i, d := range differences {
		if i == maxShown {
			fmt.Fprintf(w, "    and %d more\n", len(differences)-i)
			return
		}
		fmt.Fprintf(w, "    %s\n", d)
	}
}
