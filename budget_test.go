package cachedsql

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestBudgetBehavesLikeATimeout(t *testing.T) {
	t.Parallel()
	for name, make := range map[string]func(context.Context, time.Duration) (context.Context, func()){
		"budget": func(ctx context.Context, d time.Duration) (context.Context, func()) {
			b := newBudget(ctx, d)
			return b, b.end
		},
		"WithTimeout": func(ctx context.Context, d time.Duration) (context.Context, func()) {
			return context.WithTimeout(ctx, d)
		},
	} {
		for _, waits := range []bool{false, true} { // somebody asks for Done before
			synctest.Test(t, func(t *testing.T) {
				begin := func(ctx context.Context) (context.Context, func()) {
					b, end := make(ctx, time.Second)
					if waits {
						_ = b.Done()
					}
					return b, end
				}
				is := func(when string, b context.Context, want error) {
					t.Helper()
					closed := false
					if got := b.Err(); !errors.Is(got, want) || want == nil && got != nil {
						t.Errorf("%s, %s: %v, want %v", name, when, got, want)
					}
					select {
					case <-b.Done():
						closed = true
					default:
					}
					if closed != (want != nil) {
						t.Errorf("%s, %s: done is %v", name, when, closed)
					}
				}
				b, end := begin(t.Context())
				is("at first", b, nil)
				end()
				is("after the call", b, context.Canceled)

				b, end = begin(t.Context())
				time.Sleep(time.Second)
				synctest.Wait()
				is("when the time is up", b, context.DeadlineExceeded)
				end()

				parent, cancel := context.WithCancel(t.Context())
				b, end = begin(parent)
				child, stop := context.WithCancel(b)
				cancel()
				synctest.Wait()
				is("when the caller gave up", b, context.Canceled)
				is("derived from it", child, context.Canceled)
				stop()
				end()

				parent, cancel = context.WithTimeout(t.Context(), time.Millisecond)
				b, end = begin(parent)
				if d, ok := b.Deadline(); !ok || time.Until(d) != time.Millisecond {
					t.Errorf("%s: deadline in %v, want the caller's", name, time.Until(d))
				}
				end()
				cancel()
			})
		}
	}
}
