package cachedsql

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/cachedsql/cachedsql/internal/catalog"
)

// server runs the cache's own queries on a connection.
type server struct{ *conn }

var _ catalog.Querier = server{}

// Query runs one of the cache's own queries on the wrapped connection, outside
// any transaction, and returns its rows as text.
func (c server) Query(ctx context.Context, query string, columns int) ([][]catalog.Text, error) {
	rows, err := c.queryOnce(ctx, query, columns)
	if isForgotten(err) { // the driver prepares it anew
		return c.queryOnce(ctx, query, columns)
	}
	return rows, err
}

// isForgotten reports that the server no longer has a statement which the driver
// has prepared: the application has sent DISCARD ALL or DEALLOCATE ALL.
func isForgotten(err error) bool {
	var said interface{ SQLState() string }
	return errors.As(err, &said) && said.SQLState() == "26000"
}

func (c server) queryOnce(ctx context.Context, query string, columns int) (_ [][]catalog.Text, err error) {
	r, err := c.ownRows(ctx, query)
	if err != nil {
		return nil, err
	}
	defer func() {
		if closing := r.Close(); err == nil {
			err = closing
		}
	}()
	var all [][]catalog.Text
	dest := make([]driver.Value, len(r.Columns()))
	if len(dest) != columns {
		return nil, fmt.Errorf("cachedsql: %d columns in answer to %s", len(dest), query)
	}
	for {
		switch err := r.Next(dest); {
		case err == io.EOF:
			return all, nil
		case err != nil:
			return nil, err
		}
		row := make([]catalog.Text, len(dest))
		for i, v := range dest {
			row[i] = textOf(v)
		}
		all = append(all, row)
	}
}

// ownRows asks one of the cache's own questions. The rows are closingRows where the
// driver wants it prepared.
func (c *conn) ownRows(ctx context.Context, query string, args ...driver.NamedValue) (driver.Rows, error) {
	r, err := c.innerQuery(ctx, query, args)
	if !errors.Is(err, driver.ErrSkip) {
		return r, err
	}
	inner, err := c.prepare(ctx, query)
	if err != nil {
		return nil, err
	}
	s := &stmt{inner: inner, conn: c}
	if r, err = s.innerQuery(ctx, args); err != nil {
		_ = inner.Close()
		return nil, err
	}
	return closingRows{r, inner}, nil
}

// closingRows close the statement they came from.
type closingRows struct {
	driver.Rows
	stmt driver.Stmt
}

func (r closingRows) Close() error { return errors.Join(r.Rows.Close(), r.stmt.Close()) }

func textOf(v driver.Value) catalog.Text {
	switch v := v.(type) {
	case nil:
		return catalog.Text{}
	case string:
		return catalog.Text{S: v, Valid: true}
	case []byte:
		return catalog.Text{S: string(v), Valid: true}
	case int64:
		return catalog.Text{S: strconv.FormatInt(v, 10), Valid: true}
	case bool:
		return catalog.Text{S: strconv.FormatBool(v), Valid: true}
	case time.Time:
		return catalog.Text{S: v.Format(time.RFC3339Nano), Valid: true}
	}
	return catalog.Text{S: fmt.Sprint(v), Valid: true}
}
