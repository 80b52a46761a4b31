// Package repeat asks for each cached read again: first a miss, then a hit, then past the cache. Where the three differ in anything
// that a driver says, it tells.
package repeat

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"time"

	"github.com/cachedsql/cachedsql"
)

// A Connector's connections repeat the reads of the connector that it is made of, which has to be one of Cache's. OnEvent has to be
// called with the Cache's events.
type Connector struct {
	driver.Connector
	Cache     *cachedsql.Cache
	Patience  time.Duration                // how long to wait for a read to become one that is cached
	Compared  func()                       // is told of each comparison
	Different func(text, got, want string) // is told of each difference
}

// Close closes the connector inside, where that can be closed.
func (k *Connector) Close() error {
	if c, ok := k.Connector.(io.Closer); ok {
		return c.Close()
	}
	return nil
}

// Connect implements driver.Connector. Its connections are resetters and
// validators only where the driver's are: database/sql keeps others longer.
func (k *Connector) Connect(ctx context.Context) (driver.Conn, error) {
	inner, err := k.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	c := &repeatingConn{conn: inner.(conn), connector: k}
	resetter, resets := inner.(driver.SessionResetter)
	validator, validates := inner.(driver.Validator)
	switch {
	case resets && validates:
		return &struct {
			*repeatingConn
			driver.SessionResetter
			driver.Validator
		}{c, resetter, validator}, nil
	case resets:
		return &struct {
			*repeatingConn
			driver.SessionResetter
		}{c, resetter}, nil
	case validates:
		return &struct {
			*repeatingConn
			driver.Validator
		}{c, validator}, nil
	}
	return c, nil
}

// conn is what every connection of the library has.
type conn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.NamedValueChecker
	driver.Pinger
	Unwrap() driver.Conn
}

type repeatingConn struct {
	conn
	connector *Connector
	prepares  *lookedUp // what became of a read that the driver then wanted prepared
}

func (c *repeatingConn) PrepareContext(ctx context.Context, text string) (driver.Stmt, error) {
	s, err := c.conn.PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	repeating := &repeatingStmt{s.(stmt), c, text}
	if converter, ok := s.(driver.ColumnConverter); ok { //nolint:staticcheck // database/sql supports it still
		return &struct {
			*repeatingStmt
			driver.ColumnConverter
		}{repeating, converter}, nil
	}
	return repeating, nil
}

func (c *repeatingConn) QueryContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Rows, error) {
	looked := &lookedUp{}
	rows, err := c.repeat(ctx, looked, text, func(ctx context.Context) (driver.Rows, error) {
		return c.conn.QueryContext(ctx, text, args)
	})
	if errors.Is(err, driver.ErrSkip) {
		c.prepares = looked
	}
	return rows, err
}

// stmt is what every statement of the library has.
type stmt interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
	driver.NamedValueChecker
}

type repeatingStmt struct {
	stmt
	conn *repeatingConn
	text string
}

func (s *repeatingStmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	looked := s.conn.prepares
	s.conn.prepares = nil
	if looked == nil {
		looked = &lookedUp{}
	}
	return s.conn.repeat(ctx, looked, s.text, func(ctx context.Context) (driver.Rows, error) {
		return s.stmt.QueryContext(ctx, args)
	})
}

// lookedUp learns from the events of a statement whether it is cached.
type lookedUp struct {
	cached, hit bool
	soon        bool // not yet: a write before it has only just ended
}

type lookedUpKey struct{}

// OnEvent is for Config.OnEvent.
func OnEvent(e cachedsql.Event) {
	if e.Context == nil {
		return
	}
	looked, ok := e.Context.Value(lookedUpKey{}).(*lookedUp)
	if !ok {
		return
	}
	switch e.Outcome {
	case cachedsql.Hit:
		looked.cached, looked.hit = true, true
	case cachedsql.Miss:
		looked.cached = true
	case cachedsql.Bypassed:
		reason := e.Reason.String()
		looked.soon = reason == "pending_write" || reason == "unknown_relation"
	}
}

type query func(context.Context) (driver.Rows, error)

// lookUp asks, and learns what became of it.
func (ask query) lookUp(ctx context.Context, looked *lookedUp) (driver.Rows, error) {
	return ask(context.WithValue(ctx, lookedUpKey{}, looked))
}

func (c *repeatingConn) repeat(ctx context.Context, looked *lookedUp, text string, ask query) (driver.Rows, error) {
	c.wait(ctx) // for the writes before, which keep their tables uncached
	rows, err := ask.lookUp(ctx, looked)
	for deadline := time.Now().Add(c.connector.Patience); err == nil && looked.soon && time.Now().Before(deadline); time.Sleep(2 * time.Millisecond) {
		_ = rows.Close()
		*looked = lookedUp{}
		rows, err = ask.lookUp(ctx, looked)
	}
	if err != nil || !looked.cached {
		return rows, err
	}
	miss := take(rows)
	c.wait(ctx) // for the fill
	again := &lookedUp{}
	if rows, err = ask.lookUp(ctx, again); err != nil || !again.hit {
		return rows, err
	}
	hit := take(rows)
	if rows, err = ask(ctx); err != nil {
		return nil, err
	}
	bare, err := ask(cachedsql.Bypass(ctx))
	switch {
	case errors.Is(err, driver.ErrSkip): // has to be prepared first; a hit has not
		c.connector.compare(text, miss, hit, hit)
	case err != nil:
		_ = rows.Close()
		return nil, err
	default:
		c.connector.compare(text, miss, hit, take(bare))
	}
	return rows, nil
}

func (c *repeatingConn) wait(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	_ = c.connector.Cache.Wait(ctx)
}
