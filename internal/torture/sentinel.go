//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"

	"github.com/redis/go-redis/v9"
)

const (
	masterName       = "torture"
	sentinels        = 3
	sentinelReplicas = 2
)

// startSentinels runs a master, its replicas and the sentinels that watch them.
func (r *run) startSentinels(ctx context.Context) error {
	announce := func(host, port string) []string {
		return []string{"--replica-announce-ip", host, "--replica-announce-port", port}
	}
	for range 1 + sentinelReplicas {
		s, err := r.add(ctx, sentinelReplicas, announce)
		if err == nil && s != r.set.data[0] {
			err = follow(ctx, s, r.set.data[0])
		}
		if err != nil {
			return err
		}
	}
	for range sentinels {
		if err := r.addSentinel(ctx, r.set.data[0]); err != nil {
			return err
		}
	}
	return r.sentinelsSettled(ctx)
}

func follow(ctx context.Context, s, master *redisServer) error {
	host, port, _ := net.SplitHostPort(master.front.addr())
	return s.client.ReplicaOf(ctx, host, port).Err()
}

// addSentinel starts one. It keeps what it learns in its configuration file.
func (r *run) addSentinel(ctx context.Context, master *redisServer) error {
	dir := filepath.Join(r.dir, fmt.Sprint("sentinel", len(r.set.sentinels)))
	s, err := newRedis(dir)
	if err != nil {
		return err
	}
	host, port, _ := net.SplitHostPort(master.front.addr())
	s.sentinel = filepath.Join(dir, "sentinel.conf")
	text := fmt.Sprintf("sentinel monitor %[1]s %s %s %d\nsentinel down-after-milliseconds %[1]s 2500\nsentinel failover-timeout %[1]s 4000\n",
		masterName, host, port, sentinels/2+1)
	if err := os.WriteFile(s.sentinel, []byte(text), 0o600); err != nil {
		return err
	}
	r.set.sentinels = append(r.set.sentinels, s)
	return s.run(ctx)
}

func askSentinel[T any](s *redisServer, ask func(*redis.SentinelClient) (T, error)) (T, error) {
	c := redis.NewSentinelClient(s.client.Options())
	defer func() { _ = c.Close() }()
	return ask(c)
}

// sentinelsSettled waits until they all know all.
func (r *run) sentinelsSettled(ctx context.Context) error {
	return await(ctx, "sentinels that know each other and all servers", func() bool {
		for _, s := range r.set.sentinels {
			m, err := askSentinel(s, func(c *redis.SentinelClient) (map[string]string, error) { return c.Master(ctx, masterName).Result() })
			if err != nil || m["num-slaves"] != fmt.Sprint(sentinelReplicas) || m["num-other-sentinels"] != fmt.Sprint(sentinels-1) {
				return false
			}
		}
		return r.replicasSettled(ctx)
	})
}

// replicasSettled reports whether all replicas follow the master that the
// sentinels name.
func (r *run) replicasSettled(ctx context.Context) bool {
	master := r.master(ctx)
	return master != nil && !slices.ContainsFunc(r.others(master), func(s *redisServer) bool {
		return !s.follows(ctx, master) || !s.inStep(ctx)
	})
}

// master returns the server that the first sentinel names, if it is one.
func (r *run) master(ctx context.Context) *redisServer {
	addr, err := askSentinel(r.set.sentinels[0], func(c *redis.SentinelClient) ([]string, error) {
		return c.GetMasterAddrByName(ctx, masterName).Result()
	})
	if err != nil || len(addr) != 2 {
		return nil
	}
	for _, s := range r.set.data {
		if s.front.addr() == net.JoinHostPort(addr[0], addr[1]) && s.says(ctx, "role:master") {
			return s
		}
	}
	return nil
}

// loseMaster kills the master, and with it what its replicas had not got yet,
// and waits until the sentinels have made another.
func (r *run) loseMaster(ctx context.Context) error {
	old := r.master(ctx)
	if old == nil {
		return errors.New("the sentinel names no master")
	}
	loseLatest(ctx, old)
	var promoted *redisServer
	if err := await(ctx, "another master", func() bool {
		promoted = r.master(ctx)
		return promoted != nil && promoted != old
	}); err != nil {
		return err
	}
	pause(ctx, leaseTime)
	if err := old.run(ctx); err != nil {
		return err
	}
	if err := follow(ctx, old, promoted); err != nil {
		return err
	}
	return await(ctx, "replicas that follow the new master", func() bool { return r.replicasSettled(ctx) })
}
