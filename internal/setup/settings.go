// Package setup turns settings from a data source name and the environment
// into a Cache, for the packages that register drivers.
package setup

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/internal/dsn"
	"github.com/cachedsql/cachedsql/internal/suggest"
	"github.com/cachedsql/cachedsql/redisstore"
)

// Setting is one thing that can be set. The table of them is also what
// docs/dsn.md is tested against.
type Setting struct {
	Name    string // in a DSN, after "cache_"; the environment has CACHEDSQL_ and the name in capitals
	Value   string // what its value is: "duration", "path", ...
	Default string // in words
	Doc     string
	secret  bool // the value must not appear in an error
	set     func(o *options, value string) error
}

// options is what the settings of one handle add up to.
type options struct {
	config    cachedsql.Config
	redisURL  string
	rulesPath string
}

// Settings are all there are, in alphabetical order.
var Settings = []Setting{
	{
		Name: "consistency", Value: "strict or bounded", Default: "strict",
		Doc: "The promise made to readers.",
		set: func(o *options, v string) (err error) {
			o.config.Consistency, err = word(v, cachedsql.Strict, cachedsql.Bounded)
			return err
		},
	},
	{
		Name: "entry_keys", Value: "base64, or file:path", Default: "none: results are stored as they are",
		Doc:    "Secrets that protect results in Redis, separated by commas: the first seals, all open. See [security.md](security.md).",
		secret: true,
		set: func(o *options, v string) (err error) {
			o.config.EntryKeys, err = cachedsql.ParseEntryKeys(v)
			return err
		},
	},
	{
		Name: "entry_protection", Value: "encrypt or authenticate", Default: "encrypt",
		Doc: "What is done with them.",
		set: func(o *options, v string) (err error) {
			o.config.EntryProtection, err = word(v, cachedsql.Encrypt, cachedsql.Authenticate)
			return err
		},
	},
	{
		Name: "lazy_connect", Value: "true or false", Default: "false",
		Doc: "Connections dial the database on first need, so that a hit needs none. Needs a namespace. See [below](#lazy-connections).",
		set: func(o *options, v string) (err error) { o.config.LazyConnect, err = boolean(v); return err },
	},
	{
		Name: "lease", Value: "duration", Default: "10s",
		Doc: "How long a write keeps readers away from its tables when its process dies.",
		set: func(o *options, v string) (err error) { o.config.Lease, err = duration(v); return err },
	},
	{
		Name: "live_rules", Value: "name", Default: "none: rules come from the file",
		Doc: "The rule set in Redis to follow, such as `default`. Once it has a version, that wins over the rule file.",
		set: func(o *options, v string) error { o.config.LiveRules = v; return cachedsql.ValidRuleSet(v) },
	},
	{
		Name: "lookup_timeout", Value: "duration", Default: "50ms",
		Doc: "The most that one call to Redis may add to a statement.",
		set: func(o *options, v string) (err error) { o.config.LookupTimeout, err = duration(v); return err },
	},
	{
		Name: "namespace", Value: "text", Default: "asked from the server",
		Doc: "The name of the database in Redis. Handles with equal namespaces share results and invalidation. It also keeps results over a restart of the server.",
		set: func(o *options, v string) error { o.config.Namespace = v; return nil },
	},
	{
		Name: "near", Value: "size", Default: "none",
		Doc: "Memory for results that are kept decoded in this process, such as `64MiB`. What a hit then asks of Redis is for the rules to say: `near`.",
		set: func(o *options, v string) (err error) { o.config.NearBytes, err = size(v); return err },
	},
	{
		Name: "near_bound", Value: "duration", Default: "1s",
		Doc: "The most that a hit may lag behind other processes where a rule says `near: push`.",
		set: func(o *options, v string) (err error) { o.config.NearBound, err = duration(v); return err },
	},
	{
		Name: "on_cache_down", Value: "available, refuse or wait", Default: "available",
		Doc: "What a write does while Redis is unreachable. `wait` needs an `absence` in the Redis URL of every process.",
		set: func(o *options, v string) (err error) {
			o.config.OnCacheDown, err = word(v, cachedsql.Available, cachedsql.Refuse, cachedsql.Wait)
			return err
		},
	},
	{
		Name: "redis", Value: "URL", Default: "none: results stay in this process",
		Doc:    "The Redis that keeps results, as in `redis://user:password@host:6379/0`.",
		secret: true,
		set:    func(o *options, v string) error { o.redisURL = v; return nil },
	},
	{
		Name: "report_interval", Value: "duration, or off", Default: "10s",
		Doc: "How often the process reports its figures and state to Redis, for operators.",
		set: func(o *options, v string) (err error) {
			if v == "off" {
				o.config.ReportInterval = -1
				return nil
			}
			o.config.ReportInterval, err = duration(v)
			return err
		},
	},
	{
		Name: "rules", Value: "path", Default: "none: nothing is cached",
		Doc: "The rule file. It is loaded again when it changes.",
		set: func(o *options, v string) error { o.rulesPath = v; return nil },
	},
}

// DSNName returns the setting's name in a data source name.
func (s *Setting) DSNName() string { return dsn.Prefix + s.Name }

// Env returns the name of the environment variable that sets it.
func (s *Setting) Env() string { return "CACHEDSQL_" + strings.ToUpper(s.Name) }

// names returns the DSN names of all settings.
func names() []string {
	all := make([]string, len(Settings))
	for i := range Settings {
		all[i] = Settings[i].DSNName()
	}
	return all
}

// read takes each setting from the DSN or else from the environment, where an
// empty variable counts as absent. It reports every mistake at once.
func read(fromDSN map[string]string, env func(string) string) (options, error) {
	var o options
	var errs []error
	for i := range Settings {
		s := &Settings[i]
		source := "DSN: " + s.DSNName()
		value, ok := fromDSN[s.DSNName()]
		if !ok {
			source, value = s.Env(), env(s.Env())
		}
		if value == "" && !ok {
			continue
		}
		if err := s.apply(&o, value); err != nil {
			errs = append(errs, fmt.Errorf("cachedsql: %s: %w", source, err))
		}
	}
	if o.config.LazyConnect && o.config.Namespace == "" && len(errs) == 0 {
		errs = append(errs, fmt.Errorf("cachedsql: %slazy_connect needs %snamespace", dsn.Prefix, dsn.Prefix))
	}
	return o, errors.Join(errs...)
}

func (s *Setting) apply(o *options, value string) error {
	if value == "" {
		return errors.New("value is missing")
	}
	return s.set(o, value)
}

func duration(s string) (time.Duration, error) {
	d, err := time.ParseDuration(s)
	if err != nil || d <= 0 {
		return 0, fmt.Errorf("%q is not a duration above zero such as 10s or 50ms", s)
	}
	return d, nil
}

func boolean(s string) (bool, error) {
	switch s {
	case "true":
		return true, nil
	case "false":
		return false, nil
	}
	return false, fmt.Errorf("%q is neither true nor false", s)
}

var sizeUnits = []struct {
	suffix string
	bytes  int64
}{{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"KB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"", 1}}

func size(s string) (int64, error) {
	for _, unit := range sizeUnits {
		number, ok := strings.CutSuffix(s, unit.suffix)
		if !ok {
			continue
		}
		n, err := strconv.ParseInt(number, 10, 64)
		if err != nil || n < 0 || n > 1<<50/unit.bytes {
			break
		}
		return n * unit.bytes, nil
	}
	return 0, fmt.Errorf("%q is not a size such as 64MiB", s)
}

// word returns the value whose String is s.
func word[T fmt.Stringer](s string, values ...T) (T, error) {
	words := make([]string, len(values))
	for i, v := range values {
		if words[i] = v.String(); words[i] == s {
			return v, nil
		}
	}
	var none T
	return none, fmt.Errorf("%q is not one of %s%s", s, strings.Join(words, ", "), suggest.DidYouMean(s, words))
}

// handle is a Cache with what was opened for it.
type handle struct {
	cache *cachedsql.Cache
	store cachedsql.Store // nil: not ours to close
}

// open makes the Cache of one database handle.
func open(o options) (_ *handle, err error) {
	h := &handle{}
	defer func() {
		if err != nil {
			_ = h.close()
		}
	}()
	if o.config.LiveRules != "" && o.redisURL == "" {
		return nil, errors.New("cachedsql: cache_live_rules needs cache_redis (or CACHEDSQL_REDIS): rule sets are in Redis")
	}
	o.config.Store = cachedsql.SharedMemoryStore()
	if o.redisURL != "" {
		store, err := redisstore.Open(o.redisURL, redisstore.Config{Quarantine: o.config.Lease})
		if err != nil {
			return nil, err
		}
		o.config.Store, h.store = store, store
	}
	if h.cache, err = cachedsql.New(o.config); err != nil {
		return nil, err
	}
	if o.rulesPath != "" {
		if err = h.cache.WatchRules(o.rulesPath); err != nil {
			return nil, err
		}
	}
	o.announce(slog.Default())
	return h, nil
}

// announce says what somebody who forgot a setting would wonder about.
func (o *options) announce(log *slog.Logger) {
	switch {
	case o.rulesPath == "" && o.config.LiveRules == "":
		log.Info("cachedsql: no rules (cache_rules or CACHEDSQL_RULES, cache_live_rules or CACHEDSQL_LIVE_RULES): nothing is cached")
	case o.config.LiveRules != "":
		log.Info("cachedsql: rules are those of a set in Redis, as soon as it answers and has some", "set", o.config.LiveRules, "until_then", o.untilLive())
	}
	if o.redisURL == "" {
		log.Info("cachedsql: no Redis (cache_redis or CACHEDSQL_REDIS): results are kept in this process, " +
			"which does not see what other processes write")
	}
}

// untilLive says which rules are in force before those of the rule set.
func (o *options) untilLive() string {
	if o.rulesPath == "" {
		return "nothing is cached"
	}
	return o.rulesPath
}

// close ends what open began, the store last.
func (h *handle) close() error {
	var errs []error
	if h.cache != nil {
		errs = append(errs, h.cache.Close())
	}
	if h.store != nil {
		errs = append(errs, h.store.Close())
	}
	return errors.Join(errs...)
}

func fromEnvironment(name string) string { return os.Getenv(name) }
