package redisstore

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/alicebob/miniredis/v2/server"

	"github.com/cachedsql/cachedsql"
)

// testLease is longer than a step of a test may take on a busy machine.
const testLease = 500 * time.Millisecond

// heldRedis is a server that answers checks only when it is let.
type heldRedis struct {
	addr   string
	mu     sync.Mutex
	checks int
	hold   chan struct{} // nil: answers at once
}

func newHeldRedis(t *testing.T) *heldRedis {
	m := miniredis.RunT(t)
	h := &heldRedis{addr: m.Addr()}
	m.Server().SetPreHook(func(_ *server.Peer, cmd string, _ ...string) bool {
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
	h.checks, h.hold = 0, hold
	h.mu.Unlock()
	return func() {
		h.mu.Lock()
		h.hold = nil
		h.mu.Unlock()
		close(hold)
	}
}

func (h *heldRedis) count() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.checks
}

// settledSpace returns a space, and tags of it that are out of quarantine.
func settledSpace(t *testing.T, addr string) (*space, cachedsql.TagSet) {
	t.Helper()
	s := openURL(t, "redis://"+addr, Config{AllowNoReplicationID: true, Quarantine: testLease})
	sp := s.Space("db").(*space)
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
		waiting += len(b.gets)
	}
	return s.flying, waiting
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
	var done sync.WaitGroup
	for range maxFlying {
		done.Go(func() { _, _ = sp.Check(t.Context(), tags) })
	}
	eventually(t, "as many under way as may be", func() bool { n, _ := sp.batches.counts(); return n == maxFlying })
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
	if got := h.count(); got != maxFlying+1 {
		t.Errorf("%d checks, want %d under way before and one for all who waited", got, maxFlying)
	}
	if flying, waiting := sp.batches.counts(); flying != 0 || waiting != 0 {
		t.Errorf("%d under way and %d waiting after all is done", flying, waiting)
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
			}
		})
	}
	for i := range 200 {
		before, err := sp.Check(t.Context(), tags)
		if err != nil {
			t.Fatal(err)
		}
		writer := cachedsql.WriterID{1, byte(i)}
		if _, err := other.Begin(t.Context(), writer, other.Tags([]string{"users"}), testLease); err != nil {
			t.Fatal(err)
		}
		if r, err := sp.Check(t.Context(), tags); err != nil || r.Settled {
			t.Fatalf("while the write is under way: settled %v, %v", r.Settled, err)
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
	var done sync.WaitGroup
	for range maxFlying {
		done.Go(func() { _, _ = sp.Check(t.Context(), tags) })
	}
	eventually(t, "as many under way as may be", func() bool { n, _ := sp.batches.counts(); return n == maxFlying })
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
