package redisstore_test

import (
	"os"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/alicebob/miniredis/v2/server"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/internal/testredis"
	"github.com/cachedsql/cachedsql/redisstore"
	"github.com/cachedsql/cachedsql/storetest"
)

// quarantine is short enough to wait for. The suite does not mind if it runs out
// while a test looks the other way.
const quarantine = 300 * time.Millisecond

const absence = 2 * time.Second

var testConfig = redisstore.Config{Quarantine: quarantine}

func open(tb testing.TB, url string, c redisstore.Config) *redisstore.Store {
	tb.Helper()
	s, err := redisstore.Open(url, c)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = s.Close() })
	return s
}

func conform(t *testing.T, url string, c redisstore.Config) {
	t.Helper()
	storetest.Traits{Quarantine: quarantine}.Run(t, func(t *testing.T) cachedsql.Store { return open(t, url, c) })
}

// TestServersConform runs the suite on servers that are named by environment
// variables.
func TestServersConform(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"CACHEDSQL_TEST_REDIS", "CACHEDSQL_TEST_REDIS_CLUSTER", "CACHEDSQL_TEST_REDIS_SENTINEL"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := os.Getenv(name)
			if url == "" {
				t.Skipf("SKIPPED: %s is not set", name)
			}
			conform(t, url, testConfig)
			t.Run("registrations", func(t *testing.T) {
				t.Parallel()
				c := testConfig
				c.Absence, c.KeyPrefix = absence, "registrations"
				conform(t, url, c)
			})
		})
	}
}

func TestSingleServerConforms(t *testing.T) {
	t.Parallel()
	conform(t, testredis.Start(t).URL(), testConfig)
}

// TestServerWithRegistrationsConforms is with the scripts of stores whose
// writers may go on without Redis.
func TestServerWithRegistrationsConforms(t *testing.T) {
	t.Parallel()
	c := testConfig
	c.Absence = absence
	conform(t, testredis.Start(t).URL(), c)
}

func TestClusterConforms(t *testing.T) {
	t.Parallel()
	nodes := testredis.StartCluster(t)
	conform(t, "redis+cluster://"+nodes[0].Addr, testConfig)
}

func TestClusterWithRegistrationsConforms(t *testing.T) {
	t.Parallel()
	nodes := testredis.StartCluster(t)
	c := testConfig
	c.Absence = absence
	conform(t, "redis+cluster://"+nodes[0].Addr, c)
}

// TestMiniredisConforms uses the embedded server of the examples, which has no
// replication and says so by an error.
func TestMiniredisConforms(t *testing.T) {
	t.Parallel()
	t.Run("AllowNoReplicationID", func(t *testing.T) {
		t.Parallel()
		c := testConfig
		c.AllowNoReplicationID = true
		conform(t, "redis://"+startMiniredis(t).Addr(), c)
	})
	t.Run("WithReplicationID", func(t *testing.T) {
		t.Parallel()
		m := startMiniredis(t)
		m.Server().SetPreHook(replicationInfo)
		conform(t, "redis://"+m.Addr(), testConfig)
	})
}

// startMiniredis is like miniredis.RunT, with a clock that goes on.
func startMiniredis(tb testing.TB) *miniredis.Miniredis {
	m := miniredis.RunT(tb)
	stop := make(chan struct{})
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				m.FastForward(10 * time.Millisecond)
			case <-stop:
				return
			}
		}
	}()
	tb.Cleanup(func() { close(stop); <-done })
	return m
}

func replicationInfo(c *server.Peer, cmd string, args ...string) bool {
	if cmd != "INFO" || len(args) != 1 || args[0] != "replication" {
		return false
	}
	c.WriteBulk("# Replication\r\nrole:master\r\nmaster_replid:0123456789abcdef0123456789abcdef01234567\r\n")
	return true
}
