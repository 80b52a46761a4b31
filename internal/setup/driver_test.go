package setup

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"testing"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/internal/dsn"
)

// fakeDriver counts what is opened and closed.
type fakeDriver struct {
	names  []string
	closed int
}

var errNoServer = errors.New("there is no server")

func (d *fakeDriver) Open(string) (driver.Conn, error) { return nil, errNoServer }

func (d *fakeDriver) OpenConnector(name string) (driver.Connector, error) {
	d.names = append(d.names, name)
	return &fakeConnector{d}, nil
}

type fakeConnector struct{ driver *fakeDriver }

func (k *fakeConnector) Connect(context.Context) (driver.Conn, error) { return nil, errNoServer }
func (k *fakeConnector) Driver() driver.Driver                        { return k.driver }
func (k *fakeConnector) Close() error                                 { k.driver.closed++; return nil }

func newFake() (*Driver, *fakeDriver) {
	inner := &fakeDriver{}
	return &Driver{
		Inner: inner, Split: dsn.Postgres,
		Adapter: func(string) cachedsql.Adapter { return cachedsql.Adapter{} },
	}, inner
}

func TestClosingTheHandleClosesItsCacheAndConnector(t *testing.T) {
	t.Parallel()
	d, inner := newFake()
	connector, err := d.OpenConnector("host=h cache_lease=5s")
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(connector)
	cache, ok := cachedsql.FromDB(db)
	if !ok {
		t.Fatal("no cache behind the handle")
	}
	if err := db.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
	if inner.closed != 1 {
		t.Errorf("the wrapped connector was closed %d times", inner.closed)
	}
	if err := cache.Flush(context.Background()); !errors.Is(err, cachedsql.ErrClosed) {
		t.Errorf("the cache is still open: %v", err)
	}
}

func TestEachHandleHasACacheOfItsOwn(t *testing.T) {
	t.Parallel()
	d, _ := newFake()
	var caches []*cachedsql.Cache
	for range 2 {
		connector, err := d.OpenConnector("host=h")
		if err != nil {
			t.Fatal(err)
		}
		db := sql.OpenDB(connector)
		t.Cleanup(func() { _ = db.Close() })
		cache, _ := cachedsql.FromDB(db)
		caches = append(caches, cache)
	}
	if caches[0] == caches[1] {
		t.Error("closing one handle would close the other's cache")
	}
}

func TestConnectionsOpenedDirectlyShareACache(t *testing.T) {
	t.Parallel()
	d, inner := newFake()
	for range 3 {
		if _, err := d.Open("host=h cache_lease=5s"); !errors.Is(err, errNoServer) {
			t.Errorf("Open: %v", err)
		}
	}
	if len(inner.names) != 1 || inner.names[0] != "host=h " {
		t.Errorf("connectors for %q, want one", inner.names)
	}
	t.Cleanup(func() {
		for _, k := range d.direct {
			_ = k.(*connector).Close()
		}
	})
}
