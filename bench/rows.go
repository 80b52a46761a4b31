package main

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"io"
	"time"
)

// record is a row of ten mixed columns.
type record struct {
	ID       int64
	Name     string
	Price    float64
	Active   bool
	At       time.Time
	Text     string
	Amount   int64
	Nothing  *string
	Hash     []byte
	Currency string
}

func (r *record) destinations() []any {
	return []any{&r.ID, &r.Name, &r.Price, &r.Active, &r.At, &r.Text, &r.Amount, &r.Nothing, &r.Hash, &r.Currency}
}

const columns = "id, name, price, active, at, text, amount, nothing, hash, currency"

// readRecords is the query as a program runs it.
func readRecords(ctx context.Context, db *sql.DB, query string, want int) ([]record, error) {
	rows, err := db.QueryContext(ctx, query, want)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	records := make([]record, 0, want)
	for rows.Next() {
		records = append(records, record{})
		if err := rows.Scan(records[len(records)-1].destinations()...); err != nil {
			return nil, err
		}
	}
	return records, checked(records, want, rows.Err())
}

func checked(records []record, want int, err error) error {
	if err == nil && (len(records) != want || records[want-1].ID != int64(want)) {
		return fmt.Errorf("got %d rows, want %d", len(records), want)
	}
	return err
}

// lateConnector makes each query of a driver take a millisecond more.
type lateConnector struct{ driver.Connector }

func (k lateConnector) Connect(ctx context.Context) (driver.Conn, error) {
	c, err := k.Connector.Connect(ctx)
	return lateConn{c}, err
}

type lateConn struct{ driver.Conn }

func (c lateConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	time.Sleep(time.Millisecond)
	return c.Conn.(driver.QueryerContext).QueryContext(ctx, query, args)
}

func (c lateConn) CheckNamedValue(v *driver.NamedValue) error {
	if checker, ok := c.Conn.(driver.NamedValueChecker); ok {
		return checker.CheckNamedValue(v)
	}
	return driver.ErrSkip
}

// replay is a driver whose rows are at hand: the floor that database/sql sets.
type replay struct {
	names []string
	rows  [][]driver.Value
}

// newReplay takes the rows from a database.
func newReplay(ctx context.Context, db *sql.DB, query string, want int) (*replay, error) {
	rows, err := db.QueryContext(ctx, query, want)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	r := &replay{}
	if r.names, err = rows.Columns(); err != nil {
		return nil, err
	}
	for rows.Next() {
		values, dests := make([]any, len(r.names)), make([]any, len(r.names))
		for i := range dests {
			dests[i] = &values[i]
		}
		if err := rows.Scan(dests...); err != nil {
			return nil, err
		}
		row := make([]driver.Value, len(values))
		for i, v := range values {
			row[i] = v
		}
		r.rows = append(r.rows, row)
	}
	return r, rows.Err()
}

func (r *replay) Connect(context.Context) (driver.Conn, error) { return replayConn{r}, nil }
func (r *replay) Driver() driver.Driver                        { return r }
func (r *replay) Open(string) (driver.Conn, error)             { return replayConn{r}, nil }

type replayConn struct{ *replay }

func (replayConn) Prepare(string) (driver.Stmt, error) { return nil, driver.ErrSkip }
func (replayConn) Begin() (driver.Tx, error)           { return nil, driver.ErrSkip }
func (replayConn) Close() error                        { return nil }
func (c replayConn) QueryContext(context.Context, string, []driver.NamedValue) (driver.Rows, error) {
	return &replayRows{replay: c.replay}, nil
}

type replayRows struct {
	*replay
	next int
}

func (r *replayRows) Columns() []string { return r.names }
func (r *replayRows) Close() error      { return nil }
func (r *replayRows) Next(dest []driver.Value) error {
	if r.next == len(r.rows) {
		return io.EOF
	}
	copy(dest, r.rows[r.next])
	r.next++
	return nil
}
