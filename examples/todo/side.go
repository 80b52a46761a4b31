package main

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cachedsql/cachedsql"
)

const (
	listShare   = 0.2  // of the reads
	sumShare    = 0.05 // of the reads
	teamOwners  = 500  // in one summary
	createShare = 0.1  // of the writes; as many are deletions, the rest updates
)

// A side is one half of the comparison: one half of the owners with all their
// todos, read and written through one driver only. What the other side writes
// past the cache therefore never matters to it.
type side struct {
	name   string
	todos  *todos
	ledger *ledger
	ids    []int64    // of the seeded todos; the first ones are asked for most
	owners []int64    // in the same order
	from   int64      // the first owner
	to     int64      // the last owner
	extra  chan int64 // todos created by this run, for deletion

	requests, reads atomic.Int64
	wrong           atomic.Int64 // answers that are stale or impossible
	failed          atomic.Int64
	before          cachedsql.Stats

	mu         sync.Mutex
	firstError error
	latencies  []time.Duration
	active     time.Duration // how long it was this side's turn
}

// newSide reads what the table holds of the owners from..to.
func newSide(ctx context.Context, name string, list *todos, from, to int64) (*side, error) {
	s := &side{name: name, todos: list, ledger: newLedger(), from: from, to: to, extra: make(chan int64, 1024)}
	rows, err := list.db.QueryContext(ctx, list.dialect.rebind(
		"SELECT id, owner_id, version FROM todos WHERE owner_id BETWEEN ? AND ? ORDER BY id"), from, to)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var id, owner, version int64
		if err := rows.Scan(&id, &owner, &version); err != nil {
			return nil, err
		}
		s.ledger.seed(id, owner, s.team(owner), version)
		s.ids = append(s.ids, id)
		s.owners = append(s.owners, owner)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	if len(s.ids) == 0 {
		return nil, errors.New("the table is empty: run seed first")
	}
	return s, nil
}

// team returns the first owner of the team that owner is in.
func (s *side) team(owner int64) int64 { return owner - (owner-s.from)%teamOwners }

// warmUp makes the cache see each statement once. What it has just seen for
// the first time it does not cache before one lease is over.
func (s *side) warmUp(ctx context.Context) error {
	if err := s.get(ctx, s.ids[0]); err != nil {
		return err
	}
	return s.list(ctx, s.owners[0])
}

// startCounting forgets what came before the measurement.
func (s *side) startCounting() { s.before, _ = s.stats() }

func (s *side) stats() (cachedsql.Stats, bool) {
	cache, ok := cachedsql.FromDB(s.todos.db)
	if !ok {
		return cachedsql.Stats{}, false
	}
	return cache.Stats(), true
}

// hits counts what the cache answered since startCounting.
func (s *side) hits() int64 {
	now, _ := s.stats()
	return now.Hits + now.NearHits - s.before.Hits - s.before.NearHits
}

// request does one thing that a user does: rank says to which todo.
func (s *side) request(ctx context.Context, random *rand.Rand, rank int, writeShare float64) {
	s.requests.Add(1)
	err := s.one(ctx, random, rank, writeShare)
	if err == nil || ctx.Err() != nil {
		return
	}
	var answer *wrongAnswer
	if errors.As(err, &answer) {
		s.wrong.Add(1)
	} else {
		s.failed.Add(1)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.firstError == nil {
		s.firstError = err
	}
}

func (s *side) one(ctx context.Context, random *rand.Rand, rank int, writeShare float64) error {
	id, owner := s.ids[rank], s.owners[rank]
	if random.Float64() < writeShare {
		return s.write(ctx, random.Float64(), id, owner)
	}
	s.reads.Add(1)
	switch kind := random.Float64(); {
	case kind < sumShare:
		return s.summarize(ctx, s.team(owner))
	case kind < sumShare+listShare:
		return s.list(ctx, owner)
	}
	return s.get(ctx, id)
}

func (s *side) write(ctx context.Context, kind float64, id, owner int64) error {
	switch {
	case kind < createShare:
		return s.create(ctx, owner)
	case kind < 2*createShare:
		return s.removeExtra(ctx)
	}
	return s.ledger.record(id).update(ctx, s.todos.update)
}

func (s *side) create(ctx context.Context, owner int64) error {
	id, err := s.ledger.create(owner, s.team(owner), func() (int64, error) {
		item := todo{Owner: owner, Title: "created by the load"}
		err := s.todos.create(ctx, &item)
		return item.ID, err
	})
	if err != nil {
		return err
	}
	select {
	case s.extra <- id:
	default: // enough to delete later
	}
	return nil
}

func (s *side) removeExtra(ctx context.Context) error {
	select {
	case id := <-s.extra:
		return s.ledger.record(id).remove(ctx, s.todos.remove)
	default:
		return nil
	}
}

// wrongAnswer tells a wrong answer from a failed query.
type wrongAnswer struct{ error }

func (w *wrongAnswer) Unwrap() error { return w.error }

func wrong(err error) error {
	if err == nil {
		return nil
	}
	return &wrongAnswer{err}
}

func (s *side) get(ctx context.Context, id int64) error {
	believed := s.ledger.record(id).now()
	item, err := s.todos.get(ctx, id)
	if err != nil && !errors.Is(err, errNotFound) {
		return err
	}
	return wrong(believed.check(item, err == nil))
}

func (s *side) list(ctx context.Context, owner int64) error {
	beliefs := s.ledger.of(owner)
	items, err := s.todos.list(ctx, owner)
	if err != nil {
		return err
	}
	return wrong(checkList(beliefs, items))
}

func (s *side) summarize(ctx context.Context, team int64) error {
	pledged := s.ledger.teams[team].now()
	sum, err := s.todos.summarize(ctx, team, min(team+teamOwners-1, s.to))
	if err != nil {
		return err
	}
	return wrong(pledged.check(sum.Versions))
}
