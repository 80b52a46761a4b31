package cachedsql

import (
	"context"
	"database/sql/driver"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cachedsql/cachedsql/internal/rowcodec"
)

// flights lets one statement ask the database for a result that several
// connections miss at the same time. The others wait and replay what it read.
//
// A flight is one key under one vector. Whoever waits has read the very
// vector the leader had before it asked, so no write came in between and the
// leader's rows are the ones the waiter would have got. By key alone a read
// that starts after a write could be given the rows from before it.
type flights struct {
	mu  sync.Mutex
	all map[flightKey]*flight // guarded by mu, as what it points to
	// turns are for results that may not be stored. See turn.go.
	turns map[turnKey]*turns // likewise
	// gone counts those that have left, by the first byte of their key.
	gone [256]atomic.Uint32
}

type flightKey struct {
	space  *space
	key    Key
	vector Vector
}

type flight struct {
	owner *flights
	key   flightKey
	turn  *turnKey // nil: it is one of all

	answered chan struct{} // closed when the leader has rows to read; nil while nobody waits
	landed   chan struct{} // closed when the flight has ended, likewise
	isUp     bool          // the leader has rows to read
	isDown   bool          // it has ended
	entry    []byte        // the result, nil if there is none for others
	solo     bool          // there never is: each has to ask for itself

	decoded sync.Once
	result  *rowcodec.Result
}

const (
	// leaderLost is when a leader that the database has not answered counts as
	// lost. One of those who wait then asks in its place.
	leaderLost = 10 * time.Second
	// leastPatience and mostPatience bound the wait for a leader that has been
	// answered: its caller may read slowly or never.
	leastPatience = 5 * time.Millisecond
	mostPatience  = 100 * time.Millisecond
	// maxFlights is how many leaders a statement waits for before it asks the
	// database itself.
	maxFlights = 3
)

func (s *flights) init() {
	s.all, s.turns = map[flightKey]*flight{}, map[turnKey]*turns{}
}

// enter returns the flight for key; leads is true for who has to make it.
func (s *flights) enter(key flightKey) (f *flight, leads bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f := s.all[key]; f != nil {
		f.prepareToWait()
		return f, false
	}
	f = &flight{owner: s, key: key}
	s.all[key] = f
	return f, true
}

// lead is enter for who does not want to wait: nil if somebody leads already.
func (s *flights) lead(key flightKey) *flight {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all[key] != nil {
		return nil
	}
	f := &flight{owner: s, key: key}
	s.all[key] = f
	return f
}

// prepareToWait makes the channels, which most flights do not need; mu is held.
func (f *flight) prepareToWait() {
	if f.answered != nil {
		return
	}
	f.answered, f.landed = make(chan struct{}), make(chan struct{})
	if f.isUp {
		close(f.answered)
	}
	if f.isDown {
		close(f.landed)
	}
}

// answer says that the leader has rows to read.
func (f *flight) answer() {
	if f == nil {
		return
	}
	f.owner.mu.Lock()
	defer f.owner.mu.Unlock()
	if f.isUp = true; f.answered != nil {
		close(f.answered)
	}
}

// deliver ends the flight with an entry. Who comes later is still given it,
// until leave.
func (f *flight) deliver(entry []byte) {
	if f != nil {
		f.land(entry, false)
	}
}

// fail ends the flight without a result, unless it has ended already; solo
// where another leader would do no better.
func (f *flight) fail(solo bool) {
	if f != nil {
		f.land(nil, solo)
		f.leave()
	}
}

func (f *flight) land(entry []byte, solo bool) {
	f.owner.mu.Lock()
	defer f.owner.mu.Unlock()
	if f.isDown {
		return
	}
	f.isDown, f.entry, f.solo = true, entry, solo
	if f.turn != nil {
		f.owner.endTurn(f)
	}
	if f.landed != nil {
		close(f.landed)
	}
}

// leave makes the next miss a new flight.
func (f *flight) leave() {
	if f == nil {
		return
	}
	f.owner.mu.Lock()
	defer f.owner.mu.Unlock()
	if f.turn == nil && f.owner.all[f.key] == f {
		delete(f.owner.all, f.key)
		f.owner.gone[f.key.key[0]].Add(1)
	}
}

// departures is a number that has changed when a flight for key has left.
func (s *flights) departures(key Key) uint32 { return s.gone[key[0]].Load() }

// wait returns when the flight has ended, or is not worth waiting for any
// more. An error is the waiter's own: its context has ended.
func (f *flight) wait(ctx context.Context) error {
	started := time.Now()
	up, err := awaitFor(ctx, f.answered, f.landed, leaderLost)
	if err == nil && up {
		patience := min(max(time.Since(started), leastPatience), mostPatience)
		up, err = awaitFor(ctx, f.landed, nil, patience)
	}
	if err == nil && !up {
		f.leave()
	}
	return err
}

// awaitFor reports whether one of the channels was closed within d.
func awaitFor(ctx context.Context, one, other <-chan struct{}, d time.Duration) (bool, error) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-one:
		return true, nil
	case <-other:
		return true, nil
	case <-timer.C:
		return false, nil
	case <-ctx.Done():
		return false, ctx.Err()
	}
}

// outcome returns what a flight that has ended brought.
func (f *flight) outcome() (result *rowcodec.Result, solo bool) {
	f.owner.mu.Lock()
	entry, solo := f.entry, f.solo
	f.owner.mu.Unlock()
	if entry == nil {
		return nil, solo
	}
	f.decoded.Do(func() { f.result, _ = rowcodec.Decode(entry) })
	return f.result, f.result == nil
}

// join makes a miss the leader of a flight, or waits for one and returns its
// rows. With neither rows nor an error the caller asks the database.
func (c *conn) join(ctx context.Context, l *lookup) (driver.Rows, error) {
	if l.flight != nil || l.wish.refresh || l.check != nil || l.route.shadows() {
		c.missed(ctx, l)
		return nil, nil
	}
	for n := range maxFlights {
		f, leads := c.cache.flights.enter(l.flightKey())
		if leads {
			l.flight = f
			if n == 0 && c.cache.flights.departures(l.key) == l.departures {
				break
			}
			// Another may have led, and stored what it read, since we asked
			// the store.
			if rows, _ := c.stored(ctx, l); rows != nil {
				return rows, nil
			}
			break
		}
		if err := f.wait(ctx); err != nil {
			return nil, err
		}
		result, solo := f.outcome()
		if result != nil {
			c.emit(ctx, l.plan, Event{Outcome: Coalesced, Rule: l.route.ruleName(), Duration: time.Since(l.started)})
			return c.replay(result), nil
		}
		if solo {
			break
		}
	}
	if rows, err := c.awaitOthers(ctx, l); rows != nil || err != nil {
		return rows, err
	}
	c.missed(ctx, l)
	return nil, nil
}

func (l *lookup) flightKey() flightKey {
	return flightKey{l.route.backend.space, l.key, l.reading.Vector}
}

func (c *conn) missed(ctx context.Context, l *lookup) {
	if c.background || l.check != nil {
		return // nobody is; or it is no miss, and counted when the database has answered
	}
	c.emit(ctx, l.plan, Event{Outcome: Miss, Rule: l.route.ruleName(), Duration: time.Since(l.started)})
}
