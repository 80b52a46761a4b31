package setup

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/cachedsql/cachedsql"
)

func environment(vars map[string]string) func(string) string {
	return func(name string) string { return vars[name] }
}

func TestDSNWinsOverTheEnvironment(t *testing.T) {
	t.Parallel()
	o, err := read(
		map[string]string{"cache_lease": "3s", "cache_redis": "redis://dsn"},
		environment(map[string]string{
			"CACHEDSQL_LEASE": "4s", "CACHEDSQL_REDIS": "redis://env", "CACHEDSQL_RULES": "/etc/rules.yaml",
			"CACHEDSQL_CONSISTENCY": "bounded", "CACHEDSQL_ON_CACHE_DOWN": "refuse", "CACHEDSQL_NAMESPACE": "shop",
			"CACHEDSQL_LOOKUP_TIMEOUT": "20ms",
		}))
	if err != nil {
		t.Fatal(err)
	}
	if o.redisURL != "redis://dsn" || o.config.Lease != 3*time.Second {
		t.Errorf("the environment won: %q, %v", o.redisURL, o.config.Lease)
	}
	if o.rulesPath != "/etc/rules.yaml" || o.config.Consistency != cachedsql.Bounded || o.config.OnCacheDown != cachedsql.Refuse ||
		o.config.Namespace != "shop" || o.config.LookupTimeout != 20*time.Millisecond {
		t.Errorf("the environment is not read: %+v", o)
	}
}

func TestLazyConnectNeedsANamespace(t *testing.T) {
	t.Parallel()
	for want, settings := range map[string]map[string]string{
		"": {"cache_lazy_connect": "true", "cache_namespace": "shop"},
		"cachedsql: cache_lazy_connect needs cache_namespace":                 {"cache_lazy_connect": "true"},
		`cachedsql: DSN: cache_lazy_connect: "yes" is neither true nor false`: {"cache_lazy_connect": "yes"},
	} {
		o, err := read(settings, environment(nil))
		if got := fmt.Sprint(err); err != nil && got != want || err == nil && (want != "" || !o.config.LazyConnect) {
			t.Errorf("%v: got %v, %v, want %s", settings, o.config.LazyConnect, err, want)
		}
	}
}

func TestNothingSetIsTheZeroConfig(t *testing.T) {
	t.Parallel()
	o, err := read(nil, environment(nil))
	if err != nil || o.redisURL != "" || o.rulesPath != "" || o.config.Lease != 0 || o.config.Namespace != "" {
		t.Errorf("read = %+v, %v", o, err)
	}
}

func TestMistakenSettingsNameTheirSource(t *testing.T) {
	t.Parallel()
	_, err := read(
		map[string]string{"cache_consistency": "boundet", "cache_redis": "", "cache_lease": "-5s"},
		environment(map[string]string{"CACHEDSQL_LOOKUP_TIMEOUT": "50", "CACHEDSQL_NAMESPACE": ""}))
	want := `cachedsql: DSN: cache_consistency: "boundet" is not one of strict, bounded, did you mean "bounded"?
cachedsql: DSN: cache_lease: "-5s" is not a duration above zero such as 10s or 50ms
cachedsql: CACHEDSQL_LOOKUP_TIMEOUT: "50" is not a duration above zero such as 10s or 50ms
cachedsql: DSN: cache_redis: value is missing`
	if err == nil || err.Error() != want {
		t.Errorf("got:\n%v\nwant:\n%s", err, want)
	}
}

func TestPasswordsStayOutOfErrors(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"redis://:secret@host:port", "redis://u:secret@h:1/x", "http://:secret@h", ":secret", "redis://:sec%ret@h"} {
		_, err := open(options{redisURL: url})
		if err == nil {
			t.Errorf("%q is accepted", url)
			continue
		}
		if strings.Contains(err.Error(), "sec") && strings.Contains(err.Error(), "ret") {
			t.Errorf("%q gives %v", url, err)
		}
	}
}

func TestBrokenRuleFileIsRefused(t *testing.T) {
	t.Parallel()
	path := t.TempDir() + "/rules.yaml"
	if err := os.WriteFile(path, []byte("version: 2"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := open(options{rulesPath: path}); err == nil || !strings.Contains(err.Error(), path+":1:10") {
		t.Errorf("got %v", err)
	}
}

// The reference is written by hand; nothing in the table may be missing in it.
func TestReferenceNamesEverySetting(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/dsn.md")
	if err != nil {
		t.Fatal(err)
	}
	last := ""
	for i := range Settings {
		s := &Settings[i]
		row := "| `" + s.DSNName() + "` | `" + s.Env() + "` | " + s.Value + " | " + s.Default + " | " + s.Doc + " |"
		if !strings.Contains(string(text), row) {
			t.Errorf("docs/dsn.md lacks this row:\n%s", row)
		}
		if s.Name <= last {
			t.Errorf("%s is out of order", s.Name)
		}
		last = s.Name
	}
	if rows := strings.Count(string(text), "\n| `cache_"); rows != len(Settings) {
		t.Errorf("docs/dsn.md has %d rows, there are %d settings", rows, len(Settings))
	}
}
