package redisstore

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/alicebob/miniredis/v2/server"

	"github.com/cachedsql/cachedsql"
)

// testLease is longer than a step of a test takes, mostly.
const testLease = 500 * time.Millisecond

// heldRedis is a server that answers checks only when it is let.
type heldRedis struct {
	addr   string
	mu     sync.Mutex
	checks int
	gets   int
	hold   chan struct{} // nil: answers at once
}

func newHeldRedis(t *testing.T) *heldRedis {
	m := miniredis.RunT(t)
	h := &heldRedis{addr: m.Addr()}
	m.Server().SetPreHook(func(_ *server.Peer, cmd string, _ ...string) bool {
		h.mu.Lock()
		if cmd == "GET" {
			h.gets++
		}
		h.mu.Unlock()
		if cmd != "EVALSHA" && cmd != "EVAL" && cmd != "EXEC" {
			return false
		}
		h.mu.Lock()
		h.checks++
		hold := h.hold
		h.mu.Unlock()
		if hold != nil {
			<-hold
		}
		return false
	})
	return h
}

func (h *heldRedis) close() (open func()) {
	hold := make(chan struct{})
	h.mu.Lock()
	h.checks, h.gets, h.hold = 0, 0, hold
	h.mu.Unlock()
	return sync.OnceFunc(func() {
		h.mu.Lock()
		h.hold = nil
		h.mu.Unlock()
		close(hold)
	})
}

func (h *heldRedis) count() (checks, gets int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.checks, h.gets
}

// settledSpace returns a space, and tags of it that are out of quarantine.
func settledSpace(t *testing.T, addr string) (*space, cachedsql.TagSet) {
	t.Helper()
	s := openURL(t, "redis://"+addr, Config{AllowNoReplicationID: true, Quarantine: testLease})
	sp := s.Space("db").(*space)
	sp.batches.least = time.Hour
	tags := sp.Tags([]string{"users"})
	for range 5000 {
		r, err := sp.Check(t.Context(), tags)
		if err != nil {
			t.Fatal(err)
		}
		if r.Settled {
			return sp, tags
		}
		time.Sleep(time.Millisecond)
	}
	t.Fatal("tags do not settle")
	return nil, nil
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for range 5000 {
		if holds() {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Fatal("never: ", what)
}

func (s *batches) counts() (flying, waiting int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, b := range s.waiting {
		for _, g := range b.gets {
			waiting += g.readers
		}
	}
	return len(s.flying), waiting
}

// occupy makes as many round trips as there may be, of reads that have nothing
// in common but their tags.
func occupy(t *testing.T, done *sync.WaitGroup, sp *space, tags cachedsql.TagSet) {
	t.Helper()
	for i := range maxFlying {
		done.Go(func() { _, _ = sp.Read(t.Context(), cachedsql.Key{0xff, byte(i)}, tags, nil) })
	}
	eventually(t, "as many under way as may be", func() bool { n, _ := sp.batches.counts(); return n == maxFlying })
}

func (s *batches) somebodyWaits() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.waiting) > 0
}

func TestReadsThatWaitTogetherShareOneCheckAndGetTheirOwnEntries(t *testing.T) {
	t.Parallel()
	h := newHeldRedis(t)
	sp, tags := settledSpace(t, h.addr)
	const readers = 40
	for i := range readers {
		if err := sp.Fill(t.Context(), cachedsql.Key{byte(i)}, fmt.Append(nil, "entry ", i), time.Minute); err != nil {
			t.Fatal(err)
		}
	}
	open := h.close()
	defer open()
	var done sync.WaitGroup
	occupy(t, &done, sp, tags)
	for i := range readers {
		done.Go(func() {
			r, err := sp.Read(t.Context(), cachedsql.Key{byte(i)}, tags, nil)
			if want := fmt.Sprint("entry ", i); err != nil || !r.Settled || string(r.Entry) != want {
				t.Errorf("got %q, settled %v, %v, want %q", r.Entry, r.Settled, err, want)
			}
		})
	}
	eventually(t, "all readers wait", func() bool { _, n := sp.batches.counts(); return n == readers })
	open()
	done.Wait()
	if got, _ := h.count(); got != maxFlying+1 {
		t.Errorf("%d checks, want %d under way before and one for all who waited", got, maxFlying)
	}
	eventually(t, "nothing is under way, and nobody waits", func() bool {
		flying, waiting := sp.batches.counts()
		return flying == 0 && waiting == 0
	})
}

// TestReadersOfOneEntryAskForItOnce: those who come while it is being asked for
// wait, and are given one answer that was asked for later.
func TestReadersOfOneEntryAskForItOnce(t *testing.T) {
	t.Parallel()
	h := newHeldRedis(t)
	sp, tags := settledSpace(t, h.addr)
	key := cachedsql.Key{1}
	if err := sp.Fill(t.Context(), key, []byte("before"), time.Minute); err != nil {
		t.Fatal(err)
	}
	open := h.close()
	defer open()
	const readers = 3 * maxBatch
	var done sync.WaitGroup
	done.Go(func() { _, _ = sp.Read(t.Context(), key, tags, nil) })
	eventually(t, "one is under way", func() bool { n, _ := sp.batches.counts(); return n == 1 })
	all := make([]cachedsql.Reading, readers)
	for i := range all {
		done.Go(func() {
			var err error
			if all[i], err = sp.Read(t.Context(), key, tags, nil); err != nil {
				t.Error(err)
			}
		})
	}
	eventually(t, "all others wait", func() bool { _, n := sp.batches.counts(); return n == readers })
	ctx, cancel := context.WithCancel(t.Context())
	gaveUp := make(chan error)
	go func() { _, err := sp.Read(ctx, key, tags, nil); gaveUp <- err }()
	eventually(t, "one more waits", func() bool { _, n := sp.batches.counts(); return n == readers+1 })
	cancel()
	if err := <-gaveUp; !errors.Is(err, context.Canceled) {
		t.Errorf("who gave up: %v", err)
	}
	if n, _ := sp.batches.counts(); n != 1 {
		t.Errorf("%d round trips under way for one entry", n)
	}
	open()
	done.Wait()
	if checks, gets := h.count(); checks != 2 || gets != 2 {
		t.Errorf("%d checks and %d GETs, want one each for the first reader and for the %d others", checks, gets, readers)
	}
	for _, r := range all {
		if string(r.Entry) != "before" || !r.Settled || r.Shared == nil || r.Shared != all[0].Shared {
			t.Fatalf("got %q, settled %v, shared %p, want what the others got, %p", r.Entry, r.Settled, r.Shared, all[0].Shared)
		}
	}
	r, err := sp.Read(t.Context(), key, tags, nil)
	if err != nil || r.Shared != nil {
		t.Errorf("a reader alone: %v, shared %p", err, r.Shared)
	}
}

// TestChecksOfTheSameTagsAreAskedOnce is the same for those who have the entry.
func TestChecksOfTheSameTagsAreAskedOnce(t *testing.T) {
	t.Parallel()
	h := newHeldRedis(t)
	sp, tags := settledSpace(t, h.addr)
	open := h.close()
	defer open()
	const readers = 100
	var begun atomic.Int64
	var done sync.WaitGroup
	for range readers {
		done.Go(func() {
			begun.Add(1)
			if r, err := sp.Check(t.Context(), tags); err != nil || !r.Settled {
				t.Errorf("settled %v, %v", r.Settled, err)
			}
		})
	}
	eventually(t, "all have begun, and some wait", func() bool { return begun.Load() == readers && sp.batches.somebodyWaits() })
	if n, _ := sp.batches.counts(); n != 1 {
		t.Errorf("%d round trips under way for the same tags", n)
	}
	open()
	done.Wait()
	// One was under way, and the others waited for the next: but for those that
	// had only just begun.
	if checks, _ := h.count(); checks > readers/4 {
		t.Errorf("%d checks of the same tags for %d readers", checks, readers)
	}
}

// A check that was sent before a write began does not show it. Who asks after
// the write must not be given its answer.
func TestReadNeverTakesAnAnswerThatWasSentForBeforeItBegan(t *testing.T) {
	t.Parallel()
	h := newHeldRedis(t)
	sp, tags := settledSpace(t, h.addr)
	other := openURL(t, "redis://"+h.addr, Config{AllowNoReplicationID: true, Quarantine: testLease}).Space("db")
	var done sync.WaitGroup
	ctx, stop := context.WithCancel(t.Context())
	for range 3 * maxFlying {
		done.Go(func() {
			for ctx.Err() == nil {
				_, _ = sp.Check(ctx, tags)
				_, _ = sp.Read(ctx, cachedsql.Key{}, tags, nil)
			}
		})
	}
	for i := range 100 {
		before, err := sp.Check(t.Context(), tags)
		if err != nil {
			t.Fatal(err)
		}
		writer := cachedsql.WriterID{1, byte(i)}
		began := time.Now()
		if _, err := other.Begin(t.Context(), writer, other.Tags([]string{"users"}), testLease); err != nil {
			t.Fatal(err)
		}
		if r, err := sp.Check(t.Context(), tags); err != nil || r.Settled && time.Since(began) < testLease {
			t.Fatalf("while the write is under way: settled %v, %v", r.Settled, err)
		}
		if err := other.Fill(t.Context(), cachedsql.Key{}, fmt.Append(nil, i), time.Minute); err != nil {
			t.Fatal(err)
		}
		r, err := sp.Read(t.Context(), cachedsql.Key{}, tags, nil)
		if err != nil || r.Settled && time.Since(began) < testLease || string(r.Entry) != fmt.Sprint(i) {
			t.Fatalf("while the write is under way: settled %v, entry %q, want %d, %v", r.Settled, r.Entry, i, err)
		}
		if _, err := other.End(t.Context(), writer, other.Tags([]string{"users"})); err != nil {
			t.Fatal(err)
		}
		if r, err := sp.Check(t.Context(), tags); err != nil || r.Vector == before.Vector {
			t.Fatalf("after the write: same vector, %v", err)
		}
	}
	stop()
	done.Wait()
}

func TestWaiterInABatchCanGiveUp(t *testing.T) {
	t.Parallel()
	h := newHeldRedis(t)
	sp, tags := settledSpace(t, h.addr)
	open := h.close()
	defer open()
	var done sync.WaitGroup
	occupy(t, &done, sp, tags)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	patient := make(chan error, 1)
	go func() { _, err := sp.Check(t.Context(), tags); patient <- err }()
	if _, err := sp.Check(ctx, tags); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want the deadline", err)
	}
	open()
	if err := <-patient; err != nil {
		t.Errorf("another of the batch: %v", err)
	}
	done.Wait()
}

// TestNobodyWaitsLongForARoundTripOfOthers: as long as the server does not
// answer, those who wait are sent every now and then, but not without end.
func TestNobodyWaitsLongForARoundTripOfOthers(t *testing.T) {
	t.Parallel()
	h := newHeldRedis(t)
	sp, tags := settledSpace(t, h.addr)
	sp.batches.mu.Lock()
	sp.batches.least = 0
	sp.batches.mu.Unlock()
	open := h.close()
	defer open()
	var done sync.WaitGroup
	flying := func() int { n, _ := sp.batches.counts(); return n }
	for n := range mostFlying {
		done.Go(func() {
			if _, err := sp.Check(t.Context(), tags); err != nil {
				t.Error(err)
			}
		})
		eventually(t, "one more is under way", func() bool { return flying() == n+1 })
	}
	done.Go(func() { _, _ = sp.Check(t.Context(), tags) })
	eventually(t, "one waits", sp.batches.somebodyWaits)
	time.Sleep(5 * patience)
	if n := flying(); n != mostFlying || !sp.batches.somebodyWaits() {
		t.Errorf("%d under way, want at most %d", n, mostFlying)
	}
	open()
	done.Wait()
	eventually(t, "nothing is under way", func() bool { return flying() == 0 })
}

// TestBatchThatWaitsForAStalledServerIsLeftAlone: what is overdue, while no more
// may be under way, is sent when one of them ends, and nobody looks meanwhile.
func TestBatchThatWaitsForAStalledServerIsLeftAlone(t *testing.T) {
	t.Parallel()
	s, now := &batches{least: time.Hour}, time.Now()
	for range mostFlying {
		s.flying = append(s.flying, question{set: &tagSet{}})
	}
	late, next := &batch{began: now.Add(-2 * time.Hour)}, &batch{began: now.Add(-time.Minute)}
	late.add(t.Context(), question{set: &tagSet{}})
	next.add(t.Context(), question{set: &tagSet{}})
	s.waiting = []*batch{late, next}
	if sent := s.overdue(now); len(sent) != 0 || s.armed {
		t.Errorf("%d sent, the timer runs: %v; want none as long as %d are under way", len(sent), s.armed, mostFlying)
	}
	if b := s.follow(s.flying[0]); b != late || len(s.flying) != mostFlying {
		t.Errorf("%p follows the first that ends, want %p; %d are under way", b, late, len(s.flying))
	}
	if !s.armed {
		t.Error("nobody will look after the one behind it")
	}
	if b := s.follow(s.flying[0]); b != nil {
		t.Error("one has waited for a minute of an hour, and does not wait any longer")
	}
}
