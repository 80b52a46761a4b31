package storetest

import (
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/cachedsql/cachedsql"
)

func (f *fixture) declare(names ...string) cachedsql.Declared {
	f.Helper()
	d, err := f.space.Declare(f.ctx, names)
	if err != nil {
		f.Fatalf("Declare: %v", err)
	}
	return d
}

func (f *fixture) mustKnow(d cachedsql.Declared, names ...string) {
	f.Helper()
	slices.Sort(names)
	if got := slices.Sorted(maps.Keys(d.Names)); !slices.Equal(got, names) {
		f.Fatalf("declared are %q, want %q", got, names)
	}
}

// relied waits until the names can be relied on.
func (f *fixture) relied(names ...string) cachedsql.Declared {
	f.Helper()
	for deadline := time.Now().Add(f.patience()); ; time.Sleep(5 * time.Millisecond) {
		d := f.declare()
		if !slices.ContainsFunc(names, func(n string) bool { return d.Names[n] > 0 }) {
			return d
		}
		if time.Now().After(deadline) {
			f.Fatalf("names %q cannot be relied on after %v: %v", names, f.patience(), d.Names)
		}
	}
}

func testDeclareGrows(f *fixture) {
	f.settledStore()
	f.mustKnow(f.declare())
	f.mustKnow(f.declare("a", "b"), "a", "b")
	f.mustKnow(f.declare("c", "b"), "a", "b", "c")
	f.mustKnow(f.declare(), "a", "b", "c")
	names := slices.DeleteFunc(slices.Clone(hostile), func(s string) bool { return s == "" })
	f.mustKnow(f.declare(names...), slices.Compact(slices.Sorted(slices.Values(append(names, "a", "b", "c"))))...)
}

// testDeclareChangesSchema: whoever begins a write after a name was declared
// sees another schema, wherever its tags are; nobody else is disturbed.
func testDeclareChangesSchema(f *fixture) {
	f.settledStore()
	users := f.tags("users")
	f.declare("a")
	known := f.declare()
	f.settledStore()
	before := f.settled(users)
	if again := f.declare("a"); again.Schema != known.Schema || before.Schema != known.Schema {
		f.Errorf("schema is %q after declaring nothing new, %q when read, want %q", again.Schema, before.Schema, known.Schema)
	}
	f.mustStay(before, users)

	next := f.declare("b", "a")
	if next.Schema == known.Schema {
		f.Error("schema is what it was before a name was declared")
	}
	f.mustChange(before, users)
	other := f.store.Space(f.name)
	for _, table := range []string{"users", "orders", "a", "b", "c", "d", "e", "f"} {
		w := f.newWrite(other.Tags([]string{table}))
		w.begin()
		if w.schema == known.Schema {
			f.Errorf("begin of a write to %q tells of no change", table)
		}
		w.end()
	}
}

// testDeclareWaits: a name cannot be relied on while the lease of a write that
// began before it was declared may be there, and can after.
func testDeclareWaits(f *fixture) {
	f.settledStore()
	f.declare("a")
	f.relied("a")
	tags := f.tags("users")
	w := f.newWrite(tags)
	w.lease = min(w.lease, 200*time.Millisecond)
	w.begin()
	d := f.declare("a", "b")
	if d.Names["a"] != 0 || d.Names["b"] == 0 && time.Since(w.sent) < w.lease {
		f.Errorf("while a write is under way that began before b was declared: %v", d.Names)
	}
	f.relied("b")
	if held := time.Since(w.sent); held < w.lease {
		f.Errorf("b can be relied on %v after begin, before the lease of %v ran out", held, w.lease)
	}
	w.end()
}

// testDeclareAtOnce: no name is lost, and the last schema is everybody's.
func testDeclareAtOnce(f *fixture) {
	names := []string{"a", "b", "c", "d", "e", "f", "g", "h"}
	var all sync.WaitGroup
	for _, n := range names {
		all.Go(func() {
			if _, err := f.space.Declare(f.ctx, []string{n}); err != nil {
				f.Error(err)
			}
		})
	}
	all.Wait()
	f.mustKnow(f.declare(), names...)
}
