package compat

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cachedsql/cachedsql"
)

// A repeater is a connector that asks for each cached read again: first a
// miss, then a hit, then past the cache. It reports where they differ, and
// gives the caller one more hit.
type repeater struct {
	driver.Connector
	*testing.T
	cache *cachedsql.Cache
	hits  atomic.Int64 // reads that were compared
}

func (r *repeater) Connect(ctx context.Context) (driver.Conn, error) {
	c, err := r.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &repeatingConn{conn: c.(conn), repeater: r}, nil
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
	repeater *repeater
	prepares *lookedUp // what became of a read that the driver then wanted prepared
}

func (c *repeatingConn) ResetSession(ctx context.Context) error {
	if r, ok := c.conn.(driver.SessionResetter); ok {
		return r.ResetSession(ctx)
	}
	return nil
}

func (c *repeatingConn) IsValid() bool {
	v, ok := c.conn.(driver.Validator)
	return !ok || v.IsValid()
}

func (c *repeatingConn) PrepareContext(ctx context.Context, text string) (driver.Stmt, error) {
	s, err := c.conn.PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	return &repeatingStmt{s.(stmt), c, text}, nil
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

func onEvent(e cachedsql.Event) {
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
	for deadline := time.Now().Add(10 * time.Second); err == nil && looked.soon && time.Now().Before(deadline); time.Sleep(2 * time.Millisecond) {
		rows.Close()
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
		c.repeater.compare(text, miss, hit, hit)
	case err != nil:
		return nil, err
	default:
		c.repeater.compare(text, miss, hit, take(bare))
	}
	return rows, nil
}

func (c *repeatingConn) wait(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	_ = c.repeater.cache.Wait(ctx)
}

func (r *repeater) compare(text string, miss, hit, bare taken) {
	r.hits.Add(1)
	if !reflect.DeepEqual(miss, bare) {
		r.Errorf("%s\nmiss %+v\nbare %+v", text, miss, bare)
	}
	if !reflect.DeepEqual(hit, bare) {
		r.Errorf("%s\nhit  %+v\nbare %+v", text, hit, bare)
	}
}

// taken is everything that a result says.
type taken struct {
	columns []string
	rows    [][]any
	err     string // in the middle
	closing string
}

func take(r driver.Rows) (t taken) {
	for i, name := range r.Columns() {
		t.columns = append(t.columns, name+" "+describe(r, i))
	}
	for {
		row := make([]driver.Value, len(t.columns))
		if err := r.Next(row); err != nil {
			if !errors.Is(err, io.EOF) {
				t.err = err.Error()
			}
			break
		}
		t.rows = append(t.rows, keep(row))
	}
	if err := r.Close(); err != nil {
		t.closing = err.Error()
	}
	return t
}

func keep(row []driver.Value) []any {
	kept := make([]any, len(row))
	for i, v := range row {
		switch v := v.(type) {
		case []byte:
			kept[i] = slices.Clone(v) // the driver's until the next row
		case time.Time:
			kept[i] = v.Format(time.RFC3339Nano) + v.Location().String()
		default:
			kept[i] = v
		}
	}
	return kept
}

// describe returns what the driver says of a column. pgx has no Nullable, and
// go-sql-driver no Length: nothing is then as good as "unknown".
func describe(r driver.Rows, i int) string {
	var length, precision, scale int64
	var nullable, hasLength, hasNullable, hasPrecision bool
	if t, ok := r.(driver.RowsColumnTypeLength); ok {
		length, hasLength = t.ColumnTypeLength(i)
	}
	if t, ok := r.(driver.RowsColumnTypeNullable); ok {
		nullable, hasNullable = t.ColumnTypeNullable(i)
	}
	if t, ok := r.(driver.RowsColumnTypePrecisionScale); ok {
		precision, scale, hasPrecision = t.ColumnTypePrecisionScale(i)
	}
	return fmt.Sprint(
		r.(driver.RowsColumnTypeDatabaseTypeName).ColumnTypeDatabaseTypeName(i), r.(driver.RowsColumnTypeScanType).ColumnTypeScanType(i),
		length, hasLength, nullable, hasNullable, precision, scale, hasPrecision)
}
