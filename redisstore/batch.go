package redisstore

import (
	"context"
	"slices"
	"sync"
	"time"

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
	gets     []*get
	found    []finding     // by set
	sent     chan struct{} // closed when the answers are there
}

// finding is what was found for a set: no entry, which is in a get.
type finding struct {
	cachedsql.Reading
	err  error
	done bool // nothing is left to be asked
}

// check checks a set, and gets an entry besides if it is wanted.
func (sp *space) check(ctx context.Context, set *tagSet, g *get) (cachedsql.Reading, error) {
	if b, i := sp.batches.join(ctx, sp, set, g); b != nil {
		select {
		case <-b.sent:
			return b.found[i].Reading, b.found[i].err
		case <-ctx.Done():
			return cachedsql.Reading{}, wrap("check", ctx.Err())
		}
	}
	defer sp.batches.next()
	sets, found := [1]*tagSet{set}, [1]finding{}
	sp.ask(ctx, sets[:], some(g), found[:])
	return found[0].Reading, found[0].err
}

func some(g *get) []*get {
	if g == nil {
		return nil
	}
	return []*get{g}
}

// join adds a lookup to a batch; nil if it may go by itself, and then next
// must follow.
func (s *batches) join(ctx context.Context, sp *space, set *tagSet, g *get) (b *batch, index int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.flying < maxFlying {
		s.flying++
		return nil, 0
	}
	if n := len(s.waiting); n > 0 && s.waiting[n-1].size() < maxBatch {
		b = s.waiting[n-1]
	} else {
		b = &batch{space: sp, deadline: time.Now(), sent: make(chan struct{})}
		s.waiting = append(s.waiting, b)
	}
	return b, b.add(ctx, set, g)
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
func (b *batch) add(ctx context.Context, set *tagSet, g *get) int {
	if d, ok := ctx.Deadline(); !ok {
		b.deadline = time.Time{}
	} else if !b.deadline.IsZero() && d.After(b.deadline) {
		b.deadline = d
	}
	if g != nil {
		b.gets = append(b.gets, g)
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
	b.found = make([]finding, len(b.sets))
	b.space.ask(ctx, b.sets, b.gets, b.found)
}

// ask finds out about sets and entries in one round trip; in two where tags are
// not settled, but seemed to be.
func (sp *space) ask(ctx context.Context, sets []*tagSet, gets []*get, found []finding) {
	if !sp.store.wire.usable() || slices.ContainsFunc(sets, needsScript) {
		sp.askScripts(ctx, sets, gets, found)
		return
	}
	done, err := sp.store.wire.lookup(ctx, sp, sets, gets, found)
	switch {
	case err != nil:
		err = wrap("check", err)
		for i := range found {
			found[i].err = err
		}
	case !done:
		sp.askScripts(ctx, sets, gets, found)
	default:
		for i := range sets {
			if !found[i].done {
				sp.askScripts(ctx, sets[i:i+1], nil, found[i:i+1])
			}
		}
	}
}

// needsScript reports whether a transaction would be in vain, or would not show
// what is asked for: a set of nothing is how a process finds out whether the
// store is of use to it. Where it may look up but not run scripts, nobody else
// with its rights can announce a write.
func needsScript(set *tagSet) bool { return set.busy.Load() || len(set.marks) == 0 }

// askScripts is ask by the scripts alone.
func (sp *space) askScripts(ctx context.Context, sets []*tagSet, gets []*get, found []finding) {
	var calls []call
	for _, set := range sets {
		calls = append(calls, set.checks...)
	}
	cmds := commands(ctx, gets)
	execs := sp.execute(ctx, calls, cmds)
	answered(gets, cmds)
	for i, set := range sets {
		var answers []answer
		if answers, found[i].err = parseChecks(set.checks, execs[:len(set.checks)]); found[i].err == nil {
			found[i].Reading, found[i].err = sp.reading(ctx, answers)
			set.busy.Store(!found[i].Settled)
		}
		execs = execs[len(set.checks):]
	}
}

// reading puts the answers of a set's calls together.
func (sp *space) reading(ctx context.Context, answers []answer) (r cachedsql.Reading, err error) {
	r = settledReading(answers)
	r.Schema, err = sp.schema(ctx, answers)
	return r, err
}

// settledReading is a reading without its schema.
func settledReading(answers []answer) (r cachedsql.Reading) {
	r.Settled = true
	for _, a := range answers {
		r.Settled = r.Settled && a.settled
	}
	if r.Settled {
		r.Vector = vectorOf(answers)
	}
	return r
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
