package cachedsql

import (
	"context"
	"sync"
	"time"
)

const (
	taskWorkers   = 4
	closePatience = 5 * time.Second
)

// tasks runs what need not hold up a statement: storing results, announcing
// the end of writes. Results may be dropped when too many wait; announcements
// never are.
type tasks struct {
	limit int

	mu       sync.Mutex
	waiting  sync.Cond
	queue    []func()
	promised int // places in the queue, by begin
	pending  int // queued, promised or running
	closed   bool
	idle     chan struct{} // closed when pending is 0; made by who waits for that
	done     sync.WaitGroup
}

func newTasks(limit int) *tasks {
	t := &tasks{limit: limit}
	t.waiting.L = &t.mu
	for range taskWorkers {
		t.done.Go(t.work)
	}
	return t
}

// may queues f unless too much waits already.
func (t *tasks) may(f func()) bool { return t.add(f, false) }

// must queues f, or runs it at once where nothing can be queued any more.
func (t *tasks) must(f func()) {
	if !t.add(f, true) {
		f()
	}
}

func (t *tasks) add(f func(), always bool) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed || !always && len(t.queue) >= t.limit {
		return false
	}
	t.pending++
	t.queue = append(t.queue, f)
	t.waiting.Signal()
	return true
}

// begin counts something as pending that others do, until end or follow is
// called, and promises that it may be followed by a task, unless too much waits
// already. So there are at most twice as many as the limit.
func (t *tasks) begin() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed || len(t.queue)+t.promised >= t.limit {
		return false
	}
	t.promised++
	t.pending++
	return true
}

// end says that what has begun is done, and needs no task.
func (t *tasks) end() {
	t.mu.Lock()
	t.promised--
	t.mu.Unlock()
	t.finished()
}

// follow queues the task that was promised to what has begun. It reports false
// only where nothing can be queued any more; what has begun is done either way.
func (t *tasks) follow(f func()) bool {
	defer t.end()
	return t.add(f, true)
}

func (t *tasks) work() {
	for {
		f, ok := t.next()
		if !ok {
			return
		}
		f()
		t.finished()
	}
}

func (t *tasks) next() (func(), bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for len(t.queue) == 0 {
		if t.closed {
			return nil, false
		}
		t.waiting.Wait()
	}
	f := t.queue[0]
	t.queue[0] = nil
	t.queue = t.queue[1:]
	return f, true
}

func (t *tasks) finished() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.pending--; t.pending == 0 && t.idle != nil {
		close(t.idle)
		t.idle = nil
	}
}

// wait returns when nothing waits or runs.
func (t *tasks) wait(ctx context.Context) error {
	select {
	case <-t.empty():
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (t *tasks) empty() <-chan struct{} {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.pending == 0 {
		return closedChan
	}
	if t.idle == nil {
		t.idle = make(chan struct{})
	}
	return t.idle
}

// close runs what waits, for a while, and stops.
func (t *tasks) close() {
	ctx, cancel := context.WithTimeout(context.Background(), closePatience)
	defer cancel()
	_ = t.wait(ctx)
	t.mu.Lock()
	t.closed = true
	t.waiting.Broadcast()
	t.mu.Unlock()
	t.done.Wait()
}
