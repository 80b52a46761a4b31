package cachedsql

import (
	"context"
	"time"
)

type wishKey struct{}

// wish is what a context asks of the cache for the statements run under it.
// It is copied, never changed.
type wish struct {
	bypass  bool
	refresh bool
	ttl     time.Duration
	hasTTL  bool

	revalidates *revalidation // it is made for this one
}

func wishOf(ctx context.Context) wish {
	w, _ := ctx.Value(wishKey{}).(wish)
	return w
}

func with(ctx context.Context, change func(*wish)) context.Context {
	w := wishOf(ctx)
	change(&w)
	return context.WithValue(ctx, wishKey{}, w)
}

// Bypass returns a context under which reads go to the database and are not
// stored. Writes invalidate as ever.
func Bypass(ctx context.Context) context.Context {
	return with(ctx, func(w *wish) { w.bypass = true })
}

// Refresh returns a context under which reads go to the database and replace
// what is stored.
func Refresh(ctx context.Context) context.Context {
	return with(ctx, func(w *wish) { w.refresh = true })
}

// WithTTL returns a context under which what is stored lives for ttl instead
// of the rule's TTL. It also caches a read that no rule selects, provided that
// it can be cached at all; a ttl of 0 or less means that nothing is stored.
func WithTTL(ctx context.Context, ttl time.Duration) context.Context {
	return with(ctx, func(w *wish) { w.ttl, w.hasTTL = ttl, true })
}
