package redisstore

import (
	"context"
	"errors"
	"net"
	"os"
	"sync"
	"time"
)

// wireConn is one connection. Mostly it has one user at a time. Where all are
// in use, several ask on one, and read the answers in the order in which they
// have asked.
type wireConn struct {
	net.Conn
	wire *wire
	in   replies     // of whose turn it is, like t
	t    transaction // what is being read
	made time.Time

	// asking is held while something is sent, so that turns are in that order.
	// It is little, and has a deadline.
	asking sync.Mutex
	out    []byte // what is sent; guarded by asking

	// All below is guarded by wire.mu.
	users   int             // who have taken it
	reading bool            // it is somebody's turn
	turns   []chan struct{} // of those who have asked behind; closed when it is theirs
	late    int             // answers that are read although nobody waits for them
	broken  bool
	used    time.Time
	touched bool // it has answered before
}

// errBroken means that the connection failed in the hands of another user.
var errBroken = errors.New("cachedsql: redis: connection failed in a lookup before this one")

// overdue is how long an answer may take that nobody waits for any more, before
// the connection counts as lost.
const overdue = 3 * time.Second

// trip is what is sent together: a lookup, and what goes along with it. What is
// found is not in it: a trip may outlive the lookup, which would have to be
// allocated for that.
type trip struct {
	space *space
	sets  []*tagSet
	gets  []*get
	along []*fill
}

// exchange asks and reads the answers. Whoever gives up before they come leaves
// them to be read by somebody else: those who have asked behind want theirs,
// and a connection is worth more than an answer.
func (cn *wireConn) exchange(ctx context.Context, q trip, found []finding) error {
	now := time.Now()
	deadline := cn.wire.deadline(ctx, now)
	turn, asked, err := cn.ask(deadline, &q)
	if !asked {
		cn.wire.give(cn)
		return err
	}
	if turn != nil {
		if late := await(ctx, turn, deadline); late != nil {
			cn.abandon(turn, q)
			return late
		}
		if err == nil {
			err = cn.inTurn(deadline)
		}
	}
	if err == nil {
		if _, err = cn.in.Peek(1); errors.Is(err, os.ErrDeadlineExceeded) {
			cn.abandon(nil, q)
			return err
		}
		if err == nil {
			err = cn.read(&q, found)
		}
		if err != nil && !isDeclined(err) {
			err = cn.fail(err)
		}
	}
	cn.leave(now, err)
	return err
}

// await waits for a turn. The deadline of the wire may be all that bounds it.
func await(ctx context.Context, turn chan struct{}, deadline time.Time) error {
	var late <-chan time.Time
	if end, ok := ctx.Deadline(); !deadline.IsZero() && (!ok || deadline.Before(end)) {
		timer := time.NewTimer(time.Until(deadline))
		defer timer.Stop()
		late = timer.C
	}
	select {
	case <-turn:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-late:
		return os.ErrDeadlineExceeded
	}
}

// ask sends, unless the time for that is over: a write cut short would end the
// connection for its other users. Who has to wait for a turn gets one, also with
// an error.
func (cn *wireConn) ask(deadline time.Time, q *trip) (turn chan struct{}, asked bool, err error) {
	cn.asking.Lock()
	defer cn.asking.Unlock()
	if !deadline.IsZero() && time.Until(deadline) <= 0 {
		return nil, false, os.ErrDeadlineExceeded
	}
	if turn = cn.queue(); turn == nil {
		err = cn.SetDeadline(deadline)
	} else {
		err = cn.SetWriteDeadline(deadline)
	}
	if err == nil {
		_, err = cn.Write(cn.put(q))
	}
	if err != nil {
		err = cn.fail(err)
	}
	return turn, true, err
}

// put puts together what is sent. It needs asking.
func (cn *wireConn) put(q *trip) []byte {
	cn.out = cn.out[:0]
	for _, f := range q.along {
		cn.out = append(cn.out, f.command...)
	}
	cn.out = appendLookup(cn.out, q.space, q.sets, q.gets)
	return cn.out
}

// read takes in the answers.
func (cn *wireConn) read(q *trip, found []finding) error {
	if err := cn.in.readFills(q.along); err != nil {
		return err
	}
	return cn.t.read(cn.in, q.space, q.sets, q.gets, found)
}

// queue returns what to wait for before reading, nil if nobody reads.
func (cn *wireConn) queue() chan struct{} {
	cn.wire.mu.Lock()
	defer cn.wire.mu.Unlock()
	if !cn.reading {
		cn.reading = true
		return nil
	}
	turn := make(chan struct{})
	cn.turns = append(cn.turns, turn)
	return turn
}

// inTurn prepares reading behind somebody else.
func (cn *wireConn) inTurn(deadline time.Time) error {
	cn.wire.mu.Lock()
	broken := cn.broken
	cn.wire.mu.Unlock()
	if broken {
		return errBroken
	}
	if err := cn.SetReadDeadline(deadline); err != nil {
		return cn.fail(err)
	}
	return nil
}

// fail ends the connection for all of its users, and returns err if it is not
// because of another one that it has failed.
func (cn *wireConn) fail(err error) error {
	cn.wire.mu.Lock()
	if cn.broken {
		err = errBroken
	}
	cn.broken = true
	cn.wire.mu.Unlock()
	_ = cn.Close()
	return err
}

// leave ends a turn. On a connection that has failed it may be before its time:
// nobody reads there any more.
func (cn *wireConn) leave(asked time.Time, err error) {
	cn.wire.mu.Lock()
	if err == nil || isDeclined(err) {
		cn.used, cn.touched = asked, true
	}
	if cn.reading = len(cn.turns) > 0; cn.reading {
		close(cn.turns[0])
		cn.turns = cn.turns[1:]
	}
	cn.wire.mu.Unlock()
	cn.wire.give(cn)
}

// abandon has the answers read in the background that somebody has asked for
// and does not wait for any more. Nobody new asks behind them meanwhile.
func (cn *wireConn) abandon(turn chan struct{}, q trip) {
	w := cn.wire
	w.mu.Lock()
	closed := w.closed
	if !closed {
		cn.late++
		w.tasks.Go(func() { cn.readLate(turn, q) })
	}
	w.mu.Unlock()
	if closed {
		cn.leave(time.Time{}, cn.fail(net.ErrClosed))
	}
}

func (cn *wireConn) readLate(turn chan struct{}, q trip) {
	if turn != nil {
		<-turn
	}
	now := time.Now()
	err := cn.inTurn(now.Add(overdue))
	if err == nil {
		if err = cn.in.drop(&q); err != nil {
			err = cn.fail(err)
		}
	}
	cn.wire.mu.Lock()
	cn.late--
	cn.wire.mu.Unlock()
	cn.leave(now, err)
}
