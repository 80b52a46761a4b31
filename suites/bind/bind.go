// Package bind puts the cache under every sql.DB of a test binary. The suites command writes the file that calls it, and the hook in
// database/sql, into the build; the suite itself stays as it is.
package bind

import (
	"database/sql/driver"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/redisstore"
	"github.com/cachedsql/cachedsql/suites/repeat"
)

// What the suites command tells a test binary.
const (
	Mode      = "CACHEDSQL_SUITE_MODE"      // bare, cached or repeated
	Redis     = "CACHEDSQL_SUITE_REDIS"     // a URL; empty: the store is in the process
	Prefix    = "CACHEDSQL_SUITE_PREFIX"    // of the keys in Redis
	Namespace = "CACHEDSQL_SUITE_NAMESPACE" // where the driver's databases cannot be asked for theirs
	DSN       = "CACHEDSQL_SUITE_DSN"       // OLD=>NEW on each line: what to open in place of what the tests name
	Out       = "CACHEDSQL_SUITE_OUT"       // the directory for tallies
)

// Becomes is between the two parts of a line of DSN.
const Becomes = "=>"

// lease is short: after each write a table is uncached for so long, and a suite writes all the time.
const lease = 20 * time.Millisecond

// rules cache whatever can be cached.
const rules = "version: 1\nrules:\n  - {name: everything, ttl: 1h, jitter: 0}\n"

// Into sets a hook that puts the cache under every handle from now on, and one
// that says what is opened in every mode. What it returns is for a package
// variable, which is set before any test code runs.
func Into(hook *func(driver.Connector, string) driver.Connector, name *func(string) string) struct{} {
	*name = renamed
	mode := os.Getenv(Mode)
	if mode == "cached" || mode == "repeated" {
		b := &binding{repeated: mode == "repeated", caches: map[string]*cachedsql.Cache{}, tally: newTally(), outside: newOutside()}
		*hook = b.wrap
	}
	return struct{}{}
}

// renamed returns the name of the data source to open.
func renamed(dsn string) string {
	for line := range strings.SplitSeq(os.Getenv(DSN), "\n") {
		if from, to, ok := strings.Cut(line, Becomes); ok {
			dsn = strings.ReplaceAll(dsn, from, to)
		}
	}
	return dsn
}

type binding struct {
	repeated bool
	tally    *tally
	outside  *outside

	mu     sync.Mutex
	store  cachedsql.Store
	caches map[string]*cachedsql.Cache // by dialect and variant
	alone  int                         // connectors that share entries with no other
}

func (b *binding) wrap(inner driver.Connector, dsn string) driver.Connector {
	cache := b.cacheFor(inner, dsn)
	wrapped := cache.WrapConnector(inner)
	if !b.repeated {
		return wrapped
	}
	return &repeat.Connector{
		Connector: wrapped, Cache: cache, Patience: 10 * lease, Compared: b.tally.compared, Different: b.tally.different,
	}
}

// cacheFor returns one cache for all connectors that are configured alike, so
// that as much as possible is shared.
func (b *binding) cacheFor(inner driver.Connector, dsn string) *cachedsql.Cache {
	b.mu.Lock()
	defer b.mu.Unlock()
	adapter := b.adapterOf(inner, dsn)
	key := fmt.Sprint(adapter.Dialect, " ", adapter.Variant)
	cache := b.caches[key]
	if cache == nil {
		b.outside.do(func() { cache = b.newCache(adapter) })
		b.caches[key] = cache
	}
	return cache
}

func (b *binding) adapterOf(inner driver.Connector, dsn string) cachedsql.Adapter {
	if adapter, ok := knownAdapter(inner, dsn); ok {
		return adapter
	}
	if dsn != "" {
		return cachedsql.Adapter{Variant: fmt.Sprintf("%T %s", inner.Driver(), dsn)}
	}
	b.alone++ // nothing tells what it was configured with
	return cachedsql.Adapter{Variant: fmt.Sprintf("alone %d %d", os.Getpid(), b.alone)}
}

func (b *binding) newCache(adapter cachedsql.Adapter) *cachedsql.Cache {
	if b.store == nil {
		b.store = must(openStore())
	}
	return must(cachedsql.New(cachedsql.Config{
		Adapter: adapter, Store: b.store, Rules: must(cachedsql.ParseRules("everything", []byte(rules))), OnEvent: b.tally.add,
		Namespace: os.Getenv(Namespace), Lease: lease, LookupTimeout: 5 * time.Second, ReportInterval: -1,
	}))
}

func openStore() (cachedsql.Store, error) {
	url := os.Getenv(Redis)
	if url == "" {
		return cachedsql.NewMemoryStore(cachedsql.MemoryConfig{}), nil
	}
	return redisstore.Open(url, redisstore.Config{KeyPrefix: os.Getenv(Prefix), Quarantine: lease})
}

// must ends the test binary: without a cache its tests would show nothing.
func must[T any](v T, err error) T {
	if err != nil {
		panic("suites: " + err.Error())
	}
	return v
}
