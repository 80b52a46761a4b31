package redisstore

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// Open returns a store for a URL. It does no I/O; Close closes its client.
//
//	redis://user:password@host:6379/0         one server; rediss:// for TLS
//	unix:///run/redis.sock?db=0               one server, by its socket
//	redis+sentinel://host:26379/0?master_name=main&addr=host2:26379
//	redis+cluster://host:6379?addr=host2:6379
//
// rediss+sentinel and rediss+cluster are the same with TLS. A redis:// URL with
// master_name is one of Sentinels, too, and one with addr but without
// master_name one of a cluster. With Sentinels, user and password are theirs,
// and the parameters username and password those of the servers.
//
// Parameters are those of go-redis ([redis.ParseURL], [redis.ParseFailoverURL],
// [redis.ParseClusterURL]): dial_timeout, read_timeout, pool_size and so on,
// with two other defaults: a command is not sent again (max_retries), and
// dialling is tried once (dialer_retries), since a query is waiting that can
// be answered without Redis. absence, key_prefix, quarantine and
// allow_no_replid are those of [Config] and win over it.
//
// Errors never contain a password.
func Open(rawURL string, c Config) (*Store, error) {
	u, err := url.Parse(rawURL)
	if err != nil {
		// The error would quote the URL.
		return nil, errors.New("cachedsql: redis: not a valid URL (is a special character in the password not percent-encoded?)")
	}
	if err := takeParams(u, &c); err != nil {
		return nil, err
	}
	client, isSingle, err := connect(u)
	if err != nil {
		return nil, err
	}
	s, err := New(client, c)
	if err != nil {
		_ = client.Close()
		return nil, err
	}
	s.opened = true
	s.scripts.warmer = &warmer{client: s.scripts.client, mostIdle: mostIdle(s.scripts.client)}
	if isSingle {
		s.wire = newWire(client.(*redis.Client).Options())
	}
	return s, nil
}

// takeParams moves our own parameters from the URL to the configuration.
func takeParams(u *url.URL, c *Config) error {
	q := u.Query()
	if q.Has("key_prefix") {
		c.KeyPrefix = q.Get("key_prefix")
	}
	for name, to := range map[string]*time.Duration{"absence": &c.Absence, "quarantine": &c.Quarantine} {
		v := q.Get(name)
		if v == "" {
			continue
		}
		d, err := time.ParseDuration(v)
		if err != nil {
			return fmt.Errorf("cachedsql: redis: %s %q is not a duration", name, v)
		}
		*to = d
	}
	if v := q.Get("allow_no_replid"); v != "" {
		b, err := strconv.ParseBool(v)
		if err != nil {
			return fmt.Errorf("cachedsql: redis: allow_no_replid %q is neither true nor false", v)
		}
		c.AllowNoReplicationID = b
	}
	for _, name := range []string{"absence", "key_prefix", "quarantine", "allow_no_replid"} {
		q.Del(name)
	}
	u.RawQuery = q.Encode()
	return nil
}

func connect(u *url.URL) (client redis.UniversalClient, isSingle bool, err error) {
	scheme, kind, _ := strings.Cut(u.Scheme, "+")
	plain := *u
	plain.Scheme = scheme
	switch {
	case scheme != "redis" && scheme != "rediss" && u.Scheme != "unix":
		err = fmt.Errorf("cachedsql: redis: scheme %q: want redis, rediss, unix, redis+sentinel or redis+cluster", u.Scheme)
	case kind == "sentinel" || kind == "" && u.Query().Has("master_name"):
		client, err = sentinelClient(&plain)
	case kind == "cluster" || kind == "" && u.Query().Has("addr"):
		client, err = clusterClient(&plain)
	case kind == "":
		client, err = singleClient(&plain)
		isSingle = true
	default:
		err = fmt.Errorf("cachedsql: redis: scheme %q: want %s, %[2]s+sentinel or %[2]s+cluster", u.Scheme, scheme)
	}
	return client, isSingle, err
}

func singleClient(u *url.URL) (redis.UniversalClient, error) {
	o, err := redis.ParseURL(u.String())
	if err != nil {
		return nil, urlError(u, err)
	}
	o.ContextTimeoutEnabled = true
	tryOnce(&o.MaxRetries, &o.DialerRetries)
	return redis.NewClient(o), nil
}

func sentinelClient(u *url.URL) (redis.UniversalClient, error) {
	if u.Query().Get("master_name") == "" {
		return nil, errors.New("cachedsql: redis: a Sentinel URL needs master_name")
	}
	for _, name := range []string{"route_by_latency", "route_randomly", "replica_only"} {
		if u.Query().Has(name) {
			return nil, fmt.Errorf("cachedsql: redis: %s: only the master knows which results are current", name)
		}
	}
	o, err := redis.ParseFailoverURL(u.String())
	if err != nil {
		return nil, urlError(u, err)
	}
	o.ContextTimeoutEnabled = true
	tryOnce(&o.MaxRetries, &o.DialerRetries)
	return redis.NewFailoverClient(o), nil
}

func clusterClient(u *url.URL) (redis.UniversalClient, error) {
	if strings.Trim(u.Path, "/") != "" || u.Query().Has("db") {
		return nil, errors.New("cachedsql: redis: a cluster has no database numbers")
	}
	o, err := redis.ParseClusterURL(u.String())
	if err != nil {
		return nil, urlError(u, err)
	}
	o.ContextTimeoutEnabled = true
	tryOnce(&o.MaxRetries, &o.DialerRetries)
	return redis.NewClusterClient(o), nil
}

// tryOnce is the default for commands and for dialling. go-redis takes no
// retries for its own default of three, and for dialling for one of five.
func tryOnce(commandRetries, dials *int) {
	if *commandRetries == 0 {
		*commandRetries = -1
	}
	if *dials == 0 {
		*dials = 1
	}
}

var plainName = regexp.MustCompile(`^[a-zA-Z_]+$`)

// urlError keeps go-redis's words where they can only be about parameters. A
// password with an unescaped "/" or "?" looks like a path or a parameter, and
// the words would quote it.
func urlError(u *url.URL, err error) error {
	path := strings.Trim(u.Path, "/")
	if _, notNumber := strconv.Atoi(path); notNumber != nil && path != "" && u.Scheme != "unix" {
		return errors.New("cachedsql: redis: the URL's path is not a database number (is a special character in the password not percent-encoded?)")
	}
	for name := range u.Query() {
		if !plainName.MatchString(name) {
			return errors.New("cachedsql: redis: the URL has a parameter that cannot be one (is a special character in the password not percent-encoded?)")
		}
	}
	switch text := err.Error(); {
	case u.Query().Has("password") && strings.Contains(text, "unexpected option"):
		return errors.New("cachedsql: redis: the URL has a parameter that go-redis does not know (is an & in the password not percent-encoded?)")
	case strings.Contains(text, "addr param"):
		return errors.New("cachedsql: redis: addr: only host:port goes there, without user and password")
	}
	return fmt.Errorf("cachedsql: redis: URL: %w", err)
}
