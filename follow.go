package cachedsql

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// A Follower is a Space that can be told what changes, so that its tags need
// not be asked for: see NearPush.
type Follower interface {
	// Follow begins to follow the space's tags, with a bound on how old what
	// is known may be. It does no I/O of its own. Where it turns out that the
	// tags cannot be followed, nothing is known, and report is called with why,
	// once for each cause. Close ends it.
	Follow(bound time.Duration, report func(error)) (Following, error)
}

// Following is what is known of a Space's tags without asking. It is safe for
// concurrent use.
type Following interface {
	// Known returns what a check would have found at a moment that lies less
	// than the bound before at, a moment of now or a little earlier; or that
	// it is not known. A set that is asked for is followed from then on. It
	// does not block.
	Known(tags TagSet, at time.Time) (Reading, bool)
	// Hold makes the tags unknown until the function it returns is called:
	// this process is writing to them. After that nothing is known that was
	// found before.
	Hold(tags TagSet) (release func())
	// Close ends it, and waits for its goroutines.
	Close()
}

// followings is the Following of one namespace, once there is one.
type followings struct {
	now atomic.Pointer[Following]

	mu   sync.Mutex
	done bool                   // there is none to be had, or not any more; guarded by mu
	held map[*heldTags]struct{} // guarded by mu, as what they hold
}

// heldTags are what a write of this process changes.
type heldTags struct {
	tags    TagSet
	release func() // nil: nothing is followed yet
}

var errNoFollower = errors.New("the store cannot follow tags")

// follow returns the Following of a namespace, nil where the store has none.
func (sp *space) follow() Following {
	if f := sp.followings.now.Load(); f != nil {
		return *f
	}
	sp.followings.mu.Lock()
	defer sp.followings.mu.Unlock()
	if f := sp.followings.now.Load(); f != nil {
		return *f
	}
	if sp.followings.done {
		return nil
	}
	f, err := sp.startFollowing()
	if err != nil {
		sp.followings.done = true
		sp.cache.note(fmt.Errorf("cachedsql: near: hits ask the store, as with near: validate: %w", err))
		return nil
	}
	for h := range sp.followings.held {
		h.release = f.Hold(h.tags)
	}
	sp.followings.now.Store(&f)
	return f
}

func (sp *space) startFollowing() (Following, error) {
	follower, ok := sp.store.(Follower)
	if !ok {
		return nil, errNoFollower
	}
	return follower.Follow(sp.cache.config.NearBound, sp.cache.note)
}

// stopFollowing ends it for good.
func (sp *space) stopFollowing() {
	sp.followings.mu.Lock()
	sp.followings.done = true
	f := sp.followings.now.Swap(nil)
	sp.followings.mu.Unlock()
	if f != nil {
		(*f).Close()
	}
}

// hold keeps this process's near cache from relying on what it knows of tags
// that the process is about to change. The function that it returns is to be
// called when the change has been announced; it may be called again.
func (sp *space) hold(tags TagSet) (release func()) {
	if sp.cache.near.entries == nil || sp.cache.inline {
		return func() {}
	}
	h := &heldTags{tags: tags}
	fs := &sp.followings
	fs.mu.Lock()
	defer fs.mu.Unlock()
	if fs.held == nil {
		fs.held = map[*heldTags]struct{}{}
	}
	fs.held[h] = struct{}{}
	if f := fs.now.Load(); f != nil {
		h.release = (*f).Hold(tags)
	}
	return func() { fs.release(h) }
}

func (fs *followings) release(h *heldTags) {
	fs.mu.Lock()
	delete(fs.held, h)
	release := h.release
	h.release = nil
	fs.mu.Unlock()
	if release != nil {
		release()
	}
}
