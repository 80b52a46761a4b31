// Command quickstart shows in one screen what the driver does. It needs no
// server: the database is a SQLite file that is removed at the end, the Redis
// runs in this process.
package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/alicebob/miniredis/v2"
	"modernc.org/sqlite"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/redisstore"
)

// A lease this short suits a demonstration only: it has to outlast any COMMIT.
const lease = 200 * time.Millisecond

const rules = `
version: 1
rules:
  - name: products
    tables_any: [products]
    ttl: 5m
`

func main() {
	log.SetFlags(0)
	dir, err := os.MkdirTemp("", "cachedsql-quickstart-")
	if err != nil {
		log.Fatal(err)
	}
	err = errors.Join(run(context.Background(), dir, os.Stdout), os.RemoveAll(dir))
	if err != nil {
		log.Fatal("quickstart: ", err)
	}
}

func run(ctx context.Context, dir string, out io.Writer) error {
	server, err := miniredis.Run()
	if err != nil {
		return err
	}
	defer server.Close()
	store, err := redisstore.Open("redis://"+server.Addr(), redisstore.Config{
		AllowNoReplicationID: true, // the Redis in this process has no replication; a real one has
		Quarantine:           lease,
	})
	if err != nil {
		return err
	}
	defer store.Close()
	parsed, err := cachedsql.ParseRules("quickstart", []byte(rules))
	if err != nil {
		return err
	}

	seen := &observer{}
	cache, err := cachedsql.New(cachedsql.Config{
		Lease: lease,
		// The table below is worth nothing where a busy machine takes a pause.
		LookupTimeout: 2 * time.Second,
		OnEvent:       seen.event,
		Rules:         parsed,
		Store:         store,
	})
	if err != nil {
		return err
	}
	defer cache.Close()

	// From here on it is an ordinary database/sql program.
	sql.Register("cachedsqlite", cache.WrapDriver(&sqlite.Driver{}))
	db, err := sql.Open("cachedsqlite", "file:"+filepath.Join(dir, "shop.db"))
	if err != nil {
		return err
	}
	defer db.Close()
	return tell(ctx, &story{cache: cache, db: db, seen: seen, out: out})
}

// tell runs the story: every line of the table is one statement.
func tell(ctx context.Context, s *story) error {
	s.exec(ctx, s.db, "CREATE TABLE products (id INTEGER PRIMARY KEY, name TEXT, price INTEGER)", "")
	s.exec(ctx, s.db, "INSERT INTO products VALUES (1, 'lamp', 40), (2, 'chair', 90)", "")
	s.forgetStats()
	fmt.Fprintf(s.out, "Redis has never heard of this table, so for one lease (%v here) nothing of it is cached:\n", lease)
	fmt.Fprintf(s.out, "it may have forgotten a write that is still on its way. After that:\n\n")
	time.Sleep(2 * lease)

	s.begin()
	s.price(ctx, s.db, "the table is seen for the first time: asked, not stored")
	time.Sleep(2 * lease)
	s.price(ctx, s.db, "asked and stored")
	s.price(ctx, s.db, "answered from Redis")
	s.price(ctx, s.db, "again")
	s.exec(ctx, s.db, "UPDATE products SET price = 45 WHERE id = 1", "every result that read products is void")
	s.price(ctx, s.db, "fresh")
	s.price(ctx, s.db, "answered from Redis")
	s.rolledBack(ctx)
	s.price(ctx, s.db, "nothing was committed, so nothing was lost")
	s.query(ctx, s.db, "SELECT datetime('now') FROM products WHERE id = 1", "the clock is not in the tables")
	s.end()
	return s.err
}
