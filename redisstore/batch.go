package redisstore

import (
	"context"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/internal/protocol"
)

// batches sends the lookups of one space. As long as few are under way, each
// goes by itself. Those that come meanwhile wait together and go as one
// pipeline when a round trip has ended, so that many readers cost few
// system calls, and those with the same tags share one check.
//
// A lookup may use an answer only if it began before the command was sent: one
// that came later could miss a write that the answer does not show. So a batch
// that has been sent takes nobody in.
type batches struct {
	mu      sync.Mutex
	flying  int      // round trips under way; guarded by mu
	waiting []*batch // not sent yet; guarded by mu
}

const (
	// maxFlying is how many round trips one space has under way before
	// lookups wait for each other. With less, reading an answer and sending
	// the next command no longer overlap; more makes smaller batches.
	maxFlying = 4
	// maxBatch bounds the answers that are in memory at a time.
	maxBatch = 64
)

// batch is lookups that are sent together.
type batch struct {
	space    *space
	deadline time.Time // the last of theirs; zero if one has none
	sets     []*tagSet
	found    []cachedsql.Reading // by set; no entry
	errs     []error             // likewise
	gets     []redis.Cmder
	sent     chan struct{} // closed when the answers are there
}

// check checks a set, and gets an entry besides if it is wanted.
func (sp *space) check(ctx context.Context, set *tagSet, get redis.Cmder) (cachedsql.Reading, error) {
	if b, i := sp.batches.join(ctx, sp, set, get); b != nil {
		select {
		case <-b.sent:
			return b.found[i], b.errs[i]
		case <-ctx.Done():
			return cachedsql.Reading{}, wrap("check", ctx.Err())
		}
	}
	defer sp.batches.next()
	answers, err := sp.runChecks(ctx, set.checks, one(get))
	if err != nil {
		return cachedsql.Reading{}, err
	}
	return sp.reading(ctx, answers)
}

func one(get redis.Cmder) []redis.Cmder {
	if get == nil {
		return nil
	}
	return []redis.Cmder{get}
}

// join adds a lookup to a batch; nil if it may go by itself, and then next
// must follow.
func (s *batches) join(ctx context.Context, sp *space, set *tagSet, get redis.Cmder) (b *batch, index int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, borrowed := get.(*redis.ZeroCopyStringCmd)
	if s.flying < maxFlying || borrowed { // the caller takes its buffer back when it gives up
		s.flying++
		return nil, 0
	}
	if n := len(s.waiting); n > 0 && s.waiting[n-1].size() < maxBatch {
		b = s.waiting[n-1]
	} else {
		b = &batch{space: sp, deadline: time.Now(), sent: make(chan struct{})}
		s.waiting = append(s.waiting, b)
	}
	return b, b.add(ctx, set, get)
}

// next sends what waits in the place of a round trip that has ended.
func (s *batches) next() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.waiting) == 0 {
		s.flying--
		return
	}
	b := s.waiting[0]
	s.waiting[0] = nil
	s.waiting = s.waiting[1:]
	go func() {
		defer s.next()
		b.send()
	}()
}

func (b *batch) size() int { return max(len(b.sets), len(b.gets)) }

// add returns the index of the set.
func (b *batch) add(ctx context.Context, set *tagSet, get redis.Cmder) int {
	if d, ok := ctx.Deadline(); !ok {
		b.deadline = time.Time{}
	} else if !b.deadline.IsZero() && d.After(b.deadline) {
		b.deadline = d
	}
	if get != nil {
		b.gets = append(b.gets, get)
	}
	for i, s := range b.sets {
		if s == set {
			return i
		}
	}
	b.sets = append(b.sets, set)
	return len(b.sets) - 1
}

// send is done for all, whoever of them gives up meanwhile.
func (b *batch) send() {
	defer close(b.sent)
	ctx, cancel := context.Background(), func() {}
	if !b.deadline.IsZero() {
		ctx, cancel = context.WithDeadline(ctx, b.deadline)
	}
	defer cancel()
	b.found, b.errs = make([]cachedsql.Reading, len(b.sets)), make([]error, len(b.sets))
	var calls []call
	for _, set := range b.sets {
		calls = append(calls, set.checks...)
	}
	execs := b.space.execute(ctx, calls, b.gets)
	for i, set := range b.sets {
		var answers []answer
		if answers, b.errs[i] = parseChecks(set.checks, execs[:len(set.checks)]); b.errs[i] == nil {
			b.found[i], b.errs[i] = b.space.reading(ctx, answers)
		}
		execs = execs[len(set.checks):]
	}
}

// reading puts the answers of a set's calls together.
func (sp *space) reading(ctx context.Context, answers []answer) (r cachedsql.Reading, err error) {
	r.Settled = true
	for _, a := range answers {
		r.Settled = r.Settled && a.settled
	}
	if r.Settled {
		r.Vector = vectorOf(answers)
	}
	r.Schema, err = sp.schema(ctx, answers)
	return r, err
}

func vectorOf(answers []answer) cachedsql.Vector {
	if len(answers) == 1 {
		return protocol.Vector([]byte(answers[0].tokens))
	}
	parts := make([][]byte, len(answers))
	for i, a := range answers {
		parts[i] = []byte(a.tokens)
	}
	return protocol.Vector(parts...)
}
