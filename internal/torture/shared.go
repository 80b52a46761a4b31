//go:build unix

package main

import (
	"fmt"
	"os"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"
)

// Registers: what a read can be stale about. Each has a version that only
// grows.
const (
	items     = 16
	groups    = 4
	registers = items + groups + groups

	groupBase = items          // version of a row of grps
	lineBase  = items + groups // highest number among the lines of a group

	maxWorkers = 16
	history    = 256 // moments remembered per register
)

// shared is memory that every process maps. Loads and stores of it are ordered
// across processes as they are across threads: a version that is loaded before
// a read begins was committed before the read began. No clock decides.
type shared struct {
	acked [registers]atomic.Int64 // newest version whose commit has returned
	seen  [registers]atomic.Int64 // newest version that anybody was shown
	next  [registers]atomic.Int64 // versions given to writers

	// when tells how late a stale read was; it decides nothing.
	when [registers][history]atomic.Int64

	// clock is by how many seconds each worker's wall clock is to be wrong.
	clock [maxWorkers]atomic.Int64

	counts [counters]atomic.Int64
	// armed is what a worker does at a step: the step's number and the action.
	armed [maxWorkers]atomic.Int64
	// contend makes writers many, and lock rows in any order.
	contend atomic.Bool
	stop    atomic.Bool
}

type counter int

const (
	reads counter = iota
	hits
	fills
	commits
	refused // writes, because the cache was down
	failed  // statements, because of a fault
	victims // statements, because of another transaction
	rolledBack
	ddl
	stale     // older than a commit that had returned
	overtaken // older than what somebody had been shown
	worstLag  // of a stale read, in microseconds
	counters
)

const sharedSize = int(unsafe.Sizeof(shared{}))

// mapShared maps the file; it is created where create says so.
func mapShared(path string, create bool) (*shared, error) {
	flags := os.O_RDWR
	if create {
		flags |= os.O_CREATE | os.O_EXCL
	}
	f, err := os.OpenFile(path, flags, 0o600)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	if create {
		if err := f.Truncate(int64(sharedSize)); err != nil {
			return nil, err
		}
	}
	mem, err := syscall.Mmap(int(f.Fd()), 0, sharedSize, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("map %s: %w", path, err)
	}
	return (*shared)(unsafe.Pointer(&mem[0])), nil
}

func (s *shared) add(c counter) { s.counts[c].Add(1) }

// raise makes v at least the value of a.
func raise(a *atomic.Int64, v int64) {
	for old := a.Load(); old < v; old = a.Load() {
		if a.CompareAndSwap(old, v) {
			return
		}
	}
}

// ack notes that the commit of a version has returned.
func (s *shared) ack(register, version int64) {
	s.when[register][version%history].Store(time.Now().UnixMicro())
	raise(&s.acked[register], version)
	raise(&s.seen[register], version)
}

// floors are what a read must not be older than: taken before it begins.
type floors struct{ acked, seen [registers]int64 }

func (s *shared) floors() (f floors) {
	for i := range registers {
		f.acked[i], f.seen[i] = s.acked[i].Load(), s.seen[i].Load()
	}
	return f
}

// committedAfter returns when the first version after the given one, up to
// another, was committed.
func (s *shared) committedAfter(register, version, last int64) (micros int64) {
	for v := max(version+1, last-history+1); v <= last; v++ {
		if at := s.when[register][v%history].Load(); at != 0 && (micros == 0 || at < micros) {
			micros = at
		}
	}
	return micros
}

// check compares a version that a read returned with the floors.
func (s *shared) check(f *floors, began time.Time, register, version int64) (verdict string) {
	switch {
	case version < f.acked[register]:
		s.add(stale)
		lag := began.UnixMicro() - s.committedAfter(register, version, f.acked[register])
		raise(&s.counts[worstLag], lag)
		return fmt.Sprintf("register %d: got version %d, %d was committed before the read began (%.1f ms before)", register, version, f.acked[register], float64(lag)/1000)
	case version < f.seen[register]:
		s.add(overtaken)
		return fmt.Sprintf("register %d: got version %d, %d had been shown before the read began", register, version, f.seen[register])
	}
	raise(&s.seen[register], version)
	return ""
}
