package cachedsql

import (
	"database/sql/driver"
	"errors"
	"io"
	"reflect"
	"sync"
)

// writeRows are the driver's rows of a statement that writes and returns rows,
// such as INSERT ... RETURNING outside a transaction: the write is over when
// they are closed. In a transaction that an error may end, every query's rows
// are such, to be watched for one. They forward everything, with database/sql's
// own answers where the driver has none.
type writeRows struct {
	driver.Rows
	once sync.Once
	err  error
	over func(error)
}

var (
	_ driver.RowsNextResultSet              = (*writeRows)(nil)
	_ driver.RowsColumnTypeScanType         = (*writeRows)(nil)
	_ driver.RowsColumnTypeDatabaseTypeName = (*writeRows)(nil)
	_ driver.RowsColumnTypeLength           = (*writeRows)(nil)
	_ driver.RowsColumnTypeNullable         = (*writeRows)(nil)
	_ driver.RowsColumnTypePrecisionScale   = (*writeRows)(nil)
)

// holdUntilClosed returns rows that call over once, with the first error seen.
func holdUntilClosed(r driver.Rows, over func(error)) driver.Rows {
	return withColumnScanner(&writeRows{Rows: r, over: over})
}

func (r *writeRows) saw(err error) error {
	if err != nil && !errors.Is(err, io.EOF) && r.err == nil {
		r.err = err
	}
	return err
}

func (r *writeRows) Next(dest []driver.Value) error { return r.saw(r.Rows.Next(dest)) }

func (r *writeRows) Close() error {
	closed := false
	defer r.once.Do(func() {
		if !closed {
			r.err = errPanicked
		}
		r.over(r.err)
	})
	err := r.saw(r.Rows.Close())
	closed = true
	return err
}

func (r *writeRows) HasNextResultSet() bool { return hasNextResultSet(r.Rows) }

func (r *writeRows) NextResultSet() error {
	if more, ok := r.Rows.(driver.RowsNextResultSet); ok {
		return r.saw(more.NextResultSet())
	}
	return io.EOF
}

func (r *writeRows) ColumnTypeScanType(i int) reflect.Type {
	if t, ok := r.Rows.(driver.RowsColumnTypeScanType); ok {
		return t.ColumnTypeScanType(i)
	}
	return reflect.TypeFor[any]()
}

func (r *writeRows) ColumnTypeDatabaseTypeName(i int) string {
	if t, ok := r.Rows.(driver.RowsColumnTypeDatabaseTypeName); ok {
		return t.ColumnTypeDatabaseTypeName(i)
	}
	return ""
}

func (r *writeRows) ColumnTypeLength(i int) (int64, bool) {
	if t, ok := r.Rows.(driver.RowsColumnTypeLength); ok {
		return t.ColumnTypeLength(i)
	}
	return 0, false
}

func (r *writeRows) ColumnTypeNullable(i int) (nullable, ok bool) {
	if t, is := r.Rows.(driver.RowsColumnTypeNullable); is {
		return t.ColumnTypeNullable(i)
	}
	return false, false
}

func (r *writeRows) ColumnTypePrecisionScale(i int) (precision, scale int64, ok bool) {
	if t, is := r.Rows.(driver.RowsColumnTypePrecisionScale); is {
		return t.ColumnTypePrecisionScale(i)
	}
	return 0, 0, false
}
