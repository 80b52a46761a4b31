package setup

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"sync"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/internal/dsn"
)

// InnerDriver is a driver that can be wrapped.
type InnerDriver interface {
	driver.Driver
	driver.DriverContext
}

// Driver is a driver with a cache in front, configured by its data source
// names and the environment.
type Driver struct {
	Inner   InnerDriver
	Split   dsn.Splitter
	Adapter func(name string) cachedsql.Adapter // of a DSN without settings
	Refuse  func(name string) error             // likewise, before the inner driver may quote it in an error; may be nil

	mu     sync.Mutex
	direct map[string]driver.Connector // for Open, by DSN
}

var (
	_ driver.Driver        = (*Driver)(nil)
	_ driver.DriverContext = (*Driver)(nil)
	_ io.Closer            = (*connector)(nil)
)

// OpenConnector makes a connector with a Cache of its own, which is closed
// with the connector.
func (d *Driver) OpenConnector(name string) (driver.Connector, error) {
	rest, settings, err := d.Split(name, names())
	if err != nil {
		return nil, err
	}
	if d.Refuse != nil {
		if err := d.Refuse(rest); err != nil {
			return nil, err
		}
	}
	inner, err := d.Inner.OpenConnector(rest)
	if err != nil {
		return nil, err
	}
	o, err := read(settings, fromEnvironment)
	if err != nil {
		return nil, err
	}
	o.config.Adapter = d.Adapter(rest)
	h, err := open(o)
	if err != nil {
		return nil, err
	}
	return &connector{Connector: h.cache.WrapConnector(inner), handle: h}, nil
}

// Open opens one connection. database/sql does not call it. Those who do have
// nowhere to close a Cache, so that connections of equal names share one that
// lives as long as the process.
func (d *Driver) Open(name string) (driver.Conn, error) {
	k, err := d.shared(name)
	if err != nil {
		return nil, err
	}
	return k.Connect(context.Background())
}

func (d *Driver) shared(name string) (driver.Connector, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if k := d.direct[name]; k != nil {
		return k, nil
	}
	k, err := d.OpenConnector(name)
	if err != nil {
		return nil, err
	}
	if d.direct == nil {
		d.direct = map[string]driver.Connector{}
	}
	d.direct[name] = k
	return k, nil
}

// connector owns the Cache in front of it.
type connector struct {
	driver.Connector
	handle *handle
}

// Close closes the wrapped connector and the Cache. database/sql calls it
// from DB.Close, when it has closed the idle connections.
func (k *connector) Close() error {
	var err error
	if inner, ok := k.Connector.(io.Closer); ok {
		err = inner.Close()
	}
	return errors.Join(err, k.handle.close())
}
