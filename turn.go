package cachedsql

import (
	"context"
	"database/sql/driver"
	"errors"
	"time"
)

// Reads that find a write under way may neither be served what is stored nor
// store what they read. So that a crowd of them is not a crowd for the database,
// those that want the same result share queries, by turns: while one query runs,
// all who come wait for the next, which begins when the first has ended.
//
// A read never takes part in a query that had begun before it: what a commit made
// visible before the read is then there for the query, too.

// turnKey names what a turn is for: whose key is equal reads the same rows in the
// same session.
type turnKey struct {
	space *space
	key   Key
}

// turns are the queries for one result: one that runs and one that others can
// still join.
type turns struct{ running, next *flight }

// takePlace joins the next turn, or makes it; leads is then true, and before is
// what runs, if anything does.
func (s *flights) takePlace(key turnKey) (f, before *flight, leads bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.turns[key]
	if t == nil {
		t = &turns{}
		s.turns[key] = t
	}
	if t.next != nil {
		t.next.prepareToWait()
		return t.next, nil, false
	}
	t.next = &flight{owner: s, turn: &key}
	if t.running != nil {
		t.running.prepareToWait()
	}
	return t.next, t.running, true
}

// begin closes a turn to others. It reports whether any have joined.
func (s *flights) begin(f *flight) (followed bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.turns[*f.turn]
	t.next, t.running = nil, f
	return f.answered != nil
}

// endTurn forgets a turn that has ended; mu is held.
func (s *flights) endTurn(f *flight) {
	t := s.turns[*f.turn]
	if t == nil {
		return
	}
	if t.next == f {
		t.next = nil
	}
	if t.running == f {
		t.running = nil
	}
	if t.next == nil && t.running == nil {
		delete(s.turns, *f.turn)
	}
}

// byTurns answers a read that may not be stored.
func (c *conn) byTurns(ctx context.Context, l *lookup, x *call, why Reason) (driver.Rows, error) {
	rows, followed, err := c.takeTurn(ctx, l)
	if rows != nil || err != nil {
		return rows, err
	}
	if !followed {
		return c.passInTurn(ctx, l, x, why)
	}
	l.shared = true
	c.bypassed(ctx, l.plan, why)
	return c.fetch(ctx, l, x)
}

// passInTurn asks the database for a read whose rows nobody else waits for, but
// perhaps for its end.
func (c *conn) passInTurn(ctx context.Context, l *lookup, x *call, why Reason) (driver.Rows, error) {
	carried := false
	defer func() {
		if !carried {
			l.flight.fail(true)
		}
	}()
	rows, err := c.pass(ctx, l.plan, x, why)
	if l.flight != nil && errors.Is(err, driver.ErrSkip) {
		c.carry.lookup, carried = l, true // its turn goes on with the prepared statement
	}
	return rows, err
}

// inTurn reports whether the lookup has a turn that nobody has joined.
func (l *lookup) inTurn() bool { return l.flight != nil && l.flight.turn != nil && !l.shared }

// takeTurn returns another's rows; or makes the lookup the leader of a turn that
// has come, and reports whether others wait for its rows. With none of these the
// read asks for itself.
func (c *conn) takeTurn(ctx context.Context, l *lookup) (_ driver.Rows, followed bool, _ error) {
	s := &c.cache.flights
	f, before, leads := s.takePlace(turnKey{l.route.backend.space, l.key})
	if !leads {
		if err := f.wait(ctx); err != nil {
			return nil, false, err
		}
		result, _ := f.outcome()
		if result == nil {
			return nil, false, nil
		}
		c.emit(ctx, l.plan, Event{Outcome: Coalesced, Rule: l.route.ruleName(), Duration: time.Since(l.started)})
		return c.replay(result), false, nil
	}
	if before != nil {
		if _, err := awaitFor(ctx, before.landed, nil, mostPatience); err != nil {
			f.fail(false)
			return nil, false, err
		}
	}
	l.flight = f
	return nil, s.begin(f), nil
}
