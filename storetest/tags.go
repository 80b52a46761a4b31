package storetest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/cachedsql/cachedsql"
)

func testTagsSettleAndStay(f *fixture) {
	tags := f.tags("users", "orders")
	first := f.settled(tags)
	if first.Vector == (cachedsql.Vector{}) || first.Schema == "" {
		f.Errorf("settled reading without vector or schema: %+v", first)
	}
	f.mustStay(first, tags)
	f.mustStay(first, f.store.Space(f.name).Tags([]string{"users", "orders"}))
}

func testSetsAreOrderless(f *fixture) {
	first := f.settled(f.tags("a", "b", "c"))
	f.mustStay(first, f.tags("c", "a", "b"))
	f.mustStay(first, f.tags("b", "c", "a", "b"))
	if names, want := f.tags("b", "a").Names(), []string{"b", "a"}; !slices.Equal(names, want) {
		f.Errorf("Names() = %q, want %q", names, want)
	}
}

func testBeginAndEnd(f *fixture) {
	tags := f.tags("users")
	before := f.settled(tags)
	w := f.begin(tags)
	w.mustBlock(tags)
	w.end()
	after := f.mustChange(before, tags)
	f.mustStay(after, tags)
}

func testVectorsNeverRepeat(f *fixture) {
	tags := f.tags("users")
	seen := map[cachedsql.Vector]int{f.settled(tags).Vector: 0}
	for i := 1; i <= 100; i++ {
		f.begin(tags).end()
		v := f.settled(tags).Vector
		if j, dup := seen[v]; dup {
			f.Fatalf("writes %d and %d left the same vector", j, i)
		}
		seen[v] = i
	}
}

func testLeaseSet(f *fixture) {
	tags := f.tags("users")
	before := f.settled(tags)
	a, b := f.begin(tags), f.begin(tags)
	a.end()
	b.mustBlock(tags)
	b.end()
	f.mustChange(before, tags)
	if r := f.check(tags); !r.Settled {
		f.Error("not settled though both writers have ended")
	}
}

func testStrangersEnd(f *fixture) {
	tags := f.tags("users")
	f.settled(tags)
	w := f.begin(tags)
	f.newWrite(tags).end()
	w.mustBlock(tags)
	w.end()
	f.settled(tags)
}

func testLateEnds(f *fixture) {
	f.settledStore()
	tags := f.tags("users")
	w := f.begin(tags)
	w.end()
	other := f.begin(tags)
	w.end()
	w.end()
	other.mustBlock(tags)
	other.end()
	r := f.settled(tags)
	w.end()
	if again := f.settled(tags); again.Schema != r.Schema {
		f.Error("a late end of a tag changed the schema")
	}
}

func testLeaseRunsOut(f *fixture) {
	tags := f.tags("users")
	before := f.settled(tags)
	w := f.newWrite(tags)
	w.lease = 50 * time.Millisecond
	w.begin()
	w.mustBlock(tags)
	f.mustChange(before, tags)
	if d := time.Since(w.sent); d < w.lease {
		f.Errorf("settled %v after begin, before the lease of %v ran out", d, w.lease)
	}
}

func testRenew(f *fixture) {
	tags := f.tags("users")
	f.settled(tags)
	w := f.newWrite(tags)
	w.lease = min(w.lease, 400*time.Millisecond)
	for start := time.Now(); time.Since(start) < 3*w.lease; {
		w.begin()
		w.mustBlock(tags)
		time.Sleep(w.lease / 4)
		w.mustBlock(tags)
	}
	w.end()
	f.settled(tags)
}

func testManyWriters(f *fixture) {
	tags := f.tags("users")
	before := f.settled(tags)
	var writes []*write
	for range 200 {
		w := f.newWrite(tags)
		w.lease = min(w.lease, time.Second)
		w.begin()
		writes = append(writes, w)
	}
	last := writes[len(writes)-1]
	for _, w := range writes[:len(writes)-1] {
		w.end()
		last.mustBlock(tags)
	}
	last.end()
	f.mustChange(before, tags)
}

func testOverlap(f *fixture) {
	ab, bc, c := f.tags("a", "b"), f.tags("b", "c"), f.tags("c")
	beforeBC, beforeC := f.settled(bc), f.settled(c)
	w := f.begin(ab)
	w.mustBlock(bc)
	f.mustStay(beforeC, c)
	w.end()
	f.mustChange(beforeBC, bc)
	f.mustStay(beforeC, c)
}

func testWildcard(f *fixture) {
	for _, wildcard := range []cachedsql.TagSet{
		f.tags(cachedsql.WildcardTag),
		f.tags(cachedsql.SchemaTag),
		f.tags(cachedsql.WildcardTag, cachedsql.SchemaTag, "elsewhere"),
	} {
		var sets []cachedsql.TagSet
		for i := range 40 {
			sets = append(sets, f.tags(fmt.Sprint("t", i), "a"))
		}
		sets = append(sets, f.tags(), f.tags(cachedsql.WildcardTag), f.tags(cachedsql.SchemaTag, "a"))
		before := f.settledAll(sets)
		w := f.begin(wildcard)
		for _, s := range sets {
			w.mustBlock(s)
		}
		w.end()
		for i, s := range sets {
			f.mustChange(before[i], s)
		}
	}
}

func testEmptySet(f *fixture) {
	f.settledStore()
	tags := f.tags()
	before := f.settled(tags)
	w := f.begin(tags)
	if w.schema != before.Schema {
		f.Errorf("begin of nothing says schema %q, want %q", w.schema, before.Schema)
	}
	w.end()
	f.mustStay(before, tags)
}

func testSchema(f *fixture) {
	users, wildcard := f.tags("users"), f.tags(cachedsql.WildcardTag)
	f.settledStore()
	first := f.settled(users).Schema
	for _, set := range []cachedsql.TagSet{users, wildcard, f.tags("users", "orders"), f.tags()} {
		if s := f.settled(set).Schema; s != first {
			f.Errorf("%q reads schema %q, another set %q", set.Names(), s, first)
		}
		w := f.begin(set)
		if w.schema != first || f.check(users).Schema != first {
			f.Errorf("begin of %q changed the schema", set.Names())
		}
		w.end()
		if w.schema != first {
			f.Errorf("end of %q changed the schema", set.Names())
		}
	}

	change := f.begin(f.tags(cachedsql.SchemaTag, cachedsql.WildcardTag))
	begun := change.schema
	if r := f.check(users); begun == first || r.Settled || r.Schema != begun {
		f.Errorf("after begin of a schema change: was %q, begin says %q, reading %q settled %v", first, begun, r.Schema, r.Settled)
	}
	change.end()
	if r := f.settled(users); change.schema == begun || r.Schema != change.schema {
		f.Errorf("after its end: was %q, end says %q, reading says %q", begun, change.schema, r.Schema)
	}
}

// testSchemaOfDeadWriter: a catalog that was read while the schema change was
// under way has to be read again, also if nobody ends the change.
func testSchemaOfDeadWriter(f *fixture) {
	users := f.tags("users")
	f.settled(users)
	w := f.newWrite(f.tags(cachedsql.SchemaTag))
	w.lease = 50 * time.Millisecond
	w.begin()
	if s := f.settled(users).Schema; s == w.schema {
		f.Error("schema is the same while the change was under way and after")
	}
}

// testSchemaWaits: a write that began before a change of the schema may change
// other tags than it has leased, until its lease has run out or been renewed.
func testSchemaWaits(f *fixture) {
	users, orders := f.tags("users"), f.tags("orders")
	f.settledAll([]cachedsql.TagSet{users, orders})
	w := f.newWrite(users)
	w.lease = min(w.lease, 300*time.Millisecond)
	w.begin()
	f.begin(f.tags(cachedsql.SchemaTag, cachedsql.WildcardTag)).end()
	if r := f.check(orders); r.Settled && time.Since(w.sent) < w.lease {
		f.Error("another tag is settled while a write is under way that began before the schema changed")
	}
	f.settled(orders)
	if held := time.Since(w.sent); held < w.lease {
		f.Errorf("another tag is settled %v after begin, before the lease of %v ran out", held, w.lease)
	}
}

// testSchemaOfDeadWriterWaits: the same where nobody ends the change.
func testSchemaOfDeadWriterWaits(f *fixture) {
	users, orders := f.tags("users"), f.tags("orders")
	f.settledAll([]cachedsql.TagSet{users, orders})
	change := f.newWrite(f.tags(cachedsql.SchemaTag, cachedsql.WildcardTag))
	change.lease = 50 * time.Millisecond
	change.begin()
	w := f.newWrite(users)
	w.lease = min(w.lease, 400*time.Millisecond)
	w.begin()
	f.settled(orders)
	if held := time.Since(w.sent); held < w.lease {
		f.Errorf("another tag is settled %v after begin, before the lease of %v ran out", held, w.lease)
	}
}

func testThousandTags(f *fixture) {
	var names []string
	for i := range 1000 {
		names = append(names, fmt.Sprint("schema.table_", i))
	}
	all, last := f.tags(names...), f.tags(names[999])
	beforeAll, beforeLast := f.settled(all), f.settled(last)
	w := f.begin(all)
	w.mustBlock(last)
	w.mustBlock(all)
	w.end()
	afterAll := f.mustChange(beforeAll, all)
	f.mustChange(beforeLast, last)
	f.begin(last).end()
	f.mustChange(afterAll, all)
}

// hostile names try to look like another name, a separator, or a hash tag.
var hostile = []string{
	"", " ", "a", "A", "a b", "a:1", "a: ", "a\x00", "a\n", "a\r\n", "{a}", "a}", "{", "}{", "a%", "a%20b", "%", "%2A", "**",
	"t:a", "e", "w", "ä", "a\u0308", "日本", "\xff\xfe", "'; DROP", "$(id)", strings.Repeat("x", 10_000), strings.Repeat("x", 10_001),
}

func testHostileTags(f *fixture) {
	var sets []cachedsql.TagSet
	for _, name := range hostile {
		sets = append(sets, f.tags(name))
	}
	before := f.settledAll(sets)
	for i, name := range hostile {
		f.begin(sets[i]).end()
		before[i] = f.mustChange(before[i], sets[i])
		for j, other := range hostile {
			if r := f.check(sets[j]); r.Vector != before[j].Vector {
				f.Fatalf("a write to tag %.20q changed tag %.20q", name, other)
			}
		}
	}
}

func testNamespaces(f *fixture) {
	key := cachedsql.Key{1}
	places := make([]*fixture, len(hostile))
	before := make([]cachedsql.Reading, len(hostile))
	for i, name := range hostile {
		p := *f
		p.space = f.store.Space(f.name + name)
		p.check(p.tags("users")) // they settle together
		p.fill(key, []byte{byte(i + 1)}, time.Minute)
		places[i] = &p
	}
	for i, p := range places {
		before[i] = p.settled(p.tags("users"))
	}
	places[0].begin(places[0].tags("users")).end()
	for i, p := range places {
		r, err := p.space.Read(f.ctx, key, p.tags("users"), nil)
		if err != nil || len(r.Entry) != 1 || r.Entry[0] != byte(i+1) {
			f.Errorf("namespace %.20q holds entry %v, %v; want its own", hostile[i], r.Entry, err)
		}
		if changed := r.Vector != before[i].Vector; changed != (i == 0) {
			f.Errorf("namespace %.20q changed: %v", hostile[i], changed)
		}
	}
}
