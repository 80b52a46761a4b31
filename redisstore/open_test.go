package redisstore

import (
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

func openURL(t testing.TB, url string, c Config) *Store {
	t.Helper()
	s, err := Open(url, c)
	if err != nil {
		t.Fatalf("Open(%q): %v", url, err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func TestOpenSingleServer(t *testing.T) {
	t.Parallel()
	s := openURL(t, "rediss://app:p%40ss@cache.example:7000/3?read_timeout=2s&pool_size=7&key_prefix=shop&quarantine=30s", Config{KeyPrefix: "no"})
	o := s.scripts.client.(*redis.Client).Options()
	if o.Addr != "cache.example:7000" || o.Username != "app" || o.Password != "p@ss" || o.DB != 3 || o.TLSConfig == nil || o.PoolSize != 7 || o.ReadTimeout != 2*time.Second {
		t.Errorf("options are %+v", o)
	}
	if !o.ContextTimeoutEnabled || o.MaxRetries != 0 || o.DialerRetries != 1 {
		t.Errorf("deadline kept %v, retries %d, dials %d; want true, 0, 1", o.ContextTimeoutEnabled, o.MaxRetries, o.DialerRetries)
	}
	if s.config.KeyPrefix != "shop" || s.config.Quarantine != 30*time.Second || s.shards != 1 {
		t.Errorf("config is %+v with %d shards", s.config, s.shards)
	}
	o = openURL(t, "redis://h?max_retries=2", Config{}).scripts.client.(*redis.Client).Options()
	if o.MaxRetries != 2 || o.Addr != "h:6379" {
		t.Errorf("retries %d of %s, want 2 of h:6379", o.MaxRetries, o.Addr)
	}
	o = openURL(t, "unix:///run/redis.sock?db=2", Config{}).scripts.client.(*redis.Client).Options()
	if o.Network != "unix" || o.Addr != "/run/redis.sock" || o.DB != 2 {
		t.Errorf("options are %+v", o)
	}
}

func TestOpenClusterAndSentinel(t *testing.T) {
	t.Parallel()
	s := openURL(t, "redis+cluster://app:pw@a:1?addr=b:2&dial_timeout=1s", Config{})
	o := s.scripts.client.(*redis.ClusterClient).Options()
	if strings.Join(o.Addrs, " ") != "a:1 b:2" || o.Password != "pw" || !o.ContextTimeoutEnabled || s.shards != clusterShards {
		t.Errorf("options are %+v with %d shards", o, s.shards)
	}
	for _, url := range []string{"redis+sentinel://a:1/2?master_name=main&addr=b:2&password=pw", "redis://a:1/2?master_name=main&password=pw"} {
		s := openURL(t, url, Config{})
		o := s.scripts.client.(*redis.Client).Options()
		if o.DB != 2 || o.Password != "pw" || !o.ContextTimeoutEnabled || s.shards != 1 {
			t.Errorf("%s: options are %+v", url, o)
		}
	}
}

func TestOpenErrorsAreClearAndKeepPasswords(t *testing.T) {
	t.Parallel()
	cases := map[string]string{
		"http://u:hunter2@h":                                          `scheme "http"`,
		"redis+ring://u:hunter2@h":                                    `scheme "redis+ring"`,
		"redis://u:hunter2@h/x":                                       "not a database number",
		"redis://u:hunter2@h/1/2":                                     "not a database number",
		"redis://u:/hunter2@h/1":                                      "not a database number",
		"redis://u:123/hunter2@h/1":                                   "not a database number",
		"redis://u:1?hunter2@h/1":                                     "cannot be one",
		"redis://u:1?hunter2@h=1":                                     "cannot be one",
		"redis://u:hun#ter2@h":                                        "not a valid URL",
		"redis://u:hunter2%@h":                                        "not a valid URL",
		"redis://u:hunter2@h?tiemout=3s":                              "tiemout",
		"redis://u:hunter2@h?read_timeout=x":                          "read_timeout",
		"redis://u:hunter2@h?quarantine=x":                            `quarantine "x"`,
		"redis://u:hunter2@h?quarantine=-1s":                          "quarantine -1s",
		"redis://u:hunter2@h?key_prefix=a{b":                          `prefix "a{b"`,
		"redis://u:hunter2@h?allow_no_replid=maybe":                   "allow_no_replid",
		"redis+sentinel://u:hunter2@h":                                "master_name",
		"redis+sentinel://h?master_name=m&route_randomly=true":        "route_randomly",
		"redis+cluster://u:hunter2@h/3":                               "no database numbers",
		"redis+cluster://u:hunter2@h?db=3":                            "no database numbers",
		"redis+sentinel://h?master_name=m&password=hunter2&db=x":      "database number",
		"redis+sentinel://h?master_name=m&password=hunter2&bogus=x":   "a parameter that go-redis does not know", // a part of the password, perhaps
		"redis+sentinel://u:hunter2@h/x?master_name=m&dial_timeout=1": "not a database number",
	}
	for url, want := range cases {
		_, err := Open(url, Config{})
		if err == nil {
			t.Errorf("Open(%q) succeeds", url)
			continue
		}
		if msg := err.Error(); !strings.Contains(msg, want) || !strings.HasPrefix(msg, "cachedsql: redis: ") || strings.Contains(msg, "hun") || strings.Contains(msg, "ter2") {
			t.Errorf("Open(%q): %q, want %q in it and no password", url, msg, want)
		}
	}
}

func TestNewRefusesClientsThatCannotKeepThePromise(t *testing.T) {
	t.Parallel()
	ring := redis.NewRing(&redis.RingOptions{})
	defer ring.Close()
	if _, err := New(ring, Config{}); err == nil {
		t.Error("a Ring is accepted")
	}
	slow := redis.NewClient(&redis.Options{})
	defer slow.Close()
	if _, err := New(slow, Config{}); err == nil || !strings.Contains(err.Error(), "ContextTimeoutEnabled") {
		t.Errorf("New with a client that ignores deadlines: %v", err)
	}
}

// FuzzKeysNeverMeet: different namespaces and tags have different keys, and
// no name leaves its slot.
func FuzzKeysNeverMeet(f *testing.F) {
	f.Add("db", "users", "db", "orders")
	f.Add("db:0}t:x", "users", "db", "x")
	f.Add(strings.Repeat("x", 300), "%%", strings.Repeat("x", 301), "%25%25")
	f.Fuzz(func(t *testing.T, ns1, tag1, ns2, tag2 string) {
		k1, k2 := newKeyspace("p", ns1, 1), newKeyspace("p", ns2, 1)
		key1, key2 := k1.tag(0, tag1), k2.tag(0, tag2)
		if (key1 == key2) != (ns1 == ns2 && tag1 == tag2) {
			t.Errorf("%q %q and %q %q: keys %q and %q", ns1, tag1, ns2, tag2, key1, key2)
		}
		slot := key1[:strings.IndexByte(key1, '}')+1]
		if slot != k1.shards[0] || strings.Count(key1, "{") != 1 || !strings.HasPrefix(k1.era(0), slot) {
			t.Errorf("key %q is not in the slot of %q", key1, k1.shards[0])
		}
	})
}

// TestKeySchemeIsFrozen: tags are shared by processes of different versions
// during a rollout, and two that disagree on a key do not see each other.
func TestKeySchemeIsFrozen(t *testing.T) {
	t.Parallel()
	k := newKeyspace("cachedsql", "pg 1/app", clusterShards)
	shard := k.shardOf("public.users")
	got := []string{k.era(shard), k.schema(shard), k.wildcard(shard), k.tag(shard, "public.users"), k.tag(3, `a "B":%ä`), k.tag(3, strings.Repeat("x", 201))}
	want := []string{
		"{cachedsql:pg%201%2Fapp:10}e", "{cachedsql:pg%201%2Fapp:10}s", "{cachedsql:pg%201%2Fapp:10}w", "{cachedsql:pg%201%2Fapp:10}t:public.users",
		"{cachedsql:pg%201%2Fapp:3}t:a%20%22B%22%3A%25%C3%A4",
		"{cachedsql:pg%201%2Fapp:3}t:%%84a0678c90937f5dcf9994d5866668da6b995109c8ad845410559b48a4ecafed",
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("key %d is %q, want %q", i, got[i], want[i])
		}
	}
}
