//go:build unix

package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/redis/go-redis/v9"
)

// redisServer is a redis-server process.
type redisServer struct {
	addr  string
	front *proxy // where others find it, if it is one of a set
	dir   string
	args  []string // more of them

	sentinel string // its configuration file, if it is one

	cmd    *exec.Cmd
	client *redis.Client
}

// quiet keeps go-redis from telling about every connection that was cut.
type quiet struct{}

func (quiet) Printf(context.Context, string, ...any) {}

func init() { redis.SetLogger(quiet{}) }

// startRedis runs a server with its data in a directory of its own.
func startRedis(ctx context.Context, dir string, args ...string) (*redisServer, error) {
	s, err := newRedis(dir, args...)
	if err != nil {
		return nil, err
	}
	return s, s.run(ctx)
}

// newRedis is a server that does not run yet.
func newRedis(dir string, args ...string) (*redisServer, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	addr, err := freeAddress()
	if err != nil {
		return nil, err
	}
	s := &redisServer{addr: addr, dir: dir, args: args}
	s.client = redis.NewClient(&redis.Options{Addr: s.addr, MaxRetries: -1, DialerRetries: 1})
	return s, nil
}

func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// run starts the process, with the snapshot in its directory if there is one.
func (s *redisServer) run(ctx context.Context) error {
	_, port, _ := net.SplitHostPort(s.addr)
	args := append([]string{"--port", port, "--bind", "127.0.0.1", "--dir", s.dir, "--logfile", filepath.Join(s.dir, "log")}, s.args...)
	if s.sentinel != "" {
		args = append([]string{s.sentinel, "--sentinel"}, args...)
	} else {
		args = append(args, "--save", "", "--repl-diskless-sync-delay", "0", "--repl-diskless-load", "swapdb")
	}
	s.cmd = exec.Command("redis-server", args...)
	if err := s.cmd.Start(); err != nil {
		return err
	}
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		err := s.client.Ping(ctx).Err()
		if err == nil || ctx.Err() != nil {
			return ctx.Err()
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("redis-server at %s does not answer: %w", s.addr, err)
		}
	}
}

func (s *redisServer) signal(sig syscall.Signal) { _ = s.cmd.Process.Signal(sig) }

// kill ends the process as a crash does.
func (s *redisServer) kill() {
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
}

// replicate makes s a replica of the server at addr and waits until it has
// caught up.
func replicate(ctx context.Context, s *redisServer, addr string) error {
	host, port, _ := net.SplitHostPort(addr)
	if err := s.client.ReplicaOf(ctx, host, port).Err(); err != nil {
		return err
	}
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		info, err := s.client.Info(ctx, "replication").Result()
		if err == nil && strings.Contains(info, "master_link_status:up") {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("replica of %s does not catch up: %w", addr, err)
		}
	}
}
