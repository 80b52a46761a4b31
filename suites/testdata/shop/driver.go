// Package shop is a project with a test suite of its own, for the test of the suites command.
package shop

import (
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"strings"
	"sync/atomic"
)

// Asked counts the reads that reached the database.
var Asked atomic.Int64

// A variable and no init, since the tests open a database in a variable.
var _ = register()

func register() bool {
	sql.Register("shop", shopDriver{})
	return true
}

type shopDriver struct{}

// Open knows the database that the suites command makes.
func (shopDriver) Open(name string) (driver.Conn, error) {
	if !strings.HasPrefix(name, "suites_test_") {
		return nil, errors.New("no database " + name)
	}
	return shopConn{}, nil
}

type shopConn struct{}

func (shopConn) Prepare(text string) (driver.Stmt, error) { return shopStmt(text), nil }
func (shopConn) Close() error                             { return nil }
func (shopConn) Begin() (driver.Tx, error)                { return shopTx{}, nil }

type shopTx struct{}

func (shopTx) Commit() error   { return nil }
func (shopTx) Rollback() error { return nil }

// shopStmt knows one table, whose only value is the last that was written.
type shopStmt string

var name atomic.Value

func (s shopStmt) Close() error  { return nil }
func (s shopStmt) NumInput() int { return strings.Count(string(s), "?") }

func (s shopStmt) Exec(args []driver.Value) (driver.Result, error) {
	name.Store(args[0])
	return driver.RowsAffected(1), nil
}

func (s shopStmt) Query([]driver.Value) (driver.Rows, error) {
	Asked.Add(1)
	return &shopRows{}, nil
}

type shopRows struct{ told bool }

func (r *shopRows) Columns() []string { return []string{"name"} }
func (r *shopRows) Close() error      { return nil }

func (r *shopRows) Next(row []driver.Value) error {
	if r.told {
		return io.EOF
	}
	r.told = true
	row[0] = name.Load()
	return nil
}
