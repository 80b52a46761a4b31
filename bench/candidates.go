package main

import (
	"cmp"
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"time"

	"github.com/go-redis/cache/v9"
	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/redis/go-redis/v9"
	"github.com/redis/rueidis"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/cachedmysql"
	"github.com/cachedsql/cachedsql/cachedpg"
	"github.com/cachedsql/cachedsql/redisstore"
)

// server is a database to measure with.
type server struct {
	name, query string
	connector   driver.Connector
	adapter     cachedsql.Adapter
	create      string
}

const table = "cachedsql_bench"

// poolSize is the most connections of a handle. A hit holds one too, which
// costs the database nothing.
const (
	poolSize = 32
	few      = 4
)

func servers() (all []server, err error) {
	if dsn := os.Getenv("CACHEDSQL_TEST_POSTGRES"); dsn != "" {
		config, err := pgx.ParseConfig(dsn)
		if err != nil {
			return nil, err
		}
		all = append(all, server{
			name: "PostgreSQL", query: "SELECT " + columns + " FROM " + table + " WHERE id <= $1 ORDER BY id",
			connector: stdlib.GetConnector(*config),
			adapter:   cachedpg.Adapter(config),
			create: "CREATE TABLE " + table + ` (id bigint PRIMARY KEY, name text, price float8, active bool, at timestamptz,
				text text, amount bigint, nothing text, hash bytea, currency text)`,
		})
	}
	if dsn := os.Getenv("CACHEDSQL_TEST_MYSQL"); dsn != "" {
		config, err := mysql.ParseDSN(dsn)
		if err != nil {
			return nil, err
		}
		config.ParseTime, config.InterpolateParams = true, true
		connector, err := mysql.NewConnector(config)
		if err != nil {
			return nil, err
		}
		all = append(all, server{
			name: "MariaDB", query: "SELECT " + columns + " FROM " + table + " WHERE id <= ? ORDER BY id",
			connector: connector,
			adapter:   cachedmysql.Adapter(config),
			create: "CREATE TABLE " + table + ` (id bigint PRIMARY KEY, name varchar(100), price double, active bool, at datetime(6),
				text varchar(200), amount bigint, nothing varchar(10), hash varbinary(20), currency varchar(3))`,
		})
	}
	return all, nil
}

// fill makes the table anew.
func (s server) fill(ctx context.Context, db *sql.DB) error {
	if _, err := db.ExecContext(ctx, "DROP TABLE IF EXISTS "+table); err != nil {
		return err
	}
	if _, err := db.ExecContext(ctx, s.create); err != nil {
		return err
	}
	for n := 1; n <= rowCounts[len(rowCounts)-1]; n++ {
		_, err := db.ExecContext(ctx, fmt.Sprintf("INSERT INTO %s (%s) VALUES (%d, 'customer name %d', %d.25, %v, '2026-03-04 05:06:07.089', "+
			"'a text that is somewhat longer than the others, as descriptions are', %d, NULL, 'hash%04d', 'EUR')",
			table, columns, n, n, 17*n, n%2 == 0, 5_000_000_000+n, n))
		if err != nil {
			return err
		}
	}
	return nil
}

// opened is what the candidates of one size use and close again.
type opened struct {
	server
	rows   int
	redis  string
	keys   string // what the keys of this run start with
	closes []func()
}

func (o *opened) close() {
	for i := len(o.closes) - 1; i >= 0; i-- {
		o.closes[i]()
	}
}

func (o *opened) db(k driver.Connector) *sql.DB {
	db := sql.OpenDB(k)
	db.SetMaxIdleConns(poolSize)
	db.SetMaxOpenConns(poolSize)
	o.closes = append(o.closes, func() { _ = db.Close() })
	return db
}

// candidates are all that is compared, over one query of a number of rows.
func (s server) candidates(ctx context.Context, rows int) (_ []candidate, closeAll func(), err error) {
	o := &opened{
		server: s, rows: rows, redis: os.Getenv("CACHEDSQL_TEST_REDIS"),
		keys: fmt.Sprintf("bench-%s-%d-%d", s.name, rows, time.Now().UnixNano()),
	}
	k := s.connector
	bare := o.db(k)
	if err := s.fill(ctx, bare); err != nil {
		return nil, o.close, err
	}
	o.closes = append(o.closes, func() { _, _ = bare.Exec("DROP TABLE " + table) })
	ready, err := newReplay(ctx, bare, s.query, rows)
	if err != nil {
		return nil, o.close, err
	}
	all := []candidate{o.query(floorName, o.db(ready)), o.query(bareName, bare)}
	add := func(c candidate, err2 error) {
		err = errors.Join(err, err2)
		all = append(all, c)
	}
	add(o.uncached(ready))
	add(o.cached(ctx, inProcessName, k, "", ""))
	if o.redis != "" {
		ours, err2 := o.cached(ctx, redisName, k, o.redis, "")
		add(ours, err2)
		for _, mode := range []string{"validate", "push", "leased"} {
			add(o.cached(ctx, nearName(mode), k, o.redis, mode))
		}
		add(o.rawGet(ctx, ours.bytes))
		add(o.rawCheck(ctx))
		add(o.byHand(bare))
		add(o.byCacheLibrary(ctx, bare))
		add(o.byCacheLibraryAlone(ctx, bare))
		add(o.byHandTracked(bare))
		others, err2 := o.peers(ctx, bare, k)
		err = errors.Join(err, err2)
		all = append(all, others...)
	}
	add(o.slow(slowName, k, nil))
	add(o.slow(missName, k, &all[1]))
	return all, o.close, err
}

// Names of candidates, which the goals refer to.
const (
	floorName     = "database/sql floor"
	bareName      = "bare driver"
	uncachedName  = "floor through cachedsql, not cached"
	inProcessName = "cachedsql, in process"
	redisName     = "cachedsql, Redis"
	validateName  = "cachedsql, Redis + near (validate)"
	getName       = "go-redis GET of the same bytes"
	checkName     = "go-redis MGET of four tags"
	jsonName      = "by hand: go-redis + JSON"
	libraryName   = "go-redis/cache, MessagePack"
	aloneName     = "go-redis/cache, each read by itself"
	trackedName   = "by hand: rueidis DoCache + JSON"
	slowName      = "1 ms query, bare driver"
	missName      = "1 ms query, cachedsql, a miss"
)

func nearName(mode string) string { return "cachedsql, Redis + near (" + mode + ")" }

func (o *opened) query(name string, db *sql.DB) candidate {
	return candidate{name: name, read: func(ctx context.Context) error {
		_, err := readRecords(ctx, db, o.server.query, o.rows)
		return err
	}}
}

const rules = "version: 1\nrules:\n  - {name: all, ttl: 1h, near: \"%s\"}\n"

// cached is the library: in this process if url is empty, with a near cache if
// near says how.
func (o *opened) cached(ctx context.Context, name string, k driver.Connector, url, near string) (c candidate, err error) {
	cache, err := o.everything(name, cmp.Or(near, "off"), url)
	if err != nil {
		return c, err
	}
	c = o.query(name, o.db(cache.WrapConnector(k)))
	c.bytes, err = entryBytes(ctx, o, k, url)
	return c, errors.Join(err, untilHit(ctx, cache, c, near != ""))
}

// everything opens a Cache of every read.
func (o *opened) everything(name, near, url string) (*cachedsql.Cache, error) {
	parsed, err := cachedsql.ParseRules("bench", fmt.Appendf(nil, rules, near))
	if err != nil {
		return nil, err
	}
	config := cachedsql.Config{
		Adapter: o.adapter, Rules: parsed, LookupTimeout: time.Second,
		Namespace: fmt.Sprintf("%s-%s", o.keys, name), Lease: 50 * time.Millisecond,
	}
	if near != "off" {
		config.NearBytes = 64 << 20
	}
	return o.cache(config, url, "?pool_size=64")
}

// cache opens a Cache, in Redis or in this process if url is empty.
func (o *opened) cache(config cachedsql.Config, url, parameters string) (*cachedsql.Cache, error) {
	if url != "" {
		store, err := redisstore.Open(url+parameters, redisstore.Config{Quarantine: 50 * time.Millisecond})
		if err != nil {
			return nil, err
		}
		o.closes = append(o.closes, func() { _ = store.Close() })
		config.Store = store
	}
	cache, err := cachedsql.New(config)
	if err == nil {
		o.closes = append(o.closes, func() { _ = cache.Close() })
	}
	return cache, err
}

// uncached is a query that no rule selects, over the driver that has its rows
// at hand: what is left beside the floor is what the library adds.
func (o *opened) uncached(k driver.Connector) (c candidate, err error) {
	parsed, err := cachedsql.ParseRules("bench", []byte("version: 1\nrules:\n  - {name: others, tables: [others], ttl: 1h}\n"))
	if err != nil {
		return c, err
	}
	cache, err := o.cache(cachedsql.Config{Rules: parsed, Namespace: o.keys + "-uncached"}, "", "")
	if err != nil {
		return c, err
	}
	return o.query(uncachedName, o.db(cache.WrapConnector(k))), nil
}

// slow is a query that takes a millisecond more. With like, the library
// records it each time and stores it in Redis, or in the process without one.
func (o *opened) slow(name string, k driver.Connector, like *candidate) (c candidate, err error) {
	late := lateConnector{k}
	open := func(k driver.Connector) *sql.DB {
		db := o.db(k)
		db.SetMaxOpenConns(few) // all handles together must not take more than a server has
		db.SetMaxIdleConns(few)
		return db
	}
	if like == nil {
		return o.query(name, open(late)), nil
	}
	parsed, err := cachedsql.ParseRules("bench", fmt.Appendf(nil, rules, "off"))
	if err != nil {
		return c, err
	}
	config := cachedsql.Config{Adapter: o.adapter, Rules: parsed, Namespace: o.keys + "-slow", LookupTimeout: time.Second, Lease: 50 * time.Millisecond}
	cache, err := o.cache(config, o.redis, "")
	if err != nil {
		return c, err
	}
	c = o.query(name, open(cache.WrapConnector(late)))
	if err := untilHit(context.Background(), cache, c, false); err != nil {
		return c, err
	}
	read := c.read
	c.read = func(ctx context.Context) error { return read(cachedsql.Refresh(ctx)) }
	return c, nil
}

// untilHit reads until the result is cached: a table seen for the first time
// is in quarantine.
func untilHit(ctx context.Context, cache *cachedsql.Cache, c candidate, near bool) error {
	for range 2000 {
		if err := c.read(ctx); err != nil {
			return err
		}
		if s := cache.Stats(); !near && s.Hits > 2 || s.NearHits > 2 {
			return nil
		}
		time.Sleep(time.Millisecond)
	}
	return fmt.Errorf("%s: never a hit: %+v", c.name, cache.Stats())
}

// entryBytes is the size of the entry as it is stored, learnt in a cache of its
// own: one that reports events does more work.
func entryBytes(ctx context.Context, o *opened, k driver.Connector, url string) (int, error) {
	parsed, err := cachedsql.ParseRules("bench", fmt.Appendf(nil, rules, "off"))
	if err != nil {
		return 0, err
	}
	var n atomic.Int64
	alone := &opened{server: o.server, rows: o.rows, redis: o.redis, keys: o.keys}
	defer alone.close()
	cache, err := alone.cache(cachedsql.Config{
		Adapter: o.adapter, Rules: parsed, Namespace: o.keys + "-size", Lease: 50 * time.Millisecond,
		OnEvent: func(e cachedsql.Event) {
			if e.Outcome == cachedsql.Filled {
				n.Store(e.Bytes)
			}
		},
	}, url, "")
	if err != nil {
		return 0, err
	}
	err = untilHit(ctx, cache, alone.query("size", alone.db(cache.WrapConnector(k))), false)
	return int(n.Load()), err
}

func (o *opened) client() (*redis.Client, error) {
	options, err := redis.ParseURL(o.redis)
	if err != nil {
		return nil, err
	}
	options.PoolSize, options.ContextTimeoutEnabled = 64, true
	client := redis.NewClient(options)
	o.closes = append(o.closes, func() { _ = client.Close() })
	return client, nil
}

// rawGet is a GET of as many bytes as our entry has, and nothing else.
func (o *opened) rawGet(ctx context.Context, bytes int) (candidate, error) {
	c := candidate{name: getName, bytes: bytes}
	client, err := o.client()
	if err != nil {
		return c, err
	}
	key := o.keys + "-raw"
	c.read = func(ctx context.Context) error {
		_, err := client.Get(ctx, key).Bytes()
		return err
	}
	return c, client.Set(ctx, key, make([]byte, bytes), time.Hour).Err()
}

// rawCheck reads four texts as long as tags, and nothing else.
func (o *opened) rawCheck(ctx context.Context) (candidate, error) {
	c := candidate{name: checkName}
	client, err := o.client()
	if err != nil {
		return c, err
	}
	var keys []string
	for i := range 4 {
		keys = append(keys, fmt.Sprint("{", o.keys, "}tag", i))
		if err := client.Set(ctx, keys[i], "AAAAAAAAAAAAAAAAAAAAAA.1700000000123456", time.Hour).Err(); err != nil {
			return c, err
		}
	}
	c.read = func(ctx context.Context) error { return client.MGet(ctx, keys...).Err() }
	return c, nil
}

// byHand is what people write: look in Redis, else ask the database and put
// the records there as JSON. Nothing invalidates it.
func (o *opened) byHand(db *sql.DB) (candidate, error) {
	c := candidate{name: jsonName}
	client, err := o.client()
	if err != nil {
		return c, err
	}
	key := o.keys + "-json"
	c.read = func(ctx context.Context) error {
		data, err := client.Get(ctx, key).Bytes()
		if err == nil {
			return o.decode(data)
		}
		if !errors.Is(err, redis.Nil) {
			return err
		}
		if data, err = o.encode(ctx, db); err != nil {
			return err
		}
		return client.Set(ctx, key, data, time.Hour).Err()
	}
	data, err := o.encode(context.Background(), db)
	c.bytes = len(data)
	return c, err
}

// byCacheLibrary is the same with the library that is most used for it, which
// has a binary format and compresses.
func (o *opened) byCacheLibrary(ctx context.Context, db *sql.DB) (candidate, error) {
	return o.byLibrary(ctx, libraryName, "-library", func(ctx context.Context, library *cache.Cache, key string) (records []record, err error) {
		err = library.Once(&cache.Item{Ctx: ctx, Key: key, Value: &records, TTL: time.Hour, Do: func(*cache.Item) (any, error) {
			return readRecords(ctx, db, o.server.query, o.rows)
		}})
		return records, err
	})
}

// byCacheLibraryAlone is the same without joining reads under way: each sees
// what was there when it began, as those of cachedsql do.
func (o *opened) byCacheLibraryAlone(ctx context.Context, db *sql.DB) (candidate, error) {
	return o.byLibrary(ctx, aloneName, "-alone", func(ctx context.Context, library *cache.Cache, key string) (records []record, err error) {
		err = library.Get(ctx, key, &records)
		if errors.Is(err, cache.ErrCacheMiss) {
			if records, err = readRecords(ctx, db, o.server.query, o.rows); err == nil {
				err = library.Set(&cache.Item{Ctx: ctx, Key: key, Value: records, TTL: time.Hour})
			}
		}
		return records, err
	})
}

func (o *opened) byLibrary(ctx context.Context, name, suffix string, read func(context.Context, *cache.Cache, string) ([]record, error)) (candidate, error) {
	c := candidate{name: name}
	client, err := o.client()
	if err != nil {
		return c, err
	}
	library, key := cache.New(&cache.Options{Redis: client}), o.keys+suffix
	c.read = func(ctx context.Context) error {
		records, err := read(ctx, library, key)
		return checked(records, o.rows, err)
	}
	if err := c.read(ctx); err != nil {
		return c, err
	}
	bytes, err := client.StrLen(ctx, key).Result()
	c.bytes = int(bytes)
	return c, err
}

// byHandTracked is the same with rueidis and its client-side cache, which keeps
// the JSON in this process and drops it when Redis says so.
func (o *opened) byHandTracked(db *sql.DB) (candidate, error) {
	c := candidate{name: trackedName}
	options, err := rueidis.ParseURL(o.redis)
	if err != nil {
		return c, err
	}
	client, err := rueidis.NewClient(options)
	if err != nil {
		return c, err
	}
	o.closes = append(o.closes, client.Close)
	key := o.keys + "-tracked"
	c.read = func(ctx context.Context) error {
		data, err := client.DoCache(ctx, client.B().Get().Key(key).Cache(), time.Hour).AsBytes()
		if err == nil {
			return o.decode(data)
		}
		if !rueidis.IsRedisNil(err) {
			return err
		}
		if data, err = o.encode(ctx, db); err != nil {
			return err
		}
		return client.Do(ctx, client.B().Set().Key(key).Value(rueidis.BinaryString(data)).Ex(time.Hour).Build()).Error()
	}
	data, err := o.encode(context.Background(), db)
	c.bytes = len(data)
	return c, err
}

func (o *opened) encode(ctx context.Context, db *sql.DB) ([]byte, error) {
	records, err := readRecords(ctx, db, o.server.query, o.rows)
	if err != nil {
		return nil, err
	}
	return json.Marshal(records)
}

func (o *opened) decode(data []byte) error {
	var records []record
	if err := json.Unmarshal(data, &records); err != nil {
		return err
	}
	return checked(records, o.rows, nil)
}
