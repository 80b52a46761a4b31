package cachedsql_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"io"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/stdlib"
	"modernc.org/sqlite"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/cachedmysql"
	"github.com/cachedsql/cachedsql/cachedpg"
	"github.com/cachedsql/cachedsql/cachedsqltest"
	"github.com/cachedsql/cachedsql/redisstore"
)

// variants is a database with handles that are configured differently, each
// with a Cache and a client of Redis of its own, as other processes have.
type variants struct {
	*testing.T
	url     string
	adapter cachedsql.Adapter
	query   string // of the database's own dialect
	arg     any
}

// open returns a handle on a connector of its own.
func (v *variants) open(k driver.Connector) *handle {
	v.Helper()
	store, err := redisstore.Open(v.url, redisstore.Config{Quarantine: 20 * time.Millisecond})
	if err != nil {
		v.Fatal(err)
	}
	v.Cleanup(func() { store.Close() }) // after the cache
	cache, rec := cachedsqltest.New(v.T, cachedsqltest.Everything, func(c *cachedsql.Config) {
		c.Store, c.Adapter = store, v.adapter
		c.Lease, c.LookupTimeout = 20*time.Millisecond, 10*time.Second
	})
	h := &handle{v.T, cache.OpenDB(k), cache, rec}
	v.Cleanup(func() { h.db.Close() })
	return h
}

// warm reads until it is a hit.
func (v *variants) warm(h *handle) {
	v.Helper()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if handedOut(h.db, v.query, v.arg); h.rec.LastRead() == "hit" {
			return
		}
	}
	v.Fatalf("never a hit, but %s", h.rec.LastRead())
}

// wantOwn compares what a handle answers with the bare driver, when others have
// answered.
func (v *variants) wantOwn(name string, k driver.Connector, others ...*handle) *handle {
	v.Helper()
	bare := sql.OpenDB(k)
	defer bare.Close()
	for _, o := range others {
		v.warm(o)
	}
	h := v.open(k)
	want := handedOut(bare, v.query, v.arg)
	for range 2 {
		if got := handedOut(h.db, v.query, v.arg); got != want {
			v.Errorf("%s (%s): got\n%s, want\n%s", name, h.rec.LastRead(), got, want)
		}
	}
	return h
}

// wantShared expects the first read of a handle to be answered by what another
// one has stored.
func (v *variants) wantShared(name string, k driver.Connector, other *handle) {
	v.Helper()
	v.warm(other)
	h := v.open(k)
	handedOut(h.db, v.query, v.arg)
	if did := h.rec.LastRead(); did != "hit" {
		v.Errorf("%s: %s, want a hit on what another process has stored", name, did)
	}
}

// handedOut describes rows with the names of their columns and the types and
// places of their values.
func handedOut(db *sql.DB, query string, args ...any) string {
	rows, err := db.Query(query, args...)
	if err != nil {
		return err.Error()
	}
	defer rows.Close()
	types, err := rows.ColumnTypes()
	if err != nil {
		return err.Error()
	}
	var b strings.Builder
	for rows.Next() {
		cells := make([]any, len(types))
		for i := range cells {
			cells[i] = new(any)
		}
		if err := rows.Scan(cells...); err != nil {
			return err.Error()
		}
		for i, c := range cells {
			v := *c.(*any)
			fmt.Fprintf(&b, "%s %s %T %v", types[i].Name(), types[i].DatabaseTypeName(), v, v)
			if t, ok := v.(time.Time); ok {
				fmt.Fprintf(&b, " in %s", t.Location())
			}
			b.WriteByte('\n')
		}
	}
	if rows.Err() != nil {
		return rows.Err().Error()
	}
	return b.String()
}

func zoneOf(t *testing.T, name string) *time.Location {
	t.Helper()
	l, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func mysqlVariants(t *testing.T) (*variants, func(func(*mysql.Config)) *mysql.Config) {
	t.Helper()
	t.Parallel()
	dsn := os.Getenv("CACHEDSQL_TEST_MYSQL")
	if dsn == "" {
		t.Skip("CACHEDSQL_TEST_MYSQL is not set")
	}
	base := mysqlConfig(t, dsn)
	db := sql.OpenDB(mysqlConnectorOf(t, base))
	defer db.Close()
	mustExec(t, db, "CREATE TABLE events (id INTEGER PRIMARY KEY, at DATETIME(6), n BIGINT)")
	mustExec(t, db, "INSERT INTO events VALUES (1, '2024-07-01 10:30:00.25', 7), (2, '2024-07-01 12:30:00.25', 8)")
	v := &variants{
		T: t, url: testRedisURL(t), query: "SELECT e.id, e.at, e.n FROM events AS e WHERE at > ? ORDER BY id",
		arg: time.Date(2024, 7, 1, 10, 30, 0, 500000000, time.UTC),
	}
	return v, func(change func(*mysql.Config)) *mysql.Config {
		c := base.Clone()
		if change != nil {
			change(c)
		}
		return c
	}
}

func mysqlConnectorOf(t *testing.T, c *mysql.Config) driver.Connector {
	t.Helper()
	k, err := mysql.NewConnector(c)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestMySQLHandlesWithOtherOptionsHaveTheirOwnResults(t *testing.T) {
	v, config := mysqlVariants(t)
	connector := func(change func(*mysql.Config)) driver.Connector { return mysqlConnectorOf(t, config(change)) }
	plain := v.open(connector(nil))
	v.warm(plain)
	v.wantShared("plain", connector(nil), plain)
	var seen []*handle
	for _, variant := range []struct {
		name   string
		shares bool // a handle of another process shares its results
		change func(*mysql.Config)
	}{
		{"parseTime", true, func(c *mysql.Config) { c.ParseTime = true }},
		{"columnsWithAlias", true, func(c *mysql.Config) { c.ColumnsWithAlias = true }},
		{"interpolateParams", true, func(c *mysql.Config) { c.InterpolateParams = true }},
		{"parseTime and loc", true, func(c *mysql.Config) { c.ParseTime, c.Loc = true, zoneOf(t, "Europe/Berlin") }},
		{"loc of arguments", false, func(c *mysql.Config) { c.Loc = zoneOf(t, "Europe/Berlin") }},
		{"another loc of arguments", false, func(c *mysql.Config) { c.Loc = zoneOf(t, "America/New_York") }},
		{"timeTruncate", true, func(c *mysql.Config) {
			if err := c.Apply(mysql.TimeTruncate(time.Second)); err != nil {
				t.Fatal(err)
			}
		}},
		{"charset", true, func(c *mysql.Config) {
			if err := c.Apply(mysql.Charset("latin1", "")); err != nil {
				t.Fatal(err)
			}
		}},
	} {
		h := v.wantOwn(variant.name, connector(variant.change), append(seen, plain)...)
		seen = append(seen, h)
		if variant.shares {
			v.wantShared(variant.name, connector(variant.change), h)
		} else {
			v.warm(h)
		}
	}
	// A hook decides where the configuration does not say it.
	v.adapter = cachedmysql.Adapter(config(nil))
	hooked := config(nil)
	if err := hooked.Apply(mysql.BeforeConnect(func(_ context.Context, c *mysql.Config) error { c.ParseTime = true; return nil })); err != nil {
		t.Fatal(err)
	}
	told := v.open(connector(nil))
	v.wantOwn("BeforeConnect", mysqlConnectorOf(t, hooked), told)
}

// TestLocalIsAnotherZoneOnAnotherHost: the zone "Local" of two hosts.
func TestLocalIsAnotherZoneOnAnotherHost(t *testing.T) {
	v, config := mysqlVariants(t)
	local := func(rules string) *time.Location {
		data, err := os.ReadFile("/usr/share/zoneinfo/" + rules)
		if err != nil {
			t.Skip(err)
		}
		l, err := time.LoadLocationFromTZData("Local", data)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	in := func(rules string) (driver.Connector, cachedsql.Adapter) {
		c := config(func(c *mysql.Config) { c.Loc = local(rules) })
		return mysqlConnectorOf(t, c), cachedmysql.Adapter(c)
	}
	k, adapter := in("Europe/Berlin")
	v.adapter = adapter
	berlin := v.open(k)
	k, v.adapter = in("America/New_York")
	v.wantOwn("New York", k, berlin)
	k, v.adapter = in("Europe/Berlin")
	v.wantShared("Berlin", k, berlin)
}

func TestPostgresHandlesWithOtherOptionsHaveTheirOwnResults(t *testing.T) {
	t.Parallel()
	dsn := os.Getenv("CACHEDSQL_TEST_POSTGRES")
	if dsn == "" {
		t.Skip("CACHEDSQL_TEST_POSTGRES is not set")
	}
	base := postgresConfig(t, dsn)
	db := sql.OpenDB(stdlib.GetConnector(*base))
	defer db.Close()
	mustExec(t, db, "CREATE TABLE events (id INTEGER PRIMARY KEY, at TIMESTAMPTZ, n BIGINT)")
	mustExec(t, db, "INSERT INTO events VALUES (1, '2024-07-01 10:30:00.25+00', 7), (2, '2024-07-01 12:30:00.25+00', 8)")
	v := &variants{T: t, url: testRedisURL(t), query: "SELECT id, at, n, $1::timestamp FROM events ORDER BY id", arg: time.Date(2024, 7, 1, 19, 30, 0, 0, zoneOf(t, "Asia/Tokyo"))}
	v.adapter.ScanColumn = cachedpg.Adapter(nil).ScanColumn // from Go 1.27 on pgx does it, and nothing would be cached
	inMode := func(mode pgx.QueryExecMode) driver.Connector {
		c := base.Copy()
		c.DefaultQueryExecMode = mode
		return stdlib.GetConnector(*c)
	}
	inZone := func(zone string) driver.Connector {
		return stdlib.GetConnector(*base, stdlib.OptionAfterConnect(func(_ context.Context, c *pgx.Conn) error {
			c.TypeMap().RegisterType(&pgtype.Type{
				Name: "timestamptz", OID: pgtype.TimestamptzOID, Codec: &pgtype.TimestamptzCodec{ScanLocation: zoneOf(t, zone)},
			})
			return nil
		}))
	}
	plain := v.open(stdlib.GetConnector(*base))
	v.wantShared("plain", stdlib.GetConnector(*base), plain)
	v.wantShared("described each time", inMode(pgx.QueryExecModeDescribeExec), plain)
	var seen []*handle
	for _, variant := range []struct {
		name string
		open func() driver.Connector
	}{
		{"simple protocol", func() driver.Connector { return inMode(pgx.QueryExecModeSimpleProtocol) }},
		{"exec", func() driver.Connector { return inMode(pgx.QueryExecModeExec) }},
		{"type of a hook", func() driver.Connector { return inZone("Asia/Tokyo") }},
		{"another type of a hook", func() driver.Connector { return inZone("America/New_York") }},
	} {
		h := v.wantOwn(variant.name, variant.open(), append(seen, plain)...)
		seen = append(seen, h)
		v.wantShared(variant.name, variant.open(), h)
	}
	// The Adapter knows the configuration, not what hooks make of it.
	v.adapter = cachedpg.Adapter(base)
	told := v.open(stdlib.GetConnector(*base))
	v.wantShared("told", stdlib.GetConnector(*base), told)
	v.wantOwn("hook", inZone("Asia/Tokyo"), told)
}

// TestSQLiteHandlesWithOtherOptionsHaveTheirOwnResults: their options depend on
// what columns are declared as, so that no handle shares another's results of which it is
// not said that it may. Each other's writes they see.
func TestSQLiteHandlesWithOtherOptionsHaveTheirOwnResults(t *testing.T) {
	t.Parallel()
	file := t.TempDir() + "/events.db?_pragma=busy_timeout(10000)"
	connector := func(options string) driver.Connector { return named{&sqlite.Driver{}, file + options} }
	db := sql.OpenDB(connector(""))
	defer db.Close()
	mustExec(t, db, "CREATE TABLE events (id INTEGER PRIMARY KEY, at DATETIME, n INTEGER)")
	mustExec(t, db, "INSERT INTO events VALUES (1, 1719829800, 7), (2, '2024-07-01 12:30:00', 8)")
	v := &variants{T: t, url: testRedisURL(t), query: "SELECT id, at, n, 'a' LIKE 'A' FROM events WHERE id < ? ORDER BY id", arg: 9}
	plain := v.open(connector(""))
	var seen []*handle
	for _, options := range []string{"&_inttotime=1", "&_texttotime=1", "&_timezone=Europe/Berlin", "&_pragma=case_sensitive_like(1)"} {
		seen = append(seen, v.wantOwn(options, connector(options), append(seen, plain)...))
	}
	if _, err := seen[0].db.Exec("UPDATE events SET n = 100"); err != nil {
		t.Fatal(err)
	}
	if got := handedOut(plain.db, v.query, v.arg); !strings.Contains(got, "100") {
		t.Errorf("after another handle's write: got\n%s (%s)", got, plain.rec.LastRead())
	}
	v.adapter.Variant = "by name"
	told := v.open(connector(""))
	v.wantShared("told", connector(""), told)
}

// parrot is a server that answers whatever it is asked with the same rows.
type parrot struct {
	columns, rows int
	samples       *atomic.Int32
}

func (p parrot) Connect(context.Context) (driver.Conn, error) { return p, nil }
func (p parrot) Driver() driver.Driver                        { return p }
func (p parrot) Open(string) (driver.Conn, error)             { return p, nil }
func (p parrot) Prepare(string) (driver.Stmt, error)          { return nil, driver.ErrSkip }
func (p parrot) Begin() (driver.Tx, error)                    { return nil, driver.ErrSkip }
func (p parrot) Close() error                                 { return nil }
func (p parrot) QueryContext(_ context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	if len(args) > 0 && strings.Contains(query, "2001-02-03") {
		p.samples.Add(1)
	}
	return &parrotRows{parrot: p}, nil
}

type parrotRows struct {
	parrot
	at int
}

func (r *parrotRows) Columns() []string { return make([]string, r.columns) }
func (r *parrotRows) Next(dest []driver.Value) error {
	if r.at++; r.at > r.rows {
		return io.EOF
	}
	for i := range dest {
		dest[i] = int64(7)
	}
	return nil
}

// A server that answers whatever it is asked, as a mock does or a proxy, is asked
// for a sample once; all goes on, and nothing panics.
func TestServerThatGivesNoSampleIsAskedOnce(t *testing.T) {
	t.Parallel()
	for dialect, want := range map[cachedsql.Dialect]int32{cachedsql.MySQL: 1, cachedsql.Postgres: 1, cachedsql.SQLite: 0} {
		for _, shape := range [][2]int{{0, 0}, {1, 0}, {1, 1}, {3, 1}, {30, 0}, {30, 1}} {
			server := parrot{columns: shape[0], rows: shape[1], samples: new(atomic.Int32)}
			cache, _ := cachedsqltest.New(t, cachedsqltest.Everything, func(c *cachedsql.Config) {
				c.Namespace, c.Adapter.Dialect = "parrots", dialect
			})
			db := cache.OpenDB(server)
			for range 3 {
				first, err := db.Conn(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				rows, err := first.QueryContext(t.Context(), "SELECT id FROM things")
				if err != nil {
					t.Fatalf("%v with %v: %v", dialect, shape, err)
				}
				for rows.Next() { // to the end
				}
				if err := rows.Err(); err != nil {
					t.Errorf("%v with %v: %v", dialect, shape, err)
				}
				_ = rows.Close()
				defer first.Close()
			}
			if n := server.samples.Load(); n != want {
				t.Errorf("%v with %v: %d samples were taken of one connector", dialect, shape, n)
			}
		}
	}
}
