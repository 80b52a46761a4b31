package redisstore

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/internal/testredis"
)

// hurried makes a store take fills along, as after a lookup that came soon, and
// wait for the next lookup however long it takes.
func hurried(s *Store) {
	a := &s.wire.along
	a.mu.Lock()
	defer a.mu.Unlock()
	a.quick, a.armed = true, true
}

// patient gives a store the timer back that hurried took.
func patient(s *Store) {
	a := &s.wire.along
	a.mu.Lock()
	defer a.mu.Unlock()
	a.watch(time.Millisecond)
}

func whole(entry []byte) func() []byte { return func() []byte { return entry } }

// fillAlong returns what done is called with.
func fillAlong(t *testing.T, sp *space, key cachedsql.Key, entry []byte, ttl time.Duration) <-chan bool {
	t.Helper()
	done := make(chan bool, 2)
	if !sp.FillAlong(key, ttl, whole(entry), func(stored bool) { done <- stored }) {
		t.Fatal("not taken along")
	}
	return done
}

// once waits for the only call of done.
func once(t *testing.T, done <-chan bool) (stored bool) {
	t.Helper()
	select {
	case stored = <-done:
	case <-time.After(time.Minute):
		t.Fatal("nobody says what became of a fill")
	}
	select {
	case <-done:
		t.Error("it was said twice what became of a fill")
	default:
	}
	return stored
}

func TestFillGoesAlongInFrontOfTheNextLookup(t *testing.T) {
	t.Parallel()
	srv := testredis.Start(t)
	s, sp, tags := settledOn(t, srv.URL()+"/3")
	before := calls(t, srv, "set")
	for i, size := range []int{0, 1, 3, longestAlong} {
		hurried(s)
		key, entry := cachedsql.Key{byte(i)}, bytes.Repeat([]byte("\r\n+"), size/3+1)[:size]
		done := fillAlong(t, sp, key, entry, time.Minute)
		if n := calls(t, srv, "set") - before; n != i {
			t.Fatalf("%d bytes: %d are stored before there was a lookup, want %d", size, n, i)
		}
		r, err := sp.Read(t.Context(), key, tags, nil)
		if err != nil || !r.Settled || r.Entry == nil || !bytes.Equal(r.Entry, entry) {
			t.Errorf("%d bytes: the lookup it went with found %q, %v", size, r.Entry, err)
		}
		if !once(t, done) {
			t.Errorf("%d bytes: not stored", size)
		}
		ttl := s.scripts.client.PTTL(t.Context(), sp.keys.entry(key)).Val()
		if ttl <= 0 || ttl > time.Minute {
			t.Errorf("%d bytes: TTL %v, want a minute at most", size, ttl)
		}
	}
}

func TestFillGoesByItself(t *testing.T) {
	t.Parallel()
	srv := testredis.Start(t)
	s, sp, tags := settledOn(t, srv.URL())
	never := func(bool) { t.Error("done was called for what was not taken") }
	s.wire.along.mu.Lock()
	s.wire.along.quick = false
	s.wire.along.mu.Unlock()
	if sp.FillAlong(cachedsql.Key{}, time.Minute, nil, never) {
		t.Error("taken where lookups do not follow soon")
	}
	hurried(s)
	if sp.FillAlong(cachedsql.Key{}, time.Minute, whole(make([]byte, longestAlong+1)), never) {
		t.Error("taken although it is long")
	}
	if sp.FillAlong(cachedsql.Key{}, 0, nil, never) {
		t.Error("taken without a TTL")
	}
	var taken []<-chan bool
	for range 2 * mostWaiting / longestAlong {
		done := make(chan bool, 2)
		if sp.FillAlong(cachedsql.Key{}, time.Minute, whole(make([]byte, longestAlong)), func(stored bool) { done <- stored }) {
			taken = append(taken, done)
		}
	}
	if n := len(taken); n < mostWaiting/longestAlong/2 || n > mostWaiting/longestAlong+1 {
		t.Errorf("%d of %d bytes wait", n, longestAlong)
	}
	before := calls(t, srv, "set")
	if _, err := sp.Check(t.Context(), tags); err != nil {
		t.Fatal(err)
	}
	if n := calls(t, srv, "set") - before; n > mostAlong/longestAlong {
		t.Errorf("%d of %d bytes went along with one lookup", n, longestAlong)
	}
	_ = s.Close()
	for _, done := range taken {
		once(t, done)
	}
	if sp.FillAlong(cachedsql.Key{}, time.Minute, nil, never) {
		t.Error("taken by a closed store")
	}
	s, sp, _ = settledOn(t, srv.URL())
	hurried(s)
	s.wire.turnOff()
	if sp.FillAlong(cachedsql.Key{}, time.Minute, nil, never) {
		t.Error("taken where lookups go by the scripts")
	}
}

// TestFillsAreTakenWhereLookupsFollowSoon: whether one waits depends on how soon
// a lookup came after the one before.
func TestFillsAreTakenWhereLookupsFollowSoon(t *testing.T) {
	t.Parallel()
	now := time.Now()
	a := &along{armed: true}
	add := func(since time.Time) bool { return a.comes(since) && a.add(&fill{since: since}) }
	if add(now.Add(-time.Hour)) {
		t.Error("taken before any lookup has come")
	}
	if a.take(); add(now) {
		t.Error("taken although the lookup came an hour later")
	}
	if add(now.Add(time.Hour)) { // the lookup comes at once
		t.Error("taken although no lookup has come since")
	}
	a.take()
	for range 2 {
		if !add(time.Now().Add(time.Hour)) {
			t.Error("not taken although the lookup came at once")
		}
	}
	if n := len(a.take()); n != 2 {
		t.Errorf("%d went along, want 2", n)
	}
	if a.news.Load() || a.take() != nil {
		t.Error("there is more")
	}
}

func TestFillThatNoLookupComesForIsGivenBack(t *testing.T) {
	t.Parallel()
	srv := testredis.Start(t)
	s, sp, _ := settledOn(t, srv.URL())
	hurried(s)
	first := fillAlong(t, sp, cachedsql.Key{1}, nil, time.Minute)
	second := fillAlong(t, sp, cachedsql.Key{2}, nil, time.Minute)
	patient(s)
	if once(t, first) || once(t, second) {
		t.Error("stored without a lookup")
	}
	if sp.FillAlong(cachedsql.Key{3}, time.Minute, nil, nil) {
		t.Error("the next one is taken along")
	}
}

// TestFillThatIsRefusedDoesNotHarmTheLookup: a server that is full refuses
// transactions as well, and lookups go by the scripts; a user who may not store
// may look up.
func TestFillThatIsRefusedDoesNotHarmTheLookup(t *testing.T) {
	t.Parallel()
	for what, refuse := range map[string][]any{
		"no room": {"config", "set", "maxmemory", "1"}, "may not": {"acl", "setuser", "default", "-set"},
	} {
		srv := testredis.Start(t, "--maxmemory-policy", "noeviction")
		s, sp, tags := settledOn(t, srv.URL())
		srv.Do(t, refuse...)
		hurried(s)
		done := fillAlong(t, sp, cachedsql.Key{1}, []byte("entry"), time.Minute)
		if r, err := sp.Read(t.Context(), cachedsql.Key{1}, tags, nil); err != nil || !r.Settled || r.Entry != nil {
			t.Errorf("%s: the lookup: %+v, %v", what, r, err)
		}
		if once(t, done) {
			t.Errorf("%s: stored", what)
		}
		s.wire.mu.Lock()
		if n := len(s.wire.idle); n != 1 {
			t.Errorf("%s: %d connections are left, want the one", what, n)
		}
		s.wire.mu.Unlock()
	}
}

func TestFillIsSentAgainOnANewConnection(t *testing.T) {
	t.Parallel()
	srv := testredis.Start(t)
	s, sp, tags := settledOn(t, srv.URL())
	srv.Do(t, "client", "kill", "type", "normal", "skipme", "yes")
	hurried(s)
	done := fillAlong(t, sp, cachedsql.Key{1}, []byte("entry"), time.Minute)
	if r, err := sp.Read(t.Context(), cachedsql.Key{1}, tags, nil); err != nil || string(r.Entry) != "entry" {
		t.Errorf("the lookup: %q, %v", r.Entry, err)
	}
	if !once(t, done) {
		t.Error("not stored")
	}
}

// TestNobodyWaitsForAFillOfALookupThatWasGivenUp: its answer is read in front of
// those of later lookups, which are told what is theirs. The server may be slow,
// and is not given more to do.
func TestNobodyWaitsForAFillOfALookupThatWasGivenUp(t *testing.T) {
	t.Parallel()
	srv := testredis.Start(t)
	s, sp, tags := oneConnection(t, srv, time.Millisecond)
	hurried(s)
	done := fillAlong(t, sp, cachedsql.Key{1}, []byte("entry"), time.Minute)
	srv.Pause(t)
	found := make(chan error, 1)
	go func() {
		_, err := sp.Check(t.Context(), tags)
		found <- err
	}()
	runOutOfTime(t, s)
	if err := <-found; !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatal("from a server that stands still: ", err)
	}
	if once(t, done) {
		t.Error("stored, and nobody can know that")
	}
	hurried(s)
	if sp.FillAlong(cachedsql.Key{2}, time.Minute, nil, nil) {
		t.Error("the next one is taken along")
	}
	srv.Resume(t)
	eventually(t, "what was given up is read", func() bool {
		s.wire.mu.Lock()
		defer s.wire.mu.Unlock()
		return len(s.wire.idle) == 1
	})
	if r, err := sp.Read(t.Context(), cachedsql.Key{1}, tags, nil); err != nil || !r.Settled || string(r.Entry) != "entry" {
		t.Errorf("the next lookup: %+v, %v", r, err)
	}
}

// runOutOfTime ends what a lookup waits for as soon as it has been sent.
func runOutOfTime(t *testing.T, s *Store) {
	t.Helper()
	var cn *wireConn
	eventually(t, "a lookup is sent", func() bool {
		s.wire.mu.Lock()
		defer s.wire.mu.Unlock()
		if len(s.wire.busy) != 1 || !s.wire.busy[0].reading {
			return false
		}
		cn = s.wire.busy[0]
		return true
	})
	cn.asking.Lock() // until then it is being sent
	defer cn.asking.Unlock()
	if err := cn.SetReadDeadline(time.Unix(1, 0)); err != nil {
		t.Fatal(err)
	}
}

// TestFillsInABubbleLeaveNoTimerOfIt: the store may be there before, and go on.
func TestFillsInABubbleLeaveNoTimerOfIt(t *testing.T) {
	t.Parallel()
	var a along
	var b batches
	back := make(chan struct{}, 2)
	wait := func() {
		a.add(&fill{since: time.Now(), done: func(bool) { back <- struct{}{} }})
		b.mu.Lock()
		b.watch(time.Millisecond)
		b.mu.Unlock()
	}
	synctest.Test(t, func(*testing.T) {
		wait()
		time.Sleep(2 * alongPatience)
	})
	wait()
	for range 2 {
		select {
		case <-back:
		case <-time.After(time.Minute):
			t.Fatal("a fill is not given back")
		}
	}
}

func TestFillsOfManyGoAlongWithLookupsOfMany(t *testing.T) {
	t.Parallel()
	srv := testredis.Start(t)
	s, sp, tags := settledOn(t, srv.URL())
	var all sync.WaitGroup
	var taken, stored, told atomic.Int64
	for g := range 16 {
		all.Go(func() {
			for i := range 100 {
				hurried(s)
				key, entry := cachedsql.Key{byte(g), byte(i)}, fmt.Append(nil, g, " ", i)
				if sp.FillAlong(key, time.Minute, whole(entry), func(yes bool) {
					told.Add(1)
					if yes {
						stored.Add(1)
					}
				}) {
					taken.Add(1)
				}
				r, err := sp.Read(t.Context(), key, tags, nil)
				if err != nil || !r.Settled || r.Entry != nil && !bytes.Equal(r.Entry, entry) {
					t.Errorf("%s: got %q, %v", entry, r.Entry, err)
				}
			}
		})
	}
	all.Wait()
	patient(s)
	eventually(t, "it is known what became of all", func() bool { return told.Load() == taken.Load() })
	if stored.Load() < taken.Load()*9/10 {
		t.Errorf("%d of %d are stored", stored.Load(), taken.Load())
	}
	if n := s.scripts.client.DBSize(t.Context()).Val(); n < stored.Load() {
		t.Errorf("%d keys, %d were stored", n, stored.Load())
	}
}

func FuzzFillReplies(f *testing.F) {
	for _, reply := range []string{"+OK\r\n+OK\r\n", "-OOM no room\r\n+OK\r\n", "+OK\r\n:1\r\n", "$2\r\nOK\r\n", "-\r\n", "+OK", "*1\r\n+OK\r\n"} {
		f.Add(reply)
	}
	f.Fuzz(func(t *testing.T, reply string) {
		fills := []*fill{{}, {}}
		err := replies{bufio.NewReader(strings.NewReader(reply))}.readFills(fills)
		lines := strings.SplitAfter(reply, "\r\n")
		for i, f := range fills {
			if f.stored && (len(lines) <= i || !strings.HasPrefix(lines[i], "+")) {
				t.Errorf("%q: %d counts as stored, %v", reply, i, err)
			}
		}
	})
}
