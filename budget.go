package cachedsql

import (
	"context"
	"sync"
	"time"
)

// budget is a context with a deadline like that of context.WithTimeout, but
// starts no timer until somebody waits for it to end. A call to a store that
// asks only for the deadline needs none, and a timer costs more than the rest
// of what a lookup does in this process.
type budget struct {
	context.Context // the caller's
	deadline        time.Time

	mu     sync.Mutex
	timed  context.Context // guarded by mu; nil until somebody waits
	cancel context.CancelFunc
	ended  bool // guarded by mu
}

func newBudget(ctx context.Context, d time.Duration) *budget {
	b := &budget{Context: ctx, deadline: time.Now().Add(d)}
	if earlier, ok := ctx.Deadline(); ok && earlier.Before(b.deadline) {
		b.deadline = earlier
	}
	return b
}

// end must be called when the call has returned.
func (b *budget) end() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.ended = true
	if b.cancel != nil {
		b.cancel()
	}
}

// Deadline returns the earlier one of the budget's and the caller's.
func (b *budget) Deadline() (time.Time, bool) { return b.deadline, true }

// Done returns a channel that is closed when the budget is used up, the caller
// gives up, or the call has returned.
func (b *budget) Done() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.timed == nil {
		b.timed, b.cancel = context.WithDeadline(b.Context, b.deadline)
		if b.ended {
			b.cancel()
		}
	}
	return b.timed.Done()
}

// Err says why Done is closed, nil if it is not.
func (b *budget) Err() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.timed != nil:
		return b.timed.Err()
	case b.Context.Err() != nil:
		return b.Context.Err()
	case !time.Now().Before(b.deadline):
		return context.DeadlineExceeded
	case b.ended:
		return context.Canceled
	}
	return nil
}
