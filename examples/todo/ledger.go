package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
)

// A ledger knows what every todo of one side must look like. Before a read it
// is asked which writes have been acknowledged already; an answer that misses
// one of those is stale.
type ledger struct {
	mu      sync.RWMutex
	byID    map[int64]*record
	byOwner map[int64][]*record

	teams map[int64]*tally // by first owner; fixed before the load starts
}

// A record is what is known of one todo. Versions only grow, and one writer at
// a time holds writing, so issued is at most one ahead of acked.
type record struct {
	id      int64
	team    *tally
	first   int64 // the version found at the start; later ones have a title by titleOf
	writing sync.Mutex
	unsure  bool // a write failed, so the version is not known any more; guarded by writing

	issued, acked          atomic.Int64
	deleteIssued, deleteOK atomic.Bool
}

// A belief is what a read that starts now must not fall behind.
type belief struct {
	record  *record
	version int64
	gone    bool
}

func newLedger() *ledger {
	return &ledger{byID: map[int64]*record{}, byOwner: map[int64][]*record{}, teams: map[int64]*tally{}}
}

// seed makes a todo known that was there before the load.
func (l *ledger) seed(id, owner, team, version int64) {
	if l.teams[team] == nil {
		l.teams[team] = &tally{}
	}
	l.teams[team].addIssued.Add(version)
	l.teams[team].addAcked.Add(version)
	l.add(id, owner, version, l.teams[team])
}

// create runs the insertion of a todo of the first version.
func (l *ledger) create(owner, team int64, insert func() (id int64, err error)) (id int64, err error) {
	sums := l.teams[team]
	sums.addIssued.Add(1)
	id, err = insert()
	if err != nil {
		return 0, err
	}
	sums.addAcked.Add(1)
	l.add(id, owner, 1, sums)
	return id, nil
}

func (l *ledger) add(id, owner, version int64, team *tally) {
	r := &record{id: id, team: team, first: version}
	r.issued.Store(version)
	r.acked.Store(version)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.byID[id] = r
	l.byOwner[owner] = append(l.byOwner[owner], r)
}

func (l *ledger) record(id int64) *record {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.byID[id]
}

func (l *ledger) of(owner int64) []belief {
	l.mu.RLock()
	defer l.mu.RUnlock()
	records := l.byOwner[owner]
	beliefs := make([]belief, len(records))
	for i, r := range records {
		beliefs[i] = r.now()
	}
	return beliefs
}

func (r *record) now() belief {
	// The deletion first: seen as done, no version matters any more.
	gone := r.deleteOK.Load()
	return belief{record: r, version: r.acked.Load(), gone: gone}
}

// errStale is an answer older than a write that was acknowledged before the
// question.
var errStale = errors.New("stale answer")

// check compares an answer with what was believed before the read; found is
// false where the answer has no such todo.
func (b belief) check(item todo, found bool) error {
	switch {
	case !found && b.gone:
		return nil
	case !found && !b.record.deleteIssued.Load():
		return fmt.Errorf("%w: todo %d is missing", errStale, b.record.id)
	case !found:
		return nil
	case b.gone:
		return fmt.Errorf("%w: todo %d was deleted", errStale, b.record.id)
	case item.Version < b.version:
		return fmt.Errorf("%w: todo %d has version %d, %d was acknowledged", errStale, item.ID, item.Version, b.version)
	case item.Version > b.record.issued.Load():
		return fmt.Errorf("todo %d has version %d, which nobody wrote", item.ID, item.Version)
	case item.Version > b.record.first && item.Title != titleOf(item.ID, item.Version):
		return fmt.Errorf("todo %d, version %d, has the title %q", item.ID, item.Version, item.Title)
	}
	return nil
}

// checkList does the same for a whole list. Todos created since the beliefs
// were taken may be in it or not.
func checkList(beliefs []belief, items []todo) error {
	found := make(map[int64]todo, len(items))
	for _, item := range items {
		found[item.ID] = item
	}
	for _, b := range beliefs {
		item, ok := found[b.record.id]
		if err := b.check(item, ok); err != nil {
			return fmt.Errorf("list: %w", err)
		}
	}
	return nil
}

// update runs a write of the todo's next version. Writers of one todo wait for
// each other: otherwise nobody could say which version an answer must have.
func (r *record) update(ctx context.Context, write func(ctx context.Context, id int64, title string, done bool) error) error {
	r.writing.Lock()
	defer r.writing.Unlock()
	if r.unsure {
		return nil
	}
	next := r.acked.Load() + 1
	r.issued.Store(next)
	r.team.addIssued.Add(1)
	if err := write(ctx, r.id, titleOf(r.id, next), next%2 == 0); err != nil {
		r.unsure = true
		return err
	}
	r.acked.Store(next)
	r.team.addAcked.Add(1)
	return nil
}

func (r *record) remove(ctx context.Context, write func(ctx context.Context, id int64) error) error {
	r.writing.Lock()
	defer r.writing.Unlock()
	r.deleteIssued.Store(true)
	version := r.acked.Load()
	r.team.deleteIssued.Add(version)
	if err := write(ctx, r.id); err != nil {
		return err
	}
	r.deleteOK.Store(true)
	r.team.deleteAcked.Add(version)
	return nil
}
