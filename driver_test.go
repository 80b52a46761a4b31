package cachedsql

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"testing"
)

// plainConnector cannot be closed, closableConnector counts how often it is.
type plainConnector struct{}

func (plainConnector) Connect(context.Context) (driver.Conn, error) {
	return nil, errors.New("no server")
}
func (plainConnector) Driver() driver.Driver { return nil }

type closableConnector struct {
	plainConnector
	closed int
}

func (k *closableConnector) Close() error {
	k.closed++
	return io.ErrClosedPipe
}

func TestClosingAHandleLetsGoOfItsConnector(t *testing.T) {
	t.Parallel()
	cache, err := New(Config{})
	if err != nil {
		t.Fatal(err)
	}
	closable := &closableConnector{}
	for _, inner := range []driver.Connector{plainConnector{}, closable} {
		db := sql.OpenDB(cache.WrapConnector(inner))
		if n := len(cache.connectors); n != 1 {
			t.Errorf("with a handle open: %d connectors, want 1", n)
		}
		want := error(nil)
		if inner == driver.Connector(closable) {
			want = io.ErrClosedPipe
		}
		if err := db.Close(); !errors.Is(err, want) {
			t.Errorf("Close: got %v, want %v", err, want)
		}
		if n := len(cache.connectors); n != 0 {
			t.Errorf("after its Close: %d connectors, want none", n)
		}
	}
	if closable.closed != 1 {
		t.Errorf("the wrapped connector was closed %d times, want once", closable.closed)
	}
	cache.WrapConnector(plainConnector{})
	cache.Close()
	if n := len(cache.connectors); n != 0 {
		t.Errorf("a closed Cache holds %d connectors", n)
	}
}
