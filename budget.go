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

	mu    sync.Mutex
	done  chan struct{} // guarded by mu; nil until somebody waits
	why   error         // guarded by mu; set once done is closed
	timer *time.Timer   // guarded by mu, as the next one; nil while done is
	leave func() bool   // makes the caller's end no concern of ours; nil where it has none
	ended bool          // guarded by mu
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
	b.closeIf(context.Canceled)
}

// Deadline returns the earlier one of the budget's and the caller's.
func (b *budget) Deadline() (time.Time, bool) { return b.deadline, true }

// Done returns a channel that is closed when the budget is used up, the caller
// gives up, or the call has returned.
func (b *budget) Done() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.done != nil {
		return b.done
	}
	b.done = make(chan struct{})
	if why := b.over(); why != nil {
		b.closeIf(why)
		return b.done
	}
	b.timer = time.AfterFunc(time.Until(b.deadline), b.expire)
	if b.Context.Done() != nil {
		b.leave = context.AfterFunc(b.Context, b.expire)
	}
	return b.done
}

// expire closes done: the timer or the caller's context says that it is time,
// whatever the clock on the wall says.
func (b *budget) expire() {
	b.mu.Lock()
	defer b.mu.Unlock()
	why := b.over()
	if why == nil {
		why = context.DeadlineExceeded
	}
	b.closeIf(why)
}

// Err says why Done is closed, nil if it is not.
func (b *budget) Err() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.why != nil {
		return b.why
	}
	why := b.over()
	b.closeIf(why)
	return why
}

// over says why the budget is over, nil if it is not. It needs mu.
func (b *budget) over() error {
	switch err := b.Context.Err(); {
	case err != nil:
		return err
	case !time.Now().Before(b.deadline):
		return context.DeadlineExceeded
	case b.ended:
		return context.Canceled
	}
	return nil
}

// closeIf closes done, if somebody waits and there is a reason. It needs mu.
func (b *budget) closeIf(why error) {
	if why == nil || b.done == nil || b.why != nil {
		return
	}
	b.why = why
	close(b.done)
	if b.timer != nil {
		b.timer.Stop()
	}
	if b.leave != nil {
		b.leave()
	}
}
