//go:build unix

package main

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	clusterMasters = 3
	clusterSlots   = 16384
)

// startCluster runs three masters with a replica each.
func (r *run) startCluster(ctx context.Context) error {
	for range 2 * clusterMasters {
		if err := r.addNode(ctx); err != nil {
			return err
		}
	}
	for i, s := range r.set.data[:clusterMasters] {
		if err := s.client.ClusterAddSlotsRange(ctx, i*clusterSlots/clusterMasters, (i+1)*clusterSlots/clusterMasters-1).Err(); err != nil {
			return err
		}
	}
	if err := r.clusterKnows(ctx); err != nil {
		return err
	}
	for i, s := range r.set.data[clusterMasters:] {
		if err := s.client.ClusterReplicate(ctx, r.set.data[i].client.ClusterMyID(ctx).Val()).Err(); err != nil {
			return err
		}
	}
	return r.clusterSettled(ctx)
}

// addNode starts one, and makes it known to the first.
func (r *run) addNode(ctx context.Context) error {
	bus, err := freeAddress()
	if err != nil {
		return err
	}
	_, busPort, _ := net.SplitHostPort(bus)
	s, err := r.add(ctx, 1, func(host, port string) []string {
		return []string{
			"--cluster-enabled", "yes", "--cluster-node-timeout", "2500", "--cluster-port", busPort,
			"--cluster-announce-ip", host, "--cluster-announce-port", port, "--cluster-announce-bus-port", busPort,
		}
	})
	if err != nil || s == r.set.data[0] {
		return err
	}
	host, port, _ := net.SplitHostPort(s.front.addr())
	return r.set.data[0].client.Do(ctx, "cluster", "meet", host, port, busPort).Err()
}

func (r *run) clusterKnows(ctx context.Context) error {
	for _, s := range r.set.data {
		if err := await(ctx, "a cluster of which all know all", func() bool {
			info, err := s.client.ClusterInfo(ctx).Result()
			return err == nil && strings.Contains(info, "cluster_state:ok") &&
				strings.Contains(info, "cluster_known_nodes:"+strconv.Itoa(len(r.set.data)))
		}); err != nil {
			return err
		}
	}
	return nil
}

// clusterSettled waits until every slot is served and every replica follows.
func (r *run) clusterSettled(ctx context.Context) error {
	if err := r.clusterKnows(ctx); err != nil {
		return err
	}
	return await(ctx, "a replica for every master", func() bool {
		masters := r.masters(ctx)
		return len(masters) == clusterMasters && !slices.ContainsFunc(masters, func(m *redisServer) bool {
			return !slices.ContainsFunc(r.others(m), func(s *redisServer) bool { return s.follows(ctx, m) && s.inStep(ctx) })
		})
	})
}

// masters are the servers that have slots now.
func (r *run) masters(ctx context.Context) []*redisServer {
	return slices.DeleteFunc(slices.Clone(r.set.data), func(s *redisServer) bool { return !s.says(ctx, "role:master") })
}

// loseNode kills a master, and with it what its replica had not got yet, and
// waits until that has taken its place.
func (r *run) loseNode(ctx context.Context) error {
	masters := r.masters(ctx)
	old := masters[rand.IntN(len(masters))]
	loseLatest(ctx, old)
	if err := await(ctx, "another master", func() bool { return len(r.masters(ctx)) == clusterMasters }); err != nil {
		return err
	}
	pause(ctx, leaseTime)
	if err := old.run(ctx); err != nil {
		return err
	}
	return r.clusterSettled(ctx)
}

// moveSlot gives a slot with tags in it to another master, slowly: for a while
// some of its keys are here and some there.
func (r *run) moveSlot(ctx context.Context) error {
	masters := r.masters(ctx)
	rand.Shuffle(len(masters), func(i, j int) { masters[i], masters[j] = masters[j], masters[i] })
	for i, from := range masters {
		slot, err := slotOfTags(ctx, from)
		if err != nil {
			return err
		}
		if slot >= 0 {
			return r.migrate(ctx, slot, from, masters[(i+1)%len(masters)])
		}
	}
	return nil
}

// slotOfTags returns a slot of a master that has tags, or -1.
func slotOfTags(ctx context.Context, s *redisServer) (int64, error) {
	keys, err := s.client.Keys(ctx, "{*").Result()
	if err != nil || len(keys) == 0 {
		return -1, err
	}
	return s.client.ClusterKeySlot(ctx, keys[rand.IntN(len(keys))]).Result()
}

func (r *run) migrate(ctx context.Context, slot int64, from, to *redisServer) error {
	fromID, toID := from.client.ClusterMyID(ctx).Val(), to.client.ClusterMyID(ctx).Val()
	setSlot := func(s *redisServer, how, id string) error {
		return s.client.Do(ctx, "cluster", "setslot", slot, how, id).Err()
	}
	if err := errors.Join(setSlot(to, "importing", fromID), setSlot(from, "migrating", toID)); err != nil {
		return err
	}
	for {
		keys, err := from.client.ClusterGetKeysInSlot(ctx, int(slot), 2).Result()
		if err != nil {
			return err
		}
		if len(keys) == 0 {
			break
		}
		if err := move(ctx, from, to, keys); err != nil {
			return err
		}
		pause(ctx, leaseTime/10)
	}
	err := errors.Join(setSlot(to, "node", toID), setSlot(from, "node", toID))
	for _, s := range r.masters(ctx) {
		err = errors.Join(err, setSlot(s, "node", toID))
	}
	return err
}

func move(ctx context.Context, from, to *redisServer, keys []string) error {
	host, port, _ := net.SplitHostPort(to.front.addr())
	args := []any{"migrate", host, port, "", 0, (20 * time.Second).Milliseconds(), "replace", "keys"}
	for _, k := range keys {
		args = append(args, k)
	}
	err := from.client.Do(ctx, args...).Err()
	if errors.Is(err, redis.Nil) {
		return nil // they have gone meanwhile
	}
	return err
}
