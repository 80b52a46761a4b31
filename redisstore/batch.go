package redisstore

import (
	"context"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/internal/protocol"
)

// batches sends the lookups of one space. As long as few are under way, each
// goes by itself, unless one of them asks for the very same. Those that come
// meanwhile wait together and go as one pipeline when a round trip has ended, so
// that many readers cost few system calls. Those with the same tags share one
// check, and those of the same entry share that: what many read at a time is
// asked for once in a round trip, however many they are.
//
// A lookup may use an answer only if it began before the command was sent: one
// that came later could miss a write that the answer does not show. So a batch
// that has been sent takes nobody in.
//
// Where the server is far away, to wait for a round trip and then to make one
// could take longer than a statement may wait. So nobody waits for long: what
// has waited for a part of a round trip is sent while others are under way.
type batches struct {
	mu      sync.Mutex
	flying  []question    // of round trips under way; guarded by mu
	waiting []*batch      // not sent yet; guarded by mu
	trip    time.Duration // how long the last batch took; guarded by mu
	least   time.Duration // tests have more patience; guarded by mu
	armed   bool          // a timer for hurry runs; guarded by mu
}

// question is what a lookup asks for.
type question struct {
	set   *tagSet // nil: several things
	key   cachedsql.Key
	entry bool // under key, besides the tags
}

const (
	// maxFlying is how many round trips one space has under way before
	// lookups wait for each other. With less, reading an answer and sending
	// the next command no longer overlap; more makes smaller batches.
	maxFlying = 4
	// mostFlying is how many there are if the server is far away, shareOfTrip
	// which part of a round trip is the longest wait for the next one, and
	// patience the least that is called long: a server nearby has answered by
	// then. Together they let one be sent every so often all the time.
	mostFlying  = maxFlying + shareOfTrip
	shareOfTrip = 8
	patience    = 3 * time.Millisecond
	// maxBatch bounds the answers that are in memory at a time.
	maxBatch = 64
)

// batch is lookups that are sent together.
type batch struct {
	space    *space
	began    time.Time
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

// check checks a set, and gets an entry besides unless key is nil.
func (sp *space) check(ctx context.Context, set *tagSet, key *cachedsql.Key) (cachedsql.Reading, error) {
	q := question{set: set}
	if key != nil {
		q.key, q.entry = *key, true
	}
	if b, i, g := sp.batches.join(ctx, sp, q); b != nil {
		select {
		case <-b.sent:
			return b.found[i].with(g)
		case <-ctx.Done():
			return cachedsql.Reading{}, wrap("check", ctx.Err())
		}
	}
	defer sp.batches.next(q)
	var g *get
	if q.entry {
		g = sp.newGet(q.key)
	}
	sets, found := [1]*tagSet{set}, [1]finding{}
	sp.ask(ctx, sets[:], some(g), found[:])
	return found[0].with(g)
}

// with adds the entry that was found, if one was asked for.
func (f *finding) with(g *get) (cachedsql.Reading, error) {
	if g == nil || f.err != nil {
		return f.Reading, f.err
	}
	if g.err != nil {
		return cachedsql.Reading{}, wrap("get", g.err)
	}
	r := f.Reading
	r.Entry, r.Shared = g.entry, g.shared
	return r, nil
}

func some(g *get) []*get {
	if g == nil {
		return nil
	}
	return []*get{g}
}

// join adds a lookup to a batch; nil if it may go by itself, and then next
// must follow.
func (s *batches) join(ctx context.Context, sp *space, q question) (b *batch, index int, g *get) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.flying) < maxFlying && !slices.Contains(s.flying, q) {
		s.flying = append(s.flying, q)
		return nil, 0, nil
	}
	if n := len(s.waiting); n > 0 && s.waiting[n-1].size() < maxBatch {
		b = s.waiting[n-1]
	} else {
		now := time.Now()
		b = &batch{space: sp, began: now, deadline: now, sent: make(chan struct{})}
		s.waiting = append(s.waiting, b)
		if s.trip == 0 {
			s.trip = sp.store.wire.distance()
		}
		s.watch(s.patience())
	}
	index, g = b.add(ctx, q)
	return b, index, g
}

// next sends what waits in the place of a round trip that has ended.
func (s *batches) next(ended question) {
	if b := s.follow(ended); b != nil {
		go s.sendAll(b)
	}
}

// sendAll sends a batch, and what waits by then. Those who have been answered
// are let go on first: if they ask again, they do so together, and not one of
// them alone and the others behind it.
func (s *batches) sendAll(b *batch) {
	for b != nil {
		b.send()
		runtime.Gosched()
		b = s.follow(b.question())
	}
}

// follow takes the batch that follows a round trip; nil if none waits, or if
// there are others under way that it can wait for.
func (s *batches) follow(ended question) (b *batch) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.Index(s.flying, ended)
	s.flying = slices.Delete(s.flying, i, i+1)
	if len(s.waiting) == 0 {
		return nil
	}
	now := time.Now()
	if len(s.flying) < maxFlying || s.left(now) <= 0 {
		b = s.depart()
	}
	s.lookAgain(now)
	return b
}

// depart takes what has waited longest. It needs mu.
func (s *batches) depart() *batch {
	b := s.waiting[0]
	s.waiting[0] = nil
	s.waiting = s.waiting[1:]
	s.flying = append(s.flying, b.question())
	return b
}

// patience is how long a batch waits for a round trip to end. It needs mu.
func (s *batches) patience() time.Duration { return max(patience, s.least, s.trip/shareOfTrip) }

// left is how much of that is left to what has waited longest. It needs mu, and
// that something waits.
func (s *batches) left(now time.Time) time.Duration {
	return s.patience() - now.Sub(s.waiting[0].began)
}

// lookAgain makes hurry look when that is over. Where as many round trips are
// under way as there may be, the next one that ends finds it. It needs mu.
func (s *batches) lookAgain(now time.Time) {
	if len(s.waiting) == 0 {
		return
	}
	if left := s.left(now); left > 0 || len(s.flying) < mostFlying {
		s.watch(max(left, 0))
	}
}

// watch makes hurry look after a while, if it does not anyway. Nobody stops the
// timer: as long as answers come quickly it costs less to let it find nothing.
// It is a new one each time, since one made in a bubble (testing/synctest) is of
// no use outside. It needs mu.
func (s *batches) watch(after time.Duration) {
	if s.armed {
		return
	}
	s.armed = true
	time.AfterFunc(after, s.hurry)
}

// hurry sends what has waited for long, although no round trip has ended.
func (s *batches) hurry() {
	for _, b := range s.overdue(time.Now()) {
		go s.sendAll(b)
	}
}

func (s *batches) overdue(now time.Time) (all []*batch) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.armed = false
	for len(s.waiting) > 0 && len(s.flying) < mostFlying && s.left(now) <= 0 {
		all = append(all, s.depart())
	}
	s.lookAgain(now)
	return all
}

func (s *batches) took(d time.Duration) {
	s.mu.Lock()
	s.trip = d
	s.mu.Unlock()
}

// size is how many answers there will be.
func (b *batch) size() int { return max(len(b.sets), len(b.gets)) }

// question is what all in the batch ask for.
func (b *batch) question() (q question) {
	if b.size() > 1 {
		return question{}
	}
	q.set = b.sets[0]
	for _, g := range b.gets {
		q.key, q.entry = g.name, true
	}
	return q
}

// add returns the index of the set, and the get of the entry.
func (b *batch) add(ctx context.Context, q question) (int, *get) {
	if d, ok := ctx.Deadline(); !ok {
		b.deadline = time.Time{}
	} else if !b.deadline.IsZero() && d.After(b.deadline) {
		b.deadline = d
	}
	i := slices.Index(b.sets, q.set)
	if i < 0 {
		i = len(b.sets)
		b.sets = append(b.sets, q.set)
	}
	if !q.entry {
		return i, nil
	}
	return i, b.get(q.key)
}

// get returns the get of an entry, the one that is there if somebody waits for
// the same.
func (b *batch) get(key cachedsql.Key) *get {
	for _, g := range b.gets {
		if g.name == key {
			g.readers++
			return g
		}
	}
	g := b.space.newGet(key)
	b.gets = append(b.gets, g)
	return g
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
	sent := time.Now()
	b.space.ask(ctx, b.sets, b.gets, b.found)
	b.space.batches.took(time.Since(sent))
	for _, g := range b.gets {
		g.share()
	}
}

// ask finds out about sets and entries in one round trip; in two where tags are
// not settled, but seemed to be.
func (sp *space) ask(ctx context.Context, sets []*tagSet, gets []*get, found []finding) {
	if slices.ContainsFunc(sets, needsScript) || !sp.store.wire.try() {
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
