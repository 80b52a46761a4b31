//go:build unix

package main

import (
	"context"
	"fmt"
	"net"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// topology is a kind of Redis.
type topology string

const (
	anyRedis topology = ""
	single   topology = "single"
	sentinel topology = "sentinel"
	cluster  topology = "cluster"
)

// redisSet is several servers that belong together.
type redisSet struct {
	data      []*redisServer // masters and replicas
	sentinels []*redisServer
}

func (s redisSet) kill() {
	for _, server := range slices.Concat(s.sentinels, s.data) {
		server.kill()
		if server.front != nil {
			server.front.close()
		}
	}
}

// startServers starts what the run wants. What it returns stops what there is
// by then, also where it fails.
func (r *run) startServers(ctx context.Context) (stop func(), err error) {
	switch r.Redis {
	case sentinel:
		err = r.startSentinels(ctx)
		return func() { r.set.kill() }, err
	case cluster:
		err = r.startCluster(ctx)
		return func() { r.set.kill() }, err
	}
	if r.redis, err = startRedis(ctx, filepath.Join(r.dir, "redis")); err != nil {
		return func() {}, err
	}
	return func() { r.redis.kill() }, nil
}

// road returns a URL by which one process gets to Redis, with a parameter; to
// a single one by a proxy of its own.
func (r *run) road() (*proxy, string, error) {
	var url strings.Builder
	switch r.Redis {
	case sentinel:
		fmt.Fprintf(&url, "redis+sentinel://%s?master_name=%s", r.set.sentinels[0].addr, masterName)
		for _, s := range r.set.sentinels[1:] {
			url.WriteString("&addr=" + s.addr)
		}
		return nil, url.String(), nil
	case cluster:
		fmt.Fprintf(&url, "redis+cluster://%s?max_redirects=3", r.set.data[0].front.addr())
		for _, s := range r.set.data[1:] {
			url.WriteString("&addr=" + s.front.addr())
		}
		return nil, url.String(), nil
	}
	link, err := newProxy(r.redis.addr)
	if err != nil {
		return nil, "", err
	}
	return link, "redis://" + link.addr() + "?db=0", nil
}

// add starts one more data server. Others find it behind a proxy, which can
// keep from its replicas what it writes. A master that misses one of its
// replicas does nothing, as the documentation recommends: one that has been
// replaced, and does not know yet, would go on to answer.
func (r *run) add(ctx context.Context, replicas int, announce func(host, port string) []string) (*redisServer, error) {
	s, err := newRedis(filepath.Join(r.dir, fmt.Sprint("redis", len(r.set.data))))
	if err != nil {
		return nil, err
	}
	if s.front, err = newProxy(s.addr); err != nil {
		return nil, err
	}
	host, port, _ := net.SplitHostPort(s.front.addr())
	s.args = append(announce(host, port), "--min-replicas-to-write", strconv.Itoa(replicas), "--min-replicas-max-lag", "2")
	r.set.data = append(r.set.data, s)
	return s, s.run(ctx)
}

// loseLatest kills a master after a while in which its replicas did not get
// what it wrote.
func loseLatest(ctx context.Context, master *redisServer) {
	master.front.starve.Store(true)
	pause(ctx, leaseTime)
	master.kill()
	master.front.cut()
	master.front.starve.Store(false)
}

// others are the data servers but one.
func (r *run) others(than *redisServer) []*redisServer {
	return slices.DeleteFunc(slices.Clone(r.set.data), func(s *redisServer) bool { return s == than })
}

// follows reports whether a replica has a server for its master.
func (s *redisServer) follows(ctx context.Context, master *redisServer) bool {
	_, port, _ := net.SplitHostPort(master.front.addr())
	return s.says(ctx, "master_port:"+port)
}

// inStep reports whether a replica has all that its master has.
func (s *redisServer) inStep(ctx context.Context) bool { return s.says(ctx, "master_link_status:up") }

// says reports whether a server's INFO about replication has a line.
func (s *redisServer) says(ctx context.Context, line string) bool {
	info, err := s.client.Info(ctx, "replication").Result()
	return err == nil && strings.Contains(info, line+"\r\n")
}

// settleTime is how long servers are given to settle, and processes to get to a
// first hit. Sentinels that were not scheduled for two seconds do nothing for
// thirty.
const settleTime = 3 * time.Minute

// await asks until it is so.
func await(ctx context.Context, what string, so func() bool) error {
	for deadline := time.Now().Add(settleTime); !so(); time.Sleep(20 * time.Millisecond) {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%s: not within %v", what, settleTime)
		}
	}
	return nil
}
