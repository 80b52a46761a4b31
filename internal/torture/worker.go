//go:build unix

package main

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/redisstore"
)

// shortLease is so short that every few seconds one runs out.
const shortLease = 500 * time.Millisecond

// leaseTime is the lease of this run; other times go by it.
var leaseTime, aWhile, absence, nearBound time.Duration

func init() { setLease(shortLease) }

func setLease(d time.Duration) {
	leaseTime = d
	// How long things take that take long. Half of the lease is left when a
	// COMMIT is sent, so a COMMIT may be on its way that long.
	aWhile = d / 4
	// How long a process may go on writing without Redis, with -wait.
	absence = 4 * d
	nearBound = 2 * d
}

// job is what a worker is told, as JSON in its environment.
type job struct {
	Number    int
	Shared    string // file
	DSN       string
	Database  string
	Redis     string // URL, with a parameter
	Broken    string
	Bounded   bool
	Available bool // go on with writes while Redis is away
	Near      string
	Wait      bool // go on with them after a wait
	Threads   int
	Pace      time.Duration
	Lease     time.Duration
}

const jobVariable = "CACHEDSQL_TORTURE_JOB"

// followClock sets a worker's wall clock as it is told, in a program that can.
var followClock func(*worker)

// worker is a process with a pool of its own.
type worker struct {
	job
	shared   *shared
	database database
	db       *sql.DB
}

// runWorker is main in the processes that torture starts.
func runWorker(text string) error {
	w := &worker{}
	if err := json.Unmarshal([]byte(text), &w.job); err != nil {
		return err
	}
	setLease(w.Lease)
	if breakages[w.Broken].near == nearLeased && !servesLeased(w.Number) {
		w.Near = "off"
	}
	w.database = openDatabase(w.DSN)
	var err error
	if w.shared, err = mapShared(w.Shared, false); err != nil {
		return err
	}
	closeDB, err := w.open()
	if err != nil {
		return err
	}
	defer closeDB()
	if followClock != nil {
		go followClock(w)
	}
	var threads sync.WaitGroup
	for range w.Threads {
		threads.Go(w.work)
	}
	threads.Wait()
	return nil
}

// nearPush is the mode in which a read may be stale, for less than nearBound.
const nearPush = "push"

// nearLeased is the mode in which writes wait so that no read is.
const nearLeased = "leased"

// bound is for how long leased hits are served without asking.
func (w *worker) bound() time.Duration { return cmp.Or(breakages[w.Broken].bound, leasedBound) }

// rules caches everything, in the near cache as it says.
func (w *worker) rules() []byte {
	near := cmp.Or(w.Near, "off")
	if near == nearLeased {
		near += ", near_lease: " + w.bound().String()
	}
	return []byte("version: 1\nrules:\n  - {name: all, ttl: 5m, near: " + near + "}\n")
}

func (w *worker) open() (func(), error) {
	connector, adapter, err := w.database.connect(w.Database)
	if err != nil {
		return nil, err
	}
	store, closeStore, err := w.openStore()
	if err != nil {
		return nil, err
	}
	r, err := cachedsql.ParseRules("torture", w.rules())
	if err != nil {
		return nil, err
	}
	config := cachedsql.Config{
		Adapter: adapter, Store: stepStore{store, w}, Rules: r, Lease: leaseTime, LookupTimeout: leaseTime / 4, FenceInterval: 2 * leaseTime,
		Logger: slog.New(slog.NewTextHandler(io.Discard, nil)), OnEvent: w.count, OnCacheDown: cachedsql.Refuse,
	}
	if w.Near != "" && w.Near != "off" {
		config.NearBytes, config.NearBound = 16<<20, nearBound
	}
	if w.Available {
		config.OnCacheDown = cachedsql.Available
	}
	if w.Wait {
		config.OnCacheDown = cachedsql.Wait
	}
	if w.Bounded {
		config.Consistency = cachedsql.Bounded
	}
	if change := breakages[w.Broken].adapter; change != nil {
		change(&config.Adapter)
	}
	cache, err := cachedsql.New(config)
	if err != nil {
		return nil, err
	}
	w.db = cache.OpenDB(stepConnector{connector, w})
	w.db.SetMaxOpenConns(w.Threads)
	w.db.SetMaxIdleConns(w.Threads)
	return func() {
		_ = w.db.Close()
		_ = cache.Close()
		closeStore()
	}, nil
}

func (w *worker) openStore() (cachedsql.Store, func(), error) {
	config := redisstore.Config{Quarantine: leaseTime + leaseTime/4}
	if w.Wait {
		config.Absence = absence
	}
	broken := breakages[w.Broken]
	if broken.script != nil {
		return w.openBroken(config, scriptHook{broken.script})
	}
	url := w.Redis + "&dial_timeout=" + (leaseTime / 4).String()
	store, err := redisstore.Open(url, config)
	if err != nil {
		return nil, nil, err
	}
	closeStore := func() { _ = store.Close() }
	if broken.store != nil {
		return brokenStore{store, w.Number, broken.store}, closeStore, nil
	}
	return store, closeStore, nil
}

// openBroken returns a store whose scripts are changed on their way, on a
// single Redis.
func (w *worker) openBroken(config redisstore.Config, hook redis.Hook) (cachedsql.Store, func(), error) {
	o, err := redis.ParseURL(w.Redis)
	if err != nil {
		return nil, nil, err
	}
	o.ContextTimeoutEnabled, o.MaxRetries, o.DialerRetries, o.DialTimeout = true, -1, 1, leaseTime/4
	client := redis.NewClient(o)
	client.AddHook(hook)
	store, err := redisstore.New(client, config)
	if err != nil {
		_ = client.Close()
		return nil, nil, err
	}
	return store, func() {
		_ = store.Close()
		_ = client.Close()
	}, nil
}

// removeTags makes a single Redis forget all tags, not the eras.
func (w *worker) removeTags() {
	w.onRedis(func(ctx context.Context, c *redis.Client) {
		if keys := c.Keys(ctx, "{*t:*").Val(); len(keys) != 0 {
			c.Del(ctx, keys...)
		}
	})
}

// emptyRedis makes a single Redis forget everything.
func (w *worker) emptyRedis() {
	w.onRedis(func(ctx context.Context, c *redis.Client) { c.FlushAll(ctx) })
}

func (w *worker) onRedis(do func(context.Context, *redis.Client)) {
	ctx, cancel := context.WithTimeout(context.Background(), leaseTime/4)
	defer cancel()
	o, err := redis.ParseURL(w.Redis)
	if err != nil {
		return
	}
	client := redis.NewClient(o)
	defer func() { _ = client.Close() }()
	do(ctx, client)
}

func (w *worker) count(e cachedsql.Event) {
	switch e.Outcome {
	case cachedsql.Hit, cachedsql.NearHit:
		w.shared.add(hits)
	case cachedsql.Filled:
		w.shared.add(fills)
	case cachedsql.Note:
		fmt.Fprintf(os.Stderr, "worker %d: %v\n", w.Number, e.Err)
	}
}

// work is one thread of the application: mostly reads.
func (w *worker) work() {
	for !w.shared.stop.Load() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*leaseTime)
		switch n := rand.IntN(1000); {
		case w.shared.armed[w.Number].Load() == arm(beginAcked, migrate):
			w.autocommit(ctx, w.item(rand.Int64N(items)))
		case n < 20, n < 200 && w.shared.contend.Load():
			w.write(ctx)
		case n == 20 && rand.IntN(8) == 0:
			w.changeSchema(ctx)
		default:
			w.read(ctx)
		}
		cancel()
		time.Sleep(rand.N(2*w.Pace + 1))
	}
}

// complain reports a stale read to the parent.
func (w *worker) complain(query, verdict string) {
	fmt.Fprintf(os.Stderr, "STALE: worker %d: %s: %s\n", w.Number, query, verdict)
}
