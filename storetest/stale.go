package storetest

import (
	"crypto/rand"
	"encoding/binary"
	mathrand "math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cachedsql/cachedsql"
)

// testNoStaleRead runs readers and writers over a make-believe database of two
// counters. Readers follow the protocol, with fills that are late at random.
// No read may return less than what was committed before it started, though
// most are hits.
func testNoStaleRead(f *fixture) {
	db := &counters{f: f, tags: [2]cachedsql.TagSet{f.tags("a"), f.tags("b")}, both: f.tags("a", "b")}
	f.settled(db.both)
	// A busy machine gets as far in more time.
	stop, last := time.Now().Add(2*time.Second), time.Now().Add(30*time.Second)
	goesOn := func() bool {
		now := time.Now()
		return !f.Failed() && (now.Before(stop) || (db.hits.Load() == 0 || db.writes.Load() == 0) && now.Before(last))
	}
	var wg sync.WaitGroup
	for i := range 6 {
		wg.Go(func() {
			for goesOn() {
				if i < 2 {
					db.write(i)
				} else {
					db.read()
				}
			}
		})
	}
	wg.Wait()
	f.Logf("%d reads, %d hits, %d writes", db.reads.Load(), db.hits.Load(), db.writes.Load())
	if db.hits.Load() == 0 || db.writes.Load() == 0 {
		f.Error("no read was a hit, or nothing was written, so nothing was tested")
	}
}

type counters struct {
	f     *fixture
	tags  [2]cachedsql.TagSet
	both  cachedsql.TagSet
	value [2]atomic.Uint64
	// committed is what a read has to know: the last value that was written
	// while the lease of its write held.
	committed [2]atomic.Uint64

	reads, hits, writes atomic.Int64
}

// write commits to one counter between begin and end, or sometimes dies
// before end and leaves its lease to run out.
func (db *counters) write(i int) {
	w := db.f.newWrite(db.tags[i])
	dies := mathrand.IntN(20) == 0
	if dies {
		w.lease = min(w.lease, 100*time.Millisecond)
	}
	w.sent = time.Now()
	if _, err := db.f.space.Begin(db.f.ctx, w.id, w.tags, w.lease); err != nil {
		db.f.Errorf("Begin: %v", err)
		return
	}
	pause()
	if time.Since(w.sent) < w.lease/2 { // otherwise a driver would not commit any more
		if value := db.value[i].Add(1); time.Since(w.sent) < w.lease {
			db.committed[i].Store(value)
			db.writes.Add(1)
		}
	}
	pause()
	if !dies {
		if _, err := db.f.space.End(db.f.ctx, w.id, w.tags); err != nil {
			db.f.Errorf("End: %v", err)
		}
	}
	time.Sleep(time.Duration(mathrand.IntN(20)) * time.Millisecond)
}

// read gets both counters, from the cache if it can.
func (db *counters) read() {
	a, b := db.committed[0].Load(), db.committed[1].Load()
	r, err := db.f.space.Read(db.f.ctx, cachedsql.Key{}, db.both, nil)
	if err != nil {
		db.f.Errorf("Read: %v", err)
		return
	}
	db.reads.Add(1)
	if r.Settled && len(r.Entry) == 32 && cachedsql.Vector(r.Entry[:16]) == r.Vector {
		db.hits.Add(1)
		gotA, gotB := binary.BigEndian.Uint64(r.Entry[16:]), binary.BigEndian.Uint64(r.Entry[24:])
		if gotA < a || gotB < b {
			db.f.Errorf("stale hit: (%d, %d), committed before the read: (%d, %d)", gotA, gotB, a, b)
		}
		return
	}
	if !r.Settled {
		return
	}
	pause()
	entry := append([]byte(nil), r.Vector[:]...)
	entry = binary.BigEndian.AppendUint64(entry, db.value[0].Load())
	entry = binary.BigEndian.AppendUint64(entry, db.value[1].Load())
	pause()
	if err := db.f.space.Fill(db.f.ctx, cachedsql.Key{}, entry, time.Minute); err != nil {
		db.f.Errorf("Fill: %v", err)
	}
}

// pause gives the others a chance, now and then a long one.
func pause() {
	var b [1]byte
	rand.Read(b[:])
	switch {
	case b[0] < 8:
		time.Sleep(3 * time.Millisecond)
	case b[0] < 128:
		runtime.Gosched()
	}
}
