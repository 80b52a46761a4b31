package redisstore

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// Server is what a Redis tells of itself, as far as it matters to a cache.
type Server struct {
	// Addr is where it was asked.
	Addr string `json:"addr"`
	// Product is "redis" or "valkey", Version its version.
	Product string `json:"product"`
	Version string `json:"version"`
	// Role is "master" or "slave".
	Role string `json:"role"`
	// ReplicationID names the history of its data, "" where it is hidden.
	ReplicationID string `json:"replication_id,omitempty"`
	// Replicas is how many are connected.
	Replicas int64 `json:"replicas"`
	// UsedMemory and MaxMemory are in bytes; MaxMemory 0 is no limit. Policy
	// is maxmemory-policy.
	UsedMemory int64  `json:"used_memory"`
	MaxMemory  int64  `json:"max_memory"`
	Policy     string `json:"policy"`
	// EvictedKeys is how many keys made room for others since the start.
	EvictedKeys int64 `json:"evicted_keys"`
	// Persistent: it writes an append-only file, or has written a snapshot
	// since it started.
	Persistent bool `json:"persistent"`
	// Latency is the median time it took to answer a PING.
	Latency time.Duration `json:"latency_ns"`
}

// pings is how many calls a Server's Latency is measured by.
const pings = 11

// Servers asks every master what it tells of itself. The user needs the rights
// to INFO and PING.
func (i *Inspector) Servers(ctx context.Context) ([]Server, error) {
	if err := i.store.usable(ctx); err != nil {
		return nil, err
	}
	var mu sync.Mutex
	var all []Server
	ask := func(ctx context.Context, client *redis.Client) error {
		s, err := askServer(ctx, client)
		mu.Lock()
		defer mu.Unlock()
		all = append(all, s)
		return err
	}
	var err error
	switch client := i.store.scripts.client.(type) {
	case *redis.ClusterClient:
		err = client.ForEachMaster(ctx, ask)
	case *redis.Client:
		err = ask(ctx, client)
	default:
		err = errUnexpected // nothing else is opened by an URL
	}
	slices.SortFunc(all, func(a, b Server) int { return cmp.Compare(a.Addr, b.Addr) })
	return all, wrap("ask server", err)
}

func askServer(ctx context.Context, client *redis.Client) (Server, error) {
	text, err := client.Info(ctx).Result()
	if err != nil {
		return Server{}, err
	}
	s := serverOf(text)
	s.Addr = client.Options().Addr
	took := make([]time.Duration, pings)
	for n := range took {
		started := time.Now()
		if err := client.Ping(ctx).Err(); err != nil {
			return s, err
		}
		took[n] = time.Since(started)
	}
	slices.Sort(took)
	s.Latency = took[pings/2]
	return s, nil
}

// serverOf reads the answer to INFO.
func serverOf(info string) Server {
	fields := map[string]string{}
	for line := range strings.Lines(info) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), ":"); ok {
			fields[name] = value
		}
	}
	number := func(name string) int64 {
		n, _ := strconv.ParseInt(fields[name], 10, 64) // what is not there is 0
		return n
	}
	s := Server{
		Product: "redis", Version: fields["redis_version"], Role: fields["role"],
		ReplicationID: fields["master_replid"], Replicas: number("connected_slaves"),
		UsedMemory: number("used_memory"), MaxMemory: number("maxmemory"), Policy: fields["maxmemory_policy"],
		EvictedKeys: number("evicted_keys"),
		Persistent:  fields["aof_enabled"] == "1" || number("rdb_saves") > 0,
	}
	if v := fields["valkey_version"]; v != "" {
		s.Product, s.Version = "valkey", v
	}
	return s
}
