package main

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"
)

// slowCatalog is how long reading the catalog may take before somebody should
// know: it happens in each process, after each schema change.
const slowCatalog = time.Second

// database looks at what the library can learn from a database, and returns
// its namespace. reported are those of the processes, nil if nobody was asked.
func (f *findings) database(ctx context.Context, e *explainFlags, reported []string) ([]string, error) {
	dialect, err := e.chosenDialect()
	if err != nil {
		return nil, err
	}
	said, restore := overhear()
	defer restore()
	live, err := openLive(ctx, dialect, e.dsn, "")
	if err != nil {
		f.add(fault, "database", "is the DSN right, and is the database up?", "%v", err)
		return nil, nil
	}
	defer live.close()
	started := time.Now()
	if _, err := live.explain(dialect, "SELECT 1"); err != nil {
		f.add(fault, "catalog", "see docs/operations.md for the rights that the program's user needs", "%v", err)
		return nil, nil
	}
	took := time.Since(started)
	names := live.cache.Namespaces()
	f.identity(names, reported)
	warnings := said.all()
	for _, w := range warnings {
		f.add(warning, "catalog", "see docs/operations.md for the rights that the program's user needs", "%s", w)
	}
	switch {
	case took > slowCatalog:
		f.add(warning, "catalog", "see what is in the database that no program uses; Config.NoCatalog does without, where there are no views, triggers and cascades", "it takes %v to read, after each schema change", took.Round(time.Millisecond))
	case len(warnings) == 0:
		f.ok("catalog", "%s, read in %v", dialect, took.Round(time.Millisecond))
	}
	return names, nil
}

// identity compares the namespace of the database with those in use.
func (f *findings) identity(names, reported []string) {
	const name = "identity"
	if len(names) == 0 {
		f.add(fault, name, "set cache_namespace, the same in every program that uses this database", "the server does not say which database this is: nothing is cached")
		return
	}
	if len(reported) != 0 && !slices.Contains(reported, names[0]) {
		f.add(warning, name, "do the programs use this database, and the same cache_namespace?",
			"this is namespace %q, but processes report %s", names[0], strings.Join(quoted(slices.Clone(reported)), ", "))
		return
	}
	f.ok(name, "namespace %q", names[0])
}

// overheard are the warnings that the library logs meanwhile.
type overheard struct {
	slog.Handler
	mu    sync.Mutex
	lines []string // under mu
}

// overhear makes the default logger's warnings findings. restore ends that.
func overhear() (o *overheard, restore func()) {
	before := slog.Default()
	o = &overheard{Handler: slog.DiscardHandler}
	slog.SetDefault(slog.New(o))
	return o, func() { slog.SetDefault(before) }
}

func (o *overheard) Enabled(_ context.Context, l slog.Level) bool { return l >= slog.LevelWarn }

func (o *overheard) Handle(_ context.Context, r slog.Record) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	line := r.Message
	r.Attrs(func(a slog.Attr) bool { line += " " + a.String(); return true })
	o.lines = append(o.lines, strings.TrimPrefix(line, "cachedsql: "))
	return nil
}

func (o *overheard) all() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.lines)
}
