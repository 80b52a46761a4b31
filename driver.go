package cachedsql

import (
	"context"
	"crypto/rand"
	"database/sql"
	"database/sql/driver"
	"encoding/hex"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cachedsql/cachedsql/internal/zone"
)

// WrapConnector returns a connector whose connections use the Cache. Closing
// it closes the wrapped connector, where that can be closed, not the Cache.
func (c *Cache) WrapConnector(inner driver.Connector) driver.Connector {
	return c.wrap(inner, c.config.Adapter.Variant)
}

// OpenDB is sql.OpenDB with the Cache in front.
func (c *Cache) OpenDB(inner driver.Connector) *sql.DB { return sql.OpenDB(c.WrapConnector(inner)) }

// WrapDriver returns a driver whose connections use the Cache, to be
// registered with sql.Register. The data source name is passed on unread.
func (c *Cache) WrapDriver(inner driver.Driver) driver.Driver {
	return &wrappedDriver{inner: inner, cache: c}
}

// FromDB returns the Cache that db's connections use. ok is false if they use
// none.
func FromDB(db *sql.DB) (cache *Cache, ok bool) {
	carrier, ok := db.Driver().(interface{ Cache() *Cache })
	if !ok {
		return nil, false
	}
	return carrier.Cache(), true
}

// wrappedDriver is what WrapDriver returns, and what a connector's Driver
// returns: db.Driver() leads back to the Cache.
type wrappedDriver struct {
	inner driver.Driver
	cache *Cache
}

var (
	_ driver.Driver        = (*wrappedDriver)(nil)
	_ driver.DriverContext = (*wrappedDriver)(nil)
)

// Cache returns the Cache in front of the driver.
func (d *wrappedDriver) Cache() *Cache { return d.cache }

// Unwrap returns the wrapped driver.
func (d *wrappedDriver) Unwrap() driver.Driver { return d.inner }

// Open opens a connection. Its connector is nobody's to close, so the Cache
// does not keep it.
func (d *wrappedDriver) Open(name string) (driver.Conn, error) {
	k, err := d.OpenConnector(name)
	if err != nil {
		return nil, err
	}
	d.cache.forget(k.(*connector))
	return k.Connect(context.Background())
}

// OpenConnector returns a connector for the data source name.
func (d *wrappedDriver) OpenConnector(name string) (driver.Connector, error) {
	// The name may say "Local", which is another zone elsewhere.
	variant := d.cache.config.Adapter.Variant + "\x00" + name + "\x00" + zone.Rules(time.Local)
	if dc, ok := d.inner.(driver.DriverContext); ok {
		inner, err := dc.OpenConnector(name)
		if err != nil {
			return nil, err
		}
		return d.cache.wrap(inner, variant), nil
	}
	return d.cache.wrap(nameConnector{d.inner, name}, variant), nil
}

// nameConnector is database/sql's own fallback for drivers without connectors.
type nameConnector struct {
	driver driver.Driver
	name   string
}

func (k nameConnector) Connect(context.Context) (driver.Conn, error) { return k.driver.Open(k.name) }
func (k nameConnector) Driver() driver.Driver                        { return k.driver }

// connector makes connections of the wrapped driver with the cache in front.
type connector struct {
	inner   driver.Connector
	cache   *Cache
	adapter Adapter
	dialect atomic.Uint32 // a Dialect
	variant string

	// private is the namespace of connections whose database cannot be told:
	// theirs alone, and not cached. It also stands for a sample that nobody can
	// take.
	private    string
	identified atomic.Bool             // a connection has learnt its namespace
	last       atomic.Pointer[backend] // the one learnt last
	owes       atomic.Bool             // writes went unannounced before one was
	noControl  atomic.Bool             // PostgreSQL: pg_control_system is not open to everybody
	noScanner  sync.Once               // has told that Adapter.ScanColumn is missing
	noGrants   sync.Once               // MySQL: has told that SHOW GRANTS is refused
	sample     atomic.Pointer[string]  // of a connection of it: see variant.go
	noSample   sync.Once               // has told that a sample cannot be had

	noState struct { // the state of a connection is not to be had
		sync.Mutex
		cause string
		told  time.Time
	}

	lazy    bool // connections are dialled on first need
	outsets outsets

	revalidator revalidator
}

var (
	_ driver.Connector = (*connector)(nil)
	_ io.Closer        = (*connector)(nil)
)

func (c *Cache) wrap(inner driver.Connector, variant string) driver.Connector {
	k := &connector{inner: inner, cache: c, adapter: c.config.Adapter, variant: variant, private: privateNamespace()}
	if k.know(k.adapter.Dialect); k.kind() == Generic {
		k.know(detectDialect(inner.Driver()))
	}
	k.lazy, k.outsets.lax = k.mayBeLazy(), outsetLasts
	if c.config.LazyConnect && !k.lazy {
		c.note(errNotAlike)
	}
	c.mu.Lock()
	if !c.closed {
		c.connectors[k] = struct{}{}
	}
	c.mu.Unlock()
	return k
}

// forget removes a connector whose handle is closed.
func (c *Cache) forget(k *connector) {
	c.mu.Lock()
	delete(c.connectors, k)
	c.mu.Unlock()
}

func privateNamespace() string {
	var id [16]byte
	_, _ = rand.Read(id[:])
	return "private-" + hex.EncodeToString(id[:])
}

// Connect opens a connection, or returns one that is dialled on first need.
func (k *connector) Connect(ctx context.Context) (driver.Conn, error) {
	if lazy := k.newLazyConn(); lazy != nil {
		return lazy, nil
	}
	began := k.dialling()
	inner, err := k.inner.Connect(ctx)
	if err != nil {
		return nil, err
	}
	k.dialled(inner)
	if k.kind() == Generic {
		k.know(connDialect(inner))
	}
	return newConn(ctx, inner, k, began), nil
}

// know sets the dialect of the connector's connections.
func (k *connector) know(d Dialect) {
	k.dialect.Store(uint32(d))
	if k.hasCatalog() {
		k.cache.hasCatalog.Store(true)
	}
}

// kind is the dialect of the connector's connections.
func (k *connector) kind() Dialect { return Dialect(k.dialect.Load()) }

// Driver returns a driver that leads back to the Cache.
func (k *connector) Driver() driver.Driver {
	return &wrappedDriver{inner: k.inner.Driver(), cache: k.cache}
}

// Close closes the wrapped connector, where it can be closed. database/sql
// calls it with the handle's Close.
func (k *connector) Close() error {
	k.cache.forget(k)
	k.revalidator.close()
	k.outsets.close()
	if closer, ok := k.inner.(io.Closer); ok {
		return closer.Close()
	}
	return nil
}

// hasCatalog reports whether connections have a catalog that is worth reading.
func (k *connector) hasCatalog() bool { return k.kind() != Generic && !k.cache.config.NoCatalog }

// identify connects once to learn the namespace and the catalog.
func (k *connector) identify(ctx context.Context) error {
	inner, err := k.inner.Connect(ctx)
	if err != nil {
		return err
	}
	c := &conn{inner: inner, cache: k.cache, connector: k}
	defer func() { _ = c.Close() }() // it has only been asked
	if err := c.know(ctx); err != nil {
		return err
	}
	if err := c.knowCatalog(ctx); err != nil {
		return fmt.Errorf("read the catalog: %w", err)
	}
	return nil
}
