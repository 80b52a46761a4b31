package main

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"time"

	"ariga.io/entcache"
	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
	"github.com/go-gorm/caches/v4"
	redis8 "github.com/go-redis/redis/v8"
	"github.com/redis/go-redis/v9"
	"gorm.io/driver/mysql"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"github.com/cachedsql/cachedsql"
)

// Names of other libraries that cache what a database answers. Nothing that one
// of these has stored is void when the table is written to.
const (
	entcacheName   = "entcache, Redis"
	entcacheIn     = "entcache, in process"
	gormCachesName = "GORM with its caches plugin, Redis"
	gormOursName   = "GORM over cachedsql, Redis"
)

// peers are candidates that work through an ORM's own driver or plugin.
func (o *opened) peers(ctx context.Context, bare *sql.DB, k driver.Connector) (all []candidate, err error) {
	for _, open := range []func() (candidate, error){
		func() (candidate, error) { return o.byEntcacheInRedis(ctx, bare) },
		func() (candidate, error) { return o.byEntcache(entcacheIn, bare, entcache.NewLRU(0)) },
		func() (candidate, error) { return o.byGormCaches(ctx, bare) },
		func() (candidate, error) { return o.gormOverOurs(ctx, k) },
	} {
		c, err := open()
		if err == nil {
			err = c.read(ctx) // the first is stored
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.name, err)
		}
		all = append(all, c)
	}
	return all, nil
}

func (o *opened) byEntcacheInRedis(ctx context.Context, bare *sql.DB) (candidate, error) {
	options, err := redis8.ParseURL(o.redis)
	if err != nil {
		return candidate{name: entcacheName}, err
	}
	options.PoolSize = 64
	client := redis8.NewClient(options)
	o.closes = append(o.closes, func() { _ = client.Close() })
	key := o.keys + "-entcache"
	c, err := o.byEntcache(entcacheName, bare, entcache.NewRedis(client), entcache.Hash(func(query string, args []any) (entcache.Key, error) {
		hash, err := entcache.DefaultHash(query, args)
		return fmt.Sprint(key, hash), err
	}))
	if err == nil {
		err = c.read(ctx)
	}
	if err != nil {
		return c, err
	}
	hash, err := entcache.DefaultHash(o.server.query, []any{o.rows})
	if err != nil {
		return c, err
	}
	bytes, err := client.StrLen(ctx, fmt.Sprint(key, hash)).Result()
	if err == nil && bytes == 0 {
		err = errors.New("nothing was stored")
	}
	c.bytes = int(bytes)
	return c, err
}

func (o *opened) byEntcache(name string, bare *sql.DB, level entcache.AddGetDeleter, more ...entcache.Option) (candidate, error) {
	of := map[cachedsql.Dialect]string{cachedsql.Postgres: dialect.Postgres, cachedsql.MySQL: dialect.MySQL}[o.adapter.Dialect]
	d := entcache.NewDriver(entsql.OpenDB(of, bare), append(more, entcache.TTL(time.Hour), entcache.Levels(level))...)
	return candidate{name: name, read: func(ctx context.Context) error {
		var rows entsql.Rows
		if err := d.Query(ctx, o.server.query, []any{o.rows}, &rows); err != nil {
			return err
		}
		defer func() { _ = rows.Close() }()
		records := make([]record, 0, o.rows)
		for rows.Next() {
			records = append(records, record{})
			if err := rows.Scan(records[len(records)-1].destinations()...); err != nil {
				return err
			}
		}
		return checked(records, o.rows, rows.Err())
	}}, nil
}

// TableName is for GORM.
func (record) TableName() string { return table }

func (o *opened) byGorm(name string, db *sql.DB, plugins ...gorm.Plugin) (candidate, error) {
	c := candidate{name: name}
	dialector := postgres.New(postgres.Config{Conn: db})
	if o.adapter.Dialect == cachedsql.MySQL {
		dialector = mysql.New(mysql.Config{Conn: db, SkipInitializeWithVersion: true})
	}
	g, err := gorm.Open(dialector, &gorm.Config{Logger: logger.Discard})
	for _, p := range plugins {
		if err == nil {
			err = g.Use(p)
		}
	}
	c.read = func(ctx context.Context) error {
		var records []record
		err := g.WithContext(ctx).Where("id <= ?", o.rows).Order("id").Find(&records).Error
		return checked(records, o.rows, err)
	}
	return c, err
}

func (o *opened) gormOverOurs(ctx context.Context, k driver.Connector) (candidate, error) {
	cache, err := o.everything(gormOursName, "off", o.redis)
	if err != nil {
		return candidate{name: gormOursName}, err
	}
	c, err := o.byGorm(gormOursName, o.db(cache.WrapConnector(k)))
	if err != nil {
		return c, err
	}
	return c, untilHit(ctx, cache, c, false)
}

func (o *opened) byGormCaches(ctx context.Context, bare *sql.DB) (candidate, error) {
	client, err := o.client()
	if err != nil {
		return candidate{name: gormCachesName}, err
	}
	kept := &inRedis{client: client, prefix: o.keys}
	c, err := o.byGorm(gormCachesName, bare, &caches.Caches{Conf: &caches.Config{Cacher: kept}})
	if err == nil {
		err = c.read(ctx)
	}
	c.bytes = kept.bytes
	return c, err
}

// inRedis is what the plugin is given to store with: it leaves the way to do so to the program, and makes the JSON itself.
type inRedis struct {
	client *redis.Client
	prefix string
	bytes  int // of what was stored last
}

func (s *inRedis) Get(ctx context.Context, key string, q *caches.Query[any]) (*caches.Query[any], error) {
	data, err := s.client.Get(ctx, s.prefix+key).Bytes()
	if errors.Is(err, redis.Nil) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return q, q.Unmarshal(data)
}

func (s *inRedis) Store(ctx context.Context, key string, q *caches.Query[any]) error {
	data, err := q.Marshal()
	if err != nil {
		return err
	}
	s.bytes = len(data)
	return s.client.Set(ctx, s.prefix+key, data, time.Hour).Err()
}

// Invalidate is never called here: nothing is written.
func (s *inRedis) Invalidate(context.Context) error { return nil }
