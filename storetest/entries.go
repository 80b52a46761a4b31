package storetest

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"time"

	"github.com/cachedsql/cachedsql"
)

func (f *fixture) read(key cachedsql.Key, buf []byte) []byte {
	f.Helper()
	r, err := f.space.Read(f.ctx, key, f.tags("users"), buf)
	if err != nil {
		f.Fatalf("Read: %v", err)
	}
	return r.Entry
}

func (f *fixture) fill(key cachedsql.Key, entry []byte, ttl time.Duration) {
	f.Helper()
	if err := f.space.Fill(f.ctx, key, entry, ttl); err != nil {
		f.Fatalf("Fill: %v", err)
	}
}

func testEntries(f *fixture) {
	if e := f.read(cachedsql.Key{}, nil); e != nil {
		f.Errorf("empty store has entry %q", e)
	}
	big := make([]byte, 1<<20)
	rand.Read(big)
	entries := [][]byte{{0}, []byte("\r\n$5\r\nhello\r\n"), big[:1000], big, []byte("x"), big[:100_000]}
	for i, want := range entries {
		key := cachedsql.Key{byte(i), 0xff, '\n', '}', 23: byte(i)}
		f.fill(key, want, time.Minute)
		for _, buf := range [][]byte{nil, make([]byte, 0, 64), make([]byte, 64), make([]byte, 0, 4096), make([]byte, 2<<20)} {
			if got := f.read(key, buf); !bytes.Equal(got, want) {
				f.Fatalf("entry of %d bytes read with a buffer of %d/%d is different (%d bytes)", len(want), len(buf), cap(buf), len(got))
			}
		}
	}
	f.fill(cachedsql.Key{}, []byte("one"), time.Minute)
	f.fill(cachedsql.Key{}, []byte("two"), time.Minute)
	if got := f.read(cachedsql.Key{}, nil); string(got) != "two" {
		f.Errorf("after filling again: %q, want %q", got, "two")
	}
}

func testTTL(f *fixture) {
	short, long := cachedsql.Key{1}, cachedsql.Key{2}
	f.fill(long, []byte("long"), time.Hour)
	start := time.Now()
	f.fill(short, []byte("short"), 50*time.Millisecond)
	for f.read(short, nil) != nil {
		if time.Since(start) > f.patience() {
			f.Fatal("entry outlives its TTL")
		}
		time.Sleep(5 * time.Millisecond)
	}
	if f.read(long, nil) == nil {
		f.Error("an entry expired with another")
	}
	f.fill(short, []byte("a"), time.Nanosecond)
	if err := f.space.Fill(f.ctx, short, []byte("b"), 0); err == nil {
		f.Error("Fill without a TTL is accepted")
	}
}

func testDelete(f *fixture) {
	a, b := cachedsql.Key{1}, cachedsql.Key{2}
	f.fill(a, []byte("a"), time.Minute)
	f.fill(b, []byte("b"), time.Minute)
	for range 2 {
		if err := f.space.Delete(f.ctx, a); err != nil {
			f.Fatalf("Delete: %v", err)
		}
	}
	if f.read(a, nil) != nil || f.read(b, nil) == nil {
		f.Error("Delete must remove its entry and no other")
	}
}

// testMemory changes every buffer that went in or out, as callers do that use
// them again, and expects the store not to notice.
func testMemory(f *fixture) {
	key, entry := cachedsql.Key{1}, []byte("original")
	f.fill(key, entry, time.Minute)
	copy(entry, "xxxxxxxx")
	for _, buf := range [][]byte{nil, make([]byte, 0, 100), make([]byte, 100)} {
		got := f.read(key, buf)
		if string(got) != "original" {
			f.Fatalf("entry is %q after its buffer was used again", got)
		}
		clear(got[:cap(got)])
	}
	names := []string{"a", "b"}
	tags := f.tags(names...)
	before := f.settled(f.tags("a"))
	names[0] = "z"
	clear(tags.Names())
	f.begin(tags).end()
	f.mustChange(before, f.tags("a"))
}

func testContext(f *fixture) {
	ctx, cancel := context.WithCancel(f.ctx)
	cancel()
	for name, err := range f.everyCall(ctx) {
		if err == nil {
			f.Errorf("%s ignores a cancelled context", name)
		}
	}
}

func testForeignTags(f *fixture) {
	foreign := f.store.Space(f.name + "other").Tags([]string{"users"})
	if _, err := f.space.Check(f.ctx, foreign); err == nil {
		f.Error("Check accepts tags of another space")
	}
	if _, err := f.space.Begin(f.ctx, cachedsql.WriterID{1}, foreign, f.lease()); err == nil {
		f.Error("Begin accepts tags of another space")
	}
	if _, err := f.space.Begin(f.ctx, cachedsql.WriterID{1}, f.tags("users"), 0); err == nil {
		f.Error("Begin accepts no lease")
	}
}

func testClosed(f *fixture) {
	if err := f.store.Ping(f.ctx); err != nil {
		f.Fatalf("Ping: %v", err)
	}
	for range 2 {
		if err := f.store.Close(); err != nil {
			f.Fatalf("Close: %v", err)
		}
	}
	for name, err := range f.everyCall(f.ctx) {
		if !errors.Is(err, cachedsql.ErrStoreClosed) {
			f.Errorf("%s on a closed store: %v, want %v", name, err, cachedsql.ErrStoreClosed)
		}
	}
}

func (f *fixture) everyCall(ctx context.Context) map[string]error {
	tags, errs := f.tags("users"), map[string]error{}
	_, errs["Read"] = f.space.Read(ctx, cachedsql.Key{}, tags, nil)
	_, errs["Check"] = f.space.Check(ctx, tags)
	_, errs["Begin"] = f.space.Begin(ctx, cachedsql.WriterID{}, tags, f.lease())
	_, errs["End"] = f.space.End(ctx, cachedsql.WriterID{}, tags)
	errs["Fill"] = f.space.Fill(ctx, cachedsql.Key{}, []byte("x"), time.Minute)
	errs["Delete"] = f.space.Delete(ctx, cachedsql.Key{})
	errs["Ping"] = f.store.Ping(ctx)
	return errs
}
