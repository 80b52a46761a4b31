package redisstore_test

import (
	"strings"
	"testing"

	"github.com/cachedsql/cachedsql/internal/testredis"
	"github.com/cachedsql/cachedsql/redisstore"
)

func TestServersTellsWhatMattersToACache(t *testing.T) {
	t.Parallel()
	server := testredis.Start(t, "--maxmemory", "50mb", "--maxmemory-policy", "volatile-lru")
	store, err := redisstore.Open(server.URL(), redisstore.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	all, err := store.Inspector().Servers(t.Context())
	if err != nil || len(all) != 1 {
		t.Fatalf("got %+v, %v, want one server", all, err)
	}
	s := all[0]
	if s.Addr != server.Addr || s.Role != "master" || !strings.Contains(s.Version, ".") || len(s.ReplicationID) != 40 {
		t.Errorf("identity: %+v", s)
	}
	if s.MaxMemory != 50<<20 || s.Policy != "volatile-lru" || s.UsedMemory == 0 || s.Persistent || s.Latency <= 0 {
		t.Errorf("state: %+v", s)
	}
}
